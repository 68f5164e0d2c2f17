//! A connection of the stack, ready to be asked: its two neighbours, and what is said when one of them does not answer.

use std::sync::Arc;
use std::time::Duration;

use link::{Link, Links};
use session::{ApplianceId, Lsid, SupportSession};
use tokio::time::Instant;

use super::desk::now;
use crate::failure::Failure;
use crate::stack::Stack;

/// How long a neighbour may take to answer all that a command asks.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A connection.
pub(crate) struct Connected {
    appliance: ApplianceId,
    links: Links,
    /// The connection.
    pub(crate) link: Arc<Link>,
}

impl Connected {
    /// The connection of that appliance.
    ///
    /// # Errors
    ///
    /// When its document is missing or cannot be used.
    pub(crate) async fn to(stack: &Stack, appliance: &ApplianceId) -> Result<Self, Failure> {
        let links = stack.links()?;
        let link = links.get(appliance, now()).await.map_err(|error| {
            let hint = format!("look at its document: session-bridge connection show {appliance}");
            Failure::refused(format!("the connection of {appliance} cannot be used: {error}"), hint)
        })?;
        Ok(Self { appliance: appliance.clone(), links, link })
    }

    /// When the ticketing system must have answered.
    pub(crate) fn deadline() -> Instant {
        Instant::now() + TIME_LIMIT
    }

    /// How long the appliance may take.
    pub(crate) const fn time_left() -> Duration {
        TIME_LIMIT
    }

    /// The report of a session, as the appliance has it now.
    ///
    /// # Errors
    ///
    /// When it does not give it.
    pub(crate) async fn report(&self, lsid: &Lsid) -> Result<SupportSession, Failure> {
        let report = self.link.appliance.fetch_report(lsid, Self::time_left()).await;
        self.keep_token().await;
        report.map_err(|failure| match failure {
            session::Failure::NotReady { sentence } => Failure::refused(
                format!("the appliance has no report of session {lsid}: {sentence}"),
                "it keeps sessions for 90 days; of a younger one ask again in a minute",
            ),
            failure => self.appliance_says("of the session", &failure),
        })
    }

    /// Keeps the token for others: an account has few, and each that is made ends the oldest.
    pub(crate) async fn keep_token(&self) {
        self.links.share_token(&self.link, &self.appliance, now()).await;
    }

    /// That the appliance does not tell what was asked.
    pub(crate) fn appliance_says(&self, what: &str, failure: &session::Failure) -> Failure {
        let hint = format!("session-bridge connection test {}", self.appliance);
        Failure::refused(format!("the appliance does not tell {what}: {failure}"), hint)
    }

    /// That the ticketing system does not.
    pub(crate) fn ticketing_says(&self, what: &str, failure: &session::Failure) -> Failure {
        let hint = format!("session-bridge connection test {}", self.appliance);
        Failure::refused(format!("{} does not tell {what}: {failure}", ticketing::autotask::NAME), hint)
    }
}
