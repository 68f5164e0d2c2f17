//! The one door to the clock: everything else of a function gets `now` as a value.

use std::time::Duration;

use jiff::Timestamp;

/// What a call leaves of an invocation, to record what it came to.
const CALL_MARGIN: Duration = Duration::from_millis(1500);

/// Now, to the millisecond: what the ledger's texts hold.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one door to the clock")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// How long a call may take in an invocation that ends at `deadline`.
#[must_use]
pub fn call_time_left(deadline: Timestamp) -> Duration {
    Duration::try_from(deadline.duration_since(now())).unwrap_or_default().saturating_sub(CALL_MARGIN)
}
