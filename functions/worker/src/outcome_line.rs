//! The one log line per event and run: what became of the event, which is its count as well ([`telemetry`]).
//!
//! It holds lsid, ticket number and counts, never a text of the session or a name.

use std::collections::BTreeMap;

use delivery::{Ending, Record, WriteId, WriteState};
use jiff::Timestamp;
use queue::QueueMessage;
use serde_json::json;
use session::{ApplianceId, OutboundEvent};
use telemetry::{Level, Line, Metric};

use crate::perform::Run;

/// The outcome of an event that comes again later.
const WAITS: &str = "waits";

/// A line about one event.
#[must_use]
pub fn event_line(level: Level, outcome: &'static str, cause: Option<&str>) -> Line {
    let line = Line::new(level, outcome).metric(Metric::Events, 1);
    match cause {
        Some(cause) => line.cause(cause),
        None => line,
    }
}

/// The event waits, and nothing was claimed.
#[must_use]
pub fn waits_line(event: &Identity, until: Timestamp, cause: &str, now: Timestamp) -> Line {
    event.identify(waiting(event, until, cause, now))
}

/// The event's run has ended; `before` is what the ledger remembered when it began.
#[must_use]
pub fn ended_line(event: &Identity, run: &Run, before: &Record, after: &Record, now: Timestamp) -> Line {
    let line = event.identify(run_line(event, run, now));
    let line = line.field_if_some("ticket", after.target.as_ref().map(|target| target.number.to_string()));
    let line = line.field_if_some("unmatched", after.unmatched.map(|unmatched| unmatched.to_string()));
    tally(event, before, after).into_iter().fold(line, |line, (metric, value)| line.metric(metric, value))
}

fn run_line(event: &Identity, run: &Run, now: Timestamp) -> Line {
    match run {
        Run::Ended(Ending::Finished(outcome)) => event_line(Level::INFO, outcome.name(), None),
        Run::Ended(Ending::Wait { until, why }) => waiting(event, *until, why.name(), now),
        Run::Ended(Ending::DeadLetter(reason)) => {
            event_line(Level::ERROR, "dead_lettered", Some(reason.name())).field("reason", reason.to_string())
        }
        Run::FenceLost => event_line(Level::WARN, "fence_lost", None),
        Run::Ledger(error) => event_line(Level::ERROR, "ledger_failed", None).field("reason", error.to_string()),
        Run::Endless => event_line(Level::ERROR, "endless", None),
    }
}

/// Says for how long the event has waited by now. The queue's own measure leaves out what is received again and again, which is
/// how every wait works here.
fn waiting(event: &Identity, until: Timestamp, cause: &str, now: Timestamp) -> Line {
    let waited = now.duration_since(event.received_at).as_secs().max(0);
    event_line(Level::INFO, WAITS, Some(cause)).metric(Metric::Waited, waited).field("until", until.to_string())
}

/// What identifies an event in the log.
#[derive(Debug, Clone)]
pub struct Identity {
    appliance: ApplianceId,
    lsid: String,
    event: &'static str,
    origin: session::Origin,
    received_at: Timestamp,
}

impl Identity {
    /// Of that event.
    #[must_use]
    pub fn new(queued: &QueueMessage, event: &OutboundEvent) -> Self {
        Self {
            appliance: queued.appliance.clone(),
            lsid: event.lsid.to_string(),
            event: event.kind.name(),
            origin: queued.origin,
            received_at: queued.received_at,
        }
    }

    fn identify(&self, line: Line) -> Line {
        line.field("appliance", self.appliance.as_str())
            .field("lsid", self.lsid.as_str())
            .field("event", self.event)
            .field("source", json!(self.origin))
    }
}

/// What this run brought to an end, counted. Waiting for the ticket to show something is what [`Metric::EventToNote`] measures.
fn tally(event: &Identity, before: &Record, after: &Record) -> BTreeMap<Metric, i64> {
    let mut tally = BTreeMap::new();
    for (id, write) in &after.writes {
        if before.writes.get(id).is_some_and(|earlier| earlier.state == write.state) {
            continue;
        }
        *tally.entry(metric_of(&write.state)).or_insert(0) += 1;
        if let (WriteId::SessionNote, WriteState::Done { at, .. }) = (id, &write.state) {
            tally.insert(Metric::EventToNote, at.as_millisecond() - event.received_at.as_millisecond());
        }
    }
    tally
}

const fn metric_of(state: &WriteState) -> Metric {
    match state {
        WriteState::Done { found: true, .. } => Metric::WritesFoundByLookUp,
        WriteState::Done { .. } => Metric::WritesDone,
        WriteState::Refused { .. } => Metric::WritesRefused,
        WriteState::InDoubt { .. } => Metric::WritesInDoubt,
        WriteState::Skipped { .. } => Metric::WritesSkipped,
        WriteState::Wanted(_) | WriteState::Sending { .. } => Metric::WritesOpen,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use delivery::{NoticeSubject, Outcome, Write};
    use serde_json::Value;
    use session::{EventKind, Origin, RemoteId};
    use telemetry::Log;

    use super::*;
    use crate::log_line::{NAMESPACE, budget_line, notice_line, notification_failed_line, panicked_line};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn identity() -> Identity {
        let event = OutboundEvent {
            kind: EventKind::SupportConferenceEnd,
            lsid: "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap(),
            timestamp: None,
            external_key: None,
            member: None,
        };
        let received_at = at("2025-03-18T13:27:21Z");
        let queued = QueueMessage { appliance: ApplianceId::default(), received_at, origin: Origin::Event, body: Vec::new() };
        Identity::new(&queued, &event)
    }

    fn delivered() -> Line {
        let mut after = Record::default();
        let done = WriteState::Done { id: RemoteId(1), at: at("2025-03-18T13:27:23.5Z"), found: false };
        after.writes.insert(WriteId::SessionNote, Write::of(done));
        after.writes.insert(WriteId::TimeOfNobody, Write::wanted(None));
        let run = Run::Ended(Ending::Finished(Outcome::Delivered));
        ended_line(&identity(), &run, &Record::default(), &after, now())
    }

    fn now() -> Timestamp {
        at("2025-03-18T13:27:24Z")
    }

    fn json(line: &Line, kept: Level) -> String {
        line.to_json(&Log::new(NAMESPACE, "worker", kept), now())
    }

    #[test]
    fn line_says_what_became_of_the_event_and_counts_it() {
        insta::assert_snapshot!(json(&delivered(), Level::INFO));
    }

    #[test]
    fn silenced_line_still_counts() {
        let line: Value = serde_json::from_str(&json(&delivered(), Level::ERROR)).unwrap();
        assert_eq!(line["events"], 1);
        assert_eq!(line["writes_done"], 1);
        assert!(line.get("lsid").is_none());
    }

    #[test]
    fn waiting_says_for_how_long_whoever_made_it_wait_and_nothing_else_does() {
        let waits = waits_line(&identity(), at("2025-03-18T13:28:00Z"), "on_hold", now());
        let why = serde_json::from_value(json!("report_not_ready")).unwrap();
        let run = Run::Ended(Ending::Wait { until: at("2025-03-18T13:28:00Z"), why });
        for line in [waits, ended_line(&identity(), &run, &Record::default(), &Record::default(), now())] {
            let line: Value = serde_json::from_str(&json(&line, Level::ERROR)).unwrap();
            assert_eq!((&line["outcome"], &line["waited_seconds"]), (&"waits".into(), &3.into()));
            let metrics = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
            assert_eq!(metrics[1], json!({ "Name": "waited_seconds", "Unit": "Seconds" }));
        }
        assert!(!json(&delivered(), Level::INFO).contains("waited_seconds"));
    }

    #[test]
    fn only_what_changed_in_this_run_is_counted() {
        let mut before = Record::default();
        before.writes.insert(WriteId::SessionNote, Write::wanted(None));
        assert!(tally(&identity(), &before, &before.clone()).is_empty());
    }

    #[test]
    fn every_metric_and_dimension_is_a_member_of_the_line() {
        let waits = waits_line(&identity(), at("2025-03-18T13:28:00Z"), "on_hold", now());
        let appliance = ApplianceId::default();
        let refused = notice_line(&appliance, NoticeSubject::Refused);
        let others =
            [refused, notification_failed_line(&appliance, "no answer"), budget_line(&appliance, 61, None), panicked_line(None)];
        for line in [delivered(), waits].into_iter().chain(others) {
            let line: Value = serde_json::from_str(&json(&line, Level::ERROR)).unwrap();
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            for metric in directive["Metrics"].as_array().unwrap() {
                assert!(line[metric["Name"].as_str().unwrap()].is_i64(), "{metric}");
            }
            for name in directive["Dimensions"].as_array().unwrap().iter().flat_map(|set| set.as_array().unwrap()) {
                assert!(line[name.as_str().unwrap()].is_string(), "{name}");
            }
        }
    }
}
