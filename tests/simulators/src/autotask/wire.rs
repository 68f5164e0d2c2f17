//! How Autotask spells its answers: JSON with four decimals, `{"errors":[…]}` under HTTP 500, pages of a web server for
//! paths and verbs that do not exist, instants in UTC.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::serving::exchange::Answer;

/// A call's answer, or the answer that refuses it.
pub(crate) type Outcome = Result<Answer, Answer>;

const JSON: &str = "application/json; charset=utf-8";

/// 200 with JSON in the vendor's spelling.
pub(crate) fn ok(value: &Value) -> Answer {
    Answer::new(200, JSON, spelt(value))
}

/// The answer to a write.
pub(crate) fn written(id: i64) -> Answer {
    ok(&json!({ "itemId": id }))
}

/// The vendor's normal refusal: HTTP 500 with its sentence.
pub(crate) fn refused(sentence: impl Into<String>) -> Answer {
    refused_for(500, &[sentence.into()])
}

/// A refusal with this status and these sentences.
pub(crate) fn refused_for(status: u16, sentences: &[String]) -> Answer {
    Answer::json(status, &json!({ "errors": sentences }))
}

/// The refusal for want of a right; `verb` is create, query, update or delete.
pub(crate) fn no_permission(verb: &str) -> Answer {
    refused(format!("The logged in Resource does not have the adequate permissions to {verb} this entity type."))
}

/// A path that does not exist: the web server's page, no JSON.
pub(crate) fn no_such_path() -> Answer {
    const PAGE: &str = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\">\r\n<html><head><title>404 - File or directory not found.</title></head>\
        <body><h1>Server Error</h1><h2>404 - File or directory not found.</h2></body></html>\r\n";
    Answer::new(404, "text/html", PAGE)
}

/// A verb that the path does not have.
pub(crate) fn no_such_verb(method: &str) -> Answer {
    let message = format!("The requested resource does not support http method '{method}'.");
    Answer::json(405, &json!({ "Message": message }))
}

/// Something that the real one has and this one has not: never a silent success.
pub(crate) fn not_simulated(what: &str) -> Answer {
    Answer::text(501, format!("the simulator does not have {what}"))
}

/// JSON in which every number that is not whole has four decimals: `3.5000`.
pub(crate) fn spelt(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => format!("{:.4}", number.as_f64().unwrap_or_default()),
        Value::Array(items) => format!("[{}]", items.iter().map(spelt).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let spelt_members: Vec<String> =
                members.iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), spelt(value))).collect();
            format!("{{{}}}", spelt_members.join(","))
        }
        other => other.to_string(),
    }
}

/// Reads a date and time: with `Z` or an offset, or without either, which means UTC.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    let civil: DateTime = text.parse().ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Writes an instant as answers do: UTC, `Z`, three decimals of a second at most.
pub(crate) fn instant_text(instant: Timestamp) -> String {
    Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant).to_string()
}

/// The midnight of the date at the head of a text; zone and time of day are ignored.
pub(crate) fn date_text(text: &str) -> Option<String> {
    let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
    Some(format!("{date}T00:00:00Z"))
}

/// The UTC day of an instant.
pub(crate) fn day_of(instant: Timestamp) -> jiff::civil::Date {
    instant.to_zoned(TimeZone::UTC).date()
}

/// Hours between two instants.
pub(crate) fn hours_between(start: Timestamp, end: Timestamp) -> f64 {
    end.duration_since(start).as_secs_f64() / SignedDuration::from_hours(1).as_secs_f64()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn decimals_have_four_places_and_ids_none() {
        assert_eq!(
            spelt(&json!({"id": 4, "hoursWorked": 3.5, "n": [null, true, "x\"y"]})),
            r#"{"hoursWorked":3.5000,"id":4,"n":[null,true,"x\"y"]}"#
        );
    }

    #[test]
    fn instants_are_read_with_and_without_zone() {
        let expected = "2025-03-18T13:03:46Z".parse::<Timestamp>().unwrap();
        for text in ["2025-03-18T13:03:46Z", "2025-03-18T13:03:46", "2025-03-18T14:03:46+01:00", "2025-03-18T13:03:46.000"] {
            assert_eq!(instant(text), Some(expected), "{text}");
        }
        assert_eq!(instant("18.03.2025"), None);
    }

    #[test]
    fn dates_are_taken_as_given_without_a_shift() {
        assert_eq!(date_text("2025-03-18T23:30:00-08:00").as_deref(), Some("2025-03-18T00:00:00Z"));
    }
}
