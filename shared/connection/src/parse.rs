//! From JSON to a checked document, with errors that an administrator can act on.

use serde::Deserialize;
use serde_json::Value;

use crate::check;
use crate::document::Document;
use crate::problem::{DocumentError, Warning};

/// The most bytes of a document: a secret holds 65,536 (vendor reference).
const BYTES_MAX: usize = 65_536;

impl Document {
    /// The document in that JSON text, and what somebody should look at. For the worker: a key that it does not know must
    /// not stop delivery, or a rollback would.
    ///
    /// # Errors
    ///
    /// The first [`DocumentError`] found; never [`DocumentError::Rejected`].
    pub fn parse(json: &str) -> Result<(Self, Vec<Warning>), DocumentError> {
        if json.len() > BYTES_MAX {
            return Err(DocumentError::TooLarge { limit: BYTES_MAX });
        }
        let (document, ignored_keys) = deserialize(json)?;
        check::refuse(&document)?;
        // Parsed once more, without a type, to see whether ignored keys are set at all.
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        let warnings = check::warnings(&document, &ignored_keys, &value);
        Ok((document, warnings))
    }

    /// The document in that JSON text. For tools: all unknown keys and other mistakes are refused, all at once. What
    /// remains are warnings of decisions that somebody has made, such as plain http.
    ///
    /// # Errors
    ///
    /// The first [`DocumentError`] found, or [`DocumentError::Rejected`] with all mistakes.
    pub fn parse_strictly(json: &str) -> Result<(Self, Vec<Warning>), DocumentError> {
        let (document, warnings) = Self::parse(json)?;
        let (mistakes, decisions): (Vec<_>, Vec<_>) = warnings.into_iter().partition(Warning::is_mistake);
        if mistakes.is_empty() { Ok((document, decisions)) } else { Err(DocumentError::Rejected(mistakes)) }
    }
}

/// The document and the paths of all keys that none of its types knows.
fn deserialize(json: &str) -> Result<(Document, Vec<String>), DocumentError> {
    let mut ignored_keys = Vec::new();
    let mut remember = |path: serde_ignored::Path<'_>| ignored_keys.push(without_options(&path.to_string()));
    let mut track = serde_path_to_error::Track::new();
    let mut reader = serde_json::Deserializer::from_str(json);
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let document = Document::deserialize(serde_ignored::Deserializer::new(tracked, &mut remember));
    let document = document.and_then(|document| reader.end().map(|()| document));
    match document {
        Ok(document) => Ok((document, ignored_keys)),
        Err(error) => Err(explain(&track.path().to_string(), &error)),
    }
}

/// `serde_ignored` writes a `?` for each optional value on the way.
fn without_options(path: &str) -> String {
    path.split('.').filter(|segment| *segment != "?").collect::<Vec<_>>().join(".")
}

fn explain(path: &str, error: &serde_json::Error) -> DocumentError {
    if error.is_data() {
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = error.to_string();
        return explain_data(path, message.strip_suffix(&position).unwrap_or(&message));
    }
    DocumentError::NotJson { line: error.line(), column: error.column() }
}

/// Says what is expected, and leaves out what was found. In serde's messages the latter stands before the last
/// ", expected"; those of `value` begin with "expected" and hold nothing of the document.
fn explain_data(path: &str, message: &str) -> DocumentError {
    let path = if path == "." { "" } else { path };
    let within = |field: &str| match path {
        "" => field.trim_end_matches('`').to_owned(),
        path => format!("{path}.{}", field.trim_end_matches('`')),
    };
    if let Some(field) = message.strip_prefix("missing field `") {
        return DocumentError::key(within(field), "is missing");
    }
    if let Some(field) = message.strip_prefix("duplicate field `") {
        return DocumentError::key(within(field), "is there twice (perhaps under its old name, too)");
    }
    let expected = match message.strip_prefix("expected ") {
        Some(expected) => expected.to_owned(),
        None => message.rsplit_once(", expected ").map_or("another value".to_owned(), |(_, expected)| in_json_words(expected)),
    };
    DocumentError::key(if path.is_empty() { "the document" } else { path }, format!("expected {expected}"))
}

/// serde speaks of Rust's types.
fn in_json_words(expected: &str) -> String {
    match expected {
        "u32" | "i32" | "i64" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a map" => "an object".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a string" => "a text".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other => other.replace('`', ""),
    }
}
