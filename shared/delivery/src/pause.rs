//! Pauses: that a neighbour of a connection is left alone for a while, or a kind of write is not tried. The ledger keeps
//! them; the delivery reads them at its start and asks for changes. How long a pause lasts is in `waits`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use session::failure::Sentence;
use session::write_id::WriteKind;

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

    /// Whether something is wrong with what it pauses: all but a rest for the hourly budget.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        self.cause != PauseCause::Budget
    }
}

/// What a connection knows of its neighbours: at most one pause of each scope, whether it is still in force or only remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses(BTreeMap<PauseScope, Pause>);

impl FromIterator<Pause> for Pauses {
    fn from_iter<I: IntoIterator<Item = Pause>>(pauses: I) -> Self {
        Self(pauses.into_iter().map(|pause| (pause.scope, pause)).collect())
    }
}

impl Pauses {
    /// The pause of that scope, in force or not.
    #[must_use]
    pub fn get(&self, scope: PauseScope) -> Option<&Pause> {
        self.0.get(&scope)
    }

    /// All of them, by scope.
    pub fn iter(&self) -> impl Iterator<Item = &Pause> {
        self.0.values()
    }

    /// Puts the pause in the place of that of its scope.
    pub fn replace(&mut self, pause: Pause) {
        self.0.insert(pause.scope, pause);
    }

    /// These pauses, with this one in the place of that of its scope.
    #[must_use]
    pub fn with(mut self, pause: Pause) -> Self {
        self.replace(pause);
        self
    }

    /// The pause of that scope, if it holds now.
    #[must_use]
    pub fn in_force(&self, scope: PauseScope, document: &DocumentVersion, now: Timestamp) -> Option<&Pause> {
        self.get(scope).filter(|pause| pause.is_in_force(document, now))
    }

    /// The longest of the pauses of a neighbour that hold now; while there is one, a run calls nobody.
    #[must_use]
    pub fn longest_of_neighbours(&self, document: &DocumentVersion, now: Timestamp) -> Option<&Pause> {
        let in_force = self.iter().filter(|pause| pause.scope.is_neighbour() && pause.is_in_force(document, now));
        in_force.max_by_key(|pause| pause.until)
    }

    /// The round that the next pause of that scope is: how many times in a row one has been opened. A rest for the budget is none.
    #[must_use]
    pub fn next_round(&self, scope: PauseScope) -> u32 {
        self.get(scope).filter(|pause| pause.is_trouble()).map_or(0, |pause| pause.rounds + 1)
    }

    /// These pauses, where what is paused now is so until then at least.
    pub(crate) fn prolonged(mut self, document: &DocumentVersion, until: Timestamp, now: Timestamp) -> Self {
        let in_force = self.0.values_mut().filter(|pause| pause.is_in_force(document, now));
        in_force.for_each(|pause| pause.until = pause.until.max(until));
        self
    }

    /// Pauses that have expired and are still remembered: whether the neighbour works again has to be tried.
    pub fn expired_troubles(&self, now: Timestamp) -> impl Iterator<Item = &Pause> {
        self.iter().filter(move |pause| pause.is_trouble() && pause.until <= now)
    }

    /// Forgets the trouble of that scope, for a call has been answered; `false` if there was none. A rest for the budget stays: the next
    /// one is counted from it.
    pub fn forget_trouble(&mut self, scope: PauseScope) -> bool {
        let is_trouble = self.get(scope).is_some_and(Pause::is_trouble);
        is_trouble && self.0.remove(&scope).is_some()
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

    /// Whether it is a whole neighbour rather than a kind of write.
    #[must_use]
    pub const fn is_neighbour(self) -> bool {
        matches!(self, Self::Appliance | Self::Ticketing)
    }

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
