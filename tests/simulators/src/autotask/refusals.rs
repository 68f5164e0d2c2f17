//! Writes that are refused one by one: this resource's timesheet, that ticket's contract, a text that a filter dislikes. Every
//! other write of the kind passes, which is what a client must be able to tell.
//!
//! The rules are the vendor's. Their sentences are in no source, so a client must not depend on the wording here.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::input::Row;
use super::schema::Entity;
use super::wire::{refused, refused_for};
use crate::serving::exchange::Answer;

/// One rule; a write that meets all of its conditions is refused. What is not given is no condition.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    /// The entity's path: `TimeEntries`, `TicketNotes`, `TicketNoteAttachments`.
    entity: Option<String>,
    /// The resource of a time entry.
    resource: Option<i64>,
    /// The ticket that it is written on.
    ticket: Option<i64>,
    /// A text that one of its texts holds, an attachment's content too; in any case.
    holds: Option<String>,
    because: Because,
}

/// Why it is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Because {
    SubmittedTimesheet,
    SpansMidnight,
    CompleteTicket,
    TicketStatus,
    LockedContract,
    ExpiredContract,
    NoBlock,
    TicketNotPermitted,
    /// 403 with a JSON message of somebody in between.
    FilterMessage,
    /// 403 with somebody's page.
    FilterPage,
    /// 500 with this sentence.
    Sentence(String),
}

/// The sentence for a day of a timesheet that cannot be changed any more.
pub(crate) const SUBMITTED: &str = "Time entries cannot be created or changed on a timesheet that is submitted or approved.";
/// The sentence for an entry over midnight where that is not allowed.
pub(crate) const MIDNIGHT: &str = "Time entries are not allowed to span over midnight.";
/// The sentence for time on a complete ticket where that is not allowed.
pub(crate) const COMPLETE: &str = "Time entries cannot be added to a complete ticket.";

impl Because {
    fn answer(&self) -> Answer {
        let forbidden = "The request was blocked by a security policy.";
        match self {
            Self::SubmittedTimesheet => refused(SUBMITTED),
            Self::SpansMidnight => refused(MIDNIGHT),
            Self::CompleteTicket => refused(COMPLETE),
            Self::TicketStatus => refused("The status of the ticket does not allow this."),
            Self::LockedContract => refused("The contract is locked."),
            Self::ExpiredContract => refused("The contract has expired."),
            Self::NoBlock => refused("No active block purchase covers this time."),
            Self::TicketNotPermitted => refused("You do not have permission to add this to this ticket."),
            Self::FilterMessage => refused_for(403, &[forbidden.to_owned()]),
            Self::FilterPage => Answer::new(403, "text/html", format!("<html><body>{forbidden}</body></html>")),
            Self::Sentence(sentence) => refused(sentence.clone()),
        }
    }
}

/// Refuses a write that one of the rules is about. `ticket` is the one that it is written on, if it is known.
pub(crate) fn check(refusals: &[Refusal], entity: &Entity, ticket: Option<i64>, row: &Row) -> Result<(), Answer> {
    let is_about = |refusal: &&Refusal| {
        let meets = |wanted: Option<i64>, is: Option<i64>| wanted.is_none_or(|wanted| is == Some(wanted));
        refusal.entity.as_ref().is_none_or(|path| path == entity.path)
            && meets(refusal.resource, super::tenant::int(row, "resourceID"))
            && meets(refusal.ticket, ticket)
            && refusal.holds.as_ref().is_none_or(|text| holds(row, text))
    };
    refusals.iter().find(is_about).map_or(Ok(()), |refusal| Err(refusal.because.answer()))
}

fn holds(row: &Row, text: &str) -> bool {
    let text = text.to_lowercase();
    row.iter().filter_map(|(name, value)| Some((name, value.as_str()?))).any(|(name, value)| match name.as_str() {
        "data" => String::from_utf8_lossy(&STANDARD.decode(value).unwrap_or_default()).to_lowercase().contains(&text),
        _ => value.to_lowercase().contains(&text),
    })
}

/// Refuses time on a day that belongs to a submitted timesheet of this resource.
pub(crate) fn check_timesheet(submitted: &BTreeMap<i64, Date>, resource: i64, worked: Date) -> Result<(), Answer> {
    if submitted.get(&resource).is_some_and(|until| worked <= *until) { Err(refused(SUBMITTED)) } else { Ok(()) }
}
