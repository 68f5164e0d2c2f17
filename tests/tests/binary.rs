//! The binary as `make up` runs it: it tells where it listens, serves, and ends when asked to.

#![allow(clippy::unwrap_used, reason = "tests")]

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
