//! The hourly budget of calls that a tenant's integrations share: over it the ticketing system stops for everybody, people
//! included. So we slow down long before, and stop where others still have room.
//!
//! From half the budget on the vendor itself adds half a second to each call, from three quarters a second
//! (observed by clients): we stay below the latter.

use std::time::Duration;

use jiff::Timestamp;

use super::pause::{Pause, PauseCause, PauseScope};
use super::waits::{Pace, later};
use crate::failure::Sentence;

/// From here on there is a pause after each look at the budget; percent.
const SLOW_FROM: u64 = 60;
/// From here on nothing is sent until the window has moved on; percent. Leaves a quarter to people and other integrations.
const STOP_FROM: u64 = 70;

/// While little is used the budget is looked at this often: a look costs a call.
const LOOK_EVERY: Duration = Duration::from_secs(10 * 60);
/// While we slow down it is looked at before each burst of work.
const LOOK_WHEN_SLOW: Duration = Duration::from_secs(60);
/// A short rest, so that the window of an hour moves on.
const REST: Duration = Duration::from_secs(60);
/// A long one: ten minutes free a sixth of the window.
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

/// What to do when so many of the calls allowed are used. A limit of zero counts as used up.
#[must_use]
pub fn budget(calls: u64, calls_max: u64, pace: Pace, now: Timestamp) -> Budget {
    let used_percent = calls.saturating_mul(100).checked_div(calls_max).unwrap_or(100);
    let (rest, look_again) = match used_percent {
        0..SLOW_FROM => (None, LOOK_EVERY),
        SLOW_FROM..STOP_FROM => (Some(REST), LOOK_WHEN_SLOW),
        _ => (Some(STOP), STOP),
    };
    let pause = rest.map(|rest| Pause {
        scope: PauseScope::Ticketing,
        until: later(now, pace.scaled(rest)),
        cause: PauseCause::Throttled,
        sentence: Sentence::new(&format!("{used_percent} % of the tenant's hourly budget of calls are used")),
        rounds: 0,
    });
    Budget { used_percent, pause, look_again_at: later(now, pace.scaled(look_again)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(calls: u64, calls_max: u64) -> Option<Duration> {
        let pause = budget(calls, calls_max, Pace::default(), Timestamp::UNIX_EPOCH).pause?;
        Duration::try_from(pause.until.duration_since(Timestamp::UNIX_EPOCH)).ok()
    }

    #[test]
    fn work_slows_down_and_stops_before_three_quarters() {
        assert_eq!(rest(124, 10_000), None);
        assert_eq!(rest(5_999, 10_000), None);
        assert_eq!(rest(6_000, 10_000), Some(REST));
        assert_eq!(rest(7_000, 10_000), Some(STOP));
        assert_eq!(rest(12_000, 10_000), Some(STOP));
    }

    #[test]
    fn limit_of_nothing_is_used_up() {
        assert_eq!(rest(0, 0), Some(STOP));
    }

    #[test]
    fn budget_is_looked_at_sparingly() {
        let look = |calls| budget(calls, 10_000, Pace::default(), Timestamp::UNIX_EPOCH).look_again_at.as_second();
        assert_eq!((look(0), look(6_500)), (600, 60));
    }
}
