//! The queue message. Promised: any text is a message or is told apart; a message that was read is written so that it is read as
//! the same, in ASCII; every body survives that.
//!
//! An input whose first byte is ASCII is a text from the queue. Any other is a body.

use appliance::outbound_event;
use jiff::Timestamp;
use queue::QueueMessage;
use session::{ApplianceId, Origin};

use crate::{KIB, MIB, Samples, Target, split_selector};

/// See the head of this file.
pub const TARGET: Target =
    Target { name: "queue_message", run, seeds, words: WORDS, input_bytes_max: 4 * KIB, memory_bytes_max: MIB };

const WORDS: &[&str] = &[
    "{\"v\":1,",
    "\"appliance\":\"default\",",
    "\"received_at\":\"2025-03-18T13:27:21Z\",",
    "\"source\":\"event\",",
    "\"poll\"",
    "\"replay\"",
    "\"body\":\"",
    "\"body_base64\":\"ZXZlbnQ9eA==\"}",
    "\\u0000",
    "\\ud800",
    "+02:00[Europe/Berlin]",
    "null",
];

/// Reads the bytes as a text from the queue, or as a body that goes through it.
pub fn run(input: &[u8]) {
    let (first, body) = split_selector(input);
    if first.is_ascii() {
        let Ok(text) = std::str::from_utf8(input) else { return };
        if let Ok(message) = QueueMessage::from_json(text) {
            check_survives(&message);
            // Whatever it holds, the worker looks at it.
            let _ = outbound_event::parse(&message.body);
        }
    } else {
        let origins = [Origin::Event, Origin::Poll, Origin::Replay];
        check_survives(&QueueMessage {
            appliance: ApplianceId::default(),
            received_at: Timestamp::UNIX_EPOCH,
            origin: origins[usize::from(first) % origins.len()],
            body: body.to_vec(),
        });
    }
}

fn check_survives(message: &QueueMessage) {
    let json = message.to_json();
    assert!(json.is_ascii(), "SQS takes it");
    assert_eq!(QueueMessage::from_json(&json).expect("what was written is read"), *message);
}

/// The bodies of what the queue hands to the worker, and those of what is posted.
fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    let handed_over = samples.in_folder("queue", ".json");
    let records = handed_over.iter().filter_map(|json| serde_json::from_slice::<serde_json::Value>(json).ok());
    let texts = records.flat_map(|invocation| invocation["Records"].as_array().cloned().unwrap_or_default());
    let texts = texts.filter_map(|record| Some(record["body"].as_str()?.as_bytes().to_vec()));
    let posted = samples.in_folder("outbound", "").into_iter().map(|body| [&[0xff], body.as_slice()].concat());
    texts.chain(posted).collect()
}
