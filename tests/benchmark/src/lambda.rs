//! Lambda's Runtime API over loopback, around a fresh process with nothing but the variables that Lambda sets. It measures:
//! when the process polls for the first time, and how long it takes for each event.
//!
//! Not as on Lambda: a process has the whole machine, is never frozen, and nothing limits its memory or its time but
//! [`LIMIT`].

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Error;
use crate::aws::Aws;
use crate::http::{Connection, Request};
use crate::process::{Process, Program};
use crate::tls::{Authority, Wire};

/// A function that takes longer than this, for its start or for an event, is broken.
const LIMIT: Duration = Duration::from_secs(30);
/// How often it is looked whether a silent function is still there.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What a function is told about its time; the driver itself has [`LIMIT`].
const INVOCATION_TIME: Duration = Duration::from_secs(90);
/// What Lambda says about the invocation, besides its deadline.
const NEXT_HEADERS: &str = "content-type: application/json\r\n\
    lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
    lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:benchmark\r\n\
    lambda-runtime-trace-id: Root=1-67d97439-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=0\r\n";

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
    [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDBENCHMARK"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-the-benchmark"),
        ("AWS_SESSION_TOKEN", "token-of-the-benchmark"),
        ("AWS_LAMBDA_FUNCTION_NAME", "benchmark"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/benchmark"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "benchmark"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// An execution environment: one process, and the Runtime API that it polls.
pub(crate) struct Sandbox {
    pub(crate) process: Process,
    heard: mpsc::UnboundedReceiver<Heard>,
    /// How the function's poll is answered, while there is one.
    polling: Option<oneshot::Sender<Vec<u8>>>,
    /// Ends with this value.
    _server: JoinSet<()>,
}

/// What came of one event.
pub(crate) struct Answer {
    /// From the moment at which the function's poll was answered to the moment at which its answer had arrived.
    pub(crate) took: Duration,
    /// When that was.
    pub(crate) at: Instant,
    pub(crate) body: Vec<u8>,
}

/// What a function says to its Runtime API.
enum Heard {
    Polls { at: Instant, next: oneshot::Sender<Vec<u8>> },
    Answers { at: Instant, body: Vec<u8> },
    Fails { body: Vec<u8> },
}

impl Sandbox {
    /// A cold start.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub(crate) async fn start(program: &Program) -> Result<Self, Error> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?.to_string();
        let (says, heard) = mpsc::unbounded_channel();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, says));
        let process = Process::start(program, &[("AWS_LAMBDA_RUNTIME_API", address)])?;
        Ok(Self { process, heard, polling: None, _server: server })
    }

    /// Waits until the function polls; returns how long that was after its start.
    ///
    /// # Errors
    /// If it does not poll in time, or has failed.
    pub(crate) async fn polls(&mut self) -> Result<Duration, Error> {
        match self.hear().await? {
            Heard::Polls { at, next } => {
                self.polling = Some(next);
                Ok(at.duration_since(self.process.started))
            }
            Heard::Answers { .. } => Err("the function answered before it was asked".into()),
            Heard::Fails { body } => Err(failure(&body)),
        }
    }

    /// One event, once the function polls.
    ///
    /// # Errors
    /// If the function fails, or is too slow.
    pub(crate) async fn invoke(&mut self, payload: Vec<u8>) -> Result<Answer, Error> {
        if self.polling.is_none() {
            self.polls().await?;
        }
        let next = self.polling.take().ok_or("the function does not poll")?;
        let asked = Instant::now();
        next.send(payload).map_err(|_| "the function hung up while it polled")?;
        match self.hear().await? {
            Heard::Answers { at, body } => Ok(Answer { took: at.duration_since(asked), at, body }),
            Heard::Polls { .. } => Err("the function polls again without an answer".into()),
            Heard::Fails { body } => Err(failure(&body)),
        }
    }

    async fn hear(&mut self) -> Result<Heard, Error> {
        let since = Instant::now();
        while since.elapsed() < LIMIT {
            match timeout(LOOK_EVERY, self.heard.recv()).await {
                Ok(heard) => return heard.ok_or_else(|| "the Runtime API has ended".into()),
                Err(_) => self.process.must_run()?,
            }
        }
        Err(format!("the function said nothing for {LIMIT:?}").into())
    }
}

fn failure(body: &[u8]) -> Error {
    format!("the function reported a failure: {}", String::from_utf8_lossy(body)).into()
}

async fn serve(listener: TcpListener, says: mpsc::UnboundedSender<Heard>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let says = says.clone();
        // A broken connection shows as a function that says nothing.
        connections.spawn(async move { talk(stream, says).await.unwrap_or_default() });
    }
}

async fn talk(stream: TcpStream, says: mpsc::UnboundedSender<Heard>) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request().await? {
        let at = Instant::now();
        if request.method() == "GET" && request.path().ends_with("/invocation/next") {
            let (next, payload) = oneshot::channel();
            says.send(Heard::Polls { at, next })?;
            let payload = payload.await?;
            let headers = format!("{NEXT_HEADERS}lambda-runtime-deadline-ms: {}\r\n", deadline_milliseconds());
            connection.answer(200, &headers, &payload).await?;
        } else {
            says.send(said(request, at))?;
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

fn deadline_milliseconds() -> u128 {
    #[expect(clippy::disallowed_methods, reason = "Lambda says when an invocation ends")]
    let now = SystemTime::now();
    (now + INVOCATION_TIME).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis()
}
