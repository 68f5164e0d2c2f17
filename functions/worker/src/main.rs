//! Wires the worker and hands it to the Lambda runtime. Everything expensive is made here, once, during INIT.

use aws::{Environment, Timeouts};
use connection::Connections;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ledger::Ledger;
use link::Links;
use serde_json::Value;
use telemetry::{Log, log_to_stdout};
use worker::budget::Budgets;
use worker::clock;
use worker::config::Config;
use worker::handler::handle;
use worker::invocation::Invocation;
use worker::log_line::NAMESPACE;
use worker::notify::Notifier;
use worker::queues::Queues;
use worker::silence::Watch;
use worker::worker::Worker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_environment()?;
    log_to_stdout(config.log_level, "worker");
    let worker = wire(&config)?;
    let watch = Watch::new(worker.ledger.clone(), config.business_hours);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = deadline(event.context.deadline);
        answer(&worker, &watch, event.payload, deadline).await
    }))
    .await
}

async fn answer(worker: &Worker, watch: &Watch, payload: Value, deadline: Timestamp) -> Result<Value, Error> {
    match Invocation::read(payload)? {
        Invocation::Batch(batch) => {
            // Side by side: that an event came is worth remembering, but no session should wait for it.
            let (response, ()) = tokio::join!(handle(worker, batch.clone(), deadline), watch.note(&batch));
            Ok(serde_json::to_value(response?)?)
        }
        Invocation::Silence { appliance_tokens } => {
            let now = clock::now();
            watch.judge(&appliance_tokens, now).await?.print(&worker.log, now);
            Ok(Value::Null)
        }
    }
}

fn wire(config: &Config) -> Result<Worker, Error> {
    let aws = Environment::from_environment()?.sdk_config(&Timeouts::WORKER);
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws), &config.ledger_table, config.ledger_days);
    let connections = Connections::new(aws_sdk_secretsmanager::Client::new(&aws), &config.connection_prefix);
    let connections = connections.with_cache_ttl(config.pace.look_at_document());
    let log = Log::new(NAMESPACE, config.function_name.as_str(), config.log_level);
    Ok(Worker {
        links: Links::new(connections, ledger.clone(), config.pace),
        queues: Queues::new(
            aws_sdk_sqs::Client::new(&aws),
            config.events_queue_url.clone(),
            config.dead_letter_queue_url.clone(),
        ),
        notifier: Notifier::new(aws_sdk_sns::Client::new(&aws), config.alarm_topic.clone(), ledger.clone(), log.clone()),
        budgets: Budgets::new(log.clone()),
        ledger,
        log,
    })
}

/// Milliseconds since 1970, as Lambda states it; a value that is no moment counts as passed, so that nothing is begun.
fn deadline(milliseconds: u64) -> Timestamp {
    i64::try_from(milliseconds).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
