//! What others have written on a ticket: for a person who compares it with what would be written here.

use jiff::Timestamp;
use session::ids::{RemoteId, ResourceId, RoleId};

/// A note as it stands on the ticket. Not `Debug`: it holds what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct WrittenNote {
    /// Its id.
    pub id: RemoteId,
    /// Its title; may be empty.
    pub title: String,
    /// Its text.
    pub text: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// A time entry as it stands on the ticket. Not `Debug`: it holds what people wrote.
#[derive(Clone, PartialEq)]
pub struct WrittenTime {
    /// Its id.
    pub id: RemoteId,
    /// Whose time.
    pub resource: Option<ResourceId>,
    /// In which role.
    pub role: Option<RoleId>,
    /// From when …
    pub start: Option<Timestamp>,
    /// … to when.
    pub end: Option<Timestamp>,
    /// What the customer reads.
    pub summary: String,
    /// What colleagues read.
    pub internal: String,
}

/// What is on a ticket.
#[derive(Clone, Default)]
pub struct Activity {
    /// Its notes.
    pub notes: Vec<WrittenNote>,
    /// Its time entries.
    pub times: Vec<WrittenTime>,
}
