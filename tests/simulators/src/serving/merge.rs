//! Settings that are changed by naming only what changes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::exchange::{Answer, Call};

/// The settings with the members of the call's JSON object put over them.
///
/// # Errors
/// A 400 that names the member that is unknown or of the wrong type.
pub(crate) fn merged<T: Serialize + DeserializeOwned>(settings: &T, call: &Call) -> Result<T, Answer> {
    let changes: serde_json::Map<String, Value> = call.control_json()?;
    let mut value = serde_json::to_value(settings).map_err(|error| Answer::control_refused(&error.to_string()))?;
    if let Value::Object(members) = &mut value {
        members.extend(changes);
    }
    serde_json::from_value(value).map_err(|error| Answer::control_refused(&error.to_string()))
}
