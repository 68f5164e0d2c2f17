//! Which statement is due: every day one, over the two days before, in the connection's own time zone.
//!
//! Two days, so that two statements look at each session: what the first calls missing is enqueued with it, and the second sees it healed.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// How long after midnight the day before is judged: what ended late is listed, and its event worked on, by then.
const SETTLING: SignedDuration = SignedDuration::from_hours(1);

/// How many days a statement covers.
const DAYS: i64 = 2;

/// What a statement is to cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// From this second …
    pub from: Timestamp,
    /// … to before this one.
    pub to: Timestamp,
}

/// The statement that should be there at `now`. The day's own is due an hour after midnight; until then, that of the day before.
/// `None` only at the ends of time.
#[must_use]
pub fn due(now: Timestamp, time_zone: &TimeZone) -> Option<Range> {
    let today = now.checked_sub(SETTLING).ok()?.to_zoned(time_zone.clone()).start_of_day().ok()?;
    let from = today.checked_sub(DAYS.days()).ok()?.start_of_day().ok()?;
    Some(Range { from: from.timestamp(), to: today.timestamp() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn check(now: &str, zone: &str, from: &str, to: &str) {
        let due = due(now.parse().unwrap(), &TimeZone::get(zone).unwrap()).unwrap();
        assert_eq!(due, Range { from: from.parse().unwrap(), to: to.parse().unwrap() }, "{now}");
    }

    #[test]
    fn statement_covers_the_two_days_before_in_the_connections_own_zone() {
        check("2026-11-25T08:00:00Z", "Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-24T23:00:00Z");
        check("2026-11-25T03:00:00Z", "America/New_York", "2026-11-22T05:00:00Z", "2026-11-24T05:00:00Z");
    }

    #[test]
    fn day_is_judged_an_hour_after_its_end() {
        check("2026-11-24T23:59:59Z", "Europe/Berlin", "2026-11-21T23:00:00Z", "2026-11-23T23:00:00Z");
        check("2026-11-25T00:00:00Z", "Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-24T23:00:00Z");
    }

    #[test]
    fn day_on_which_the_clocks_change_is_as_long_as_it_is() {
        check("2026-03-30T08:00:00Z", "Europe/Berlin", "2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z");
    }
}
