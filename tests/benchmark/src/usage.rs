//! What one session takes of everything that AWS charges for: measured where it can be, and said where it cannot. For `money`.
//!
//! The main job: one event, a session end, from the function URL to note and time entry. What a real wire adds is an assumption of
//! this file, and by far the largest part of the worker's time.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::aws::Aws;
use crate::figures::milliseconds;
use crate::money::Usage;
use crate::process::Program;
use crate::sandbox::Sandbox;
use crate::tls::{Authority, Wire};
use crate::worker::{Bench, Neighbours, usual_report};
use crate::{Error, Places, receiver, worker};

const WARM_UP: usize = 10;
const MEASURED: usize = 100;
/// `MemorySize` of both functions in the template, and how much of it buys a whole core.
const MEMORY_MEGABYTES: f64 = 512.0;
const CORE_MEGABYTES: f64 = 1_769.0;
const LEDGER_DAYS: f64 = 400.0;
/// Waiting for others, in milliseconds: a send to SQS; a report, three calls of Autotask, six of DynamoDB. An assumption.
const RECEIVER_WAITS: f64 = 10.0;
const WORKER_WAITS: f64 = 400.0 + 3.0 * 300.0 + 6.0 * 5.0;
/// What Lambda itself writes to the log about an invocation (START, END, REPORT), and what CloudWatch counts for each of the
/// four lines.
const PLATFORM_LOG_BYTES: f64 = 350.0 + 4.0 * 26.0;
/// The receiver's send, the mapping's receive and delete. What the mapping asks of an empty queue comes on top, by the hour.
const SQS_REQUESTS: f64 = 3.0;
/// As if every session met a cold worker.
const SECRET_CALLS: f64 = 1.0;

/// The usage of one session, and how many custom metrics the lines of the log make.
///
/// # Errors
/// If a function or the simulators are missing or fail.
pub(crate) async fn measured(places: &Places) -> Result<(Usage, usize), Error> {
    eprintln!("money: what a session takes");
    let authority = Authority::new(places)?;
    let aws = Aws::start(&authority).await?;
    let neighbours = Neighbours::start(places, &authority).await?;
    let receiver = receiver::configured(places.binary("receiver")?, &authority, &aws, Wire::Tls);
    let worker = worker::configured(places.binary("worker")?, &authority, &aws, Wire::Tls);

    let receiver_cpu = receive(&receiver, &receiver::payload(places)?).await?;
    let bench = Bench::new(&neighbours, &aws, "money".to_owned(), Wire::Tls);
    let (report, mut sandbox) = (usual_report()?, Sandbox::start(&worker).await?);
    bench.put_and_deliver(&mut sandbox, 0..WARM_UP, &report).await?;
    aws.take_units();
    let worker_cpu = bench.put_and_deliver(&mut sandbox, WARM_UP..WARM_UP + MEASURED, &report).await?;
    let units = aws.take_units();
    let per_session = |count: u64| count as f64 / MEASURED as f64;

    let logs = [Log::read(&receiver)?, Log::read(&worker)?];
    let metrics: BTreeSet<_> = logs.iter().flat_map(|log| &log.metrics).collect();
    let usage = Usage {
        receiver_calls: 1.0,
        receiver_billed_milliseconds: billed(receiver_cpu, RECEIVER_WAITS),
        receiver_memory_megabytes: MEMORY_MEGABYTES,
        worker_calls: 1.0,
        worker_billed_milliseconds: billed(worker_cpu, WORKER_WAITS),
        worker_memory_megabytes: MEMORY_MEGABYTES,
        sqs_requests: SQS_REQUESTS,
        dynamodb_write_units: per_session(units.write),
        dynamodb_read_units: per_session(units.read),
        ledger_bytes: units.largest_item as f64,
        ledger_days: LEDGER_DAYS,
        secret_calls: SECRET_CALLS,
        log_bytes: logs.iter().map(|log| log.bytes_per_line + PLATFORM_LOG_BYTES).sum(),
    };
    Ok((usage, metrics.len()))
}

/// The CPU of an event.
async fn receive(program: &Program, payload: &[u8]) -> Result<Duration, Error> {
    let mut sandbox = Sandbox::start(program).await?;
    for _ in 0..WARM_UP {
        sandbox.invoke(payload.to_vec()).await?;
    }
    let before = sandbox.process.cpu()?;
    for _ in 0..MEASURED {
        sandbox.invoke(payload.to_vec()).await?;
    }
    sandbox.polls().await?;
    Ok(sandbox.process.cpu()?.saturating_sub(before) / u32::try_from(MEASURED)?)
}

/// What Lambda charges: the CPU on the part of a core that the memory buys, and the waiting; begun milliseconds are whole ones.
fn billed(cpu: Duration, waits: f64) -> f64 {
    (milliseconds(cpu) * CORE_MEGABYTES / MEMORY_MEGABYTES + waits).ceil()
}

/// What a function has logged: a line for each event, with the metrics in it.
struct Log {
    bytes_per_line: f64,
    /// Name and dimensions.
    metrics: BTreeSet<String>,
}

impl Log {
    fn read(program: &Program) -> Result<Self, Error> {
        let text = fs::read_to_string(&program.log)?;
        let lines = text.lines().count().max(1);
        let metrics = text.lines().filter_map(|line| serde_json::from_str(line).ok()).flat_map(|line| metrics_of(&line));
        Ok(Self { bytes_per_line: text.len() as f64 / lines as f64, metrics: metrics.collect() })
    }
}

/// The custom metrics that a line makes: CloudWatch tells them apart by name and by the values of their dimensions.
fn metrics_of(line: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten() {
        for dimensions in directive["Dimensions"].as_array().into_iter().flatten() {
            let names = dimensions.as_array().into_iter().flatten().filter_map(Value::as_str);
            let values: Vec<String> = names.map(|name| line[name].to_string()).collect();
            let metrics = directive["Metrics"].as_array().into_iter().flatten();
            found.extend(metrics.map(|metric| format!("{} {} {}", directive["Namespace"], metric["Name"], values.join(" "))));
        }
    }
    found
}
