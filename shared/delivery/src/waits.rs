//! How long to wait for what: every ladder of the delivery, in one place.
//!
//! Nothing sleeps here: a message that waits is made invisible in the queue for as long.

use std::time::Duration;

use jiff::Timestamp;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The report is usually there seconds after the end; a pending representative survey holds it back for minutes or hours.
const NOT_READY: &[u64] = &[10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE];
/// A neighbour that is down: quick at first, never a storm, at most an hour.
const NEIGHBOUR_DOWN: &[u64] =
    &[10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE, HOUR];
/// Credentials do not heal by themselves; every attempt may count towards a lock-out.
const CREDENTIALS: &[u64] = &[5 * MINUTE, 15 * MINUTE, HOUR];
/// Rights are granted by a person who has just read a message.
const BLOCKED: &[u64] = &[15 * MINUTE, 30 * MINUTE, HOUR];
/// Three tries over an hour, for a refusal whose text we do not know.
const UNFAMILIAR: &[u64] = &[20 * MINUTE, 40 * MINUTE];
/// A write of unknown fate is looked up this long after it was sent, and a last time when it can no longer land.
const UNKNOWN_LOOKS: &[u64] = &[10 * SECOND, MINUTE];
/// Beyond the vendor's own limit for a call: clocks differ, and rows may appear late.
const UNKNOWN_MARGIN: u64 = 30 * SECOND;
/// An end event's report that still has no end is taken as it is after this.
const END_MISSING: u64 = 15 * MINUTE;
/// A message that cannot be worked on at all (the connection is on hold, has no document, the ledger does not answer) looks again
/// after a tenth of the time that it has waited, within these bounds: soon after a short trouble, and some 360 times in 13 days,
/// far below what the queue allows.
const UNCLAIMED_MIN: u64 = 30 * SECOND;
const UNCLAIMED_MAX: u64 = HOUR;
/// A changed connection document ends a pause for refused credentials: this often a message that waits for one looks at it. A document
/// is cached for as long.
const LOOK_AT_DOCUMENT: u64 = 5 * MINUTE;
/// An announced survey that is not in the report this long after all else is final will not come: customers submit empty forms.
const SURVEY: u64 = HOUR;
/// An answer of the appliance that we do not know is told of when it has been repeated for so long.
const UNFAMILIAR_REPORT: u64 = 15 * MINUTE;

/// The queue keeps a message for 14 days from when it was sent, then drops it without a word. A day before that it is given up, with
/// its reason; the dead-letter queue keeps it for 14 days more.
pub const QUEUE_TIME: Duration = Duration::from_secs(13 * 24 * HOUR);
/// The queue moves a message away without a word after 1,000 receives (`maxReceiveCount` of the template, the most there can be).
/// From this receive on each wait is at least [`LATE_WAIT_MIN`]: what is left then lasts longer than the queue keeps the message.
pub const LATE_RECEIVES: u32 = 500;
/// 500 waits of this length are 15 days and more.
pub const LATE_WAIT_MIN: Duration = Duration::from_secs(45 * MINUTE);

/// When a message that was sent then must be done with.
#[must_use]
pub fn queue_time_ends(sent_at: Timestamp) -> Timestamp {
    later(sent_at, QUEUE_TIME)
}

/// When a message that has been received that often becomes visible again, if it were to be at `until`: the queue's own count of
/// receives never ends a wait.
#[must_use]
pub fn not_before_receives_last(until: Timestamp, receives: u32, now: Timestamp) -> Timestamp {
    if receives < LATE_RECEIVES { until } else { until.max(later(now, LATE_WAIT_MIN)) }
}

/// A part of all waiting times, in percent: 100, except in trials and tests, where nobody wants to wait an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(u32);

impl Default for Pace {
    fn default() -> Self {
        Self(100)
    }
}

impl Pace {
    /// The pace of that percentage; `None` unless it is 1 to 100.
    #[must_use]
    pub fn from_percent(percent: u32) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }

    fn of(self, seconds: u64) -> Duration {
        Duration::from_millis(seconds * 10 * u64::from(self.0))
    }

    /// That long, at this pace.
    #[must_use]
    pub fn scaled(self, duration: Duration) -> Duration {
        duration.mul_f64(f64::from(self.0) / 100.0)
    }

    fn rung(self, ladder: &[u64], round: u32) -> Duration {
        let last = ladder.len() - 1;
        let index = usize::try_from(round).unwrap_or(last).min(last);
        self.of(ladder[index])
    }

    /// Before the report is asked for again, after that many rounds.
    #[must_use]
    pub fn not_ready(self, round: u32) -> Duration {
        self.rung(NOT_READY, round)
    }

    /// Before a neighbour that is down is tried again; `jitter` in 0..1 spreads it by a fifth either way.
    #[must_use]
    pub fn neighbour_down(self, round: u32, jitter: f64) -> Duration {
        self.rung(NEIGHBOUR_DOWN, round).mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0))
    }

    /// The most that a neighbour's own `Retry-After` is honoured: the top of the ladder.
    #[must_use]
    pub fn retry_after_max(self) -> Duration {
        self.of(HOUR)
    }

    /// Before refused credentials are tried again.
    #[must_use]
    pub fn credentials(self, round: u32) -> Duration {
        self.rung(CREDENTIALS, round)
    }

    /// Before a missing right is tried again.
    #[must_use]
    pub fn blocked(self, round: u32) -> Duration {
        self.rung(BLOCKED, round)
    }

    /// Before an unfamiliar refusal is tried again; `None`: that was the last try.
    #[must_use]
    pub fn unfamiliar(self, refusals: u32) -> Option<Duration> {
        let index = usize::try_from(refusals).ok()?.checked_sub(1)?;
        UNFAMILIAR.get(index).map(|seconds| self.of(*seconds))
    }

    /// When a write of unknown fate, sent at `at`, is looked up after `looks` looks; `None`: only the last look is left.
    #[must_use]
    pub fn early_look(self, at: Timestamp, looks: u32) -> Option<Timestamp> {
        let seconds = UNKNOWN_LOOKS.get(usize::try_from(looks).ok()?)?;
        Some(later(at, self.of(*seconds)))
    }

    /// From when a look-up that finds nothing means that the write was not made.
    #[must_use]
    pub fn last_look(self, send_by: Timestamp, unknown_write_wait_seconds: u32) -> Timestamp {
        later(send_by, Duration::from_secs(u64::from(unknown_write_wait_seconds)) + self.of(UNKNOWN_MARGIN))
    }

    /// How long an end event's report may lack its end.
    #[must_use]
    pub fn end_missing(self) -> Duration {
        self.of(END_MISSING)
    }

    /// Before a message that could not be worked on looks again, when it was received then.
    #[must_use]
    pub fn unclaimed(self, received_at: Timestamp, now: Timestamp) -> Duration {
        let waited = Duration::try_from(now.duration_since(received_at)).unwrap_or_default();
        (waited / 10).clamp(self.of(UNCLAIMED_MIN), self.of(UNCLAIMED_MAX))
    }

    /// How often a message that waits for other credentials looks whether the document has changed.
    #[must_use]
    pub fn look_at_document(self) -> Duration {
        self.of(LOOK_AT_DOCUMENT)
    }

    /// How long an announced survey is waited for when all else is final.
    #[must_use]
    pub fn survey(self) -> Duration {
        self.of(SURVEY)
    }

    /// How long an unknown answer of the appliance is repeated before a person is told.
    #[must_use]
    pub fn unfamiliar_report(self) -> Duration {
        self.of(UNFAMILIAR_REPORT)
    }

    /// `retry_hours`, which is not shortened: an administrator set it.
    #[must_use]
    pub fn retry_limit(self, hours: u32) -> Duration {
        Duration::from_secs(u64::from(hours) * HOUR)
    }
}

/// `at` plus that long; the end of time if there is no such moment.
#[must_use]
pub fn later(at: Timestamp, duration: Duration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ladders_end_on_their_last_rung() {
        let pace = Pace::default();
        assert_eq!(pace.not_ready(0), Duration::from_secs(10));
        assert_eq!(pace.not_ready(99), Duration::from_secs(900));
        assert_eq!(pace.neighbour_down(99, 0.5), Duration::from_secs(3600));
        assert_eq!(pace.unfamiliar(1), Some(Duration::from_secs(1200)));
        assert_eq!(pace.unfamiliar(3), None);
    }

    /// As a message on hold looks again and again: how often within the time that the queue keeps it.
    #[test]
    fn waiting_without_a_claim_never_uses_up_the_queues_receives() {
        let pace = Pace::default();
        let sent_at = Timestamp::UNIX_EPOCH;
        let (mut now, mut looks) = (sent_at, 0_u32);
        while now < queue_time_ends(sent_at) {
            now = later(now, pace.unclaimed(sent_at, now));
            looks += 1;
        }
        assert!((300..400).contains(&looks), "{looks}");
    }

    #[test]
    fn even_the_shortest_waits_leave_enough_receives_for_all_the_time_that_the_queue_keeps_a_message() {
        let sent_at = Timestamp::UNIX_EPOCH;
        let (mut now, mut receives) = (sent_at, 0_u32);
        while now < queue_time_ends(sent_at) {
            receives += 1;
            now = not_before_receives_last(later(now, Duration::from_secs(1)), receives, now);
        }
        assert!(receives < 1000, "{receives}");
    }

    #[test]
    fn pace_shortens_all_but_what_the_administrator_set() {
        let pace = Pace::from_percent(1).unwrap_or_default();
        assert_eq!(pace.not_ready(0), Duration::from_millis(100));
        assert_eq!(pace.last_look(Timestamp::UNIX_EPOCH, 300), Timestamp::from_millisecond(300_300).unwrap_or_default());
        assert_eq!(pace.retry_limit(1), Duration::from_secs(3600));
        assert_eq!(Pace::from_percent(0), None);
        assert_eq!(Pace::from_percent(101), None);
    }
}
