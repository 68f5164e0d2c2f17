//! How long a call to AWS may take, and how often it is tried: one preset per function, each number with its reason.
//!
//! The SDK's own defaults do not fit: they limit nothing but the connect (3.1 s) and wait up to 20 s between attempts.

use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

/// The limits of one call to AWS. One call is at most [`attempts`](Self::attempts) attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Longest wait for a connection, TLS handshake included.
    pub connect: Duration,
    /// Longest single attempt, its connect included.
    pub attempt: Duration,
    /// Longest call: all attempts and the waits between them.
    pub operation: Duration,
    /// The most attempts, the first included; at least 1.
    pub attempts: u32,
    /// Upper bound of the (random) wait before the second attempt; it doubles with each one.
    pub backoff_first: Duration,
    /// Upper bound of any wait between attempts.
    pub backoff_max: Duration,
}

impl Timeouts {
    /// For the receiver, which must have said 503 within 2 s when no queue takes the event.
    ///
    /// Two attempts, for a connection that the other side closed while the function slept shows only at the next
    /// send. Each may be slow by a factor of fifty (a warm send takes some 10 ms) before it is given up. Both, with the
    /// wait between them, end at 1.6 s: 0.4 s are left for the answer's way back.
    pub const RECEIVER: Self = Self {
        connect: Duration::from_millis(400),
        attempt: Duration::from_millis(700),
        operation: Duration::from_millis(1_600),
        attempts: 2,
        backoff_first: Duration::from_millis(50),
        backoff_max: Duration::from_millis(100),
    };

    /// For the worker and the poller, where nobody waits for an answer and a failed call costs a whole redelivery.
    ///
    /// Generous enough for a throttled table or a slow handshake, and still a fraction of a function's time-out: a
    /// ledger that cannot be written must be noticed while there is time to report the message as failed.
    pub const WORKER: Self = Self {
        connect: Duration::from_secs(2),
        attempt: Duration::from_secs(5),
        operation: Duration::from_secs(15),
        attempts: 3,
        backoff_first: Duration::from_millis(200),
        backoff_max: Duration::from_secs(2),
    };

    pub(crate) fn timeout_config(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }

    pub(crate) fn retry_config(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts)
            .with_initial_backoff(self.backoff_first)
            .with_max_backoff(self.backoff_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the receiver has promised, whatever the queue does.
    const RECEIVER_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

    #[test]
    fn dead_queue_leaves_the_receiver_time_to_answer() {
        assert!(Timeouts::RECEIVER.operation < RECEIVER_ANSWERS_WITHIN);
    }

    #[test]
    fn no_attempt_is_cut_short_by_the_limit_of_the_whole_call() {
        for timeouts in [Timeouts::RECEIVER, Timeouts::WORKER] {
            assert!(timeouts.connect < timeouts.attempt);
            assert!(timeouts.attempt * timeouts.attempts <= timeouts.operation);
        }
        let waits = Timeouts::RECEIVER.backoff_max * (Timeouts::RECEIVER.attempts - 1);
        assert!(Timeouts::RECEIVER.attempt * Timeouts::RECEIVER.attempts + waits <= Timeouts::RECEIVER.operation);
    }
}
