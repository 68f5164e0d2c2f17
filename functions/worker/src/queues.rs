//! What the worker does to the queues with a message as Lambda hands it over: it makes it wait, or gives it up.
//!
//! It never deletes: Lambda deletes what is not reported as failed. It never sends back into the events queue.

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_sqs::Client;
use jiff::Timestamp;
use queue::{DeadLetterQueue, EventsQueue, GivenUp, QueueError};

/// The queues.
#[derive(Debug, Clone)]
pub struct Queues {
    events: EventsQueue,
    dead_letters: DeadLetterQueue,
}

impl Queues {
    /// The queues at these addresses.
    #[must_use]
    pub fn new(client: Client, events_url: String, dead_letter_url: String) -> Self {
        Self { events: EventsQueue::new(client.clone(), events_url), dead_letters: DeadLetterQueue::new(client, dead_letter_url) }
    }

    /// Hides the message until then, as [`EventsQueue::hide`] does.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; the message then waits for the visibility time-out instead, which loses nothing.
    pub async fn hide(&self, message: &SqsMessage, until: Timestamp, now: Timestamp) -> Result<(), QueueError> {
        self.events.hide(message.receipt_handle.as_deref(), until, now).await
    }

    /// Copies the message to the dead-letter queue, as [`DeadLetterQueue::put`] does. The original is gone only when the invocation
    /// reports success.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; the message must then be reported as failed.
    pub async fn dead_letter(&self, message: &SqsMessage, reason: &str) -> Result<(), QueueError> {
        let body = message.body.as_deref().unwrap_or_default();
        let group = message.attributes.get("MessageGroupId").map(String::as_str);
        self.dead_letters.put(GivenUp { body, group, id: message.message_id.as_deref(), reason }).await
    }
}
