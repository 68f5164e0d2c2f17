//! The one log line per event and outcome: lsid, ticket and counts, never a text or a name.

use jiff::Timestamp;
use session::delivery::{Ending, Record, WriteState};
use session::{ApplianceId, EventKind, Lsid, OutboundEvent, QueueMessage, Source};

use crate::clock;
use crate::perform::Run;

/// What identifies an event in the log.
pub struct Summary<'a> {
    appliance: &'a ApplianceId,
    lsid: Lsid,
    event: EventKind,
    source: Source,
    received_at: Timestamp,
}

impl<'a> Summary<'a> {
    /// Of that event.
    #[must_use]
    pub fn new(queued: &'a QueueMessage, event: &OutboundEvent) -> Self {
        Self {
            appliance: &queued.appliance,
            lsid: event.lsid.clone(),
            event: event.kind,
            source: queued.source,
            received_at: queued.received_at,
        }
    }

    /// It waits, and nothing was claimed.
    #[expect(clippy::needless_pass_by_value, reason = "the callers make it for this line")]
    pub fn waits(&self, until: Timestamp, why: String) {
        self.line("waits", &why, Some(until), &Record::default());
    }

    /// Its run has ended.
    pub fn ended(&self, run: &Run, record: &Record) {
        match run {
            Run::Ended(Ending::Finished(outcome)) => self.line(outcome.name(), "", None, record),
            Run::Ended(Ending::Wait { until, why }) => self.line("waits", &why.to_string(), Some(*until), record),
            Run::Ended(Ending::DeadLetter(reason)) => self.line("dead_lettered", &reason.to_string(), None, record),
            Run::FenceLost => self.line("fence_lost", "another worker has claimed the session", None, record),
            Run::Ledger(error) => self.line("ledger_failed", &error.to_string(), None, record),
            Run::Endless => self.line("endless", "a defect: the delivery did not come to an end", None, record),
        }
    }

    fn line(&self, outcome: &str, reason: &str, until: Option<Timestamp>, record: &Record) {
        let count = |is: fn(&WriteState) -> bool| record.writes.values().filter(|write| is(&write.state)).count();
        tracing::info!(
            outcome,
            reason,
            until = until.map(|until| until.to_string()),
            appliance = %self.appliance,
            lsid = %self.lsid,
            event = self.event.name(),
            source = ?self.source,
            ticket = record.target.as_ref().map(|target| target.number.to_string()),
            unmatched = record.unmatched.map(|unmatched| unmatched.to_string()),
            done = count(|state| matches!(state, WriteState::Done { .. })),
            refused = count(|state| matches!(state, WriteState::Refused { .. })),
            skipped = count(|state| matches!(state, WriteState::Skipped { .. })),
            in_doubt = count(|state| matches!(state, WriteState::InDoubt { .. })),
            open = count(|state| !state.is_final()),
            age_ms = i64::try_from(clock::now().duration_since(self.received_at).as_millis()).unwrap_or(i64::MAX),
            "event"
        );
    }
}
