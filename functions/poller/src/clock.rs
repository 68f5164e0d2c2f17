//! The one door to the clock: everything else gets `now` as a value.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// What is left of an invocation when nothing new is begun: the longest call to a source (30 s), then the question to the ledger, an
/// hour's sessions into the queue, and what is kept.
pub const ROUND_MAX: SignedDuration = SignedDuration::from_secs(60);

/// What a call leaves of the invocation, to say what it came to.
const CALL_MARGIN: Duration = Duration::from_millis(1500);

/// Now, to the millisecond: what the ledger's texts hold.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one door to the clock")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// How long a call may take in an invocation that ends then.
#[must_use]
pub fn time_left(deadline: Timestamp) -> Duration {
    Duration::try_from(deadline.duration_since(now())).unwrap_or_default().saturating_sub(CALL_MARGIN)
}
