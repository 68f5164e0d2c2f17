//! Queries: filters, operators, included fields and pages, with the habits of the real one. A misspelt operator is silently
//! dropped, and all rows come back; a misspelt field is refused loudly.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::input::Row;
use super::schema::{Entity, Field, Kind};
use super::wire::instant;

/// Most rows of a page, and how many come unless told otherwise.
const RECORDS_MAX: usize = 500;

/// A query that was understood.
#[derive(Debug)]
pub(crate) struct Query {
    conditions: Vec<Condition>,
    include: Option<Vec<&'static str>>,
    pub(crate) records_max: usize,
}

#[derive(Debug)]
enum Condition {
    Field { field: &'static Field, test: Test },
    UserDefined { name: String, test: Test },
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

#[derive(Debug)]
enum Test {
    Exists(bool),
    Compare(Comparison, Key),
    Text(TextTest, String),
    In { wanted: bool, keys: Vec<Key> },
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Clone, Copy, Debug)]
enum TextTest {
    Begins,
    Ends,
    Contains,
}

/// A value in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Key {
    Integer(i64),
    Decimal(f64),
    Boolean(bool),
    /// Lower case: comparisons do not see case.
    Text(String),
    Time(Timestamp),
}

impl Query {
    /// Reads a query; the keys of the body may be in any case, and unknown ones (`sort`) are ignored.
    ///
    /// # Errors
    /// The vendor's sentence.
    pub(crate) fn parse(entity: &'static Entity, body: &Value) -> Result<Self, String> {
        const NO_FILTERS: &str = "Value cannot be null.\r\nParameter name: filters";
        let members = body.as_object().ok_or(NO_FILTERS)?;
        let filter = member(members, "filter").and_then(Value::as_array).filter(|filter| !filter.is_empty()).ok_or(NO_FILTERS)?;
        let mut user_defined = 0;
        let conditions = conditions(entity, filter, &mut user_defined)?;
        if user_defined > 1 {
            return Err("Only one UserDefinedField may be queried at a time.".to_owned());
        }
        let records_max = records_max(member(members, "maxRecords"))?;
        let include = included(entity, member(members, "includeFields"))?;
        Ok(Self { conditions, include, records_max })
    }

    /// Whether a row is wanted.
    pub(crate) fn matches(&self, row: &Row) -> bool {
        self.conditions.iter().all(|condition| condition.holds(row))
    }

    /// Whether `id` is missing among the included fields, which the real one refuses for more than a page of rows.
    pub(crate) fn lacks_id(&self) -> bool {
        self.include.as_ref().is_some_and(|fields| !fields.contains(&"id"))
    }

    /// The row with the wanted fields alone.
    pub(crate) fn project(&self, row: Row) -> Row {
        match &self.include {
            None => row,
            Some(fields) => row.into_iter().filter(|(name, _)| fields.contains(&name.as_str())).collect(),
        }
    }
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn records_max(value: Option<&Value>) -> Result<usize, String> {
    match value {
        None | Some(Value::Null) => Ok(RECORDS_MAX),
        Some(value) => value
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| (1..=RECORDS_MAX).contains(number))
            .ok_or_else(|| format!("maxCountOfRecordsToReturn must be between 1 and {RECORDS_MAX}")),
    }
}

fn included(entity: &'static Entity, value: Option<&Value>) -> Result<Option<Vec<&'static str>>, String> {
    let Some(names) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let names = names.as_array().ok_or("includeFields must be an array.")?;
    let fields: Result<Vec<_>, String> =
        names.iter().map(|name| queryable(entity, name.as_str().unwrap_or_default()).map(|field| field.name)).collect();
    Ok(Some(fields?))
}

fn queryable(entity: &'static Entity, name: &str) -> Result<&'static Field, String> {
    entity
        .field(name)
        .filter(|field| field.queryable)
        .ok_or_else(|| format!("Unable to find {name} in the {} Entity.", entity.name))
}

fn conditions(entity: &'static Entity, items: &[Value], user_defined: &mut usize) -> Result<Vec<Condition>, String> {
    let read: Result<Vec<_>, String> = items.iter().map(|item| condition(entity, item, user_defined)).collect();
    Ok(read?.into_iter().flatten().collect())
}

/// One member of a filter; none if it is dropped for its unknown operator.
fn condition(entity: &'static Entity, item: &Value, user_defined: &mut usize) -> Result<Option<Condition>, String> {
    let members = item.as_object().ok_or("A filter must be an object.")?;
    let operator = member(members, "op").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    if operator == "and" || operator == "or" {
        let items = member(members, "items").and_then(Value::as_array).ok_or("A group of filters must have items.")?;
        let inner = conditions(entity, items, user_defined)?;
        let group = if operator == "and" { Condition::All(inner) } else { Condition::Any(inner) };
        return Ok(Some(group).filter(|group| !group.is_empty()));
    }
    let name = member(members, "field").and_then(Value::as_str).unwrap_or_default();
    let value = member(members, "value").unwrap_or(&Value::Null);
    if member(members, "udf").and_then(Value::as_bool) == Some(true) {
        *user_defined += 1;
        let test = test(&operator, Kind::Text(usize::MAX), value)?;
        return Ok(test.map(|test| Condition::UserDefined { name: name.to_owned(), test }));
    }
    let field = queryable(entity, name)?;
    Ok(test(&operator, field.kind, value)?.map(|test| Condition::Field { field, test }))
}

/// What an operator asks; none if there is no such operator.
fn test(operator: &str, kind: Kind, value: &Value) -> Result<Option<Test>, String> {
    let comparison = match operator {
        "exist" => return Ok(Some(Test::Exists(true))),
        "notexist" => return Ok(Some(Test::Exists(false))),
        "in" | "notin" => {
            let values = value.as_array().ok_or_else(|| format!("The operator {operator} needs an array of values."))?;
            let keys: Result<Vec<_>, String> = values.iter().map(|value| key(kind, value)).collect();
            return Ok(Some(Test::In { wanted: operator == "in", keys: keys? }));
        }
        "beginswith" => return text_test(TextTest::Begins, value),
        "endswith" => return text_test(TextTest::Ends, value),
        "contains" => return text_test(TextTest::Contains, value),
        "eq" => Comparison::Equal,
        "noteq" => Comparison::NotEqual,
        "gt" => Comparison::Greater,
        "gte" => Comparison::GreaterOrEqual,
        "lt" => Comparison::Less,
        "lte" => Comparison::LessOrEqual,
        _ => return Ok(None),
    };
    Ok(Some(Test::Compare(comparison, key(kind, value)?)))
}

fn text_test(test: TextTest, value: &Value) -> Result<Option<Test>, String> {
    let text = value.as_str().ok_or("The operator needs a text value.")?;
    Ok(Some(Test::Text(test, text.to_lowercase())))
}

/// The value of a filter in the type of its field.
fn key(kind: Kind, value: &Value) -> Result<Key, String> {
    let as_text = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let failed = |into: &str| format!("Conversion failed when converting the varchar value '{}' to data type {into}.", as_text());
    match kind {
        Kind::Integer => {
            let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
            number.map(Key::Integer).ok_or_else(|| failed("int"))
        }
        Kind::Decimal => {
            let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
            number.map(Key::Decimal).ok_or_else(|| failed("decimal"))
        }
        Kind::Boolean => value.as_bool().map(Key::Boolean).ok_or_else(|| failed("bit")),
        Kind::DateTime | Kind::Date => value
            .as_str()
            .and_then(instant)
            .map(Key::Time)
            .ok_or_else(|| "Conversion failed when converting date and/or time from character string.".to_owned()),
        Kind::Text(_) | Kind::Base64 | Kind::UserDefined => match value {
            Value::String(text) => Ok(Key::Text(text.to_lowercase())),
            Value::Number(number) => Ok(Key::Text(number.to_string())),
            _ => Err(failed("nvarchar")),
        },
    }
}

impl Condition {
    fn is_empty(&self) -> bool {
        matches!(self, Self::All(items) | Self::Any(items) if items.is_empty())
    }

    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Field { field, test } => test.passes(field.kind, row.get(field.name).unwrap_or(&Value::Null)),
            Self::UserDefined { name, test } => {
                let values = row.get("userDefinedFields").and_then(Value::as_array);
                let value = values.and_then(|fields| fields.iter().find(|field| field["name"].as_str() == Some(name)));
                test.passes(Kind::Text(usize::MAX), value.map_or(&Value::Null, |field| &field["value"]))
            }
            Self::All(items) => items.iter().all(|item| item.holds(row)),
            Self::Any(items) => items.iter().any(|item| item.holds(row)),
        }
    }
}

impl Test {
    /// A missing value passes no test but that of its absence, as in SQL.
    fn passes(&self, kind: Kind, value: &Value) -> bool {
        if let Self::Exists(wanted) = self {
            return value.is_null() != *wanted;
        }
        let Ok(stored) = key(kind, value) else { return false };
        if value.is_null() {
            return false;
        }
        match self {
            Self::Exists(_) => false,
            Self::Compare(comparison, wanted) => comparison.holds(stored.partial_cmp(wanted)),
            Self::In { wanted, keys } => keys.contains(&stored) == *wanted,
            Self::Text(test, part) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_lowercase);
                match test {
                    TextTest::Begins => text.starts_with(part),
                    TextTest::Ends => text.ends_with(part),
                    TextTest::Contains => text.contains(part),
                }
            }
        }
    }
}

impl Comparison {
    fn holds(self, ordering: Option<Ordering>) -> bool {
        ordering.is_some_and(|ordering| match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        })
    }
}

/// What the `paging` variable of a next page holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PagingToken {
    /// The last id of the page before.
    pub(crate) after: i64,
    /// The method of the first call; the next ones must use the same.
    pub(crate) method: String,
    /// The search of a GET query, which its next pages do not repeat.
    pub(crate) search: Option<Value>,
}

impl PagingToken {
    /// As it stands in the URL.
    pub(crate) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Back from the URL.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

    use serde_json::json;

    use super::super::schema::TICKETS;
    use super::*;

    fn row() -> Row {
        let Value::Object(row) = json!({
            "id": 7001, "title": "Label Printer offline", "status": 8, "estimatedHours": 1.5, "queueID": null,
            "isVisibleToComanaged": true, "createDate": "2025-03-18T12:41:00Z",
            "userDefinedFields": [{"name": "Asset", "value": "NB-1"}]
        }) else {
            panic!("an object")
        };
        row
    }

    fn matches(filter: Value) -> bool {
        Query::parse(&TICKETS, &json!({ "filter": [filter] })).unwrap().matches(&row())
    }

    fn refusal(body: Value) -> String {
        Query::parse(&TICKETS, &body).unwrap_err()
    }

    #[test]
    fn every_operator_selects() {
        let cases = [
            (json!({"op": "eq", "field": "id", "value": 7001}), true),
            (json!({"op": "eq", "field": "ID", "value": "7002"}), false),
            (json!({"op": "noteq", "field": "status", "value": 5}), true),
            (json!({"op": "gt", "field": "estimatedHours", "value": 1.5}), false),
            (json!({"op": "gte", "field": "estimatedHours", "value": 1.5}), true),
            (json!({"op": "lt", "field": "createDate", "value": "2025-03-18T12:41:00"}), false),
            (json!({"op": "lte", "field": "createDate", "value": "2025-03-18T12:41:00"}), true),
            (json!({"op": "beginsWith", "field": "title", "value": "label"}), true),
            (json!({"op": "endsWith", "field": "title", "value": "OFFLINE"}), true),
            (json!({"op": "contains", "field": "title", "value": "scanner"}), false),
            (json!({"op": "exist", "field": "queueID"}), false),
            (json!({"op": "notExist", "field": "queueID"}), true),
            (json!({"op": "in", "field": "status", "value": [1, 8]}), true),
            (json!({"op": "notIn", "field": "status", "value": [1, 8]}), false),
            (json!({"op": "eq", "field": "isVisibleToComanaged", "value": true}), true),
            (json!({"op": "eq", "field": "queueID", "value": 5}), false),
            (json!({"op": "noteq", "field": "queueID", "value": 5}), false),
            (json!({"op": "eq", "field": "Asset", "value": "nb-1", "udf": true}), true),
        ];
        for (filter, expected) in cases {
            assert_eq!(matches(filter.clone()), expected, "{filter}");
        }
    }

    #[test]
    fn groups_nest() {
        let title = |text: &str| json!({"op": "contains", "field": "title", "value": text});
        assert!(matches(
            json!({"op": "or", "items": [title("scanner"), {"op": "and", "items": [title("label"), title("off")]}]})
        ));
        assert!(!matches(json!({"op": "and", "items": [title("label"), title("scanner")]})));
    }

    #[test]
    fn misspelt_operator_is_dropped_also_inside_a_group() {
        assert!(matches(json!({"op": "ne", "field": "id", "value": 7001})));
        assert!(matches(json!({"op": "or", "items": [{"op": "noteExist", "field": "id"}]})));
        assert!(!matches(json!({"op": "or", "items": [
            {"op": "equals", "field": "id", "value": 7001}, {"op": "eq", "field": "id", "value": 1}]})));
    }

    #[test]
    fn misspelt_field_is_refused_loudly() {
        let by = |field: &str| refusal(json!({"filter": [{"op": "eq", "field": field, "value": 1}]}));
        assert_eq!(by("ticketID"), "Unable to find ticketID in the Ticket Entity.");
        assert_eq!(by("creatorType"), "Unable to find creatorType in the Ticket Entity.");
        let all = json!([{"op": "exist", "field": "id"}]);
        assert_eq!(refusal(json!({"filter": all, "includeFields": ["id", "nmae"]})), "Unable to find nmae in the Ticket Entity.");
    }

    #[test]
    fn missing_filter_and_bad_record_counts_are_refused() {
        let all = json!([{"op": "exist", "field": "id"}]);
        for body in [json!({}), json!({"filter": []}), json!(null), json!([])] {
            assert!(refusal(body).contains("Parameter name: filters"));
        }
        for count in [json!(0), json!(501), json!("x")] {
            assert!(refusal(json!({"filter": all, "maxRecords": count})).contains("between 1 and 500"));
        }
        assert_eq!(Query::parse(&TICKETS, &json!({"Filter": all, "MaxRecords": 2})).unwrap().records_max, 2);
    }

    #[test]
    fn filter_value_of_another_type_is_refused() {
        let by = |field: &str, value: Value| refusal(json!({"filter": [{"op": "eq", "field": field, "value": value}]}));
        assert!(by("status", json!("open")).contains("Conversion failed when converting the varchar value 'open'"));
        assert!(by("isVisibleToComanaged", json!(null)).contains("Conversion failed"));
        assert!(by("createDate", json!("yesterday")).contains("Conversion failed"));
    }
}
