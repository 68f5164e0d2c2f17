//! The receiver as a whole: from the payload that Lambda hands over to the message in the queue and the answer.
//!
//! [`answers`] runs the handler in this process, behind `lambda_http`'s own decoding; [`process`] and
//! [`samples`] run the real binary against an emulated Lambda. SQS is a small server here, which refuses what the real one refuses.
#![allow(clippy::unwrap_used, reason = "tests")]

mod answers;
mod process;
mod samples;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use simulators::sqs;

/// How long a test waits for something that should come at once. Only a hanging test ever gets there.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `events/function-url` authenticates with.
const TOKEN: &str = "local-token-default";
/// `printf %s local-token-default | sha256sum`
const TOKEN_SHA256: &str = "5d943fbe108b8d820cbfe46a37395c050e2497998e731e704cad8114cd2b4e1b";

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// A payload of `events/function-url`, by the name of its file without the extension.
fn payload(name: &str) -> Vec<u8> {
    let file = events().join("function-url").join(format!("{name}.function-url.json"));
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The sample with other members, by JSON pointer.
fn changed(name: &str, changes: &[(&str, serde_json::Value)]) -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_slice(&payload(name)).unwrap();
    for (pointer, change) in changes {
        *value.pointer_mut(pointer).unwrap() = change.clone();
    }
    value.to_string().into_bytes()
}

fn outbound(name: &str) -> Vec<u8> {
    std::fs::read(events().join("outbound").join(name)).unwrap()
}

/// The settings of a receiver in front of the SQS at that address.
fn setting(variable: &str, sqs: &str) -> Option<String> {
    let value = match variable {
        "EVENTS_QUEUE_URL" => format!("{sqs}/123456789012/{}", sqs::EVENTS),
        "QUARANTINE_QUEUE_URL" => format!("{sqs}/123456789012/{}", sqs::QUARANTINE),
        "APPLIANCE_TOKENS" => format!("default={TOKEN_SHA256}"),
        "AWS_LAMBDA_FUNCTION_NAME" => "receiver".to_owned(),
        "AWS_REGION" => "eu-central-1".to_owned(),
        "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE".to_owned(),
        "AWS_SECRET_ACCESS_KEY" => "invented".to_owned(),
        "AWS_ENDPOINT_URL" => sqs.to_owned(),
        _ => return None,
    };
    Some(value)
}
