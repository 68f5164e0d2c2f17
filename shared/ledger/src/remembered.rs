//! What is remembered of many sessions at once, without claiming any: for whoever holds a source's list against the ledger.
//!
//! Records are large and lists are long, so each record is turned into what matters of it as soon as it is read.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use serde::de::DeserializeOwned;
use session::{ApplianceId, Lsid};

use crate::attribute::from_attribute;
use crate::claim::{LAYOUT_VERSION, RECORD, VERSION, names};
use crate::error::LedgerError;
use crate::item::{Item, Key, SORT_KEY, read_number, read_text, required};
use crate::ledger::Ledger;

/// The most items that one call asks for (vendor reference).
pub(crate) const BATCH: usize = 100;

/// What is remembered of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remembered<R> {
    /// It was claimed, and nothing has been recorded yet.
    Claimed,
    /// What was recorded last.
    Recorded(R),
    /// There is an item that cannot be read, as [`LedgerError::Unreadable`] says: a person must look.
    Unreadable,
}

impl Ledger {
    /// What is remembered of those sessions, as `of` puts it; those that the ledger does not know are not in it. Consistent reads, a
    /// hundred sessions at a time; memory holds the records of one such batch and what `of` made of the others.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`] but `Unreadable`.
    pub async fn remembered<R: DeserializeOwned, K>(
        &self,
        appliance: &ApplianceId,
        lsids: &[Lsid],
        mut of: impl FnMut(Remembered<R>) -> K,
    ) -> Result<BTreeMap<Lsid, K>, LedgerError> {
        // A call that names an item twice is refused.
        let wanted: Vec<&Lsid> = lsids.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let mut known = BTreeMap::new();
        for batch in wanted.chunks(BATCH) {
            let keys = batch.iter().map(|lsid| Key::session(appliance, lsid).attributes()).collect();
            for item in self.read_batch("remembered", keys, &[SORT_KEY, RECORD, VERSION]).await? {
                let lsid = required(SORT_KEY, read_text(&item, SORT_KEY)?)?;
                if let Ok(lsid) = lsid.parse() {
                    known.insert(lsid, of(remembered(&item)));
                }
            }
        }
        Ok(known)
    }

    /// Those attributes of those items, a hundred at most; what is not there is left out.
    pub(crate) async fn read_batch(
        &self,
        operation: &'static str,
        mut keys: Vec<Item>,
        attributes: &[&str],
    ) -> Result<Vec<Item>, LedgerError> {
        let list: Vec<String> = attributes.iter().map(|name| format!("#{name}")).collect();
        let mut items = Vec::new();
        while !keys.is_empty() {
            let asked = keys.len();
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .projection_expression(list.join(", "))
                .set_expression_attribute_names(Some(names(attributes)))
                .build()
                .map_err(|_| LedgerError::Refused { operation, code: "request not constructed".to_owned() })?;
            let call = self.client.batch_get_item().request_items(&self.table, request);
            let answer = call.send().await.map_err(|error| LedgerError::from_sdk(operation, &error))?;
            items.extend(answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default());
            // An answer has a size, and what is over has to be asked for again. One that has nothing of it is throttled.
            let rest = answer.unprocessed_keys.unwrap_or_default().remove(&self.table);
            keys = rest.map(|rest| rest.keys).unwrap_or_default();
            if keys.len() >= asked {
                return Err(LedgerError::Unavailable { operation, cause: "nothing was processed".to_owned() });
            }
        }
        Ok(items)
    }
}

pub(crate) fn remembered<R: DeserializeOwned>(item: &Item) -> Remembered<R> {
    if !matches!(read_number::<u32>(item, VERSION), Ok(Some(..=LAYOUT_VERSION))) {
        return Remembered::Unreadable;
    }
    match item.get(RECORD).map(|record| from_attribute(RECORD, record)) {
        None => Remembered::Claimed,
        Some(Ok(record)) => Remembered::Recorded(record),
        Some(Err(_)) => Remembered::Unreadable,
    }
}
