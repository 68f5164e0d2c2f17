//! Setting aside what the worker gives up on. Looking at it is [`crate::WaitingRoom`]'s.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;

use crate::error::QueueError;

/// The attribute of a dead letter that says why it is one.
pub(crate) const REASON: &str = "reason";

/// The dead-letter queue, which is FIFO like the events queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

/// A message that is given up on.
#[derive(Debug, Clone, Copy)]
pub struct GivenUp<'a> {
    /// Its text, which stays as it is.
    pub body: &'a str,
    /// Its message group, if it is known.
    pub group: Option<&'a str>,
    /// The queue's id of it, if it is known.
    pub id: Option<&'a str>,
    /// Why, for the person who looks.
    pub reason: &'a str,
}

impl DeadLetterQueue {
    /// The queue at that URL.
    #[must_use]
    pub const fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Copies the message, body unchanged, with the reason as attribute `reason`. The original is gone only when whoever has it says
    /// so; a crash in between makes a second copy, which a replay of both does not double (the ledger knows).
    ///
    /// # Errors
    ///
    /// [`QueueError`]; the original must then stay where it is.
    pub async fn put(&self, message: GivenUp<'_>) -> Result<(), QueueError> {
        let group = message.group.unwrap_or("unknown");
        let reason = MessageAttributeValue::builder().data_type("String").string_value(message.reason);
        let send = self.client.send_message().queue_url(&self.url).message_body(message.body).message_group_id(group);
        // One copy per message within the five minutes that SQS remembers.
        let send = send.message_deduplication_id(message.id.unwrap_or(group));
        let send = send.message_attributes(REASON, reason.build().expect("the data type is the one required member"));
        send.send().await.map(drop).map_err(|error| QueueError::new("SendMessage to the dead-letter queue", &error))
    }
}
