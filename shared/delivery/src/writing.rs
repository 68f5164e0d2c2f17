//! The fourth stage: every write of the session to its end, one step at a time.
//!
//! What there is to write is decided in `plan`, whose time it is in `whose_time`, what an answer means in `sent` and `unknown`, and
//! what is sent is made in `content`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::base::Base;
use crate::content::Missing;
use crate::machine::Stage;
use crate::pause::PauseScope;
use crate::report::Reported;
use crate::step::{Answer, Ending, Kept, Outcome, Step};
use crate::surveys::must_wait_for_surveys;
use crate::unknown::{Lookups, Next, Places};
use crate::verdict::LeftOpen;
use crate::waiting::WaitReason;
use crate::wanted::Hold;
use crate::write::{Write, WriteState};
use session::content::Content;
use session::content::{Author, Ticket};
use session::ids::ResourceId;
use session::support_session::SupportSession;
use session::time_entry::Attendance;
use session::write_id::{RepresentativeKey, WriteId};
use texts::SessionNote;

/// A session whose writes are being made.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) reported: Reported,
    pub(crate) ticket: Ticket,
    /// The session note as it is now; `None` where the end is not ours to write.
    pub(crate) note: Option<SessionNote>,
    pub(crate) times: Times,
    pub(crate) lookups: Lookups,
    pub(crate) shadow: Shadow,
    pub(crate) asked: Asked,
}

/// Whose time is written, and as whom.
#[derive(Debug, Default)]
pub(crate) struct Times {
    pub(crate) attendances: BTreeMap<RepresentativeKey, Attendance>,
    pub(crate) authors: BTreeMap<RepresentativeKey, Author>,
    /// Whose other time was looked at in this run.
    pub(crate) compared: BTreeSet<ResourceId>,
}

/// In shadow mode: what would have been sent.
#[derive(Debug, Default)]
pub(crate) struct Shadow {
    writes: BTreeSet<WriteId>,
    kept: Vec<Kept>,
}

impl Shadow {
    pub(crate) fn has(&self, id: &WriteId) -> bool {
        self.writes.contains(id)
    }

    fn keep(&mut self, kept: Kept) {
        self.writes.insert(kept.write.clone());
        self.kept.push(kept);
    }
}

/// What was asked last, to make sense of its answer. Lookups remember their own.
#[derive(Debug)]
pub(crate) enum Asked {
    Nothing,
    Author(RepresentativeKey),
    /// Other time of that person.
    Overlaps(ResourceId),
    /// To be sent once the record that says so is stored.
    Ready {
        write: WriteId,
        content: Content,
    },
    Sent {
        write: WriteId,
        content: Content,
    },
}

impl Writing {
    /// Plans the writes of a session whose ticket is known.
    pub(crate) fn begin(base: &mut Base, reported: Reported, ticket: Ticket) -> Self {
        base.memory.record.unmatched = None;
        base.memory.record.drop_unsent_ticket();
        base.ticket = Some(ticket.number.clone());
        let mut writing = Self {
            reported,
            ticket,
            note: None,
            times: Times::default(),
            lookups: Lookups::default(),
            shadow: Shadow::default(),
            asked: Asked::Nothing,
        };
        writing.plan(base);
        writing
    }

    /// The next step of the writes, one after the other, or where the event goes when none has any.
    pub(crate) fn advance(mut self: Box<Self>, base: &mut Base, now: Timestamp) -> (Stage, Option<Step>) {
        if let Some(step) = self.send_what_is_ready(base) {
            return (Stage::Writing(self), Some(step));
        }
        if let Some(step) = self.look_up(|lookups, places| lookups.verify_next(base, places, now)) {
            return (Stage::Writing(self), Some(step));
        }
        base.memory.record.drop_unsent_ticket();
        let mut first: Option<(Timestamp, WaitReason)> = None;
        for id in self.open_writes(base) {
            match self.advance_write(base, &id, now) {
                Next::Step(step) => return (Stage::Writing(self), Some(step)),
                Next::Changed => return (Stage::Writing(self), None),
                Next::Wait(until, why) => {
                    if first.is_none_or(|(earliest, _)| until < earliest) {
                        first = Some((until, why));
                    }
                }
                Next::Follows => {}
            }
        }
        let ending = match first {
            Some((until, why)) => base.wait(until, why, now),
            None => settle(base, Some(&self.reported.session), now),
        };
        (self.end(ending), None)
    }

    /// Learns what the last step came to.
    pub(crate) fn take(mut self: Box<Self>, base: &mut Base, answer: Answer, now: Timestamp) -> Stage {
        let ending = match (std::mem::replace(&mut self.asked, Asked::Nothing), answer) {
            (Asked::Overlaps(resource), Answer::Found(answer)) => self.take_overlaps(base, &WriteId::Time(resource), answer, now),
            (_, Answer::Found(answer)) => {
                let places = Places {
                    ended_at: self.reported.ended.at(),
                    ticket: Some(&self.ticket),
                    attendances: Some(&self.times.attendances),
                };
                self.lookups.take(base, &places, answer, now)
            }
            (Asked::Author(representative), Answer::Author(answer)) => self.take_author(base, &representative, answer, now),
            (Asked::Sent { write, content }, Answer::Sent(answer)) => self.take_sent(base, &write, &content, answer, now),
            // An answer to another question cannot come from a worker that hands back what it was asked for: it changes nothing.
            (asked, _) => {
                self.asked = asked;
                None
            }
        };
        match ending {
            Some(ending) => self.end(ending),
            None => Stage::Writing(self),
        }
    }

    pub(crate) fn end(self: Box<Self>, ending: Ending) -> Stage {
        Stage::Ending { ending, kept: self.shadow.kept, outcome_stored: false }
    }

    fn open_writes(&self, base: &Base) -> Vec<WriteId> {
        let open = base.memory.record.open_writes().map(|(id, _)| id);
        open.filter(|id| !self.shadow.has(id)).cloned().collect()
    }

    /// What is ready is sent once the record that says so is stored.
    fn send_what_is_ready(&mut self, base: &mut Base) -> Option<Step> {
        let (write, content) = match std::mem::replace(&mut self.asked, Asked::Nothing) {
            Asked::Ready { write, content } if base.memory.is_stored() => (write, content),
            ready @ Asked::Ready { .. } => {
                self.asked = ready;
                return Some(base.memory.store(false));
            }
            _ => return None,
        };
        self.asked = Asked::Sent { write: write.clone(), content: content.clone() };
        Some(Step::Send { write, content })
    }

    /// A lookup, with the places where this session's writes go.
    fn look_up<T>(&mut self, ask: impl FnOnce(&mut Lookups, &Places<'_>) -> T) -> T {
        let places =
            Places { ended_at: self.reported.ended.at(), ticket: Some(&self.ticket), attendances: Some(&self.times.attendances) };
        ask(&mut self.lookups, &places)
    }

    fn advance_write(&mut self, base: &mut Base, id: &WriteId, now: Timestamp) -> Next {
        match base.memory.write(id).map(|write| &write.state) {
            Some(WriteState::Wanted(_)) => self.begin_write(base, id, now),
            Some(WriteState::Sending { .. }) => self.look_up(|lookups, places| lookups.resolve(base, places, id, now)),
            _ => Next::Changed,
        }
    }

    // --- From wanted to sending ------------------------------------------------------------------------------------

    fn begin_write(&mut self, base: &mut Base, id: &WriteId, now: Timestamp) -> Next {
        if let Some(wait) = must_wait(base, id, now) {
            return wait;
        }
        if let WriteId::TimeOf(representative) = id {
            return self.find_author(base, id, representative.clone(), now);
        }
        if let Some(next) = self.must_follow(base, id) {
            return next;
        }
        if let Some(step) = self.look_up(|lookups, places| lookups.before_sending(base, places, id, now)) {
            return Next::Step(step);
        }
        if let Some(step) = self.look_for_overlaps(base, id) {
            return Next::Step(step);
        }
        self.prepare(base, id, now)
    }

    /// An attachment needs its note; without one there is nothing to attach it to.
    fn must_follow(&self, base: &mut Base, id: &WriteId) -> Option<Next> {
        if !matches!(id, WriteId::Attachment(_) | WriteId::Continuation(_)) || self.shadow.has(&WriteId::SessionNote) {
            return None;
        }
        match base.memory.write(&WriteId::SessionNote).map(|note| &note.state) {
            Some(WriteState::Done { .. }) => None,
            Some(state) if !state.is_final() => Some(Next::Follows),
            // The note is refused or in doubt: its continuation waits for the operator's replay, which plans it again.
            _ => {
                base.memory.record.writes.remove(id);
                Some(Next::Changed)
            }
        }
    }

    /// Renders the write and marks it as being sent; in shadow mode it is kept instead.
    fn prepare(&mut self, base: &mut Base, id: &WriteId, now: Timestamp) -> Next {
        match self.content(base, id) {
            Ok(content) if base.case.is_shadow() => self.shadow.keep(self.kept_of(id, &content)),
            Ok(content) => {
                base.memory.freeze_target(Some(&self.ticket));
                let (send_by, user) = (base.case.input.deadline, &base.case.rules.api_user);
                base.memory.change(id, |write| write.begin_sending(&content, send_by, user, now));
                self.asked = Asked::Ready { write: id.clone(), content };
            }
            Err(Missing::Author(representative)) => return self.find_author(base, id, representative, now),
            Err(Missing::Attendance) => self.time_no_longer_reported(base, id, now),
            Err(Missing::Text) => {
                base.memory.record.writes.remove(id);
                // Another survey may have taken the place of this one.
                self.plan(base);
            }
            Err(Missing::Refused(sentence)) => self.refuse(base, id, sentence, now),
        }
        Next::Changed
    }
}

/// What a write that is wanted waits for, if it must not be tried now.
pub(crate) fn must_wait(base: &mut Base, id: &WriteId, now: Timestamp) -> Option<Next> {
    let pauses = &base.connection.pauses;
    if let Some(pause) = pauses.in_force(PauseScope::Kind(id.kind()), &base.case.rules.document, now) {
        let until = pause.until;
        base.memory.change(id, |write| write.lacks_right(&pause.sentence));
        return Some(Next::Wait(until, WaitReason::Blocked));
    }
    match base.memory.write(id).and_then(Write::hold)? {
        Hold::Unfamiliar { until, .. } if *until > now => Some(Next::Wait(*until, WaitReason::UnfamiliarRefusal)),
        Hold::Alone { until, .. } if *until > now => Some(Next::Wait(*until, WaitReason::WriteBlocked)),
        Hold::Right { .. } | Hold::Unfamiliar { .. } | Hold::Alone { .. } => None,
    }
}

/// All writes are final: the event is done with, unless a survey that was announced is not in the report yet (`None`: the report was
/// not needed).
pub(crate) fn settle(base: &mut Base, session: Option<&SupportSession>, now: Timestamp) -> Ending {
    if session.is_some_and(|session| must_wait_for_surveys(base, session, now)) {
        return base.wait_for_report(now);
    }
    if base.case.is_shadow() {
        base.memory.record.forget_shadowed();
        base.leave_open(LeftOpen::Shadow);
        return base.finish(Outcome::Shadowed);
    }
    let record = &mut base.memory.record;
    if record.end.is_some() {
        record.settled_at.get_or_insert(now);
    }
    record.left_open = None;
    base.finish(if base.memory.progressed { Outcome::Delivered } else { Outcome::AlreadyDelivered })
}
