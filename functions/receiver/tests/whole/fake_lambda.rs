//! The part of Lambda that a function talks to, behind real HTTP: the Runtime API hands out payloads one by one and takes what
//! the function makes of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::PATIENCE;

/// The trace that Lambda gives to each invocation.
pub(crate) const TRACE: &str = "Root=1-67d97440-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=53995c3f42cd8ad8;Sampled=1";

/// A running Runtime API.
pub(crate) struct FakeLambda {
    /// Its address, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub(crate) address: String,
    results: mpsc::UnboundedReceiver<Result>,
}

/// What the function made of an invocation.
#[derive(Debug)]
pub(crate) enum Result {
    /// The answer to the caller.
    Response(Value),
    /// The function failed; the caller gets what Lambda thinks fit.
    Error(String),
}

struct Invocations {
    waiting: Mutex<VecDeque<Vec<u8>>>,
    results: mpsc::UnboundedSender<Result>,
}

impl FakeLambda {
    /// Hands out these payloads, and then nothing.
    pub(crate) async fn start(payloads: Vec<Vec<u8>>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, results) = mpsc::unbounded_channel();
        let invocations = Arc::new(Invocations { waiting: Mutex::new(payloads.into()), results: sender });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .layer(DefaultBodyLimit::disable())
            .with_state(invocations);
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { address, results }
    }

    /// What came of the next invocation.
    pub(crate) async fn result(&mut self) -> Result {
        tokio::time::timeout(PATIENCE, self.results.recv()).await.expect("a result").expect("the server is running")
    }

    /// Status and body of the next answer.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> impl Future<Output = (u64, String)> {
        let caller = std::panic::Location::caller();
        async move {
            match self.result().await {
                Result::Response(value) => {
                    assert_eq!(value["isBase64Encoded"], false);
                    (value["statusCode"].as_u64().unwrap(), value["body"].as_str().unwrap_or_default().to_owned())
                }
                Result::Error(error) => panic!("{caller}: no deliberate answer: {error}"),
            }
        }
    }
}

async fn next(State(invocations): State<Arc<Invocations>>) -> Response {
    let payload = invocations.waiting.lock().unwrap().pop_front();
    match payload {
        // As Lambda does while there is nothing to do.
        None => std::future::pending().await,
        Some(payload) => {
            let headers = [
                ("lambda-runtime-aws-request-id", "5f0c8a4e-1f7d-4c1b-9a35-d2b6c7e8f901"),
                ("lambda-runtime-deadline-ms", "1742304446000"),
                ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:receiver"),
                ("lambda-runtime-trace-id", TRACE),
                ("content-type", "application/json"),
            ];
            (headers, payload).into_response()
        }
    }
}

async fn response(State(invocations): State<Arc<Invocations>>, Path(_): Path<String>, body: axum::body::Bytes) -> StatusCode {
    let value = serde_json::from_slice(&body).unwrap();
    invocations.results.send(Result::Response(value)).unwrap();
    StatusCode::ACCEPTED
}

async fn error(State(invocations): State<Arc<Invocations>>, Path(_): Path<String>, body: String) -> StatusCode {
    invocations.results.send(Result::Error(body)).unwrap();
    StatusCode::ACCEPTED
}
