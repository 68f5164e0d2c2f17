//! Why a session, or its event, came to an end without its writes: said in lists, logs and notices. Decides nothing.

use serde::{Deserialize, Serialize};

use crate::waiting::WaitReason;

/// Why a session has no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// No external key.
    #[error("the session has no external key")]
    NoKey,
    /// A key in which no ticket can be found.
    #[error("no ticket can be found in the external key")]
    NoTicketInKey,
    /// A key that asks for a new ticket, which is not switched on, or waits for mode `deliver`.
    #[error("the external key asks for a new ticket, and none is created: ticket.create is off, or the mode is shadow")]
    TicketWanted,
    /// The ticket does not exist (or cannot be seen by the API user).
    #[error("the ticket does not exist, or the API user cannot see it")]
    TicketNotFound,
    /// A ticket was to be created for it, and could not be.
    #[error("its ticket could not be created: its write `ticket` says why")]
    TicketNotCreated,
    /// Found by bare digits, and without activity for too long: they may be a phone number.
    #[error("bare digits, and the ticket of that id has been without activity for long")]
    StaleTicket,
    /// Found by bare digits, and the note would be shown to the ticket's company: a customer can set such a key to any number.
    #[error("bare digits, and the note would be shown to the company of whatever ticket has that id")]
    DigitsShownToCustomer,
}

/// Why an event is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// The connection is off.
    #[error("the connection's mode is off")]
    ModeOff,
    /// The event is switched off.
    #[error("the event is switched off")]
    EventOff,
    /// The session ended before `deliver_from`.
    #[error("the session ended before deliver_from")]
    BeforeDeliverFrom,
    /// It was first heard of while the connection did not write (shadow, off): whoever wrote then has written it.
    #[error("first heard of while the connection did not write: it belongs to whoever wrote then")]
    WrittenByOthers,
}

/// What switched writing off while writes were open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum LeftOpen {
    /// Its events are ignored now.
    #[error(transparent)]
    Ignored(Ignored),
    /// The connection only decides now, and writes nothing.
    #[error("the connection's mode is shadow")]
    Shadow,
}

/// Why an event was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// The report never came.
    #[error("report_missing: the appliance had no complete report within the retry time")]
    ReportMissing,
    /// What it waited for did not come about in `retry_hours`.
    #[error("retry time used up: {0}")]
    RetryTimeUsedUp(WaitReason),
    /// It has waited nearly as long as the queue keeps anything.
    #[error("waited for as long as the queue keeps events: {0}")]
    QueueTimeUsedUp(WaitReason),
    /// Too many claims without any outcome: processing it ends the process each time.
    #[error("claimed {0} times without any outcome")]
    ClaimsWithoutOutcome(u32),
}

impl DeadLetterReason {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ReportMissing => "report_missing",
            Self::RetryTimeUsedUp(_) => "retry_time_used_up",
            Self::QueueTimeUsedUp(_) => "queue_time_used_up",
            Self::ClaimsWithoutOutcome(_) => "claims_without_outcome",
        }
    }
}
