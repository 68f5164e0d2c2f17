//! Which ticket an external key names.
//!
//! The key is free text of at most 1024 characters (vendor reference) that anybody may have set: a technician during the session,
//! whoever made the link or the session key that began it, or the customer, for the public page takes a key from its address too
//! (`session.custom.external_key`; `external_key` in old releases). So a key is no proof of anything: whoever starts a session can point
//! it at any ticket whose number is known or guessed, and the note, the surveys and the time entry of that session then stand there.
//! Nobody can read or change that ticket by it; but with notes that customers see, the company of that ticket reads what was said in
//! the session.
//!
//! What narrows it: a technician who corrects the key during the session (the report's key counts), a pattern that only keys of one's
//! own making match ([`KeyRules`]), and that bare digits, the easiest to guess, count only for tickets with recent activity.
//!
//! Nothing here looks the ticket up: whether it exists, whose it is, and whether bare digits were a phone number, is found out
//! elsewhere.

use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::content::TicketReference;
use crate::ids::{TicketId, TicketNumber};

/// The most characters of a key that are looked at (vendor reference: a key has at most 1024).
pub const KEY_CHARACTERS_MAX: usize = 1024;

/// The most that a pattern may become when it is compiled: some hundred steps. What a look costs is steps times characters, and a
/// pattern such as `(?:a?){600}b|()` would keep a worker busy for minutes.
const PATTERN_BYTES_MAX: usize = 32 * 1024;

/// The most matches of a pattern that are looked at: each costs a look, and there may be one for each character.
const MATCHES_MAX: usize = 128;

/// Why a key names no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NoTicket {
    /// The session has no external key, or a blank one.
    #[error("the session has no external key")]
    NoKey,
    /// There is a key, but no ticket in it.
    #[error("the external key names no ticket")]
    NoTicketInKey,
    /// The key is a JSON object: it asks for a ticket to be created.
    #[error("the external key asks for a ticket to be created")]
    TicketWanted,
}

/// The regular expression, if it is one, and not so large that looking for it in a key could take seconds.
#[must_use]
pub fn pattern(text: &str) -> Option<Regex> {
    RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build().ok()
}

/// What tells the ticket in an external key: how the ticketing system writes its numbers, and what the connection says of its keys.
#[derive(Debug, Clone)]
pub struct KeyRules {
    number: Regex,
    pattern: Option<Regex>,
}

impl KeyRules {
    /// The rules of a ticketing system whose numbers look like `number`, a regular expression that takes them in any case, and of a
    /// connection whose keys are told by `pattern` instead, if it has one (made by [`pattern`](fn@pattern)).
    ///
    /// # Panics
    ///
    /// If `number` is not a regular expression. It is a constant of the ticketing system's client, whose tests compile it.
    #[must_use]
    pub fn new(number: &'static str, pattern: Option<Regex>) -> Self {
        let number = Regex::new(number).expect("a constant pattern that the tests of its owner compile");
        Self { number, pattern }
    }

    /// The ticket that an external key names.
    ///
    /// With a pattern, its first group is the ticket (the whole match, if it has no group): digits alone are a ticket id,
    /// anything else is a ticket number. Without one, the first text that looks like a number of the ticketing system is it, and a key
    /// of digits alone (in quotes or not) an id that may yet be something else, hence [`TicketReference::BareDigits`]. A number of the
    /// ticketing system is read in any case, and given in capitals.
    ///
    /// A key that is a JSON object asks for a ticket, even if a text in it mentions another ticket, unless the pattern
    /// finds one: whoever configures a pattern means it. A pattern of [`pattern`](fn@pattern) is looked for in a second at most.
    ///
    /// # Errors
    ///
    /// What is missing. None of these can be cured by asking again, only by another key.
    pub fn ticket(&self, key: Option<&str>) -> Result<TicketReference, NoTicket> {
        let key = bounded(key.unwrap_or_default()).trim();
        if key.is_empty() {
            return Err(NoTicket::NoKey);
        }
        let found = match &self.pattern {
            Some(pattern) => self.by_pattern(key, pattern),
            None if is_json_object(key) => None,
            None => self.by_number_or_digits(key),
        };
        found.ok_or(if is_json_object(key) { NoTicket::TicketWanted } else { NoTicket::NoTicketInKey })
    }

    fn by_pattern(&self, key: &str, pattern: &Regex) -> Option<TicketReference> {
        pattern.captures_iter(key).take(MATCHES_MAX).find_map(|captures| {
            let group = if captures.len() > 1 { 1 } else { 0 };
            let ticket = captures.get(group)?.as_str().trim();
            match ticket_id(ticket) {
                Some(id) => Some(TicketReference::Id(id)),
                None => self.ticket_number(ticket).map(TicketReference::Number),
            }
        })
    }

    fn by_number_or_digits(&self, key: &str) -> Option<TicketReference> {
        match self.number.find_iter(key).find_map(|found| self.ticket_number(found.as_str())) {
            Some(number) => Some(TicketReference::Number(number)),
            None => ticket_id(unquoted(key)).map(TicketReference::BareDigits),
        }
    }

    fn ticket_number(&self, text: &str) -> Option<TicketNumber> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let is_whole = self.number.find(text).is_some_and(|found| found.len() == text.len());
        if is_whole { text.to_ascii_uppercase().parse().ok() } else { text.parse().ok() }
    }
}

fn bounded(key: &str) -> &str {
    match key.char_indices().nth(KEY_CHARACTERS_MAX) {
        Some((end, _)) => &key[..end],
        None => key,
    }
}

fn is_json_object(key: &str) -> bool {
    json_object(key).is_some()
}

fn json_object(key: &str) -> Option<Map<String, Value>> {
    if key.starts_with('{') { serde_json::from_str(key).ok() } else { None }
}

/// What a key that is a JSON object says of the ticket that it asks for; empty for any other key. Names and values as they are: which
/// of them mean something is for the ticketing system to say.
#[must_use]
pub fn ticket_fields(key: Option<&str>) -> Map<String, Value> {
    json_object(bounded(key.unwrap_or_default()).trim()).unwrap_or_default()
}

/// A key that some system wrote as a JSON string arrives with its quotes.
fn unquoted(key: &str) -> &str {
    let inner = |quote: char| key.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).map_or(key, str::trim)
}

/// Ids start at 1; the vendor's are 64 bits wide at most.
fn ticket_id(text: &str) -> Option<TicketId> {
    let digits_alone = text.bytes().all(|byte| byte.is_ascii_digit());
    let id = if digits_alone { text.parse().ok()? } else { return None };
    (id > 0).then_some(TicketId(id))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> TicketReference {
        TicketReference::Number(text.parse().unwrap())
    }

    fn rules(pattern: Option<&Regex>) -> KeyRules {
        KeyRules::new(r"[Tt]\d{8}\.\d+", pattern.cloned())
    }

    fn built_in(key: &str) -> Result<TicketReference, NoTicket> {
        rules(None).ticket(Some(key))
    }

    #[test]
    fn missing_and_blank_keys_are_told_from_keys_without_a_ticket() {
        assert_eq!(rules(None).ticket(None), Err(NoTicket::NoKey));
        assert_eq!(built_in(""), Err(NoTicket::NoKey));
        assert_eq!(built_in(" \n\u{a0}"), Err(NoTicket::NoKey));
        for key in
            ["call back tomorrow", "T2025.1", "T20250318", "#4711", "-4711", "0", "12 34", "٤٢", "99999999999999999999", "\"\""]
        {
            assert_eq!(built_in(key), Err(NoTicket::NoTicketInKey), "{key}");
        }
    }

    #[test]
    fn ticket_number_is_found_in_any_case_and_amid_other_text() {
        for key in [
            "T20250318.0042",
            " t20250318.0042\n",
            "Ticket: t20250318.0042 (Müller)",
            "\"T20250318.0042\"",
            "#T20250318.0042, 4711",
        ] {
            assert_eq!(built_in(key), Ok(number("T20250318.0042")), "{key}");
        }
    }

    #[test]
    fn first_number_wins_and_one_that_cannot_be_is_passed_over() {
        assert_eq!(built_in("T20250318.0042 and T20250319.0001"), Ok(number("T20250318.0042")));
        let endless = format!("T20250318.{} T20250319.0001", "9".repeat(60));
        assert_eq!(built_in(&endless), Ok(number("T20250319.0001")));
    }

    #[test]
    fn digits_alone_are_an_id_that_may_be_something_else() {
        for key in ["90210", " 90210 ", "\"90210\"", "'90210'", "0090210"] {
            assert_eq!(built_in(key), Ok(TicketReference::BareDigits(TicketId(90210))), "{key}");
        }
    }

    #[test]
    fn json_object_asks_for_a_ticket_whatever_its_texts_mention() {
        assert_eq!(built_in(r#" {"accountName":"Acme","title":"as T20250318.0042"} "#), Err(NoTicket::TicketWanted));
        assert_eq!(built_in("{}"), Err(NoTicket::TicketWanted));
        assert_eq!(built_in("{broken T20250318.0042"), Ok(number("T20250318.0042")));
        assert_eq!(built_in("[1]"), Err(NoTicket::NoTicketInKey));
    }

    #[test]
    fn group_of_the_pattern_is_the_ticket() {
        let pattern = Regex::new(r"(?:ref|ticket)[ :#]*([A-Z]?\d[\d.]*)").unwrap();
        let with = |key: &str| rules(Some(&pattern)).ticket(Some(key));
        assert_eq!(with("ref: 4711"), Ok(TicketReference::Id(TicketId(4711))));
        assert_eq!(with("ticket #T20250318.0042"), Ok(number("T20250318.0042")));
        assert_eq!(with("ref 0, ref 4712"), Ok(TicketReference::Id(TicketId(4712))));
        assert_eq!(with(r#"{"x":"ref 4711"}"#), Ok(TicketReference::Id(TicketId(4711))));
        assert_eq!(with(r#"{"x":"other"}"#), Err(NoTicket::TicketWanted));
        assert_eq!(with("T20250318.0042"), Err(NoTicket::NoTicketInKey));
    }

    #[test]
    fn pattern_without_a_group_takes_the_whole_match_and_an_empty_one_nothing() {
        let whole = Regex::new(r"t\d{8}\.\d+").unwrap();
        assert_eq!(rules(Some(&whole)).ticket(Some("see t20250318.0042")), Ok(number("T20250318.0042")));
        let empty = Regex::new("(x*)").unwrap();
        assert_eq!(rules(Some(&empty)).ticket(Some("4711")), Err(NoTicket::NoTicketInKey));
        let optional = Regex::new("case( \\d+)?").unwrap();
        assert_eq!(rules(Some(&optional)).ticket(Some("case")), Err(NoTicket::NoTicketInKey));
    }

    #[test]
    fn pattern_and_key_that_would_take_minutes_are_refused_or_given_up() {
        for endless in ["(?:a?){600}b|()", "{09}{1,9919}", "(?:a{300}){300}"] {
            assert!(pattern(endless).is_none(), "{endless}");
        }
        let slow = pattern("(?:a?){100}b|()").unwrap();
        assert_eq!(rules(Some(&slow)).ticket(Some(&"a".repeat(KEY_CHARACTERS_MAX))), Err(NoTicket::NoTicketInKey));
        for usual in [r"(T\d{8}\.\d{4})", r"(?i)(?:ticket|case|ref)[ .:#-]{0,5}(t?[\d.]{1,20})", r"CASE-([A-Z0-9]{1,50})"] {
            assert!(pattern(usual).is_some(), "{usual}");
        }
    }

    #[test]
    fn text_beyond_the_vendors_limit_is_not_looked_at() {
        let key = format!("{}T20250318.0042", "ü".repeat(KEY_CHARACTERS_MAX));
        assert_eq!(built_in(&key), Err(NoTicket::NoTicketInKey));
    }

    proptest! {
        #[test]
        fn any_key_and_any_matching_pattern_give_an_answer(key in "\\PC{0,80}|[\\s\\S]{0,1200}", group in "[(][A-Za-z0-9.*+]{0,8}[)]") {
            let pattern = Regex::new(&group).ok();
            let _ = rules(pattern.as_ref()).ticket(Some(&key));
            let _ = rules(None).ticket(Some(&key));
        }

        #[test]
        fn ticket_number_survives_foreign_text_around_it(before in "[^tT{\"]{0,200}", after in "[^0-9]{0,200}", t in "[tT]", day in "[0-9]{8}", running in "[0-9]{1,6}") {
            let key = format!("{before}{t}{day}.{running}{after}");
            prop_assert_eq!(built_in(&key), Ok(number(&format!("T{day}.{running}"))));
        }

        #[test]
        fn every_positive_id_is_read_back(id in 1..=i64::MAX) {
            prop_assert_eq!(built_in(&format!(" {id} ")), Ok(TicketReference::BareDigits(TicketId(id))));
        }
    }
}
