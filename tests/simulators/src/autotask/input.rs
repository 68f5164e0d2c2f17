//! From the JSON of a write to a row, or to the sentences that refuse it: unknown fields, wrong types, too long texts, unknown
//! picklist values, missing required fields. Rules between fields are the business of each entity's own module.
//!
//! Stricter than the real one where leniency would hide a client's mistake: numbers in quotation marks are wrong types here.
//! Texts for unknown fields and wrong types are not in the vendor reference; they follow the JSON library of that server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::schema::{Entity, Field, Kind};
use super::windows_1252;
use super::wire::{date_text, instant, instant_text, refused, refused_for};
use crate::serving::exchange::{Answer, Call};

/// A row: values by the canonical names of the fields.
pub(crate) type Row = Map<String, Value>;

/// The JSON object of a write.
///
/// # Errors
/// 415 without the JSON content type; the vendor's refusal if the body is no JSON object.
pub(crate) fn object(call: &Call) -> Result<Row, Answer> {
    require_json(call)?;
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(_) => Err(refused("The request body is missing or is not valid JSON.")),
    }
}

/// Refuses a body that does not say that it is JSON.
pub(crate) fn require_json(call: &Call) -> Result<(), Answer> {
    let kind = call.header("content-type").unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with("application/json") {
        return Ok(());
    }
    let message = format!("The request entity's media type '{kind}' is not supported for this resource.");
    Err(Answer::json(415, &serde_json::json!({ "Message": message })))
}

/// The fields of a write in canonical spelling; read-only ones are left out, as the real one ignores them.
///
/// # Errors
/// The vendor's refusal with a sentence per fault.
pub(crate) fn fields(entity: &'static Entity, members: &Row, windows_1252: bool) -> Result<Row, Answer> {
    let mut row = Row::new();
    let mut faults = Vec::new();
    for (name, value) in members {
        let Some(field) = entity.field(name) else {
            faults.push(format!("Could not find member '{name}' on object of type '{}Model'. Path '{name}'.", entity.name));
            continue;
        };
        match checked(field, value) {
            Ok(_) if field.read_only => {}
            Ok(value) => {
                row.insert(field.name.to_owned(), if windows_1252 { windows_1252::value(value) } else { value });
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(row) } else { Err(refused_for(500, &faults)) }
}

/// Refuses a create that lacks a required field, or has it empty.
pub(crate) fn require(entity: &'static Entity, row: &Row) -> Result<(), Answer> {
    let missing: Vec<String> = entity
        .fields
        .iter()
        .filter(|field| field.required && is_blank(row.get(field.name)))
        .map(|field| missing_field(field.name))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(refused_for(500, &missing)) }
}

/// The sentence for a required field that is missing.
pub(crate) fn missing_field(name: &str) -> String {
    format!("Missing Required Field: {name}")
}

/// Missing, null or an empty text.
pub(crate) fn is_blank(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()))
}

/// A value as it is stored, or why not.
fn checked(field: &Field, value: &Value) -> Result<Value, String> {
    let wrong = |wanted: &str| format!("Could not convert the value to {wanted}. Path '{}'.", field.name);
    if value.is_null() {
        return Ok(Value::Null);
    }
    match field.kind {
        Kind::Integer => {
            let number = value.as_i64().ok_or_else(|| wrong("integer"))?;
            known_picklist_value(field, number)?;
            Ok(value.clone())
        }
        Kind::Decimal => value.as_f64().map(Value::from).ok_or_else(|| wrong("decimal")),
        Kind::Boolean => value.as_bool().map(Value::from).ok_or_else(|| wrong("boolean")),
        Kind::Text(characters_max) => {
            let text = value.as_str().ok_or_else(|| wrong("string"))?;
            // As that server counts: UTF-16 units. Whether a live tenant does is an open point of the reference.
            if text.encode_utf16().count() > characters_max {
                return Err(format!("String value exceeds maximum length (field:{}).", field.name));
            }
            Ok(value.clone())
        }
        Kind::DateTime => {
            value.as_str().and_then(instant).map(|time| Value::from(instant_text(time))).ok_or_else(|| wrong("DateTime"))
        }
        Kind::Date => value.as_str().and_then(date_text).map(Value::from).ok_or_else(|| wrong("DateTime")),
        Kind::Base64 => {
            let text = value.as_str().ok_or_else(|| wrong("Byte[]"))?;
            STANDARD.decode(text).map_err(|_| wrong("Byte[]"))?;
            Ok(value.clone())
        }
        Kind::UserDefined => user_defined(value).ok_or_else(|| wrong("UserDefinedField[]")),
    }
}

fn known_picklist_value(field: &Field, number: i64) -> Result<(), String> {
    match field.picklist {
        Some(picklist) if !field.read_only && picklist.iter().all(|(id, _, _)| *id != number) => {
            Err(format!("Picklist value [{number}] does not exist for {}", field.name))
        }
        _ => Ok(()),
    }
}

/// `[{"name": text, "value": text or null}]`
fn user_defined(value: &Value) -> Option<Value> {
    for item in value.as_array()? {
        let item = item.as_object()?;
        let known = item.keys().all(|key| key == "name" || key == "value");
        let value_fits = item.get("value").is_none_or(|value| value.is_string() || value.is_null());
        if !known || !value_fits || !item.get("name")?.is_string() {
            return None;
        }
    }
    Some(value.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schema::{TICKET_NOTES, TICKETS};
    use super::*;

    fn sentences(entity: &'static Entity, members: Value) -> String {
        let Value::Object(members) = members else { panic!("an object") };
        match fields(entity, &members, false).and_then(|row| require(entity, &row)) {
            Ok(()) => String::new(),
            Err(answer) => String::from_utf8_lossy(&answer.body).into_owned(),
        }
    }

    #[test]
    fn faulty_writes_are_refused_with_the_vendors_sentence() {
        let note = |name: &str, value: Value| {
            let mut note = json!({"title": "t", "description": "d", "noteType": 1, "publish": 2});
            note[name] = value;
            sentences(&TICKET_NOTES, note)
        };
        assert_eq!(note("title", json!("fine")), "");
        assert!(note("notify", json!(true)).contains("Could not find member 'notify'"));
        assert!(note("noteType", json!("1")).contains("Could not convert the value to integer"));
        assert!(note("publish", json!(3)).contains("Picklist value [3] does not exist for publish"));
        assert!(
            note("description", json!("x".repeat(32_001))).contains("String value exceeds maximum length (field:description).")
        );
        assert!(note("description", json!("")).contains("Missing Required Field: description"));
        assert!(note("noteType", json!(null)).contains("Missing Required Field: noteType"));
    }

    #[test]
    fn text_of_exactly_the_limit_is_taken() {
        let note = json!({"title": "é".repeat(250), "description": "d".repeat(32_000), "noteType": 1, "publish": 2});
        assert_eq!(sentences(&TICKET_NOTES, note), "");
    }

    #[test]
    fn read_only_fields_are_accepted_and_ignored() {
        let Value::Object(members) = json!({"id": 0, "createDate": "2020-01-01", "TITLE": "t"}) else { panic!("an object") };
        let row = fields(&TICKETS, &members, false).unwrap_or_default();
        assert_eq!(Value::Object(row), json!({"title": "t"}));
    }
}
