//! The public door: a function URL to which the appliance posts its outbound events.
//!
//! It checks who calls, parses, stores the raw body in a queue and answers. It writes no ticket, asks no neighbour and reads
//! no secret; all that it may do in AWS is send to two queues. Every call gets one of these answers, and no other:
//!
//! | what arrives | answer | body | stored in |
//! |---|---|---|---|
//! | another path; no POST | 404; 405 | | nowhere |
//! | token wrong or missing, unknown appliance, source address not allowed | 401 | | nowhere |
//! | authentic, well-formed, known event | 200 | `queued` | events queue |
//! | authentic, well-formed, event unknown to us | 200 | `ignored` | nowhere |
//! | authentic, malformed | 200 | `quarantined` | quarantine queue |
//! | to be stored, but the queue does not take it | 503, within 2 s | `unavailable` | nowhere |
//!
//! The way of a call: [`function_url`] makes the payload safe for `lambda_http`; `lambda_http` makes a request of it;
//! [`Receiver::handle`] has [`decide()`] decide, has [`enqueue`] store, and gives [`answer`] and [`log_line`]. Of strangers' lines
//! [`strangers`] lets few through. Only `main.rs` prints and reads the clock, only [`config`] the environment.

pub mod access;
pub mod answer;
pub mod body;
pub mod config;
pub mod decide;
pub mod enqueue;
pub mod function_url;
pub mod log_line;
pub mod network;
pub mod strangers;

use std::net::IpAddr;

use jiff::Timestamp;
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt, Response};
use queue::{QueueError, TraceHeader};

use crate::access::{Access, Refusal};
use crate::answer::Outcome;
use crate::decide::{Call, Decision, QuarantinedBody, QueuedEvent, decide};
use crate::enqueue::Queues;
use crate::log_line::{AUTHENTIC, LogLine};

/// The header in which `lambda_http` puts the trace of the invocation (in place of the caller's own, if Lambda traces).
const TRACE_ID: &str = "x-amzn-trace-id";

/// Answers calls.
#[derive(Debug, Clone)]
pub struct Receiver {
    access: Access,
    queues: Queues,
}

impl Receiver {
    /// A receiver that lets in by `access` and stores in `queues`.
    #[must_use]
    pub const fn new(access: Access, queues: Queues) -> Self {
        Self { access, queues }
    }

    /// The answer to a call, and the line to be logged about it. By then everything is stored that the answer promises.
    pub async fn handle(&self, request: &Request, now: Timestamp) -> (Response<lambda_http::Body>, LogLine) {
        let call = read_call(request);
        let trace = header(request, TRACE_ID).and_then(TraceHeader::read);
        let line = match decide(&call, &self.access, now) {
            Decision::NotFound { appliance } => astray(Outcome::NotFound, appliance),
            Decision::MethodNotAllowed { appliance } => astray(Outcome::MethodNotAllowed, appliance),
            Decision::Refuse(refusal) => refused(&refusal, call.source),
            Decision::Ignore { appliance, name } => ignored(appliance, name),
            Decision::Queue(event) => queued(&event, self.queues.store_event(&event, trace.as_ref()).await),
            Decision::Quarantine(body) => quarantined(&body, self.queues.store_malformed(&body, trace.as_ref()).await),
        };
        (line.outcome.response(), line)
    }
}

/// The call in a request, as far as anything depends on it.
#[must_use]
pub fn read_call(request: &Request) -> Call<'_> {
    Call {
        method: request.method().as_str(),
        path: request.raw_http_path(),
        query: request.uri().query().unwrap_or_default(),
        source: source_address(request),
        content_type: header(request, CONTENT_TYPE.as_str()),
        body: function_url::body_of(request),
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The address as Lambda saw it. Not the header `x-forwarded-for`, of which the caller can write the beginning.
fn source_address(request: &Request) -> Option<IpAddr> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

/// A call that is no POST to our path; of an appliance, if its token is right.
fn astray(outcome: Outcome, appliance: Option<session::ApplianceId>) -> LogLine {
    LogLine { cause: appliance.is_some().then(|| AUTHENTIC.to_owned()), appliance, ..LogLine::new(outcome) }
}

fn refused(refusal: &Refusal, source_address: Option<IpAddr>) -> LogLine {
    LogLine {
        cause: Some(refusal.cause().to_owned()),
        appliance: refusal.appliance().cloned(),
        source_address,
        ..LogLine::new(Outcome::Refused)
    }
}

fn ignored(appliance: session::ApplianceId, name: String) -> LogLine {
    LogLine { cause: Some(name), appliance: Some(appliance), ..LogLine::new(Outcome::Ignored) }
}

fn queued(event: &QueuedEvent, stored: Result<(), QueueError>) -> LogLine {
    LogLine {
        appliance: Some(event.message.appliance.clone()),
        event: Some(event.kind.name()),
        lsid: Some(event.lsid.clone()),
        ..match stored {
            Ok(()) => LogLine::new(Outcome::Queued),
            Err(error) => LogLine { cause: Some(error.cause().to_owned()), ..LogLine::new(Outcome::Unavailable) },
        }
    }
}

fn quarantined(body: &QuarantinedBody, stored: Result<(), QueueError>) -> LogLine {
    let (outcome, cause) = match stored {
        Ok(()) => (Outcome::Quarantined, body.reason.cause().to_owned()),
        Err(error) => (Outcome::Unavailable, error.cause().to_owned()),
    };
    LogLine {
        cause: Some(cause),
        appliance: Some(body.message.appliance.clone()),
        body_bytes: Some(body.full_length),
        ..LogLine::new(outcome)
    }
}
