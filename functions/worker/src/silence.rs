//! Silence: an appliance of which nothing was heard for too much of the business hours. It may have given up on an event, and
//! says so only on its own status page.
//!
//! Two halves. Whenever events come, [`Watch::note`] remembers in the ledger when. On a schedule, [`Watch::judge`] counts how
//! much of the business hours has passed since, for each appliance of the stack. A metric alone could not: it knows neither time
//! zones nor which appliance is meant, and a second appliance that works hides the first.
//!
//! It judges the appliances' own events only. What a poller found or an operator repeated does not show that events come.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use aws_lambda_events::sqs::SqsEvent;
use jiff::{SignedDuration, Timestamp};
use ledger::{Ledger, LedgerError};
use queue::QueueMessage;
use serde_json::{Value, json};
use session::{ApplianceId, Origin};
use telemetry::{Level, Line, Metric};

use crate::business_hours::{BusinessHours, InvalidHours};

/// How much of the business hours may pass without an event. Half a working day: a lunch break and a quiet hour are shorter.
pub const SILENCE_MAX: SignedDuration = SignedDuration::from_hours(4);

/// How often a process remembers for an appliance: often enough for hours to be counted, and no write for each session.
const NOTED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Whether silence is judged, and by which hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hours {
    /// Nobody wants to be told.
    Off,
    /// These.
    Of(BusinessHours),
    /// Somebody wants to be told, and how cannot be read. Events must not wait for it, so it is told where silence would be.
    Unreadable(InvalidHours),
}

/// An appliance of which too little was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// Which.
    pub appliance: ApplianceId,
    /// When its last event came.
    pub last_event_at: Timestamp,
}

/// Remembers when events come, and judges when they do not.
#[derive(Debug)]
pub struct Watch {
    ledger: Ledger,
    hours: Hours,
    /// What this process has stored, to store it seldom.
    noted: Mutex<HashMap<ApplianceId, Timestamp>>,
}

impl Watch {
    /// A watch that remembers in that ledger and judges by those hours.
    #[must_use]
    pub fn new(ledger: Ledger, hours: Hours) -> Self {
        Self { ledger, hours, noted: Mutex::default() }
    }

    /// Remembers when the events of a batch came. That it fails costs a log line: the next event says the same.
    pub async fn note(&self, batch: &SqsEvent) {
        if self.hours == Hours::Off {
            return;
        }
        for (appliance, received_at) in arrivals(batch) {
            if self.is_known(&appliance, received_at) {
                continue;
            }
            match self.ledger.saw_event(&appliance, received_at).await {
                Ok(()) => self.keep(appliance, received_at),
                Err(error) => tracing::warn!(%appliance, %error, "that an event came could not be remembered"),
            }
        }
    }

    /// The line that says which appliances are silent: of those in the stack's parameter `ApplianceTokens`, whose ids alone are
    /// looked at. One that was never heard of is not silent but new.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]. The schedule comes again.
    pub async fn judge(&self, appliance_tokens: &str, now: Timestamp) -> Result<Line, LedgerError> {
        let hours = match &self.hours {
            Hours::Off => return Ok(silence_line(&[])),
            Hours::Unreadable(error) => return Ok(unjudged_line(*error)),
            Hours::Of(hours) => hours,
        };
        let mut silent = Vec::new();
        for appliance in ids(appliance_tokens) {
            if let Some(last_event_at) = self.ledger.last_event_at(&appliance).await?
                && is_silent(hours, last_event_at, now)
            {
                silent.push(Silent { appliance, last_event_at });
            }
        }
        Ok(silence_line(&silent))
    }

    fn is_known(&self, appliance: &ApplianceId, received_at: Timestamp) -> bool {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get(appliance).is_some_and(|before| received_at.duration_since(*before) < NOTED_AGAIN_AFTER)
    }

    fn keep(&self, appliance: ApplianceId, received_at: Timestamp) {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(appliance, received_at);
    }
}

fn is_silent(hours: &BusinessHours, last_event_at: Timestamp, now: Timestamp) -> bool {
    hours.elapsed(last_event_at, now, SILENCE_MAX) >= SILENCE_MAX
}

/// Whose events came when. A message that cannot be read is none; the worker has said so.
fn arrivals(batch: &SqsEvent) -> impl Iterator<Item = (ApplianceId, Timestamp)> {
    let messages = batch.records.iter().filter_map(|record| QueueMessage::from_json(record.body.as_deref()?).ok());
    messages.filter(|message| message.origin == Origin::Event).map(|message| (message.appliance, message.received_at))
}

/// The appliances of a list as `<id>=<hash>,<id>=<hash>`, each once; an item that names none is left out.
fn ids(appliance_tokens: &str) -> BTreeSet<ApplianceId> {
    let items = appliance_tokens.split(',').filter_map(|item| item.split_once('='));
    items.filter_map(|(id, _)| id.trim().parse().ok()).collect()
}

/// Which appliances are silent, and since when. An alarm rests on the count, which is also there when it is zero.
#[must_use]
pub fn silence_line(silent: &[Silent]) -> Line {
    let level = if silent.is_empty() { Level::INFO } else { Level::ERROR };
    let named =
        |silent: &Silent| json!({ "appliance": silent.appliance.as_str(), "last_event_at": silent.last_event_at.to_string() });
    let line = Line::new(level, "silence").metric(Metric::SilentAppliances, i64::try_from(silent.len()).unwrap_or(i64::MAX));
    line.field("appliances", silent.iter().map(named).collect::<Vec<Value>>())
}

/// Silence cannot be judged, for the business hours cannot be read. Counted as one silent appliance: whoever wants to be told of
/// silence wants to be told of this.
fn unjudged_line(error: InvalidHours) -> Line {
    let line = Line::new(Level::ERROR, "silence").cause("unreadable_hours").metric(Metric::SilentAppliances, 1);
    line.field("reason", error.to_string()).field("remedy", "correct the stack's parameter BusinessHours")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use telemetry::Log;

    use super::*;
    use crate::log_line::NAMESPACE;

    fn json(line: &Line, kept: Level) -> String {
        line.to_json(&Log::new(NAMESPACE, "worker", kept), at("2025-03-18T13:27:24Z"))
    }

    #[test]
    fn silence_is_counted_and_named_and_so_is_that_it_cannot_be_judged() {
        let silent = Silent { appliance: ApplianceId::default(), last_event_at: at("2025-03-18T08:00:00Z") };
        insta::assert_snapshot!(json(&silence_line(&[silent]), Level::ERROR));
        assert!(json(&silence_line(&[]), Level::ERROR).contains(r#""silent_appliances":0"#));
        assert!(json(&unjudged_line(InvalidHours::Zone), Level::ERROR).contains(r#""silent_appliances":1"#));
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_an_appliance_sent_itself_shows_that_events_come() {
        let batch = |name: &str| -> SqsEvent {
            let path = format!("{}/../../events/queue/{name}.sqs.json", env!("CARGO_MANIFEST_DIR"));
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
        };
        for name in ["replay", "poll", "malformed-not-json", "unknown-version"] {
            assert_eq!(arrivals(&batch(name)).count(), 0, "{name}");
        }
        assert_eq!(arrivals(&batch("two-records")).count(), 2);
    }

    #[test]
    fn four_business_hours_are_silence_and_a_weekend_is_none() {
        let hours: BusinessHours = "Mon-Fri 08:00-18:00 Europe/Berlin".parse().unwrap();
        let friday_evening = at("2025-03-21T16:30:00Z");
        assert!(!is_silent(&hours, friday_evening, at("2025-03-24T10:29:59Z")));
        assert!(is_silent(&hours, friday_evening, at("2025-03-24T10:30:00Z")));
        assert!(is_silent(&hours, friday_evening, at("2025-12-24T00:00:00Z")));
    }

    #[test]
    fn appliances_of_the_parameter_are_known_by_their_ids_alone() {
        let list = format!("default={0},Acme.eu={0},acme.eu={0}, spaced={0},=,a-b={0},default", "ab".repeat(32));
        let ids: Vec<String> = ids(&list).iter().map(ToString::to_string).collect();
        assert_eq!(ids, ["acme.eu", "default", "spaced"]);
        assert!(super::ids("").is_empty());
    }
}
