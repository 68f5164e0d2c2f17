//! The one log line of a call, which is its count as well.
//!
//! It is JSON in CloudWatch's embedded metric format: the line says what happened, and its member `_aws` makes CloudWatch count
//! it by outcome and by cause, without a call. So no count is ever left out; a line that `LOG_LEVEL` would silence
//! shrinks to its count, and of the calls of strangers one line counts many ([`strangers`](crate::strangers)).
//!
//! What it may hold: outcome, cause, appliance, event, lsid, length, and for refusals the source address. Never the token, never
//! the body or a name out of it.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use session::{ApplianceId, Lsid};

use crate::answer::Outcome;
use crate::config::LeftOut;

/// Where the metrics are found in CloudWatch.
pub const NAMESPACE: &str = "SessionBridge/Receiver";
/// The metric: how many calls.
const CALLS: &str = "calls";
/// The metric: how many items of the list of tokens a process left out at its start.
const TOKENS_LEFT_OUT: &str = "tokens_left_out";
/// The cause of a 404 or 405 whose caller has the right token: a setting of its own appliance is wrong.
pub const AUTHENTIC: &str = "authentic";

/// How severe a line is, the most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A person should look.
    Error,
    /// A person may want to look.
    Warn,
    /// What happens all day.
    Info,
    /// For whoever looks for a fault.
    Debug,
}

impl Level {
    /// The level in one word, spelt as in the lines of `tracing`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
        }
    }
}

/// What is known of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// What came of it.
    pub outcome: Outcome,
    /// Why: the refusal, the reason for quarantine, what failed; of an ignored event its name.
    pub cause: Option<String>,
    /// The appliance, if it is one that we know.
    pub appliance: Option<ApplianceId>,
    /// The event.
    pub event: Option<&'static str>,
    /// The session.
    pub lsid: Option<Lsid>,
    /// Where a refused call came from.
    pub source_address: Option<IpAddr>,
    /// How long a quarantined body was; bytes.
    pub body_bytes: Option<usize>,
    /// How many calls it counts: this one, and those before it that had no line of their own.
    pub calls: u64,
    /// Whether it only counts, and says nothing to a person.
    pub is_count_only: bool,
}

impl LogLine {
    /// A line that says nothing but the outcome.
    #[must_use]
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            cause: None,
            appliance: None,
            event: None,
            lsid: None,
            source_address: None,
            body_bytes: None,
            calls: 1,
            is_count_only: false,
        }
    }

    /// How severe it is.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self.outcome {
            Outcome::Unavailable => Level::Error,
            // The right token at the wrong door: an appliance that cannot deliver until somebody corrects its URL.
            Outcome::NotFound | Outcome::MethodNotAllowed if self.appliance.is_some() => Level::Error,
            Outcome::Refused | Outcome::Quarantined => Level::Warn,
            // Whoever scans the internet finds every function URL; that is no warning.
            Outcome::NotFound | Outcome::MethodNotAllowed | Outcome::Queued | Outcome::Ignored => Level::Info,
        }
    }

    /// The line, without its end, for a function of that name. At a level that is not kept: only what is counted.
    #[must_use]
    pub fn to_json(&self, kept: Level, function_name: &str, now: Timestamp) -> String {
        let (outcome, cause) = (self.outcome.name(), self.cause.as_deref());
        let mut members = counted(CALLS, self.calls, outcome, cause, function_name, now);
        if self.level() <= kept && !self.is_count_only {
            members.extend(self.said());
        }
        Value::Object(members).to_string()
    }

    /// What a person reads.
    fn said(&self) -> impl Iterator<Item = (String, Value)> {
        let members = [
            ("level", Some(self.level().name().into())),
            ("message", Some(self.message().into())),
            ("appliance", self.appliance.as_ref().map(|appliance| appliance.as_str().into())),
            ("event", self.event.map(Value::from)),
            ("lsid", self.lsid.as_ref().map(|lsid| lsid.as_str().into())),
            ("source_address", self.source_address.map(|address| address.to_string().into())),
            ("body_bytes", self.body_bytes.map(Value::from)),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))
    }

    const fn message(&self) -> &'static str {
        match self.outcome {
            Outcome::NotFound if self.appliance.is_some() => "call with the right token of an unknown path",
            Outcome::MethodNotAllowed if self.appliance.is_some() => "call with the right token that is no POST",
            Outcome::NotFound => "call of an unknown path",
            Outcome::MethodNotAllowed => "call that is no POST",
            Outcome::Refused => "call refused",
            Outcome::Queued => "event stored in the queue",
            Outcome::Ignored => "event of an unknown kind ignored",
            Outcome::Quarantined => "malformed body stored in quarantine",
            Outcome::Unavailable => "nothing stored, the appliance will send it again",
        }
    }
}

/// The line, without its end, about an item of the list of tokens that a process leaves out. Errors are kept at every level.
#[must_use]
pub fn left_out_line(left_out: &LeftOut, function_name: &str, now: Timestamp) -> String {
    let mut members = counted(TOKENS_LEFT_OUT, 1, "token_left_out", Some(left_out.reason.cause()), function_name, now);
    members.insert("level".to_owned(), Level::Error.name().into());
    members.insert("message".to_owned(), "an item of ApplianceTokens lets nobody in, and its appliance is refused".into());
    members.insert("item".to_owned(), left_out.item.into());
    members.insert("reason".to_owned(), left_out.reason.to_string().into());
    if let Some(appliance) = &left_out.appliance {
        members.insert("appliance".to_owned(), appliance.as_str().into());
    }
    Value::Object(members).to_string()
}

/// A metric with its dimensions.
fn counted(
    metric: &str,
    count: u64,
    outcome: &str,
    cause: Option<&str>,
    function_name: &str,
    now: Timestamp,
) -> Map<String, Value> {
    let mut dimensions = vec![json!(["function", "outcome"])];
    let mut members = Map::new();
    members.insert("function".to_owned(), function_name.into());
    members.insert("outcome".to_owned(), outcome.into());
    if let Some(cause) = cause {
        dimensions.push(json!(["function", "outcome", "cause"]));
        members.insert("cause".to_owned(), cause.into());
    }
    members.insert(metric.to_owned(), count.into());
    let metrics = json!([{ "Name": metric, "Unit": "Count" }]);
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics });
    members.insert("_aws".to_owned(), json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive] }));
    members
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn queued() -> LogLine {
        LogLine {
            appliance: Some(ApplianceId::default()),
            event: Some("support_conference_end"),
            lsid: Some("7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap()),
            ..LogLine::new(Outcome::Queued)
        }
    }

    fn refused() -> LogLine {
        let source_address = "198.51.100.20".parse().ok();
        LogLine { cause: Some("wrong_token".to_owned()), source_address, ..LogLine::new(Outcome::Refused) }
    }

    fn json(line: &LogLine, kept: Level) -> String {
        line.to_json(kept, "receiver", "2025-03-18T13:27:21Z".parse().unwrap())
    }

    #[test]
    fn line_says_what_happened_and_counts_it() {
        insta::assert_snapshot!(json(&queued(), Level::Info));
    }

    #[test]
    fn refusal_says_cause_and_source_address() {
        insta::assert_snapshot!(json(&refused(), Level::Debug));
    }

    #[test]
    fn silenced_line_still_counts() {
        let line: Value = serde_json::from_str(&json(&refused(), Level::Error)).unwrap();
        let mut names: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["_aws", "calls", "cause", "function", "outcome"]);
    }

    #[test]
    fn right_token_at_the_wrong_door_is_an_error_and_a_strangers_is_none() {
        for outcome in [Outcome::NotFound, Outcome::MethodNotAllowed] {
            assert_eq!(LogLine::new(outcome).level(), Level::Info);
            let authentic = LogLine { appliance: Some(ApplianceId::default()), ..LogLine::new(outcome) };
            assert_eq!(authentic.level(), Level::Error);
        }
    }

    #[test]
    fn item_left_out_is_said_and_counted_without_what_was_there() {
        let reason = crate::config::Unusable::HashOfNothing;
        let left_out = LeftOut { item: 2, appliance: Some(ApplianceId::default()), reason };
        insta::assert_snapshot!(left_out_line(&left_out, "receiver", "2025-03-18T13:27:21Z".parse().unwrap()));
    }

    #[test]
    fn every_dimension_is_a_member_of_the_line() {
        for outcome in Outcome::ALL {
            for cause in [None, Some("some".to_owned())] {
                let line: Value = serde_json::from_str(&json(&LogLine { cause, ..LogLine::new(outcome) }, Level::Error)).unwrap();
                let sets = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"].as_array().unwrap();
                for name in sets.iter().flat_map(|set| set.as_array().unwrap()) {
                    assert!(line[name.as_str().unwrap()].is_string(), "{name}");
                }
                assert_eq!(line["calls"], 1);
            }
        }
    }

    #[test]
    fn line_is_one_line() {
        let cause = Some("two\nlines".to_owned());
        assert!(!json(&LogLine { cause, ..refused() }, Level::Info).contains('\n'));
    }
}
