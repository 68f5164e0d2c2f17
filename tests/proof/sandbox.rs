//! Execution environments around the real binaries that the local system has built, as many as wanted; each can be frozen or killed.
//! The local AWS has one environment for a FIFO queue.
//!
//! As on AWS an environment has one invocation at a time, is killed when the invocation's time is over, and is replaced by the next
//! invocation.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::functions_log;
use crate::local_aws::system;
use crate::processes;

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
        let mut environment = lambda::variables(&name.to_lowercase());
        environment.push(("AWS_REGION", system().region.clone()));
        environment.extend(variables);
        Self { binary, environment, timeout }
    }

    /// The same with another value of a variable.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.environment.push((variable, value.to_owned()));
        self
    }

    fn command(&self) -> Command {
        let log = File::options().create(true).append(true).open(functions_log::path()).unwrap();
        let mut command = Command::new(&self.binary);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command
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

/// An execution environment. It ends with this value.
pub(crate) struct Sandbox {
    lambda: lambda::Sandbox,
    timeout: Duration,
}

impl Sandbox {
    /// A cold start.
    pub(crate) async fn start(function: &Function) -> Self {
        Self { lambda: lambda::Sandbox::start(&mut function.command()).await.unwrap(), timeout: function.timeout }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.lambda.pid()
    }

    /// The most memory that its process has had, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        processes::peak_memory(self.pid())
    }

    /// One invocation; the environment must not be used again when it failed.
    pub(crate) async fn invoke(&mut self, payload: Vec<u8>) -> Invocation {
        match self.lambda.invoke(payload, self.timeout).await {
            lambda::Invocation::Answered(answer) => {
                serde_json::from_slice(&answer).map_or(Invocation::Failed, Invocation::Answered)
            }
            lambda::Invocation::Failed(_) => Invocation::Failed,
        }
    }
}
