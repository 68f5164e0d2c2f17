//! The third stage: which ticket the session belongs to. It is always read: that proves that it exists, and gives its role. A session
//! that is led to none may get one (`creating`); one that still runs then learns its number.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::base::Base;
use crate::creating::{Creating, Goal};
use crate::machine::Stage;
use crate::notice;
use crate::pause::PauseScope;
use crate::record::Record;
use crate::report::Reported;
use crate::step::Step;
use crate::verdict::Unmatched;
use crate::waiting::WaitReason;
use crate::waits::later;
use crate::winding_down::{Closing, wind_down};
use crate::write::{Write, WriteState};
use crate::writing::Writing;
use session::content::{Ticket, TicketReference};
use session::external_key::NoTicket;
use session::failure::Failure;
use session::ids::{TicketId, TicketNumber};
use session::settings::{Settings, TicketCreation};
use session::support_session::{Ended, SupportSession};
use session::write_id::WriteId;
use texts::View;

/// What is looked for a ticket.
#[derive(Debug)]
pub(crate) enum Matched {
    /// A session that runs: nothing is written of it yet but its ticket.
    Running(SupportSession),
    /// A session that is over.
    Over(Reported),
}

impl Matched {
    pub(crate) const fn session(&self) -> &SupportSession {
        match self {
            Self::Running(session) => session,
            Self::Over(reported) => &reported.session,
        }
    }

    /// As templates look at it.
    pub(crate) const fn view<'a>(&'a self, time_zone: &'a TimeZone) -> View<'a> {
        match self {
            Self::Running(session) => View { session, time_zone, ended: Ended::Unknown },
            Self::Over(reported) => reported.view(time_zone),
        }
    }
}

/// A session whose ticket is looked for.
#[derive(Debug)]
pub(crate) struct Matching {
    matched: Matched,
    asked: Option<Asked>,
}

/// Which ticket is asked for.
#[derive(Debug, Clone)]
enum Asked {
    /// The one that a first sending froze, that an operator assigned, or that the key names.
    Named(TicketReference),
    /// The one that was created for the session.
    Created(TicketId),
}

/// Why a session has no ticket, and whether one may be created for it.
struct NoUsableTicket {
    unmatched: Unmatched,
    creatable: bool,
}

impl Matching {
    pub(crate) const fn new(matched: Matched) -> Self {
        Self { matched, asked: None }
    }

    /// The ticket to read, or where the event goes without one.
    pub(crate) fn advance(mut self: Box<Self>, base: &mut Base) -> (Stage, Option<Step>) {
        take_assigned_ticket(&mut base.memory.record);
        if let Some(Asked::Created(ticket)) = self.asked {
            return (Stage::Ticket(self), Some(Step::FindTicket(TicketReference::Id(ticket))));
        }
        match self.reference(base) {
            Ok(reference) => {
                self.asked = Some(Asked::Named(reference.clone()));
                (Stage::Ticket(self), Some(Step::FindTicket(reference)))
            }
            Err(none) => (self.without_key(base, &none), None),
        }
    }

    /// The frozen ticket, else the assigned one, else the one that the external key of the report names.
    fn reference(&self, base: &Base) -> Result<TicketReference, NoUsableTicket> {
        let Record { target, assigned, .. } = &base.memory.record;
        if let Some(ticket) = target.as_ref().map(|target| target.ticket).or(*assigned) {
            return Ok(TicketReference::Id(ticket));
        }
        let key = self.matched.session().external_key.as_deref();
        let creation = base.case.rules.settings.ticket_creation;
        base.case.rules.keys.ticket(key).map_err(|reason| {
            let unmatched = match reason {
                NoTicket::NoKey => Unmatched::NoKey,
                NoTicket::NoTicketInKey => Unmatched::NoTicketInKey,
                NoTicket::TicketWanted => Unmatched::TicketWanted,
            };
            let creatable = match creation {
                TicketCreation::Off => false,
                TicketCreation::JsonKey => reason == NoTicket::TicketWanted,
                TicketCreation::Always => true,
            };
            NoUsableTicket { unmatched, creatable }
        })
    }

    /// No key leads to a ticket: the one that was created does, or may yet turn out to have been, or one is created now.
    fn without_key(mut self: Box<Self>, base: &mut Base, none: &NoUsableTicket) -> Stage {
        if let Some(ticket) = base.memory.record.created_ticket() {
            self.asked = Some(Asked::Created(ticket));
            return Stage::Ticket(self);
        }
        let goal = if none.creatable && self.is_ours(base) { Goal::Create } else { Goal::Resolve(none.unmatched) };
        Stage::Creating(Box::new(Creating::new(self.matched, goal)))
    }

    /// In shadow mode nothing is created, and nothing for a session that others write.
    fn is_ours(&self, base: &Base) -> bool {
        match self.matched {
            Matched::Running(_) => !base.case.is_shadow(),
            Matched::Over(_) => !base.case.is_shadow() && base.memory.record.is_end_ours(),
        }
    }

    /// Where the event goes once the ticketing system has answered.
    pub(crate) fn take(self: Box<Self>, base: &mut Base, answer: Result<Option<Ticket>, Failure>, now: Timestamp) -> Stage {
        let ticket = match answer {
            Ok(ticket) => ticket,
            Err(Failure::NotFound) => None,
            Err(failure) => return base.neighbour_failed(PauseScope::Ticketing, failure, now).into(),
        };
        base.reached(PauseScope::Ticketing);
        match (ticket, self.asked.clone()) {
            (Some(ticket), Some(asked @ Asked::Created(_))) => self.go_on(base, ticket, &asked),
            (Some(ticket), Some(Asked::Named(reference))) => match objection(&reference, &ticket, &base.case.rules.settings, now)
            {
                Some(unmatched) => {
                    let creatable = base.case.rules.settings.ticket_creation == TicketCreation::Always;
                    self.without_key(base, &NoUsableTicket { unmatched, creatable })
                }
                None => self.go_on(base, ticket, &Asked::Named(reference)),
            },
            (None, asked) => self.not_there(base, asked.as_ref(), now),
            (Some(_), None) => Stage::Ticket(self),
        }
    }

    fn go_on(self: Box<Self>, base: &mut Base, ticket: Ticket, asked: &Asked) -> Stage {
        match (self.matched, asked) {
            (Matched::Over(reported), _) => Stage::Writing(Box::new(Writing::begin(base, reported, ticket))),
            (Matched::Running(_), Asked::Created(_)) => Stage::Keying(Keying { number: ticket.number }),
            (Matched::Running(_), Asked::Named(_)) => base.finish_running().into(),
        }
    }

    /// Bare digits that are no ticket's are no typing error of somebody who meant one; whatever else named it was meant.
    fn not_there(self: Box<Self>, base: &mut Base, asked: Option<&Asked>, now: Timestamp) -> Stage {
        let frozen = base.memory.record.target.is_some() || base.memory.record.assigned.is_some();
        match asked {
            Some(Asked::Named(reference)) if !frozen => {
                let is_digits = matches!(reference, TicketReference::BareDigits(_));
                let creatable = is_digits && base.case.rules.settings.ticket_creation == TicketCreation::Always;
                let may_have_own = base.memory.write(&WriteId::Ticket).is_some_and(Write::is_unresolved);
                let has_other = creatable || may_have_own || base.memory.record.created_ticket().is_some();
                if has_other || matches!(self.matched, Matched::Running(_)) {
                    return self.without_key(base, &NoUsableTicket { unmatched: Unmatched::TicketNotFound, creatable });
                }
            }
            Some(Asked::Created(_)) if is_new(&base.memory.record, base.case.rules.pace.unfamiliar_report(), now) => {
                let wait = base.case.rules.pace.not_ready(base.memory.round(WaitReason::NewTicket));
                return base.wait(later(now, wait), WaitReason::NewTicket, now).into();
            }
            _ => {}
        }
        match self.matched {
            Matched::Running(_) => base.finish_running().into(),
            Matched::Over(reported) => wind_down(base, Closing::TicketGone(Box::new(reported)), now),
        }
    }
}

/// Whether the ticket was created within that time: a row may be seen late.
fn is_new(record: &Record, within: Duration, now: Timestamp) -> bool {
    let state = record.writes.get(&WriteId::Ticket).map(|write| &write.state);
    matches!(state, Some(WriteState::Done { at, .. }) if now < later(*at, within))
}

/// A running session that has got a ticket, and is to have its number as its key: technicians see it, and links lead there. Nothing
/// rests on it: the ledger knows the ticket, and the session's next event tries again.
#[derive(Debug)]
pub(crate) struct Keying {
    number: TicketNumber,
}

impl Keying {
    pub(crate) fn step(&self) -> Step {
        Step::SetExternalKey(self.number.clone())
    }

    pub(crate) fn take(self, base: &mut Base, answer: Result<(), Failure>) -> Stage {
        if let Err(Failure::Blocked { sentence, remedy }) = answer {
            base.ticket = Some(self.number);
            base.tell(notice::key_not_set(sentence, &remedy));
        }
        base.finish_running().into()
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
