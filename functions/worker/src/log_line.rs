//! The one log line per event and run, which is its count as well: JSON in CloudWatch's embedded metric format.
//!
//! It holds lsid, ticket number and counts, never a text of the session or a name. A line that `LOG_LEVEL` would silence
//! shrinks to its count, so counts are never left out. The receiver's line has the same form.

use std::collections::BTreeMap;
use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use session::delivery::{Ending, NoticeSubject, Record, WriteId, WriteState};
use session::{ApplianceId, Lsid, OutboundEvent, QueueMessage};

use crate::business_hours::InvalidHours;
use crate::perform::Run;
use crate::silence::Silent;

/// Where the metrics are found in CloudWatch.
pub const NAMESPACE: &str = "SessionBridge/Worker";

/// How the lines of this function are written.
#[derive(Debug, Clone)]
pub struct Log {
    /// The function's name, by which stacks are told apart.
    pub function_name: String,
    /// The least grave lines that are written whole.
    pub kept: tracing::Level,
    /// Where they go: [`to_stdout`].
    pub write: fn(&str),
}

/// Writes a line to the log, in one go so that no other can come between. A closed log is no reason to lose an event.
pub fn to_stdout(line: &str) {
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// What happened to an event in one run, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    level: tracing::Level,
    outcome: &'static str,
    cause: Option<String>,
    said: Map<String, Value>,
    metrics: BTreeMap<&'static str, i64>,
    /// When the event came that the line is about: what waits says how long it has done so.
    received_at: Option<Timestamp>,
}

/// The outcome of an event that comes again later.
const WAITS: &str = "waits";

impl Line {
    /// A line about no event in particular.
    #[must_use]
    pub fn new(level: tracing::Level, outcome: &'static str, cause: Option<String>) -> Self {
        Self { level, outcome, cause, said: Map::new(), metrics: BTreeMap::from([("events", 1)]), received_at: None }
    }

    /// The event waits, and nothing was claimed.
    #[must_use]
    pub fn waits(event: &Identity, until: Timestamp, cause: &str) -> Self {
        Self::new(tracing::Level::INFO, WAITS, Some(cause.to_owned())).of(event).saying("until", until.to_string())
    }

    /// The event's run has ended; `before` is what the ledger remembered when it began.
    #[must_use]
    pub fn ended(event: &Identity, run: &Run, before: &Record, after: &Record) -> Self {
        let mut line = Self::of_run(run).of(event);
        if let Some(target) = &after.target {
            line = line.saying("ticket", target.number.to_string());
        }
        if let Some(unmatched) = after.unmatched {
            line = line.saying("unmatched", unmatched.to_string());
        }
        line.metrics.extend(tally(event, before, after));
        line
    }

    fn of_run(run: &Run) -> Self {
        use tracing::Level;
        match run {
            Run::Ended(Ending::Finished(outcome)) => Self::new(Level::INFO, outcome.name(), None),
            Run::Ended(Ending::Wait { until, why }) => {
                Self::new(Level::INFO, WAITS, Some(why.name().to_owned())).saying("until", until.to_string())
            }
            Run::Ended(Ending::DeadLetter(reason)) => {
                Self::new(Level::ERROR, "dead_lettered", Some(reason.name().to_owned())).saying("reason", reason.to_string())
            }
            Run::FenceLost => Self::new(Level::WARN, "fence_lost", None),
            Run::Ledger(error) => Self::new(Level::ERROR, "ledger_failed", None).saying("reason", error.to_string()),
            Run::Endless => Self::new(Level::ERROR, "endless", None),
        }
    }

    fn of(mut self, event: &Identity) -> Self {
        self.said.extend(event.members());
        self.received_at = Some(event.received_at);
        self
    }

    /// The line with one more member.
    #[must_use]
    pub fn saying(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.said.insert(name.to_owned(), value.into());
        self
    }

    /// The text of the line, without its end.
    #[must_use]
    pub fn to_json(&self, log: &Log, now: Timestamp) -> String {
        let mut members = Map::new();
        let mut dimensions = vec![json!(["function", "outcome"])];
        members.insert("function".to_owned(), log.function_name.as_str().into());
        members.insert("outcome".to_owned(), self.outcome.into());
        if let Some(cause) = &self.cause {
            dimensions.push(json!(["function", "outcome", "cause"]));
            members.insert("cause".to_owned(), cause.as_str().into());
        }
        let mut metrics = self.metrics.clone();
        metrics.extend(self.waited_seconds(now).map(|seconds| ("waited_seconds", seconds)));
        members.extend(metrics.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        members.insert("_aws".to_owned(), directive(&metrics, &dimensions, now));
        if self.level <= log.kept {
            members.insert("level".to_owned(), self.level.as_str().into());
            members.extend(self.said.clone());
        }
        Value::Object(members).to_string()
    }

    /// How long an event that waits has done so by now. The queue's own measure leaves out what is received again and again,
    /// which is how every wait works here.
    fn waited_seconds(&self, now: Timestamp) -> Option<i64> {
        let received_at = self.received_at.filter(|_| self.outcome == WAITS)?;
        Some(now.duration_since(received_at).as_secs().max(0))
    }

    /// Writes the line.
    pub fn print(&self, log: &Log, now: Timestamp) {
        let mut text = self.to_json(log, now);
        text.push('\n');
        (log.write)(&text);
    }
}

fn directive(metrics: &BTreeMap<&'static str, i64>, dimensions: &[Value], now: Timestamp) -> Value {
    let metric = |name: &&'static str| {
        let unit = match name.rsplit('_').next() {
            Some("ms") => "Milliseconds",
            Some("seconds") => "Seconds",
            Some("percent") => "Percent",
            _ => "Count",
        };
        json!({ "Name": name, "Unit": unit })
    };
    let metrics: Vec<Value> = metrics.keys().map(metric).collect();
    json!({
        "Timestamp": now.as_millisecond(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics }],
    })
}

/// The count of notices by subject: alarms rest on it.
#[must_use]
pub fn notice_line(appliance: &ApplianceId, subject: NoticeSubject) -> Line {
    let mut line = Line::new(tracing::Level::ERROR, "notice", Some(subject.name().to_owned()));
    line.metrics = BTreeMap::from([("notices", 1)]);
    line.saying("appliance", appliance.as_str())
}

/// The work on a message panicked, which is a defect. The message's group names appliance and session.
#[must_use]
pub fn panicked_line(group: Option<&str>) -> Line {
    let line = Line::new(tracing::Level::ERROR, "panicked", None).saying("group", group);
    line.saying("reason", "a defect of the worker: the message comes again, and is dead-lettered after 20 claims")
}

/// The count of notices that the alarm topic did not take; the log's line of the notice itself says what it was.
#[must_use]
pub fn untold_line(appliance: &ApplianceId, error: &str) -> Line {
    let mut line = Line::new(tracing::Level::WARN, "untold", None);
    line.metrics = BTreeMap::from([("notices_untold", 1)]);
    line.saying("appliance", appliance.as_str()).saying("error", error)
}

/// How much of the hourly budget of a connection's tenant is used, and until when it is left alone because of that.
#[must_use]
pub fn budget_line(appliance: &ApplianceId, used_percent: u64, left_alone_until: Option<Timestamp>) -> Line {
    let level = if left_alone_until.is_some() { tracing::Level::WARN } else { tracing::Level::INFO };
    let mut line = Line::new(level, "budget", None);
    line.metrics = BTreeMap::from([("budget_used_percent", i64::try_from(used_percent).unwrap_or(i64::MAX))]);
    line.saying("appliance", appliance.as_str()).saying("until", left_alone_until.map(|until| until.to_string()))
}

/// A report had bytes that are not UTF-8; as many characters of it are replaced.
#[must_use]
pub fn replaced_line(appliance: &ApplianceId, lsid: &Lsid, characters: u32) -> Line {
    let mut line = Line::new(tracing::Level::WARN, "report_repaired", None);
    line.metrics = BTreeMap::from([("replaced_characters", i64::from(characters))]);
    line.saying("appliance", appliance.as_str()).saying("lsid", lsid.as_str())
}

/// Which appliances are silent, and since when. An alarm rests on the count, which is also there when it is none.
#[must_use]
pub fn silence_line(silent: &[Silent]) -> Line {
    let level = if silent.is_empty() { tracing::Level::INFO } else { tracing::Level::ERROR };
    let mut line = Line::new(level, "silence", None);
    line.metrics = BTreeMap::from([("silent_appliances", i64::try_from(silent.len()).unwrap_or(i64::MAX))]);
    let named = silent
        .iter()
        .map(|silent| json!({ "appliance": silent.appliance.as_str(), "last_event_at": silent.last_event_at.to_string() }));
    line.saying("appliances", named.collect::<Vec<_>>())
}

/// Silence cannot be judged, for the business hours cannot be read. Counted as one silent appliance: whoever wants to be told of
/// silence wants to be told of this.
#[must_use]
pub fn unjudged_line(error: InvalidHours) -> Line {
    let mut line = Line::new(tracing::Level::ERROR, "silence", Some("unreadable_hours".to_owned()));
    line.metrics = BTreeMap::from([("silent_appliances", 1)]);
    line.saying("reason", error.to_string()).saying("remedy", "correct the stack's parameter BusinessHours")
}

/// What identifies an event in the log.
#[derive(Debug, Clone)]
pub struct Identity {
    appliance: ApplianceId,
    lsid: String,
    event: &'static str,
    source: session::Source,
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
            source: queued.source,
            received_at: queued.received_at,
        }
    }

    fn members(&self) -> [(String, Value); 4] {
        [
            ("appliance".to_owned(), self.appliance.as_str().into()),
            ("lsid".to_owned(), self.lsid.as_str().into()),
            ("event".to_owned(), self.event.into()),
            ("source".to_owned(), json!(self.source)),
        ]
    }
}

/// What this run brought to an end, counted. Waiting for the ticket to show something is what `event_to_note_ms` measures.
fn tally(event: &Identity, before: &Record, after: &Record) -> BTreeMap<&'static str, i64> {
    let mut counts = BTreeMap::new();
    for (id, write) in &after.writes {
        let same = before.writes.get(id).is_some_and(|earlier| earlier.state == write.state);
        let name = match write.state {
            _ if same => continue,
            WriteState::Done { found: true, .. } => "writes_found_by_look_up",
            WriteState::Done { .. } => "writes_done",
            WriteState::Refused { .. } => "writes_refused",
            WriteState::InDoubt { .. } => "writes_in_doubt",
            WriteState::Skipped { .. } => "writes_skipped",
            WriteState::Wanted(_) | WriteState::Sending { .. } => "writes_open",
        };
        *counts.entry(name).or_insert(0) += 1;
        if let (WriteId::SessionNote, WriteState::Done { at, .. }) = (id, &write.state) {
            counts.insert("event_to_note_ms", at.as_millisecond() - event.received_at.as_millisecond());
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use session::delivery::{Outcome, Write};
    use session::{EventKind, RemoteId, Source};

    use super::*;

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
        let queued = QueueMessage { appliance: ApplianceId::default(), received_at, source: Source::Event, body: Vec::new() };
        Identity::new(&queued, &event)
    }

    fn delivered() -> Line {
        let mut after = Record::default();
        let done = WriteState::Done { id: RemoteId(1), at: at("2025-03-18T13:27:23.5Z"), found: false };
        after.writes.insert(WriteId::SessionNote, Write::of(done));
        after.writes.insert(WriteId::TimeOfNobody, Write::wanted(None));
        Line::ended(&identity(), &Run::Ended(Ending::Finished(Outcome::Delivered)), &Record::default(), &after)
    }

    fn json(line: &Line, kept: tracing::Level) -> String {
        line.to_json(&Log { function_name: "worker".to_owned(), kept, write: to_stdout }, at("2025-03-18T13:27:24Z"))
    }

    #[test]
    fn line_says_what_became_of_the_event_and_counts_it() {
        insta::assert_snapshot!(json(&delivered(), tracing::Level::INFO));
    }

    #[test]
    fn silenced_line_still_counts() {
        let line: Value = serde_json::from_str(&json(&delivered(), tracing::Level::ERROR)).unwrap();
        assert_eq!(line["events"], 1);
        assert_eq!(line["writes_done"], 1);
        assert!(line.get("lsid").is_none());
    }

    #[test]
    fn waiting_says_for_how_long_whoever_made_it_wait_and_nothing_else_does() {
        let waits = Line::waits(&identity(), at("2025-03-18T13:28:00Z"), "on_hold");
        let why = serde_json::from_value(json!("report_not_ready")).unwrap();
        let run = Run::Ended(Ending::Wait { until: at("2025-03-18T13:28:00Z"), why });
        for line in [waits, Line::ended(&identity(), &run, &Record::default(), &Record::default())] {
            let line: Value = serde_json::from_str(&json(&line, tracing::Level::ERROR)).unwrap();
            assert_eq!((&line["outcome"], &line["waited_seconds"]), (&"waits".into(), &3.into()));
            let metrics = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
            assert_eq!(metrics[1], json!({ "Name": "waited_seconds", "Unit": "Seconds" }));
        }
        assert!(!json(&delivered(), tracing::Level::INFO).contains("waited_seconds"));
    }

    #[test]
    fn silence_is_counted_and_named_and_so_is_that_it_cannot_be_judged() {
        let silent = Silent { appliance: ApplianceId::default(), last_event_at: at("2025-03-18T08:00:00Z") };
        insta::assert_snapshot!(json(&silence_line(&[silent]), tracing::Level::ERROR));
        assert!(json(&silence_line(&[]), tracing::Level::ERROR).contains(r#""silent_appliances":0"#));
        assert!(json(&unjudged_line(InvalidHours::Zone), tracing::Level::ERROR).contains(r#""silent_appliances":1"#));
    }

    #[test]
    fn only_what_changed_in_this_run_is_counted() {
        let mut before = Record::default();
        before.writes.insert(WriteId::SessionNote, Write::wanted(None));
        assert!(tally(&identity(), &before, &before.clone()).is_empty());
    }

    #[test]
    fn every_metric_and_dimension_is_a_member_of_the_line() {
        let waits = Line::waits(&identity(), at("2025-03-18T13:28:00Z"), "on_hold");
        let appliance = ApplianceId::default();
        let refused = notice_line(&appliance, NoticeSubject::Refused);
        let others = [
            refused,
            untold_line(&appliance, "no answer"),
            budget_line(&appliance, 61, None),
            panicked_line(None),
            silence_line(&[]),
        ];
        for line in [delivered(), waits].into_iter().chain(others) {
            let line: Value = serde_json::from_str(&json(&line, tracing::Level::ERROR)).unwrap();
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
