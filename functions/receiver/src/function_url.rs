//! The payload that Lambda hands over for a call of the function URL, made safe for `lambda_http`.
//!
//! `lambda_http` turns the payload into a [`Request`], and where it cannot, it panics or fails: broken
//! base64, a query with a character that no URI has, a strange `host`. The runtime survives that, but what the caller gets
//! then is a status that nobody chose. A real call should never look like this, a replayed file that somebody edited may, and a
//! receiver that answers each call deliberately must not rest on "should".
//!
//! So the payload is rewritten before `lambda_http` sees it, by a layer around its runtime: from any bytes at all to a payload
//! that `lambda_http` certainly reads, holding what the receiver looks at and nothing else. What is missing or unusable is
//! left out, so that the call fails where it should: without a path it is 404, without a token 401.
//!
//! ```text
//! Runtime API --bytes--> Guard --payload--> lambda_http --Request--> Receiver
//! ```
//!
//! The body stays the text that it is in the payload, base64 or not, and a header of our own says which of the two; [`body_of`]
//! reads it. `lambda_http` would decode it at once, and whoever calls has yet to be asked for a token. (A caller who
//! sends that header achieves nothing: only the headers that the receiver looks at are passed on.)

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::task::{Context, Poll};

use lambda_http::http::Method;
use lambda_http::lambda_runtime::LambdaInvocation;
use lambda_http::tower::{Layer, Service};
use lambda_http::{Error, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::body::Body;

/// The header that marks a body which is base64, with the value `base64`. Only [`safe_payload`] writes it.
const ENCODING: &str = "x-payload-encoding";
const BASE64: &str = "base64";

/// The longest path kept; a longer one is not ours anyhow.
const PATH_BYTES_MAX: usize = 1024;
/// The longest query kept. `http::Uri` takes 64 KiB with the path, and percent-encoding may treble what comes in; ours has
/// some hundred bytes. A longer one is dropped, and with it the token.
const QUERY_BYTES_MAX: usize = 16 * 1024;
/// The longest header value kept.
const HEADER_BYTES_MAX: usize = 256;
/// The headers that the receiver looks at.
const HEADERS: [&str; 2] = ["content-type", "x-amzn-trace-id"];

/// The layer that rewrites every payload by [`safe_payload`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Guard;

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner }
    }
}

/// A runtime behind the [`Guard`].
#[derive(Debug, Clone)]
pub struct Guarded<S> {
    inner: S,
}

impl<S> Service<LambdaInvocation> for Guarded<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
{
    type Response = ();
    type Error = Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> S::Future {
        invocation.body = safe_payload(&invocation.body).into();
        self.inner.call(invocation)
    }
}

/// What is read of a payload. Its leaves may be anything, for each is looked at by itself; a payload of another shape has none.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Payload {
    raw_path: Value,
    raw_query_string: Value,
    headers: Value,
    request_context: RequestContext,
    body: Value,
    is_base64_encoded: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RequestContext {
    http: Http,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Http {
    method: Value,
    source_ip: Value,
}

/// What `lambda_http` gets to read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SafePayload<'a> {
    version: &'static str,
    raw_path: String,
    raw_query_string: String,
    headers: BTreeMap<String, &'a str>,
    request_context: SafeRequestContext<'a>,
    body: Option<&'a str>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
struct SafeRequestContext<'a> {
    http: SafeHttp<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SafeHttp<'a> {
    method: &'a str,
    source_ip: Option<String>,
}

/// The JSON text of a payload that `lambda_http` reads without panic or failure, whatever the given bytes are.
#[must_use]
pub fn safe_payload(payload: &[u8]) -> Vec<u8> {
    // Not such a payload: all is missing.
    let payload: Payload = serde_json::from_slice(payload).unwrap_or_default();
    let mut headers = safe_headers(&payload.headers);
    let body = payload.body.as_str();
    if payload.is_base64_encoded == true {
        headers.insert(ENCODING.to_owned(), BASE64);
    }
    let http = &payload.request_context.http;
    let safe = SafePayload {
        version: "2.0",
        raw_path: safe_path(text(&payload.raw_path)),
        raw_query_string: safe_query(text(&payload.raw_query_string)),
        headers,
        request_context: SafeRequestContext {
            http: SafeHttp { method: safe_method(text(&http.method)), source_ip: safe_address(text(&http.source_ip)) },
        },
        body,
        // Whatever it is: it is decoded later, or not at all.
        is_base64_encoded: false,
    };
    serde_json::to_vec(&safe).expect("its keys are text and nothing in it can fail to be written")
}

/// The body of a request that was made of a [`safe_payload`].
#[must_use]
pub fn body_of(request: &Request) -> Body<'_> {
    let bytes = request.body().as_ref();
    match request.headers().get(ENCODING) {
        Some(encoding) if encoding == BASE64 => Body::Base64(bytes),
        _ => Body::Plain(bytes),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn safe_headers(headers: &Value) -> BTreeMap<String, &str> {
    let is_kept = |name: &str, value: &str| {
        HEADERS.contains(&name) && value.len() <= HEADER_BYTES_MAX && value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    };
    headers
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.to_ascii_lowercase(), text(value)))
        .filter(|(name, value)| is_kept(name, value))
        .collect()
}

/// The method, if it can be one; else one that nobody uses, for a missing method would be read as GET.
fn safe_method(method: &str) -> &str {
    if Method::from_bytes(method.as_bytes()).is_ok() { method } else { "NONE" }
}

fn safe_address(address: &str) -> Option<String> {
    address.parse::<IpAddr>().ok().map(|address| address.to_string())
}

fn safe_path(path: &str) -> String {
    if path.starts_with('/') && path.len() <= PATH_BYTES_MAX { percent_encode(path, b"") } else { "/".to_owned() }
}

fn safe_query(query: &str) -> String {
    if query.len() <= QUERY_BYTES_MAX { percent_encode(query, b"/?") } else { String::new() }
}

/// The text with everything percent-encoded that a URI does not take as it is. What is percent-encoded already stays, so that
/// decoding gives what it gave before.
fn percent_encode(text: &str, also_allowed: &[u8]) -> String {
    const ALLOWED: &[u8] = b"/-._~!$&'()*+,;=:@%";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || ALLOWED.contains(&byte) || also_allowed.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use lambda_http::RequestExt;
    use lambda_http::request::RequestContext;
    use proptest::prelude::*;

    use super::*;

    fn request(payload: &[u8]) -> Request {
        lambda_http::request::from_str(std::str::from_utf8(&safe_payload(payload)).unwrap()).unwrap()
    }

    fn source(request: &Request) -> Option<String> {
        match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        }
    }

    fn payload(changes: &[(&str, Value)]) -> Value {
        let file = include_str!("../../../events/function-url/support_conference_end.function-url.json");
        let mut payload: Value = serde_json::from_str(file).unwrap();
        for (pointer, value) in changes {
            *payload.pointer_mut(pointer).unwrap() = value.clone();
        }
        payload
    }

    fn changed(pointer: &str, value: impl Into<Value>) -> Request {
        request(payload(&[(pointer, value.into())]).to_string().as_bytes())
    }

    #[test]
    fn good_payload_keeps_all_that_is_looked_at() {
        let request = request(payload(&[]).to_string().as_bytes());
        assert_eq!((request.method().as_str(), request.raw_http_path()), ("POST", "/ERSPost"));
        assert_eq!(request.uri().query(), Some("appliance=default&outbound_event_token=local-token-default"));
        assert_eq!(source(&request).as_deref(), Some("198.51.100.20"));
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(request.headers()["x-amzn-trace-id"], "Root=1-67d97439-0123456789abcdef01234567");
        let body = include_bytes!("../../../events/outbound/support_conference_end.form");
        assert_eq!(body_of(&request).decode().unwrap(), &body[..]);
    }

    #[test]
    fn body_is_not_decoded_on_its_way() {
        let decoded = crate::body::decoded::during(|| {
            for text in ["ZXZlbnQ=", "%%%", "ZXZl\nbnQ=", "é", ""] {
                assert_eq!(body_of(&changed("/body", text)), Body::Base64(text.as_bytes()), "{text}");
            }
        });
        assert_eq!(decoded, 0);
    }

    #[test]
    fn caller_cannot_say_how_its_body_is_encoded() {
        let headers = serde_json::json!({ ENCODING: BASE64, "X-Payload-Encoding": BASE64 });
        let plain = payload(&[("/headers", headers), ("/isBase64Encoded", false.into()), ("/body", "ZXZlbnQ=".into())]);
        assert_eq!(body_of(&request(plain.to_string().as_bytes())), Body::Plain(b"ZXZlbnQ="));
    }

    #[test]
    fn whatever_is_no_call_at_all_has_no_path() {
        for payload in ["", "{", "null", "[]", "7", "{}", r#"{"key1":"value1"}"#, r#"{"Records":[]}"#, "\u{feff}{}"] {
            let request = request(payload.as_bytes());
            assert_eq!((request.raw_http_path(), request.method().as_str()), ("/", "NONE"), "{payload}");
        }
        assert_eq!(request(b"\xff\xfe").raw_http_path(), "/");
    }

    #[test]
    fn odd_characters_of_a_query_are_encoded_and_mean_the_same() {
        let request = changed("/rawQueryString", "outbound_event_token=a <b>#\"{é}|^`\\&x=%zz%41");
        assert_eq!(request.uri().query(), Some("outbound_event_token=a%20%3Cb%3E%23%22%7B%C3%A9%7D%7C%5E%60%5C&x=%zz%41"));
        let parameters = request.query_string_parameters();
        assert_eq!(parameters.first("outbound_event_token"), Some("a <b>#\"{é}|^`\\"));
    }

    #[test]
    fn oversized_or_impossible_parts_are_left_out() {
        assert_eq!(changed("/rawQueryString", "x".repeat(QUERY_BYTES_MAX + 1)).uri().query(), None);
        assert_eq!(changed("/rawPath", format!("/{}", "x".repeat(PATH_BYTES_MAX))).raw_http_path(), "/");
        assert_eq!(changed("/rawPath", ":99999/ERSPost").raw_http_path(), "/");
        assert_eq!(changed("/rawPath", "ERSPost").raw_http_path(), "/");
        assert_eq!(changed("/requestContext/http/method", "PO ST").method().as_str(), "NONE");
        assert_eq!(source(&changed("/requestContext/http/sourceIp", "example.com")), None);
        assert_eq!(source(&changed("/requestContext/http/sourceIp", 7)), None);
        assert!(changed("/headers/content-type", "text/plain\r\nx: y").headers().get("content-type").is_none());
        assert!(changed("/headers/content-type", "x".repeat(HEADER_BYTES_MAX + 1)).headers().get("content-type").is_none());
        assert_eq!(changed("/headers/host", "[ not a host").raw_http_path(), "/ERSPost");
        assert_eq!(changed("/requestContext/stage", "prod").raw_http_path(), "/ERSPost");
    }

    #[test]
    fn path_is_not_normalised() {
        for path in ["/x/../ERSPost", "//ERSPost", "/./ERSPost", "/ERSPost/"] {
            assert_eq!(changed("/rawPath", path).raw_http_path(), path);
        }
        assert_eq!(changed("/rawPath", "/ERSPost?x").raw_http_path(), "/ERSPost%3Fx");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(".*", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn lambda_http_reads_every_guarded_payload(bytes: Vec<u8>) {
            request(&bytes);
        }

        #[test]
        fn lambda_http_reads_a_payload_with_any_part_replaced(
            value in any_json(),
            pointer in prop::sample::select(vec![
                "", "/body", "/isBase64Encoded", "/rawPath", "/rawQueryString", "/headers", "/headers/host",
                "/headers/content-type", "/headers/x-forwarded-proto", "/queryStringParameters", "/requestContext", "/requestContext/http",
                "/requestContext/http/method", "/requestContext/http/sourceIp", "/requestContext/stage", "/requestContext/domainName",
            ]),
        ) {
            request(payload(&[(pointer, value)]).to_string().as_bytes());
        }

        #[test]
        fn every_body_that_is_base64_arrives_byte_for_byte(body: Vec<u8>) {
            let request = changed("/body", STANDARD.encode(&body));
            prop_assert_eq!(&*body_of(&request).decode().unwrap(), body);
        }

        #[test]
        fn every_plain_body_arrives_byte_for_byte(body in ".*") {
            let request = request(payload(&[("/body", body.clone().into()), ("/isBase64Encoded", false.into())]).to_string().as_bytes());
            prop_assert_eq!(body_of(&request), Body::Plain(body.as_bytes()));
        }
    }
}
