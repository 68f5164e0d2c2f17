//! What becomes of writes that are on their way when nothing new may be sent: writing was switched off, or the ticket is gone.
//!
//! A call of unknown fate is looked up to its end, as always; what certainly was not written stays open, is listed and told of.
//! Needs neither the report nor a template, for what was sent first says where to look.

use jiff::Timestamp;

use crate::admission::longest_pause;
use crate::base::Base;
use crate::machine::Stage;
use crate::report::Reported;
use crate::step::Step;
use crate::ticket::{Matched, Matching, take_assigned_ticket};
use crate::unknown::{Lookups, Next, Places};
use crate::verdict::{Ignored, LeftOpen, Unmatched};
use crate::waiting::WaitReason;
use session::failure::Failure;
use session::ids::RemoteId;
use session::write_id::WriteId;

/// Why nothing new is sent.
#[derive(Debug)]
pub(crate) enum Closing {
    /// The event is ignored now.
    Ignored(Ignored),
    /// The ticket of the first sending does not exist any more.
    TicketGone(Box<Reported>),
}

/// The lookups of what may have been written, before the event ends.
#[derive(Debug)]
pub(crate) struct WindingDown {
    closing: Closing,
    lookups: Lookups,
}

/// Ends the event, but first resolves what may have been written.
pub(crate) fn wind_down(base: &mut Base, closing: Closing, now: Timestamp) -> Stage {
    if !base.memory.record.has_unresolved() {
        return close(base, closing);
    }
    // The neighbour may be paused, and the event was let in all the same.
    if let Some((until, why)) = longest_pause(&base.connection.pauses, &base.case.rules, now) {
        return base.wait(until, why, now).into();
    }
    Stage::WindingDown(Box::new(WindingDown { closing, lookups: Lookups::default() }))
}

fn close(base: &mut Base, closing: Closing) -> Stage {
    match closing {
        Closing::Ignored(reason) => {
            base.leave_open(LeftOpen::Ignored(reason));
            base.finish_ignored(reason).into()
        }
        Closing::TicketGone(reported) if take_assigned_ticket(&mut base.memory.record) => {
            Stage::Ticket(Box::new(Matching::new(Matched::Over(*reported))))
        }
        Closing::TicketGone(_) => {
            base.memory.record.drop_unsent_ticket();
            base.finish_unmatched(Unmatched::TicketNotFound).into()
        }
    }
}

impl WindingDown {
    /// The next lookup, or where the event goes when there is nothing more to find out.
    pub(crate) fn advance(mut self: Box<Self>, base: &mut Base, now: Timestamp) -> (Stage, Option<Step>) {
        let unresolved = base.memory.record.writes.iter().filter(|(_, write)| write.is_unresolved());
        let unresolved: Vec<WriteId> = unresolved.map(|(id, _)| id.clone()).collect();
        let mut first: Option<Timestamp> = None;
        for id in unresolved {
            match self.lookups.resolve(base, &self.places(), &id, now) {
                Next::Step(step) => return (Stage::WindingDown(self), Some(step)),
                Next::Wait(until, _) => first = Some(first.map_or(until, |earliest| earliest.min(until))),
                Next::Changed | Next::Follows => return (Stage::WindingDown(self), None),
            }
        }
        let stage = match first {
            Some(until) => base.wait(until, WaitReason::UnknownWrite, now).into(),
            None => close(base, self.closing),
        };
        (stage, None)
    }

    /// Where the event goes once a lookup has been answered.
    pub(crate) fn take_found(
        mut self: Box<Self>,
        base: &mut Base,
        answer: Result<Vec<RemoteId>, Failure>,
        now: Timestamp,
    ) -> Stage {
        let places = self.places();
        match self.lookups.take(base, &places, answer, now) {
            Some(ending) => ending.into(),
            None => Stage::WindingDown(self),
        }
    }

    /// Only what was frozen says where to look.
    const fn places(&self) -> Places<'static> {
        let ended_at = match &self.closing {
            Closing::Ignored(_) => None,
            Closing::TicketGone(reported) => reported.ended.at(),
        };
        Places { ended_at, ticket: None, attendances: None }
    }
}
