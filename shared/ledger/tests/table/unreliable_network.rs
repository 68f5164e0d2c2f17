//! A proxy before the table that loses answers and holds requests back, as a network does.
//!
//! It speaks as much HTTP as the SDK's requests need: one request per connection, with a `content-length`.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::system::system;

/// What happens to one request. The client sees its connection closed without an answer, whichever it is.
pub(crate) enum Fault {
    /// The table takes it; the answer is lost.
    AnswerLost,
    /// The table takes it, `forwarded` is told, and the answer is lost once `go` comes: time for somebody else.
    AnswerLostLater { forwarded: oneshot::Sender<()>, go: oneshot::Receiver<()> },
    /// It is held back until [`UnreliableNetwork::deliver_late_requests`].
    Late,
}

pub(crate) struct UnreliableNetwork {
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    faults: Mutex<VecDeque<Fault>>,
    late: Mutex<Vec<Vec<u8>>>,
}

impl UnreliableNetwork {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::<Shared>::default();
        tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self { endpoint, shared }
    }

    /// The next requests suffer these, one each; later ones pass.
    pub(crate) fn suffer(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.faults.lock().unwrap().extend(faults);
    }

    /// Whether all faults have been suffered: else a test has not shown what it means to show.
    pub(crate) fn is_calm(&self) -> bool {
        self.shared.faults.lock().unwrap().is_empty()
    }

    /// Lets the requests arrive that were held back; returns the status line of each answer, which nobody waits for.
    pub(crate) async fn deliver_late_requests(&self) -> Vec<String> {
        let late = std::mem::take(&mut *self.shared.late.lock().unwrap());
        let mut statuses = Vec::new();
        for request in late {
            let answer = forward(&request).await.unwrap();
            statuses.push(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned());
        }
        statuses
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((connection, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A client that gives up is no error of the proxy.
        tokio::spawn(async move { handle(connection, &shared).await.ok() });
    }
}

async fn handle(mut connection: TcpStream, shared: &Shared) -> io::Result<()> {
    let request = read_request(&mut connection).await?;
    let fault = shared.faults.lock().unwrap().pop_front();
    match fault {
        None => connection.write_all(&forward(&request).await?).await,
        Some(Fault::AnswerLost) => forward(&request).await.map(|_| ()),
        Some(Fault::AnswerLostLater { forwarded, go }) => {
            forward(&request).await?;
            forwarded.send(()).ok();
            go.await.ok();
            Ok(())
        }
        Some(Fault::Late) => {
            shared.late.lock().unwrap().push(request);
            Ok(())
        }
    }
}

/// One whole request, told to close its connection.
pub(crate) async fn read_request(connection: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let head_length = loop {
        if let Some(position) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break position + 4;
        }
        if connection.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_length]).into_owned();
    let body_length: usize = header(&head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    while bytes.len() < head_length + body_length {
        if connection.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let mut request = head.replacen("\r\n", "\r\nconnection: close\r\n", 1).into_bytes();
    request.extend_from_slice(&bytes[head_length..]);
    Ok(request)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The table's whole answer.
async fn forward(request: &[u8]) -> io::Result<Vec<u8>> {
    let address = system().endpoint.trim_start_matches("http://").trim_end_matches('/');
    let mut table = TcpStream::connect(address).await?;
    table.write_all(request).await?;
    let mut answer = Vec::new();
    table.read_to_end(&mut answer).await?;
    Ok(answer)
}
