//! The part of Lambda that matters under load: execution environments around the real binaries, each with a Runtime API of its
//! own, and an event source mapping that works on several groups of a FIFO queue at the same time. The local AWS has one
//! environment for a FIFO queue; here there are as many as wanted, and each can be frozen or killed.
//!
//! As on AWS an environment has one invocation at a time, is killed when the invocation's time is over, and is replaced by the next
//! invocation. Not as on AWS: no memory limit, and an environment is never ended for being idle.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::functions_log;
use crate::local_aws::system;
use crate::processes;

/// How often it is looked whether a process is still there.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A function: which binary, and what it is told.
#[derive(Clone)]
pub(crate) struct Function {
    binary: PathBuf,
    environment: Vec<(&'static str, String)>,
    /// How long one invocation may take.
    pub(crate) timeout: Duration,
}

impl Function {
    /// The function `Worker` or `Receiver` of the local system's build, with these variables besides those that Lambda sets.
    pub(crate) fn new(name: &str, timeout: Duration, variables: Vec<(&'static str, String)>) -> Self {
        let binary = system().state.join("build").join(name).join("bootstrap");
        assert!(binary.exists(), "{}: run `make prove`", binary.display());
        let mut environment = vec![
            ("AWS_LAMBDA_FUNCTION_NAME", name.to_lowercase()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_REGION", system().region.clone()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ];
        environment.extend(variables);
        Self { binary, environment, timeout }
    }

    /// The same with another value of a variable.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.environment.retain(|(name, _)| *name != variable);
        self.environment.push((variable, value.to_owned()));
        self
    }
}

/// What came of an invocation.
#[derive(Debug)]
pub(crate) enum Invocation {
    /// The function's answer.
    Answered(Value),
    /// The function failed, or its process ended, or its time was over: Lambda does not tell the queue which.
    Failed,
}

/// An execution environment: one process, and the Runtime API that it polls. It ends with this value.
pub(crate) struct Sandbox {
    child: Child,
    api: JoinHandle<()>,
    jobs: mpsc::Sender<Job>,
    answers: mpsc::Receiver<(u64, Option<Value>)>,
    timeout: Duration,
    number: u64,
}

struct Job {
    number: u64,
    payload: Vec<u8>,
    deadline_milliseconds: i64,
}

struct Api {
    jobs: Mutex<mpsc::Receiver<Job>>,
    answers: mpsc::Sender<(u64, Option<Value>)>,
}

impl Sandbox {
    /// A cold start.
    pub(crate) async fn start(function: &Function) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (jobs, waiting) = mpsc::channel(1);
        let (sender, answers) = mpsc::channel(1);
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{number}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{number}/error", post(error))
            .with_state(Arc::new(Api { jobs: Mutex::new(waiting), answers: sender }));
        let api = tokio::spawn(async move { axum::serve(listener, router).await.unwrap_or_default() });
        let log = File::options().create(true).append(true).open(functions_log::path()).unwrap();
        let child = Command::new(&function.binary)
            .env_clear()
            .envs(function.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, api, jobs, answers, timeout: function.timeout, number: 0 }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that its process has had, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        processes::peak_memory(self.pid())
    }

    /// One invocation; the environment must not be used again when it failed.
    pub(crate) async fn invoke(&mut self, payload: Vec<u8>) -> Invocation {
        self.number += 1;
        let started = Instant::now();
        let deadline_milliseconds = now_milliseconds() + i64::try_from(self.timeout.as_millis()).unwrap();
        if self.jobs.send(Job { number: self.number, payload, deadline_milliseconds }).await.is_err() {
            return Invocation::Failed;
        }
        loop {
            match tokio::time::timeout(LOOK_EVERY, self.answers.recv()).await {
                Ok(Some((number, Some(answer)))) if number == self.number => return Invocation::Answered(answer),
                Ok(Some((number, _))) if number != self.number => {}
                Ok(_) => return Invocation::Failed,
                Err(_) if started.elapsed() > self.timeout || self.has_ended() => return Invocation::Failed,
                Err(_) => {}
            }
        }
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A process that is frozen dies of this, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.api.abort();
    }
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    let Some(job) = api.jobs.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let headers = [
        ("lambda-runtime-aws-request-id", job.number.to_string()),
        ("lambda-runtime-deadline-ms", job.deadline_milliseconds.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:proof".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, job.payload).into_response()
}

async fn response(State(api): State<Arc<Api>>, Path(number): Path<u64>, body: Bytes) -> StatusCode {
    api.answers.send((number, serde_json::from_slice(&body).ok())).await.ok();
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<Api>>, Path(number): Path<u64>) -> StatusCode {
    api.answers.send((number, None)).await.ok();
    StatusCode::ACCEPTED
}

#[expect(clippy::disallowed_methods, reason = "Lambda says when an invocation ends")]
fn now_milliseconds() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
