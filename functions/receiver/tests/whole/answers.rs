//! Every row of the table of answers, through `lambda_http`'s decoding to the queues.

use std::collections::BTreeMap;

use jiff::Timestamp;
use queue::QueueMessage;
use receiver::Receiver;
use receiver::access::Access;
use receiver::config::Config;
use receiver::enqueue::Queues;
use receiver::log_line::{LogLine, NAMESPACE};
use serde_json::{Value, json};
use session::Origin;
use simulators::sqs::{EVENTS, FakeSqs, Fault, QUARANTINE};
use telemetry::{Level, Log};

use crate::{PATIENCE, TOKEN, changed, events, outbound, payload, setting};

fn now() -> Timestamp {
    "2025-03-18T13:27:21Z".parse().unwrap()
}

fn receiver_with(sqs: &str, change: impl FnOnce(&mut Access)) -> Receiver {
    let mut config = Config::from_variables(|variable| setting(variable, sqs)).unwrap();
    change(&mut config.access);
    let sdk_config =
        aws::Environment::from_variables(|variable| setting(variable, sqs)).unwrap().sdk_config(&aws::Timeouts::RECEIVER);
    Receiver::new(config.access, Queues::new(&sdk_config, config.events_queue_url, config.quarantine_queue_url))
}

pub(crate) fn receiver(sqs: &str) -> Receiver {
    receiver_with(sqs, |_| {})
}

/// An answer as the appliance sees it, and the log line about it.
pub(crate) struct Answer {
    status: u16,
    body: String,
    headers: Vec<String>,
    line: LogLine,
}

impl Answer {
    pub(crate) fn shown(&self) -> (u16, &str) {
        (self.status, self.body.as_str())
    }

    fn cause(&self) -> &str {
        self.line.cause.as_deref().unwrap_or_default()
    }
}

pub(crate) async fn post(receiver: &Receiver, payload: &[u8]) -> Answer {
    let safe = receiver::function_url::safe_payload(payload);
    let request = lambda_http::request::from_str(std::str::from_utf8(&safe).unwrap()).unwrap();
    let (response, line) = tokio::time::timeout(PATIENCE, receiver.handle(&request, now())).await.expect("an answer");
    Answer {
        status: response.status().as_u16(),
        body: String::from_utf8(response.body().to_vec()).unwrap(),
        headers: response.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect(),
        line,
    }
}

/// What each sample of `events/function-url` is answered; a sample that is not listed is a known event.
fn expected(name: &str) -> (u16, &'static str) {
    match name {
        "other-path" => (404, ""),
        "get" => (405, ""),
        "wrong-token" | "missing-token" | "unknown-appliance" | "wrong-token-and-broken-base64" => (401, ""),
        "unknown-event" => (200, "ignored"),
        "broken-base64" | "empty-body" | "absent-body" | "json-plain" | "multipart-truncated" => (200, "quarantined"),
        name if name.starts_with("malformed-") => (200, "quarantined"),
        _ => (200, "queued"),
    }
}

fn sample_names() -> Vec<String> {
    let files = std::fs::read_dir(events().join("function-url")).unwrap();
    let mut names: Vec<String> = files
        .filter_map(|file| Some(file.unwrap().file_name().into_string().ok()?.strip_suffix(".function-url.json")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() > 30, "the samples are there");
    names
}

#[tokio::test]
async fn every_sample_gets_the_answer_of_its_row_and_is_stored_where_it_says() {
    for name in sample_names() {
        let sqs = FakeSqs::start().await;
        let answer = post(&receiver(&sqs.url), &payload(&name)).await;
        assert_eq!(answer.shown(), expected(&name), "{name}");
        let queues: Vec<String> = sqs.messages().into_iter().map(|message| message.queue).collect();
        let stored: &[&str] = match answer.body.as_str() {
            "queued" => &[EVENTS],
            "quarantined" => &[QUARANTINE],
            _ => &[],
        };
        assert_eq!(queues, stored, "{name}");
        assert!(sqs.refusals().is_empty(), "{name}: {:?}", sqs.refusals());
    }
}

#[tokio::test]
async fn every_sample_is_503_when_nothing_can_be_stored_unless_there_is_nothing_to_store() {
    let receiver = receiver(&closed_port().await);
    for name in sample_names() {
        let answer = post(&receiver, &payload(&name)).await;
        let expected = match expected(&name) {
            (200, "queued" | "quarantined") => (503, "unavailable"),
            other => other,
        };
        assert_eq!(answer.shown(), expected, "{name}");
    }
}

#[tokio::test]
async fn refusals_look_alike_and_only_the_log_tells_them_apart() {
    let sqs = FakeSqs::start().await;
    let open = receiver(&sqs.url);
    let closed = receiver_with(&sqs.url, |access| access.networks = vec!["203.0.113.0/24".parse().unwrap()]);
    let tokenless = receiver_with(&sqs.url, |access| access.tokens.clear());
    let query = |query: &str| changed("support_conference_end", &[("/rawQueryString", query.into())]);
    let answers = [
        ("wrong_token", post(&open, &payload("wrong-token")).await),
        ("wrong_token", post(&open, &payload("wrong-token-and-broken-base64")).await),
        ("missing_token", post(&open, &payload("missing-token")).await),
        ("missing_token", post(&open, &query("")).await),
        ("unknown_appliance", post(&open, &payload("unknown-appliance")).await),
        ("unknown_appliance", post(&open, &query("appliance=%F0%9F%92%A9")).await),
        ("without_token", post(&tokenless, &payload("support_conference_end")).await),
        ("repeated_parameter", post(&open, &query(&format!("outbound_event_token={TOKEN}&outbound_event_token={TOKEN}"))).await),
        ("source_address", post(&closed, &payload("support_conference_end")).await),
    ];
    for (cause, answer) in &answers {
        assert_eq!((answer.shown(), answer.headers.as_slice()), ((401, ""), &[][..]), "{cause}");
        assert_eq!(answer.cause(), *cause);
        assert_eq!(answer.line.source_address, "198.51.100.20".parse().ok(), "{cause}");
    }
    assert_eq!(sqs.calls(), 0);
}

#[tokio::test]
async fn right_token_at_the_wrong_path_or_method_is_counted_apart_and_a_strangers_is_not() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    for (pointer, value, status) in [("/rawPath", "/ERSPosts", 404), ("/requestContext/http/method", "GET", 405)] {
        let authentic = post(&receiver, &changed("support_conference_end", &[(pointer, value.into())])).await;
        assert_eq!((authentic.status, authentic.cause()), (status, "authentic"));
        assert_eq!(authentic.line.appliance, "default".parse().ok());
        let stranger = post(&receiver, &changed("wrong-token", &[(pointer, value.into())])).await;
        assert_eq!((stranger.status, stranger.cause(), &stranger.line.appliance), (status, "", &None));
        assert_eq!((stranger.body, stranger.headers), (authentic.body, authentic.headers), "both look alike outside");
    }
    assert_eq!(sqs.calls(), 0);
}

#[tokio::test]
async fn path_as_the_old_plugin_took_it_is_taken() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    for path in ["/erspost", "/ERSPost/", "//ERSPost"] {
        let answer = post(&receiver, &changed("support_conference_end", &[("/rawPath", path.into())])).await;
        assert_eq!(answer.shown(), (200, "queued"), "{path}");
    }
}

#[tokio::test]
async fn allowed_source_address_is_let_in() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver_with(&sqs.url, |access| access.networks = vec!["198.51.100.0/24".parse().unwrap()]);
    assert_eq!(post(&receiver, &payload("support_conference_end")).await.shown(), (200, "queued"));
    // What the caller claims in a header counts for nothing.
    let claimed = [("/requestContext/http/sourceIp", json!("203.0.113.9")), ("/headers/x-forwarded-for", json!("198.51.100.20"))];
    assert_eq!(post(&receiver, &changed("support_conference_end", &claimed)).await.shown(), (401, ""));
}

#[tokio::test]
async fn stored_event_is_the_raw_body_with_its_group() {
    let sqs = FakeSqs::start().await;
    post(&receiver(&sqs.url), &payload("support_conference_end")).await;
    let [message] = &sqs.messages()[..] else { panic!("not one message") };
    let stored = QueueMessage::from_json(&message.body).unwrap();
    let body = outbound("support_conference_end.form");
    assert_eq!(stored, QueueMessage { appliance: "default".parse().unwrap(), received_at: now(), origin: Origin::Event, body });
    assert_eq!(message.group.as_deref(), Some("default:7d1f0c52a9be4e6f8a3b90d4c6e21f57"));
}

#[tokio::test]
async fn plain_and_base64_body_are_one_event_and_so_is_a_resend() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    for name in ["support_conference_end", "support_conference_end-plain", "support_conference_end", "appliance-not-named"] {
        assert_eq!(post(&receiver, &payload(name)).await.shown(), (200, "queued"), "{name}");
    }
    assert_eq!((sqs.calls(), sqs.messages().len()), (4, 1));
}

#[tokio::test]
async fn different_events_of_a_session_stay_different_events() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    for name in ["support_conference_end", "support_conference_customer_exit_survey_completed", "support_conference_begin"] {
        post(&receiver, &payload(name)).await;
    }
    assert_eq!(sqs.messages().len(), 3);
}

#[tokio::test]
async fn quarantine_keeps_the_raw_body_the_reason_and_each_resend() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    for _ in 0..2 {
        post(&receiver, &payload("malformed-bad-lsid")).await;
    }
    let [first, second] = &sqs.messages()[..] else { panic!("not two messages") };
    assert_eq!(first.body, second.body);
    assert_eq!(QueueMessage::from_json(&first.body).unwrap().body, outbound("malformed-bad-lsid.form"));
    let message: Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(message["full_length"], outbound("malformed-bad-lsid.form").len());
    assert!(message["reason"].as_str().unwrap().contains("lsid"), "{message}");
}

#[tokio::test]
async fn broken_base64_is_kept_as_it_came() {
    let sqs = FakeSqs::start().await;
    let answer = post(&receiver(&sqs.url), &payload("broken-base64")).await;
    assert_eq!((answer.shown(), answer.cause()), ((200, "quarantined"), "undecodable"));
    let sent: Value = serde_json::from_slice(&payload("broken-base64")).unwrap();
    let kept = QueueMessage::from_json(&sqs.messages()[0].body).unwrap().body;
    assert_eq!(kept, sent["body"].as_str().unwrap().as_bytes());
}

#[tokio::test]
async fn body_of_6_mb_is_put_aside_in_part() {
    let sqs = FakeSqs::start().await;
    let body = format!("event=support_conference_end&lsid=7d1f&x={}", "x".repeat(6 * 1024 * 1024));
    let payload = changed("support_conference_end", &[("/body", body.as_str().into()), ("/isBase64Encoded", false.into())]);
    let answer = post(&receiver(&sqs.url), &payload).await;
    assert_eq!((answer.shown(), answer.cause()), ((200, "quarantined"), "too_long"));
    assert_eq!(answer.line.body_bytes, Some(body.len()));
    let message: Value = serde_json::from_str(&sqs.messages()[0].body).unwrap();
    assert_eq!(message["full_length"], body.len());
    assert_eq!(message["body"].as_str().unwrap(), &body[..128 * 1024]);
}

#[tokio::test]
async fn largest_readable_body_fits_into_the_queue_whatever_its_bytes_are() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    for filling in ["x", "\\", "\u{0}", "\u{fffe}"] {
        let mut body = "event=support_conference_end&lsid=7d1f&x=".to_owned();
        while body.len() + filling.len() <= receiver::decide::BODY_BYTES_MAX {
            body.push_str(filling);
        }
        let payload = changed("support_conference_end", &[("/body", body.as_str().into()), ("/isBase64Encoded", false.into())]);
        assert_eq!(post(&receiver, &payload).await.shown(), (200, "queued"), "{filling:?}");
        let stored = sqs.messages().pop().unwrap();
        assert_eq!(QueueMessage::from_json(&stored.body).unwrap().body, body.as_bytes());
    }
}

#[tokio::test]
async fn trace_goes_on_through_both_queues() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    post(&receiver, &payload("support_conference_end")).await;
    post(&receiver, &payload("malformed-no-event")).await;
    let traces: Vec<Option<String>> = sqs.messages().into_iter().map(|message| message.trace).collect();
    assert_eq!(traces, vec![Some("Root=1-67d97439-0123456789abcdef01234567".to_owned()); 2]);
}

#[tokio::test]
async fn nonsense_in_the_trace_header_costs_no_event() {
    let sqs = FakeSqs::start().await;
    let payload = changed("support_conference_end", &[("/headers/x-amzn-trace-id", json!("Root=\u{fffe}"))]);
    assert_eq!(post(&receiver(&sqs.url), &payload).await.shown(), (200, "queued"));
    assert_eq!(sqs.messages()[0].trace, None);
}

/// An address at which nobody listens.
async fn closed_port() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn dead_queue_is_503_and_says_so() {
    let answer = post(&receiver(&closed_port().await), &payload("support_conference_end")).await;
    assert_eq!((answer.shown(), answer.cause()), ((503, "unavailable"), "connection"));
    assert_eq!(answer.line.lsid.unwrap().as_str(), "7d1f0c52a9be4e6f8a3b90d4c6e21f57");
}

#[tokio::test]
async fn stalled_queue_is_503_and_not_waited_for() {
    let sqs = FakeSqs::start().await;
    sqs.fail(Fault::Stall);
    for name in ["support_conference_end", "malformed-no-event"] {
        let answer = post(&receiver(&sqs.url), &payload(name)).await;
        assert_eq!((answer.shown(), answer.cause()), ((503, "unavailable"), "timeout"), "{name}");
    }
}

#[tokio::test]
async fn failing_queue_is_503_after_a_second_attempt() {
    let sqs = FakeSqs::start().await;
    sqs.fail(Fault::InternalError);
    let answer = post(&receiver(&sqs.url), &payload("support_conference_end")).await;
    assert_eq!((answer.shown(), answer.cause()), ((503, "unavailable"), "InternalFailure"));
    assert_eq!(sqs.calls(), 2);
}

#[tokio::test]
async fn one_hiccup_of_the_queue_is_not_seen_outside() {
    let sqs = FakeSqs::start().await;
    sqs.fail(Fault::OneInternalError);
    assert_eq!(post(&receiver(&sqs.url), &payload("support_conference_end")).await.shown(), (200, "queued"));
    assert_eq!((sqs.calls(), sqs.messages().len()), (2, 1));
}

#[tokio::test]
async fn missing_queue_is_503_and_named() {
    let sqs = FakeSqs::start().await;
    sqs.fail(Fault::NoSuchQueue);
    let answer = post(&receiver(&sqs.url), &payload("support_conference_end")).await;
    assert_eq!((answer.shown(), answer.cause()), ((503, "unavailable"), "QueueDoesNotExist"));
}

#[tokio::test]
async fn event_that_was_503_is_stored_when_it_comes_again() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    sqs.fail(Fault::InternalError);
    assert_eq!(post(&receiver, &payload("support_conference_end")).await.status, 503);
    sqs.recover();
    assert_eq!(post(&receiver, &payload("support_conference_end")).await.shown(), (200, "queued"));
    assert_eq!(sqs.messages().len(), 1);
}

#[tokio::test]
async fn warm_up_stores_nothing_and_is_refused_for_what_it_lacks() {
    let sqs = FakeSqs::start().await;
    let config =
        aws::Environment::from_variables(|variable| setting(variable, &sqs.url)).unwrap().sdk_config(&aws::Timeouts::RECEIVER);
    let url = |variable| setting(variable, &sqs.url).unwrap();
    let queues = Queues::new(&config, url("EVENTS_QUEUE_URL"), url("QUARANTINE_QUEUE_URL"));
    assert_eq!(queues.warm_up().await, Ok(()));
    assert_eq!((sqs.refusals(), sqs.messages().len()), (vec!["MissingParameter"], 0));
    sqs.fail(Fault::Stall);
    assert_eq!(queues.warm_up().await.unwrap_err().cause(), "timeout");
}

#[tokio::test]
async fn log_lines_hold_no_token_no_body_and_no_name() {
    let sqs = FakeSqs::start().await;
    let receiver = receiver(&sqs.url);
    let log = Log::new(NAMESPACE, "receiver", Level::DEBUG);
    let mut outcomes = BTreeMap::new();
    for name in sample_names() {
        let payload = payload(&name);
        let line = post(&receiver, &payload).await.line.to_line().to_json(&log, now());
        for secret in [
            "local-token",
            "not-the-token",
            "outbound_event_token",
            "T20250318",
            "nobody_knows",
            "external_key=",
            "name=",
            "1742304440",
        ] {
            assert!(!line.contains(secret), "{name}: {line}");
        }
        let value: Value = serde_json::from_str(&line).unwrap();
        for member in value.as_object().unwrap().keys() {
            assert!(ALLOWED_MEMBERS.contains(&member.as_str()), "{name}: {line}");
        }
        *outcomes.entry(value["outcome"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(outcomes.len(), 6, "{outcomes:?}");
}

const ALLOWED_MEMBERS: [&str; 12] = [
    "_aws",
    "function",
    "outcome",
    "cause",
    "calls",
    "level",
    "message",
    "appliance",
    "event",
    "lsid",
    "source_address",
    "body_bytes",
];
