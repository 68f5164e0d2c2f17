//! Storing: the one effect of the receiver. Two queues, one call of SQS for each event; time-outs and retries are those of
//! the client it is given ([`aws::Timeouts::RECEIVER`]), which end well within the 2 s that the receiver has.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message::SendMessageError;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::{MessageSystemAttributeNameForSends, MessageSystemAttributeValue};

use crate::decide::{QuarantinedBody, QueuedEvent};

/// The longest that the warm-up may take. With the whole of a failing call after it ([`aws::Timeouts::RECEIVER`], 1.6 s) a first
/// answer still comes within 2 s of the start.
pub const WARM_UP_MAX: Duration = Duration::from_millis(300);

/// The two queues.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    events_url: String,
    quarantine_url: String,
}

/// A queue did not take a message, or did not say so. The appliance sends the event again, and if the message was taken after all,
/// the queue (for events) knows it for the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the queue took no message: {cause}")]
pub struct Unavailable {
    /// The error code of SQS, or what became of the call: `timeout`, `connection`, `response`. Fit for a log line.
    pub cause: String,
}

impl Queues {
    /// The queues with these URLs.
    #[must_use]
    pub fn new(sdk_config: &aws::SdkConfig, events_url: String, quarantine_url: String) -> Self {
        Self { client: Client::new(sdk_config), events_url, quarantine_url }
    }

    /// Opens the connection to SQS while the function starts, when there is time (and, on Lambda, more CPU).
    ///
    /// There is no call that only connects, and the function may do nothing but send. So it sends what SQS certainly refuses, a
    /// message without text and, for a FIFO queue, without a group: nothing is stored.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if no answer came within [`WARM_UP_MAX`]. Nothing is lost: the first event opens the connection then.
    pub async fn warm_up(&self) -> Result<(), Unavailable> {
        let refused = self.client.send_message().queue_url(&self.events_url).send();
        match tokio::time::timeout(WARM_UP_MAX, refused).await {
            Ok(Ok(_) | Err(SdkError::ServiceError(_))) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Unavailable { cause: "timeout".to_owned() }),
        }
    }

    /// Stores an event for the worker. A second send of the same event within five minutes succeeds and stores nothing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], at the latest when the client's time-outs end; curable by a resend.
    pub async fn store_event(&self, event: &QueuedEvent, trace: Option<&TraceHeader>) -> Result<(), Unavailable> {
        let send = self
            .client
            .send_message()
            .queue_url(&self.events_url)
            .message_group_id(event.group())
            .message_deduplication_id(event.deduplication_id())
            .message_body(event.message.to_json());
        store(send, trace).await
    }

    /// Stores a malformed body for a person. A resend is stored again.
    ///
    /// # Errors
    ///
    /// As [`store_event`](Self::store_event).
    pub async fn store_malformed(&self, body: &QuarantinedBody, trace: Option<&TraceHeader>) -> Result<(), Unavailable> {
        let send = self.client.send_message().queue_url(&self.quarantine_url).message_body(body.to_json());
        store(send, trace).await
    }
}

async fn store(send: SendMessageFluentBuilder, trace: Option<&TraceHeader>) -> Result<(), Unavailable> {
    let send = match trace {
        Some(trace) => send.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace.attribute()),
        None => send,
    };
    send.send().await?;
    Ok(())
}

impl From<SdkError<SendMessageError>> for Unavailable {
    fn from(error: SdkError<SendMessageError>) -> Self {
        let cause = match &error {
            SdkError::TimeoutError(_) => "timeout",
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "timeout",
            SdkError::DispatchFailure(_) => "connection",
            SdkError::ServiceError(refused) => refused.err().code().unwrap_or("service"),
            SdkError::ResponseError(_) => "response",
            _ => "request",
        };
        // The code comes from outside, like everything else.
        let is_wordly = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_');
        Self { cause: cause.chars().filter(is_wordly).take(CAUSE_LENGTH_MAX).collect() }
    }
}

/// The longest error code of SQS has some 50 characters.
const CAUSE_LENGTH_MAX: usize = 64;

/// An X-Ray trace header, for the queue to carry on to the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeader(String);

/// A root id such as `Root=1-67d97439-0123456789abcdef01234567`.
const ROOT: &str = "Root=";
const ROOT_GROUPS: [usize; 3] = [1, 8, 24];
const TRACE_HEADER_LENGTH_MAX: usize = 256;

impl TraceHeader {
    /// The header, if it is one. SQS refuses a message whose trace header it does not like, and a trace is not worth an event.
    #[must_use]
    pub fn read(header: &str) -> Option<Self> {
        let is_id = |id: &str| {
            let groups = id.split('-').map(|group| (group.len(), group.bytes().all(|byte| byte.is_ascii_hexdigit())));
            groups.eq(ROOT_GROUPS.map(|length| (length, true)))
        };
        let has_root = header.split(';').any(|field| field.strip_prefix(ROOT).is_some_and(is_id));
        let is_plain = header.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=;:-._".contains(&byte));
        (has_root && is_plain && header.len() <= TRACE_HEADER_LENGTH_MAX).then(|| Self(header.to_owned()))
    }

    fn attribute(&self) -> MessageSystemAttributeValue {
        MessageSystemAttributeValue::builder()
            .data_type("String")
            .string_value(&self.0)
            .build()
            .expect("the data type is the one required member")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_answer_comes_within_2_s_of_the_start_even_without_sqs() {
        assert!(WARM_UP_MAX + aws::Timeouts::RECEIVER.operation < Duration::from_secs(2));
    }

    #[test]
    fn trace_header_is_taken_only_if_well_formed() {
        for header in [
            "Root=1-67d97439-0123456789abcdef01234567",
            "Root=1-67d97439-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1",
            "Self=1-67d97439-0123456789abcdef01234568;Root=1-67d97439-0123456789abcdef01234567;Lineage=1:a87bd80c:1",
        ] {
            assert_eq!(TraceHeader::read(header), Some(TraceHeader(header.to_owned())));
        }
        for header in [
            "",
            "Root=",
            "Root=1-67d97439",
            "Root=1-67d97439-0123456789abcdef0123456g",
            "root=1-67d97439-0123456789abcdef01234567",
            "Root=1-67d97439-0123456789abcdef01234567; Parent=53995c3f42cd8ad8",
            "Root=1-67d97439-0123456789abcdef01234567;x=\u{fffe}",
            &format!("Root=1-67d97439-0123456789abcdef01234567;x={}", "x".repeat(TRACE_HEADER_LENGTH_MAX)),
        ] {
            assert_eq!(TraceHeader::read(header), None, "{header}");
        }
    }
}
