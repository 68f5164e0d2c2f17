//! From an HTTP request to a vendor's answer: finds the tenant, serves the control paths that both simulators have, counts
//! concurrent calls, does the faults and writes the call log.
//!
//! The walk of a vendor call: counted in -> refused if too many at once -> fault chosen -> (delay) -> effect -> answer, or
//! whatever the fault makes of it -> logged -> counted out. The effect itself is one synchronous step under the tenant's lock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, Response, header};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::calls::{CallLog, LoggedCall};
use super::clock::Clock;
use super::exchange::{Answer, Call};
use super::fault::{Fault, FaultAction, FaultPlan};
use super::locked;
use super::wire::Wire;

/// Largest request body: an attachment of 7 MB in base64 inside JSON, and room to exceed the vendor's limits.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most tenants in one process. They are never removed; a test run makes a few hundred.
const TENANTS_MAX: usize = 20_000;
/// Longest tenant name.
const TENANT_NAME_MAX: usize = 64;

/// One simulated vendor: the state of one tenant, and what it does with a call.
pub(crate) trait Vendor: Send + 'static {
    /// A tenant as every test finds it.
    fn with_default_data(now: Timestamp) -> Self;

    /// What the call is about, for the call log and the limit on concurrent calls.
    fn subject(&self, call: &Call) -> Subject;

    /// The refusal of a call that is one too many at once, if it is.
    fn refuse_crowd(&self, subject: &Subject, concurrent: usize) -> Option<Answer>;

    /// Does the call and answers it.
    fn answer(&mut self, call: &Call, now: Timestamp) -> Answer;

    /// Answers a control call of this vendor; `segments` are the parts of the path below `_sim`.
    fn control(&mut self, call: &Call, segments: &[&str], now: Timestamp) -> Answer;
}

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The vendor's entity, report or action.
    pub(crate) entity: String,
    /// Something to tell calls apart by, never a secret.
    pub(crate) detail: Option<String>,
}

/// One tenant.
struct Tenant<V> {
    vendor: V,
    clock: Clock,
    faults: FaultPlan,
    log: CallLog,
    under_way: HashMap<String, usize>,
}

impl<V: Vendor> Tenant<V> {
    fn new() -> Self {
        let clock = Clock::default();
        Self {
            vendor: V::with_default_data(clock.now()),
            clock,
            faults: FaultPlan::default(),
            log: CallLog::default(),
            under_way: HashMap::new(),
        }
    }
}

type SharedTenant<V> = Arc<Mutex<Tenant<V>>>;

/// All tenants of one simulator.
pub(crate) struct Gateway<V> {
    tenants: Mutex<HashMap<String, SharedTenant<V>>>,
}

impl<V> Default for Gateway<V> {
    fn default() -> Self {
        Self { tenants: Mutex::default() }
    }
}

impl<V: Vendor> Gateway<V> {
    /// The tenant of this name, made on first use.
    fn tenant(&self, name: &str) -> Result<SharedTenant<V>, Answer> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > TENANT_NAME_MAX || !name.bytes().all(plain) {
            return Err(Answer::control_refused("a tenant is named by up to 64 letters, digits, - or _"));
        }
        let mut tenants = locked(&self.tenants);
        if tenants.len() >= TENANTS_MAX && !tenants.contains_key(name) {
            return Err(Answer::control_refused("too many tenants in this process"));
        }
        let tenant = tenants.entry(name.to_owned()).or_insert_with(|| Arc::new(Mutex::new(Tenant::new())));
        Ok(Arc::clone(tenant))
    }
}

/// Serves one request, whatever it is.
pub(crate) async fn serve<V: Vendor>(
    State(gateway): State<Arc<Gateway<V>>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Response<Body> {
    let request_on_connection = wire.count_request();
    let answer = match read_call(request).await {
        Err(refusal) => refusal,
        Ok((name, call)) => match gateway.tenant(&name) {
            Err(refusal) => refusal,
            Ok(tenant) => match control_segments(&call.path) {
                Some(segments) => control(&mut locked(&tenant), &call, &segments),
                None => vendor_call(tenant, call, wire, request_on_connection).await,
            },
        },
    };
    answer.into_response()
}

/// Splits `/t/<tenant>/<path>` and reads the body.
async fn read_call(request: Request) -> Result<(String, Call), Answer> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let below = path.strip_prefix("/t/").ok_or_else(|| Answer::text(404, "every path begins with /t/<tenant>/"))?;
    let (tenant, path) = below.split_once('/').unwrap_or((below, ""));
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Answer::empty(413))?;
    let call = Call {
        method: parts.method.clone(),
        path: format!("/{path}"),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        tenant_url: format!("http://{host}/t/{tenant}"),
        headers: parts.headers,
        body,
    };
    Ok((tenant.to_owned(), call))
}

/// The parts of a control path below `_sim`; none for a vendor path.
fn control_segments(path: &str) -> Option<Vec<&str>> {
    let below = path.strip_prefix("/_sim/")?;
    Some(below.split('/').filter(|part| !part.is_empty()).collect())
}

/// A call that has been counted in; counts itself out when it is over or its client has gone.
struct Seat<V: Vendor> {
    tenant: SharedTenant<V>,
    entity: String,
    concurrency: usize,
}

impl<V: Vendor> Seat<V> {
    fn take(tenant: &SharedTenant<V>, entity: &str) -> Self {
        let mut inner = locked(tenant);
        let count = inner.under_way.entry(entity.to_owned()).or_default();
        *count += 1;
        Self { tenant: Arc::clone(tenant), entity: entity.to_owned(), concurrency: *count }
    }
}

impl<V: Vendor> Drop for Seat<V> {
    fn drop(&mut self) {
        if let Some(count) = locked(&self.tenant).under_way.get_mut(&self.entity) {
            *count = count.saturating_sub(1);
        }
    }
}

/// A vendor call on its way through.
struct Passage<V: Vendor> {
    tenant: SharedTenant<V>,
    call: Call,
    wire: Wire,
    subject: Subject,
    seat: Seat<V>,
    request_on_connection: u64,
}

async fn vendor_call<V: Vendor>(tenant: SharedTenant<V>, call: Call, wire: Wire, request_on_connection: u64) -> Answer {
    let subject = locked(&tenant).vendor.subject(&call);
    let seat = Seat::take(&tenant, &subject.entity);
    let passage = Passage { tenant, call, wire, subject, seat, request_on_connection };
    if let Some(refusal) = passage.refused_as_one_too_many() {
        return passage.log(refusal, None);
    }
    let fault = locked(&passage.tenant).faults.take(&passage.call);
    match fault {
        Some(FaultAction::Stall { milliseconds }) => passage.stall(milliseconds).await,
        // In a task of its own: a client that hangs up cannot stop what the server has begun.
        fault => {
            let passing = tokio::spawn(passage.pass(fault));
            passing.await.unwrap_or_else(|_| Answer::text(500, "the simulator panicked; its stderr says where"))
        }
    }
}

impl<V: Vendor> Passage<V> {
    fn refused_as_one_too_many(&self) -> Option<Answer> {
        locked(&self.tenant).vendor.refuse_crowd(&self.subject, self.seat.concurrency)
    }

    /// The effect of the call and the true answer.
    fn effect(&self) -> Answer {
        let mut tenant = locked(&self.tenant);
        let now = tenant.clock.now();
        tenant.vendor.answer(&self.call, now)
    }

    /// Brings a call to its end, faults included. The one place that carries faults out, except stalls.
    async fn pass(self, fault: Option<FaultAction>) -> Answer {
        let name = fault.as_ref().map(FaultAction::name);
        match fault {
            None => {
                let answer = self.effect();
                self.log(answer, name)
            }
            Some(FaultAction::Delay { milliseconds }) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                let answer = self.effect();
                self.log(answer, name)
            }
            Some(FaultAction::Reset) => self.broken_by_reset(name),
            Some(FaultAction::AnswerLost { reset }) => {
                self.effect();
                if reset { self.broken_by_reset(name) } else { self.closed_after(Vec::new(), name) }
            }
            Some(FaultAction::LateEffect { milliseconds }) => {
                let late = (Arc::clone(&self.tenant), self.call.clone());
                tokio::spawn(effect_later(late, milliseconds));
                self.broken_by_reset(name)
            }
            Some(FaultAction::Status { status, headers, body }) => {
                self.log(Answer { status, headers: headers.into_iter().collect(), body: body.into_bytes() }, name)
            }
            Some(FaultAction::StatusAfterEffect { status, headers, body }) => {
                self.effect();
                self.log(Answer { status, headers: headers.into_iter().collect(), body: body.into_bytes() }, name)
            }
            Some(FaultAction::Garbage) => {
                let mut answer = self.effect();
                answer.body = b"\x00\xff{\"items\": <session_list> \xc3\x28".to_vec();
                self.log(answer, name)
            }
            Some(FaultAction::HalfBody) => {
                let half = self.effect().first_half_on_the_wire();
                self.closed_after(half, name)
            }
            Some(FaultAction::Redirect { status, location }) => {
                let headers = vec![("location".to_owned(), location)];
                self.log(Answer { status, headers, body: Vec::new() }, name)
            }
            Some(FaultAction::Stall { milliseconds }) => self.stall(milliseconds).await,
        }
    }

    /// Holds the call without effect. Not in a task of its own: its seat becomes free when the client hangs up.
    async fn stall(self, milliseconds: u64) -> Answer {
        self.write_log(None, Some("stall"));
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        self.wire.reset();
        Answer::empty(200)
    }

    fn broken_by_reset(self, fault: Option<&'static str>) -> Answer {
        self.write_log(None, fault);
        self.wire.reset();
        Answer::empty(200)
    }

    fn closed_after(self, last_words: Vec<u8>, fault: Option<&'static str>) -> Answer {
        self.write_log(None, fault);
        self.wire.close_after(last_words);
        Answer::empty(200)
    }

    fn log(self, answer: Answer, fault: Option<&'static str>) -> Answer {
        self.write_log(Some(answer.status), fault);
        answer
    }

    fn write_log(&self, status: Option<u16>, fault: Option<&'static str>) {
        let mut tenant = locked(&self.tenant);
        let at = tenant.clock.now();
        tenant.log.record(LoggedCall {
            number: 0,
            at,
            method: self.call.method.to_string(),
            path: self.call.path.clone(),
            entity: self.subject.entity.clone(),
            detail: self.subject.detail.clone(),
            status,
            concurrency: self.seat.concurrency,
            fault,
            request_on_connection: self.request_on_connection,
        });
    }
}

/// What a server still does with a call whose client has long gone.
async fn effect_later<V: Vendor>((tenant, call): (SharedTenant<V>, Call), milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    let mut tenant = locked(&tenant);
    let now = tenant.clock.now();
    tenant.vendor.answer(&call, now);
}

/// How to set a clock: `PUT _sim/clock`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ClockOrder {
    /// Stop at this moment.
    StopAt(Timestamp),
    /// Move forward by seconds.
    Advance(i64),
    /// Real time again.
    Real,
}

/// Serves the control paths that both simulators have; leaves the rest to the vendor.
fn control<V: Vendor>(tenant: &mut Tenant<V>, call: &Call, segments: &[&str]) -> Answer {
    let done = || Answer::json(200, &json!({}));
    match (&call.method, segments) {
        (&Method::POST, ["reset"]) => {
            let under_way = std::mem::take(&mut tenant.under_way);
            *tenant = Tenant { under_way, ..Tenant::new() };
            done()
        }
        (&Method::POST, ["faults"]) => match call.control_json::<Fault>() {
            Ok(fault) => Answer::json(200, &json!({ "id": tenant.faults.add(fault) })),
            Err(refusal) => refusal,
        },
        (&Method::GET, ["faults"]) => Answer::json(200, &json!({ "faults": tenant.faults.rules() })),
        (&Method::DELETE, ["faults"]) => {
            tenant.faults.clear();
            done()
        }
        (&Method::GET, ["calls"]) => Answer::json(200, &json!({ "calls": tenant.log.calls() })),
        (&Method::DELETE, ["calls"]) => {
            tenant.log = CallLog::default();
            done()
        }
        (&Method::GET, ["counters"]) => Answer::json(200, &tenant.log.counters()),
        (&Method::GET, ["clock"]) => Answer::json(200, &clock_state(tenant.clock)),
        (&Method::PUT, ["clock"]) => match call.control_json::<ClockOrder>() {
            Ok(order) => {
                tenant.clock = match order {
                    ClockOrder::StopAt(moment) => Clock::Stopped(moment),
                    ClockOrder::Advance(seconds) => tenant.clock.advanced(SignedDuration::from_secs(seconds)),
                    ClockOrder::Real => Clock::Real,
                };
                Answer::json(200, &clock_state(tenant.clock))
            }
            Err(refusal) => refusal,
        },
        _ => {
            let now = tenant.clock.now();
            tenant.vendor.control(call, segments, now)
        }
    }
}

fn clock_state(clock: Clock) -> Value {
    json!({ "now": clock.now(), "stopped": matches!(clock, Clock::Stopped(_)) })
}
