//! Pauses: that a neighbour of a connection is left alone for a while, or a kind of write is not tried. The ledger keeps
//! them; the delivery reads them at its start and asks for changes. How long a pause lasts is in `waits`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::write_id::WriteKind;
use crate::failure::Sentence;

/// A time during which a neighbour is left alone, or a kind of write is not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What is left alone.
    pub scope: PauseScope,
    /// Until when. A pause that has run out stays until a call succeeds: it remembers the round.
    pub until: Timestamp,
    /// Why.
    pub cause: PauseCause,
    /// What the neighbour said.
    pub sentence: Sentence,
    /// How many times in a row it has been opened, from 0: the rung of its ladder.
    pub rounds: u32,
    /// The version of the connection document that it rests on, where another version may be the cure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentVersion>,
}

impl Pause {
    /// Whether it holds now, for a connection whose document is of that version: refused credentials are tried again at once
    /// when the document has been changed.
    #[must_use]
    pub fn is_in_force(&self, document: &DocumentVersion, now: Timestamp) -> bool {
        self.until > now && self.document.as_ref().is_none_or(|version| version == document)
    }
}

/// Tells one version of a connection document from another. Says nothing of what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentVersion(pub String);

/// What is left alone. Others, and other connections, do not notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseScope {
    /// The appliance of this connection.
    Appliance,
    /// The ticketing system of this connection.
    Ticketing,
    /// One kind of write in the ticketing system of this connection.
    Kind(WriteKind),
}

impl PauseScope {
    /// All there can be.
    pub const ALL: [Self; 6] = [
        Self::Appliance,
        Self::Ticketing,
        Self::Kind(WriteKind::Ticket),
        Self::Kind(WriteKind::Note),
        Self::Kind(WriteKind::Attachment),
        Self::Kind(WriteKind::TimeEntry),
    ];

    /// The scope's name, as in logs and table items.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Appliance => "appliance",
            Self::Ticketing => "ticketing",
            Self::Kind(kind) => kind.name(),
        }
    }
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseCause {
    /// It does not answer, or not readably.
    Down,
    /// It asked to slow down.
    Throttled,
    /// It refuses the credentials.
    CredentialsRefused,
    /// A right is missing.
    Blocked,
    /// Too much of the hourly budget is used: nothing is wrong with the neighbour, and the pause says when the last rest was.
    Budget,
}
