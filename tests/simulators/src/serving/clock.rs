//! A tenant's clock. Real time by default; a test may move it forward (tokens expire, windows clear) or stop it (texts that
//! are compared with snapshots).

use jiff::{SignedDuration, Timestamp};

/// What time a tenant believes it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Clock {
    /// The real time.
    #[default]
    Real,
    /// The real time and an offset.
    Shifted(SignedDuration),
    /// One moment, until told otherwise.
    Stopped(Timestamp),
}

impl Clock {
    /// The tenant's present moment.
    pub(crate) fn now(self) -> Timestamp {
        match self {
            Self::Real => real_time(),
            Self::Shifted(offset) => real_time().saturating_add(offset).unwrap_or(Timestamp::MAX),
            Self::Stopped(moment) => moment,
        }
    }

    /// The same clock, this much later.
    pub(crate) fn advanced(self, by: SignedDuration) -> Self {
        match self {
            Self::Real => Self::Shifted(by),
            Self::Shifted(offset) => Self::Shifted(offset.saturating_add(by)),
            Self::Stopped(moment) => Self::Stopped(moment.saturating_add(by).unwrap_or(Timestamp::MAX)),
        }
    }
}

/// The one place where a simulator reads the real clock.
#[expect(clippy::disallowed_methods, reason = "a simulator has no handler to begin in: this is its clock")]
fn real_time() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopped_clock_moves_only_when_told() {
        let start = Timestamp::UNIX_EPOCH;
        let clock = Clock::Stopped(start);
        assert_eq!(clock.now(), start);
        let later = clock.advanced(SignedDuration::from_secs(90));
        assert_eq!(later.now().as_second(), 90);
    }

    #[test]
    fn shifted_clock_runs_ahead_of_the_real_one() {
        let clock = Clock::Real.advanced(SignedDuration::from_hours(2));
        let ahead = clock.now().duration_since(real_time());
        assert!(ahead > SignedDuration::from_mins(119), "{ahead}");
    }
}
