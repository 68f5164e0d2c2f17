//! Wires the worker and hands it to the Lambda runtime. Everything expensive is made here, once, during INIT.

use aws::{Environment, Timeouts};
use aws_lambda_events::sqs::SqsEvent;
use connection::Connections;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ledger::Ledger;
use worker::budget::Budgets;
use worker::config::Config;
use worker::handler::handle;
use worker::link::Links;
use worker::log_line::Log;
use worker::notify::Notifier;
use worker::queue::Queues;
use worker::worker::Worker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_environment()?;
    // Not above our own level for others: the runtime would log payloads at trace.
    tracing_subscriber::fmt().json().with_max_level(config.log_level).with_current_span(false).with_target(false).init();
    let worker = wire(&config)?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let deadline = deadline(event.context.deadline);
        handle(&worker, event.payload, deadline).await.map_err(Error::from)
    }))
    .await
}

fn wire(config: &Config) -> Result<Worker, Error> {
    let aws = Environment::from_env()?.sdk_config(&Timeouts::WORKER);
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws), &config.ledger_table, config.ledger_days);
    let connections = Connections::new(aws_sdk_secretsmanager::Client::new(&aws), &config.connection_prefix);
    let connections = connections.caching_for(config.pace.no_document());
    let log = Log { function_name: config.function_name.clone(), kept: config.log_level };
    Ok(Worker {
        links: Links::new(connections, ledger.clone(), config.pace),
        queues: Queues::new(
            aws_sdk_sqs::Client::new(&aws),
            config.events_queue_url.clone(),
            config.dead_letter_queue_url.clone(),
        ),
        notifier: Notifier::new(aws_sdk_sns::Client::new(&aws), config.alarm_topic.clone(), ledger.clone(), log.clone()),
        budgets: Budgets::default(),
        ledger,
        log,
    })
}

/// Milliseconds since 1970, as Lambda states it; a value that is no moment counts as passed, so that nothing is begun.
fn deadline(milliseconds: u64) -> Timestamp {
    i64::try_from(milliseconds).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
