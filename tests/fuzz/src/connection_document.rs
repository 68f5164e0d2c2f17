//! The connection document. Promised: any text is a document or an error that names a key; no error, warning or `Debug` form
//! shows a secret, and no error shows any value; and a tool refuses whatever the worker refuses.

use connection::{Document, DocumentError};
use serde_json::Value;

use crate::{KIB, MIB, Samples, Target};

/// See the head of this file.
pub const TARGET: Target =
    Target { name: "connection_document", run, seeds, words: WORDS, input_bytes_max: 8 * KIB, memory_bytes_max: 32 * MIB };

const WORDS: &[&str] = &[
    "\"version\":1",
    "\"time_zone\":\"Europe/Berlin\"",
    "\"mode\":\"shadow\"",
    "\"deliver_from\":\"2026-11-22T00:00:00Z\"",
    "\"retry_hours\":72",
    "\"events\":{\"support_conference_end\":{\"retry_hours\":24}}",
    "\"appliance\":{\"url\":\"https://support.example.com\",\"oauth\":{\"client_id\":\"a\",\"client_secret\":\"b\"}}",
    "\"password\":{\"username\":\"a\",\"password\":\"b\"}",
    "\"polling\":{\"enabled\":true}",
    "\"autotask\":{\"username\":\"a\",\"secret\":\"b\",\"integration_code\":\"c\"}",
    "\"zone_url\":\"http://a.example\"",
    "\"external_key_pattern\":\"(\\\\d+)\"",
    "\"time_entry\":{\"enabled\":true,\"resources\":{\"jdoe\":\"j.doe@acme.example\"}}",
    "\"defaults\":{\"offsetHours\":0.5,\"allocationCodeID\":1}",
    "\"templates\":{\"session_note\":\"{{#if summary}}{{/if}}\"}",
    CANARY,
    "null",
];

/// Stands for every secret; whatever else a mutated document holds, this must not be seen where it was one.
const CANARY: &str = "hunter2-hunter2";
const SECRET_KEYS: [&str; 4] = ["client_secret", "password", "secret", "integration_code"];

/// Reads the bytes as a document.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let parsed = Document::parse(text);
    let strictly = Document::parse_strictly(text);
    assert!(parsed.is_ok() || strictly.is_err(), "a tool refuses what the worker refuses");
    if let Err(error) = &parsed {
        assert!(!matches!(error, DocumentError::Rejected(_)), "a question never stops the worker");
        assert!(error.path().is_none_or(|path| !path.is_empty()), "an error names its key");
    }
    if text.contains(CANARY) {
        check_secrets(text, &parsed, strictly.err());
    }
}

fn check_secrets(
    text: &str,
    parsed: &Result<(Document, Vec<connection::Warning>), DocumentError>,
    refused: Option<DocumentError>,
) {
    // Where the canary is no secret it may be shown: as a key that nobody knows, in a template with a mistake.
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    let mut places = Places::default();
    places.find("", &value);
    if places.in_a_key || places.in_a_template {
        return;
    }
    let shown = match parsed {
        Ok((document, warnings)) => {
            let debug = if places.elsewhere { String::new() } else { format!("{document:?}") };
            let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
            format!("{debug} {}", warnings.join(" "))
        }
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(CANARY), "a value is shown: {shown}");
    let refused = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(!refused.contains(CANARY), "a value is shown: {refused}");
}

/// Where the canary stands.
#[derive(Default)]
struct Places {
    in_a_key: bool,
    in_a_template: bool,
    elsewhere: bool,
}

impl Places {
    fn find(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(text) if text.contains(CANARY) => self.elsewhere |= !SECRET_KEYS.contains(&key),
            Value::Array(values) => values.iter().for_each(|value| self.find(key, value)),
            Value::Object(members) => {
                for (name, value) in members {
                    self.in_a_key |= name.contains(CANARY);
                    self.in_a_template |= name == "templates" && value.to_string().contains(CANARY);
                    self.find(name, value);
                }
            }
            _ => {}
        }
    }
}

fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    let documents = samples.in_folder("connection", ".json");
    let values = documents.iter().filter_map(|document| serde_json::from_slice::<Value>(document).ok());
    values.map(with_canaries).map(|value| value.to_string().into_bytes()).collect()
}

fn with_canaries(mut document: Value) -> Value {
    for pointer in
        ["/appliance/oauth/client_secret", "/appliance/password/password", "/autotask/secret", "/autotask/integration_code"]
    {
        if let Some(secret) = document.pointer_mut(pointer) {
            *secret = CANARY.into();
        }
    }
    document
}
