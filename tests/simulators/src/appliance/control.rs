//! The control paths of the appliance simulator: sessions, credentials, settings, tokens, state.

use axum::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::session::StoredSession;
use super::tenant::Appliance;
use crate::serving::exchange::{Answer, Call};
use crate::serving::merge::merged;

/// Answers a control call.
pub(crate) fn answer(appliance: &mut Appliance, call: &Call, segments: &[&str], now: Timestamp) -> Answer {
    let outcome = match (&call.method, segments) {
        (&Method::PUT, ["sessions", lsid]) => put_session(appliance, lsid, call, now),
        (&Method::DELETE, ["sessions", lsid]) => {
            appliance.sessions.remove(*lsid);
            Ok(json!({}))
        }
        (&Method::PATCH, ["credentials"]) => change_credentials(appliance, call),
        (&Method::GET, ["settings"]) => Ok(json!(appliance.settings)),
        (&Method::PATCH, ["settings"]) => merged(&appliance.settings, call).map(|settings| {
            appliance.settings = settings;
            json!(appliance.settings)
        }),
        (&Method::DELETE, ["tokens"]) => {
            appliance.tokens.clear();
            Ok(json!({}))
        }
        (&Method::GET, ["state"]) => Ok(state(appliance, now)),
        _ => Err(Answer::no_such_control()),
    };
    outcome.map_or_else(|refusal| refusal, |value| Answer::json(200, &value))
}

fn put_session(appliance: &mut Appliance, lsid: &str, call: &Call, now: Timestamp) -> Result<Value, Answer> {
    let session = StoredSession::from_put(lsid, &call.body_text(), &call.query_variables(), now)
        .map_err(|reason| Answer::control_refused(&reason))?;
    let summary = session.summary();
    appliance.sessions.insert(lsid.to_owned(), session);
    Ok(summary)
}

fn change_credentials(appliance: &mut Appliance, call: &Call) -> Result<Value, Answer> {
    appliance.credentials = merged(&appliance.credentials, call)?;
    appliance.tokens.clear();
    Ok(json!({}))
}

fn state(appliance: &Appliance, now: Timestamp) -> Value {
    let sessions: serde_json::Map<String, Value> =
        appliance.sessions.iter().map(|(lsid, session)| (lsid.clone(), session.summary())).collect();
    json!({
        "settings": appliance.settings,
        "sessions": sessions,
        "session_keys": appliance.session_keys,
        "valid_tokens": appliance.tokens.count(now),
    })
}
