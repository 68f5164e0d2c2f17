//! Wires the poller and hands it to the Lambda runtime. Everything expensive is made here, once, during INIT.

use aws::{Environment, Timeouts};
use connection::Connections;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ledger::Ledger;
use link::Links;
use poller::config::Config;
use poller::invocation::Invocation;
use poller::log_line::NAMESPACE;
use poller::notify::Notifier;
use poller::poller::Poller;
use queue::EventsQueue;
use serde_json::Value;
use telemetry::{Log, log_to_stdout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_environment()?;
    log_to_stdout(config.log_level, "poller");
    let poller = wire(config)?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = deadline(event.context.deadline);
        // Boxed: the state of a whole run is large and deep, and the compiler lays it out once here instead of in every caller.
        match Invocation::read(event.payload)? {
            Invocation::Everyone => {
                Box::pin(poller.everyone(deadline)).await;
                Ok::<_, Error>(Value::Null)
            }
            Invocation::Asked(request) => Ok(Box::pin(poller.asked(request, deadline)).await),
        }
    }))
    .await
}

fn wire(config: Config) -> Result<Poller, Error> {
    let aws = Environment::from_environment()?.sdk_config(&Timeouts::WORKER);
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws), &config.ledger_table, config.ledger_days);
    let connections = Connections::new(aws_sdk_secretsmanager::Client::new(&aws), &config.connection_prefix);
    let connections = connections.with_cache_ttl(config.pace.look_at_document());
    Ok(Poller {
        appliances: config.appliances,
        links: Links::new(connections, ledger.clone(), config.pace),
        queue: EventsQueue::new(aws_sdk_sqs::Client::new(&aws), config.events_queue_url),
        notifier: Notifier::new(aws_sdk_sns::Client::new(&aws), config.alarm_topic),
        log: Log::new(NAMESPACE, config.function_name, config.log_level),
        ledger,
        stated: std::sync::Mutex::default(),
    })
}

/// Milliseconds since 1970, as Lambda states it; a value that is no moment counts as passed, so that nothing is begun.
fn deadline(milliseconds: u64) -> Timestamp {
    i64::try_from(milliseconds).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
