//! An execution environment: a function's process and the Runtime API that it polls. What the process is told, and where its output
//! goes, is up to whoever makes its command.

use std::io;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::{Heard, RUNTIME_API, RuntimeApi};

/// How often it is looked whether a silent process is still there.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What came of an invocation.
#[derive(Debug, PartialEq, Eq)]
pub enum Invocation {
    /// The function's answer.
    Answered(Vec<u8>),
    /// The function failed, or its process ended, or its time was over; says which. Lambda tells a queue nothing of it.
    Failed(String),
}

/// An execution environment. Its process ends with this value.
pub struct Sandbox {
    child: Child,
    api: RuntimeApi,
}

impl Sandbox {
    /// A cold start.
    ///
    /// # Errors
    /// If the program cannot be started; that it ends at once shows later.
    pub async fn start(command: &mut Command) -> io::Result<Self> {
        let api = RuntimeApi::start().await?;
        let child = command.env(RUNTIME_API, api.address()).spawn()?;
        Ok(Self { child, api })
    }

    /// Its process.
    #[must_use]
    pub fn process(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The id of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// One invocation, the start included if it is the first. The environment must not be used again when its process ended or its
    /// time was over.
    pub async fn invoke(&mut self, payload: Vec<u8>, time: Duration) -> Invocation {
        let started = Instant::now();
        let mut payload = Some(payload);
        loop {
            if self.api.is_polled()
                && let Some(payload) = payload.take()
                && let Err(error) = self.api.hand_over(payload, time.saturating_sub(started.elapsed()))
            {
                return Invocation::Failed(error.to_string());
            }
            match tokio::time::timeout(LOOK_EVERY, self.api.hear()).await {
                Ok(Heard::Answers { body, .. }) => return Invocation::Answered(body),
                Ok(Heard::Fails { body }) => return Invocation::Failed(String::from_utf8_lossy(&body).into_owned()),
                Ok(Heard::Polls { .. }) => {}
                Err(_) if started.elapsed() > time => return Invocation::Failed(format!("no answer within {time:?}")),
                Err(_) if self.has_ended() => return Invocation::Failed("the process has ended".to_owned()),
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
    }
}
