//! Reading JSON objects of Autotask: keys without regard to case (clients have seen `companyID`, `CompanyID` and
//! `assignedResourceroleID`), numbers also as numeric text, times with and without `Z`. Pure.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

/// A JSON object, borrowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a>(&'a Map<String, Value>);

impl<'a> Row<'a> {
    /// The value as a row; none unless it is an object.
    pub(super) fn new(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The value of a key; none when absent or null.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.find(key).filter(|value| !value.is_null())
    }

    /// Whether the key is there, be it with null.
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn find(&self, key: &str) -> Option<&'a Value> {
        let in_another_case = || self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
        self.0.get(key).or_else(in_another_case)
    }

    /// A text; none when absent or of another type.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    /// An integer, or a text that is one.
    pub(super) fn integer(&self, key: &str) -> Option<i64> {
        match self.get(key)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A boolean; `0` and `1` are taken for it (one entity has them, observed by clients).
    pub(super) fn boolean(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(value) => Some(*value),
            Value::Number(number) => number.as_i64().map(|number| number != 0),
            _ => None,
        }
    }

    /// A moment. Without an offset it is UTC, as all of Autotask's REST times are (vendor reference).
    pub(super) fn timestamp(&self, key: &str) -> Option<Timestamp> {
        let text = self.text(key)?;
        text.parse().ok().or_else(|| {
            let civil: DateTime = text.parse().ok()?;
            Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_found_in_any_case() {
        let value = json!({ "CompanyID": 0, "assignedResourceroleID": 29683, "title": null });
        let row = Row::new(&value).unwrap();
        assert_eq!(row.integer("companyID"), Some(0));
        assert_eq!(row.integer("assignedResourceRoleID"), Some(29683));
        assert_eq!(row.get("title"), None);
        assert_eq!(row.get("absent"), None);
    }

    #[test]
    fn numbers_may_be_text() {
        let value = json!({ "a": 7, "b": "8", "c": " 9 ", "d": 1.5, "e": "x", "f": true });
        let row = Row::new(&value).unwrap();
        let read: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(|key| row.integer(key)).to_vec();
        assert_eq!(read, [Some(7), Some(8), Some(9), None, None, None]);
    }

    #[test]
    fn booleans_may_be_numbers() {
        let value = json!({ "a": true, "b": 1, "c": 0, "d": "true" });
        let row = Row::new(&value).unwrap();
        let read: Vec<_> = ["a", "b", "c", "d"].map(|key| row.boolean(key)).to_vec();
        assert_eq!(read, [Some(true), Some(true), Some(false), None]);
    }

    #[test]
    fn times_without_offset_are_utc() {
        let value =
            json!({ "a": "2025-03-18T13:02:00Z", "b": "2025-03-18T13:02:00.12", "c": "2025-03-18T15:02:00+02:00", "d": "soon" });
        let row = Row::new(&value).unwrap();
        let expected: Timestamp = "2025-03-18T13:02:00Z".parse().unwrap();
        assert_eq!(row.timestamp("a"), Some(expected));
        assert_eq!(row.timestamp("b").map(|at| at.as_second()), Some(expected.as_second()));
        assert_eq!(row.timestamp("c"), Some(expected));
        assert_eq!(row.timestamp("d"), None);
    }
}
