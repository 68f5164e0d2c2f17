//! What travels from the receiver (or the poller, or an operator) through the queue to the worker.
//!
//! It carries the *raw* body: parsing is the worker's, so every stored message can be replayed by a later version that
//! understands more. It decides nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use session::{ApplianceId, Origin};

/// The version written here. A release reads this one and, once there is another, its neighbours'.
pub const VERSION: u32 = 1;

/// One message of the events queue: the appliance, when it was received, by whom, and the raw form text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMessage {
    /// Which appliance.
    pub appliance: ApplianceId,
    /// When it was stored, by the clock of whoever stored it.
    pub received_at: Timestamp,
    /// Who stored it.
    pub origin: Origin,
    /// The raw body, byte for byte.
    pub body: Vec<u8>,
}

/// Why a text of the queue is no message of ours. Such a message can never be processed and goes to the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMessage {
    /// Not JSON, or not of our shape; the position is line and column. Carries no content.
    #[error("not a queue message: line {line}, column {column}")]
    Shape {
        /// Line of the JSON text, from 1.
        line: usize,
        /// Column of the JSON text, from 1.
        column: usize,
    },
    /// A version that this release does not read.
    #[error("version {0} is not read by this release")]
    Version(u32),
    /// Neither or both of `body` and `body_base64`, or base64 that is none.
    #[error("it must have either body or valid body_base64")]
    Body,
}

impl InvalidMessage {
    pub(crate) fn shape(error: &serde_json::Error) -> Self {
        Self::Shape { line: error.line(), column: error.column() }
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u32,
    appliance: ApplianceId,
    received_at: Timestamp,
    source: Origin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// Whether SQS surely takes the text and a person can read it: printable ASCII and line ends.
fn is_plain(body: &[u8]) -> bool {
    body.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t'))
}

impl QueueMessage {
    /// The JSON text for the queue: ASCII only, whatever the body holds (SQS refuses some characters).
    #[must_use]
    pub fn to_json(&self) -> String {
        let (body, body_base64) = if is_plain(&self.body) {
            (Some(String::from_utf8_lossy(&self.body).into_owned()), None)
        } else {
            (None, Some(STANDARD.encode(&self.body)))
        };
        let wire = Wire {
            v: VERSION,
            appliance: self.appliance.clone(),
            received_at: self.received_at,
            source: self.origin,
            body,
            body_base64,
        };
        serde_json::to_string(&wire).expect("strings and numbers always serialise")
    }

    /// The message in that text.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`], never retryable: the text will not change.
    pub fn from_json(text: &str) -> Result<Self, InvalidMessage> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let Version { v } = serde_json::from_str(text).map_err(|error| InvalidMessage::shape(&error))?;
        if v != VERSION {
            return Err(InvalidMessage::Version(v));
        }
        let wire: Wire = serde_json::from_str(text).map_err(|error| InvalidMessage::shape(&error))?;
        let body = match (wire.body, wire.body_base64) {
            (Some(body), None) => body.into_bytes(),
            (None, Some(encoded)) => STANDARD.decode(encoded).map_err(|_| InvalidMessage::Body)?,
            _ => return Err(InvalidMessage::Body),
        };
        Ok(Self { appliance: wire.appliance, received_at: wire.received_at, origin: wire.source, body })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn message(body: &[u8]) -> QueueMessage {
        QueueMessage {
            appliance: ApplianceId::default(),
            received_at: "2026-11-22T10:00:00Z".parse().unwrap(),
            origin: Origin::Event,
            body: body.to_vec(),
        }
    }

    #[test]
    fn plain_body_is_readable_in_the_queue() {
        let json = message(b"event=support_conference_end&lsid=ab").to_json();
        assert_eq!(
            json,
            r#"{"v":1,"appliance":"default","received_at":"2026-11-22T10:00:00Z","source":"event","body":"event=support_conference_end&lsid=ab"}"#
        );
    }

    #[test]
    fn what_is_no_message_is_told_apart() {
        assert!(matches!(QueueMessage::from_json("{"), Err(InvalidMessage::Shape { .. })));
        assert!(matches!(QueueMessage::from_json(r#"{"v":7}"#), Err(InvalidMessage::Version(7))));
        let both =
            r#"{"v":1,"appliance":"a","received_at":"2026-11-22T10:00:00Z","source":"event","body":"x","body_base64":"eA=="}"#;
        assert!(matches!(QueueMessage::from_json(both), Err(InvalidMessage::Body)));
    }

    proptest! {
        #[test]
        fn any_body_survives_the_queue_as_ascii(body: Vec<u8>) {
            let json = message(&body).to_json();
            prop_assert!(json.is_ascii());
            prop_assert_eq!(QueueMessage::from_json(&json).unwrap(), message(&body));
        }
    }
}
