//! The events queue: what is sent into it by whoever hears of a session, and how its one reader makes a message wait.
//!
//! Nothing is received or removed here: Lambda does both.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::SdkError;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::MessageSystemAttributeNameForSends;
use jiff::Timestamp;
use session::Lsid;

use crate::error::QueueError;
use crate::message::QueueMessage;
use crate::same::{deduplication_id, group_id};
use crate::trace::TraceHeader;

/// The longest that the warm-up may take. With the whole of a failing call after it (1.6 s with the receiver's time-outs) a first
/// answer still comes within 2 s of the start.
pub const WARM_UP_MAX: Duration = Duration::from_millis(300);

/// SQS hides a message for 12 hours at most, counted from its receipt; an hour is left for the invocation and for clocks.
const HIDDEN_SECONDS_MAX: i64 = 11 * 3600;

/// The events queue, which is FIFO. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EventsQueue {
    client: Client,
    url: String,
}

impl EventsQueue {
    /// The queue at that URL.
    #[must_use]
    pub const fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Opens the connection to SQS while a function starts, when there is time (and, on Lambda, more CPU).
    ///
    /// There is no call that only connects, and the receiver may do nothing but send. So it sends what SQS certainly refuses, a
    /// message without text and without a group: nothing is stored.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if no answer came within [`WARM_UP_MAX`]. Nothing is lost: the first event opens the connection then.
    pub async fn warm_up(&self) -> Result<(), QueueError> {
        const OPERATION: &str = "warm-up";
        let refused = self.client.send_message().queue_url(&self.url).send();
        match tokio::time::timeout(WARM_UP_MAX, refused).await {
            Ok(Ok(_) | Err(SdkError::ServiceError(_))) => Ok(()),
            Ok(Err(error)) => Err(QueueError::new(OPERATION, &error)),
            Err(_) => Err(QueueError::timed_out(OPERATION)),
        }
    }

    /// Stores a message about that session for the worker. A second send of the same event of the appliance within five minutes
    /// succeeds and stores nothing; a poll and a replay are always stored.
    ///
    /// # Errors
    ///
    /// [`QueueError`], at the latest when the client's time-outs end. The message may have been stored all the same: sending it
    /// again is safe, for the ledger knows what was written.
    pub async fn send(&self, message: &QueueMessage, lsid: &Lsid, trace: Option<&TraceHeader>) -> Result<(), QueueError> {
        self.send_to_group(message, &group_id(&message.appliance, lsid), trace).await
    }

    pub(crate) async fn send_to_group(
        &self,
        message: &QueueMessage,
        group: &str,
        trace: Option<&TraceHeader>,
    ) -> Result<(), QueueError> {
        let send = self.client.send_message().queue_url(&self.url).message_body(message.to_json());
        let send = send.message_group_id(group);
        let send = send.message_deduplication_id(deduplication_id(message, || fastrand::u128(..)));
        traced(send, trace).send().await.map(drop).map_err(|error| QueueError::new("SendMessage", &error))
    }

    /// Hides the message with that receipt until then (11 hours at most, then it looks again). A reported failure alone would keep
    /// it hidden for the queue's whole visibility time-out.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; the message then waits for the visibility time-out instead, which loses nothing.
    pub async fn hide(&self, receipt: Option<&str>, until: Timestamp, now: Timestamp) -> Result<(), QueueError> {
        let request = self.client.change_message_visibility().queue_url(&self.url);
        let request = request.set_receipt_handle(receipt.map(str::to_owned)).visibility_timeout(hidden_seconds(until, now));
        request.send().await.map(drop).map_err(|error| QueueError::new("ChangeMessageVisibility", &error))
    }
}

pub(crate) fn traced(send: SendMessageFluentBuilder, trace: Option<&TraceHeader>) -> SendMessageFluentBuilder {
    match trace {
        Some(trace) => send.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace.attribute()),
        None => send,
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
