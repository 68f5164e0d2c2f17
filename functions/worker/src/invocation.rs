//! What Lambda calls the worker with: a batch of the events queue, or the little text of a schedule.

use aws_lambda_events::sqs::SqsEvent;
use serde_json::Value;

/// A call of the function.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// Messages of the events queue.
    Batch(SqsEvent),
    /// The template's schedule wants to know which appliances are silent.
    Silence {
        /// The stack's parameter `ApplianceTokens`. CloudFormation cannot take the ids out of it, so the hashes come along; they are
        /// not looked at.
        appliance_tokens: String,
    },
}

/// A payload that is neither. Not retryable: somebody else calls, or the template is of another release.
#[derive(Debug, thiserror::Error)]
pub enum UnknownInvocation {
    /// A task that this release does not know.
    #[error("no task is called like that")]
    Task,
    /// No task, and no batch either.
    #[error("the payload is no batch of a queue")]
    Batch(#[source] serde_json::Error),
}

impl Invocation {
    /// What the payload asks for.
    ///
    /// # Errors
    ///
    /// [`UnknownInvocation`].
    pub fn read(payload: Value) -> Result<Self, UnknownInvocation> {
        match payload.get("task").map(Value::as_str) {
            None => serde_json::from_value(payload).map(Self::Batch).map_err(UnknownInvocation::Batch),
            Some(Some("silence")) => {
                let appliance_tokens = payload["appliance_tokens"].as_str().unwrap_or_default().to_owned();
                Ok(Self::Silence { appliance_tokens })
            }
            Some(_) => Err(UnknownInvocation::Task),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    #[test]
    fn foreign_payload_is_no_invocation() {
        assert!(matches!(Invocation::read(json!({ "task": "dance" })), Err(UnknownInvocation::Task)));
        assert!(matches!(Invocation::read(json!({ "task": 7 })), Err(UnknownInvocation::Task)));
        for payload in [json!(null), json!([]), json!({ "Records": 7 })] {
            assert!(matches!(Invocation::read(payload), Err(UnknownInvocation::Batch(_))));
        }
    }

    #[test]
    fn batch_and_schedule_are_told_apart() {
        let path = format!("{}/../../events/queue/two-records.sqs.json", env!("CARGO_MANIFEST_DIR"));
        let batch = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(matches!(Invocation::read(batch), Ok(Invocation::Batch(batch)) if batch.records.len() == 2));
        let schedule = json!({ "task": "silence", "appliance_tokens": "default=ab" });
        let expected = Invocation::Silence { appliance_tokens: "default=ab".to_owned() };
        assert_eq!(Invocation::read(schedule).unwrap(), expected);
    }
}
