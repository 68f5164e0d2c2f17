//! What can go wrong, and where.

use simulators::WireFault;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Refused,
    ResetAtOnce,
    ResetAfterTheRequest,
    AnswerLost,
    Stall,
    HalfABody,
    Garbage,
    WrongContentType,
    Redirect,
    Unauthorized,
    Forbidden,
    NotFound,
    TooMany,
    TooManyAndWhen,
    ServerError,
    ServerErrorWithABody,
}

impl Fault {
    pub(crate) const ALL: &[Self] = &[
        Self::Refused,
        Self::ResetAtOnce,
        Self::ResetAfterTheRequest,
        Self::AnswerLost,
        Self::Stall,
        Self::HalfABody,
        Self::Garbage,
        Self::WrongContentType,
        Self::Redirect,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::TooMany,
        Self::TooManyAndWhen,
        Self::ServerError,
        Self::ServerErrorWithABody,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::ResetAtOnce => "reset at once",
            Self::ResetAfterTheRequest => "reset after the request",
            Self::AnswerLost => "reset after the effect",
            Self::Stall => "stall",
            Self::HalfABody => "half a body",
            Self::Garbage => "garbage",
            Self::WrongContentType => "wrong content type",
            Self::Redirect => "redirect",
            Self::Unauthorized => "401",
            Self::Forbidden => "403",
            Self::NotFound => "404",
            Self::TooMany => "429",
            Self::TooManyAndWhen => "429 with Retry-After",
            Self::ServerError => "503 without a body",
            Self::ServerErrorWithABody => "500 with an error body",
        }
    }

    /// Whether it can be done to just that request. Whoever refuses or resets at once cannot know what would have been asked
    /// for, so these are done to the first request that a neighbour gets.
    pub(crate) fn can_happen_at(self, place: Place) -> bool {
        !matches!(self, Self::Refused | Self::ResetAtOnce) || place.is_the_first_request()
    }

    /// What the wire does; none: nobody answers at all.
    pub(crate) fn on_the_wire(self, place: Place, elsewhere: &str) -> Option<WireFault> {
        let plain = |status, body| WireFault::Answer { status, headers: vec![], body };
        Some(match self {
            Self::Refused => return None,
            Self::ResetAtOnce => WireFault::ResetBefore,
            Self::ResetAfterTheRequest => WireFault::ResetAfter,
            Self::AnswerLost => WireFault::AnswerLost,
            Self::Stall => WireFault::Stall,
            Self::HalfABody => WireFault::HalfBody,
            Self::Garbage => WireFault::Garbage,
            Self::WrongContentType => {
                let headers = vec![("content-type", "text/html; charset=UTF-8".to_owned())];
                WireFault::Answer { status: 200, headers, body: "<!DOCTYPE html><html><body>Please sign in</body></html>" }
            }
            Self::Redirect => WireFault::Answer { status: 302, headers: vec![("location", elsewhere.to_owned())], body: "" },
            Self::Unauthorized => plain(401, ""),
            Self::Forbidden => plain(403, ""),
            Self::NotFound => plain(404, ""),
            Self::TooMany => plain(429, ""),
            Self::TooManyAndWhen => WireFault::Answer { status: 429, headers: vec![("retry-after", "1".to_owned())], body: "" },
            Self::ServerError => plain(503, ""),
            Self::ServerErrorWithABody => {
                let headers = vec![("content-type", place.content_type().to_owned())];
                WireFault::Answer { status: 500, headers, body: place.error_body() }
            }
        })
    }
}

/// Which request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Secret,
    LedgerFirst,
    LedgerClaim,
    LedgerIntent,
    LedgerOutcome,
    QueueHide,
    QueueDeadLetter,
    TopicNotice,
    ApplianceToken,
    ApplianceReport,
    AutotaskFirst,
    AutotaskTicket,
    AutotaskNote,
    AutotaskTimeEntry,
}

impl Place {
    pub(crate) const ALL: &[Self] = &[
        Self::Secret,
        Self::LedgerFirst,
        Self::LedgerClaim,
        Self::LedgerIntent,
        Self::LedgerOutcome,
        Self::QueueHide,
        Self::QueueDeadLetter,
        Self::TopicNotice,
        Self::ApplianceToken,
        Self::ApplianceReport,
        Self::AutotaskFirst,
        Self::AutotaskTicket,
        Self::AutotaskNote,
        Self::AutotaskTimeEntry,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Secret => "Secrets Manager: the connection document",
            Self::LedgerFirst => "DynamoDB: the first call",
            Self::LedgerClaim => "DynamoDB: the claim",
            Self::LedgerIntent => "DynamoDB: the record that a write is about to be sent",
            Self::LedgerOutcome => "DynamoDB: the record that a write is done",
            Self::QueueHide => "SQS: the visibility of a message that waits",
            Self::QueueDeadLetter => "SQS: the copy to the dead letters",
            Self::TopicNotice => "SNS: a message to a person",
            Self::ApplianceToken => "Appliance: the token",
            Self::ApplianceReport => "Appliance: the report",
            Self::AutotaskFirst => "Autotask: the first call",
            Self::AutotaskTicket => "Autotask: the ticket",
            Self::AutotaskNote => "Autotask: the note",
            Self::AutotaskTimeEntry => "Autotask: the time entry",
        }
    }

    /// A text that only this request holds.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Secret | Self::LedgerFirst | Self::AutotaskFirst => "",
            Self::LedgerClaim => "ADD #fence",
            Self::LedgerIntent => r#""S":"sending""#,
            Self::LedgerOutcome => r#""S":"done""#,
            Self::QueueHide => "AmazonSQS.ChangeMessageVisibility",
            Self::QueueDeadLetter => "AmazonSQS.SendMessage",
            Self::TopicNotice => "Action=Publish",
            Self::ApplianceToken => "/oauth2/token",
            Self::ApplianceReport => "/api/reporting",
            Self::AutotaskTicket => "/Tickets/",
            Self::AutotaskNote => "/Notes HTTP",
            Self::AutotaskTimeEntry => "/TimeEntries HTTP",
        }
    }

    pub(crate) const fn is_the_first_request(self) -> bool {
        matches!(
            self,
            Self::Secret
                | Self::LedgerFirst
                | Self::QueueHide
                | Self::QueueDeadLetter
                | Self::TopicNotice
                | Self::ApplianceToken
                | Self::AutotaskFirst
        )
    }

    /// Only a session that has to wait has its message hidden.
    pub(crate) const fn is_before_the_report_is_ready(self) -> bool {
        matches!(self, Self::QueueHide)
    }

    /// After these a write may have been sent; what is known of look-ups then decides.
    pub(crate) const fn may_leave_a_write_unknown(self) -> bool {
        matches!(self, Self::LedgerIntent | Self::LedgerOutcome | Self::AutotaskNote | Self::AutotaskTimeEntry)
    }

    /// Only what can never be read is given up at once.
    pub(crate) const fn needs_a_malformed_message(self) -> bool {
        matches!(self, Self::QueueDeadLetter)
    }

    /// People are told when something is wrong; what serves in spite of it hinders no delivery.
    pub(crate) const fn needs_something_to_tell(self) -> bool {
        matches!(self, Self::TopicNotice)
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::TopicNotice | Self::ApplianceReport => "text/xml",
            Self::ApplianceToken | Self::AutotaskFirst | Self::AutotaskTicket | Self::AutotaskNote | Self::AutotaskTimeEntry => {
                "application/json"
            }
            _ => "application/x-amz-json-1.0",
        }
    }

    /// An error of the neighbour's own kind, as it says them.
    const fn error_body(self) -> &'static str {
        match self {
            Self::Secret => r#"{"__type":"InternalServiceError","Message":"An error occurred on the server side."}"#,
            Self::LedgerFirst | Self::LedgerClaim | Self::LedgerIntent | Self::LedgerOutcome => {
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}"#
            }
            Self::QueueHide | Self::QueueDeadLetter => r#"{"__type":"com.amazonaws.sqs#InternalFailure","message":"invented"}"#,
            Self::TopicNotice => {
                "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalError</Code><Message>invented</Message></Error></ErrorResponse>"
            }
            Self::ApplianceToken => r#"{"error":"server_error","message":"invented"}"#,
            Self::ApplianceReport => r#"<error xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting">invented</error>"#,
            Self::AutotaskFirst | Self::AutotaskTicket | Self::AutotaskNote | Self::AutotaskTimeEntry => {
                r#"{"errors":["A sentence that nobody has seen before."]}"#
            }
        }
    }
}
