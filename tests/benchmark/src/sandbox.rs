//! Lambda's Runtime API over loopback, around a fresh process with nothing but the variables that Lambda sets. It measures:
//! when the process polls for the first time, and how long it takes for each event.
//!
//! Not as on Lambda: a process has the whole machine, is never frozen, and nothing limits its memory or its time but
//! [`LIMIT`].

use std::time::{Duration, Instant};

use lambda::{Heard, RUNTIME_API, RuntimeApi};
use tokio::time::timeout;

use crate::Error;
use crate::aws::Aws;
use crate::process::{Process, Program};
use crate::tls::{Authority, Wire};

/// A function that takes longer than this, for its start or for an event, is broken.
const LIMIT: Duration = Duration::from_secs(30);
/// How often it is looked whether a silent function is still there.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What a function is told about its time; the driver itself has [`LIMIT`].
const INVOCATION_TIME: Duration = Duration::from_secs(90);

/// What each function is told, ours or its rival: Lambda's own variables, those of this run's AWS, and those that the template gives
/// to both functions.
pub(crate) fn configured(mut program: Program, authority: &Authority, aws: &Aws, wire: Wire) -> Program {
    program.variables.extend(variables());
    program.variables.extend(authority.variables());
    program.variables.extend([
        ("AWS_ENDPOINT_URL", aws.endpoint(wire)),
        ("EVENTS_QUEUE_URL", queue_url("session-bridge-events.fifo")),
        ("LOG_LEVEL", "info".to_owned()),
    ]);
    program
}

/// The URL of a queue of the stack.
pub(crate) fn queue_url(name: &str) -> String {
    format!("https://sqs.eu-central-1.amazonaws.com/123456789012/{name}")
}

/// The variables that Lambda sets for every function.
fn variables() -> Vec<(&'static str, String)> {
    let others = [
        ("AWS_SESSION_TOKEN", "token-of-the-benchmark"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/benchmark"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "benchmark"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ];
    let others = others.map(|(name, value)| (name, value.to_owned()));
    lambda::variables("benchmark").into_iter().chain(others).collect()
}

/// An execution environment: one process, and the Runtime API that it polls.
pub(crate) struct Sandbox {
    pub(crate) process: Process,
    api: RuntimeApi,
}

/// What came of one event.
pub(crate) struct Answer {
    /// From the moment at which the function's poll was answered to the moment at which its answer had arrived.
    pub(crate) took: Duration,
    /// When that was.
    pub(crate) at: Instant,
    pub(crate) body: Vec<u8>,
}

impl Sandbox {
    /// A cold start.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub(crate) async fn start(program: &Program) -> Result<Self, Error> {
        let api = RuntimeApi::start().await?;
        let process = Process::start(program, &[(RUNTIME_API, api.address().to_owned())])?;
        Ok(Self { process, api })
    }

    /// Waits until the function polls; returns how long that was after its start.
    ///
    /// # Errors
    /// If it does not poll in time, or has failed.
    pub(crate) async fn polls(&mut self) -> Result<Duration, Error> {
        match self.hear().await? {
            Heard::Polls { at } => Ok(at.duration_since(self.process.started)),
            Heard::Answers { .. } => Err("the function answered before it was asked".into()),
            Heard::Fails { body } => Err(failure(&body)),
        }
    }

    /// One event, once the function polls.
    ///
    /// # Errors
    /// If the function fails, or is too slow.
    pub(crate) async fn invoke(&mut self, payload: Vec<u8>) -> Result<Answer, Error> {
        if !self.api.is_polled() {
            self.polls().await?;
        }
        let asked = Instant::now();
        self.api.hand_over(payload, INVOCATION_TIME)?;
        match self.hear().await? {
            Heard::Answers { at, body } => Ok(Answer { took: at.duration_since(asked), at, body }),
            Heard::Polls { .. } => Err("the function polls again without an answer".into()),
            Heard::Fails { body } => Err(failure(&body)),
        }
    }

    async fn hear(&mut self) -> Result<Heard, Error> {
        let since = Instant::now();
        while since.elapsed() < LIMIT {
            match timeout(LOOK_EVERY, self.api.hear()).await {
                Ok(heard) => return Ok(heard),
                Err(_) => self.process.must_run()?,
            }
        }
        Err(format!("the function said nothing for {LIMIT:?}").into())
    }
}

fn failure(body: &[u8]) -> Error {
    format!("the function reported a failure: {}", String::from_utf8_lossy(body)).into()
}
