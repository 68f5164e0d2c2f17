//! Pauses: that a connection, a neighbour or a kind of write is left alone for a while.
//!
//! When to pause and for how long is decided by the delivery, and so is who needs a probe; here a pause is kept where all workers see
//! it, and a probe is given to one of them.

use delivery::{DocumentVersion, Pause, PauseCause, PauseScope, Pauses, Probe};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use session::{ApplianceId, Sentence};

use crate::attribute::{from_attribute, to_attribute};
use crate::claim::{Updated, names, send};
use crate::error::LedgerError;
use crate::item::{Item, Key, moment_text, number, text};
use crate::ledger::Ledger;

const UNTIL: &str = "until";
const ROUNDS: &str = "rounds";

/// How a pause lies in the table, under the name of its scope.
#[derive(Serialize, Deserialize)]
struct StoredPause {
    /// As [`moment_text`], so that the table can compare it.
    until: String,
    cause: PauseCause,
    sentence: Sentence,
    rounds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<DocumentVersion>,
}

impl Ledger {
    /// The pauses of a connection, open or over. One consistent read: they share one item.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn pauses(&self, appliance: &ApplianceId) -> Result<Pauses, LedgerError> {
        let item = self.read("pauses", &key(appliance)).await?.unwrap_or_default();
        PauseScope::ALL.into_iter().filter_map(|scope| from_item(scope, &item).transpose()).collect()
    }

    /// Opens the pause, or prolongs an open one. Returns whether it holds now: of two workers who open one at the same time,
    /// the longer one wins. A later round wins in any case, for whoever opens it has just tried: it may be shorter than the
    /// probe that it had for that.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn open_pause(&self, appliance: &ApplianceId, pause: &Pause) -> Result<bool, LedgerError> {
        let request = self
            .update(&key(appliance))
            .update_expression("SET #scope = :pause")
            // Equal is fine: the same call, made again because its answer was lost.
            .condition_expression("attribute_not_exists(#scope) OR #scope.#until <= :until OR #scope.#rounds < :rounds")
            .set_expression_attribute_names(Some(names(&[UNTIL, ROUNDS])))
            .expression_attribute_names("#scope", attribute(pause.scope))
            .expression_attribute_values(":pause", to_attribute(&to_stored(pause))?)
            .expression_attribute_values(":until", text(&moment_text(pause.until)))
            .expression_attribute_values(":rounds", number(pause.rounds));
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
            .expression_attribute_names("#scope", attribute(seen.scope))
            .expression_attribute_values(":until", text(&moment_text(seen.until)))
            .expression_attribute_values(":rounds", number(seen.rounds));
        Ok(matches!(send("close pause", request).await?, Updated::Yes(_)))
    }

    /// Takes the probe: prolongs the pause that was seen to have run out, so that nobody else tries meanwhile. Returns whether
    /// it is this worker's. After a lost answer it is nobody's, and the pause runs out once more.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn take_probe(&self, appliance: &ApplianceId, probe: &Probe) -> Result<bool, LedgerError> {
        self.change_end("take probe", appliance, &probe.seen, probe.until).await
    }

    /// Gives back a probe that came to nothing: the pause has run out as before, and the next worker may try. Nothing is
    /// changed if the pause was closed, or opened anew, since the probe was taken.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]; then the pause runs out by itself.
    pub async fn give_back_probe(&self, appliance: &ApplianceId, probe: &Probe) -> Result<(), LedgerError> {
        self.change_end("give back probe", appliance, &probe.pause(), probe.seen.until).await.map(|_| ())
    }

    /// Lets the pause end at another time, if it is still the one that was `seen`.
    async fn change_end(
        &self,
        operation: &'static str,
        appliance: &ApplianceId,
        seen: &Pause,
        until: Timestamp,
    ) -> Result<bool, LedgerError> {
        let request = self
            .update(&key(appliance))
            .update_expression("SET #scope.#until = :new_until")
            .condition_expression("#scope.#until = :until AND #scope.#rounds = :rounds")
            .set_expression_attribute_names(Some(names(&[UNTIL, ROUNDS])))
            .expression_attribute_names("#scope", attribute(seen.scope))
            .expression_attribute_values(":until", text(&moment_text(seen.until)))
            .expression_attribute_values(":rounds", number(seen.rounds))
            .expression_attribute_values(":new_until", text(&moment_text(until)));
        Ok(matches!(send(operation, request).await?, Updated::Yes(_)))
    }
}

/// All pauses of a connection are one small item: read at once before every claim, with no right but to read an item.
fn key(appliance: &ApplianceId) -> Key {
    Key::service(appliance, "#pauses")
}

/// The attribute that holds the pause; prefixed, since `appliance` is the table's key.
fn attribute(scope: PauseScope) -> String {
    format!("pause_{}", scope.name())
}

fn to_stored(pause: &Pause) -> StoredPause {
    let Pause { scope: _, until, cause, sentence, rounds, document } = pause;
    let (sentence, document) = (sentence.clone(), document.clone());
    StoredPause { until: moment_text(*until), cause: *cause, sentence, rounds: *rounds, document }
}

/// The pause of that scope in the item of all pauses, if there is one.
fn from_item(scope: PauseScope, item: &Item) -> Result<Option<Pause>, LedgerError> {
    let attribute = attribute(scope);
    let Some(value) = item.get(&attribute) else { return Ok(None) };
    let StoredPause { until, cause, sentence, rounds, document } = from_attribute(&attribute, value)?;
    let until = until.parse().map_err(|_| LedgerError::unreadable(&attribute, "its end is not a moment"))?;
    Ok(Some(Pause { scope, until, cause, sentence, rounds, document }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_scope_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = PauseScope::ALL.into_iter().map(PauseScope::name).collect();
        assert_eq!(names.len(), PauseScope::ALL.len());
    }

    #[test]
    fn pause_lies_in_the_table_to_the_millisecond() {
        let until: Timestamp = "2026-11-22T10:00:00.0009Z".parse().unwrap();
        let pause = Pause {
            document: Some(DocumentVersion("v1".to_owned())),
            scope: PauseScope::Ticketing,
            until,
            cause: PauseCause::Throttled,
            sentence: "busy".into(),
            rounds: 1,
        };
        let item = Item::from([(attribute(pause.scope), to_attribute(&to_stored(&pause)).unwrap())]);
        let kept = Pause { until: "2026-11-22T10:00:00Z".parse().unwrap(), ..pause };
        assert_eq!(from_item(PauseScope::Ticketing, &item).unwrap(), Some(kept));
        assert_eq!(from_item(PauseScope::Appliance, &item).unwrap(), None);
    }
}
