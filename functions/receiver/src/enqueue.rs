//! Storing: the one effect of the receiver. Two queues, one call of SQS for each event; time-outs and retries are those of
//! the client it is given ([`aws::Timeouts::RECEIVER`]), which end well within the 2 s that the receiver has.

use aws_sdk_sqs::Client;
use queue::{EventsQueue, QuarantineQueue, QueueError, TraceHeader};

use crate::decide::{QuarantinedBody, QueuedEvent};

/// The two queues.
///
/// A queue may not take a message, or not say so. The appliance then sends the event again, and if the message was taken after all,
/// the queue (for events) knows it for the same.
#[derive(Debug, Clone)]
pub struct Queues {
    events: EventsQueue,
    quarantine: QuarantineQueue,
}

impl Queues {
    /// The queues with these URLs.
    #[must_use]
    pub fn new(sdk_config: &aws::SdkConfig, events_url: String, quarantine_url: String) -> Self {
        let client = Client::new(sdk_config);
        Self { events: EventsQueue::new(client.clone(), events_url), quarantine: QuarantineQueue::new(client, quarantine_url) }
    }

    /// Opens the connection to SQS while the function starts.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if no answer came within [`queue::WARM_UP_MAX`]. Nothing is lost: the first event opens the connection then.
    pub async fn warm_up(&self) -> Result<(), QueueError> {
        self.events.warm_up().await
    }

    /// Stores an event for the worker. A second send of the same event within five minutes succeeds and stores nothing.
    ///
    /// # Errors
    ///
    /// [`QueueError`], at the latest when the client's time-outs end; curable by a resend.
    pub async fn store_event(&self, event: &QueuedEvent, trace: Option<&TraceHeader>) -> Result<(), QueueError> {
        self.events.send(&event.message, &event.lsid, trace).await
    }

    /// Stores a malformed body for a person. A resend is stored again.
    ///
    /// # Errors
    ///
    /// As [`store_event`](Self::store_event).
    pub async fn store_malformed(&self, body: &QuarantinedBody, trace: Option<&TraceHeader>) -> Result<(), QueueError> {
        self.quarantine.put(&body.to_quarantined(), trace).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn first_answer_comes_within_2_s_of_the_start_even_without_sqs() {
        assert!(queue::WARM_UP_MAX + aws::Timeouts::RECEIVER.operation < Duration::from_secs(2));
    }
}
