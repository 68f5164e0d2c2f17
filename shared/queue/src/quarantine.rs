//! Setting aside authentic bodies that are no event. Looking at them is [`crate::WaitingRoom`]'s.

use aws_sdk_sqs::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::error::QueueError;
use crate::events::traced;
use crate::message::{InvalidMessage, QueueMessage};
use crate::trace::TraceHeader;

/// The quarantine, a standard queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct QuarantineQueue {
    client: Client,
    url: String,
}

/// A body in quarantine. Its text is a queue message, so that whatever reads those can replay it, with more members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The appliance, when, and the body, which may have been cut.
    pub message: QueueMessage,
    /// Why it is here, for a person.
    pub reason: String,
    /// How long the body was before it was cut; bytes.
    pub full_length: usize,
    /// What the caller said it was.
    pub content_type: Option<String>,
}

#[derive(Deserialize)]
struct Added {
    reason: String,
    full_length: usize,
    content_type: Option<String>,
}

impl Quarantined {
    /// The JSON text for the queue: ASCII only but for the content type.
    #[must_use]
    pub fn to_json(&self) -> String {
        let message = self.message.to_json();
        let mut value: Value = serde_json::from_str(&message).expect("a queue message is JSON");
        value["reason"] = self.reason.as_str().into();
        value["full_length"] = self.full_length.into();
        value["content_type"] = self.content_type.as_deref().into();
        value.to_string()
    }

    /// The quarantined body in that text.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`], never retryable: the text will not change.
    pub fn from_json(text: &str) -> Result<Self, InvalidMessage> {
        let message = QueueMessage::from_json(text)?;
        let Added { reason, full_length, content_type } =
            serde_json::from_str(text).map_err(|error| InvalidMessage::shape(&error))?;
        Ok(Self { message, reason, full_length, content_type })
    }
}

impl QuarantineQueue {
    /// The queue at that URL.
    #[must_use]
    pub const fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Stores a body for a person. A second send is stored again.
    ///
    /// # Errors
    ///
    /// [`QueueError`], at the latest when the client's time-outs end.
    pub async fn put(&self, body: &Quarantined, trace: Option<&TraceHeader>) -> Result<(), QueueError> {
        let send = self.client.send_message().queue_url(&self.url).message_body(body.to_json());
        traced(send, trace).send().await.map(drop).map_err(|error| QueueError::new("SendMessage to the quarantine", &error))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use jiff::Timestamp;
    use session::{ApplianceId, Origin};

    use super::*;

    #[test]
    fn what_was_quarantined_is_read_again_and_is_a_queue_message_too() {
        let body = "Jörg".as_bytes().to_vec();
        let message =
            QueueMessage { appliance: ApplianceId::default(), received_at: Timestamp::UNIX_EPOCH, origin: Origin::Event, body };
        let quarantined = Quarantined { message, reason: "not a form".to_owned(), full_length: 200_000, content_type: None };
        let json = quarantined.to_json();
        assert_eq!(QueueMessage::from_json(&json).unwrap(), quarantined.message);
        assert_eq!(Quarantined::from_json(&json).unwrap(), quarantined);
        assert!(matches!(Quarantined::from_json(&quarantined.message.to_json()), Err(InvalidMessage::Shape { .. })));
    }
}
