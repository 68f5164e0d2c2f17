//! The claim of a session by one worker, and what it records. The time lines are in the crate's documentation.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;

use delivery::Record;
use session::{ApplianceId, Lsid};

use crate::attribute::{from_attribute, to_attribute};
use crate::error::LedgerError;
use crate::item::{EXPIRES_AT, Item, Key, UPDATED_AT, moment, number, read_number, read_text, required, text};
use crate::ledger::Ledger;

pub(crate) const FENCE: &str = "fence";
const NONCE: &str = "nonce";
const STEP: &str = "step";
pub(crate) const CLAIMS_WITHOUT_OUTCOME: &str = "claims_without_outcome";
pub(crate) const RECORD: &str = "record";
pub(crate) const ENDED_AT: &str = "ended_at";
pub(crate) const ATTENTION: &str = "attention";
pub(crate) const ATTENTION_AT: &str = "attention_at";
pub(crate) const VERSION: &str = "version";

/// The layout of a session's item. Raised only by a release whose neighbour can read both; an item of a later one is
/// not touched, since writing it anew could forget what it remembers.
pub(crate) const LAYOUT_VERSION: u32 = 1;

/// What tells one claim from all others: 128 random bits, fresh for each delivery of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce(u128);

impl Nonce {
    /// The nonce of that (random) value.
    #[must_use]
    pub const fn new(value: u128) -> Self {
        Self(value)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// A session, claimed: the right to record what becomes of it, until somebody else claims it.
#[derive(Debug)]
pub struct Claim {
    key: Key,
    /// Greater than that of every earlier claim of the session.
    pub fence: u64,
    /// As given to [`Ledger::claim`].
    pub nonce: Nonce,
    /// The step of the newest record that this claim has sent or found. Steps only grow; some may be missing.
    pub step: u64,
    /// How many claims, this one included, have come since the last outcome: crashes count, too.
    pub claims_without_outcome: u32,
    /// What was recorded last; `None` if nothing ever was (or the retention is over and the item removed). An item whose retention is over
    /// but which the table has not removed yet still counts: an old memory is better than none.
    pub record: Option<Record>,
}

/// Whether a record ends an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    Ongoing,
    /// The event came to an outcome of any kind: the count of claims without one starts anew.
    Outcome,
}

/// Whether a record has been stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Stored {
    /// It has.
    Yes,
    /// It has not: somebody else has claimed the session. Stop at once, without another write to anybody.
    FenceLost,
}

impl Ledger {
    /// Claims the session: raises its fence, counts the claim, and returns what is known. One call; made again with the
    /// same nonce it returns the same claim, as long as nobody else has claimed in between.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]. After [`Unavailable`](LedgerError::Unavailable) the claim may count although nobody holds it.
    /// [`Unreadable`](LedgerError::Unreadable) leaves the item as it is but for fence, nonce and count.
    pub async fn claim(&self, appliance: &ApplianceId, lsid: &Lsid, nonce: Nonce, now: Timestamp) -> Result<Claim, LedgerError> {
        const OPERATION: &str = "claim";
        let key = Key::session(appliance, lsid);
        let request = self
            .update(&key)
            .update_expression(
                "SET #nonce = :nonce, #step = if_not_exists(#step, :zero), #version = if_not_exists(#version, :version), \
                 #updated_at = :now, #expires_at = :expires_at \
                 ADD #fence :one, #claims_without_outcome :one",
            )
            .condition_expression("attribute_not_exists(#nonce) OR #nonce <> :nonce")
            .set_expression_attribute_names(Some(names(&[
                NONCE,
                STEP,
                VERSION,
                UPDATED_AT,
                EXPIRES_AT,
                FENCE,
                CLAIMS_WITHOUT_OUTCOME,
            ])))
            .expression_attribute_values(":nonce", text(&nonce.to_string()))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":version", number(LAYOUT_VERSION))
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":expires_at", self.expiry(now))
            .return_values(ReturnValue::AllNew);
        let item = match send(OPERATION, request).await? {
            Updated::Yes(new) => new,
            // The condition fails only on my own nonce: the claim had landed and its answer was lost.
            Updated::No(old) => old,
        };
        Claim::from_item(key, nonce, &required("the item", item)?)
    }

    /// Records the whole state of the claimed session, if the claim still holds; raises the claim's step in any case.
    /// A session that a person should look at is listed in the index `attention`, with the reason and since when it is; one whose end is
    /// known in the index `by_end`.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]. After [`Unavailable`](LedgerError::Unavailable) the record may have been stored or not; it may
    /// be tried again, also with another state, but nothing may be done that relies on it.
    pub async fn record(
        &self,
        claim: &mut Claim,
        record: &Record,
        progress: Progress,
        now: Timestamp,
    ) -> Result<Stored, LedgerError> {
        // Whatever comes of the call, its step is used up: a later call must be told from it.
        claim.step += 1;
        let request = self.record_request(claim, record, progress, now)?;
        Ok(match send("record", request).await? {
            Updated::Yes(_) => Stored::Yes,
            Updated::No(Some(old)) if claim.is_shown_by(&old)? => Stored::Yes,
            Updated::No(_) => Stored::FenceLost,
        })
    }

    fn record_request(
        &self,
        claim: &Claim,
        record: &Record,
        progress: Progress,
        now: Timestamp,
    ) -> Result<UpdateItemFluentBuilder, LedgerError> {
        let mut set =
            "SET #record = :record, #step = :step, #version = :version, #updated_at = :now, #expires_at = :expires_at".to_owned();
        let mut request = self
            .update(&claim.key)
            .condition_expression("#fence = :fence AND #nonce = :nonce AND #step < :step")
            .set_expression_attribute_names(Some(names(&[
                RECORD,
                STEP,
                VERSION,
                UPDATED_AT,
                EXPIRES_AT,
                FENCE,
                NONCE,
                ATTENTION,
                ATTENTION_AT,
                "attention_reason",
            ])))
            .expression_attribute_values(":record", to_attribute(record)?)
            .expression_attribute_values(":step", number(claim.step))
            .expression_attribute_values(":version", number(LAYOUT_VERSION))
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":expires_at", self.expiry(now))
            .expression_attribute_values(":fence", number(claim.fence))
            .expression_attribute_values(":nonce", text(&claim.nonce.to_string()));
        if progress == Progress::Outcome {
            set.push_str(", #claims_without_outcome = :none");
            request = request
                .expression_attribute_names("#claims_without_outcome", CLAIMS_WITHOUT_OUTCOME)
                .expression_attribute_values(":none", number(0));
        }
        if let Some(ended_at) = record.ended_at() {
            set.push_str(", #ended_at = :ended_at");
            request = request
                .expression_attribute_names("#ended_at", ENDED_AT)
                .expression_attribute_values(":ended_at", moment(ended_at));
        }
        match record.attention() {
            Some(reason) => {
                set.push_str(
                    ", #attention = :attention, #attention_reason = :attention_reason, \
                     #attention_at = if_not_exists(#attention_at, :now)",
                );
                request = request
                    .expression_attribute_values(":attention", text(claim.key.appliance()))
                    .expression_attribute_values(":attention_reason", text(reason.name()));
            }
            None => set.push_str(" REMOVE #attention, #attention_at, #attention_reason"),
        }
        Ok(request.update_expression(set))
    }

    /// An update of that item that brings the old item along when its condition fails.
    pub(crate) fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

impl Claim {
    fn from_item(key: Key, nonce: Nonce, item: &Item) -> Result<Self, LedgerError> {
        let version: u32 = required(VERSION, read_number(item, VERSION)?)?;
        if version > LAYOUT_VERSION {
            return Err(LedgerError::unreadable(VERSION, "written by a later release"));
        }
        let fence = required(FENCE, read_number(item, FENCE)?)?;
        Ok(Self {
            key,
            fence,
            nonce,
            step: required(STEP, read_number(item, STEP)?)?,
            claims_without_outcome: required(CLAIMS_WITHOUT_OUTCOME, read_number(item, CLAIMS_WITHOUT_OUTCOME)?)?,
            record: item.get(RECORD).map(|record| from_attribute(RECORD, record)).transpose()?,
        })
    }
}

impl Claim {
    /// Whether the item bears the trace of this claim's newest step.
    fn is_shown_by(&self, item: &Item) -> Result<bool, LedgerError> {
        Ok(read_number(item, FENCE)? == Some(self.fence)
            && read_text(item, NONCE)? == Some(self.nonce.to_string().as_str())
            && read_number(item, STEP)? == Some(self.step))
    }
}

/// What became of a conditional update.
pub(crate) enum Updated {
    /// Made; the item as asked for by `return_values`.
    Yes(Option<Item>),
    /// Not made, for its condition failed; the item as it is, if there is one.
    No(Option<Item>),
}

/// Sends the update; a failed condition is an answer, not an error.
pub(crate) async fn send(operation: &'static str, request: UpdateItemFluentBuilder) -> Result<Updated, LedgerError> {
    match request.send().await {
        Ok(answer) => Ok(Updated::Yes(answer.attributes)),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failure)) => Ok(Updated::No(failure.item.clone())),
            _ => Err(LedgerError::from_sdk(operation, &error)),
        },
    }
}

/// `#name` for each name: many of them are words that the table's expressions reserve.
pub(crate) fn names(names: &[&str]) -> HashMap<String, String> {
    names.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn item(fence: u64, nonce: Nonce, step: u64) -> Item {
        HashMap::from([
            (FENCE.to_owned(), number(fence)),
            (NONCE.to_owned(), text(&nonce.to_string())),
            (STEP.to_owned(), number(step)),
            (CLAIMS_WITHOUT_OUTCOME.to_owned(), number(1)),
            (VERSION.to_owned(), number(1)),
        ])
    }

    fn claim(item: &Item) -> Result<Claim, LedgerError> {
        Claim::from_item(Key::session(&ApplianceId::default(), &"ab".parse().unwrap()), Nonce::new(10), item)
    }

    #[test]
    fn item_shows_a_record_only_with_my_fence_my_nonce_and_the_very_step() {
        let claim = claim(&item(7, Nonce::new(10), 5)).unwrap();
        assert!(claim.is_shown_by(&item(7, Nonce::new(10), 5)).unwrap());
        assert!(!claim.is_shown_by(&item(8, Nonce::new(10), 5)).unwrap());
        assert!(!claim.is_shown_by(&item(7, Nonce::new(11), 5)).unwrap());
        assert!(!claim.is_shown_by(&item(7, Nonce::new(10), 4)).unwrap());
        assert!(!claim.is_shown_by(&HashMap::new()).unwrap());
    }

    #[test]
    fn item_of_a_later_release_or_without_a_fence_is_not_taken_for_an_empty_one() {
        let mut later = item(1, Nonce::new(10), 0);
        later.insert(VERSION.to_owned(), number(LAYOUT_VERSION + 1));
        assert!(matches!(claim(&later), Err(LedgerError::Unreadable { attribute, .. }) if attribute == VERSION));
        for attribute in [FENCE, STEP, CLAIMS_WITHOUT_OUTCOME, VERSION] {
            let mut incomplete = item(1, Nonce::new(10), 0);
            incomplete.remove(attribute);
            assert!(claim(&incomplete).is_err(), "{attribute}");
        }
    }

    #[test]
    fn nonce_has_one_text_form() {
        assert_eq!(Nonce::new(0xab).to_string(), "000000000000000000000000000000ab");
    }
}
