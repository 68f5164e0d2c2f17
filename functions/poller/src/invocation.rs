//! What Lambda calls the poller with: what a schedule sends, or a request of the operator's program.

use coverage::Request;
use serde_json::Value;

/// A call of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// A schedule, or nobody in particular: see to all connections.
    Everyone,
    /// Somebody wants something of one connection, and the answer.
    Asked(Request),
}

/// A payload that is neither. Not retryable: somebody else calls, or the caller is of another release.
#[derive(Debug, thiserror::Error)]
pub enum UnknownInvocation {
    /// It is called like a request, and is none.
    #[error("the request cannot be read")]
    Request(#[source] serde_json::Error),
    /// Neither a request, nor what a schedule sends.
    #[error("the payload is neither empty, nor a schedule's, nor a request")]
    Payload,
}

impl Invocation {
    /// What the payload asks for. Empty, or what EventBridge sends by itself: everyone.
    ///
    /// # Errors
    ///
    /// [`UnknownInvocation`].
    pub fn read(payload: Value) -> Result<Self, UnknownInvocation> {
        let has = |name: &str| payload.get(name).is_some();
        if Request::NAMES.into_iter().any(has) {
            return serde_json::from_value(payload).map(Self::Asked).map_err(UnknownInvocation::Request);
        }
        let is_empty = payload.is_null() || payload.as_object().is_some_and(serde_json::Map::is_empty);
        if is_empty || has("detail-type") { Ok(Self::Everyone) } else { Err(UnknownInvocation::Payload) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    #[test]
    fn schedule_and_empty_payload_mean_everyone() {
        let schedule =
            json!({ "version": "0", "id": "53dc4d37", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {} });
        for payload in [Value::Null, json!({}), schedule] {
            assert_eq!(Invocation::read(payload).unwrap(), Invocation::Everyone);
        }
    }

    #[test]
    fn request_is_read_and_a_bad_or_foreign_one_refused() {
        let asked = Invocation::read(json!({ "poll": { "appliance": "Default" } })).unwrap();
        assert_eq!(asked, Invocation::Asked(Request::Poll { appliance: session::ApplianceId::default() }));
        for payload in [json!({ "poll": {} }), json!({ "backfill": { "appliance": "default", "id": "B 1" } })] {
            assert!(matches!(Invocation::read(payload), Err(UnknownInvocation::Request(_))));
        }
        for payload in [json!([]), json!({ "Records": [] }), json!({ "task": "poll" })] {
            assert!(matches!(Invocation::read(payload), Err(UnknownInvocation::Payload)));
        }
    }
}
