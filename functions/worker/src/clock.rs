//! The clock as the worker needs it: `now`, which everything else gets as a value, and until when a call may last.

use jiff::Timestamp;
use tokio::time::Instant;

pub use aws::now;

/// The moment, on the clock of time-outs, by which a call must be over that is made in an invocation ending at `deadline`.
#[must_use]
pub fn call_deadline(deadline: Timestamp) -> Instant {
    Instant::now() + aws::call_time_left(deadline)
}
