//! The mode in a text that is no usable document: what whoever spoilt it wanted.
//!
//! Lenient, and only as long as there is no doubt: a text that names two different modes names none.

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde_json::Value;
use session::settings::Mode;

const KEY: &str = "mode";

/// The mode that the text names; none if it names none, an unknown one, or several.
pub(crate) fn legible_mode(text: &str) -> Option<Mode> {
    match serde_json::from_str::<Value>(text) {
        Ok(document) => document.get(KEY)?.as_str().and_then(mode),
        Err(_) => only_one(named_modes(text)),
    }
}

/// Written in any case: `"OFF"` leaves no doubt.
fn mode(word: &str) -> Option<Mode> {
    let word = word.trim().to_lowercase();
    Mode::deserialize(StrDeserializer::<Error>::new(&word)).ok()
}

fn only_one(mut modes: impl Iterator<Item = Option<Mode>>) -> Option<Mode> {
    let first = modes.next()??;
    modes.all(|other| other == Some(first)).then_some(first)
}

/// The value after every `mode` that stands as a key in a text that is no JSON: quotation marks may be missing or of another kind.
/// A key within a text of the document (a template) has a backslash before its quotation mark, and is none.
fn named_modes(text: &str) -> impl Iterator<Item = Option<Mode>> {
    let is_mark = |character: char| matches!(character, '"' | '\'' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}');
    text.match_indices(KEY).filter_map(move |(start, _)| {
        let stands_alone = text[..start]
            .chars()
            .next_back()
            .is_none_or(|before| is_mark(before) || before.is_whitespace() || matches!(before, '{' | ','));
        let value = text[start + KEY.len()..].trim_start_matches(is_mark).trim_start().strip_prefix(':')?;
        let value = value.trim_start().trim_start_matches(is_mark);
        let end = value.find(|character: char| !character.is_alphabetic()).unwrap_or(value.len());
        stands_alone.then(|| mode(&value[..end]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_is_read_from_a_text_with_another_mistake() {
        for text in [
            r#"{ "version": 1, "mode": "off", "time_zone": "Berlin" }"#,
            r#"{ "mode": "OFF ", "retry_hours": "many" }"#,
            r#"{ "version": 1, "mode": "off" "time_zone": "Europe/Berlin" }"#,
            r#"{ "version": 1, "mode": "off", }"#,
            "{\n  \"mode\" : \"off\"",
            r#"{ "mode": off, "version": 1 }"#,
            r#"{ mode: 'off', "version": 1 }"#,
            "{ \u{201c}mode\u{201d}: \u{201c}off\u{201d} }",
            r#"{ "version": 1, "mode": "off }"#,
            r#"{ "mode": "off", "mode": "off", }"#,
        ] {
            assert_eq!(legible_mode(text), Some(Mode::Off), "{text}");
        }
        assert_eq!(legible_mode(r#"{ "mode": "hold", }"#), Some(Mode::Hold));
    }

    #[test]
    fn text_that_leaves_doubt_names_no_mode() {
        for text in [
            "",
            "mode",
            "mode:",
            r#"{ "version": 1, }"#,
            r#"{ "version": 1 }"#,
            r#"{ "mode": "offf", }"#,
            r#"{ "mode": "offf" }"#,
            r#"{ "mode": false, }"#,
            r#"{ "mode": ["off"] }"#,
            r#"{ "mode": "off", "mode": "deliver", }"#,
            r#"{ "last_mode": "off", }"#,
            r#"{ "templates": { "session_note": "{\"mode\": \"off\"}" }, }"#,
            "no JSON: commode: off",
        ] {
            assert_eq!(legible_mode(text), None, "{text}");
        }
    }
}
