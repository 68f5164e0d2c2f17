//! What an answer of the appliance means before its body is read, and what the lack of an answer means.
//!
//! The texts made here hold a status, a cause of the transport or the vendor's sentence; never a URL, a header or a body.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use session::{Failure, Sentence};

/// The failure of a call that got no answer.
pub(super) fn call_failed(error: &reqwest::Error) -> Failure {
    let what = |before: &str| Sentence::new(&format!("{before}: {}", root_cause(error)));
    if error.is_connect() {
        Failure::NotTaken { what: what("no connection"), throttled: false, retry_after: None }
    } else {
        Failure::Unknown { what: what("the connection was lost") }
    }
}

/// The innermost cause: what the system or the TLS library says. The outer ones name the URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(inner) = cause.and_then(Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "no further cause".to_owned(), ToString::to_string)
}

/// Whether the body is worth reading. `what` says whose answer it is.
pub(super) fn accepted(response: &Response, what: &str) -> Result<(), Failure> {
    let status = response.status();
    let answered = || Sentence::new(&format!("{what} was answered {}", status.as_u16()));
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::UNAUTHORIZED => Err(Failure::CredentialsRefused { sentence: answered() }),
        // The right is missing, or something in front of the appliance objects: in both cases a person has to look.
        StatusCode::FORBIDDEN => Err(Failure::CredentialsRefused {
            sentence: Sentence::new(&format!(
                "{what} was answered 403: does the API account have the right to session reports, is our address allowed?"
            )),
        }),
        StatusCode::TOO_MANY_REQUESTS => {
            Err(Failure::NotTaken { what: answered(), throttled: true, retry_after: retry_after(response) })
        }
        status if status.is_redirection() => Err(Failure::Unknown {
            what: Sentence::new(&format!("{what} was answered with a redirect ({}), which is never followed", status.as_u16())),
        }),
        _ => Err(Failure::Unknown { what: answered() }),
    }
}

/// How long to wait, if the appliance says so in seconds. A date is not understood: there is no clock here to hold it against.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What the appliance's clock showed when it answered, if it says so in the header that every server with a clock sends.
pub(super) fn clock(response: &Response) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(response.headers().get(DATE)?.as_bytes()).ok()
}

/// The most bytes of an answer that is read as a whole. Real ones have a few hundred.
const WHOLE_BYTES_MAX: usize = 64 * 1024;

/// The body of an answer that is small. `what` says whose answer it is.
pub(super) async fn read_bounded(mut response: Response, what: &str) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| call_failed(&error))? {
        if body.len() + chunk.len() > WHOLE_BYTES_MAX {
            return Err(Failure::Unreadable { what: Sentence::new(&format!("the answer to {what} is too long")) });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
