//! `session-bridge session-key`: a key for a customer that begins a session of a ticket.

use std::num::NonZeroU32;

use appliance::client::SessionKey as Made;
use clap::Args;
use jiff::Timestamp;
use link::from_document::key_rules;
use serde::Serialize;
use session::ApplianceId;

use super::Common;
use super::argument::appliance_id;
use super::connected::Connected;
use super::range::check_known;
use crate::desk::session_key::{For, NoTeam, external_key};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

#[derive(Debug, Args)]
pub(crate) struct SessionKey {
    /// The appliance's id.
    #[arg(id = "connection", value_name = "APPLIANCE", value_parser = appliance_id)]
    appliance: ApplianceId,
    /// The ticket that the session belongs to, by number or id.
    #[arg(long, value_name = "TICKET")]
    ticket: String,
    /// Whom the session waits for: `rep:USER`, `team:NUMBER` or `team:NAME`, `general`, or `issue:CODE`.
    #[arg(long = "for", value_name = "WHOM")]
    waits_for: For,
    /// How long the key works [as the appliance is set up, mostly a day]; minutes, a month at most.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=43_200))]
    minutes: Option<u32>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    key: &'a str,
    url: &'a str,
    expires_at: Timestamp,
    mail_subject: &'a str,
    mail_body: &'a str,
    available: Option<bool>,
}

impl SessionKey {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let reference = key_rules(None).ticket(Some(&self.ticket)).map_err(|_| {
            Failure::usage(format!("{:?} is no ticket", self.ticket), "give its number (as T20250318.0042) or its id")
        })?;
        let stack = Stack::find(common).await?;
        check_known(common, &stack, &self.appliance).await?;
        let connected = Connected::to(&stack, &self.appliance).await?;
        let read = connected.link.ticketing.ticket(&reference, Connected::deadline()).await;
        let ticket = read.map_err(|failure| connected.ticketing_says("of the ticket", &failure))?.ok_or_else(|| {
            Failure::refused(
                "there is no such ticket in Autotask",
                "see whether it is misspelt, or whether the API user may see it",
            )
        })?;
        let external_key = external_key(&key_rules(Some(connected.link.document())), &ticket).ok_or_else(|| {
            Failure::refused(
                format!("the connection would not find ticket {} again by its number or id", ticket.number),
                "autotask.external_key_pattern in its document takes neither",
            )
        })?;
        let made = make(&connected, self.waits_for, &external_key, self.minutes).await;
        connected.keep_token().await;
        let made = made?;
        match common.format() {
            Format::Json => output::json(&Told {
                key: &made.key,
                url: &made.url,
                expires_at: made.expires_at,
                mail_subject: &made.mail_subject,
                mail_body: &made.mail_body,
                available: made.available,
            }),
            Format::Text => print!("{}", described(&made, ticket.number.as_str())),
        }
        if made.available == Some(false) {
            eprintln!("warning: nobody is there to take the session now; it would wait");
        }
        if made.external_key.as_deref() == Some(external_key.as_str()) {
            return Ok(Outcome::Done);
        }
        eprintln!(
            "warning: the appliance does not say that the key carries the ticket: its technician should see to it, or set the external key by hand"
        );
        Ok(Outcome::NeedsPerson)
    }
}

async fn make(connected: &Connected, waits_for: For, external_key: &str, minutes: Option<u32>) -> Result<Made, Failure> {
    let source = &connected.link.appliance;
    let teams = if waits_for.needs_teams() {
        source.teams(Connected::time_left()).await.map_err(|failure| connected.appliance_says("its teams", &failure))?
    } else {
        Vec::new()
    };
    let waits_for = waits_for.waits_for(&teams).map_err(no_team)?;
    let made = source.session_key(&waits_for, external_key, minutes.and_then(NonZeroU32::new), Connected::time_left()).await;
    made.map_err(|failure| match failure {
        session::Failure::Blocked { sentence, remedy } => {
            Failure::refused(format!("the appliance makes no key: {sentence}"), String::from(remedy))
        }
        session::Failure::Refused { sentence } => Failure::refused(
            format!("the appliance makes no key: {sentence}"),
            "see whether user name, team or code name is misspelt; of a user name there must be exactly one",
        ),
        failure => connected.appliance_says("a session key", &failure),
    })
}

fn no_team(why: NoTeam) -> Failure {
    match why {
        NoTeam::Unknown(known) => {
            let known = if known.is_empty() { "none".to_owned() } else { output::line(&known.join(", ")) };
            Failure::usage("there is no such team on the appliance", format!("it has: {known}"))
        }
        NoTeam::Ambiguous(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| format!("team:{id}")).collect();
            Failure::usage("several teams have that name", format!("name one by its number: {}", ids.join(", ")))
        }
    }
}

fn described(made: &Made, ticket: &str) -> String {
    let body: Vec<String> = made.mail_body.lines().map(output::line).collect();
    format!(
        "Ticket   {ticket}\nKey      {}\nURL      {}\nExpires  {}\n\n{}\n\n{}\n",
        output::line(&made.key),
        output::line(&made.url),
        made.expires_at,
        output::line(&made.mail_subject),
        body.join("\n")
    )
}
