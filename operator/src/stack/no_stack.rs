//! Why a stack cannot be read, told apart by what to do about it. Shows the service's code, and no more of what the SDK says: a person
//! cannot use the rest.

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

use crate::failure::Failure;

/// Why there is no stack to work with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoStack {
    /// The account has none of that name in that region.
    Absent,
    /// These credentials may not look.
    Denied,
    /// These credentials are none, or none any more.
    NotSignedIn,
    /// Nobody answers.
    Unreached,
    /// AWS says something else.
    Refused(String),
}

/// What the service says of credentials that it does not take.
const NOT_SIGNED_IN: [&str; 8] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "AuthFailure",
];

impl NoStack {
    /// What an answer, or the lack of one, means.
    pub(super) fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        match error {
            SdkError::ServiceError(said) => Self::said(said.err().code(), said.err().message()),
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Self::Unreached,
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => Self::Unreached,
            // What is left is that no credentials could be had, from whatever source.
            _ => Self::NotSignedIn,
        }
    }

    fn said(code: Option<&str>, message: Option<&str>) -> Self {
        let Some(code) = code else { return Self::Refused("no more than that".to_owned()) };
        match code {
            "ValidationError" if message.is_some_and(|text| text.contains("does not exist")) => Self::Absent,
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Self::Denied,
            _ if NOT_SIGNED_IN.contains(&code) => Self::NotSignedIn,
            _ => Self::Refused(code.chars().filter(char::is_ascii_graphic).take(80).collect()),
        }
    }

    /// For a person: what it means for that stack, and what to do.
    pub(super) fn failure(&self, stack: &str, region: &str) -> Failure {
        let (what, hint) = match self {
            Self::Absent => (
                format!("there is no stack {stack} in {region}"),
                "name it with --stack, and look whether --profile and --region are those that it was deployed with",
            ),
            Self::Denied => (
                format!("the stack {stack} in {region} may not be read with these credentials"),
                "have the stack's ReaderPolicyArn or OperatorPolicyArn attached (docs/operator-sessions.md), or choose another --profile",
            ),
            Self::NotSignedIn => (
                "AWS does not know who you are: there are no credentials, or they have expired".to_owned(),
                "sign in (for example: aws sso login), or name a --profile",
            ),
            Self::Unreached => (
                format!("CloudFormation in {region} cannot be reached"),
                "look at the network and at --region, then try again; nothing was changed",
            ),
            Self::Refused(code) => (
                format!("the stack {stack} in {region} cannot be read: AWS says {code}"),
                "try again in a minute; nothing was changed",
            ),
        };
        Failure::refused(what, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_says_is_told_apart_by_what_to_do() {
        for (code, message, expected) in [
            ("ValidationError", "Stack with id nowhere does not exist", NoStack::Absent),
            ("ValidationError", "1 validation error detected", NoStack::Refused("ValidationError".to_owned())),
            ("AccessDenied", "User: arn:aws:iam::123456789012:user/x is not authorized", NoStack::Denied),
            ("ExpiredToken", "", NoStack::NotSignedIn),
            ("Throttling", "Rate exceeded", NoStack::Refused("Throttling".to_owned())),
        ] {
            assert_eq!(NoStack::said(Some(code), Some(message)), expected, "{code}");
        }
        assert_eq!(NoStack::said(None, None), NoStack::Refused("no more than that".to_owned()));
    }
}
