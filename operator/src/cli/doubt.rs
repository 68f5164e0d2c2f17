//! `session-bridge doubt`: a person's word for a write of which nobody else can tell whether it is there.

use clap::{Subcommand, ValueEnum};
use delivery::WriteId;
use serde_json::json;
use session::RemoteId;

use super::Common;
use super::desk::{Desk, now, unchanged};
use super::question::confirm;
use crate::desk::changes::{self, Seen};
use crate::desk::replay;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Says whether a write in doubt is there. What is absent is written.
    ///
    /// Look at the ticket first: your word is believed, and what you call absent is written without another look.
    #[command(after_help = "Example:\n  session-bridge doubt decide 7d1f0c52a9be4e6f8a3b90d4c6e21f57 time.101 written")]
    Decide {
        /// The session: its lsid (or the beginning of it) or its sequence number.
        session: String,
        /// The write, as `why` names it.
        write: String,
        /// What you have seen.
        #[arg(value_enum)]
        word: Word,
        /// Its id in Autotask, if you know it.
        #[arg(long)]
        id: Option<i64>,
    },
}

/// What a person has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Word {
    /// It is there.
    Written,
    /// It is not there.
    Absent,
}

impl Command {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let Self::Decide { session: name, write, word, id } = self;
        let write: WriteId = write.parse().map_err(|_| {
            Failure::usage(
                format!("{write:?} is no write"),
                "as session-bridge why names it, for example note.session or time.101",
            )
        })?;
        let seen = match (word, id) {
            (Word::Written, id) if id.is_none_or(|id| id > 0) => Seen::Written(id.map(RemoteId)),
            (Word::Absent, None) => Seen::Absent,
            _ => return Err(Failure::usage("--id does not fit", "give the id of what is there; what is absent has none")),
        };
        let desk = Desk::open(common).await?;
        let session = desk.one(common, &name).await?;
        let lsid = &session.listed.lsid;
        let question = match seen {
            Seen::Written(_) => format!("Remember that {write} of session {lsid} is there?"),
            Seen::Absent => format!("Write {write} of session {lsid} now, for it is not there?"),
        };
        if !confirm(common, &question)? {
            return Ok(Outcome::Done);
        }
        let (at, edit) = (now(), |record: &mut _| changes::decide(record, &write, seen, now()));
        let record = changes::change(&desk.ledger, &session, at, edit).await.map_err(|error| unchanged(&error))?;
        // What was open waited for this, or is this; what had no ticket has one now.
        let sent = record.has_open() || write == WriteId::Ticket;
        if sent {
            replay::send(&desk.stack.events()?, &session, now()).await.map_err(|error| {
                Failure::refused(
                    error.to_string(),
                    format!("it is decided; send it on its way with: session-bridge replay {lsid}"),
                )
            })?;
        }
        match common.format() {
            Format::Json => output::json(&json!({ "lsid": lsid, "write": write.to_string(), "sent": usize::from(sent) })),
            Format::Text if sent => println!("Decided. What is missing is being written. See: session-bridge why {lsid}"),
            Format::Text => println!("Decided. Nothing is missing."),
        }
        Ok(Outcome::Done)
    }
}
