//! JSON values as native DynamoDB attributes and back, so that an item can be read in the console.
//!
//! Not exactly reversible, by the table's nature: it keeps numbers as decimals and returns `1.0` as `1`, and has no `-0`. A
//! type that reads its numbers with serde does not notice.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use crate::error::LedgerError;

/// Deepest nesting of a stored value. The table takes 32 levels (vendor reference); one of them is the attribute itself.
const DEPTH_MAX: usize = 31;
/// The table's numbers have 38 digits between these magnitudes (vendor reference); ours have 17, so only these limit.
const MAGNITUDE_MAX: f64 = 9.9e125;
const MAGNITUDE_MIN: f64 = 1e-130;

/// The value as an attribute.
///
/// # Errors
///
/// [`LedgerError::Unstorable`] for what a table cannot hold: an empty key, a number beyond its range, nesting too deep,
/// or a value that serde cannot turn into JSON.
pub(crate) fn to_attribute<T: Serialize>(value: &T) -> Result<AttributeValue, LedgerError> {
    // serde's message may quote the value.
    let json = serde_json::to_value(value).map_err(|_| unstorable(&Path::ROOT, "not a JSON value"))?;
    from_json(json, &Path::ROOT)
}

/// The value that the attribute holds; `name` is for the error only.
///
/// # Errors
///
/// [`LedgerError::Unreadable`] for types that JSON lacks (binary, sets), and for a value that `T` does not take.
pub(crate) fn from_attribute<T: DeserializeOwned>(name: &str, attribute: &AttributeValue) -> Result<T, LedgerError> {
    let json = to_json(attribute).map_err(|problem| LedgerError::unreadable(name, problem))?;
    // serde's message may quote the value: only its kind is told.
    serde_json::from_value(json).map_err(|_| LedgerError::unreadable(name, "not of the expected shape"))
}

/// Where in a value we are, as a list from the inside out: no allocation unless something is wrong.
struct Path<'a> {
    key: &'a str,
    parent: Option<&'a Path<'a>>,
    depth: usize,
}

impl<'a> Path<'a> {
    const ROOT: Path<'static> = Path { key: "", parent: None, depth: 0 };

    fn child(&'a self, key: &'a str) -> Path<'a> {
        Path { key, parent: Some(self), depth: self.depth + 1 }
    }

    fn text(&self) -> String {
        match self.parent {
            Some(parent) if parent.parent.is_some() => format!("{}.{}", parent.text(), self.key),
            Some(_) => self.key.to_owned(),
            None => "the top".to_owned(),
        }
    }
}

fn unstorable(path: &Path<'_>, problem: &'static str) -> LedgerError {
    LedgerError::Unstorable { path: path.text(), problem }
}

fn from_json(value: Value, path: &Path<'_>) -> Result<AttributeValue, LedgerError> {
    if path.depth > DEPTH_MAX {
        return Err(unstorable(path, "nested too deeply"));
    }
    Ok(match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(bool) => AttributeValue::Bool(bool),
        Value::Number(number) => AttributeValue::N(decimal(&number).ok_or_else(|| unstorable(path, "number out of range"))?),
        Value::String(text) => AttributeValue::S(text),
        Value::Array(values) => {
            AttributeValue::L(values.into_iter().map(|value| from_json(value, &path.child("[]"))).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => AttributeValue::M(from_members(members, path)?),
    })
}

fn from_members(members: Map<String, Value>, path: &Path<'_>) -> Result<HashMap<String, AttributeValue>, LedgerError> {
    let mut map = HashMap::with_capacity(members.len());
    for (key, value) in members {
        if key.is_empty() {
            return Err(unstorable(path, "empty key"));
        }
        let attribute = from_json(value, &path.child(&key))?;
        map.insert(key, attribute);
    }
    Ok(map)
}

/// The number in the table's notation, or `None` if it is out of its range.
fn decimal(number: &Number) -> Option<String> {
    match number.as_f64() {
        Some(float) if number.is_f64() && float != 0.0 => {
            (MAGNITUDE_MIN..=MAGNITUDE_MAX).contains(&float.abs()).then(|| number.to_string())
        }
        Some(_) if number.is_f64() => Some("0".to_owned()),
        _ => Some(number.to_string()),
    }
}

fn to_json(attribute: &AttributeValue) -> Result<Value, &'static str> {
    Ok(match attribute {
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::Bool(bool) => Value::Bool(*bool),
        AttributeValue::N(decimal) => Value::Number(number(decimal).ok_or("not a number that fits")?),
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::L(values) => Value::Array(values.iter().map(to_json).collect::<Result<_, _>>()?),
        AttributeValue::M(map) => {
            let members = map.iter().map(|(key, value)| Ok((key.clone(), to_json(value)?)));
            Value::Object(members.collect::<Result<_, &'static str>>()?)
        }
        _ => return Err("a type that is not written here"),
    })
}

/// The number as JSON has it: whole if it is written so and fits, else a float.
fn number(decimal: &str) -> Option<Number> {
    if let Ok(whole) = decimal.parse::<u64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = decimal.parse::<i64>() {
        return Some(whole.into());
    }
    decimal.parse().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn problem(value: &Value) -> String {
        to_attribute(value).unwrap_err().to_string()
    }

    #[test]
    fn what_a_table_cannot_hold_is_refused_with_its_place() {
        assert_eq!(problem(&json!({"a": {"": 1}})), "the value cannot be stored, at a: empty key");
        assert_eq!(problem(&json!({"a": [1e300]})), "the value cannot be stored, at a.[]: number out of range");
        assert_eq!(problem(&json!(1e-200)), "the value cannot be stored, at the top: number out of range");
        let nested = (0..40).fold(json!(1), |inner, _| json!([inner]));
        assert!(problem(&nested).ends_with("nested too deeply"));
        let deepest = (0..DEPTH_MAX).fold(json!(1), |inner, _| json!([inner]));
        assert!(to_attribute(&deepest).is_ok());
    }

    #[test]
    fn foreign_types_are_unreadable_and_named() {
        let foreign = AttributeValue::M(HashMap::from([("a".to_owned(), AttributeValue::Ss(vec!["secret".to_owned()]))]));
        let error = from_attribute::<Value>("record", &foreign).unwrap_err().to_string();
        assert_eq!(error, "the ledger item is unreadable at record: a type that is not written here");
        let error = from_attribute::<u32>("record", &AttributeValue::S("secret".to_owned())).unwrap_err().to_string();
        assert_eq!(error, "the ledger item is unreadable at record: not of the expected shape");
        assert!(from_attribute::<Value>("record", &AttributeValue::N("NaN".to_owned())).is_err());
    }

    #[test]
    fn whole_numbers_keep_every_digit() {
        for number in [json!(u64::MAX), json!(i64::MIN), json!(0), json!(-1)] {
            let attribute = to_attribute(&number).unwrap();
            assert_eq!(from_attribute::<Value>("n", &attribute).unwrap(), number);
        }
        assert_eq!(to_attribute(&json!(-0.0)).unwrap(), AttributeValue::N("0".to_owned()));
        assert!((from_attribute::<f64>("n", &AttributeValue::N("1".to_owned())).unwrap() - 1.0).abs() < f64::EPSILON);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            // Not whole, or the table's notation would turn it into a whole number.
            (-1_000_000i32..1_000_000).prop_map(|n| Value::from(f64::from(n) + 0.5)),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(".{1,12}", inner, 0..8).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_survives_the_way_there_and_back(value in any_json()) {
            let attribute = to_attribute(&value).unwrap();
            prop_assert_eq!(from_attribute::<Value>("v", &attribute).unwrap(), value);
        }

        #[test]
        fn every_float_in_range_survives(float in any::<f64>()) {
            prop_assume!(float.is_finite());
            match to_attribute(&float) {
                Ok(attribute) => prop_assert_eq!(from_attribute::<f64>("v", &attribute).unwrap(), float),
                Err(_) => prop_assert!(!(MAGNITUDE_MIN..=MAGNITUDE_MAX).contains(&float.abs())),
            }
        }
    }
}
