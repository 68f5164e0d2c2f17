//! The clock as the poller needs it: `now`, which everything else gets as a value, and what is left of an invocation.

use jiff::SignedDuration;

pub use aws::{call_time_left as time_left, now};

/// What is left of an invocation when nothing new is begun: the longest call to a source (30 s), then the question to the ledger, an
/// hour's sessions into the queue, and what is kept.
pub const ROUND_MAX: SignedDuration = SignedDuration::from_secs(60);
