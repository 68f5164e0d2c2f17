//! The old plugin's settings as somebody wrote them down: one JSON object, or lines of `Field Name: value`. Only how they are written is
//! known here; which fields there are is the business of `fields`.
//!
//! ```text
//! # as in the plugin's form; blank lines and lines like this are passed over
//! Bomgar Appliance Host Name: support.example.com
//! Outbound Event Types: Support Session End, Representative Survey is Completed
//! Time Entry Default Data: {
//!   "roleName": "Engineer"
//! }
//! ```

use serde_json::{Map, Value};

/// A field with what was filled in: a text, or JSON where the form has JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// As it was written.
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// Why the settings cannot be read. Shows no value: it could be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    /// A line that is none.
    #[error("line {line}: expected a line as in \"Appliance Id: default\"")]
    NoField { line: usize },
    /// The value of a field.
    #[error("line {line}: the JSON that begins here has a mistake, or no end")]
    BadJson { line: usize },
    /// The whole.
    #[error("line {line}, column {column}: not JSON")]
    NotJson { line: usize, column: usize },
    /// Nothing but blank lines and remarks.
    #[error("there is no setting in it")]
    Empty,
}

/// The fields in the order of the text.
///
/// # Errors
///
/// [`FormError`], with the line.
pub(crate) fn read(text: &str) -> Result<Vec<Entry>, FormError> {
    // As some editors mark UTF-8.
    let text = text.trim_start_matches('\u{feff}');
    let entries = if text.trim_start().starts_with('{') { from_json(text)? } else { from_lines(text)? };
    if entries.is_empty() { Err(FormError::Empty) } else { Ok(entries) }
}

fn from_json(text: &str) -> Result<Vec<Entry>, FormError> {
    let members: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| FormError::NotJson { line: error.line(), column: error.column() })?;
    Ok(members.into_iter().map(|(name, value)| Entry { name, value }).collect())
}

fn from_lines(text: &str) -> Result<Vec<Entry>, FormError> {
    let mut lines = text.lines().enumerate();
    let mut entries = Vec::new();
    while let Some((index, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let no_field = FormError::NoField { line: index + 1 };
        let (name, value) = line.split_once(':').ok_or(no_field.clone())?;
        if name.trim().is_empty() {
            return Err(no_field);
        }
        let value = match value.trim() {
            json if json.starts_with('{') => object(json, &mut lines).ok_or(FormError::BadJson { line: index + 1 })?,
            text => text.into(),
        };
        entries.push(Entry { name: name.trim().to_owned(), value });
    }
    Ok(entries)
}

/// The JSON object that begins so and goes on in the next lines, up to the one that ends it.
fn object<'a>(begin: &str, lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Option<Value> {
    let mut text = begin.to_owned();
    loop {
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => return Some(value),
            // There is a next line only as long as the object has no end.
            Err(error) if error.is_eof() => {
                text.push('\n');
                text.push_str(lines.next()?.1);
            }
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn entry(name: &str, value: Value) -> Entry {
        Entry { name: name.to_owned(), value }
    }

    #[test]
    fn lines_and_an_object_say_the_same() {
        let lines = "# the plugin\nAppliance Id: default\n\nServices URL: https://a.example:443/x\nTicket Default Data: {\n  \"a\": \"}\",\n  \"b\": 1\n}\nDisabled:\n";
        let expected = vec![
            entry("Appliance Id", json!("default")),
            entry("Services URL", json!("https://a.example:443/x")),
            entry("Ticket Default Data", json!({ "a": "}", "b": 1 })),
            entry("Disabled", json!("")),
        ];
        assert_eq!(read(lines).unwrap(), expected);
        let object: Map<String, Value> = expected.iter().map(|entry| (entry.name.clone(), entry.value.clone())).collect();
        let mut read = read(&format!("\u{feff}\n{}", Value::Object(object))).unwrap();
        read.sort_by_key(|entry| expected.iter().position(|other| other.name == entry.name));
        assert_eq!(read, expected);
    }

    #[test]
    fn mistake_is_told_by_its_line_and_never_by_its_value() {
        for (text, error) in [
            ("Password: x\nmy secret\n", FormError::NoField { line: 2 }),
            (": my secret", FormError::NoField { line: 1 }),
            ("\nTicket Default Data: {\n \"a\": my secret\n}", FormError::BadJson { line: 2 }),
            ("Ticket Default Data: {\n", FormError::BadJson { line: 1 }),
            ("{\n \"a\": my secret", FormError::NotJson { line: 2, column: 7 }),
            (" \n# nothing\n", FormError::Empty),
        ] {
            let told = read(text).unwrap_err();
            assert_eq!(told, error, "{text}");
            assert!(!told.to_string().contains("secret"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = read(&text);
        }

        #[test]
        fn fields_are_read_as_they_were_written(fields in proptest::collection::vec(("[A-Z][A-Za-z ]{0,20}[a-z]", "[!-z]([ -z]{0,20}[!-z])?"), 1..8)) {
            let text: String = fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            let expected: Vec<Entry> = fields.iter().map(|(name, value)| entry(name, json!(value))).collect();
            prop_assert_eq!(read(&text).unwrap(), expected);
        }
    }
}
