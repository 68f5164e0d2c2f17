//! What the appliance answers when it gives no report: tokens, and errors in words. Promised: every body is a token that can stand in
//! a header, or a failure; no failure shows the client's id or secret, and none is longer than a line.
//!
//! The first byte of an input says which answer it is, the rest is the body.

use std::sync::LazyLock;

use appliance::client::fuzzing::TokenAnswers;
use appliance::read_report;
use secrecy::ExposeSecret;
use session::{Failure, Lsid, Sentence};

use crate::{KIB, MIB, Samples, Target, split_selector};

/// See the head of this file.
pub const TARGET: Target =
    Target { name: "appliance_answer", run, seeds, words: WORDS, input_bytes_max: 4 * KIB, memory_bytes_max: 2 * MIB };

const WORDS: &[&str] = &[
    "{\"access_token\":\"",
    "\"token_type\":\"Bearer\"",
    "\"expires_in\":3600",
    "\"expires_in\":\"3600\"",
    "{\"error\":\"",
    "\"message\":\"",
    "\"error_description\":\"",
    CLIENT_ID,
    CLIENT_SECRET,
    "<error xmlns=\"https://www.beyondtrust.com/namespaces/API/reporting\">",
    "</error>",
    "login failed",
    "1e999",
];

const CLIENT_ID: &str = "invented-client-id";
const CLIENT_SECRET: &str = "invented-client-secret";

static TOKENS: LazyLock<TokenAnswers> = LazyLock::new(|| TokenAnswers::new(CLIENT_ID, CLIENT_SECRET));
static LSID: LazyLock<Lsid> = LazyLock::new(|| "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().expect("a constant id"));

/// Reads the bytes as an answer.
pub fn run(input: &[u8]) {
    let (kind, body) = split_selector(input);
    match kind {
        b'e' => {
            let document = [b"<error>", body, b"</error>"].concat();
            if let Err(error) = read_report(document.as_slice(), &LSID) {
                check(&error.into());
            }
        }
        kind => match TOKENS.read(kind != b'r', body) {
            Ok(token) => {
                let token = token.expose_secret();
                assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()), "a token can stand in a header");
            }
            Err(failure) => {
                check(&failure);
                let text = failure.to_string();
                assert!(!text.contains(CLIENT_SECRET) && !text.contains(CLIENT_ID), "what we sent does not come back");
            }
        },
    }
}

fn check(failure: &Failure) {
    let text = failure.to_string();
    assert!(!text.contains(char::is_control), "one line");
    assert!(text.chars().count() <= Sentence::LENGTH_MAX + 40, "bounded");
}

fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    let tokens = [
        r#"t{"access_token":"kQ7-invented","token_type":"Bearer","expires_in":3600}"#,
        r#"t{"access_token":"kQ7-invented","token_type":"bearer","expires_in":"60","refresh_token":null}"#,
        r#"t{"error":"invalid_client","message":"The user credentials were incorrect."}"#,
        r#"r{"error":"invalid_client","error_description":"unknown client invented-client-id"}"#,
        "r<html>Sign in</html>",
        "t",
        "elogin failed",
        "ereport &amp; <![CDATA[more]]>",
    ];
    let errors = samples.in_folder("reports", ".xml").into_iter().filter(|report| report.len() < KIB);
    let errors = errors.map(|report| [b"e", report.as_slice()].concat());
    tokens.map(|token| token.as_bytes().to_vec()).into_iter().chain(errors).collect()
}
