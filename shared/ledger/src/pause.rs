//! Pauses: that a connection, a neighbour or a kind of write is left alone for a while.
//!
//! When to pause and for how long is decided by the delivery; here a pause is kept where all workers see it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use session::delivery::WriteKind;
use session::{ApplianceId, Sentence};

use crate::attribute::{from_attribute, to_attribute};
use crate::claim::{Updated, names, send};
use crate::error::LedgerError;
use crate::item::{Item, Key, moment_text, number, text};
use crate::ledger::Ledger;

const UNTIL: &str = "until";
const ROUNDS: &str = "rounds";

/// What is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PauseScope {
    /// The appliance: no report is fetched.
    Appliance,
    /// Autotask: nothing is read or written there.
    Autotask,
    /// One kind of write: a right or a setting is missing for it.
    Kind(WriteKind),
}

impl PauseScope {
    /// All there can be.
    pub const ALL: [Self; 6] = [
        Self::Appliance,
        Self::Autotask,
        Self::Kind(WriteKind::Ticket),
        Self::Kind(WriteKind::Note),
        Self::Kind(WriteKind::Attachment),
        Self::Kind(WriteKind::TimeEntry),
    ];

    /// The scope's name, as in logs and in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Appliance => "appliance",
            Self::Autotask => "autotask",
            Self::Kind(kind) => kind.name(),
        }
    }

    /// The attribute that holds the pause; prefixed, since `appliance` is the table's key.
    fn attribute(self) -> String {
        format!("pause_{}", self.name())
    }
}

/// Why something is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseCause {
    /// The neighbour asked to slow down.
    Throttled,
    /// The neighbour cannot be reached, or calls to it stall.
    Unreachable,
    /// The credentials are refused, also after they were read again.
    CredentialsRefused,
    /// A right or a tenant setting is missing.
    Blocked,
    /// The same unfamiliar refusal came again and again.
    Unrecognised,
}

/// That something is left alone until a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What.
    pub scope: PauseScope,
    /// Until when; kept to the millisecond. It may lie in the past: then the pause is over and only its rounds matter.
    pub until: Timestamp,
    /// Why.
    pub cause: PauseCause,
    /// What the neighbour said, or what was seen.
    pub sentence: Sentence,
    /// How many pauses of the scope have followed each other without a success in between, this one included.
    pub rounds: u32,
}

impl Pause {
    /// Whether it still holds.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// How a pause lies in the table, under the name of its scope.
#[derive(Serialize, Deserialize)]
struct StoredPause {
    /// As [`moment_text`], so that the table can compare it.
    until: String,
    cause: PauseCause,
    sentence: Sentence,
    rounds: u32,
}

impl Ledger {
    /// The pauses of a connection, open or over. One consistent read: they share one item.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn pauses(&self, appliance: &ApplianceId) -> Result<Vec<Pause>, LedgerError> {
        let item = self.read("pauses", &key(appliance)).await?.unwrap_or_default();
        PauseScope::ALL.into_iter().filter_map(|scope| Pause::from_item(scope, &item).transpose()).collect()
    }

    /// Opens the pause, or prolongs an open one. Returns whether it holds now: of two workers who open one at the same time,
    /// the longer one wins.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn open_pause(&self, appliance: &ApplianceId, pause: &Pause) -> Result<bool, LedgerError> {
        let request = self
            .update(&key(appliance))
            .update_expression("SET #scope = :pause")
            // Equal is fine: the same call, made again because its answer was lost.
            .condition_expression("attribute_not_exists(#scope) OR #scope.#until <= :until")
            .set_expression_attribute_names(Some(names(&[UNTIL])))
            .expression_attribute_names("#scope", pause.scope.attribute())
            .expression_attribute_values(":pause", to_attribute(&pause.to_stored())?)
            .expression_attribute_values(":until", text(&moment_text(pause.until)));
        Ok(matches!(send("open pause", request).await?, Updated::Yes(_)))
    }

    /// Closes the pause that was `seen`, since what it stood for works again; the next one begins with round one.
    /// Returns whether none is left: a worker that saw an older pause does not close a newer one.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn close_pause(&self, appliance: &ApplianceId, seen: &Pause) -> Result<bool, LedgerError> {
        let request = self
            .update(&key(appliance))
            .update_expression("REMOVE #scope")
            .condition_expression("attribute_not_exists(#scope) OR (#scope.#until = :until AND #scope.#rounds = :rounds)")
            .set_expression_attribute_names(Some(names(&[UNTIL, ROUNDS])))
            .expression_attribute_names("#scope", seen.scope.attribute())
            .expression_attribute_values(":until", text(&moment_text(seen.until)))
            .expression_attribute_values(":rounds", number(seen.rounds));
        Ok(matches!(send("close pause", request).await?, Updated::Yes(_)))
    }
}

/// All pauses of a connection are one small item: read at once before every claim, with no right but to read an item.
fn key(appliance: &ApplianceId) -> Key {
    Key::service(appliance, "#pauses")
}

impl Pause {
    fn to_stored(&self) -> StoredPause {
        let Self { scope: _, until, cause, sentence, rounds } = self;
        StoredPause { until: moment_text(*until), cause: *cause, sentence: sentence.clone(), rounds: *rounds }
    }

    /// The pause of that scope in the item of all pauses, if there is one.
    fn from_item(scope: PauseScope, item: &Item) -> Result<Option<Self>, LedgerError> {
        let attribute = scope.attribute();
        let Some(value) = item.get(&attribute) else { return Ok(None) };
        let StoredPause { until, cause, sentence, rounds } = from_attribute(&attribute, value)?;
        let until = until.parse().map_err(|_| LedgerError::unreadable(&attribute, "its end is not a moment"))?;
        Ok(Some(Self { scope, until, cause, sentence, rounds }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn every_scope_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = PauseScope::ALL.into_iter().map(PauseScope::name).collect();
        assert_eq!(names.len(), PauseScope::ALL.len());
    }

    #[test]
    fn pause_lies_in_the_table_to_the_millisecond() {
        let until: Timestamp = "2026-11-22T10:00:00.0009Z".parse().unwrap();
        let pause =
            Pause { scope: PauseScope::Autotask, until, cause: PauseCause::Throttled, sentence: "busy".into(), rounds: 1 };
        let item = Item::from([(pause.scope.attribute(), to_attribute(&pause.to_stored()).unwrap())]);
        let kept = Pause { until: "2026-11-22T10:00:00Z".parse().unwrap(), ..pause };
        assert_eq!(Pause::from_item(PauseScope::Autotask, &item).unwrap(), Some(kept));
        assert_eq!(Pause::from_item(PauseScope::Appliance, &item).unwrap(), None);
    }

    #[test]
    fn pause_is_over_at_its_very_end() {
        let until: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let pause =
            Pause { scope: PauseScope::Autotask, until, cause: PauseCause::Throttled, sentence: "busy".into(), rounds: 1 };
        assert!(pause.is_open(until - SignedDuration::from_millis(1)));
        assert!(!pause.is_open(until));
    }
}
