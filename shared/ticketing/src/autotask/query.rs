//! The body of a `POST …/query`: typed values and a closed set of operators, because Autotask drops an operator that it does not
//! know without a word and returns every row (observed by clients). Only the operators in use are here.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

/// The most rows that Autotask gives at once (vendor reference). Pages come in the order of ids (observed by clients).
pub(super) const PAGE_ROWS_MAX: u32 = 500;

/// A query of one entity.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Query {
    filter: Vec<Condition>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    include_fields: &'static [&'static str],
    max_records: u32,
}

impl Query {
    /// Rows that meet all conditions, with these fields (which must name `id`; none means all), at most `rows_max` (1 to [`PAGE_ROWS_MAX`]).
    pub(super) fn new(filter: Vec<Condition>, include_fields: &'static [&'static str], rows_max: u32) -> Self {
        Self { filter, include_fields, max_records: rows_max }
    }

    /// How many rows make a full page.
    pub(super) fn rows_max(&self) -> usize {
        self.max_records as usize
    }

    /// The same query for the rows after this id: Autotask's own advice for paging, and safer than the addresses that it returns.
    pub(super) fn after(&self, id: i64) -> Self {
        let mut next = self.clone();
        next.filter.push(Condition::greater("id", id));
        next
    }
}

/// One condition on a row. Not `Debug`: the value may be a login.
#[derive(Clone)]
pub(super) enum Condition {
    /// A comparison of a field with a value.
    Field { operator: Operator, field: &'static str, value: Value },
    /// Any of these.
    Any(Vec<Condition>),
    /// All of these.
    All(Vec<Condition>),
}

/// The comparisons in use.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) enum Operator {
    #[serde(rename = "eq")]
    Equal,
    #[serde(rename = "gt")]
    Greater,
    #[serde(rename = "gte")]
    GreaterOrEqual,
    #[serde(rename = "lte")]
    LessOrEqual,
    #[serde(rename = "contains")]
    Contains,
    #[serde(rename = "beginsWith")]
    BeginsWith,
    #[serde(rename = "noteq")]
    NotEqual,
    #[serde(rename = "in")]
    In,
}

impl Condition {
    /// The field has this value; texts are compared without case by Autotask.
    pub(super) fn equal(field: &'static str, value: impl Into<Value>) -> Self {
        Self::Field { operator: Operator::Equal, field, value: value.into() }
    }

    /// The field is greater.
    pub(super) fn greater(field: &'static str, value: impl Into<Value>) -> Self {
        Self::Field { operator: Operator::Greater, field, value: value.into() }
    }

    /// The field is this or greater.
    pub(super) fn at_least(field: &'static str, value: impl Into<Value>) -> Self {
        Self::Field { operator: Operator::GreaterOrEqual, field, value: value.into() }
    }

    /// The field is this or less.
    pub(super) fn at_most(field: &'static str, value: impl Into<Value>) -> Self {
        Self::Field { operator: Operator::LessOrEqual, field, value: value.into() }
    }

    /// The field has another value. A field without a value has none (as in SQL).
    pub(super) fn not_equal(field: &'static str, value: impl Into<Value>) -> Self {
        Self::Field { operator: Operator::NotEqual, field, value: value.into() }
    }

    /// The field has one of these ids.
    pub(super) fn one_of(field: &'static str, ids: impl Iterator<Item = i64>) -> Self {
        Self::Field { operator: Operator::In, field, value: ids.collect() }
    }

    /// The field begins with this text.
    pub(super) fn begins_with(field: &'static str, text: &str) -> Self {
        Self::Field { operator: Operator::BeginsWith, field, value: text.into() }
    }

    /// The field holds this text.
    pub(super) fn contains(field: &'static str, text: &str) -> Self {
        Self::Field { operator: Operator::Contains, field, value: text.into() }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Field { operator, field, value } => {
                map.serialize_entry("op", operator)?;
                map.serialize_entry("field", field)?;
                map.serialize_entry("value", value)?;
            }
            Self::Any(items) => {
                map.serialize_entry("op", "or")?;
                map.serialize_entry("items", items)?;
            }
            Self::All(items) => {
                map.serialize_entry("op", "and")?;
                map.serialize_entry("items", items)?;
            }
        }
        map.end()
    }
}
