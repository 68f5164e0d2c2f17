//! The table and the client that reaches it. What can be done with it is beside the thing it is done to: `claim`,
//! `pause`, `proof`, `notice`, `shadow`, `token`, `coverage`; `remembered` for many sessions at once.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use crate::error::LedgerError;
use crate::item::{Item, Key, number};

/// The ledger of all appliances. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) client: Client,
    pub(crate) table: String,
    retention: SignedDuration,
}

/// Days are counted as so many hours: retention knows no time zone.
pub(crate) const HOURS_PER_DAY: i64 = 24;

impl Ledger {
    /// The ledger in that table. Items of sessions are kept for `retention_days` after their last change; replays may come
    /// late. Shadow writes have a time of their own.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>, retention_days: u32) -> Self {
        let retention = SignedDuration::from_hours(i64::from(retention_days) * HOURS_PER_DAY);
        Self { client, table: table.into(), retention }
    }

    /// The TTL attribute of an item of a session that changes `now`.
    pub(crate) fn expiry(&self, now: Timestamp) -> AttributeValue {
        expiry(now, self.retention)
    }

    /// One item as it is now (a consistent read), if there.
    pub(crate) async fn read(&self, operation: &'static str, key: &Key) -> Result<Option<Item>, LedgerError> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key.attributes())).consistent_read(true);
        let answer = request.send().await.map_err(|error| LedgerError::from_sdk(operation, &error))?;
        Ok(answer.item)
    }
}

/// The TTL attribute of an item that is to be kept for so long.
pub(crate) fn expiry(now: Timestamp, kept: SignedDuration) -> AttributeValue {
    number(now.as_second().saturating_add(kept.as_secs()))
}
