//! A burst of 10,000 events in a minute on the receiver, with an outage of the queue in the middle and resends as the appliance
//! makes them: every event is stored once, none is lost, and every answer is one of the table.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use simulators::sqs::{EVENTS, FakeSqs, Fault, QUARANTINE};
use tokio::sync::{Mutex, Semaphore};

use crate::harness::sample;
use crate::sandbox::{Function, Invocation, Sandbox};

const EVENTS_SENT: usize = 10_000;
const WITHIN: Duration = Duration::from_secs(60);
/// Environments of the receiver; Lambda would start as many as there are calls at a time.
const RECEIVERS: usize = 4;
/// Every so many events are posted twice, as the appliance does when an answer was lost on its way.
const RESENT_EVERY: usize = 10;
/// When the queue is away, and for how long.
const OUTAGE_AFTER: Duration = Duration::from_secs(20);
const OUTAGE: Duration = Duration::from_secs(2);
/// After which an event that was not answered 200 comes again.
const RESEND_AFTER: Duration = Duration::from_secs(1);
const RESENDS_MAX: usize = 120;
/// What the template says the receiver needs, and its room; it must not depend on how much there is to do.
const MEMORY_MAX_KIB: u64 = 24 * 1024;
/// `printf %s local-token-default | sha256sum`: what the sample payload authenticates with.
const TOKEN_SHA256: &str = "5d943fbe108b8d820cbfe46a37395c050e2497998e731e704cad8114cd2b4e1b";

#[tokio::test]
#[ignore = "takes a minute and a local system's build: make prove"]
async fn burst_of_10000_events_is_stored_once_each() {
    crate::seed();
    let sqs = FakeSqs::start().await;
    let receivers = Arc::new(Receivers::start(&sqs.url).await);
    let started = Instant::now();
    let outage = async {
        tokio::time::sleep(OUTAGE_AFTER).await;
        sqs.fail(Fault::InternalError);
        tokio::time::sleep(OUTAGE).await;
        sqs.recover();
    };
    let ((), answers) = tokio::join!(outage, post_all(&receivers));
    print(started, &answers, &receivers).await;

    let stored = sqs.messages();
    let distinct: HashSet<&str> = stored.iter().map(|message| message.body.as_str()).collect();
    assert_eq!((stored.len(), distinct.len()), (EVENTS_SENT, EVENTS_SENT), "stored, of these different");
    assert!(stored.iter().all(|message| message.queue == EVENTS), "none in {QUARANTINE}");
    assert!(answers.statuses.keys().all(|status| [200, 503].contains(status)), "{:?}", answers.statuses);
    assert!(receivers.peak_memory().await < MEMORY_MAX_KIB);
}

struct Receivers {
    idle: Mutex<Vec<Sandbox>>,
    free: Semaphore,
}

impl Receivers {
    async fn start(sqs: &str) -> Self {
        let queue = |name: &str| format!("{sqs}/123456789012/{name}");
        let variables = vec![
            ("EVENTS_QUEUE_URL", queue(EVENTS)),
            ("QUARANTINE_QUEUE_URL", queue(QUARANTINE)),
            ("APPLIANCE_TOKENS", format!("default={TOKEN_SHA256}")),
            ("AWS_ENDPOINT_URL", sqs.to_owned()),
        ];
        let function = Function::new("Receiver", Duration::from_secs(5), variables);
        let mut idle = Vec::new();
        for _ in 0..RECEIVERS {
            idle.push(Sandbox::start(&function).await);
        }
        Self { idle: Mutex::new(idle), free: Semaphore::new(RECEIVERS) }
    }

    /// The status of one call, made as soon as an environment is free.
    async fn call(&self, payload: Vec<u8>) -> u64 {
        let _permit = self.free.acquire().await.unwrap();
        let mut sandbox = self.idle.lock().await.pop().expect("there are as many as permits");
        let answer = sandbox.invoke(payload).await;
        self.idle.lock().await.push(sandbox);
        match answer {
            Invocation::Answered(answer) => answer["statusCode"].as_u64().unwrap_or(0),
            Invocation::Failed => 502,
        }
    }

    /// The most memory of any of them, in KiB.
    async fn peak_memory(&self) -> u64 {
        self.idle.lock().await.iter().map(Sandbox::peak_memory).max().unwrap_or(0)
    }
}

#[derive(Default)]
struct Answers {
    statuses: BTreeMap<u64, usize>,
    /// From the moment at which a call was due to its answer.
    latencies: Vec<Duration>,
}

/// Posts every event at a random moment of the minute, and each again until it is stored.
async fn post_all(receivers: &Arc<Receivers>) -> Answers {
    let started = Instant::now();
    let mut due: Vec<Duration> = (0..EVENTS_SENT).map(|_| WITHIN.mul_f64(fastrand::f64())).collect();
    due.sort_unstable();
    let answers = Arc::new(Mutex::new(Answers::default()));
    let mut calls = Vec::new();
    for (index, due) in due.into_iter().enumerate() {
        tokio::time::sleep_until((started + due).into()).await;
        let payload = payload(index);
        for _ in 0..if index % RESENT_EVERY == 0 { 2 } else { 1 } {
            calls.push(tokio::spawn(post_until_stored(Arc::clone(receivers), payload.clone(), Arc::clone(&answers))));
        }
    }
    for call in calls {
        call.await.unwrap();
    }
    Arc::into_inner(answers).expect("all calls are over").into_inner()
}

async fn post_until_stored(receivers: Arc<Receivers>, payload: Vec<u8>, answers: Arc<Mutex<Answers>>) {
    for _ in 0..RESENDS_MAX {
        let due = Instant::now();
        let status = receivers.call(payload.clone()).await;
        let mut answers = answers.lock().await;
        *answers.statuses.entry(status).or_default() += 1;
        answers.latencies.push(due.elapsed());
        drop(answers);
        if status == 200 {
            return;
        }
        tokio::time::sleep(RESEND_AFTER).await;
    }
    panic!("an event was never stored");
}

/// The call of the session with that number, as the function URL hands it over.
fn payload(index: usize) -> Vec<u8> {
    let mut call: Value = serde_json::from_str(&sample("function-url/support_conference_end.function-url.json")).unwrap();
    let body =
        sample("outbound/support_conference_end.form").replace("7d1f0c52a9be4e6f8a3b90d4c6e21f57", &format!("{index:032x}"));
    call["body"] = body.trim_end().into();
    call["isBase64Encoded"] = false.into();
    call.to_string().into_bytes()
}

async fn print(started: Instant, answers: &Answers, receivers: &Receivers) {
    let mut latencies = answers.latencies.clone();
    latencies.sort_unstable();
    let part = |thousandth: usize| latencies[(latencies.len() - 1) * thousandth / 1000].as_secs_f64() * 1000.0;
    eprintln!("events             {EVENTS_SENT} in {:.0} s on {RECEIVERS} receivers", started.elapsed().as_secs_f64());
    eprintln!("answers            {:?}", answers.statuses);
    eprintln!(
        "answer, ms         median {:.1}, 99 % {:.1}, 99.9 % {:.1}, slowest {:.0}",
        part(500),
        part(990),
        part(999),
        part(1000)
    );
    eprintln!("peak memory of one {:.1} MiB", receivers.peak_memory().await as f64 / 1024.0);
}
