//! What can go wrong with the ledger, told apart by what to do; and which of the SDK's errors is which.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why the ledger could not answer. Nothing here carries content of an item.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// No usable answer: unreachable, timed out, throttled, or an error of the service. A change may have been stored or
    /// not. Make no write to a neighbour on the strength of it; let the event come again.
    #[error("{operation}: the ledger is unavailable ({cause})")]
    Unavailable {
        /// What was asked for.
        operation: &'static str,
        /// The error's kind or code.
        cause: String,
    },
    /// The table refuses the request as such: a missing right, a missing table, an item too large. It stays so until a
    /// person changes something; the event must not be lost meanwhile.
    #[error("{operation}: the ledger refuses the request ({code})")]
    Refused {
        /// What was asked for.
        operation: &'static str,
        /// The service's error code.
        code: String,
    },
    /// An item is there and cannot be read: edited by hand, or written by a release that is not a neighbour of this one.
    /// Writing over it would forget which writes have been made, so a person must look.
    #[error("the ledger item is unreadable at {attribute}: {problem}")]
    Unreadable {
        /// The attribute, with the path inside it where it is known.
        attribute: String,
        /// What is wrong with it, without its value.
        problem: String,
    },
    /// The value cannot be kept in a table: a mistake in this program.
    #[error("the value cannot be stored, at {path}: {problem}")]
    Unstorable {
        /// Where in the value, as in `writes.note.title`.
        path: String,
        /// What is wrong there, without the value.
        problem: &'static str,
    },
}

/// Codes that waiting does not cure. Anything else that the service says, known or not, counts as unavailable: then the event
/// comes again, which is right for all that is temporary and loses nothing for the rest.
const REFUSED_CODES: [&str; 8] = [
    "AccessDeniedException",
    "InvalidSignatureException",
    "ItemCollectionSizeLimitExceededException",
    "MissingAuthenticationTokenException",
    "ResourceNotFoundException",
    "SerializationException",
    "UnrecognizedClientException",
    "ValidationException",
];

impl LedgerError {
    /// Classifies an error of the SDK. Its text and its raw answer are left behind: they may hold the item.
    pub(crate) fn from_sdk<E: ProvideErrorMetadata, R>(operation: &'static str, error: &SdkError<E, R>) -> Self {
        let cause = match error {
            SdkError::ConstructionFailure(_) => return Self::Refused { operation, code: "request not constructed".to_owned() },
            SdkError::TimeoutError(_) => "timed out".to_owned(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "connecting timed out".to_owned(),
            SdkError::DispatchFailure(failure) if failure.is_io() => "connection failed".to_owned(),
            SdkError::DispatchFailure(_) => "not sent".to_owned(),
            SdkError::ResponseError(_) => "unreadable answer".to_owned(),
            SdkError::ServiceError(failure) => failure.err().code().unwrap_or("error without a code").to_owned(),
            _ => "unknown".to_owned(),
        };
        if REFUSED_CODES.contains(&cause.as_str()) {
            return Self::Refused { operation, code: cause };
        }
        Self::Unavailable { operation, cause }
    }

    pub(crate) fn unreadable(attribute: &str, problem: impl Into<String>) -> Self {
        Self::Unreadable { attribute: attribute.to_owned(), problem: problem.into() }
    }
}
