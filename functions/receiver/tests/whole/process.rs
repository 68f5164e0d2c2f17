//! The real binary against an emulated Lambda: one process, one call after the other.

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use simulators::sqs::FakeSqs;

use crate::fake_lambda::{FakeLambda, Result, TRACE};
use crate::{TOKEN, changed, payload, setting};

/// The receiver's process, ended with the test.
struct Process(Option<Child>);

impl Process {
    fn start(lambda: &FakeLambda, sqs: &str) -> Self {
        Self::start_with(lambda, sqs, &[])
    }

    fn start_with(lambda: &FakeLambda, sqs: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_receiver"));
        command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        let names = [
            "EVENTS_QUEUE_URL",
            "QUARANTINE_QUEUE_URL",
            "APPLIANCE_TOKENS",
            "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ENDPOINT_URL",
        ];
        command.envs(names.map(|name| (name, setting(name, sqs).unwrap())));
        command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512").env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
        command.env("AWS_LAMBDA_RUNTIME_API", &lambda.address).envs(settings.iter().copied());
        Self(Some(command.spawn().unwrap()))
    }

    /// Ends the process, which must still be running; its lines.
    fn end(mut self) -> Vec<Value> {
        let mut child = self.0.take().unwrap();
        assert!(child.try_wait().unwrap().is_none(), "the process has ended by itself");
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "nothing but lines on stdout");
        lines(&output)
    }

    /// Waits for a process that ends by itself.
    fn ended(mut self) -> Output {
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
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
    let mut payloads: Vec<Vec<u8>> = broken.iter().map(|(payload, _)| payload.clone()).collect();
    payloads.push(payload("support_conference_begin"));
    let mut lambda = FakeLambda::start(payloads).await;
    let process = Process::start(&lambda, &sqs.url);
    for (index, (_, (status, body))) in broken.iter().enumerate() {
        assert_eq!(lambda.answer().await, (*status, (*body).to_owned()), "payload {index}");
    }
    assert_eq!(lambda.answer().await, (200, "queued".to_owned()));
    let printed: u64 = process.end().iter().filter_map(|line| line["calls"].as_u64()).sum();
    // Four strangers in one minute at an unknown path: the fourth doubles, so nothing of them is left unprinted.
    assert_eq!(printed, broken.len() as u64 + 1);
}

#[tokio::test]
async fn each_answer_reaches_lambda_as_it_is_in_the_table() {
    let names = ["support_conference_end", "unknown-event", "multipart", "empty-body", "get", "other-path", "missing-token"];
    let sqs = FakeSqs::start().await;
    let mut lambda = FakeLambda::start(names.map(payload).into()).await;
    let process = Process::start(&lambda, &sqs.url);
    let mut answers = Vec::new();
    for name in names {
        match lambda.result().await {
            Result::Response(answer) => answers.push(format!("{name}: {answer}")),
            Result::Error(error) => panic!("{name}: no deliberate answer: {error}"),
        }
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
    let mut lambda = FakeLambda::start(vec![large, payload("support_conference_end")]).await;
    let process = Process::start(&lambda, &sqs.url);
    assert_eq!(lambda.answer().await, (200, "quarantined".to_owned()));
    assert_eq!(lambda.answer().await, (200, "queued".to_owned()));
    process.end();
}

#[tokio::test]
async fn connection_is_opened_before_the_first_call_and_its_trace_goes_with_the_event() {
    let sqs = FakeSqs::start().await;
    let mut lambda = FakeLambda::start(vec![payload("support_conference_end")]).await;
    let process = Process::start(&lambda, &sqs.url);
    assert_eq!(lambda.answer().await, (200, "queued".to_owned()));
    assert_eq!((sqs.refusals(), sqs.calls()), (vec!["MissingParameter"], 2));
    assert_eq!(sqs.messages()[0].trace.as_deref(), Some(TRACE));
    process.end();
}

#[tokio::test]
async fn start_without_sqs_is_a_start_and_calls_get_503() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut lambda = FakeLambda::start(vec![payload("support_conference_end"), payload("unknown-event")]).await;
    let process = Process::start(&lambda, &format!("http://{nobody}"));
    assert_eq!(lambda.answer().await, (503, "unavailable".to_owned()));
    assert_eq!(lambda.answer().await, (200, "ignored".to_owned()));
    let lines = process.end();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["level"], &lines[0]["message"]), (&"WARN".into(), &"no connection to SQS yet".into()));
    assert_eq!((&lines[1]["outcome"], &lines[1]["cause"]), (&"unavailable".into(), &"connection".into()));
}

#[tokio::test]
async fn even_at_debug_no_line_holds_token_body_or_credentials() {
    let names = ["support_conference_end", "wrong-token", "malformed-no-event", "broken-base64"];
    let sqs = FakeSqs::start().await;
    let mut lambda = FakeLambda::start(names.map(payload).into()).await;
    let process = Process::start_with(&lambda, &sqs.url, &[("LOG_LEVEL", "debug"), ("RUST_LOG", "trace")]);
    for _ in names {
        lambda.result().await;
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
    let mut lambda = FakeLambda::start(vec![payload("support_conference_end"), of_acme]).await;
    let process = Process::start_with(&lambda, &sqs.url, &[("APPLIANCE_TOKENS", &tokens), ("LOG_LEVEL", "error")]);
    assert_eq!(lambda.answer().await, (200, "queued".to_owned()));
    assert_eq!(lambda.answer().await, (401, String::new()));
    let lines = process.end();
    let told = lines.iter().filter(|line| line["tokens_left_out"] == 1);
    let told: Vec<String> = told.map(|line| format!("{}: {}", line["appliance"], line["cause"])).collect();
    assert_eq!(told, [r#""acme": "hash_of_nothing""#, r#""without.token": "no_hash""#, r#""other": "not_a_hash""#]);
    assert!(!format!("{lines:?}").contains("the-token-itself"));
}

#[tokio::test]
async fn without_one_usable_item_it_runs_and_refuses_everything_loudly() {
    let sqs = FakeSqs::start().await;
    let mut lambda = FakeLambda::start(vec![payload("support_conference_end"), payload("wrong-token")]).await;
    let process = Process::start_with(&lambda, &sqs.url, &[("APPLIANCE_TOKENS", "default=")]);
    assert_eq!(lambda.answer().await, (401, String::new()));
    assert_eq!(lambda.answer().await, (401, String::new()));
    let lines = process.end();
    assert_eq!(lines.iter().filter(|line| line["level"] == "ERROR").count(), 2, "{lines:?}");
}

#[tokio::test]
async fn strangers_are_all_counted_in_few_lines() {
    const CALLS: u64 = 32;
    let sqs = FakeSqs::start().await;
    let calls = (0..CALLS).map(|_| payload("wrong-token")).collect();
    let mut lambda = FakeLambda::start(calls).await;
    let process = Process::start(&lambda, &sqs.url);
    for _ in 0..CALLS {
        assert_eq!(lambda.answer().await, (401, String::new()));
    }
    let lines = process.end();
    let refusals: Vec<&Value> = lines.iter().filter(|line| line["outcome"] == "refused").collect();
    assert_eq!(refusals.iter().map(|line| line["calls"].as_u64().unwrap()).sum::<u64>(), CALLS);
    assert!(refusals.len() < 12, "{refusals:?}");
    assert_eq!(refusals[0]["source_address"], "198.51.100.20");
}

#[tokio::test]
async fn wrong_setting_stops_the_start_and_is_named_without_its_value() {
    let lambda = FakeLambda::start(Vec::new()).await;
    let settings = [("ALLOWED_SOURCE_CIDRS", "some-address")];
    let process = Process::start_with(&lambda, "http://127.0.0.1:1", &settings);
    let output = tokio::task::spawn_blocking(|| process.ended()).await.unwrap();
    assert!(!output.status.success());
    let lines = lines(&output);
    let error = lines.iter().find_map(|line| line["error"].as_str()).unwrap();
    assert!(error.contains("ALLOWED_SOURCE_CIDRS"), "{lines:?}");
    assert!(!format!("{lines:?}").contains("some-address"));
}
