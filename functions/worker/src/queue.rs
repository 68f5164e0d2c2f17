//! What the worker does to the queues: it makes messages wait, and it moves those that were given up to the dead letters.
//!
//! It never deletes: Lambda deletes what is not reported as failed. It never sends back into the events queue.

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::MessageAttributeValue;
use jiff::Timestamp;

/// SQS hides a message for 12 hours at most, counted from its receipt; an hour is left for the invocation and for clocks.
const HIDDEN_SECONDS_MAX: i64 = 11 * 3600;

/// A call to SQS that did not succeed; the message comes again when its visibility time-out ends.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed: {cause}")]
pub struct QueueError {
    operation: &'static str,
    cause: String,
}

/// The queues.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    events_url: String,
    dead_letter_url: String,
}

impl Queues {
    /// The queues at these addresses.
    #[must_use]
    pub const fn new(client: Client, events_url: String, dead_letter_url: String) -> Self {
        Self { client, events_url, dead_letter_url }
    }

    /// Hides the message until then (11 hours at most, then it looks again). A reported failure alone would keep it hidden for
    /// the queue's whole visibility time-out.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; the message then waits for the visibility time-out instead, which loses nothing.
    pub async fn hide(&self, message: &SqsMessage, until: Timestamp, now: Timestamp) -> Result<(), QueueError> {
        let seconds = hidden_seconds(until, now);
        let request = self.client.change_message_visibility().queue_url(&self.events_url);
        let request = request.set_receipt_handle(message.receipt_handle.clone()).visibility_timeout(seconds);
        request
            .send()
            .await
            .map(|_| ())
            .map_err(|error| QueueError { operation: "ChangeMessageVisibility", cause: DisplayErrorContext(&error).to_string() })
    }

    /// Copies the message to the dead letters, body unchanged, with the reason as attribute `reason`. The original is
    /// gone only when the invocation reports success; a crash in between makes a second copy, which a replay of both
    /// does not double (the ledger knows).
    ///
    /// # Errors
    ///
    /// [`QueueError`]; the message must then be reported as failed.
    pub async fn dead_letter(&self, message: &SqsMessage, reason: &str) -> Result<(), QueueError> {
        let group = message.attributes.get("MessageGroupId").map_or("unknown", String::as_str);
        // One copy per message within the five minutes that SQS remembers.
        let deduplication = message.message_id.as_deref().unwrap_or(group);
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let reason = reason.map_err(|error| QueueError { operation: "SendMessage", cause: error.to_string() })?;
        let request = self.client.send_message().queue_url(&self.dead_letter_url);
        let request = request.message_body(message.body.as_deref().unwrap_or_default());
        let request = request.message_group_id(group).message_deduplication_id(deduplication);
        request.message_attributes("reason", reason).send().await.map(|_| ()).map_err(|error| QueueError {
            operation: "SendMessage to the dead letters",
            cause: DisplayErrorContext(&error).to_string(),
        })
    }
}

fn hidden_seconds(until: Timestamp, now: Timestamp) -> i32 {
    // Rounded up: a message that comes a moment too early would only be sent back.
    let milliseconds = until.as_millisecond().saturating_sub(now.as_millisecond());
    let seconds = milliseconds.saturating_add(999).div_euclid(1000).clamp(0, HIDDEN_SECONDS_MAX);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn message_is_hidden_in_whole_seconds_and_never_for_too_long() {
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
        assert_eq!(hidden_seconds(at(1_001), at(0)), 2);
        assert_eq!(hidden_seconds(at(0), at(5_000)), 0);
        assert_eq!(hidden_seconds(Timestamp::MAX, at(0)), 11 * 3600);
    }
}
