//! Pauses: that a connection, a neighbour or a kind of write is left alone for a while.
//!
//! When to pause and for how long is decided by the delivery; here a pause is kept where all workers see it.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use session::delivery::WriteKind;
use session::{ApplianceId, Sentence};

use crate::attribute::{from_attribute, to_attribute};
use crate::claim::{Updated, names, send};
use crate::error::LedgerError;
use crate::item::{
    APPLIANCE, EXPIRES_AT, Item, Key, SORT_KEY, moment, number, read_moment, read_number, read_text, required, text,
};
use crate::ledger::{Ledger, expiry};

const PREFIX: &str = "#pause#";
const UNTIL: &str = "until";
const CAUSE: &str = "cause";
const SENTENCE: &str = "sentence";
const ROUNDS: &str = "rounds";

/// How long an ended pause is remembered, so that the next one of the same trouble can be longer.
const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(24);

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

    fn key(self, appliance: &ApplianceId) -> Key {
        Key::service(appliance, format!("{PREFIX}{}", self.name()))
    }

    fn from_sort_key(sort_key: &str) -> Option<Self> {
        let name = sort_key.strip_prefix(PREFIX)?;
        Self::ALL.into_iter().find(|scope| scope.name() == name)
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

impl Ledger {
    /// The pauses of a connection, open or over (not longer than a day ago). One consistent query.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn pauses(&self, appliance: &ApplianceId) -> Result<Vec<Pause>, LedgerError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#appliance = :appliance AND begins_with(#lsid, :prefix)")
            .set_expression_attribute_names(Some(names(&[APPLIANCE, SORT_KEY])))
            .expression_attribute_values(":appliance", text(appliance.as_str()))
            .expression_attribute_values(":prefix", text(PREFIX))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::from_sdk("pauses", &error))?;
        // At most one item per scope, each small: never more than one page. A scope of a later release is not ours to heed.
        answer.items().iter().filter_map(|item| Pause::from_item(item).transpose()).collect()
    }

    /// Opens the pause, or prolongs an open one. Returns whether it holds now: of two workers who open one at the same time,
    /// the longer one wins.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn open_pause(&self, appliance: &ApplianceId, pause: &Pause) -> Result<bool, LedgerError> {
        let request = self
            .update(&pause.scope.key(appliance))
            .update_expression(
                "SET #until = :until, #cause = :cause, #sentence = :sentence, #rounds = :rounds, #expires_at = :expires_at",
            )
            // Equal is fine: the same call, made again because its answer was lost.
            .condition_expression("attribute_not_exists(#until) OR #until <= :until")
            .set_expression_attribute_names(Some(names(&[UNTIL, CAUSE, SENTENCE, ROUNDS, EXPIRES_AT])))
            .expression_attribute_values(":until", moment(pause.until))
            .expression_attribute_values(":cause", to_attribute(&pause.cause)?)
            .expression_attribute_values(":sentence", text(pause.sentence.as_str()))
            .expression_attribute_values(":rounds", number(pause.rounds))
            .expression_attribute_values(":expires_at", expiry(pause.until, KEPT_AFTER_END));
        Ok(matches!(send("open pause", request).await?, Updated::Yes(_)))
    }

    /// Closes the pause that was `seen`, since what it stood for works again; the next one begins with round one.
    /// Returns whether none is left: a worker that saw an older pause does not close a newer one.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn close_pause(&self, appliance: &ApplianceId, seen: &Pause) -> Result<bool, LedgerError> {
        let answer = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(seen.scope.key(appliance).attributes()))
            .condition_expression("attribute_not_exists(#until) OR (#until = :until AND #rounds = :rounds)")
            .set_expression_attribute_names(Some(names(&[UNTIL, ROUNDS])))
            .expression_attribute_values(":until", moment(seen.until))
            .expression_attribute_values(":rounds", number(seen.rounds))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(LedgerError::from_sdk("close pause", &error)),
            },
        }
    }
}

impl Pause {
    /// The pause that the item holds; `None` for a scope that this release does not know.
    fn from_item(item: &Item) -> Result<Option<Self>, LedgerError> {
        let Some(scope) = PauseScope::from_sort_key(required(SORT_KEY, read_text(item, SORT_KEY)?)?) else {
            return Ok(None);
        };
        Ok(Some(Self {
            scope,
            until: required(UNTIL, read_moment(item, UNTIL)?)?,
            cause: from_attribute(CAUSE, required(CAUSE, item.get(CAUSE))?)?,
            sentence: required(SENTENCE, read_text(item, SENTENCE)?)?.into(),
            rounds: required(ROUNDS, read_number(item, ROUNDS)?)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_scope_has_a_key_of_its_own_and_is_known_by_it() {
        for scope in PauseScope::ALL {
            assert_eq!(PauseScope::from_sort_key(&format!("{PREFIX}{}", scope.name())), Some(scope));
        }
        assert_eq!(PauseScope::from_sort_key("#pause#agiloft"), None);
        assert_eq!(PauseScope::from_sort_key("autotask"), None);
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
