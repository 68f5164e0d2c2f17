//! Lines of the functions' logs, made by the functions' own code: the receiver's by calling it, the worker's by what prints them.

use aws::Timeouts;
use delivery::NoticeSubject;
use jiff::{SignedDuration, Timestamp};
use poller::log_line::{Task, failed_line};
use queue::QueueMessage;
use receiver::Receiver;
use receiver::config::{Config, LeftOut};
use receiver::enqueue::Queues;
use receiver::function_url::safe_payload;
use receiver::log_line::left_out_line;
use receiver::strangers::Strangers;
use serde_json::{Value, json};
use session::{EventKind, Origin, OutboundEvent};
use telemetry::{Level, Line, Log};
use worker::log_line::{notice_line, notification_failed_line, panicked_line};
use worker::outcome_line::{Identity, waits_line};
use worker::silence::{Silent, silence_line};

const TOKEN: &str = "local-token-default";
/// `printf %s local-token-default | sha256sum`
const TOKEN_SHA256: &str = "5d943fbe108b8d820cbfe46a37395c050e2497998e731e704cad8114cd2b4e1b";

/// When the first line of each story is printed: at the beginning of an hour, and so of every alarm's period.
pub(crate) fn start() -> Timestamp {
    "2025-03-18T14:00:00Z".parse().unwrap()
}

/// What the receiver prints when these payloads come, ten seconds apart. Nobody answers for its queues.
pub(crate) async fn of_receiver(payloads: &[Value]) -> Vec<String> {
    let config = Config::from_variables(setting).unwrap();
    let sdk_config = aws::Environment::from_variables(setting).unwrap().sdk_config(&Timeouts::RECEIVER);
    let queues = Queues::new(&sdk_config, config.events_queue_url, config.quarantine_queue_url);
    let receiver = Receiver::new(config.access, queues);
    let mut strangers = Strangers::default();
    let mut lines = Vec::new();
    let mut now = start();
    for payload in payloads {
        let safe = safe_payload(payload.to_string().as_bytes());
        let request = lambda_http::request::from_str(std::str::from_utf8(&safe).unwrap()).unwrap();
        let (_, line) = receiver.handle(&request, now).await;
        // At the level that says least: what is counted must be there all the same.
        lines.extend(strangers.lines(line, now).iter().map(|line| line.to_line().to_json(&log_of_receiver(), now)));
        now += SignedDuration::from_secs(10);
    }
    lines
}

fn setting(variable: &str) -> Option<String> {
    // A port at which nobody listens: it is reserved, and below those that are given out.
    let nobody = "http://127.0.0.1:1";
    let value = match variable {
        "EVENTS_QUEUE_URL" => format!("{nobody}/123456789012/events.fifo"),
        "QUARANTINE_QUEUE_URL" => format!("{nobody}/123456789012/quarantine"),
        "APPLIANCE_TOKENS" => format!("default={TOKEN_SHA256},acme="),
        "AWS_REGION" => "eu-central-1".to_owned(),
        "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE".to_owned(),
        "AWS_SECRET_ACCESS_KEY" => "invented".to_owned(),
        "AWS_ENDPOINT_URL" => nobody.to_owned(),
        _ => return None,
    };
    Some(value)
}

fn log_of_receiver() -> Log {
    Log::new(receiver::log_line::NAMESPACE, "Receiver", Level::ERROR)
}

/// What a process prints at its start when one item of its list is bad.
pub(crate) fn of_a_start_with_a_bad_token() -> Vec<String> {
    let left_out: Vec<LeftOut> = Config::from_variables(setting).unwrap().left_out;
    left_out.iter().map(|left_out| left_out_line(left_out).to_json(&log_of_receiver(), start())).collect()
}

/// A call of the function URL with the right token.
pub(crate) fn call(body: &str) -> Value {
    json!({
        "rawPath": "/ERSPost",
        "rawQueryString": format!("appliance=default&outbound_event_token={TOKEN}"),
        "headers": { "content-type": "application/x-www-form-urlencoded" },
        "requestContext": { "http": { "method": "POST", "sourceIp": "198.51.100.20" } },
        "body": body,
        "isBase64Encoded": false,
    })
}

/// The same with another value at that JSON pointer.
pub(crate) fn changed(mut call: Value, pointer: &str, value: &str) -> Value {
    *call.pointer_mut(pointer).unwrap() = value.into();
    call
}

/// An event that cannot be stored, as nobody answers for the queues.
pub(crate) fn event() -> Value {
    call("event=support_conference_end&lsid=7d1f0c52a9be4e6f8a3b90d4c6e21f57")
}

/// What is authentic, and nothing to store or to worry about.
pub(crate) fn unknown_event() -> Value {
    call("event=support_conference_renamed&lsid=7d1f0c52a9be4e6f8a3b90d4c6e21f57")
}

/// A line of the worker, as it is printed at the first moment of the story, at the level that says least.
fn of_worker(line: &Line) -> Vec<String> {
    let log = Log::new(worker::log_line::NAMESPACE, "Worker", Level::ERROR);
    vec![line.to_json(&log, start())]
}

/// A notice of that subject.
pub(crate) fn notice(subject: NoticeSubject) -> Vec<String> {
    of_worker(&notice_line(&appliance(), subject))
}

/// That the topic did not take a notice.
pub(crate) fn notification_failed() -> Vec<String> {
    of_worker(&notification_failed_line(&appliance(), "no answer"))
}

/// That an appliance could not be polled, turn after turn within an hour.
pub(crate) fn polls_fail(turns: i64) -> Vec<String> {
    let log = Log::new(poller::log_line::NAMESPACE, "Poller", Level::ERROR);
    let source = session::Failure::NotTaken { what: "no connection".into(), throttled: false, retry_after: None };
    let line = failed_line(&appliance(), Task::Poll, &source.into());
    (0..turns).map(|turn| line.to_json(&log, start() + SignedDuration::from_secs(10 * turn))).collect()
}

/// A defect.
pub(crate) fn panicked() -> Vec<String> {
    of_worker(&panicked_line(None))
}

/// That so many appliances are silent.
pub(crate) fn silence(appliances: usize) -> Vec<String> {
    of_worker(&silence_line(&vec![Silent { appliance: appliance(), last_event_at: start() }; appliances]))
}

/// That an event waits which came so long ago.
pub(crate) fn waits(since: SignedDuration) -> Vec<String> {
    let event = OutboundEvent {
        kind: EventKind::SupportConferenceEnd,
        lsid: "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap(),
        timestamp: None,
        external_key: None,
        member: None,
    };
    let received_at = start() - since;
    let queued = QueueMessage { appliance: appliance(), received_at, origin: Origin::Event, body: Vec::new() };
    of_worker(&waits_line(&Identity::new(&queued, &event), start(), "on_hold", start()))
}

fn appliance() -> session::ApplianceId {
    session::ApplianceId::default()
}
