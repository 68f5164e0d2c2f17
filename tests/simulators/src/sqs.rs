//! A small SQS behind real HTTP, for tests without a local system: sending, looking, hiding and deleting in the AWS JSON 1.0
//! protocol, to three queues. It refuses what the real one refuses of a message and of a receipt (vendor reference), hands out
//! FIFO groups as the real one does, and fails on demand.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::serving::locked;

/// The FIFO queue of events.
pub const EVENTS: &str = "events.fifo";
/// The standard queue of what is malformed.
pub const QUARANTINE: &str = "quarantine";
/// The FIFO queue of what was given up.
pub const DEAD_LETTERS: &str = "dead-letters.fifo";

const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
const ID_CHARACTERS_MAX: usize = 128;
const RECEIVED_AT_ONCE_MAX: u64 = 10;

/// A running server; it ends with the test's runtime.
#[derive(Clone)]
pub struct FakeSqs {
    /// Its endpoint URL.
    pub url: String,
    state: Arc<Mutex<Queues>>,
}

/// What the server does instead of its work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
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
pub struct Message {
    /// The last part of its queue's URL.
    pub queue: String,
    /// Its text.
    pub body: String,
    /// Its message group.
    pub group: Option<String>,
    /// The trace that it carries on.
    pub trace: Option<String>,
    /// Its attribute `reason`.
    pub reason: Option<String>,
    /// The queue's id of it.
    pub id: String,
    receives: u64,
    hidden_until: Option<Instant>,
}

impl Message {
    fn receipt(&self) -> String {
        format!("{}/{}", self.id, self.receives)
    }

    /// Whether nobody else can receive it just now.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.hidden_until.is_some_and(|until| until > Instant::now())
    }
}

#[derive(Default)]
struct Queues {
    messages: Vec<Message>,
    sent: usize,
    seen: HashSet<(String, String)>,
    refusals: Vec<&'static str>,
    calls: usize,
    fault: Option<Fault>,
}

impl FakeSqs {
    /// A server with empty queues, on a port of its own.
    ///
    /// # Panics
    ///
    /// When no port is left.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(Queues::default()));
        let router = Router::new().route("/", post(call)).with_state(Arc::clone(&state));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// The URL of one of its queues.
    #[must_use]
    pub fn queue_url(&self, queue: &str) -> String {
        format!("{}/123456789012/{queue}", self.url)
    }

    /// From now on this goes wrong.
    pub fn fail(&self, fault: Fault) {
        locked(&self.state).fault = Some(fault);
    }

    /// All is well again.
    pub fn recover(&self) {
        locked(&self.state).fault = None;
    }

    /// Everything that is stored, in order.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        locked(&self.state).messages.clone()
    }

    /// Why calls were refused, in order.
    #[must_use]
    pub fn refusals(&self) -> Vec<&'static str> {
        locked(&self.state).refusals.clone()
    }

    /// How many calls came in, whatever became of them.
    #[must_use]
    pub fn calls(&self) -> usize {
        locked(&self.state).calls
    }
}

async fn call(State(state): State<Arc<Mutex<Queues>>>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = {
        let mut queues = locked(&state);
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
            let mut queues = locked(&state);
            match queues.answer(&headers, &body) {
                Ok(answer) => ([("content-type", "application/x-amz-json-1.0")], answer.to_string()).into_response(),
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
    fn answer(&mut self, headers: &HeaderMap, body: &[u8]) -> Result<Value, &'static str> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if header("content-type") != "application/x-amz-json-1.0" {
            return Err("UnknownOperationException");
        }
        if !header("authorization").starts_with("AWS4-HMAC-SHA256 ") {
            return Err("MissingAuthenticationToken");
        }
        let call: Value = serde_json::from_slice(body).map_err(|_| "SerializationException")?;
        match header("x-amz-target") {
            "AmazonSQS.SendMessage" => self.send(&call),
            "AmazonSQS.ReceiveMessage" => self.receive(&call),
            "AmazonSQS.DeleteMessage" => self.delete(&call),
            "AmazonSQS.ChangeMessageVisibility" => self.hide(&call, &call).map(|()| json!({})),
            "AmazonSQS.ChangeMessageVisibilityBatch" => self.hide_all(&call),
            _ => Err("UnknownOperationException"),
        }
    }

    fn send(&mut self, call: &Value) -> Result<Value, &'static str> {
        let text = |name: &str| call[name].as_str().map(str::to_owned);
        let queue = queue_of(call);
        let body = text("MessageBody").filter(|body| !body.is_empty()).ok_or("MissingParameter")?;
        if body.len() > MESSAGE_BYTES_MAX {
            return Err("InvalidParameterValue");
        }
        if !body.chars().all(is_xml_character) {
            return Err("InvalidMessageContents");
        }
        let (group, deduplication_id) = (text("MessageGroupId"), text("MessageDeduplicationId"));
        let is_duplicate = match queue.as_str() {
            EVENTS | DEAD_LETTERS => {
                let group = group.as_deref().ok_or("MissingParameter")?;
                let id = deduplication_id.as_deref().ok_or("InvalidParameterValue")?;
                if !is_id(group) || !is_id(id) {
                    return Err("InvalidParameterValue");
                }
                // Duplicates count per group, as the template says.
                !self.seen.insert((format!("{queue}/{group}"), id.to_owned()))
            }
            QUARANTINE if deduplication_id.is_some() => return Err("InvalidParameterValue"),
            QUARANTINE => false,
            _ => return Err("QueueDoesNotExist"),
        };
        self.sent += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.sent);
        if !is_duplicate {
            let string = |attribute: &Value| attribute["StringValue"].as_str().map(str::to_owned);
            let trace = string(&call["MessageSystemAttributes"]["AWSTraceHeader"]);
            let reason = string(&call["MessageAttributes"]["reason"]);
            self.messages.push(Message { queue, body, group, trace, reason, id: id.clone(), receives: 0, hidden_until: None });
        }
        Ok(json!({ "MessageId": id, "MD5OfMessageBody": "invented" }))
    }

    /// Of a FIFO queue, nothing of a group of which somebody has a message.
    fn receive(&mut self, call: &Value) -> Result<Value, &'static str> {
        let queue = queue_of(call);
        let count = call["MaxNumberOfMessages"].as_u64().unwrap_or(1);
        if !(1..=RECEIVED_AT_ONCE_MAX).contains(&count) {
            return Err("InvalidParameterValue");
        }
        let seconds = call["VisibilityTimeout"].as_u64().unwrap_or(30);
        let hidden = self.messages.iter().filter(|message| message.queue == queue && message.is_hidden());
        let locked: HashSet<String> = hidden.filter_map(|message| message.group.clone()).collect();
        let is_free = |message: &Message| {
            let is_locked = message.group.as_ref().is_some_and(|group| locked.contains(group));
            message.queue == queue && !message.is_hidden() && !is_locked
        };
        let mut received = Vec::new();
        for message in self.messages.iter_mut().filter(|message| is_free(message)).take(usize::try_from(count).unwrap_or(0)) {
            message.receives += 1;
            message.hidden_until = Some(Instant::now() + Duration::from_secs(seconds));
            let mut attributes =
                json!({ "SentTimestamp": "1742304441000", "ApproximateReceiveCount": message.receives.to_string() });
            if let Some(group) = &message.group {
                attributes["MessageGroupId"] = group.as_str().into();
            }
            received.push(json!({
                "MessageId": message.id, "ReceiptHandle": message.receipt(), "Body": message.body, "MD5OfBody": "invented",
                "Attributes": attributes,
                "MessageAttributes": message.reason.as_ref().map(|reason| {
                    json!({ "reason": { "DataType": "String", "StringValue": reason } })
                }),
            }));
        }
        Ok(json!({ "Messages": received }))
    }

    /// With the receipt of its last receipt, and of a FIFO queue only as long as it is hidden.
    fn delete(&mut self, call: &Value) -> Result<Value, &'static str> {
        let index = self.held(call, call)?;
        self.messages.remove(index);
        Ok(json!({}))
    }

    fn hide_all(&mut self, call: &Value) -> Result<Value, &'static str> {
        let entries = call["Entries"].as_array().ok_or("EmptyBatchRequest")?;
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            match self.hide(call, entry) {
                Ok(()) => done.push(json!({ "Id": entry["Id"] })),
                Err(code) => failed.push(json!({ "Id": entry["Id"], "Code": code, "SenderFault": true })),
            }
        }
        Ok(json!({ "Successful": done, "Failed": failed }))
    }

    fn hide(&mut self, call: &Value, entry: &Value) -> Result<(), &'static str> {
        let index = self.held(call, entry)?;
        let seconds = entry["VisibilityTimeout"].as_u64().unwrap_or(0);
        self.messages[index].hidden_until = (seconds > 0).then(|| Instant::now() + Duration::from_secs(seconds));
        Ok(())
    }

    fn held(&self, call: &Value, entry: &Value) -> Result<usize, &'static str> {
        let (queue, receipt) = (queue_of(call), entry["ReceiptHandle"].as_str().ok_or("MissingParameter")?);
        let is_it = |message: &Message| message.queue == queue && message.receipt() == receipt;
        let index = self.messages.iter().position(is_it).ok_or("ReceiptHandleIsInvalid")?;
        let message = &self.messages[index];
        if message.group.is_some() && !message.is_hidden() { Err("InvalidParameterValue") } else { Ok(index) }
    }
}

fn queue_of(call: &Value) -> String {
    call["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned()
}

fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn is_id(id: &str) -> bool {
    (1..=ID_CHARACTERS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
