//! What Autotask answers. Promised: every status with every body is an answer or a failure; without an error text of the vendor a
//! failure says nothing of the body; with one it shows neither logins nor addresses, on one line of bounded length; nobody is told to
//! wait for longer than a day.
//!
//! The first byte of an input says what was asked, the second the status. If that is odd, two lines follow with `Retry-After` and
//! `Date`. The rest is the body.

use std::time::Duration;

use session::{Failure, Sentence};
use ticketing::autotask::fuzzing::{PURPOSES, RawAnswer, read};

use crate::{KIB, MIB, Samples, Target, split_line, split_selector};

/// See the head of this file.
pub const TARGET: Target =
    Target { name: "autotask_answer", run, seeds, words: WORDS, input_bytes_max: 4 * KIB, memory_bytes_max: MIB };

const WORDS: &[&str] = &[
    "{\"errors\":[\"",
    "\"Message\":\"",
    "{\"message\":\"",
    "{\"items\":[",
    "\"pageDetails\":{\"nextPageUrl\":\"\"}",
    "{\"item\":{\"id\":7001,\"ticketNumber\":\"T20250318.0042\",\"companyID\":0,\"status\":8",
    "\"lastActivityDate\":\"2025-03-18T13:02:00Z\"",
    "\"assignedResourceRoleID\":29683",
    "{\"itemId\":30001}",
    "{\"url\":\"https://webservices19.autotask.net/ATServicesRest/\"}",
    "\"email\":\"j.doe@acme.example\",\"isActive\":1",
    "thread threshold",
    "IntegrationCode is invalid",
    "does not have the adequate permissions",
    "exceeds maximum length",
    "There is no row at position 0",
    "timesheet",
    "timed out",
    "is required",
    "j.doe@acme.example",
    "Tue, 18 Mar 2025 13:02:00 GMT",
    "<html>",
];

/// A login that was in the request.
const LOGIN: &str = "j.doe@acme.example";
const STATUSES: [u16; 16] = [200, 201, 204, 302, 400, 401, 403, 404, 405, 409, 429, 500, 502, 503, 504, 999];
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads the bytes as an answer.
pub fn run(input: &[u8]) {
    let (purpose, rest) = split_selector(input);
    let (selector, body) = split_selector(rest);
    let purpose = usize::from(purpose) % PURPOSES;
    let status = STATUSES[usize::from(selector / 2) % STATUSES.len()];
    let mut answer = RawAnswer { status, retry_after: None, date: None, body };
    if selector % 2 == 1 {
        let (retry_after, rest) = split_line(body);
        let (date, body) = split_line(rest);
        answer = RawAnswer { status, retry_after: Some(retry_after), date: Some(date), body };
    }
    if let Err(failure) = read(&answer, purpose, LOGIN) {
        check(&answer, purpose, &failure);
    }
}

fn check(answer: &RawAnswer<'_>, purpose: usize, failure: &Failure) {
    let text = failure.to_string();
    assert!(!text.contains(char::is_control), "one line");
    assert!(text.chars().count() <= Sentence::LENGTH_MAX + 40, "bounded");
    let lower = text.to_ascii_lowercase();
    assert!(!lower.contains(LOGIN) && !lower.contains('@'), "no login, no address");
    match failure {
        Failure::NotTaken { retry_after, .. } => assert!(retry_after.is_none_or(|wait| wait <= A_DAY)),
        // An answer of the same kind without any content comes to the same words.
        _ if !(200..300).contains(&answer.status) && !may_hold_an_error_text(answer.body) => {
            let is_object = answer.body.trim_ascii_start().starts_with(b"{") && is_json(answer.body);
            let blank = RawAnswer { body: if is_object { b"{}" } else { b"" }, ..*answer };
            assert_eq!(read(&blank, purpose, LOGIN).as_ref(), Err(failure), "nothing of the body");
        }
        _ => {}
    }
}

/// Rough, on the safe side: the keys may be written with escapes, and in any case.
fn may_hold_an_error_text(body: &[u8]) -> bool {
    let holds = |word: &[u8]| body.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    body.contains(&b'\\') || holds(b"errors") || holds(b"message")
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok()
}

/// There are no samples of these: the simulator of Autotask writes them.
fn seeds(_: &Samples) -> Vec<Vec<u8>> {
    let bodies = [
        r#"{"url":"https://webservices19.autotask.net/ATServicesRest/"}"#,
        r#"{"item":{"id":7001,"ticketNumber":"T20250318.0042","companyID":0,"status":8,"assignedResourceRoleID":null,"lastActivityDate":"2025-03-18T13:02:00.12"}}"#,
        r#"{"items":[{"id":4,"isActive":true,"email":"j.doe@acme.example","defaultServiceDeskRoleID":301}],"pageDetails":{"nextPageUrl":null}}"#,
        r#"{"itemId":30001}"#,
        r#"{"errors":["Picklist value [3] does not exist for priority","No resource j.doe@acme.example"]}"#,
        r#"{"errors":[{"message":"The logged in Resource does not have the adequate permissions to create it."}]}"#,
        r#"{"Message":"The requested resource does not support http method 'PUT'."}"#,
        "<html>Runtime Error</html>",
        "",
    ];
    let answers = (0_u8..6).flat_map(|purpose| [0_u8, 10, 12, 14, 22, 26].map(|status| (purpose, status)));
    let plain = answers.flat_map(|(purpose, status)| bodies.map(|body| [&[purpose, status], body.as_bytes()].concat()));
    let throttled = ["120\n\n", "Tue, 18 Mar 2025 13:03:30 GMT\nTue, 18 Mar 2025 13:02:00 GMT\n"];
    plain.chain(throttled.map(|headers| [&[2, 21], headers.as_bytes()].concat())).collect()
}
