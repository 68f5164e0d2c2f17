//! The binary as `make up` runs it: it tells where it listens, serves, and ends when asked to.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use simulators::{ApplianceTenant, AutotaskTenant};

fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulators"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test]
async fn binary_serves_both_simulators_until_terminated() {
    let mut process = start(&["--appliance", "127.0.0.1:0", "--autotask", "127.0.0.1:0"]);
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let urls: Value = serde_json::from_str(&line).unwrap();

    let autotask = AutotaskTenant::at(urls["autotask"].as_str().unwrap(), "demo");
    assert!(autotask.ticket_text("T20250318.0042").await.contains("Acme & Sons"));
    let appliance = ApplianceTenant::at(urls["appliance"].as_str().unwrap(), "demo");
    assert_eq!(appliance.state().await["valid_tokens"], 0);

    let terminated = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(terminated.success());
    assert!(process.wait().unwrap().success());
}

#[test]
fn unknown_option_ends_with_the_usage() {
    let mut process = start(&["--port", "127.0.0.1:0"]);
    assert!(!process.wait().unwrap().success());
    let mut complaint = String::new();
    process.stderr.as_mut().unwrap().read_to_string(&mut complaint).unwrap();
    assert!(complaint.contains("usage: simulators"), "{complaint}");
}

#[test]
fn connection_document_leads_to_the_tenant_and_has_no_more_than_a_new_user_writes_but_time_entries() {
    let arguments = ["connection-document", "http://127.0.0.1:4580", "http://127.0.0.1:4581", "demo"];
    let output = start(&arguments).wait_with_output().unwrap();
    assert!(output.status.success());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["appliance"]["url"], "http://127.0.0.1:4580/t/demo");
    assert_eq!(document["autotask"]["zone_url"], "http://127.0.0.1:4581/t/demo/ATServicesRest/");

    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let minimal: Value = serde_json::from_str(include_str!("../../../events/connection/minimal.json")).unwrap();
    assert_eq!(keys(&document), keys(&minimal));
    let added = |neighbour: &str| &keys(&document[neighbour]) - &keys(&minimal[neighbour]);
    assert_eq!(added("appliance"), BTreeSet::from(["allow_plain_http".to_owned()]));
    assert_eq!(added("autotask"), ["allow_plain_http", "time_entry", "zone_url"].map(str::to_owned).into());
}
