//! What becomes of writes that are on their way when nothing new may be sent: writing was switched off, or the ticket is gone.
//!
//! A call of unknown fate is looked up to its end, as always; what certainly was not written stays open, is listed and told of.
//! Needs neither the report nor a template, for what was sent first says where to look.

use jiff::Timestamp;

use super::admission::longest_pause;
use super::machine::{Delivery, Phase};
use super::record::{Ignored, LeftOpen, Unmatched, WaitReason, WriteState};
use super::step::{NoticeSubject, Step};
use super::write_id::WriteId;
use super::writes::Next;
use crate::failure::Sentence;

/// Why nothing new is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// The event is ignored now.
    Ignored(Ignored),
    /// The ticket of the first sending does not exist any more.
    TicketGone,
}

impl Delivery {
    /// Ends the event, but first resolves what may have been written.
    pub(super) fn wind_down(&mut self, closing: Closing, now: Timestamp) {
        self.mark_interrupted();
        if !self.record.has_unresolved() {
            return self.close(closing);
        }
        // The neighbour may be left alone, and the event was let in all the same.
        if let Some((until, why)) = longest_pause(&self.pauses, &self.rules, now) {
            return self.wait(until, why, now);
        }
        self.phase = Phase::WindingDown(closing);
    }

    /// The next look-up; sets the ending when there is nothing more to find out.
    pub(super) fn advance_winding_down(&mut self, closing: Closing, now: Timestamp) -> Option<Step> {
        let unresolved = self.record.writes.iter().filter(|(_, write)| write.is_unresolved());
        let unresolved: Vec<WriteId> = unresolved.map(|(id, _)| id.clone()).collect();
        let mut first: Option<Timestamp> = None;
        for id in unresolved {
            match self.resolve(&id, now) {
                Next::Step(step) => return Some(step),
                Next::Wait(until, _) => first = Some(first.map_or(until, |earliest| earliest.min(until))),
                Next::Changed | Next::Follows => return None,
            }
        }
        match first {
            Some(until) => self.wait(until, WaitReason::UnknownWrite, now),
            None => self.close(closing),
        }
        None
    }

    fn resolve(&mut self, id: &WriteId, now: Timestamp) -> Next {
        match self.record.writes.get(id).map(|write| &write.state) {
            Some(WriteState::Sending { at, send_by, looks }) => self.chase(id, *at, *send_by, *looks, now),
            Some(WriteState::Wanted) => self.look_up_in_doubt(id, now),
            _ => Next::Changed,
        }
    }

    fn close(&mut self, closing: Closing) {
        match closing {
            Closing::Ignored(reason) => {
                self.leave_open(LeftOpen::Ignored(reason));
                self.finish_ignored(reason);
            }
            Closing::TicketGone if self.take_assigned_ticket() => self.phase = Phase::Ticket,
            Closing::TicketGone => self.finish_unmatched(Unmatched::TicketNotFound),
        }
    }

    /// Lists and tells that writes stay open. Says so once, however many events of the session come.
    pub(super) fn leave_open(&mut self, why: LeftOpen) {
        if !self.record.has_open() {
            return;
        }
        // What was given up has been told of as that.
        let first = self.record.left_open.is_none() && self.record.dead_lettered.is_none();
        self.record.left_open = Some(why);
        if !first {
            return;
        }
        let open = self.record.writes.iter().find(|(_, write)| !write.state.is_final()).map(|(id, _)| id.clone());
        let sentence = Sentence::new(&format!("not written yet, and it will not be: {why}"));
        let remedy = "when writing is switched on again, replay the session: only what is missing will be written";
        self.tell(NoticeSubject::LeftOpen, open, sentence, remedy);
    }
}
