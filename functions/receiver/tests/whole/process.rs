//! The real binary against an emulated Lambda: one process, one call after the other.

use std::io::Read as _;
use std::process::{Command, ExitStatus, Stdio};

use lambda::{Invocation, Sandbox, TRACE};
use serde_json::Value;
use simulators::sqs::FakeSqs;

use crate::{PATIENCE, TOKEN, changed, payload, setting};

/// The receiver's process, ended with the test.
pub(crate) struct Process(Sandbox);

impl Process {
    pub(crate) async fn start(sqs: &str) -> Self {
        Self::start_with(sqs, &[]).await
    }

    async fn start_with(sqs: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_receiver"));
        command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).envs(lambda::variables("receiver"));
        let names = ["EVENTS_QUEUE_URL", "QUARANTINE_QUEUE_URL", "APPLIANCE_TOKENS", "AWS_ENDPOINT_URL"];
        command.envs(names.map(|name| (name, setting(name, sqs).unwrap()))).envs(settings.iter().copied());
        Self(Sandbox::start(&mut command).await.unwrap())
    }

    /// What the function answers to this payload; that it answers at all is deliberate in each test.
    async fn raw_answer(&mut self, payload: Vec<u8>) -> Value {
        match self.0.invoke(payload, PATIENCE).await {
            Invocation::Answered(answer) => serde_json::from_slice(&answer).unwrap(),
            Invocation::Failed(error) => panic!("no deliberate answer: {error}"),
        }
    }

    /// Status and body of that answer.
    pub(crate) async fn answer(&mut self, payload: Vec<u8>) -> (u64, String) {
        let answer = self.raw_answer(payload).await;
        assert_eq!(answer["isBase64Encoded"], false);
        (answer["statusCode"].as_u64().unwrap(), answer["body"].as_str().unwrap_or_default().to_owned())
    }

    /// Ends the process, which must still be running; its lines.
    pub(crate) fn end(mut self) -> Vec<Value> {
        assert!(self.0.process().try_wait().unwrap().is_none(), "the process has ended by itself");
        self.0.process().kill().unwrap();
        let (_, lines, errors) = self.ended();
        assert_eq!(errors, "", "nothing but lines on stdout");
        lines
    }

    /// Waits until the process has ended: its status, its lines, and what else it said.
    fn ended(mut self) -> (ExitStatus, Vec<Value>, String) {
        let process = self.0.process();
        let (mut lines, mut errors) = (String::new(), String::new());
        process.stdout.take().unwrap().read_to_string(&mut lines).unwrap();
        process.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")));
        (process.wait().unwrap(), lines.collect(), errors)
    }
}

#[tokio::test]
async fn one_process_answers_broken_payloads_and_the_good_one_after_them() {
    let odd = |pointer: &str, value: &str| changed("support_conference_end", &[(pointer, value.into())]);
    let broken: [(Vec<u8>, (u64, &str)); 10] = [
        (payload("broken-base64"), (200, "quarantined")),
        (payload("wrong-token-and-broken-base64"), (401, "")),
        (b"{".to_vec(), (404, "")),
        (b"".to_vec(), (404, "")),
        (b"\xff".to_vec(), (404, "")),
        (br#"{"key1":"value1"}"#.to_vec(), (404, "")),
        (odd("/headers/host", "[ not a host"), (200, "queued")),
        (odd("/headers/accept", "two\r\nlines"), (200, "queued")),
        (odd("/rawQueryString", "appliance=<default>"), (401, "")),
        (odd("/rawQueryString", &"x".repeat(100_000)), (401, "")),
    ];
    let sqs = FakeSqs::start().await;
    let mut process = Process::start(&sqs.url).await;
    for (index, (payload, (status, body))) in broken.iter().enumerate() {
        assert_eq!(process.answer(payload.clone()).await, (*status, (*body).to_owned()), "payload {index}");
    }
    assert_eq!(process.answer(payload("support_conference_begin")).await, (200, "queued".to_owned()));
    let printed: u64 = process.end().iter().filter_map(|line| line["calls"].as_u64()).sum();
    // Four strangers in one minute at an unknown path: the fourth doubles, so nothing of them is left unprinted.
    assert_eq!(printed, broken.len() as u64 + 1);
}

#[tokio::test]
async fn each_answer_reaches_lambda_as_it_is_in_the_table() {
    let names = ["support_conference_end", "unknown-event", "multipart", "empty-body", "get", "other-path", "missing-token"];
    let sqs = FakeSqs::start().await;
    let mut process = Process::start(&sqs.url).await;
    let mut answers = Vec::new();
    for name in names {
        answers.push(format!("{name}: {}", process.raw_answer(payload(name)).await));
    }
    insta::assert_snapshot!(answers.join("\n"));
    let outcomes: Vec<String> =
        process.end().iter().map(|line| line["outcome"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(outcomes, ["queued", "ignored", "queued", "quarantined", "method_not_allowed", "not_found", "refused"]);
}

#[tokio::test]
async fn body_of_6_mb_does_not_end_the_process() {
    let body = format!("event=support_conference_end&lsid=7d1f&x={}", "x".repeat(6 * 1024 * 1024));
    let large = changed("support_conference_end", &[("/body", body.as_str().into()), ("/isBase64Encoded", false.into())]);
    let sqs = FakeSqs::start().await;
    let mut process = Process::start(&sqs.url).await;
    assert_eq!(process.answer(large).await, (200, "quarantined".to_owned()));
    assert_eq!(process.answer(payload("support_conference_end")).await, (200, "queued".to_owned()));
    process.end();
}

#[tokio::test]
async fn connection_is_opened_before_the_first_call_and_its_trace_goes_with_the_event() {
    let sqs = FakeSqs::start().await;
    let mut process = Process::start(&sqs.url).await;
    assert_eq!(process.answer(payload("support_conference_end")).await, (200, "queued".to_owned()));
    assert_eq!((sqs.refusals(), sqs.calls()), (vec!["MissingParameter"], 2));
    assert_eq!(sqs.messages()[0].trace.as_deref(), Some(TRACE));
    process.end();
}

#[tokio::test]
async fn start_without_sqs_is_a_start_and_calls_get_503() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut process = Process::start(&format!("http://{nobody}")).await;
    assert_eq!(process.answer(payload("support_conference_end")).await, (503, "unavailable".to_owned()));
    assert_eq!(process.answer(payload("unknown-event")).await, (200, "ignored".to_owned()));
    let lines = process.end();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["level"], &lines[0]["message"]), (&"WARN".into(), &"no connection to SQS yet".into()));
    assert_eq!((&lines[1]["outcome"], &lines[1]["cause"]), (&"unavailable".into(), &"connection".into()));
}

#[tokio::test]
async fn even_at_debug_no_line_holds_token_body_or_credentials() {
    let names = ["support_conference_end", "wrong-token", "malformed-no-event", "broken-base64"];
    let sqs = FakeSqs::start().await;
    let mut process = Process::start_with(&sqs.url, &[("LOG_LEVEL", "debug"), ("RUST_LOG", "trace")]).await;
    for name in names {
        process.answer(payload(name)).await;
    }
    for line in process.end() {
        for secret in [TOKEN, "not-the-token", "T20250318.0042", "external_key", "AKIDEXAMPLE", "invented", "ZXZlbnQ9"] {
            assert!(!line.to_string().contains(secret), "{line}");
        }
    }
}

#[tokio::test]
async fn bad_item_is_told_at_the_start_and_the_other_appliances_are_served() {
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let tokens = format!("acme={nothing},without.token=,{},other=the-token-itself", setting("APPLIANCE_TOKENS", "").unwrap());
    let sqs = FakeSqs::start().await;
    let of_acme = changed("support_conference_end", &[("/rawQueryString", "appliance=acme&outbound_event_token=".into())]);
    let mut process = Process::start_with(&sqs.url, &[("APPLIANCE_TOKENS", &tokens), ("LOG_LEVEL", "error")]).await;
    assert_eq!(process.answer(payload("support_conference_end")).await, (200, "queued".to_owned()));
    assert_eq!(process.answer(of_acme).await, (401, String::new()));
    let lines = process.end();
    let told = lines.iter().filter(|line| line["tokens_left_out"] == 1);
    let told: Vec<String> = told.map(|line| format!("{}: {}", line["appliance"], line["cause"])).collect();
    assert_eq!(told, [r#""acme": "hash_of_nothing""#, r#""without.token": "no_hash""#, r#""other": "not_a_hash""#]);
    assert!(!format!("{lines:?}").contains("the-token-itself"));
}

#[tokio::test]
async fn without_one_usable_item_it_runs_and_refuses_everything_loudly() {
    let sqs = FakeSqs::start().await;
    let mut process = Process::start_with(&sqs.url, &[("APPLIANCE_TOKENS", "default=")]).await;
    assert_eq!(process.answer(payload("support_conference_end")).await, (401, String::new()));
    assert_eq!(process.answer(payload("wrong-token")).await, (401, String::new()));
    let lines = process.end();
    assert_eq!(lines.iter().filter(|line| line["level"] == "ERROR").count(), 2, "{lines:?}");
}

#[tokio::test]
async fn strangers_are_all_counted_in_few_lines() {
    const CALLS: u64 = 32;
    let sqs = FakeSqs::start().await;
    let mut process = Process::start(&sqs.url).await;
    for _ in 0..CALLS {
        assert_eq!(process.answer(payload("wrong-token")).await, (401, String::new()));
    }
    let lines = process.end();
    let refusals: Vec<&Value> = lines.iter().filter(|line| line["outcome"] == "refused").collect();
    assert_eq!(refusals.iter().map(|line| line["calls"].as_u64().unwrap()).sum::<u64>(), CALLS);
    assert!(refusals.len() < 12, "{refusals:?}");
    assert_eq!(refusals[0]["source_address"], "198.51.100.20");
}

#[tokio::test]
async fn wrong_setting_stops_the_start_and_is_named_without_its_value() {
    let process = Process::start_with("http://127.0.0.1:1", &[("ALLOWED_SOURCE_CIDRS", "some-address")]).await;
    let (status, lines, _) = tokio::task::spawn_blocking(|| process.ended()).await.unwrap();
    assert!(!status.success());
    let error = lines.iter().find_map(|line| line["error"].as_str()).unwrap();
    assert!(error.contains("ALLOWED_SOURCE_CIDRS"), "{lines:?}");
    assert!(!format!("{lines:?}").contains("some-address"));
}
