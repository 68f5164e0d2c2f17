//! The process: reads the settings, opens the connection to the queues, and answers calls until Lambda ends it. Decides nothing.

use std::convert::Infallible;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lambda_http::{Error, Request, service_fn};
use receiver::Receiver;
use receiver::config::Config;
use receiver::enqueue::Queues;
use receiver::function_url::Guard;
use receiver::log_line::{Level, left_out_line};
use receiver::strangers::Strangers;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

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
    let config = Config::from_env();
    log_to_stdout(config.as_ref().map_or(Level::Info, |config| config.log_level));
    let config = config?;
    tell_what_is_left_out(&config);
    let sdk_config = aws::Environment::from_env()?.sdk_config(&aws::Timeouts::RECEIVER);
    let queues = Queues::new(&sdk_config, config.events_queue_url, config.quarantine_queue_url);
    // A start without SQS is a start all the same: calls get 503 until SQS is there, and nobody has to restart anything.
    if let Err(error) = queues.warm_up().await {
        tracing::warn!(%error, "no connection to SQS yet");
    }

    let receiver = Arc::new(Receiver::new(config.access, queues));
    let function_name: Arc<str> = config.function_name.into();
    let strangers = Arc::new(Mutex::new(Strangers::default()));
    let handler = service_fn(move |request: Request| {
        let (receiver, function_name, strangers) = (Arc::clone(&receiver), Arc::clone(&function_name), Arc::clone(&strangers));
        async move {
            #[expect(clippy::disallowed_methods, reason = "a handler begins here")]
            let now = Timestamp::now();
            let (response, line) = receiver.handle(&request, now).await;
            let lines = strangers.lock().unwrap_or_else(PoisonError::into_inner).lines(line, now);
            for line in lines {
                print_line(line.to_json(config.log_level, &function_name, now));
            }
            Ok::<_, Infallible>(response)
        }
    });
    lambda_http::runtime(handler).layer(Guard).run().await
}

/// Loudly: whoever is left out is refused until the next deployment.
fn tell_what_is_left_out(config: &Config) {
    #[expect(clippy::disallowed_methods, reason = "a process begins here")]
    let now = Timestamp::now();
    for left_out in &config.left_out {
        print_line(left_out_line(left_out, &config.function_name, now));
    }
    if config.access.tokens.is_empty() {
        tracing::error!("ApplianceTokens has not one usable item: every call is refused");
    }
}

/// Lines that are not about a call. Of the libraries only what is wrong: at lower levels they would print requests whole.
fn log_to_stdout(level: Level) {
    let ours = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let filter = Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target("receiver", ours);
    // CloudWatch stamps each line with the time.
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).without_time();
    tracing_subscriber::registry().with(filter).with(lines).init();
}

/// In one write, so that no other line can come between. A closed log is no reason to lose an event: the failure is ignored.
fn print_line(mut line: String) {
    line.push('\n');
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}
