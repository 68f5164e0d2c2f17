//! A faulty line between a client and any HTTP server: whatever can go wrong on a wire, for the requests that hold some text.
//!
//! The simulators can fail by themselves ([`crate::Fault`]) and know what an effect is; this stands in front of servers that
//! cannot, such as a local AWS, and does to all neighbours exactly the same. It speaks as much HTTP/1.1 as its clients need: one
//! request for each connection, with a `content-length`.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::serving::locked;

/// The longest request that passes; ours are smaller.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// The connection is reset before anything of the request was read.
    ResetBefore,
    /// The whole request was read and went nowhere; then the connection is reset.
    ResetAfter,
    /// The server takes the request; instead of its answer there is a reset.
    AnswerLost,
    /// The request is read and never answered.
    Stall,
    /// The server takes the request; the connection ends amid its answer's body (without a body: before the answer).
    HalfBody,
    /// The server takes the request; the answer has its head, and a body of as many bytes that mean nothing.
    Garbage,
    /// This answer, and the server never hears of the request.
    Answer {
        /// HTTP status.
        status: u16,
        /// Names and values of headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: &'static str,
    },
}

/// The line. It ends with this value.
pub struct FaultyWire {
    address: SocketAddr,
    upstream: String,
    faults: Faults,
    serving: Mutex<Option<JoinHandle<()>>>,
}

type Faults = Arc<Mutex<Plan>>;

#[derive(Default)]
struct Plan {
    rules: Vec<Rule>,
    harmed: usize,
}

struct Rule {
    text: &'static str,
    times: usize,
    fault: WireFault,
}

impl FaultyWire {
    /// A line to the server at that `http://` address; all is well with it at first.
    ///
    /// # Panics
    /// Without a free local port.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free local port is all that a line needs");
        let address = listener.local_addr().expect("it is bound");
        let authority = server.trim_start_matches("http://");
        let upstream = authority.split('/').next().unwrap_or_default().to_owned();
        let wire = Self { address, upstream, faults: Arc::default(), serving: Mutex::default() };
        wire.listen(listener);
        wire
    }

    /// Its client's end: `http://<address>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on so many requests that hold this text (in head or body) suffer this.
    pub fn harm(&self, fault: WireFault, text: &'static str, times: usize) {
        locked(&self.faults).rules.push(Rule { text, times, fault });
    }

    /// How many requests have been harmed; those that nobody answered are not counted.
    #[must_use]
    pub fn harmed(&self) -> usize {
        locked(&self.faults).harmed
    }

    /// From now on nobody answers at this address.
    pub async fn refuse(&self) {
        let serving = locked(&self.serving).take();
        if let Some(serving) = serving {
            serving.abort();
            // The port is closed only when the task is gone.
            serving.await.ok();
        }
    }

    /// All is well again.
    ///
    /// # Panics
    /// If the port was refusing and somebody else has taken it meanwhile.
    pub async fn calm(&self) {
        locked(&self.faults).rules.clear();
        if locked(&self.serving).is_none() {
            self.listen(TcpListener::bind(self.address).await.expect("nobody else wants the port"));
        }
    }

    fn listen(&self, listener: TcpListener) {
        let (upstream, faults) = (self.upstream.clone(), Arc::clone(&self.faults));
        *locked(&self.serving) = Some(tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (upstream, faults) = (upstream.clone(), Arc::clone(&faults));
                // A client that gives up is no error of the line.
                tokio::spawn(async move { carry(connection, &upstream, &faults).await.ok() });
            }
        }));
    }
}

impl Drop for FaultyWire {
    fn drop(&mut self) {
        if let Some(serving) = locked(&self.serving).take() {
            serving.abort();
        }
    }
}

async fn carry(mut connection: TcpStream, upstream: &str, faults: &Mutex<Plan>) -> io::Result<()> {
    // Whoever resets before reading cannot choose by what the request holds.
    if take(faults, |rule| rule.fault == WireFault::ResetBefore && rule.text.is_empty()).is_some() {
        return reset(&connection);
    }
    let request = read_request(&mut connection).await?;
    match take(faults, |rule| holds(&request, rule.text.as_bytes())) {
        None => connection.write_all(&forward(upstream, &request).await?).await,
        Some(WireFault::ResetBefore | WireFault::ResetAfter) => reset(&connection),
        Some(WireFault::AnswerLost) => {
            forward(upstream, &request).await?;
            reset(&connection)
        }
        // Until the client hangs up.
        Some(WireFault::Stall) => connection.read(&mut [0]).await.map(|_| ()),
        Some(WireFault::HalfBody) => {
            let answer = forward(upstream, &request).await?;
            let head = head_length(&answer).unwrap_or(0);
            let half = if head == answer.len() { head / 2 } else { usize::midpoint(head, answer.len()) };
            connection.write_all(&answer[..half]).await
        }
        Some(WireFault::Garbage) => {
            let mut answer = forward(upstream, &request).await?;
            let head = head_length(&answer).unwrap_or(0);
            answer[head..].fill(0xfe);
            connection.write_all(&answer).await
        }
        Some(WireFault::Answer { status, headers, body }) => connection.write_all(&answer(status, &headers, body)).await,
    }
}

fn take(faults: &Mutex<Plan>, matches: impl Fn(&Rule) -> bool) -> Option<WireFault> {
    let mut plan = locked(faults);
    let rule = plan.rules.iter_mut().find(|rule| rule.times > 0 && matches(rule))?;
    rule.times -= 1;
    let fault = rule.fault.clone();
    plan.harmed += 1;
    Some(fault)
}

fn holds(request: &[u8], text: &[u8]) -> bool {
    text.is_empty() || request.windows(text.len()).any(|window| window == text)
}

fn reset(connection: &TcpStream) -> io::Result<()> {
    // Without lingering the kernel answers the coming close with RST instead of FIN.
    connection.set_zero_linger()
}

fn answer(status: u16, headers: &[(&str, String)], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!("HTTP/1.1 {status} Invented\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}").into_bytes()
}

/// One whole request, told to close its connection.
async fn read_request(connection: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(length) = head_length(&bytes) {
            break length;
        }
        read_more(connection, &mut bytes).await?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let body: usize = header(&text, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    while bytes.len() < head + body {
        read_more(connection, &mut bytes).await?;
    }
    let mut request = text.replacen("\r\n", "\r\nconnection: close\r\n", 1).into_bytes();
    request.extend_from_slice(&bytes[head..]);
    Ok(request)
}

async fn read_more(connection: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let ended = connection.read_buf(bytes).await? == 0;
    if ended || bytes.len() > REQUEST_BYTES_MAX { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|position| position + 4)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The server's whole answer.
async fn forward(upstream: &str, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await?;
    server.write_all(request).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}
