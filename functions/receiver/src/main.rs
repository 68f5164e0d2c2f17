//! The process: reads the settings, opens the connection to the queues, and answers calls until Lambda ends it. Decides nothing.

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lambda_http::{Error, Request, service_fn};
use receiver::Receiver;
use receiver::config::Config;
use receiver::enqueue::Queues;
use receiver::function_url::Guard;
use receiver::log_line::{NAMESPACE, left_out_line};
use receiver::strangers::Strangers;
use telemetry::{Level, Log, log_to_stdout};

// Lambda hands a process one call at a time, so one thread is enough.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the receiver cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let config = Config::from_environment();
    log_to_stdout(config.as_ref().map_or(Level::INFO, |config| config.log_level), "receiver");
    let config = config?;
    let log = Log::new(NAMESPACE, config.function_name.as_str(), config.log_level);
    say_what_is_left_out(&config, &log);
    let sdk_config = aws::Environment::from_environment()?.sdk_config(&aws::Timeouts::RECEIVER);
    let queues = Queues::new(&sdk_config, config.events_queue_url, config.quarantine_queue_url);
    // A start without SQS is a start all the same: calls get 503 until SQS is there, and nobody has to restart anything.
    if let Err(error) = queues.warm_up().await {
        tracing::warn!(%error, "no connection to SQS yet");
    }

    let receiver = Arc::new(Receiver::new(config.access, queues));
    let log = Arc::new(log);
    let strangers = Arc::new(Mutex::new(Strangers::default()));
    let handler = service_fn(move |request: Request| {
        let (receiver, log, strangers) = (Arc::clone(&receiver), Arc::clone(&log), Arc::clone(&strangers));
        async move {
            #[expect(clippy::disallowed_methods, reason = "a handler begins here")]
            let now = Timestamp::now();
            let (response, line) = receiver.handle(&request, now).await;
            let lines = strangers.lock().unwrap_or_else(PoisonError::into_inner).lines(line, now);
            for line in lines {
                line.to_line().print(&log, now);
            }
            Ok::<_, Infallible>(response)
        }
    });
    lambda_http::runtime(handler).layer(Guard).run().await
}

/// Loudly: whoever is left out is refused until the next deployment.
fn say_what_is_left_out(config: &Config, log: &Log) {
    #[expect(clippy::disallowed_methods, reason = "a process begins here")]
    let now = Timestamp::now();
    for left_out in &config.left_out {
        left_out_line(left_out).print(log, now);
    }
    if config.access.tokens.is_empty() {
        tracing::error!("ApplianceTokens has not one usable item: every call is refused");
    }
}
