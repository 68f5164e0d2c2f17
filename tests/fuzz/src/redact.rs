//! What people typed, gone through for what must not lie on a ticket. Promised: cleaned twice is cleaned once; beside what was taken
//! out nothing is lost, and what stands there says as much as is counted; our own marker beside it stays; with whatever pattern of
//! one's own, in bounded time.
//!
//! The first line of an input is a pattern (none if it is empty), the rest the text.

use session::write_id::{Marker, WriteId};
use session::{Gsnumber, Lsid};
use texts::{Redactor, TakenOut, own_pattern};

use crate::{KIB, MIB, Samples, Target, split_line};

/// See the head of this file.
pub const TARGET: Target = Target {
    name: "redact",
    run,
    seeds,
    words: &[
        "4111111111111111",
        "4111 1111 1111 1111",
        "3782-822463-10005",
        "password:",
        "Passwort: ",
        "token=",
        "\"password\":\"",
        "Bearer ",
        "eyJhbGciOi",
        "AKIA",
        "ghp_",
        "xoxb-",
        "://a:",
        "@host",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "[removed: ",
        "secret]",
        "\u{a0}",
        "\u{ff1a}",
    ],
    input_bytes_max: 4 * KIB,
    memory_bytes_max: 4 * MIB,
};

/// Reads the bytes as a pattern and a text.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (pattern, rest) = split_line(text.as_bytes());
    let (pattern, text) = (&text[..pattern.len()], &text[text.len() - rest.len()..]);
    let redactor = Redactor::default();
    let (once, taken_out) = clean(&redactor, text);
    let (twice, again) = clean(&redactor, &once);
    assert!(twice == once && again.is_nothing(), "cleaned twice is not cleaned once");
    is_what_is_left(text, &once, taken_out);
    let lsid: Lsid = "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().expect("an lsid");
    let marker = Marker::new(&lsid, &WriteId::CustomerSurvey(Gsnumber(4_111_111_111_111_111))).to_string();
    let (marked, _) = clean(&redactor, &format!("{marker}\n{text}"));
    assert!(marked.starts_with(&marker), "the marker has changed");
    if let Ok(pattern) = own_pattern(pattern) {
        let (once, taken_out) = clean(&Redactor::new(true, true, vec![pattern]), text);
        is_what_is_left(text, &once, taken_out);
    }
}

fn clean(redactor: &Redactor, text: &str) -> (String, TakenOut) {
    let mut text = text.to_owned();
    let taken_out = redactor.text(&mut text);
    (text, taken_out)
}

/// What is left stands in the text in that order, and each of the places between is counted.
fn is_what_is_left(text: &str, clean: &str, taken_out: TakenOut) {
    let counted = [
        ("[removed: card number]", taken_out.cards),
        ("[removed: secret]", taken_out.secrets),
        ("[removed: password]", taken_out.passwords),
        ("[removed: own pattern]", taken_out.own),
    ];
    for (words, count) in counted {
        let (before, after) = (text.matches(words).count(), clean.matches(words).count());
        assert!(after <= before + count as usize, "more was taken out than is counted");
    }
    if taken_out.is_nothing() {
        assert!(text == clean, "something has changed that is not counted");
    }
    // A text may have such words of its own.
    if text.contains("[removed: ") {
        return;
    }
    let mut rest = text;
    let pieces = clean.split("[removed: ").map(|piece| piece.split_once(']').map_or("", |(_, behind)| behind));
    let before = clean.find("[removed: ").unwrap_or(clean.len());
    assert!(text.starts_with(&clean[..before]), "what stands before has changed");
    for piece in pieces.skip(1) {
        let at = rest.find(piece).expect("what is left was there before");
        rest = &rest[at + piece.len()..];
    }
}

fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    let texts = [
        "my card is 4111 1111 1111 1111, valid until 12/27",
        "Passwort: \"geheim 1\", user: bob",
        "Authorization: Bearer abcdef0123456789abcdef",
        "https://dana:hunter2@nas.example.com/x",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        "key 111111-222222-333333-444444-555555-666666-000011-121000",
        "KD-123456 and KD-654321",
    ];
    let patterns = ["", "KD-\\d{6}", "\\d(?:.*!)?", "(?i)kunden-?nr[.:]?\\s*\\d{5,8}"];
    let pairs = patterns.iter().flat_map(|pattern| texts.map(|text| format!("{pattern}\n{text}").into_bytes()));
    let reports = samples.in_folder("reports", ".xml");
    pairs.chain(reports.into_iter().map(|report| [b"\n".as_slice(), &report].concat())).collect()
}
