//! The payload of a call of the function URL. Promised: whatever the bytes are, `lambda_http` reads what the guard makes of them, and
//! there is a decision; nothing is stored for a call without the token; what is stored is a queue message that can be replayed.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::Timestamp;
use queue::QueueMessage;
use receiver_function::access::{Access, TokenHash};
use receiver_function::decide::{BODY_BYTES_MAX, Call, Decision, PATH, decide};
use receiver_function::function_url::safe_payload;
use receiver_function::read_call;
use session::ApplianceId;

use crate::{KIB, MIB, Samples, Target};

/// See the head of this file.
pub const TARGET: Target =
    Target { name: "function_url", run, seeds, words: WORDS, input_bytes_max: 8 * KIB, memory_bytes_max: 2 * MIB };

const WORDS: &[&str] = &[
    "\"rawPath\":\"/ERSPost\"",
    "\"rawQueryString\":\"",
    "appliance=default&outbound_event_token=local-token-default",
    "\"requestContext\":{\"http\":{\"method\":\"POST\",\"sourceIp\":\"198.51.100.20\"}}",
    "\"headers\":{\"content-type\":\"application/x-www-form-urlencoded\"}",
    "\"body\":\"",
    "\"isBase64Encoded\":true",
    "\"isBase64Encoded\":false",
    "event=support_conference_end&lsid=ab",
    "ZXZlbnQ9eA==",
    "\\ud800",
    "\\u0000",
    "null",
];

/// The token of the local system, which the samples have.
const TOKEN: &str = "local-token-default";

static ACCESS: LazyLock<Access> = LazyLock::new(|| Access {
    appliances: [ApplianceId::default()].into(),
    tokens: vec![(ApplianceId::default(), TokenHash::of(TOKEN.as_bytes()))],
    networks: Vec::new(),
});

/// Reads the bytes as a payload.
pub fn run(payload: &[u8]) {
    let safe = safe_payload(payload);
    let safe = std::str::from_utf8(&safe).expect("JSON is UTF-8");
    let request = lambda_http::request::from_str(safe).expect("lambda_http reads every guarded payload");
    let call = read_call(&request);
    check(&call, &decide(&call, &ACCESS, Timestamp::UNIX_EPOCH));
}

fn check(call: &Call<'_>, decision: &Decision) {
    let (is_ours, is_post) = (is_ours(call.path), call.method == "POST");
    match decision {
        Decision::NotFound { .. } => assert!(!is_ours),
        Decision::MethodNotAllowed { .. } => assert!(is_ours && !is_post),
        Decision::Refuse(_) => assert!(is_ours && is_post),
        Decision::Ignore { .. } => check_token(call),
        Decision::Queue(event) => {
            check_token(call);
            let json = event.message.to_json();
            assert!(json.is_ascii(), "SQS takes it");
            assert_eq!(QueueMessage::from_json(&json).expect("the worker reads it"), event.message);
            let group = queue::group_id(&event.message.appliance, &event.lsid);
            assert!(group.len() <= 128 && group.bytes().all(|byte| byte.is_ascii_graphic()), "SQS takes the group");
        }
        Decision::Quarantine(body) => {
            check_token(call);
            let json = body.to_quarantined().to_json();
            assert!(json.is_ascii(), "SQS takes it");
            assert_eq!(QueueMessage::from_json(&json).expect("it can be replayed"), body.message);
            assert!(body.message.body.len() <= BODY_BYTES_MAX.min(body.full_length));
        }
    }
}

/// The one path, in any case, whatever slashes are around it.
fn is_ours(path: &str) -> bool {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    path.starts_with('/') && matches!(names.as_slice(), [name] if name.eq_ignore_ascii_case(&PATH[1..]))
}

/// Told from the query alone, by a simpler rule than the receiver's: without the token's characters nobody gets in.
fn check_token(call: &Call<'_>) {
    let query = call.query.as_bytes().split(|byte| *byte == b'&').any(|parameter| {
        let decoded: Cow<'_, [u8]> = percent_decoded(parameter);
        decoded.ends_with(TOKEN.as_bytes())
    });
    assert!(is_ours(call.path) && call.method == "POST" && query, "let in without the token");
}

fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return text.into();
    }
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut decoded, mut at) = (Vec::new(), 0);
    while let Some(byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).expect("two digits are a byte"));
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded.into()
}

/// Without blanks between the keys, which only make the way from one to the next longer.
fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    let payloads = samples.in_folder("function-url", ".json");
    let compact = |payload: Vec<u8>| match serde_json::from_slice::<serde_json::Value>(&payload) {
        Ok(value) => value.to_string().into_bytes(),
        Err(_) => payload,
    };
    payloads.into_iter().map(compact).collect()
}
