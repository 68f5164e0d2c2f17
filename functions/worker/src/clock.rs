//! The one door to the clock: everything else gets `now` as a value.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// What a call leaves of the invocation, to record what it came to and to set the message's visibility.
const CALL_MARGIN: Duration = Duration::from_millis(1500);

/// Now, to the millisecond: what the ledger's texts hold.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one door to the clock")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The moment, on the clock of time-outs, by which a call must be over that is made in an invocation ending at `deadline`.
#[must_use]
pub fn call_deadline(deadline: Timestamp) -> Instant {
    let left = Duration::try_from(deadline.duration_since(now())).unwrap_or_default();
    Instant::now() + left.saturating_sub(CALL_MARGIN)
}
