//! A call to SQS that did not succeed. Nobody has to tell such errors apart: a message that was not taken is still where it was.

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

/// SQS did not do it, or did not say so. Temporary as far as anybody can tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed ({cause}): {detail}")]
pub struct QueueError {
    operation: &'static str,
    cause: String,
    detail: String,
}

/// The longest error code of SQS has some 50 characters.
const CAUSE_LENGTH_MAX: usize = 64;

impl QueueError {
    /// The error code of SQS, or what became of the call: `timeout`, `connection`, `response`. One word, fit to be counted by.
    #[must_use]
    pub fn cause(&self) -> &str {
        &self.cause
    }

    pub(crate) fn new<E, R>(operation: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        let cause = match error {
            SdkError::TimeoutError(_) => "timeout",
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "timeout",
            SdkError::DispatchFailure(_) => "connection",
            SdkError::ServiceError(refused) => refused.err().code().unwrap_or("service"),
            SdkError::ResponseError(_) => "response",
            _ => "request",
        };
        // The code comes from outside, like everything else.
        let is_word_char = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_');
        let cause = cause.chars().filter(is_word_char).take(CAUSE_LENGTH_MAX).collect();
        Self { operation, cause, detail: chain(error) }
    }

    pub(crate) fn timed_out(operation: &'static str) -> Self {
        Self { operation, cause: "timeout".to_owned(), detail: "no answer in time".to_owned() }
    }
}

/// The error and its causes, without the raw answer that the `Debug` form would show.
fn chain<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
