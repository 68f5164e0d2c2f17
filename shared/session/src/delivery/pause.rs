//! What a whole connection knows, beside its sessions: pauses, and whether look-ups can be trusted. The ledger keeps
//! these as service items; the delivery reads them at its start and asks for changes.

use std::collections::BTreeMap;

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
}

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

/// Whether look-ups are known to work, per kind of write: `true` when a row we had just written was found, `false`
/// when it was not. A restricted API user silently sees fewer rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proofs(pub BTreeMap<WriteKind, bool>);

impl Proofs {
    /// `Some(true)`: look-ups work. `Some(false)`: what was surely written could not be seen. `None`: never tried.
    #[must_use]
    pub fn of(&self, kind: WriteKind) -> Option<bool> {
        self.0.get(&kind).copied()
    }

    /// Whether a look-up of that kind that finds nothing may be believed.
    #[must_use]
    pub fn trusted(&self, kind: WriteKind) -> bool {
        self.of(kind) == Some(true)
    }

    /// Whether look-ups of that kind are known not to work.
    #[must_use]
    pub fn disproved(&self, kind: WriteKind) -> bool {
        self.of(kind) == Some(false)
    }
}
