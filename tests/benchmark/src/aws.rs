//! The AWS services that the functions call, in memory and over loopback, over plain HTTP and over TLS: just the operations
//! that they use, and a count of each. What it does not know it refuses, loudly.
//!
//! Not as on AWS: no signature is checked, and no time passes on a wire.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::Error;
use crate::dynamo::{Table, Units};
use crate::tls::{Authority, HOST, Wire};
use lambda::http::{Connection, Request};

const JSON: &str = "content-type: application/x-amz-json-1.0\r\n";
const XML: &str = "content-type: text/xml\r\n";

/// The services; they end with this value.
pub(crate) struct Aws {
    plain: SocketAddr,
    tls: SocketAddr,
    services: Arc<Mutex<Services>>,
    _servers: JoinSet<()>,
}

/// What the services remember.
#[derive(Default)]
struct Services {
    calls: BTreeMap<String, u64>,
    secrets: HashMap<String, String>,
    table: Table,
}

impl Aws {
    /// Services that know nothing yet.
    ///
    /// # Errors
    /// If no ports can be had.
    pub(crate) async fn start(authority: &Authority) -> Result<Self, Error> {
        let services = Arc::new(Mutex::new(Services::default()));
        let mut servers = JoinSet::new();
        let (plain, listener) = listen().await?;
        servers.spawn(serve(listener, None, Arc::clone(&services)));
        let (tls, listener) = listen().await?;
        servers.spawn(serve(listener, Some(authority.acceptor.clone()), Arc::clone(&services)));
        Ok(Self { plain, tls, services, _servers: servers })
    }

    /// What the SDKs take as the address of all services.
    pub(crate) fn endpoint(&self, wire: Wire) -> String {
        let port = match wire {
            Wire::Plain => self.plain.port(),
            Wire::Tls => self.tls.port(),
        };
        format!("{}://{HOST}:{port}", wire.scheme())
    }

    /// The calls since the last time, by operation.
    pub(crate) fn take_calls(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.services().calls)
    }

    /// What DynamoDB would have charged for since the last time.
    pub(crate) fn take_units(&self) -> Units {
        std::mem::take(&mut self.services().table.units)
    }

    /// Makes a secret known.
    pub(crate) fn put_secret(&self, name: &str, text: &str) {
        self.services().secrets.insert(name.to_owned(), text.to_owned());
    }

    fn services(&self) -> MutexGuard<'_, Services> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Any free port.
pub(crate) async fn listen() -> io::Result<(SocketAddr, TcpListener)> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    Ok((listener.local_addr()?, listener))
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, services: Arc<Mutex<Services>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connected(stream, tls.clone(), Arc::clone(&services)));
    }
}

async fn connected(stream: TcpStream, tls: Option<TlsAcceptor>, services: Arc<Mutex<Services>>) {
    let ended = async {
        stream.set_nodelay(true)?;
        match tls {
            None => talk(stream, services).await,
            Some(tls) => talk(tls.accept(stream).await?, services).await,
        }
    };
    match ended.await {
        // A process that is killed does not say goodbye.
        Err(error) if !matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            eprintln!("a connection to the emulated AWS broke: {error}");
        }
        _ => {}
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(stream: S, services: Arc<Mutex<Services>>) -> io::Result<()> {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request().await? {
        let answer = services.lock().unwrap_or_else(PoisonError::into_inner).call(&request);
        connection.answer(answer.status, answer.headers, answer.body.as_bytes()).await?;
    }
    Ok(())
}

struct Reply {
    status: u16,
    headers: &'static str,
    body: String,
}

impl Services {
    fn call(&mut self, request: &Request) -> Reply {
        // The query protocol, which only SNS has, names the operation in a form.
        let Some(target) = request.header("x-amz-target") else { return self.publish(&request.body) };
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match operation {
            // The warm-up of the receiver's connection is one that is refused.
            "SendMessage" if body["MessageBody"].is_null() => self.count("SendMessage (refused)"),
            _ => self.count(operation),
        }
        match operation {
            "SendMessage" => send_message(&body),
            "ChangeMessageVisibility" => done(&json!({})),
            "GetSecretValue" => self.secret(&body),
            "GetItem" => done(&self.table.get(&body)),
            "PutItem" | "UpdateItem" => match self.table.write(operation, &body) {
                Ok(answer) => done(&answer),
                Err(refusal) => Reply { status: 400, headers: JSON, body: refusal.to_string() },
            },
            _ => refused("UnknownOperationException", operation),
        }
    }

    fn count(&mut self, operation: &str) {
        match self.calls.get_mut(operation) {
            Some(count) => *count += 1,
            None => {
                self.calls.insert(operation.to_owned(), 1);
            }
        }
    }

    fn secret(&self, body: &Value) -> Reply {
        let name = body["SecretId"].as_str().unwrap_or_default();
        let Some(text) = self.secrets.get(name) else { return refused("ResourceNotFoundException", "no such secret") };
        done(&json!({ "Name": name, "SecretString": text, "VersionId": "1", "VersionStages": ["AWSCURRENT"] }))
    }

    fn publish(&mut self, form: &[u8]) -> Reply {
        let is_publish = form.windows(b"Action=Publish".len()).any(|window| window == b"Action=Publish");
        self.count(if is_publish { "Publish" } else { "unknown" });
        let body = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>1</MessageId>\
                    </PublishResult></PublishResponse>";
        Reply { status: if is_publish { 200 } else { 400 }, headers: XML, body: body.to_owned() }
    }
}

/// Takes every message that has a text, as SQS does, and forgets it.
fn send_message(body: &Value) -> Reply {
    if body["MessageBody"].as_str().unwrap_or_default().is_empty() {
        return refused("MissingParameter", "The request must contain the parameter MessageBody.");
    }
    done(&json!({
        "MessageId": "0b5b5f8e-0d2c-4a7e-9f0e-1d6c6a3b2f10",
        "MD5OfMessageBody": "ce2f5bd3b623b4781c726ba7cf3f3fa4",
        "SequenceNumber": "18800000000000000001",
    }))
}

fn done(body: &Value) -> Reply {
    Reply { status: 200, headers: JSON, body: body.to_string() }
}

fn refused(code: &str, message: &str) -> Reply {
    Reply {
        status: 400,
        headers: JSON,
        body: json!({ "__type": format!("com.amazonaws#{code}"), "message": message }).to_string(),
    }
}
