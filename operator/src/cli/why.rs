//! `session-bridge why`: a session in plain words.

use super::Common;
use super::desk::Desk;
use super::sessions::SHOWN_MAX;
use crate::desk::story;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

/// Its arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Why {
    /// Its lsid (or the beginning of it), its sequence number, or its ticket.
    session: String,
}

impl Why {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let desk = Desk::open(common).await?;
        let found = desk.named(common, &self.session, SHOWN_MAX).await?;
        let stories: Vec<String> = found.iter().map(story::why).collect();
        match common.format() {
            Format::Json => output::json(&serde_json::json!({ "stories": stories })),
            Format::Text => print!("{}", stories.join("\n")),
        }
        let needs_person = found.iter().any(|session| session.state().needs_person());
        Ok(if needs_person { Outcome::NeedsPerson } else { Outcome::Done })
    }
}
