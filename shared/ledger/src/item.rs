//! The table's names, the keys of its items, and how single attributes are written and read.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use session::{ApplianceId, Lsid};

use crate::error::LedgerError;

/// An item as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Partition key: the appliance id.
pub(crate) const APPLIANCE: &str = "appliance";
/// Sort key: the lsid, or the name of a service item.
pub(crate) const SORT_KEY: &str = "lsid";
/// When it changed last.
pub(crate) const UPDATED_AT: &str = "updated_at";
/// When the table may remove the item: whole seconds since 1970, as its TTL wants them.
pub(crate) const EXPIRES_AT: &str = "expires_at";

/// The key of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    appliance: String,
    sort_key: String,
}

impl Key {
    /// The item of a session.
    pub(crate) fn session(appliance: &ApplianceId, lsid: &Lsid) -> Self {
        Self { appliance: appliance.to_string(), sort_key: lsid.to_string() }
    }

    /// A service item. `name` must contain a `#`, which no lsid can.
    pub(crate) fn service(appliance: &ApplianceId, name: impl Into<String>) -> Self {
        let sort_key = name.into();
        debug_assert!(sort_key.contains('#'), "the name of a service item could be an lsid");
        Self { appliance: appliance.to_string(), sort_key }
    }

    pub(crate) fn appliance(&self) -> &str {
        &self.appliance
    }

    /// As the SDK wants it.
    pub(crate) fn attributes(&self) -> Item {
        HashMap::from([(APPLIANCE.to_owned(), text(&self.appliance)), (SORT_KEY.to_owned(), text(&self.sort_key))])
    }
}

/// A string attribute.
pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// A number attribute.
pub(crate) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// A binary attribute.
pub(crate) fn binary(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// A moment as text: RFC 3339 in UTC with exactly three digits of the second, so that the order of texts is the order of
/// time.
pub(crate) fn moment_text(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// A moment as [`moment_text`].
pub(crate) fn moment(at: Timestamp) -> AttributeValue {
    AttributeValue::S(moment_text(at))
}

/// The text attribute of that name, if there.
pub(crate) fn read_text<'a>(item: &'a Item, name: &str) -> Result<Option<&'a str>, LedgerError> {
    item.get(name).map(|value| value.as_s().map(String::as_str).map_err(|_| not(name, "a text"))).transpose()
}

/// The bytes of that name, if there.
pub(crate) fn read_binary<'a>(item: &'a Item, name: &str) -> Result<Option<&'a [u8]>, LedgerError> {
    item.get(name).map(|value| value.as_b().map(AsRef::as_ref).map_err(|_| not(name, "bytes"))).transpose()
}

/// The whole, non-negative number of that name, if there.
pub(crate) fn read_number<N: std::str::FromStr>(item: &Item, name: &str) -> Result<Option<N>, LedgerError> {
    let Some(value) = item.get(name) else { return Ok(None) };
    value.as_n().ok().and_then(|decimal| decimal.parse().ok()).map(Some).ok_or_else(|| not(name, "a number in range"))
}

/// The moment of that name, if there.
pub(crate) fn read_moment(item: &Item, name: &str) -> Result<Option<Timestamp>, LedgerError> {
    read_text(item, name)?.map(|value| value.parse().map_err(|_| not(name, "a moment"))).transpose()
}

/// What `read` returned, or the error that the attribute is missing.
pub(crate) fn required<T>(name: &str, value: Option<T>) -> Result<T, LedgerError> {
    value.ok_or_else(|| LedgerError::unreadable(name, "missing"))
}

fn not(name: &str, what: &str) -> LedgerError {
    LedgerError::unreadable(name, format!("not {what}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn moments_sort_as_texts_and_come_back() {
        let times = ["2025-03-18T14:02:00Z", "2025-03-18T14:02:00.05Z", "2025-03-18T14:02:00.5Z", "2025-03-18T14:02:01Z"];
        let texts: Vec<_> = times.iter().map(|time| moment(time.parse().unwrap()).as_s().unwrap().clone()).collect();
        assert_eq!(texts[0], "2025-03-18T14:02:00.000Z");
        assert!(texts.is_sorted());
        let item = HashMap::from([("at".to_owned(), text(&texts[2]))]);
        assert_eq!(read_moment(&item, "at").unwrap(), Some(times[2].parse().unwrap()));
    }

    #[test]
    fn attribute_of_another_type_is_an_error_and_an_absent_one_is_not() {
        let item = HashMap::from([("n".to_owned(), number(-1)), ("s".to_owned(), text("soon"))]);
        assert_eq!(read_number::<u64>(&item, "absent").unwrap(), None);
        assert!(read_number::<u64>(&item, "n").is_err());
        assert!(read_number::<u64>(&item, "s").is_err());
        assert!(read_text(&item, "n").is_err());
        assert!(read_binary(&item, "s").is_err());
        assert!(read_moment(&item, "s").is_err());
        assert!(required::<u8>("n", None).is_err());
    }
}
