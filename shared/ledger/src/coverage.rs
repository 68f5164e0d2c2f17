//! What polls, backfills and statements keep between their runs. The values are theirs, and not looked into here.
//!
//! A value that several may change has a version: it is kept only in place of the one before, so that of two who have seen the same
//! state one is told that it has been overtaken.
//!
//! Reading single items needs no more rights than the delivery has; the lists need `dynamodb:Query`.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use session::ApplianceId;

use crate::attribute::{from_attribute, to_attribute};
use crate::claim::{Updated, names, send};
use crate::error::LedgerError;
use crate::item::{APPLIANCE, EXPIRES_AT, Item, Key, SORT_KEY, moment, moment_text, number, read_number, text};
use crate::ledger::{HOURS_PER_DAY, Ledger, expiry};

/// How long a statement is kept; days.
pub const STATEMENT_DAYS: u32 = 400;

/// How long a backfill is kept after its last change; days.
pub const BACKFILL_DAYS: u32 = 400;

const VALUE: &str = "value";
const VERSION: &str = "version";
const UPDATED_AT: &str = "updated_at";

/// Greater than whatever follows a prefix: names are ASCII.
const END_OF_NAMES: &str = "~";

impl Ledger {
    /// What the last poll of the connection kept, if there was one. One consistent read.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn poll_state<S: DeserializeOwned>(&self, appliance: &ApplianceId) -> Result<Option<S>, LedgerError> {
        self.value("poll state", &poll_key(appliance)).await
    }

    /// Keeps the state in place of that of the version before (of none, for version 1). Returns whether it is kept: if not, somebody
    /// else has kept one since. Kept for good.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]; after [`Unavailable`](LedgerError::Unavailable) it may be kept or not.
    pub async fn keep_poll_state<S: Serialize>(
        &self,
        appliance: &ApplianceId,
        state: &S,
        version: u64,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        self.keep_version("keep poll state", &poll_key(appliance), state, version, None, now).await
    }

    /// The connection's backfill of that id, if there is one. One consistent read.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn backfill<S: DeserializeOwned>(&self, appliance: &ApplianceId, id: &str) -> Result<Option<S>, LedgerError> {
        self.value("backfill", &backfill_key(appliance, id)).await
    }

    /// Keeps the backfill in place of the version before, as [`keep_poll_state`](Self::keep_poll_state) does, for [`BACKFILL_DAYS`] from
    /// now.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn keep_backfill<S: Serialize>(
        &self,
        appliance: &ApplianceId,
        id: &str,
        job: &S,
        version: u64,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        self.keep_version("keep backfill", &backfill_key(appliance, id), job, version, Some(days(BACKFILL_DAYS)), now).await
    }

    /// All backfills of the connection that are kept, by their ids.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn backfills<S: DeserializeOwned>(&self, appliance: &ApplianceId) -> Result<Vec<S>, LedgerError> {
        self.values("backfills", appliance, BACKFILL, "").await
    }

    /// Keeps a statement as of that moment for [`STATEMENT_DAYS`]; one of the same moment is replaced.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]; [`Refused`](LedgerError::Refused) if it is larger than an item may be (400 KB, vendor reference).
    pub async fn keep_statement<S: Serialize>(
        &self,
        appliance: &ApplianceId,
        statement: &S,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let request = self
            .update(&Key::service(appliance, format!("{STATEMENT}{}", moment_text(now))))
            .update_expression("SET #value = :value, #updated_at = :now, #expires_at = :expires_at")
            .set_expression_attribute_names(Some(names(&[VALUE, UPDATED_AT, EXPIRES_AT])))
            .expression_attribute_values(":value", to_attribute(statement)?)
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":expires_at", expiry(now, days(STATEMENT_DAYS)));
        send("keep statement", request).await.map(|_| ())
    }

    /// The connection's statements as of that moment and later, the oldest first.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn statements<S: DeserializeOwned>(
        &self,
        appliance: &ApplianceId,
        since: Timestamp,
    ) -> Result<Vec<S>, LedgerError> {
        self.values("statements", appliance, STATEMENT, &moment_text(since)).await
    }

    async fn value<S: DeserializeOwned>(&self, operation: &'static str, key: &Key) -> Result<Option<S>, LedgerError> {
        let item = self.read(operation, key).await?;
        item.as_ref().and_then(|item| item.get(VALUE)).map(|value| from_attribute(VALUE, value)).transpose()
    }

    async fn keep_version<S: Serialize>(
        &self,
        operation: &'static str,
        key: &Key,
        value: &S,
        version: u64,
        kept: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let value = to_attribute(value)?;
        let mut set = "SET #value = :value, #version = :version, #updated_at = :now".to_owned();
        let mut request = self
            .update(key)
            .set_expression_attribute_names(Some(names(&[VALUE, VERSION, UPDATED_AT])))
            .expression_attribute_values(":value", value.clone())
            .expression_attribute_values(":version", number(version))
            .expression_attribute_values(":now", moment(now));
        if let Some(kept) = kept {
            set.push_str(", #expires_at = :expires_at");
            request = request
                .expression_attribute_names("#expires_at", EXPIRES_AT)
                .expression_attribute_values(":expires_at", expiry(now, kept));
        }
        request = if version == 1 {
            request.condition_expression("attribute_not_exists(#version)")
        } else {
            request
                .condition_expression("#version = :before")
                .expression_attribute_values(":before", number(version.saturating_sub(1)))
        };
        Ok(match send(operation, request.update_expression(set)).await? {
            Updated::Yes(_) => true,
            // The very same: the call had landed and its answer was lost, or somebody else has come to the same.
            Updated::No(Some(old)) => read_number(&old, VERSION)? == Some(version) && old.get(VALUE) == Some(&value),
            Updated::No(None) => false,
        })
    }

    /// The values of all items whose name begins with the prefix and does not come before `from`, in the order of names.
    async fn values<S: DeserializeOwned>(
        &self,
        operation: &'static str,
        appliance: &ApplianceId,
        prefix: &str,
        from: &str,
    ) -> Result<Vec<S>, LedgerError> {
        let mut values = Vec::new();
        let mut next: Option<Item> = None;
        loop {
            let request = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("#appliance = :appliance AND #lsid BETWEEN :first AND :last")
                .projection_expression("#value")
                .set_expression_attribute_names(Some(names(&[APPLIANCE, SORT_KEY, VALUE])))
                .expression_attribute_values(":appliance", text(appliance.as_str()))
                .expression_attribute_values(":first", text(&format!("{prefix}{from}")))
                .expression_attribute_values(":last", text(&format!("{prefix}{END_OF_NAMES}")))
                .set_exclusive_start_key(next);
            let answer = request.send().await.map_err(|error| LedgerError::from_sdk(operation, &error))?;
            for item in answer.items.unwrap_or_default() {
                values.extend(item.get(VALUE).map(|value| from_attribute(VALUE, value)).transpose()?);
            }
            next = answer.last_evaluated_key;
            if next.is_none() {
                return Ok(values);
            }
        }
    }
}

const BACKFILL: &str = "#backfill/";
const STATEMENT: &str = "#statement/";

fn poll_key(appliance: &ApplianceId) -> Key {
    Key::service(appliance, "#poll")
}

fn backfill_key(appliance: &ApplianceId, id: &str) -> Key {
    Key::service(appliance, format!("{BACKFILL}{id}"))
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * HOURS_PER_DAY)
}
