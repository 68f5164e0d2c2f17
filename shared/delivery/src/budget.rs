//! The hourly budget of calls that a tenant's integrations share: over it the ticketing system stops for everybody, people
//! included. So we slow down long before, and stop where others still have room.
//!
//! From half the budget on the vendor itself adds half a second to each call, from three quarters a second
//! (observed by clients): we stay below the latter.
//!
//! Slower means work and rest by turns. All processes share the turns: a rest is a pause in the ledger, which stays there
//! when it has run out, and from its end the time of work is counted.

use std::time::Duration;

use jiff::Timestamp;

use crate::pause::{Pause, PauseCause, PauseScope, Pauses};
use crate::waits::{Pace, later};
use session::failure::Sentence;

/// From here on work and rest take turns; percent. Half the budget would be too early: others alone may use as much all day,
/// and then every session would be late.
const SLOW_FROM: u64 = 60;
/// From here on nothing is sent until the window has moved on; percent. Two below three quarters, since each process uses up to
/// half a percent between two looks: four that all began just below stay below three quarters, which is left to people and
/// other integrations.
const STOP_FROM: u64 = 73;

/// While little is used the budget is looked at this often: a look costs a call.
const LOOK_EVERY: Duration = Duration::from_secs(10 * 60);
/// A short rest, so that the window of an hour moves on. No longer, or a session would be late by it.
const REST: Duration = Duration::from_secs(60);
/// Work between two rests: as long as a rest, so that we use half of what we could, and a session waits for one rest at most.
const WORK: Duration = Duration::from_secs(60);
/// A long rest: ten minutes free a sixth of the window.
const STOP: Duration = Duration::from_secs(10 * 60);

/// What to do about the budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// How much is used; percent, rounded down.
    pub used_percent: u64,
    /// The pause to open, if it is time for one.
    pub pause: Option<Pause>,
    /// When to look again.
    pub look_again_at: Timestamp,
}

/// What to do when so many of the calls allowed are used, with the `pauses` that the connection remembers. A limit of zero
/// counts as used up.
#[must_use]
pub fn budget(calls: u64, calls_max: u64, pauses: &Pauses, pace: Pace, now: Timestamp) -> Budget {
    let used_percent = calls.saturating_mul(100).checked_div(calls_max).unwrap_or(100);
    let (rest, look_again_at) = match used_percent {
        0..SLOW_FROM => (None, later(now, pace.scaled(LOOK_EVERY))),
        SLOW_FROM..STOP_FROM => match work_ends(pauses, pace).filter(|ends| *ends > now) {
            Some(ends) => (None, ends),
            None => (Some(REST), later(now, pace.scaled(REST + WORK))),
        },
        _ => (Some(STOP), later(now, pace.scaled(STOP))),
    };
    let pause = rest.map(|rest| Pause {
        scope: PauseScope::Ticketing,
        until: later(now, pace.scaled(rest)),
        cause: PauseCause::Budget,
        sentence: Sentence::new(&format!("{used_percent} % of the tenant's hourly budget of calls are used")),
        rounds: 0,
        document: None,
    });
    Budget { used_percent, pause, look_again_at }
}

/// Until when work goes on after the last rest, whichever process opened it; `None` if there was none.
fn work_ends(pauses: &Pauses, pace: Pace) -> Option<Timestamp> {
    let last_rest = pauses.iter().find(|pause| pause.cause == PauseCause::Budget)?;
    Some(later(last_rest.until, pace.scaled(WORK)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, Duration::from_secs(second))
    }

    fn rest(calls: u64, calls_max: u64) -> Option<Duration> {
        let pause = budget(calls, calls_max, &Pauses::default(), Pace::default(), at(0)).pause?;
        Duration::try_from(pause.until.duration_since(at(0))).ok()
    }

    /// The percentage of each stretch of time that processes with endless work spend on it, while so much is used in each: they
    /// look when they are to, as far as no pause keeps them out, and share what is remembered.
    fn worked_percent(processes: usize, stretches: &[(u64, u64)]) -> Vec<u64> {
        let mut pauses = Pauses::default();
        let mut looks = vec![at(0); processes];
        let (mut second, mut shares) = (0, Vec::new());
        for (seconds, used_percent) in stretches {
            let mut worked = 0;
            for _ in 0..*seconds {
                let now = at(second);
                for look in &mut looks {
                    if *look <= now && pauses.iter().all(|pause| pause.until <= now) {
                        let budget = budget(*used_percent, 100, &pauses, Pace::default(), now);
                        *look = budget.look_again_at;
                        if let Some(pause) = budget.pause {
                            pauses.replace(pause);
                        }
                    }
                }
                worked += u64::from(pauses.iter().all(|pause| pause.until <= now));
                second += 1;
            }
            shares.push(worked * 100 / seconds);
        }
        shares
    }

    #[test]
    fn work_slows_down_and_stops_before_three_quarters() {
        assert_eq!(rest(124, 10_000), None);
        assert_eq!(rest(5_999, 10_000), None);
        assert_eq!(rest(6_000, 10_000), Some(REST));
        assert_eq!(rest(7_299, 10_000), Some(REST));
        assert_eq!(rest(7_300, 10_000), Some(STOP));
        assert_eq!(rest(12_000, 10_000), Some(STOP));
    }

    #[test]
    fn slower_is_half_the_time_however_many_work_and_never_nothing() {
        const HOUR: u64 = 3_600;
        for processes in [1, 2, 10] {
            let stretches = [(HOUR, 59), (HOUR, 60), (HOUR, 72), (HOUR, 73), (HOUR, 72), (HOUR, 20)];
            let shares = worked_percent(processes, &stretches);
            // A change is noticed at the next look, up to ten minutes later.
            let expected = [100..=100, 50..=60, 48..=52, 0..=2, 40..=60, 98..=100];
            let as_expected = shares.iter().zip(&expected).all(|(share, expected)| expected.contains(share));
            assert!(as_expected, "{processes} processes: {shares:?}");
        }
    }

    #[test]
    fn work_after_a_rest_is_not_cut_short_by_the_look_of_another_process() {
        let first = budget(65, 100, &Pauses::default(), Pace::default(), at(0));
        let Some(rest) = first.pause else { panic!("no rest") };
        assert_eq!((rest.until, first.look_again_at), (at(60), at(120)));
        let pauses = Pauses::default().with(rest);
        let other = budget(65, 100, &pauses, Pace::default(), at(61));
        assert_eq!((other.pause, other.look_again_at), (None, at(120)));
        let next = budget(65, 100, &pauses, Pace::default(), at(120));
        assert_eq!(next.pause.map(|pause| pause.until), Some(at(180)));
    }

    #[test]
    fn limit_of_nothing_is_used_up() {
        assert_eq!(rest(0, 0), Some(STOP));
    }

    #[test]
    fn budget_is_looked_at_sparingly() {
        let look = |calls| budget(calls, 10_000, &Pauses::default(), Pace::default(), at(0)).look_again_at;
        assert_eq!((look(0), look(6_500), look(8_000)), (at(600), at(120), at(600)));
    }
}
