//! What an answer of Autotask means: status, headers and body in, a JSON object or a `Failure` out. Pure and total.
//!
//! The status alone says little: Autotask answers validation, missing rights and missing records with 500 (vendor reference), and
//! an outage has the same status without the vendor's error body. What the error texts mean is in `vendor_texts`.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::Value;
use session::failure::{Failure, Sentence};

use super::row::Row;
use super::vendor_texts;

/// The longest wait that is believed; a neighbour asking for more has a broken clock.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// An id is what a create is answered with.
const ITEM_ID: &str = "itemId";

/// What a call was for; decides what a 404 means and whether texts about roles apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Asking where the tenant lives.
    ZoneDiscovery,
    /// Reading something by the id in the path, or what hangs on it.
    ReadById,
    /// Reading without an id in the path.
    Query,
    /// Writing a note below a ticket.
    CreateNote,
    /// Writing an attachment below a note.
    CreateAttachment,
    /// Writing a time entry; it has no parent in its path.
    CreateTimeEntry,
}

impl Purpose {
    /// Whether the path names something that may be missing; elsewhere a 404 says that the address is wrong.
    const fn path_names_a_row(self) -> bool {
        matches!(self, Self::ReadById | Self::CreateNote | Self::CreateAttachment)
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    /// Texts that were in the request and must not come back in a sentence: logins.
    pub(super) private: &'a [&'a str],
}

impl Answer<'_> {
    /// The JSON object of a call that succeeded.
    ///
    /// # Errors
    /// Every variant of [`Failure`] but `NotReady` and `Unreadable`: what cannot be read is `Unknown`, for a write too.
    pub(super) fn read(&self, purpose: Purpose) -> Result<Value, Failure> {
        let json = serde_json::from_slice::<Value>(self.body).ok().filter(Value::is_object);
        let texts = json.as_ref().map(|json| self.error_texts(json)).unwrap_or_default();
        match json {
            Some(json) if self.succeeded() && texts.is_empty() => Ok(json),
            json => Err(self.failure(purpose, &texts, json.is_some())),
        }
    }

    fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn failure(&self, purpose: Purpose, texts: &[String], is_json: bool) -> Failure {
        if self.status == 429 || vendor_texts::is_throttling(&String::from_utf8_lossy(self.body)) {
            return Failure::NotTaken { what: self.throttled_by(), throttled: true, retry_after: self.retry_after() };
        }
        if self.status == 401 {
            return Failure::CredentialsRefused { sentence: self.sentence_or(texts, "Autotask answered 401 Unauthorized") };
        }
        if self.status == 404 && purpose.path_names_a_row() {
            return Failure::NotFound;
        }
        if texts.is_empty() || self.status == 404 {
            return Failure::Unknown { what: self.description(is_json) };
        }
        vendor_texts::meaning(purpose, self.status, texts)
    }

    fn throttled_by(&self) -> Sentence {
        Sentence::new(&format!("Autotask asked to slow down (HTTP {})", self.status))
    }

    fn sentence_or(&self, texts: &[String], otherwise: &str) -> Sentence {
        if texts.is_empty() { Sentence::new(otherwise) } else { vendor_texts::sentence(texts) }
    }

    /// The answer without its content, for a person.
    fn description(&self, is_json: bool) -> Sentence {
        let status = self.status;
        Sentence::new(&match status {
            200..300 if !is_json => format!("HTTP {status} with an answer that is not a JSON object"),
            300..400 => format!("HTTP {status}, a redirect, which is never followed"),
            404 => "HTTP 404 for a path that always exists: is the address of the zone right?".to_owned(),
            _ => format!("HTTP {status} without an error text of Autotask"),
        })
    }

    /// What Autotask says in `errors`: strings, or objects with a `message` (observed by clients). The `Message` of the web
    /// framework counts only with a 4xx: it then refused the call before any work; with a 5xx it may have crashed amid it.
    fn error_texts(&self, json: &Value) -> Vec<String> {
        let Some(row) = Row::new(json) else { return Vec::new() };
        let mut texts: Vec<&str> = match row.get("errors") {
            Some(Value::Array(errors)) => errors.iter().filter_map(error_text).collect(),
            Some(error) => error_text(error).into_iter().collect(),
            None => Vec::new(),
        };
        if (400..500).contains(&self.status) {
            texts.extend(row.text("Message"));
        }
        texts.iter().filter(|text| !text.trim().is_empty()).map(|text| vendor_texts::scrubbed(text, self.private)).collect()
    }

    /// How long we are asked to wait: seconds, or a date, which is compared with the answer's own `Date` and not with our clock.
    fn retry_after(&self) -> Option<Duration> {
        let wait = self.header(&RETRY_AFTER)?;
        let wait = match wait.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => moment(wait)?.duration_since(moment(self.header(&DATE)?)?).try_into().unwrap_or_default(),
        };
        Some(wait.min(RETRY_AFTER_MAX))
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }
}

fn error_text(error: &Value) -> Option<&str> {
    error.as_str().or_else(|| Row::new(error)?.text("message"))
}

fn moment(http_date: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(http_date).ok()
}

/// The id of what a create made.
///
/// # Errors
/// `Unknown` if the answer holds none: something was done, and only a look-up can tell what.
pub(super) fn created_id(answer: &Value) -> Result<i64, Failure> {
    Row::new(answer)
        .and_then(|row| row.integer(ITEM_ID))
        .ok_or_else(|| Failure::Unknown { what: Sentence::new("a success without the id of what was created") })
}

/// The failure for a JSON answer that does not have the shape that the vendor's contract promises.
pub(super) fn unexpected(what: &str) -> Failure {
    Failure::Unknown { what: Sentence::new(what) }
}
