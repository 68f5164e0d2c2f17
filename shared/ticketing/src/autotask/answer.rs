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
/// What a 401 means when it says nothing itself. An address that is configured is not replaced by discovery.
const UNAUTHORIZED: &str = "Autotask answered 401: the user name, secret or integration code is wrong, or the tenant has moved \
                            and zone_url names its old zone";
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
    /// Writing a ticket; it has no parent.
    CreateTicket,
    /// Writing a time entry; it has no parent in its path.
    CreateTimeEntry,
}

impl Purpose {
    /// Whether the path names something that may be missing; elsewhere a 404 says that the address is wrong.
    const fn path_names_a_row(self) -> bool {
        matches!(self, Self::ReadById | Self::CreateNote | Self::CreateAttachment)
    }

    /// Whether something is to be made.
    pub(super) const fn is_write(self) -> bool {
        matches!(self, Self::CreateTicket | Self::CreateNote | Self::CreateAttachment | Self::CreateTimeEntry)
    }
}

/// An answer as it came. Not `Debug`: it holds the body.
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
        let errors = json.as_ref().map(|json| self.errors(json)).unwrap_or_default();
        match json {
            Some(json) if self.succeeded() && errors.is_empty() => Ok(json),
            json => Err(self.failure(purpose, errors, json.as_ref())),
        }
    }

    fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn failure(&self, purpose: Purpose, errors: Vec<String>, json: Option<&Value>) -> Failure {
        if self.status == 429 || vendor_texts::is_throttling(&errors) {
            return Failure::NotTaken { what: self.throttled_by(), throttled: true, retry_after: self.retry_after() };
        }
        let is_json = json.is_some();
        let texts: &[String] = &[errors, json.map(|json| self.message(json)).unwrap_or_default()].concat();
        if self.status == 401 {
            return Failure::CredentialsRefused { sentence: self.sentence_or(texts, UNAUTHORIZED) };
        }
        if self.status == 404 && purpose.path_names_a_row() {
            return Failure::NotFound;
        }
        // Whatever page it is (a filter's, with HTML): it refused before any work.
        if texts.is_empty() && self.status == vendor_texts::FORBIDDEN && purpose.is_write() {
            return vendor_texts::forbidden(purpose, self.description(is_json));
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

    /// What Autotask says in `errors`: strings, or objects with a `message` (observed by clients).
    fn errors(&self, json: &Value) -> Vec<String> {
        let texts: Vec<&str> = match Row::new(json).and_then(|row| row.get("errors")) {
            Some(Value::Array(errors)) => errors.iter().filter_map(error_text).collect(),
            Some(error) => error_text(error).into_iter().collect(),
            None => Vec::new(),
        };
        self.fit_to_tell(&texts)
    }

    /// The `Message` of the web framework. It counts only with a 4xx: it then refused the call before any work; with a 5xx it may
    /// have crashed amid it.
    fn message(&self, json: &Value) -> Vec<String> {
        let counts = (400..500).contains(&self.status);
        let text = Row::new(json).and_then(|row| row.text("Message")).filter(|_| counts);
        self.fit_to_tell(text.as_slice())
    }

    fn fit_to_tell(&self, texts: &[&str]) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;
    use serde_json::json;

    const PURPOSES: [Purpose; 7] = [
        Purpose::CreateTicket,
        Purpose::ZoneDiscovery,
        Purpose::ReadById,
        Purpose::Query,
        Purpose::CreateNote,
        Purpose::CreateAttachment,
        Purpose::CreateTimeEntry,
    ];

    fn read_with(purpose: Purpose, status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
        Answer { status, headers, body, private: &[] }.read(purpose)
    }

    fn read(purpose: Purpose, status: u16, body: &str) -> Result<Value, Failure> {
        read_with(purpose, status, &HeaderMap::new(), body.as_bytes())
    }

    fn throttled(failure: &Failure) -> bool {
        matches!(failure, Failure::NotTaken { throttled: true, .. })
    }

    #[test]
    fn answer_of_a_success_is_its_json() {
        assert_eq!(read(Purpose::CreateNote, 200, r#"{"itemId":4}"#), Ok(json!({ "itemId": 4 })));
        assert_eq!(read(Purpose::Query, 200, r#"{"items":[],"errors":[]}"#), Ok(json!({ "items": [], "errors": [] })));
    }

    #[test]
    fn answers_that_leave_the_fate_open_are_unknown_for_every_purpose() {
        for (status, body) in [
            (200, ""),
            (200, "<html>Maintenance</html>"),
            (200, r#"{"itemId":4"#),
            (200, r#"["itemId"]"#),
            (204, ""),
            (302, ""),
            (307, r#"{"errors":[]}"#),
            (400, "Bad Request"),
            (500, ""),
            (500, "<html>Runtime Error</html>"),
            (500, r#"{"errors":[]}"#),
            (500, r#"{"errors":[""]}"#),
            (500, r#"{"errors":["#),
            (500, r#"{"Message":"An error has occurred."}"#),
            (502, "Bad Gateway"),
            (503, ""),
            (504, "null"),
            (999, "{}"),
        ] {
            for purpose in PURPOSES {
                let failure = read(purpose, status, body).unwrap_err();
                assert!(matches!(failure, Failure::Unknown { .. }), "{purpose:?} {status} {body}: {failure:?}");
            }
        }
    }

    #[test]
    fn page_of_a_filter_with_403_blocks_one_write_and_leaves_questions_open() {
        for body in ["<html>Forbidden by a gateway</html>", "", "{}", r#"{"errors":[]}"#] {
            for purpose in PURPOSES {
                let failure = read(purpose, 403, body).unwrap_err();
                if purpose.is_write() {
                    let sentence = "HTTP 403 without an error text of Autotask".into();
                    let Failure::WriteBlocked { sentence: said, remedy } = failure else { panic!("{purpose:?}: {failure:?}") };
                    assert_eq!(said, sentence, "{body}");
                    assert!(remedy.as_str().contains("filter"), "{remedy}");
                } else {
                    assert!(matches!(failure, Failure::Unknown { .. }), "{purpose:?}: {failure:?}");
                }
            }
        }
    }

    #[test]
    fn status_500_with_a_sentence_is_a_refusal_and_no_outage() {
        let failure = read(Purpose::CreateNote, 500, r#"{"errors":["Missing Required Field: title"]}"#).unwrap_err();
        assert_eq!(failure, Failure::Refused { sentence: "Missing Required Field: title".into() });
    }

    #[test]
    fn errors_are_read_in_every_shape_that_was_seen() {
        for body in [
            r#"{"errors":["queueID is required"]}"#,
            r#"{"Errors":["queueID is required"]}"#,
            r#"{"errors":[{"message":"queueID is required"}]}"#,
            r#"{"errors":[{"Message":"queueID is required"}, 7, null]}"#,
            r#"{"errors":"queueID is required"}"#,
        ] {
            let failure = read(Purpose::CreateNote, 500, body).unwrap_err();
            assert_eq!(failure, Failure::Refused { sentence: "queueID is required".into() }, "{body}");
        }
    }

    #[test]
    fn success_that_holds_errors_is_none() {
        let failure = read(Purpose::CreateNote, 200, r#"{"itemId":4,"errors":["queueID is required"]}"#).unwrap_err();
        assert_eq!(failure, Failure::Refused { sentence: "queueID is required".into() });
    }

    #[test]
    fn refusal_of_the_web_framework_counts_only_before_any_work() {
        let body = r#"{"Message":"The requested resource does not support http method 'PUT'."}"#;
        let failure = read(Purpose::CreateNote, 405, body).unwrap_err();
        assert!(matches!(failure, Failure::Unrecognised { .. }), "{failure:?}");
        let failure = read(Purpose::CreateNote, 500, body).unwrap_err();
        assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
    }

    #[test]
    fn throttling_is_not_taken_whatever_its_status() {
        let text = r#"{"errors":["The thread threshold of 3 threads has been exceeded for this combination."]}"#;
        for status in [200, 400, 401, 429, 500, 503] {
            assert!(throttled(&read(Purpose::CreateNote, status, text).unwrap_err()), "{status}");
        }
        for (status, body) in
            [(429, ""), (429, "<html>"), (429, r#"{"errors":["anything"]}"#), (500, r#"{"errors":["Itgenatr005"]}"#)]
        {
            assert!(throttled(&read(Purpose::CreateTimeEntry, status, body).unwrap_err()), "{status} {body}");
        }
    }

    #[test]
    fn answer_that_echoes_what_we_sent_is_never_throttling() {
        let echo = "thread threshold Itgenatr005";
        for (status, body) in [
            (500, format!("<html>A potentially dangerous value was detected: {echo}</html>")),
            (500, format!(r#"{{"description":"{echo}"}}"#)),
            (500, format!(r#"{{"Message":"{echo}"}}"#)),
            (503, format!(r#"{{"errors":[],"request":{{"description":"{echo}"}}}}"#)),
            (200, echo.to_owned()),
        ] {
            let failure = read(Purpose::CreateNote, status, &body).unwrap_err();
            assert!(matches!(failure, Failure::Unknown { .. }), "{status} {body}: {failure:?}");
        }
        let message = format!(r#"{{"Message":"{echo}"}}"#);
        let failure = read(Purpose::CreateNote, 400, &message).unwrap_err();
        assert!(matches!(failure, Failure::Unrecognised { .. }), "{failure:?}");
        // What Autotask quotes of a request is no text of its own, either.
        let quoted = json!({ "errors": [format!("The value \"{echo}\" is required")] }).to_string();
        let failure = read(Purpose::CreateNote, 500, &quoted).unwrap_err();
        assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
    }

    #[test]
    fn text_of_a_row_that_speaks_of_throttling_is_only_text() {
        let body = r#"{"items":[{"id":1,"title":"Thread threshold exceeded"}]}"#;
        assert!(read(Purpose::Query, 200, body).is_ok());
    }

    #[test]
    fn retry_after_is_honoured_in_seconds_and_as_a_date() {
        let wait = |retry_after: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            match read_with(Purpose::Query, 429, &headers, b"").unwrap_err() {
                Failure::NotTaken { retry_after, .. } => retry_after.map(|wait| wait.as_secs()),
                failure => panic!("{failure:?}"),
            }
        };
        assert_eq!(wait("120", None), Some(120));
        assert_eq!(wait("99999999", None), Some(RETRY_AFTER_MAX.as_secs()));
        let date = Some("Tue, 18 Mar 2025 13:02:00 GMT");
        assert_eq!(wait("Tue, 18 Mar 2025 13:03:30 GMT", date), Some(90));
        assert_eq!(wait("Tue, 18 Mar 2025 13:00:00 GMT", date), Some(0));
        assert_eq!(wait("Tue, 18 Mar 2025 13:03:30 GMT", None), None);
        assert_eq!(wait("soon", date), None);
        assert_eq!(wait("-5", date), None);
    }

    #[test]
    fn refused_credentials_are_told_by_status_and_by_text() {
        for (status, body) in [
            (401, ""),
            (401, "<html>"),
            (401, r#"{"Message":"Denied."}"#),
            (500, r#"{"errors":["IntegrationCode is invalid."]}"#),
        ] {
            let failure = read(Purpose::CreateNote, status, body).unwrap_err();
            assert!(matches!(failure, Failure::CredentialsRefused { .. }), "{status} {body}: {failure:?}");
        }
    }

    #[test]
    fn missing_parent_is_not_found_but_a_missing_path_is_not() {
        for body in ["<html>404 - File or directory not found.</html>", r#"{"errors":["gone"]}"#, ""] {
            for purpose in [Purpose::ReadById, Purpose::CreateNote, Purpose::CreateAttachment] {
                assert_eq!(read(purpose, 404, body), Err(Failure::NotFound));
            }
            for purpose in [Purpose::Query, Purpose::CreateTimeEntry, Purpose::ZoneDiscovery] {
                let failure = read(purpose, 404, body).unwrap_err();
                assert!(matches!(failure, Failure::Unknown { .. }), "{purpose:?}: {failure:?}");
            }
        }
    }

    #[test]
    fn private_texts_of_the_request_do_not_come_back() {
        let body = br#"{"errors":["No such person: JDoe"]}"#;
        let answer = Answer { status: 500, headers: &HeaderMap::new(), body, private: &["jdoe"] };
        assert_eq!(answer.read(Purpose::Query), Err(Failure::Unrecognised { sentence: "No such person: …".into() }));
    }

    #[test]
    fn created_id_may_be_a_number_or_text_and_its_key_in_any_case() {
        for answer in [json!({ "itemId": 30001 }), json!({ "itemId": "30001" }), json!({ "ItemID": 30001 })] {
            assert_eq!(created_id(&answer), Ok(30001));
        }
        for answer in
            [json!({}), json!({ "itemId": null }), json!({ "itemId": "x" }), json!({ "itemId": 1.5 }), json!({ "items": [] })]
        {
            assert!(matches!(created_id(&answer), Err(Failure::Unknown { .. })), "{answer}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics_or_shows_its_body(
            status in 100_u16..1000,
            purpose in prop::sample::select(PURPOSES.to_vec()),
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            // Bytes without the vendor's error body never become a refusal; a filter's 403 blocks one write at most.
            if let Err(failure) = read_with(purpose, status, &HeaderMap::new(), &body) {
                let refused = matches!(
                    failure,
                    Failure::Refused { .. } | Failure::Blocked { .. } | Failure::RoleRefused { .. } | Failure::TooLong { .. }
                );
                prop_assert!(!refused, "{failure:?}");
            }
        }

        #[test]
        fn no_sentence_of_autotask_panics(
            status in 200_u16..600,
            purpose in prop::sample::select(PURPOSES.to_vec()),
            texts in prop::collection::vec("\\PC{0,400}|.{0,40}['\"@].{0,40}", 0..4),
            private in "\\PC{0,5}",
        ) {
            let body = json!({ "errors": texts }).to_string();
            let private = [private.as_str()];
            let answer = Answer { status, headers: &HeaderMap::new(), body: body.as_bytes(), private: &private };
            let read = answer.read(purpose);
            prop_assert!(read.is_ok() == ((200..300).contains(&status) && texts.iter().all(|text| text.trim().is_empty())));
        }

        #[test]
        fn no_header_panics(retry_after in "\\PC{0,60}", date in "\\PC{0,60}") {
            let mut headers = HeaderMap::new();
            for (name, text) in [(RETRY_AFTER, retry_after), (DATE, date)] {
                headers.extend(HeaderValue::from_bytes(text.as_bytes()).ok().map(|value| (name, value)));
            }
            prop_assert!(read_with(Purpose::Query, 429, &headers, b"").is_err());
        }
    }
}
