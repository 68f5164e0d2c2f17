//! Stretches of time that one question to a source covers.
//!
//! A source answers with everything at once, without pages, so a question covers an hour at most.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use session::{EndedSession, Listing, Window};

/// The longest stretch of one question.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// How long an appliance keeps its sessions; days.
pub const HORIZON_DAYS: u32 = 90;

/// The horizon as a duration.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(HORIZON_DAYS as i64 * 24);

/// So many hours.
pub(crate) fn hours(hours: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(hours))
}

/// The moment so much earlier, or the first one that there is.
pub(crate) fn before(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// The moment so much later, or the last one that there is.
pub(crate) fn after(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The first window of what lies between; `None` if nothing does.
#[must_use]
pub fn first(from: Timestamp, until: Timestamp) -> Option<Window> {
    Window::new(from, until.min(after(from, WINDOW)))
}

/// How many windows lie between.
#[must_use]
pub fn count(from: Timestamp, until: Timestamp) -> u32 {
    let seconds = until.duration_since(from).as_secs().max(0);
    u32::try_from((seconds + WINDOW.as_secs() - 1) / WINDOW.as_secs()).unwrap_or(u32::MAX)
}

/// The window of that number, from 0; `None` if there are not so many. Both ends must be whole seconds, or windows would overlap.
#[must_use]
pub fn nth(from: Timestamp, until: Timestamp, number: u32) -> Option<Window> {
    first(after(from, SignedDuration::from_hours(i64::from(number))), until)
}

/// The whole second that the moment lies in.
pub(crate) fn second_of(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second() - i64::from(moment.subsec_nanosecond() < 0)).unwrap_or(moment)
}

/// The sessions of the list that ended in the window, each once, the earliest first. Whether a source counts a window's last second in
/// is not known: what lies outside is listed by the window beside, and must not be counted twice.
pub(crate) fn sessions_in(listing: Listing, window: Window) -> Vec<EndedSession> {
    let mut sessions = listing.sessions;
    sessions.retain(|session| session.ended_at.is_none_or(|ended_at| window.contains(ended_at)));
    let mut seen = BTreeSet::new();
    sessions.retain(|session| seen.insert(session.lsid.clone()));
    sessions.sort_unstable_by(|one, other| (one.ended_at, &one.lsid).cmp(&(other.ended_at, &other.lsid)));
    sessions
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    proptest! {
        #[test]
        fn windows_cover_all_that_lies_between_once(from in 0_i64..10_000_000, length in 0_i64..1_000_000, moment in 0_i64..11_000_000) {
            let (from, until) = (at(from), at(from + length));
            let windows: Vec<Window> = (0..).map_while(|number| nth(from, until, number)).collect();
            prop_assert_eq!(windows.len(), count(from, until) as usize);
            prop_assert!(windows.iter().all(|window| window.seconds() <= WINDOW.as_secs()));
            let holders = windows.iter().filter(|window| window.contains(at(moment))).count();
            prop_assert_eq!(holders, usize::from((from..until).contains(&at(moment))));
        }
    }

    #[test]
    fn ends_of_time_are_no_trouble() {
        assert_eq!(first(at(0), Timestamp::MIN), None);
        assert_eq!(nth(at(0), at(10), u32::MAX), None);
        assert_eq!(before(Timestamp::MIN, WINDOW), Timestamp::MIN);
    }
}
