//! Which sessions a source says have ended, and when: the other half of "nothing is missed".
//!
//! A source lists what ended within a [`Window`]; what is made of the list is decided by the `coverage` crate.

use jiff::Timestamp;

use crate::ids::Lsid;

/// A stretch of time in whole seconds: from the first, which belongs to it, to the last, which does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    from: i64,
    until: i64,
}

impl Window {
    /// The seconds that `from` and `until` lie in or between; `None` if there is none.
    #[must_use]
    pub fn new(from: Timestamp, until: Timestamp) -> Option<Self> {
        let begun = i64::from(until.subsec_nanosecond() > 0);
        let window = Self { from: whole_second(from), until: until.as_second() + begun };
        (window.from < window.until).then_some(window)
    }

    /// Its first second.
    #[must_use]
    pub fn from(self) -> Timestamp {
        at(self.from)
    }

    /// The second after its last.
    #[must_use]
    pub fn until(self) -> Timestamp {
        at(self.until)
    }

    /// How long it is, in seconds: one at least.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.until - self.from
    }

    /// Whether the moment lies in it.
    #[must_use]
    pub fn contains(self, moment: Timestamp) -> bool {
        (self.from..self.until).contains(&whole_second(moment))
    }
}

/// Rounded towards the past, before 1970 too.
fn whole_second(moment: Timestamp) -> i64 {
    moment.as_second() - i64::from(moment.subsec_nanosecond() < 0)
}

fn at(second: i64) -> Timestamp {
    // Both ends come from timestamps; the second after the last one that there is cannot be reached by any clock.
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// A session that has ended, as far as a list of the source tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// Which.
    pub lsid: Lsid,
    /// The number that people know it by.
    pub sequence: Option<u64>,
    /// When it ended, by the source's clock. `None` if the list does not say: it is somewhere in the window that was asked for.
    pub ended_at: Option<Timestamp>,
    /// The external key, if it has one.
    pub external_key: Option<String>,
}

/// What a source answers when asked for the sessions that ended within a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The sessions, in the source's order.
    pub sessions: Vec<EndedSession>,
    /// What the source's clock showed when it answered, if it says so: how far the list can be complete.
    pub source_now: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn window_takes_in_the_seconds_that_its_ends_lie_in() {
        let window = Window::new(at("2026-11-25T08:00:00.9Z"), at("2026-11-25T09:00:00.1Z")).unwrap();
        assert_eq!((window.from(), window.until()), (at("2026-11-25T08:00:00Z"), at("2026-11-25T09:00:01Z")));
        assert_eq!(window.seconds(), 3601);
        assert!(window.contains(window.from()) && !window.contains(window.until()));
    }

    #[test]
    fn window_has_a_second_at_least() {
        let moment = at("2026-11-25T08:00:00Z");
        assert_eq!(Window::new(moment, moment), None);
        assert_eq!(Window::new(at("2026-11-25T08:00:01Z"), moment), None);
        assert_eq!(Window::new(moment, at("2026-11-25T08:00:00.001Z")).unwrap().seconds(), 1);
    }

    #[test]
    fn windows_that_touch_share_no_second() {
        let (first, second) = (
            Window::new(at("1969-12-31T23:59:58.5Z"), at("1970-01-01T00:00:00Z")).unwrap(),
            Window::new(at("1970-01-01T00:00:00Z"), at("1970-01-01T00:00:02Z")).unwrap(),
        );
        let edge = at("1969-12-31T23:59:59.5Z");
        assert!(first.contains(edge) && !second.contains(edge));
        assert_eq!(first.seconds(), 2);
    }
}
