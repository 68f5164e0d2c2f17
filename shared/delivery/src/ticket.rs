//! The third stage: which ticket the session belongs to. It is always read: that proves that it exists, and gives its role.

use std::time::Duration;

use jiff::Timestamp;

use crate::base::Base;
use crate::machine::Stage;
use crate::pause::PauseScope;
use crate::record::Record;
use crate::report::Reported;
use crate::step::{Ending, Step};
use crate::verdict::Unmatched;
use crate::waits::later;
use crate::winding_down::{Closing, wind_down};
use crate::writing::Writing;
use session::content::{Ticket, TicketReference};
use session::external_key::NoTicket;
use session::failure::Failure;
use session::settings::Settings;

/// A session whose ticket is looked for.
#[derive(Debug)]
pub(crate) struct Matching {
    reported: Reported,
    asked: Option<TicketReference>,
}

impl Matching {
    pub(crate) const fn new(reported: Reported) -> Self {
        Self { reported, asked: None }
    }

    /// The ticket to read.
    pub(crate) fn ask(&mut self, base: &mut Base) -> Result<Step, Ending> {
        take_assigned_ticket(&mut base.memory.record);
        let reference = self.reference(base).map_err(|unmatched| base.finish_unmatched(unmatched))?;
        self.asked = Some(reference.clone());
        Ok(Step::FindTicket(reference))
    }

    /// The frozen ticket, else the assigned one, else the one that the external key of the report names.
    fn reference(&self, base: &Base) -> Result<TicketReference, Unmatched> {
        let Record { target, assigned, .. } = &base.memory.record;
        if let Some(ticket) = target.as_ref().map(|target| target.ticket).or(*assigned) {
            return Ok(TicketReference::Id(ticket));
        }
        let key = self.reported.session.external_key.as_deref();
        base.case.rules.keys.ticket(key).map_err(|reason| match reason {
            NoTicket::NoKey => Unmatched::NoKey,
            NoTicket::NoTicketInKey => Unmatched::NoTicketInKey,
            NoTicket::TicketWanted => Unmatched::TicketWanted,
        })
    }

    /// Where the event goes once the ticketing system has answered.
    pub(crate) fn take(self, base: &mut Base, answer: Result<Option<Ticket>, Failure>, now: Timestamp) -> Stage {
        let ticket = match answer {
            Ok(ticket) => ticket,
            Err(Failure::NotFound) => None,
            Err(failure) => return base.neighbour_failed(PauseScope::Ticketing, failure, now).into(),
        };
        base.reached(PauseScope::Ticketing);
        match (ticket, self.asked) {
            (Some(ticket), Some(reference)) => match objection(&reference, &ticket, &base.case.rules.settings, now) {
                Some(unmatched) => base.finish_unmatched(unmatched).into(),
                None => Stage::Writing(Box::new(Writing::begin(base, self.reported, ticket))),
            },
            _ => wind_down(base, Closing::TicketGone(Box::new(self.reported)), now),
        }
    }
}

/// An operator's assignment replaces the frozen ticket for what was never sent; what may have been is looked up first. Returns
/// whether it did.
pub(crate) fn take_assigned_ticket(record: &mut Record) -> bool {
    let differs = record.target.as_ref().zip(record.assigned).is_some_and(|(target, assigned)| target.ticket != assigned);
    let replaces = differs && !record.has_unresolved();
    if replaces {
        record.target = None;
    }
    replaces
}

/// Why a session may not be written on that ticket, if it may not.
fn objection(reference: &TicketReference, ticket: &Ticket, settings: &Settings, now: Timestamp) -> Option<Unmatched> {
    if !matches!(reference, TicketReference::BareDigits(_)) {
        return None;
    }
    let age_limit = Duration::from_secs(u64::from(settings.stale_ticket_days) * 24 * 3600);
    if ticket.last_activity.is_none_or(|at| later(at, age_limit) < now) {
        return Some(Unmatched::StaleTicket);
    }
    settings.note.shows_customer().then_some(Unmatched::DigitsShownToCustomer)
}
