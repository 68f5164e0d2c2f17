//! What an event waits for, since when and how often: part of the ledger's record. How long is in [`crate::waits`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Since when an event waits, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Since when; `retry_hours` counts from here.
    pub since: Timestamp,
    /// For what, now.
    pub why: WaitReason,
    /// Until when; for people: the queue brings the message again, whatever is said here. `None` in records of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How often for the same since then.
    pub rounds: u32,
    /// How often for something else since then: what alternates does not begin its ladder anew each time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<WaitReason, u32>,
    /// A person has been told that it waits, which is done once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

impl Waiting {
    /// How often for that since then.
    #[must_use]
    pub fn rounds_of(&self, why: WaitReason) -> u32 {
        if self.why == why { self.rounds } else { self.others.get(&why).copied().unwrap_or_default() }
    }
}

/// What an event waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The appliance has no report yet, or none with an end or the surveys announced.
    #[error("the report is not ready")]
    ReportNotReady,
    /// The appliance cannot be reached, or answers unreadably.
    #[error("the appliance does not answer")]
    Appliance,
    /// The report of this session cannot be read; others can.
    #[error("the report cannot be read")]
    ReportUnreadable,
    /// The ticketing system refuses to answer a question about this session; it answers others.
    #[error("the ticketing system refuses a question about this session")]
    ReadRefused,
    /// The appliance refuses the credentials.
    #[error("the appliance refuses the credentials")]
    ApplianceCredentials,
    /// The ticketing system cannot be reached or asks to slow down.
    #[error("the ticketing system does not answer or asks to slow down")]
    Ticketing,
    /// The ticketing system refuses the credentials.
    #[error("the ticketing system refuses the credentials")]
    TicketingCredentials,
    /// Too much of the tenant's hourly budget of calls is used.
    #[error("too much of the hourly budget of calls is used")]
    HourlyBudget,
    /// A right is missing.
    #[error("a right is missing in the ticketing system")]
    Blocked,
    /// A right is missing on the appliance.
    #[error("a right is missing on the appliance")]
    ApplianceRight,
    /// The vendor objects to a write of this session alone.
    #[error("the ticketing system objects to a write of this session alone")]
    WriteBlocked,
    /// The connection is on hold.
    #[error("the connection is on hold")]
    OnHold,
    /// There is no connection document that could serve.
    #[error("there is no usable connection document")]
    NoConnectionDocument,
    /// The ledger does not answer.
    #[error("the ledger does not answer")]
    Ledger,
    /// A write of unknown fate is being looked for.
    #[error("a write of unknown fate is being looked for")]
    UnknownWrite,
    /// The session's new ticket cannot be read yet.
    #[error("the session's new ticket cannot be read yet")]
    NewTicket,
    /// An unfamiliar refusal is being tried again.
    #[error("an unfamiliar refusal is being tried again")]
    UnfamiliarRefusal,
    /// Too little time was left in the invocation for the next call.
    #[error("the invocation's time was used up")]
    TimeUsedUp,
}

impl WaitReason {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReportNotReady => "report_not_ready",
            Self::Appliance => "appliance",
            Self::ReportUnreadable => "report_unreadable",
            Self::ReadRefused => "read_refused",
            Self::ApplianceCredentials => "appliance_credentials",
            Self::Ticketing => "ticketing",
            Self::TicketingCredentials => "ticketing_credentials",
            Self::HourlyBudget => "hourly_budget",
            Self::Blocked => "blocked",
            Self::ApplianceRight => "appliance_right",
            Self::WriteBlocked => "write_blocked",
            Self::OnHold => "on_hold",
            Self::NoConnectionDocument => "no_connection_document",
            Self::Ledger => "ledger",
            Self::UnknownWrite => "unknown_write",
            Self::NewTicket => "new_ticket",
            Self::UnfamiliarRefusal => "unfamiliar_refusal",
            Self::TimeUsedUp => "time_used_up",
        }
    }
}
