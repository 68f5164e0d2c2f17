//! The external key, which anybody on the support side may have typed, and the pattern that an administrator wrote for it. Promised:
//! every pair has an answer, in bounded time; a ticket that was found stands in the key; what is beyond the vendor's limit
//! changes nothing.
//!
//! The first line of an input is the pattern (none if it is empty, a digit for one that is compiled already), the rest the key.

use std::sync::LazyLock;

use regex_lite::Regex;
use session::content::TicketReference;
use session::external_key::{KEY_CHARACTERS_MAX, KeyRules, NoTicket};
use ticketing::autotask::TICKET_NUMBER;

use crate::{KIB, MIB, Samples, Target, split_line};

/// See the head of this file.
pub const TARGET: Target = Target {
    name: "external_key",
    run,
    seeds,
    words: &[
        "T20250318.0042",
        "t20250318.0042",
        "{\"accountName\":\"Acme\"}",
        "(\\d+)",
        "CASE-(\\d+)",
        "(?i)",
        "{1,9}",
        "[[:alpha:]]",
        "\u{a0}",
    ],
    input_bytes_max: 2 * KIB,
    // A look takes as much for every step of the pattern as it has groups.
    memory_bytes_max: 16 * MIB,
};

/// Compiled once: what is fuzzed is the search.
static WITHOUT_PATTERN: LazyLock<KeyRules> = LazyLock::new(|| KeyRules::new(TICKET_NUMBER, None));

static PATTERNS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [r"(?:ref|ticket)[ :#]*([A-Z]?\d[\d.]*)", r"t\d{8}\.\d+", "case( \\d+)?", "(x*)"]
        .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
});

/// Reads the bytes as a pattern and a key.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (pattern, key) = split_line(text.as_bytes());
    let (pattern, key) = (&text[..pattern.len()], &text[text.len() - key.len()..]);
    match pattern.as_bytes() {
        [] => check(key, None),
        [digit @ b'0'..=b'3'] => check(key, Some(&PATTERNS[usize::from(digit - b'0')])),
        _ => {
            if let Some(compiled) = session::external_key::pattern(pattern) {
                check(key, Some(&compiled));
            }
        }
    }
}

fn check(key: &str, pattern: Option<&Regex>) {
    let with_pattern = pattern.map(|pattern| KeyRules::new(TICKET_NUMBER, Some(pattern.clone())));
    let rules = with_pattern.as_ref().unwrap_or(&WITHOUT_PATTERN);
    let found = rules.ticket(Some(key));
    let looked_at = key.char_indices().nth(KEY_CHARACTERS_MAX).map_or(key, |(end, _)| &key[..end]);
    match &found {
        Ok(TicketReference::Number(number)) => {
            // But for the case of its first letter.
            let number = number.as_str();
            assert!(
                looked_at.contains(number) || looked_at.contains(&number.replacen('T', "t", 1)),
                "a number that is not there"
            );
        }
        Ok(TicketReference::Id(id)) => assert!(pattern.is_some() && id.0 > 0 && looked_at.contains(&id.to_string())),
        Ok(TicketReference::BareDigits(id)) => assert!(pattern.is_none() && id.0 > 0 && looked_at.contains(&id.to_string())),
        Err(NoTicket::NoKey) => assert!(looked_at.trim().is_empty()),
        Err(NoTicket::NoTicketInKey | NoTicket::TicketWanted) => assert!(!looked_at.trim().is_empty()),
    }
    if looked_at.len() < key.len() {
        assert_eq!(rules.ticket(Some(looked_at)), found, "what is beyond the limit");
    }
}

fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    let keys = [
        "T20250318.0042",
        "90210",
        "\"90210\"",
        "{\"accountName\":\"Acme\"}",
        "Ticket: t20250318.0042 (Müller)",
        "ref: 4711",
        "",
    ];
    let patterns = ["", "0", "1", "2", "3", "CASE-(\\d+)", "(T\\d{8}\\.\\d{4})", "(?i)no[. ]?([0-9]{1,6}|t[\\d.]+)"];
    let pairs = patterns.iter().flat_map(|pattern| keys.map(|key| format!("{pattern}\n{key}").into_bytes()));
    let forms = samples.in_folder("outbound", ".form");
    let decoded = forms.iter().flat_map(|form| form_urlencoded::parse(form)).filter(|(name, _)| name == "external_key");
    pairs.chain(decoded.map(|(_, key)| format!("\n{key}").into_bytes())).collect()
}
