//! What would have been written: kept in shadow mode, to be compared with what the old system wrote.
//!
//! Whole chats are in it, so it is kept for a time of its own, shorter than the ledger's, and can be expunged before. What the
//! table's continuous backups still hold of it is not reached from here.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use session::{ApplianceId, Lsid};

use crate::claim::{Updated, names, send};
use crate::error::LedgerError;
use crate::item::{EXPIRES_AT, Key, UPDATED_AT, moment, moment_text, read_moment, read_text, text};
use crate::ledger::{HOURS_PER_DAY, Ledger, expiry};

/// The most bytes kept of one session, as JSON. An item of the table may have 400 KB (vendor reference), names and keys
/// included.
pub const SHADOW_BYTES_MAX: usize = 300_000;

const SHADOW: &str = "shadow";
/// What the sort keys of shadow items begin with.
pub(crate) const SHADOW_PREFIX: &str = "#shadow#";
const FORGOTTEN_AT: &str = "forgotten_at";
/// Texts are not cut below this, for the rest must be readable.
const TEXT_BYTES_MIN: usize = 200;

/// How much was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    Whole,
    /// Long texts were cut, each with a remark at its end, to stay within [`SHADOW_BYTES_MAX`].
    Shortened,
}

impl Ledger {
    /// Keeps what would be written for the session, in place of what was kept before, for `kept_days` from now (days; the
    /// table removes it within two days after that).
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]; [`Unstorable`](LedgerError::Unstorable) if the value is larger than [`SHADOW_BYTES_MAX`] for
    /// other reasons than long texts.
    pub async fn keep_shadow<T: Serialize>(
        &self,
        appliance: &ApplianceId,
        lsid: &Lsid,
        would_write: &T,
        kept_days: u32,
        now: Timestamp,
    ) -> Result<Kept, LedgerError> {
        let value = serde_json::to_value(would_write).map_err(|_| unstorable("not a JSON value"))?;
        let (json, kept) = fit(value, SHADOW_BYTES_MAX).ok_or_else(|| unstorable("too large"))?;
        let request = self
            .update(&shadow_key(appliance, lsid))
            .update_expression("SET #shadow = :shadow, #updated_at = :now, #expires_at = :expires_at REMOVE #forgotten_at")
            .set_expression_attribute_names(Some(names(&[SHADOW, UPDATED_AT, EXPIRES_AT, FORGOTTEN_AT])))
            .expression_attribute_values(":shadow", text(&json))
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":expires_at", expiry(now, days(kept_days)));
        send("keep shadow", request).await?;
        Ok(kept)
    }

    /// Expunges what was kept for the session, if anything was; returns whether there was something. The key stays, with the moment
    /// as `forgotten_at`, until the item expires: it shows that it was done, and the worker may not delete. What a later event of the
    /// session would write is kept again.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]; safe to repeat.
    pub async fn forget_shadow(&self, appliance: &ApplianceId, lsid: &Lsid, now: Timestamp) -> Result<bool, LedgerError> {
        let request = self
            .update(&shadow_key(appliance, lsid))
            .update_expression("SET #forgotten_at = :now, #updated_at = :now REMOVE #shadow")
            .condition_expression("attribute_exists(#shadow)")
            .set_expression_attribute_names(Some(names(&[SHADOW, UPDATED_AT, FORGOTTEN_AT])))
            .expression_attribute_values(":now", moment(now));
        Ok(match send("forget shadow", request).await? {
            Updated::Yes(_) => true,
            // My own moment: the call had landed and its answer was lost.
            Updated::No(Some(old)) => read_moment(&old, FORGOTTEN_AT)?.is_some_and(|at| moment_text(at) == moment_text(now)),
            Updated::No(None) => false,
        })
    }

    /// What is kept for the session, if anything. A consistent read.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn shadow(&self, appliance: &ApplianceId, lsid: &Lsid) -> Result<Option<Value>, LedgerError> {
        let Some(item) = self.read("shadow", &shadow_key(appliance, lsid)).await? else { return Ok(None) };
        let Some(json) = read_text(&item, SHADOW)? else { return Ok(None) };
        serde_json::from_str(json).map(Some).map_err(|_| LedgerError::unreadable(SHADOW, "not JSON"))
    }
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * HOURS_PER_DAY)
}

fn shadow_key(appliance: &ApplianceId, lsid: &Lsid) -> Key {
    Key::service(appliance, format!("{SHADOW_PREFIX}{lsid}"))
}

fn unstorable(problem: &'static str) -> LedgerError {
    LedgerError::Unstorable { path: SHADOW.to_owned(), problem }
}

/// The value as JSON of at most `limit` bytes, its long texts cut to half again and again until it fits; `None` if it does
/// not fit with short texts either.
fn fit(mut value: Value, limit: usize) -> Option<(String, Kept)> {
    let mut kept = Kept::Whole;
    let mut text_limit = limit;
    loop {
        let json = value.to_string();
        if json.len() <= limit {
            return Some((json, kept));
        }
        text_limit /= 2;
        if text_limit < TEXT_BYTES_MIN {
            return None;
        }
        shorten_texts(&mut value, text_limit);
        kept = Kept::Shortened;
    }
}

fn shorten_texts(value: &mut Value, text_limit: usize) {
    match value {
        Value::String(text) if text.len() > text_limit => {
            const REMARK: &str = "… (cut)";
            // With the remark it must not grow beyond the limit, or the next round would cut the remark.
            text.truncate(text.floor_char_boundary(text_limit - REMARK.len()));
            text.push_str(REMARK);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shorten_texts(value, text_limit)),
        Value::Object(members) => members.values_mut().for_each(|value| shorten_texts(value, text_limit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_is_kept_as_it_is() {
        let (json, kept) = fit(json!({"note": "é"}), 100).unwrap();
        assert_eq!((json.as_str(), kept), ("{\"note\":\"é\"}", Kept::Whole));
    }

    #[test]
    fn only_the_long_text_is_cut_and_says_so() {
        let note = "short".repeat(10);
        let (json, kept) = fit(json!({"note": note, "attachment": "ü\n".repeat(4_000)}), 2_000).unwrap();
        let value: Value = serde_json::from_str(&json).unwrap();
        assert!(json.len() <= 2_000);
        assert_eq!(kept, Kept::Shortened);
        assert_eq!(value["note"], note);
        assert!(value["attachment"].as_str().unwrap().ends_with("… (cut)"));
    }

    #[test]
    fn what_is_large_without_long_texts_is_refused() {
        assert_eq!(fit(json!(vec![1; 2_000]), 2_000), None);
    }
}
