//! The one log line of a call, which is its count as well ([`telemetry`]).
//!
//! A line that `LOG_LEVEL` would silence shrinks to its count, and of the calls of strangers one line counts many
//! ([`strangers`](crate::strangers)).
//!
//! What it may hold: outcome, cause, appliance, event, lsid, length, and for refusals the source address. Never the token, never
//! the body or a name out of it.

use std::net::IpAddr;

use session::{ApplianceId, Lsid};
use telemetry::{Level, Line, Metric};

use crate::answer::Outcome;
use crate::config::LeftOut;

/// Where the metrics are found in CloudWatch.
pub const NAMESPACE: &str = "SessionBridge/Receiver";
/// The cause of a 404 or 405 whose caller has the right token: a setting of its own appliance is wrong.
pub const AUTHENTIC: &str = "authentic";

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
            Outcome::Unavailable => Level::ERROR,
            // The right token at the wrong door: an appliance that cannot deliver until somebody corrects its URL.
            Outcome::NotFound | Outcome::MethodNotAllowed if self.appliance.is_some() => Level::ERROR,
            Outcome::Refused | Outcome::Quarantined => Level::WARN,
            // Whoever scans the internet finds every function URL; that is no warning.
            Outcome::NotFound | Outcome::MethodNotAllowed | Outcome::Queued | Outcome::Ignored => Level::INFO,
        }
    }

    /// The line as it is printed.
    #[must_use]
    pub fn to_line(&self) -> Line {
        let calls = i64::try_from(self.calls).unwrap_or(i64::MAX);
        let line = Line::new(self.level(), self.outcome.name()).metric(Metric::Calls, calls);
        let line = match &self.cause {
            Some(cause) => line.cause(cause.as_str()),
            None => line,
        };
        if self.is_count_only { line.counts_only() } else { self.with_fields(line) }
    }

    /// With what a person reads.
    fn with_fields(&self, line: Line) -> Line {
        line.field("message", self.message())
            .field_if_some("appliance", self.appliance.as_ref().map(ApplianceId::as_str))
            .field_if_some("event", self.event)
            .field_if_some("lsid", self.lsid.as_ref().map(Lsid::as_str))
            .field_if_some("source_address", self.source_address.map(|address| address.to_string()))
            .field_if_some("body_bytes", self.body_bytes)
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

/// The line about an item of the list of tokens that a process leaves out.
#[must_use]
pub fn left_out_line(left_out: &LeftOut) -> Line {
    Line::new(Level::ERROR, "token_left_out")
        .cause(left_out.reason.cause())
        .metric(Metric::TokensLeftOut, 1)
        .field("message", "an item of ApplianceTokens lets nobody in, and its appliance is refused")
        .field("item", left_out.item)
        .field("reason", left_out.reason.to_string())
        .field_if_some("appliance", left_out.appliance.as_ref().map(ApplianceId::as_str))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::Value;
    use telemetry::Log;

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
        printed(&line.to_line(), kept)
    }

    fn printed(line: &Line, kept: Level) -> String {
        line.to_json(&Log::new(NAMESPACE, "receiver", kept), "2025-03-18T13:27:21Z".parse().unwrap())
    }

    #[test]
    fn line_says_what_happened_and_counts_it() {
        insta::assert_snapshot!(json(&queued(), Level::INFO));
    }

    #[test]
    fn refusal_says_cause_and_source_address() {
        insta::assert_snapshot!(json(&refused(), Level::DEBUG));
    }

    #[test]
    fn silenced_line_still_counts() {
        let line: Value = serde_json::from_str(&json(&refused(), Level::ERROR)).unwrap();
        let mut names: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["_aws", "calls", "cause", "function", "outcome"]);
    }

    #[test]
    fn right_token_at_the_wrong_door_is_an_error_and_a_strangers_is_none() {
        for outcome in [Outcome::NotFound, Outcome::MethodNotAllowed] {
            assert_eq!(LogLine::new(outcome).level(), Level::INFO);
            let authentic = LogLine { appliance: Some(ApplianceId::default()), ..LogLine::new(outcome) };
            assert_eq!(authentic.level(), Level::ERROR);
        }
    }

    #[test]
    fn item_left_out_is_said_and_counted_without_what_was_there() {
        let reason = crate::config::Unusable::HashOfNothing;
        let left_out = LeftOut { item: 2, appliance: Some(ApplianceId::default()), reason };
        insta::assert_snapshot!(printed(&left_out_line(&left_out), Level::ERROR));
    }

    #[test]
    fn every_dimension_is_a_member_of_the_line() {
        for outcome in Outcome::ALL {
            for cause in [None, Some("some".to_owned())] {
                let line: Value = serde_json::from_str(&json(&LogLine { cause, ..LogLine::new(outcome) }, Level::ERROR)).unwrap();
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
        assert!(!json(&LogLine { cause, ..refused() }, Level::INFO).contains('\n'));
    }
}
