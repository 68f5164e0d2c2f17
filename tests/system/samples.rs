//! Every sample of `events/queue`, as `cargo lambda invoke worker --data-file` hands it to the real binary: it is answered what
//! `events/README.md` promises for all of them, and its records come to the ends that its line promises.
//!
//! The process is one of our own, so that what it prints is about these samples alone; all that it is told is what the deployed worker is
//! told. The samples are about the appliance `default`, which no other test uses.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use lambda::{Invocation, Sandbox};
use serde_json::Value;
use simulators::{ApplianceTenant, AutotaskTenant, promises};

use crate::harness::sample;
use crate::local_aws::{self, system};

const APPLIANCE: &str = "default";
/// The sessions of the samples, and the report of each.
const REPORTS: [(&str, &str); 2] =
    [("7d1f0c52a9be4e6f8a3b90d4c6e21f57", "reports/printer.xml"), ("5b8e21d7c4f94a06b1d3e97250ac68f4", "reports/non-latin.xml")];
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Lines that are not about a record.
const BESIDES: [&str; 2] = ["budget", "notice"];

#[tokio::test]
async fn every_sample_of_the_queue_is_answered_as_its_line_promises() {
    let log = system().state.join("samples-worker.log");
    let mut worker = start_worker(&log).await;
    for promise in promises::of("queue") {
        forget_everything().await;
        let lines_before = outcomes(&log).len();
        let Invocation::Answered(answer) = worker.invoke(promise.payload, TIME_LIMIT).await else {
            panic!("{}: no answer; see {}", promise.name, log.display());
        };
        assert_eq!(String::from_utf8_lossy(&answer), r#"{"batchItemFailures":[]}"#, "{}", promise.name);
        assert_eq!(outcomes(&log)[lines_before..].join(", "), promise.answer, "{}", promise.name);
    }
}

async fn start_worker(log: &Path) -> Sandbox {
    let output = File::create(log).unwrap();
    let mut command = Command::new(system().state.join("build/Worker/bootstrap"));
    command.env_clear().envs(lambda::variables("worker")).envs(local_aws::function_environment("worker").await);
    command.env("AWS_REGION", &system().region).env("AWS_ENDPOINT_URL", &system().endpoint);
    command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
    Sandbox::start(&mut command).await.unwrap()
}

/// Each sample is a first one: for the ledger, and for both neighbours.
async fn forget_everything() {
    local_aws::forget(APPLIANCE).await;
    AutotaskTenant::at(&system().simulators.autotask, APPLIANCE).reset().await;
    let appliance = ApplianceTenant::at(&system().simulators.appliance, APPLIANCE);
    appliance.reset().await;
    for (lsid, report) in REPORTS {
        appliance.put_session(lsid, &sample(report)).await;
    }
}

/// How each record came to its end, as the worker's lines say it.
fn outcomes(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let outcomes = lines.filter_map(|line| Some(line["outcome"].as_str()?.to_owned()));
    outcomes.filter(|outcome| !BESIDES.contains(&outcome.as_str())).collect()
}
