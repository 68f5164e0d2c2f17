//! A line of the log that is a count as well: JSON in CloudWatch's embedded metric format.
//!
//! ```
//! use telemetry::{Level, Line, Log, Metric};
//!
//! let line = Line::new(Level::WARN, "refused").cause("wrong_token").metric(Metric::Calls, 1).field("lsid", "7d1f");
//! let log = Log::new("SessionBridge/Receiver", "receiver", Level::ERROR);
//! // At a level that is not kept the line shrinks to its counts, which are never left out.
//! assert!(!line.to_json(&log, jiff::Timestamp::UNIX_EPOCH).contains("lsid"));
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::Level;

use crate::log::Log;
use crate::metric::{Metric, Unit};

/// What came of one thing, ready to be written. Counted by `function` and `outcome`, and if there is a cause also by that.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    level: Level,
    outcome: &'static str,
    cause: Option<String>,
    fields: Map<String, Value>,
    metrics: BTreeMap<&'static str, (Unit, i64)>,
    counts_only: bool,
}

impl Line {
    /// A line that says what came of it, and counts nothing yet. `outcome` is one word of a closed set: it is a dimension.
    #[must_use]
    pub fn new(level: Level, outcome: &'static str) -> Self {
        Self { level, outcome, cause: None, fields: Map::new(), metrics: BTreeMap::new(), counts_only: false }
    }

    /// The line with why it came to that. One word out of few: it is a dimension, and each value of one costs money.
    #[must_use]
    pub fn cause(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// The line with something counted or measured; the last value of a metric counts.
    #[must_use]
    pub fn metric(mut self, metric: Metric, value: i64) -> Self {
        self.metrics.insert(metric.name(), (metric.unit(), value));
        self
    }

    /// The line with something for people to read and search by. Never a secret, a body or a name of a person.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The line with that field, if there is a value.
    #[must_use]
    pub fn field_if_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// The line without anything for people, whatever level is kept.
    #[must_use]
    pub fn counts_only(self) -> Self {
        Self { counts_only: true, ..self }
    }

    /// The text of the line, without its end.
    #[must_use]
    pub fn to_json(&self, log: &Log, now: Timestamp) -> String {
        let mut members = Map::new();
        members.insert("function".to_owned(), log.function_name.as_str().into());
        members.insert("outcome".to_owned(), self.outcome.into());
        members.extend(self.cause.as_deref().map(|cause| ("cause".to_owned(), cause.into())));
        members.extend(self.metrics.iter().map(|(name, (_, value))| ((*name).to_owned(), Value::from(*value))));
        members.insert("_aws".to_owned(), self.directive(log.namespace, now));
        if self.level <= log.kept && !self.counts_only {
            members.insert("level".to_owned(), self.level.as_str().into());
            members.extend(self.fields.clone());
        }
        Value::Object(members).to_string()
    }

    /// What CloudWatch is to count, and by which members of the line.
    fn directive(&self, namespace: &str, now: Timestamp) -> Value {
        let mut dimensions = vec![json!(["function", "outcome"])];
        if self.cause.is_some() {
            dimensions.push(json!(["function", "outcome", "cause"]));
        }
        let metrics = self.metrics.iter().map(|(name, (unit, _))| json!({ "Name": name, "Unit": unit.name() }));
        let metrics: Vec<Value> = metrics.collect();
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": namespace, "Dimensions": dimensions, "Metrics": metrics }],
        })
    }

    /// Writes the line, in one go.
    pub fn print(&self, log: &Log, now: Timestamp) {
        let mut text = self.to_json(log, now);
        text.push('\n');
        (log.write)(&text);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn line() -> Line {
        let line = Line::new(Level::WARN, "waits").cause("on_hold").metric(Metric::Events, 1).metric(Metric::Waited, 3);
        line.field("lsid", "7d1f").field("ticket", Value::Null).field_if_some("event", None::<&str>)
    }

    fn json(line: &Line, kept: Level) -> String {
        line.to_json(&Log::new("SessionBridge/Worker", "worker", kept), "2025-03-18T13:27:24Z".parse().unwrap())
    }

    #[test]
    fn line_says_what_came_of_it_and_counts_it() {
        insta::assert_snapshot!(json(&line(), Level::WARN));
    }

    #[test]
    fn silenced_line_and_bare_count_hold_nothing_but_what_is_counted() {
        assert_eq!(json(&line(), Level::ERROR), json(&line().counts_only(), Level::DEBUG));
        let value: Value = serde_json::from_str(&json(&line(), Level::ERROR)).unwrap();
        let names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["_aws", "cause", "events", "function", "outcome", "waited_seconds"]);
    }

    #[test]
    fn every_metric_and_dimension_is_a_member_of_the_line() {
        let all = Metric::ALL.into_iter().fold(line(), |line, metric| line.metric(metric, 7));
        let value: Value = serde_json::from_str(&json(&all, Level::ERROR)).unwrap();
        let directive = &value["_aws"]["CloudWatchMetrics"][0];
        let metrics = directive["Metrics"].as_array().unwrap();
        assert_eq!(metrics.len(), Metric::ALL.len());
        assert!(metrics.iter().all(|metric| value[metric["Name"].as_str().unwrap()] == 7));
        for name in directive["Dimensions"].as_array().unwrap().iter().flat_map(|set| set.as_array().unwrap()) {
            assert!(value[name.as_str().unwrap()].is_string(), "{name}");
        }
    }

    #[test]
    fn line_is_one_line() {
        assert!(!json(&line().cause("two\nlines").field("reason", "two\nlines"), Level::WARN).contains('\n'));
    }
}
