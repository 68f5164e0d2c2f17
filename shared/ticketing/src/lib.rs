//! All we know of ticketing systems. [`Ticketing`] is the one that a connection writes to.
//!
//! What is written and read is told in the words of `session::content`, and every call that does not succeed is a
//! `session::failure::Failure`, told apart by what to do next. Field names, message texts and URLs of a vendor stay in here.
//! Nothing is decided here: neither what to write nor whether to try again.

pub mod activity;
pub mod autotask;
pub mod suggestion;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use session::content::{Author, Content, LookUp, NoAuthor, Place, Ticket, TicketDraft, TicketReference, TicketWish};
use session::failure::Failure;
use session::ids::{RemoteId, RoleId, TicketId};
use session::time_entry::date_worked;
use tokio::time::Instant;

use activity::Activity;
use suggestion::{Suggestions, Traces};

pub use autotask::{AutotaskClient, Config, ConfigError, ThresholdInformation};

/// The ticketing system of a connection. An enum and no trait: a closed set, and the compiler lists what another system owes.
#[derive(Debug)]
pub enum Ticketing {
    /// Autotask.
    Autotask(AutotaskClient),
}

/// Every call has a `deadline`, by which the caller must have its answer.
impl Ticketing {
    /// The ticket of that reference; `None`: there is none, or the API user cannot see it.
    ///
    /// # Errors
    /// Any [`Failure`] of a read.
    pub async fn ticket(&self, reference: &TicketReference, deadline: Instant) -> Result<Option<Ticket>, Failure> {
        match self {
            Self::Autotask(client) => client.ticket(reference, deadline).await,
        }
    }

    /// Who enters time for that login, and in which roles.
    ///
    /// # Errors
    /// Any [`Failure`] of a read. The inner error is no failure of a call.
    pub async fn author(
        &self,
        login: &str,
        role_name: Option<&str>,
        ticket_role: Option<RoleId>,
        deadline: Instant,
    ) -> Result<Result<Author, NoAuthor>, Failure> {
        match self {
            Self::Autotask(client) => client.author(login, role_name, ticket_role, deadline).await,
        }
    }

    /// The rows that hold the marker. Where it may have been moved, the search is widened until `now`; days are those of the zone.
    ///
    /// # Errors
    /// Any [`Failure`] of a read; `NotFound` where what it would be attached to is gone.
    pub async fn look_up(
        &self,
        look_up: &LookUp,
        time_zone: &TimeZone,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Vec<RemoteId>, Failure> {
        let Self::Autotask(client) = self;
        let LookUp { marker, place, wide, .. } = look_up;
        match *place {
            Place::Note { ticket, since } => {
                let rows = client.find_note(ticket, marker, since, deadline).await?;
                if !rows.is_empty() || !wide {
                    return Ok(rows);
                }
                client.find_note_anywhere(marker, since, now, deadline).await
            }
            Place::Time { resource, start } => {
                client.find_time_entries(resource, date_worked(start, time_zone), marker, deadline).await
            }
            Place::Overlap { resource, start, end } => {
                let day = date_worked(start, time_zone);
                client.find_overlapping_time_entries(resource, day, (start, end), marker, deadline).await
            }
            Place::Attachment { note } => client.find_attachment(note, marker, deadline).await,
            Place::Ticket => client.find_created_ticket(marker, deadline).await,
        }
    }

    /// The ticket as it can be sent: names have become ids. Writes nothing.
    ///
    /// # Errors
    /// `Refused` when a name is nobody's or several people's, or something is missing: only another wish or another setting cures it.
    /// Otherwise any [`Failure`] of a read.
    pub async fn draft_ticket(&self, wish: &TicketWish, deadline: Instant) -> Result<TicketDraft, Failure> {
        match self {
            Self::Autotask(client) => client.draft_ticket(wish, deadline).await,
        }
    }

    /// Writes it, and returns the id of what was written.
    ///
    /// # Errors
    /// Any [`Failure`] of a write.
    pub async fn send(&self, content: &Content, deadline: Instant) -> Result<RemoteId, Failure> {
        let Self::Autotask(client) = self;
        match content {
            Content::Note { ticket, note } => client.create_note(*ticket, note, deadline).await,
            Content::TimeEntry { ticket, entry } => client.create_time_entry(*ticket, entry, deadline).await,
            Content::Attachment(attachment) => client.create_attachment(attachment, deadline).await,
            Content::Ticket(draft) => client.create_ticket(draft, deadline).await,
        }
    }

    /// The open tickets that fit what a session tells, for a person to choose from.
    ///
    /// # Errors
    /// Any [`Failure`] of a read.
    pub async fn suggest(&self, traces: &Traces, now: Timestamp, deadline: Instant) -> Result<Suggestions, Failure> {
        match self {
            Self::Autotask(client) => client.suggest(traces, now, deadline).await,
        }
    }

    /// What others and we have written on a ticket in that span, both ends included.
    ///
    /// # Errors
    /// Any [`Failure`] of a read.
    pub async fn activity(&self, ticket: TicketId, span: (Timestamp, Timestamp), deadline: Instant) -> Result<Activity, Failure> {
        match self {
            Self::Autotask(client) => client.activity(ticket, span, deadline).await,
        }
    }

    /// How much of the hourly budget of calls is used; the question itself counts.
    ///
    /// # Errors
    /// Any [`Failure`] of a read.
    pub async fn budget(&self, deadline: Instant) -> Result<ThresholdInformation, Failure> {
        match self {
            Self::Autotask(client) => client.threshold(deadline).await,
        }
    }
}
