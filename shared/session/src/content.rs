//! What is written to a ticketing system and what is read from it, in our words. The `ticketing` crate turns these into
//! the vendor's wire format; nothing here knows a field name of a vendor.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{Lsid, RemoteId, ResourceId, RoleId, TicketId, TicketNumber};
use crate::settings::Visibility;
use crate::write_id::{Marker, WriteId};

/// A note to be written on a ticket. Its title ends with the marker in square brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// One line, at most 250 characters, marker included.
    pub title: String,
    /// Plain text, at most 32,000 characters.
    pub description: String,
    /// Who can see it.
    pub visibility: Visibility,
}

/// A time entry to be written on a ticket. Its internal notes hold the marker.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeEntry {
    /// Whose time.
    pub resource: ResourceId,
    /// In which role.
    pub role: RoleId,
    /// When the work started.
    pub start: Timestamp,
    /// When it ended; after `start`, less than 24 hours later.
    pub end: Timestamp,
    /// The local date of the start.
    pub date_worked: Date,
    /// The invoice line.
    pub summary_notes: String,
    /// For colleagues, with the marker.
    pub internal_notes: String,
    /// Added to the billable time; hours.
    pub offset_hours: Option<f64>,
}

/// A text file to be attached to a note. Its title holds the marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The note it hangs on.
    pub note: RemoteId,
    /// At most 255 characters, marker included.
    pub title: String,
    /// Bare file name with the extension `.txt`.
    pub file_name: String,
    /// UTF-8 text, at most 6,000,000 bytes.
    pub text: String,
    /// Who can see it: as the note.
    pub visibility: Visibility,
}

/// The ticket that a session calls for, in the words of whoever wants it: names of companies, queues and people are still names.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketWish {
    /// The session: the ticket is found again by it.
    pub session: Lsid,
    /// What it is called where neither the connection nor `fields` says otherwise; one line.
    pub title: String,
    /// What it says, likewise.
    pub description: String,
    /// What the session's external key says of it ([`crate::external_key::ticket_fields`]); comes before what the connection says of
    /// every ticket. Foreign: anybody may have set the key.
    pub fields: Map<String, Value>,
    /// The moment of the wish: a due date counts from it.
    pub now: Timestamp,
}

/// A ticket that is ready to be sent: every name has become an id. Made by the client that sends it, and opaque to everybody else.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketDraft {
    /// The session: the ticket is found again by it.
    pub session: Lsid,
    /// The vendor's fields.
    pub fields: Map<String, Value>,
}

/// How an external key names a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketReference {
    /// By its number, as in `T20250318.0042`.
    Number(TicketNumber),
    /// By its id: what an integration that had already read the ticket uses.
    Id(TicketId),
    /// By a key of digits alone, taken for an id: may be a phone number, so a stale ticket does not count.
    BareDigits(TicketId),
}

/// A ticket, as far as we need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// Its number, for people.
    pub number: TicketNumber,
    /// Its company's id (0 is a real company).
    pub company: i64,
    /// Its status id.
    pub status: i32,
    /// The role of the assigned resource.
    pub assigned_role: Option<RoleId>,
    /// Its last activity.
    pub last_activity: Option<Timestamp>,
}

/// A person of the ticketing system in whose name time can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub resource: ResourceId,
    /// The roles to try, in order, each with why it is a candidate; may be empty.
    pub roles: Vec<RoleCandidate>,
}

/// A role to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleCandidate {
    /// The role.
    pub role: RoleId,
    /// Why this one.
    pub reason: RoleReason,
}

/// Why a role is a candidate, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleReason {
    /// The connection document names it.
    Configured,
    /// The ticket's assignment has it.
    TicketAssignment,
    /// It is the resource's default service desk role.
    ResourceDefault,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A note.
    Note {
        /// On this ticket.
        ticket: TicketId,
        /// The note.
        note: Note,
    },
    /// A time entry.
    TimeEntry {
        /// On this ticket.
        ticket: TicketId,
        /// The entry.
        entry: TimeEntry,
    },
    /// An attachment; it names its note itself.
    Attachment(Attachment),
    /// A ticket.
    Ticket(TicketDraft),
}

/// A write to be looked up by its marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// Which write.
    pub write: WriteId,
    /// The marker that a row must bear. That of another session where a witness is looked up.
    pub marker: Marker,
    /// Where it should be.
    pub place: Place,
    /// Whether to look where it may have been moved to as well (a ticket merge moves notes).
    pub wide: bool,
}

/// Where a write should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A note of that ticket, not older than that.
    Note {
        /// The ticket.
        ticket: TicketId,
        /// Nothing older can be it.
        since: Timestamp,
    },
    /// A time entry of that resource, about that time.
    Time {
        /// Whose.
        resource: ResourceId,
        /// When the work started.
        start: Timestamp,
    },
    /// Other time entries of that resource which overlap with that time: all rows but the one that bears the marker.
    Overlap {
        /// Whose.
        resource: ResourceId,
        /// When the work started.
        start: Timestamp,
        /// When it ended.
        end: Timestamp,
    },
    /// An attachment of that note.
    Attachment {
        /// The note.
        note: RemoteId,
    },
    /// The ticket of the marker's session.
    Ticket,
}

/// Why there is no resource that we could be sure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAuthor {
    /// No active one has that e-mail address or user name.
    #[error("no active resource has this e-mail address or user name")]
    NotFound,
    /// Several have it.
    #[error("several active resources have this e-mail address or user name")]
    Ambiguous,
    /// No active role has the configured name, or none that the API user can see.
    #[error("no active role has the configured name, or the API user cannot see it")]
    RoleNotFound,
}
