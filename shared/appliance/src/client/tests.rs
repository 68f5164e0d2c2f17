//! The client against a small server whose answers each test writes down, and against sockets that misbehave.
#![allow(clippy::unwrap_used, reason = "tests")]

mod calls;
mod failures;
mod listings;
mod settings;
mod tokens;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use session::Lsid;

use super::*;

const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";
const SECRET: &str = "s3cret+/=&%";
const CLIENT_ID: &str = "0123456789abcdef";

/// Enough for any call on this machine, too little for a test run to hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the server received.
#[derive(Debug, Clone)]
struct Call {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
}

impl Call {
    fn is_for_token(&self) -> bool {
        self.uri.path().ends_with("/oauth2/token")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A server on a port of its own that answers as the test says and keeps what it received.
struct Server {
    url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Server {
    async fn start(answer: impl Fn(&Call) -> Response + Send + Sync + 'static) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&calls), Arc::new(answer));
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let call = Call { method, uri, headers, body: String::from_utf8(body.to_vec()).unwrap() };
            kept.lock().unwrap().push(call.clone());
            let answer = answer(&call);
            async move { answer }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Self { url, calls }
    }

    /// A server that gives out tokens and answers reports as the test says.
    async fn with_tokens(report: impl Fn(&Call) -> Response + Send + Sync + 'static) -> Self {
        Self::start(move |call| if call.is_for_token() { token("T1", 3600) } else { report(call) }).await
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn count(&self, wanted: impl Fn(&Call) -> bool) -> usize {
        self.calls().iter().filter(|call| wanted(call)).count()
    }

    fn client(&self) -> ApplianceClient {
        ApplianceClient::new(config(&self.url)).unwrap()
    }
}

fn config(url: &str) -> ApplianceConfig {
    ApplianceConfig {
        url: url.parse().unwrap(),
        credentials: Credentials::OAuth { client_id: CLIENT_ID.to_owned(), client_secret: SECRET.into() },
        locale: None,
        ca_certificate: None,
        allow_invalid_certificates: false,
        allow_plain_http: true,
    }
}

fn token(bearer: &str, expires_in: u64) -> Response {
    json(200, &format!(r#"{{"access_token":"{bearer}","token_type":"Bearer","expires_in":{expires_in}}}"#))
}

fn json(status: u16, body: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body.to_owned()).into_response()
}

fn xml(status: u16, body: impl Into<Body>) -> Response {
    (StatusCode::from_u16(status).unwrap(), [("content-type", "text/xml; charset=UTF-8")], body.into()).into_response()
}

fn sample(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/reports").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn report(_: &Call) -> Response {
    xml(200, sample("printer.xml"))
}

fn lsid() -> Lsid {
    LSID.parse().unwrap()
}

async fn fetch(client: &ApplianceClient) -> Result<SupportSession, Failure> {
    client.fetch_report(&lsid(), PATIENCE).await
}

/// The failure of a fetch, after a look that it gives nothing away.
async fn failure_of(client: &ApplianceClient) -> Failure {
    let failure = fetch(client).await.unwrap_err();
    let text = format!("{failure} {failure:?}");
    for secret in [SECRET, CLIENT_ID, "T1", LSID, "generate_report", "<", "http://"] {
        assert!(!text.contains(secret), "{text}");
    }
    failure
}
