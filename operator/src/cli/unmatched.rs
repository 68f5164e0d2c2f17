//! `session-bridge unmatched`: sessions without a ticket, and the ticket that a person names for one.

use clap::Subcommand;
use link::from_document::key_rules;
use serde_json::json;
use session::content::TicketReference;

use super::Common;
use super::connected::Connected;
use super::desk::{Desk, FilterArgs, now, unchanged};
use super::question::confirm;
use super::sessions;
use super::suggest::suggest;
use crate::desk::changes;
use crate::desk::replay;
use crate::desk::sessions::{Session, State};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the sessions that have no ticket. Exit code 1 if there are any.
    #[command(after_help = "Example:\n  session-bridge unmatched list --since 7d")]
    List {
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// Suggests open tickets for a session: by its customer's name and company, and by the computer.
    ///
    /// Reads the session's report on the appliance, and asks Autotask for companies, contacts and configuration items that fit, and for
    /// their open tickets. Each comes with its reason; none is ever assigned by itself. Exit code 1 if nothing fits.
    #[command(after_help = "Example:\n  session-bridge unmatched suggest 7d1f0c52a9be4e6f8a3b90d4c6e21f57")]
    Suggest {
        /// The session: its lsid (or the beginning of it) or its sequence number.
        session: String,
    },
    /// Names the ticket of a session, and has it written there.
    ///
    /// The ticket is read in Autotask before. What is written already stays on its ticket; only what was never sent goes to this one.
    #[command(after_help = "Example:\n  session-bridge unmatched assign 7d1f0c52a9be4e6f8a3b90d4c6e21f57 T20250318.0042")]
    Assign {
        /// The session: its lsid (or the beginning of it) or its sequence number.
        session: String,
        /// The ticket, by number or id.
        ticket: String,
    },
}

/// The most that a list of unmatched sessions shows; more need a rule rather than a person.
const LIST_MAX: usize = 1_000;

impl Command {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        match self {
            Self::List { mut filter } => {
                filter.state = vec![State::Unmatched];
                sessions::list(common, &filter, LIST_MAX, None, false).await
            }
            Self::Suggest { session } => suggest(common, &session).await,
            Self::Assign { session, ticket } => assign(common, &session, &ticket).await,
        }
    }
}

async fn assign(common: &Common, name: &str, ticket: &str) -> Result<Outcome, Failure> {
    let reference = key_rules(None)
        .ticket(Some(ticket))
        .map_err(|_| Failure::usage(format!("{ticket:?} is no ticket"), "give its number (as T20250318.0042) or its id"))?;
    let desk = Desk::open(common).await?;
    let session = desk.one(common, name).await?;
    let ticket = read_ticket(&desk, &session, reference).await?;
    let written = session.record().is_some_and(|record| record.target.is_some());
    let stays = if written { " What is written already stays where it is." } else { "" };
    if !confirm(common, &format!("Write session {} on ticket {}?{stays}", session.listed.lsid, ticket.number))? {
        return Ok(Outcome::Done);
    }
    let edit = |record: &mut _| {
        changes::assign(record, ticket.id);
        Ok(())
    };
    changes::change(&desk.ledger, &session, now(), edit).await.map_err(|error| unchanged(&error))?;
    let lsid = &session.listed.lsid;
    replay::send(&desk.stack.events()?, &session, now()).await.map_err(|error| {
        Failure::refused(
            error.to_string(),
            format!("the ticket is assigned; send it on its way with: session-bridge replay {lsid}"),
        )
    })?;
    match common.format() {
        Format::Json => output::json(&json!({ "lsid": lsid, "ticket": ticket.number, "sent": 1 })),
        Format::Text => println!("Session {lsid} is being written on ticket {}. See: session-bridge why {lsid}", ticket.number),
    }
    Ok(Outcome::Done)
}

async fn read_ticket(desk: &Desk, session: &Session, reference: TicketReference) -> Result<session::content::Ticket, Failure> {
    let connected = Connected::to(&desk.stack, &session.appliance).await?;
    let read = connected.link.ticketing.ticket(&reference, Connected::deadline()).await;
    read.map_err(|failure| connected.ticketing_says("of the ticket", &failure))?.ok_or_else(|| {
        let hint = "see whether it is misspelt, or whether the API user may see it";
        Failure::refused("there is no such ticket in Autotask", hint)
    })
}
