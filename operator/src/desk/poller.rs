//! Asks the poller's function for what it does on request, and waits for its answer. Decides nothing: what a failure means for a
//! person is said here, what to ask for elsewhere.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_lambda::primitives::Blob;
use coverage::{Failed, Reply, Request};
use serde::de::DeserializeOwned;

/// The poller of a stack.
pub(crate) struct Poller {
    client: Client,
    function: String,
}

/// Why there is no answer of the poller. Nothing is lost: whatever was asked for can be asked for again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// It says itself why not.
    #[error("the poller could not do it: {}", .0.what)]
    Failed(Failed),
    /// The answer is larger than a function may give (6 MB), or took longer than it may take.
    #[error("that is too much for one turn of the poller")]
    TooMuch,
    /// The function broke, by its runtime's word for it.
    #[error("the poller broke down ({0})")]
    Broken(String),
    /// The account may not ask.
    #[error("the poller must not be asked with these credentials")]
    Denied,
    /// There is no such function.
    #[error("the stack's poller {0} is not there")]
    Gone(String),
    /// AWS refused the call, by its code, or cannot be reached.
    #[error("the poller cannot be asked ({0})")]
    Unreached(String),
    /// It answers what this program does not know.
    #[error("the poller's answer cannot be read")]
    Unreadable,
}

impl Poller {
    /// The function of that name.
    pub(crate) const fn new(client: Client, function: String) -> Self {
        Self { client, function }
    }

    /// Asks, and waits for the answer: minutes, if there is much to do.
    ///
    /// # Errors
    ///
    /// A [`NoAnswer`].
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T, NoAnswer> {
        let payload = serde_json::to_vec(request).map_err(|_| NoAnswer::Unreadable)?;
        let sent = self.client.invoke().function_name(&self.function).payload(Blob::new(payload)).send().await;
        let answer = sent.map_err(|error| match (&error, error.code()) {
            (SdkError::ServiceError(_), Some("AccessDeniedException")) => NoAnswer::Denied,
            (SdkError::ServiceError(_), Some("ResourceNotFoundException")) => NoAnswer::Gone(self.function.clone()),
            (SdkError::ServiceError(_), code) => NoAnswer::Unreached(code.unwrap_or("no code").to_owned()),
            (SdkError::TimeoutError(_), _) => NoAnswer::Unreached("no answer in time".to_owned()),
            _ => NoAnswer::Unreached("no connection".to_owned()),
        })?;
        let body = answer.payload().map(Blob::as_ref).unwrap_or_default();
        if answer.function_error().is_some() {
            return Err(broken(body));
        }
        match serde_json::from_slice(body) {
            Ok(Reply::Done(done)) => Ok(done),
            Ok(Reply::Failed { failure }) if failure.cause == "time" => Err(NoAnswer::TooMuch),
            Ok(Reply::Failed { failure }) => Err(NoAnswer::Failed(failure)),
            Err(_) => Err(NoAnswer::Unreadable),
        }
    }
}

/// What the runtime says of a function that broke: its kind alone, for the text may repeat what was worked on.
fn broken(body: &[u8]) -> NoAnswer {
    let told: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let kind = told["errorType"].as_str().unwrap_or("unknown");
    let is_too_long = told["errorMessage"].as_str().is_some_and(|text| text.contains("Task timed out"));
    if is_too_long || matches!(kind, "Function.ResponseSizeTooLarge" | "Sandbox.Timedout") {
        return NoAnswer::TooMuch;
    }
    NoAnswer::Broken(kind.chars().filter(|character| character.is_ascii_graphic()).take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_function_is_told_by_its_kind_and_what_was_too_much_is_told_apart() {
        let told = |body: &str| broken(body.as_bytes()).to_string();
        let too_much = NoAnswer::TooMuch.to_string();
        assert_eq!(told(r#"{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"secret"}"#), too_much);
        assert_eq!(told(r#"{"errorMessage":"2026-11-25 0f3f Task timed out after 300.00 seconds"}"#), too_much);
        assert_eq!(told(r#"{"errorType":"panic","errorMessage":"secret"}"#), "the poller broke down (panic)");
        assert_eq!(told("<html>"), "the poller broke down (unknown)");
    }
}
