//! The lines about strangers: few, however many of them come, and every one of them counted.
//!
//! Anybody on the internet may call, so a line for each call would let anybody spend our money on logs. The first call of a kind
//! in a minute has its whole line, with its source address. The next ones are only counted, and a bare count is printed whenever
//! their number has doubled: after 2, 4, 8 ... calls. A flood of a thousand calls a minute makes ten lines.
//!
//! What is counted and not yet printed is printed with the next call of whatever kind, once its minute is over. A process that Lambda
//! freezes and never calls again takes it along: that is always fewer calls than were printed in that minute, and a count that
//! comes late bears the time when it is printed. An alarm that counts to five has seen five calls after at most eight.
//!
//! Calls that prove themselves are not the business of this file: each has its line.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use session::ApplianceId;

use crate::answer::Outcome;
use crate::log_line::LogLine;

/// How long calls of one kind are taken together.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// The calls of strangers that this process has answered and not yet printed.
#[derive(Debug, Default)]
pub struct Strangers {
    /// Few: outcomes and causes are ours, and appliances are those that we know.
    windows: BTreeMap<Kind, Window>,
}

/// What is counted together: outcome, cause, and the appliance that was named if we know it.
type Kind = (&'static str, Option<String>, Option<ApplianceId>);

#[derive(Debug)]
struct Window {
    began: Timestamp,
    calls: u64,
    unprinted: u64,
    /// To print what is left of it.
    line: LogLine,
}

impl Strangers {
    /// The lines to print now that a call was answered of which this is the line.
    pub fn lines(&mut self, line: LogLine, now: Timestamp) -> Vec<LogLine> {
        let mut lines = self.overdue(now);
        if is_of_a_stranger(&line) {
            lines.extend(self.count(line, now));
        } else {
            lines.push(line);
        }
        lines
    }

    /// What is left of the minutes that are over.
    fn overdue(&mut self, now: Timestamp) -> Vec<LogLine> {
        let over = self.windows.extract_if(.., |_, window| window.is_over(now));
        over.filter_map(|(_, mut window)| window.take_unprinted()).collect()
    }

    fn count(&mut self, line: LogLine, now: Timestamp) -> Option<LogLine> {
        let kind = (line.outcome.name(), line.cause.clone(), line.appliance.clone());
        let Some(window) = self.windows.get_mut(&kind) else {
            self.windows.insert(kind, Window { began: now, calls: 1, unprinted: 0, line: line.clone() });
            return Some(line);
        };
        window.calls += 1;
        window.unprinted += 1;
        if window.calls.is_power_of_two() { window.take_unprinted() } else { None }
    }
}

impl Window {
    /// Whether its minute has passed, or the clock was set back behind its beginning.
    fn is_over(&self, now: Timestamp) -> bool {
        now < self.began || now.duration_since(self.began) >= WINDOW
    }

    fn take_unprinted(&mut self) -> Option<LogLine> {
        let calls = std::mem::take(&mut self.unprinted);
        (calls > 0).then(|| LogLine { calls, is_count_only: true, ..self.line.clone() })
    }
}

/// Whether the caller has not proven who it is.
fn is_of_a_stranger(line: &LogLine) -> bool {
    match line.outcome {
        Outcome::Refused => true,
        Outcome::NotFound | Outcome::MethodNotAllowed => line.appliance.is_none(),
        Outcome::Queued | Outcome::Ignored | Outcome::Quarantined | Outcome::Unavailable => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_742_304_441_000 + milliseconds).unwrap()
    }

    fn refused(cause: &str) -> LogLine {
        let source_address = "198.51.100.20".parse().ok();
        LogLine { cause: Some(cause.to_owned()), source_address, ..LogLine::new(Outcome::Refused) }
    }

    fn counts(lines: &[LogLine]) -> Vec<u64> {
        lines.iter().map(|line| line.calls).collect()
    }

    #[test]
    fn flood_of_one_kind_makes_few_lines_and_the_first_is_whole() {
        let mut strangers = Strangers::default();
        let lines: Vec<LogLine> = (0..1000).flat_map(|call| strangers.lines(refused("wrong_token"), at(call))).collect();
        assert_eq!(counts(&lines), [1, 1, 2, 4, 8, 16, 32, 64, 128, 256]);
        assert_eq!(lines[0], refused("wrong_token"));
        assert!(lines[1..].iter().all(|line| line.is_count_only));
    }

    #[test]
    fn rest_of_a_minute_is_printed_by_the_next_call_whatever_it_is() {
        let mut strangers = Strangers::default();
        for call in 0..7 {
            strangers.lines(refused("wrong_token"), at(call));
        }
        assert_eq!(counts(&strangers.lines(LogLine::new(Outcome::Queued), at(59_999))), [1]);
        let lines = strangers.lines(LogLine::new(Outcome::Queued), at(60_000));
        assert_eq!(counts(&lines), [3, 1]);
        assert_eq!((lines[0].outcome, lines[0].is_count_only), (Outcome::Refused, true));
        assert_eq!(counts(&strangers.lines(LogLine::new(Outcome::Queued), at(180_000))), [1]);
    }

    #[test]
    fn each_cause_and_each_known_appliance_has_its_whole_line() {
        let mut strangers = Strangers::default();
        let of_acme = LogLine { appliance: "acme".parse().ok(), ..refused("wrong_token") };
        for line in [refused("wrong_token"), refused("missing_token"), of_acme, LogLine::new(Outcome::NotFound)] {
            assert_eq!(strangers.lines(line.clone(), at(0)), [line]);
        }
    }

    #[test]
    fn next_minute_begins_with_a_whole_line_again_and_so_does_a_clock_set_back() {
        let mut strangers = Strangers::default();
        assert_eq!(strangers.lines(refused("wrong_token"), at(0)), [refused("wrong_token")]);
        assert_eq!(strangers.lines(refused("wrong_token"), at(60_000)), [refused("wrong_token")]);
        assert_eq!(strangers.lines(refused("wrong_token"), at(-5)), [refused("wrong_token")]);
    }

    #[test]
    fn call_that_proved_itself_has_its_own_line_each_time() {
        let mut strangers = Strangers::default();
        let astray = LogLine { appliance: Some(ApplianceId::default()), ..LogLine::new(Outcome::NotFound) };
        for line in [LogLine::new(Outcome::Queued), LogLine::new(Outcome::Unavailable), astray] {
            for _ in 0..3 {
                assert_eq!(strangers.lines(line.clone(), at(0)), std::slice::from_ref(&line));
            }
        }
    }

    proptest! {
        #[test]
        fn every_call_is_counted_once_and_at_most_half_of_a_minute_is_not_yet_printed(
            calls in prop::collection::vec((0_usize..3, 0_i64..20_000), 1..200),
        ) {
            let kinds = [refused("wrong_token"), refused("unknown_appliance"), LogLine::new(Outcome::NotFound)];
            let mut strangers = Strangers::default();
            let mut now = 0;
            let mut printed = 0;
            for (count, (kind, later)) in calls.iter().enumerate() {
                now += later;
                printed += strangers.lines(kinds[*kind].clone(), at(now)).iter().map(|line| line.calls).sum::<u64>();
                let unprinted: u64 = strangers.windows.values().map(|window| window.unprinted).sum();
                prop_assert_eq!(printed + unprinted, count as u64 + 1);
                for window in strangers.windows.values() {
                    prop_assert!(window.unprinted * 2 < window.calls);
                }
            }
            // One more call, when all minutes are over, prints the rest.
            let rest = strangers.lines(LogLine::new(Outcome::Queued), at(now + 60_000));
            printed += rest.iter().filter(|line| line.is_count_only).map(|line| line.calls).sum::<u64>();
            prop_assert_eq!(printed, calls.len() as u64);
        }
    }
}
