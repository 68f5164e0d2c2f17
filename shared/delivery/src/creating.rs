//! The stage between, for a session that no key leads to a ticket: its ticket is created, exactly once, as every write is. Whether one is
//! to be created is decided in `ticket`; the names in it become ids in the ticketing system's client; what it says is in `texts`.
//!
//! A session that still runs holds up nothing: what cannot be created now is left to its end, which comes behind it in the queue.

use jiff::Timestamp;

use crate::base::Base;
use crate::machine::Stage;
use crate::pause::PauseScope;
use crate::refusal::{Refusal, refusal, refuse};
use crate::step::{Answer, Ending, Outcome, Step};
use crate::ticket::{Matched, Matching};
use crate::unknown::{Lookups, Next, Places};
use crate::verdict::Unmatched;
use crate::waiting::WaitReason;
use crate::wanted::Check;
use crate::write::{Write, WriteState};
use crate::writing::must_wait;
use session::content::{Content, TicketDraft, TicketWish};
use session::external_key::ticket_fields;
use session::failure::Failure;
use session::write_id::WriteId;
use texts::TicketTexts;

/// A session whose ticket is being created.
#[derive(Debug)]
pub(crate) struct Creating {
    matched: Matched,
    goal: Goal,
    lookups: Lookups,
    asked: Asked,
}

/// What it is here for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// To get a ticket.
    Create,
    /// To find out whether it has got one, if a call for one was made: none is created any more, for that reason.
    Resolve(Unmatched),
}

/// What was asked last, to make sense of its answer. Lookups remember their own.
#[derive(Debug)]
enum Asked {
    Nothing,
    Draft,
    /// To be sent once the record that says so is stored.
    Ready(Content),
    Sent,
}

/// A ticket is looked for by its session alone.
const PLACES: Places<'static> = Places { ended_at: None, ticket: None, attendances: None };

impl Creating {
    pub(crate) fn new(matched: Matched, goal: Goal) -> Self {
        Self { matched, goal, lookups: Lookups::default(), asked: Asked::Nothing }
    }

    /// The next step, or where the event goes when the ticket is there or cannot be.
    pub(crate) fn advance(mut self: Box<Self>, base: &mut Base, now: Timestamp) -> (Stage, Option<Step>) {
        if let Some(step) = self.send_what_is_ready(base) {
            return (Stage::Creating(self), Some(step));
        }
        if let Some(step) = self.lookups.verify_next(base, &PLACES, now) {
            return (Stage::Creating(self), Some(step));
        }
        let write = base.memory.write(&WriteId::Ticket);
        if let Goal::Resolve(unmatched) = self.goal
            && !write.is_some_and(|write| write.is_unresolved() || matches!(write.state, WriteState::Done { .. }))
        {
            return (self.without_ticket(base, unmatched), None);
        }
        let next = match write.map(|write| &write.state) {
            None => {
                // Always with a look first: unlike all else it may have been made before the session's end, which the ledger may have
                // forgotten by then.
                base.memory.record.add(WriteId::Ticket, Write::wanted(Some(Check::Precaution)));
                Next::Changed
            }
            Some(WriteState::Wanted(_)) => match self.goal {
                Goal::Create => self.begin(base, now),
                Goal::Resolve(_) => self.lookups.resolve(base, &PLACES, &WriteId::Ticket, now),
            },
            Some(WriteState::Sending { .. }) => self.lookups.resolve(base, &PLACES, &WriteId::Ticket, now),
            Some(WriteState::Done { .. }) => return (Stage::Ticket(Box::new(Matching::new(self.matched))), None),
            Some(WriteState::Refused { .. } | WriteState::InDoubt { .. } | WriteState::Skipped { .. }) => {
                return (self.without_ticket(base, Unmatched::TicketNotCreated), None);
            }
        };
        match next {
            Next::Step(step) => (Stage::Creating(self), Some(step)),
            Next::Changed | Next::Follows => (Stage::Creating(self), None),
            Next::Wait(until, why) => (self.wait(base, until, why, now).into(), None),
        }
    }

    /// What is ready is sent once the record that says so is stored.
    fn send_what_is_ready(&mut self, base: &mut Base) -> Option<Step> {
        if matches!(self.asked, Asked::Ready(_)) && !base.memory.is_stored() {
            return Some(base.memory.store(false));
        }
        match std::mem::replace(&mut self.asked, Asked::Nothing) {
            Asked::Ready(content) => {
                self.asked = Asked::Sent;
                Some(Step::Send { write: WriteId::Ticket, content })
            }
            _ => None,
        }
    }

    fn begin(&mut self, base: &mut Base, now: Timestamp) -> Next {
        if let Some(wait) = must_wait(base, &WriteId::Ticket, now) {
            return wait;
        }
        if let Some(step) = self.lookups.before_sending(base, &PLACES, &WriteId::Ticket, now) {
            return Next::Step(step);
        }
        self.asked = Asked::Draft;
        Next::Step(Step::DraftTicket(Box::new(self.wish(base, now))))
    }

    fn wish(&self, base: &Base, now: Timestamp) -> TicketWish {
        let TicketTexts { title, description } = texts::ticket(&self.matched.view(&base.case.rules.settings.time_zone));
        // The rest of the session has been cleaned; its key has not, for it names tickets.
        let mut fields = ticket_fields(self.matched.session().external_key.as_deref());
        base.case.rules.redactor.fields(&mut fields);
        TicketWish { session: base.case.lsid().clone(), title, description, fields, now }
    }

    /// Learns what the last step came to.
    pub(crate) fn take(mut self: Box<Self>, base: &mut Base, answer: Answer, now: Timestamp) -> Stage {
        let ending = match (std::mem::replace(&mut self.asked, Asked::Nothing), answer) {
            (_, Answer::Found(answer)) => self.lookups.take(base, &PLACES, answer, now),
            (Asked::Draft, Answer::Draft(answer)) => self.take_draft(base, answer, now),
            (Asked::Sent, Answer::Sent(Ok(remote))) => {
                self.lookups.done(base, &WriteId::Ticket, remote, false, now);
                None
            }
            (Asked::Sent, Answer::Sent(Err(failure))) => self.take_failure(base, failure, now),
            // An answer to another question cannot come from a worker that hands back what it was asked for: it changes nothing.
            (asked, _) => {
                self.asked = asked;
                None
            }
        };
        match ending {
            Some(ending) => ending.into(),
            None => Stage::Creating(self),
        }
    }

    /// The ticket can be sent, or says what nobody can make an id of.
    fn take_draft(&mut self, base: &mut Base, answer: Result<Box<TicketDraft>, Failure>, now: Timestamp) -> Option<Ending> {
        match answer {
            Ok(draft) => {
                base.reached(PauseScope::Ticketing);
                let content = Content::Ticket(*draft);
                let (send_by, user) = (base.case.input.deadline, &base.case.rules.api_user);
                base.memory.change(&WriteId::Ticket, |write| write.begin_sending(&content, send_by, user, now));
                self.asked = Asked::Ready(content);
                None
            }
            Err(Failure::Refused { sentence }) => {
                base.reached(PauseScope::Ticketing);
                refuse(base, &WriteId::Ticket, sentence, now);
                None
            }
            // A right that only new tickets need, to see companies for instance: notes and time entries go on.
            Err(failure @ Failure::Blocked { .. }) => self.take_failure(base, failure, now),
            Err(failure) => Some(base.neighbour_failed(PauseScope::Ticketing, failure, now)),
        }
    }

    fn take_failure(&mut self, base: &mut Base, failure: Failure, now: Timestamp) -> Option<Ending> {
        match refusal(base, &mut self.lookups, &WriteId::Ticket, failure, now) {
            Refusal::Open => None,
            Refusal::Neighbour(ending) => Some(ending),
            Refusal::Final(sentence) | Refusal::TooLong(sentence) | Refusal::Role(sentence) => {
                refuse(base, &WriteId::Ticket, sentence, now);
                None
            }
        }
    }

    /// A running session waits only to hear whether its ticket is there: whatever a person must cure may take longer than it runs.
    fn wait(&self, base: &mut Base, until: Timestamp, why: WaitReason, now: Timestamp) -> Ending {
        match (&self.matched, why) {
            (Matched::Running(_), WaitReason::Blocked | WaitReason::WriteBlocked | WaitReason::UnfamiliarRefusal) => {
                base.finish(Outcome::LeftToTheEnd)
            }
            _ => base.wait(until, why, now),
        }
    }

    /// The write says why; a replay tries it again, and a key that names a ticket, or a person who assigns one, cures it too.
    fn without_ticket(self: Box<Self>, base: &mut Base, unmatched: Unmatched) -> Stage {
        match self.matched {
            Matched::Running(_) => base.finish_running().into(),
            Matched::Over(_) => {
                if matches!(self.goal, Goal::Resolve(_)) {
                    base.memory.record.drop_unsent_ticket();
                }
                base.finish_unmatched(unmatched).into()
            }
        }
    }
}
