//! A call as the simulators see it, and their answer: plain values, so that everything a vendor decides can be tested without
//! a socket.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// One HTTP request below `/t/<tenant>`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path below the tenant's prefix; begins with `/`.
    pub(crate) path: String,
    /// The raw query string, without `?`.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The URL of the tenant as the client spelt it: `http://127.0.0.1:4581/t/demo`.
    pub(crate) tenant_url: String,
}

impl Call {
    /// A header as text; none when absent or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The parts of the path, without empty ones.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// The variables of the query string; the last one wins.
    pub(crate) fn query_variables(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub(crate) fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON of a known shape, for control calls.
    ///
    /// # Errors
    /// A 400 that says what is wrong.
    pub(crate) fn control_json<T: DeserializeOwned>(&self) -> Result<T, Answer> {
        serde_json::from_slice(&self.body).map_err(|error| Answer::control_refused(&error.to_string()))
    }
}

/// One HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// An answer of this status and content type.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// JSON as serde writes it.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", value.to_string())
    }

    /// Plain text.
    pub(crate) fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text.into())
    }

    /// A control call that cannot be obeyed.
    pub(crate) fn control_refused(reason: &str) -> Self {
        Self::json(400, &json!({ "control_error": reason }))
    }

    /// A control path that does not exist.
    pub(crate) fn no_such_control() -> Self {
        Self::json(404, &json!({ "control_error": "no such control path; tests/simulators/README.md lists them" }))
    }

    /// As axum wants it. What cannot be put into a header was asked for by a fault rule: then the answer says so.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        response.body(Body::from(self.body)).unwrap_or_else(|error| {
            let mut refusal = Response::new(Body::from(format!("the simulator cannot send this answer: {error}")));
            *refusal.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
            refusal
        })
    }

    /// The first half of the answer as it would stand on the wire, announcing all of it.
    pub(crate) fn first_half_on_the_wire(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} Simulated\r\ncontent-length: {}\r\n", self.status, self.body.len()).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body[..self.body.len() / 2]);
        bytes
    }
}
