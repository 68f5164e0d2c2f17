//! Where a write was sent to: kept with it, for lookups must look there whatever the report says later. Decides nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use session::content::{Content, Place};
use session::ids::{RemoteId, ResourceId, TicketId};

/// Where lookups of a write must look, kept as it was when it was sent: the report may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frozen {
    /// A note.
    Note {
        /// Its ticket.
        ticket: TicketId,
    },
    /// A time entry.
    Time {
        /// Whose.
        resource: ResourceId,
        /// When it starts.
        start: Timestamp,
    },
    /// An attachment.
    Attachment {
        /// The note it is attached to.
        note: RemoteId,
    },
    /// A ticket: found by its session, wherever it is.
    Ticket,
}

impl Frozen {
    pub(crate) fn of(content: &Content) -> Self {
        match content {
            Content::Note { ticket, .. } => Self::Note { ticket: *ticket },
            Content::TimeEntry { entry, .. } => Self::Time { resource: entry.resource, start: entry.start },
            Content::Attachment(attachment) => Self::Attachment { note: attachment.note },
            Content::Ticket(_) => Self::Ticket,
        }
    }

    /// The place, where a note cannot be older than that.
    #[must_use]
    pub const fn place(self, since: Timestamp) -> Place {
        match self {
            Self::Note { ticket } => Place::Note { ticket, since },
            Self::Time { resource, start } => Place::Time { resource, start },
            Self::Attachment { note } => Place::Attachment { note },
            Self::Ticket => Place::Ticket,
        }
    }
}
