//! The Runtime API of one execution environment. It starts no process and knows no time limit; the [`Sandbox`](crate::Sandbox) does.
//!
//! It notes when a function polls and answers before it does anything else, so that the times can be measured.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::http::{Connection, Request};

/// The trace that each invocation is given.
pub const TRACE: &str = "Root=1-67d97440-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=53995c3f42cd8ad8;Sampled=1";

/// A running Runtime API; it ends with this value.
pub struct RuntimeApi {
    address: String,
    heard: mpsc::UnboundedReceiver<Said>,
    /// How the function's poll is answered, while there is one.
    polling: Option<oneshot::Sender<Job>>,
    _server: JoinSet<()>,
}

/// What a function says to its Runtime API.
#[derive(Debug)]
pub enum Heard {
    /// It is ready for an invocation: [`RuntimeApi::hand_over`] will do.
    Polls {
        /// When the question had arrived.
        at: Instant,
    },
    /// It answers the invocation.
    Answers {
        /// When the answer had arrived.
        at: Instant,
        /// The answer.
        body: Vec<u8>,
    },
    /// It has failed: in an invocation, or at its start.
    Fails {
        /// What it says about that.
        body: Vec<u8>,
    },
}

enum Said {
    Polls { at: Instant, next: oneshot::Sender<Job> },
    Else(Heard),
}

struct Job {
    payload: Vec<u8>,
    time: Duration,
}

impl RuntimeApi {
    /// An API that nobody talks to yet.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?.to_string();
        let (says, heard) = mpsc::unbounded_channel();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, says));
        Ok(Self { address, heard, polling: None, _server: server })
    }

    /// Host and port, as [`RUNTIME_API`](crate::RUNTIME_API) has them.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether the function waits for an invocation, as far as has been [heard](Self::hear).
    #[must_use]
    pub fn is_polled(&self) -> bool {
        self.polling.is_some()
    }

    /// The next thing that the function says. A function that is silent, or dead, is waited for; nothing is lost when that is given up.
    pub async fn hear(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(Said::Polls { at, next }) => {
                self.polling = Some(next);
                Heard::Polls { at }
            }
            Some(Said::Else(heard)) => heard,
            // The server ends only with this value.
            None => std::future::pending().await,
        }
    }

    /// Answers the function's poll with an invocation, which the function is told to end within that time.
    ///
    /// # Errors
    /// If the function does not poll, or has hung up.
    pub fn hand_over(&mut self, payload: Vec<u8>, time: Duration) -> io::Result<()> {
        let next = self.polling.take().ok_or_else(|| io::Error::other("the function does not poll"))?;
        next.send(Job { payload, time }).map_err(|_| io::Error::other("the function hung up while it polled"))
    }
}

async fn serve(listener: TcpListener, says: mpsc::UnboundedSender<Said>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let says = says.clone();
        // A broken connection shows as a function that says nothing.
        connections.spawn(async move { talk(stream, says).await.unwrap_or_default() });
    }
}

async fn talk(stream: TcpStream, says: mpsc::UnboundedSender<Said>) -> io::Result<()> {
    let gone = |_| io::Error::other("nobody listens any more");
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request().await? {
        let at = Instant::now();
        if request.method() == "GET" && request.path().ends_with("/invocation/next") {
            let (next, job) = oneshot::channel();
            says.send(Said::Polls { at, next }).map_err(gone)?;
            // As Lambda does while there is nothing to do: no answer.
            let Ok(job) = job.await else { return Ok(()) };
            connection.answer(200, &headers(job.time), &job.payload).await?;
        } else {
            says.send(Said::Else(said(request, at))).map_err(gone)?;
            connection.answer(202, "content-type: application/json\r\n", b"{\"status\":\"OK\"}\n").await?;
        }
    }
    Ok(())
}

fn said(request: Request, at: Instant) -> Heard {
    if request.path().ends_with("/response") {
        Heard::Answers { at, body: request.body }
    } else {
        Heard::Fails { body: request.body }
    }
}

/// What Lambda says about an invocation.
fn headers(time: Duration) -> String {
    format!(
        "content-type: application/json\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:function\r\n\
         lambda-runtime-trace-id: {TRACE}\r\n\
         lambda-runtime-deadline-ms: {}\r\n",
        milliseconds_at_end_of(time)
    )
}

fn milliseconds_at_end_of(time: Duration) -> u128 {
    #[expect(clippy::disallowed_methods, reason = "Lambda says when an invocation ends")]
    let now = SystemTime::now();
    (now + time).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis()
}
