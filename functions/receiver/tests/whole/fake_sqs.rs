//! A small SQS behind real HTTP: `SendMessage` of the AWS JSON 1.0 protocol to one FIFO and one standard queue. It refuses what
//! the real one refuses of a message (vendor reference), and fails on demand.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

/// The FIFO queue.
pub(crate) const EVENTS: &str = "events.fifo";
/// The standard queue.
pub(crate) const QUARANTINE: &str = "quarantine";

const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
const ID_CHARACTERS_MAX: usize = 128;

/// A running server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct FakeSqs {
    /// Its endpoint URL.
    pub(crate) url: String,
    state: Arc<Mutex<Queues>>,
}

/// What the server does instead of its work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Answers 500.
    InternalError,
    /// Takes the request and never answers.
    Stall,
    /// Answers 500 to the next call only.
    OneInternalError,
    /// Answers as if the queue were gone.
    NoSuchQueue,
}

/// One stored message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) queue: String,
    pub(crate) body: String,
    pub(crate) group: Option<String>,
    pub(crate) trace: Option<String>,
}

#[derive(Default)]
struct Queues {
    messages: Vec<Message>,
    seen: HashSet<(String, String)>,
    refusals: Vec<&'static str>,
    calls: usize,
    fault: Option<Fault>,
}

impl FakeSqs {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(Queues::default()));
        let router = Router::new().route("/", post(call)).with_state(Arc::clone(&state));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, state }
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.state.lock().unwrap().fault = Some(fault);
    }

    pub(crate) fn recover(&self) {
        self.state.lock().unwrap().fault = None;
    }

    /// Everything that was stored, in order.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.state.lock().unwrap().messages.clone()
    }

    /// Why calls were refused, in order.
    pub(crate) fn refusals(&self) -> Vec<&'static str> {
        self.state.lock().unwrap().refusals.clone()
    }

    /// How many calls came in, whatever became of them.
    pub(crate) fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }
}

async fn call(State(state): State<Arc<Mutex<Queues>>>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = {
        let mut queues = state.lock().unwrap();
        queues.calls += 1;
        let fault = queues.fault;
        if fault == Some(Fault::OneInternalError) {
            queues.fault = None;
        }
        fault
    };
    match fault {
        Some(Fault::Stall) => std::future::pending().await,
        Some(Fault::InternalError | Fault::OneInternalError) => {
            (StatusCode::INTERNAL_SERVER_ERROR, r#"{"__type":"com.amazonaws.sqs#InternalFailure"}"#).into_response()
        }
        Some(Fault::NoSuchQueue) => refusal("QueueDoesNotExist"),
        None => {
            let mut queues = state.lock().unwrap();
            match queues.take(&headers, &body) {
                Ok(answer) => answer.into_response(),
                Err(code) => {
                    queues.refusals.push(code);
                    refusal(code)
                }
            }
        }
    }
}

fn refusal(code: &str) -> Response {
    let body = json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": "refused" }).to_string();
    (StatusCode::BAD_REQUEST, [("content-type", "application/x-amz-json-1.0")], body).into_response()
}

impl Queues {
    fn take(&mut self, headers: &HeaderMap, body: &[u8]) -> Result<impl IntoResponse + use<>, &'static str> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if header("x-amz-target") != "AmazonSQS.SendMessage" || header("content-type") != "application/x-amz-json-1.0" {
            return Err("UnknownOperationException");
        }
        if !header("authorization").starts_with("AWS4-HMAC-SHA256 ") {
            return Err("MissingAuthenticationToken");
        }
        let call: Value = serde_json::from_slice(body).map_err(|_| "SerializationException")?;
        let text = |name: &str| call[name].as_str().map(str::to_owned);
        let queue = text("QueueUrl").and_then(|url| url.rsplit('/').next().map(str::to_owned)).unwrap_or_default();
        let body = text("MessageBody").filter(|body| !body.is_empty()).ok_or("MissingParameter")?;
        if body.len() > MESSAGE_BYTES_MAX {
            return Err("InvalidParameterValue");
        }
        if !body.chars().all(is_xml_character) {
            return Err("InvalidMessageContents");
        }
        let (group, deduplication_id) = (text("MessageGroupId"), text("MessageDeduplicationId"));
        let is_duplicate = match queue.as_str() {
            EVENTS => {
                let group = group.as_deref().ok_or("MissingParameter")?;
                let id = deduplication_id.as_deref().ok_or("InvalidParameterValue")?;
                if !is_id(group) || !is_id(id) {
                    return Err("InvalidParameterValue");
                }
                // Duplicates count per group, as the template says.
                !self.seen.insert((group.to_owned(), id.to_owned()))
            }
            QUARANTINE if deduplication_id.is_some() => return Err("InvalidParameterValue"),
            QUARANTINE => false,
            _ => return Err("QueueDoesNotExist"),
        };
        let trace = call["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].as_str().map(str::to_owned);
        if !is_duplicate {
            self.messages.push(Message { queue, body, group, trace });
        }
        let answer = json!({ "MessageId": "00000000-0000-4000-8000-000000000001", "MD5OfMessageBody": "invented" }).to_string();
        Ok(([("content-type", "application/x-amz-json-1.0")], answer))
    }
}

fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn is_id(id: &str) -> bool {
    (1..=ID_CHARACTERS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
