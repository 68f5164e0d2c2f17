//! What a single write needs next: wait, be looked up, be sent, be given up.
//!
//! ```text
//! wanted --(stored)--> sending --ok--> done
//!                         |--certainly not taken--> wanted
//!                         |--refused--> refused | continued elsewhere
//!                         |--unknown--> looked up at 10 s, at 60 s, and when it can no longer land:
//!                                       found -> done; not found and look-ups trusted -> wanted; else in doubt
//! ```

use jiff::Timestamp;

use super::admission::retry_limit;
use super::machine::{Asked, Delivery, FRESH, Purpose};
use super::pause::{Pause, PauseCause, PauseScope};
use super::record::{Frozen, Hold, Skip, Target, WaitReason, Write, WriteState};
use super::step::{Content, LookUp, NoAuthor, NoticeSubject, Place, Step};
use super::trust::{Proof, Witness};
use super::waits::later;
use super::write_id::{Marker, RepresentativeKey, WriteId, WriteKind};
use crate::content::Author;
use crate::event::EventKind;
use crate::failure::{Failure, Sentence};
use crate::ids::RemoteId;
use crate::queue_message::Source;
use crate::settings::Mode;

/// A text that is too long is rendered again at half the size, so often: 30,000 characters become 1,875, which fits any
/// field that a note could be kept in.
const HALVINGS_MAX: u32 = 4;
/// A look-up goes this much further back than the write: creation dates may be kept by the day.
const LOOK_BACK: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
/// Said with every refusal, after the vendor's sentence.
const REFUSED_REMEDY: &str = "correct what the sentence names, then replay the session: only what is missing will be written";

/// What a write wants next.
pub(super) enum Next {
    /// This step.
    Step(Step),
    /// Nothing, but the record or the facts have changed: look at all writes again.
    Changed,
    /// To wait.
    Wait(Timestamp, WaitReason),
    /// Nothing until another write is done.
    Follows,
}

impl Delivery {
    /// The next step of the writes, one after the other; sets the ending when none has any.
    pub(super) fn advance_writes(&mut self, now: Timestamp) -> Option<Step> {
        if let Some(step) = self.send_what_is_ready() {
            return Some(step);
        }
        if let Some(step) = self.prove_next(now) {
            return Some(step);
        }
        let mut first: Option<(Timestamp, WaitReason)> = None;
        for id in self.open_writes() {
            match self.advance_write(&id, now) {
                Next::Step(step) => return Some(step),
                Next::Changed => return None,
                Next::Wait(until, why) => {
                    if first.is_none_or(|(earliest, _)| until < earliest) {
                        first = Some((until, why));
                    }
                }
                Next::Follows => {}
            }
        }
        match first {
            Some((until, why)) => self.wait(until, why, now),
            None => self.settle(now),
        }
        None
    }

    fn open_writes(&self) -> Vec<WriteId> {
        let open = self.record.writes.iter().filter(|(id, write)| !write.state.is_final() && !self.shadowed.contains(*id));
        open.map(|(id, _)| id.clone()).collect()
    }

    /// What is ready is sent once the record that says so is stored.
    fn send_what_is_ready(&mut self) -> Option<Step> {
        if self.ready.is_some() && !self.is_stored() {
            return Some(self.store(false));
        }
        let (write, content) = self.ready.take()?;
        let send_by = self.input.deadline;
        let asked = Asked::Sent { write: write.clone(), content: content.clone() };
        self.ask(asked, Step::Send { write, content, send_by })
    }

    /// The first write of each kind is looked up at once: does this connection's API user see its own rows?
    fn prove_next(&mut self, now: Timestamp) -> Option<Step> {
        let (write, purpose) = self.to_prove.pop_front()?;
        if purpose == Purpose::Witness {
            return self.look_up_witness(&write);
        }
        self.look_up(&write, purpose, now)
    }

    fn advance_write(&mut self, id: &WriteId, now: Timestamp) -> Next {
        let Some(write) = self.record.writes.get(id) else { return Next::Changed };
        match write.state {
            WriteState::Wanted => self.begin(id, now),
            WriteState::Sending { at, send_by, looks } => self.chase(id, at, send_by, looks, now),
            _ => Next::Changed,
        }
    }

    // --- From wanted to sending ------------------------------------------------------------------------------------

    fn begin(&mut self, id: &WriteId, now: Timestamp) -> Next {
        if let Some(wait) = self.must_wait(id, now) {
            return wait;
        }
        if let WriteId::TimeOf(representative) = id {
            return self.find_author(id, representative.clone(), now);
        }
        if let Some(next) = self.must_follow(id) {
            return next;
        }
        // In shadow mode nothing is written, so only what may be there already must be looked for.
        let maybe_sent = self.record.writes.get(id).is_some_and(|write| write.maybe_sent);
        let look_first = (self.rules.settings.mode != Mode::Shadow || maybe_sent) && self.must_look_first(id, now);
        if look_first && let Some(step) = self.look_up(id, Purpose::Precaution, now) {
            return Next::Step(step);
        }
        self.prepare(id, now)
    }

    /// Renders the write and marks it as being sent; in shadow mode it is kept instead.
    fn prepare(&mut self, id: &WriteId, now: Timestamp) -> Next {
        match self.content(id) {
            Ok(content) if self.rules.settings.mode == Mode::Shadow => {
                self.keep(id, &content);
                Next::Changed
            }
            Ok(content) => {
                self.mark_sending(id, &content, now);
                self.ready = Some((id.clone(), content));
                Next::Changed
            }
            Err(Missing::Author(representative)) => self.find_author(id, representative, now),
            Err(Missing::Attendance) => {
                self.time_no_longer_reported(id, now);
                Next::Changed
            }
            Err(Missing::Text) => {
                self.record.writes.remove(id);
                // Another survey may have taken the place of this one.
                self.plan();
                Next::Changed
            }
            Err(Missing::Refused(sentence)) => {
                self.refuse(id, sentence, now);
                Next::Changed
            }
        }
    }

    fn must_wait(&mut self, id: &WriteId, now: Timestamp) -> Option<Next> {
        if let Some((until, sentence)) = self.blocked(id.kind(), now) {
            let write = self.record.writes.get_mut(id)?;
            if !matches!(write.hold, Some(Hold::Alone { .. })) {
                write.hold = Some(Hold::Right { sentence });
            }
            return Some(Next::Wait(until, WaitReason::Blocked));
        }
        match self.record.writes.get(id)?.hold.clone()? {
            Hold::Unfamiliar { until } if until > now => Some(Next::Wait(until, WaitReason::UnfamiliarRefusal)),
            Hold::Alone { until, .. } if until > now => Some(Next::Wait(until, WaitReason::WriteBlocked)),
            Hold::Right { .. } | Hold::Unfamiliar { .. } | Hold::Alone { .. } => None,
        }
    }

    /// An attachment needs its note; without one there is nothing to hang it on.
    fn must_follow(&mut self, id: &WriteId) -> Option<Next> {
        if !matches!(id, WriteId::Attachment(_) | WriteId::Continuation(_)) {
            return None;
        }
        match self.record.writes.get(&WriteId::SessionNote).map(|note| &note.state) {
            Some(WriteState::Done { .. }) => None,
            Some(state) if !state.is_final() && !self.shadowed.contains(&WriteId::SessionNote) => Some(Next::Follows),
            _ if self.shadowed.contains(&WriteId::SessionNote) => None,
            // The note is refused or in doubt: its continuation waits for the operator's replay, which plans it anew.
            _ => {
                self.record.writes.remove(id);
                Some(Next::Changed)
            }
        }
    }

    fn must_look_first(&self, id: &WriteId, now: Timestamp) -> bool {
        let marked = self.record.writes.get(id).is_some_and(|write| write.look_first || write.maybe_sent);
        (marked || self.is_doubtful(now)) && !self.looked_up.contains(id)
    }

    /// Whether something may have been written that the ledger does not know. Above doubt is only a fresh event of the
    /// appliance, and of the surveys only those of a session whose end is remembered: where the end has come and the
    /// ledger has not heard of it, it may have lost its memory.
    pub(super) fn is_doubtful(&self, now: Timestamp) -> bool {
        !self.is_fresh(now) || self.record.end.is_none()
    }

    /// Whether the event is the first that anybody hears of the session's end: nothing can have been written before it.
    pub(super) fn is_first_word_of_the_end(&self, now: Timestamp) -> bool {
        self.is_fresh(now) && self.record.end.is_none() && self.input.event.kind == EventKind::SupportConferenceEnd
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.input.source == Source::Event && now < later(self.input.received_at, FRESH)
    }

    fn mark_sending(&mut self, id: &WriteId, content: &Content, now: Timestamp) {
        self.freeze_target();
        let send_by = self.input.deadline;
        if let Some(write) = self.record.writes.get_mut(id) {
            write.state = WriteState::Sending { at: now, send_by, looks: 0 };
            // Nothing that was sent before can be there or land any more, or it would not be sent again: look-ups must
            // look where this one goes, although the report may have changed since.
            write.frozen = Some(freeze(content));
            write.sent_as = Some(self.rules.api_user.clone());
        }
    }

    fn freeze_target(&mut self) {
        if self.record.target.is_none() {
            self.record.target = self.ticket.as_ref().map(|ticket| Target { ticket: ticket.id, number: ticket.number.clone() });
        }
    }

    // --- Whose time ------------------------------------------------------------------------------------------------

    fn find_author(&mut self, id: &WriteId, representative: RepresentativeKey, now: Timestamp) -> Next {
        if self.authors.contains_key(&representative) {
            self.name_time_entry(&representative);
            return Next::Changed;
        }
        let Some(attendance) = self.attendances.get(&representative) else {
            self.time_no_longer_reported(id, now);
            return Next::Changed;
        };
        let step = Step::FindAuthor {
            login: attendance.login.clone(),
            role_name: self.rules.settings.time_entry.defaults.role_name.clone(),
            ticket_role: self.ticket.as_ref().and_then(|ticket| ticket.assigned_role),
        };
        match self.ask(Asked::Author(representative), step) {
            Some(step) => Next::Step(step),
            None => Next::Changed,
        }
    }

    pub(super) fn take_author(
        &mut self,
        representative: &RepresentativeKey,
        answer: Result<Result<Author, NoAuthor>, Failure>,
        now: Timestamp,
    ) {
        match answer {
            Ok(Ok(author)) => {
                self.reached(PauseScope::Ticketing);
                self.authors.insert(representative.clone(), author);
                self.name_time_entry(representative);
            }
            Ok(Err(problem)) => self.refuse_time_of(representative, no_author(problem), now),
            Err(failure) => self.neighbour_failed(PauseScope::Ticketing, failure, now),
        }
    }

    /// The representative's time entry gets the name of its resource, unless it was sent under one before.
    fn name_time_entry(&mut self, representative: &RepresentativeKey) {
        let Some(author) = self.authors.get(representative) else { return };
        let named = WriteId::Time(author.resource);
        let own = |(id, write): (&WriteId, &Write)| {
            let is_own = write.representative.as_ref() == Some(representative) && id.kind() == WriteKind::TimeEntry;
            (is_own && !write.state.is_final() && *id != named).then(|| id.clone())
        };
        let Some(old) = self.record.writes.iter().find_map(own) else { return };
        if self.record.writes.contains_key(&named) {
            let sentence = "another representative of this session has the same Autotask resource";
            self.refuse(&old, Sentence::new(sentence), self.input.received_at);
            return;
        }
        match self.record.writes.get(&old) {
            Some(write) if write.frozen.is_some() || write.maybe_sent => {
                let sentence = "the representative's Autotask resource has changed since the entry was first sent";
                self.refuse(&old, Sentence::new(sentence), self.input.received_at);
            }
            _ => {
                if let Some(write) = self.record.writes.remove(&old) {
                    self.record.writes.insert(named, write);
                }
            }
        }
    }

    fn refuse_time_of(&mut self, representative: &RepresentativeKey, sentence: &'static str, now: Timestamp) {
        let own = |(id, write): (&WriteId, &Write)| {
            let is_own = write.representative.as_ref() == Some(representative) && id.kind() == WriteKind::TimeEntry;
            (is_own && !write.state.is_final()).then(|| id.clone())
        };
        if let Some(id) = self.record.writes.iter().find_map(own) {
            self.refuse(&id, Sentence::new(sentence), now);
        }
    }

    // --- After sending ---------------------------------------------------------------------------------------------

    pub(super) fn take_sent(&mut self, id: &WriteId, content: &Content, answer: Result<RemoteId, Failure>, now: Timestamp) {
        match answer {
            Ok(remote) => self.done(id, remote, false, now),
            Err(failure) => self.take_failure(id, content, failure, now),
        }
    }

    fn done(&mut self, id: &WriteId, remote: RemoteId, found: bool, now: Timestamp) {
        self.progressed = true;
        if let Some(write) = self.record.writes.get_mut(id) {
            write.state = WriteState::Done { id: remote, at: now, found };
            write.maybe_sent = false;
            write.look_first = false;
            write.hold = None;
        }
        self.reached(PauseScope::Ticketing);
        if !found {
            // That it was there already does not show that the right to write it is.
            self.reached(PauseScope::Kind(id.kind()));
        }
        if !found && self.proofs.is_due(id.kind(), now) && !self.to_prove.iter().any(|(other, _)| other.kind() == id.kind()) {
            self.to_prove.push_back((id.clone(), Purpose::Proof));
        }
    }

    fn take_failure(&mut self, id: &WriteId, content: &Content, failure: Failure, now: Timestamp) {
        match failure {
            Failure::Unknown { .. } | Failure::NotReady { .. } | Failure::Unreadable { .. } => {
                if let Some(write) = self.record.writes.get_mut(id) {
                    write.maybe_sent = true;
                }
            }
            Failure::NotTaken { .. } | Failure::CredentialsRefused { .. } => {
                self.not_sent(id);
                self.neighbour_failed(PauseScope::Ticketing, failure, now);
            }
            Failure::Blocked { sentence, remedy } => self.block(id, sentence, &remedy, now),
            // The text goes into notes instead.
            Failure::WriteBlocked { sentence, .. } if matches!(id, WriteId::Attachment(_)) => self.refuse(id, sentence, now),
            Failure::WriteBlocked { sentence, remedy } => self.block_alone(id, sentence, &remedy, now),
            Failure::Unrecognised { sentence } => self.unfamiliar(id, sentence, now),
            Failure::TooLong { sentence } => self.too_long(id, sentence, now),
            Failure::RoleRefused { sentence } => self.role_refused(id, content, sentence, now),
            Failure::Refused { sentence } => self.refuse(id, sentence, now),
            Failure::NotFound => self.refuse(id, Sentence::new("what it belongs to does not exist any more"), now),
        }
    }

    /// Certainly not taken: as if it had never been begun.
    pub(super) fn not_sent(&mut self, id: &WriteId) {
        if let Some(write) = self.record.writes.get_mut(id)
            && matches!(write.state, WriteState::Sending { .. })
        {
            write.state = WriteState::Wanted;
            write.maybe_sent = false;
        }
    }

    fn block(&mut self, id: &WriteId, sentence: Sentence, remedy: &Sentence, now: Timestamp) {
        self.not_sent(id);
        let scope = PauseScope::Kind(id.kind());
        let rounds = self.pause_round(scope);
        let until = later(now, self.rules.pace.blocked(rounds));
        if let Some(write) = self.record.writes.get_mut(id) {
            write.hold = Some(Hold::Right { sentence: sentence.clone() });
        }
        self.tell(NoticeSubject::Blocked, Some(id.clone()), sentence.clone(), remedy.as_str());
        self.remember_pause(Pause { scope, until, cause: PauseCause::Blocked, sentence, rounds, document: None });
    }

    /// The vendor objects to this write alone: it is tried again now and then for the event's retry time, then refused. Told once; others
    /// of its kind go on.
    fn block_alone(&mut self, id: &WriteId, sentence: Sentence, remedy: &Sentence, now: Timestamp) {
        self.not_sent(id);
        self.looked_up.remove(id);
        // The vendor has answered, so the right of the kind is there.
        self.reached(PauseScope::Kind(id.kind()));
        let retry_limit = retry_limit(&self.rules, self.input.event.kind);
        let waiting_since = self.record.waiting.as_ref().map_or(now, |waiting| waiting.since);
        // Whatever stands before the vendor and says so may not know what was written behind it.
        let Some(write) = self.record.writes.get_mut(id) else { return };
        write.look_first = true;
        let (since, tries) = match &write.hold {
            Some(Hold::Alone { since, tries, .. }) => (*since, tries + 1),
            _ => (now, 0),
        };
        if now >= later(since.min(waiting_since), retry_limit) {
            return self.refuse(id, sentence, now);
        }
        let until = later(now, self.rules.pace.blocked(tries));
        write.hold = Some(Hold::Alone { sentence: sentence.clone(), since, tries, until });
        if tries == 0 {
            self.tell(NoticeSubject::WriteBlocked, Some(id.clone()), sentence, remedy.as_str());
        }
    }

    fn unfamiliar(&mut self, id: &WriteId, sentence: Sentence, now: Timestamp) {
        self.not_sent(id);
        self.looked_up.remove(id);
        let Some(write) = self.record.writes.get_mut(id) else { return };
        write.unfamiliar_refusals += 1;
        // A text that we do not know does not prove that nothing was written.
        write.look_first = true;
        match self.rules.pace.unfamiliar(write.unfamiliar_refusals) {
            Some(wait) if !matches!(id, WriteId::Attachment(_)) => {
                write.hold = Some(Hold::Unfamiliar { until: later(now, wait) });
            }
            _ => self.refuse(id, sentence, now),
        }
    }

    fn too_long(&mut self, id: &WriteId, sentence: Sentence, now: Timestamp) {
        self.not_sent(id);
        let halvings = self.record.writes.get(id).map_or(HALVINGS_MAX, |write| write.halvings);
        if *id != WriteId::SessionNote || halvings >= HALVINGS_MAX {
            return self.refuse(id, sentence, now);
        }
        if let Some(write) = self.record.writes.get_mut(id) {
            write.halvings += 1;
        }
        if let Some(session) = self.session.take() {
            self.render_session_note(&session);
            self.session = Some(session);
        }
    }

    /// The next role may do; the refusal is certain, so nothing is in doubt.
    fn role_refused(&mut self, id: &WriteId, content: &Content, sentence: Sentence, now: Timestamp) {
        self.not_sent(id);
        let Content::TimeEntry { entry, .. } = content else { return self.refuse(id, sentence, now) };
        let Some(write) = self.record.writes.get_mut(id) else { return };
        write.roles_refused.insert(entry.role);
        let refused = write.roles_refused.clone();
        let author = write.representative.as_ref().and_then(|representative| self.authors.get(representative));
        if !author.is_some_and(|author| author.roles.iter().any(|candidate| !refused.contains(&candidate.role))) {
            self.refuse(id, sentence, now);
        }
    }

    /// Refused for good; an attachment's text goes into continuation notes instead.
    pub(super) fn refuse(&mut self, id: &WriteId, sentence: Sentence, now: Timestamp) {
        self.progressed = true;
        if matches!(id, WriteId::Attachment(_)) && self.plan_continuations() {
            if let Some(write) = self.record.writes.get_mut(id) {
                write.state = WriteState::Skipped { reason: Skip::Continued };
            }
            return;
        }
        if let Some(write) = self.record.writes.get_mut(id) {
            write.state = WriteState::Refused { sentence: sentence.clone(), at: now };
            write.maybe_sent = false;
            write.hold = None;
        }
        self.tell(NoticeSubject::Refused, Some(id.clone()), sentence, REFUSED_REMEDY);
    }

    fn doubt(&mut self, id: &WriteId, now: Timestamp) {
        self.progressed = true;
        let sentence = Sentence::new("sent without an answer, and look-ups cannot tell whether it arrived");
        if let Some(write) = self.record.writes.get_mut(id) {
            write.state = WriteState::InDoubt { sentence: sentence.clone(), at: now };
        }
        let remedy =
            "look at the ticket: if it is missing there, write it by hand; give the API user the right to see its own entries";
        self.tell(NoticeSubject::InDoubt, Some(id.clone()), sentence, remedy);
    }

    // --- Unknown fate ----------------------------------------------------------------------------------------------

    pub(super) fn chase(&mut self, id: &WriteId, at: Timestamp, send_by: Timestamp, looks: u32, now: Timestamp) -> Next {
        let last = self.rules.pace.last_look(send_by, self.rules.settings.unknown_write_wait_seconds);
        let (due, purpose) = match self.rules.pace.early_look(at, looks) {
            Some(early) if early < last && now < last => (early, Purpose::Early),
            _ => (last, Purpose::Last),
        };
        if now < due {
            return Next::Wait(due, WaitReason::UnknownWrite);
        }
        self.look_up_or_doubt(id, purpose, now)
    }

    /// The look-up of a write that an operator's replay turned back to wanted, and that may be there.
    pub(super) fn look_up_in_doubt(&mut self, id: &WriteId, now: Timestamp) -> Next {
        self.look_up_or_doubt(id, Purpose::Precaution, now)
    }

    fn look_up_or_doubt(&mut self, id: &WriteId, purpose: Purpose, now: Timestamp) -> Next {
        match self.look_up(id, purpose, now) {
            Some(step) => Next::Step(step),
            // Nothing says where to look: what cannot be looked up cannot be told.
            None => {
                self.doubt(id, now);
                Next::Changed
            }
        }
    }

    /// Where something may have been written and a look-up is to decide, the witness is looked up before: rights that were taken away
    /// since it was found show now, not on the invoice.
    fn must_see_witness(&self, id: &WriteId, purpose: Purpose) -> bool {
        let maybe_sent = self.record.writes.get(id).is_some_and(|write| write.maybe_sent);
        let decides = purpose == Purpose::Last || (purpose == Purpose::Precaution && maybe_sent);
        decides && self.proofs.trusted(id.kind()) && !self.witnessed.contains(&id.kind())
    }

    fn look_up_witness(&mut self, id: &WriteId) -> Option<Step> {
        let Witness { marker, place } = self.proofs.witness(id.kind())?.clone();
        let step = Step::LookUp(LookUp { write: id.clone(), marker, place, wide: true });
        self.ask(Asked::Found { write: id.clone(), purpose: Purpose::Witness }, step)
    }

    fn look_up(&mut self, id: &WriteId, purpose: Purpose, now: Timestamp) -> Option<Step> {
        let place = self.place(id, now)?;
        if self.must_see_witness(id, purpose) {
            return self.look_up_witness(id);
        }
        let wide = matches!(purpose, Purpose::Last | Purpose::Precaution);
        let marker = Marker::new(self.lsid(), id);
        let step = Step::LookUp(LookUp { write: id.clone(), marker, place, wide });
        self.ask(Asked::Found { write: id.clone(), purpose }, step)
    }

    /// Where the write should be: where it was first sent to, else where it would be sent to now.
    fn place(&self, id: &WriteId, now: Timestamp) -> Option<Place> {
        let write = self.record.writes.get(id)?;
        let since = |at: Timestamp| at.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
        let first = self.ended_at().unwrap_or(self.input.received_at).min(now);
        match (&write.frozen, id) {
            (Some(Frozen::Note { ticket, .. }), _) => Some(Place::Note { ticket: *ticket, since: since(first) }),
            (Some(Frozen::Time { resource, start, .. }), _) => Some(Place::Time { resource: *resource, start: *start }),
            (Some(Frozen::Attachment { note, .. }), _) => Some(Place::Attachment { note: *note }),
            (None, WriteId::Time(resource)) => {
                let attendance = self.attendances.get(write.representative.as_ref()?)?;
                Some(Place::Time { resource: *resource, start: attendance.start })
            }
            (None, WriteId::Attachment(_)) => self.session_note_id().map(|note| Place::Attachment { note }),
            (None, _) => self.ticket.as_ref().map(|ticket| Place::Note { ticket: ticket.id, since: since(first) }),
        }
    }

    pub(super) fn session_note_id(&self) -> Option<RemoteId> {
        match self.record.writes.get(&WriteId::SessionNote)?.state {
            WriteState::Done { id, .. } => Some(id),
            _ => None,
        }
    }

    pub(super) fn take_found(&mut self, id: &WriteId, purpose: Purpose, answer: Result<Vec<RemoteId>, Failure>, now: Timestamp) {
        match answer {
            Ok(rows) => match rows.first() {
                Some(row) => self.found(id, purpose, *row, now),
                None => self.not_found(id, purpose, now),
            },
            // The note that it would hang on is gone, so it cannot hang there.
            Err(Failure::NotFound) => self.not_found(id, purpose, now),
            // A proof can wait for the next write; the write itself is done.
            Err(_)
                if purpose == Purpose::Proof || matches!(self.record.writes.get(id), Some(write) if write.state.is_final()) => {}
            Err(failure) => self.neighbour_failed(PauseScope::Ticketing, failure, now),
        }
    }

    fn found(&mut self, id: &WriteId, purpose: Purpose, row: RemoteId, now: Timestamp) {
        if purpose == Purpose::Witness {
            self.witnessed.insert(id.kind());
            return;
        }
        self.prove(id, now);
        if purpose != Purpose::Proof {
            // Found although nothing was known of a sending: what follows goes to the same ticket from now on.
            self.freeze_target();
            self.done(id, row, true, now);
        }
    }

    fn not_found(&mut self, id: &WriteId, purpose: Purpose, now: Timestamp) {
        match purpose {
            // A row may appear seconds late: the one that was seen before tells.
            Purpose::Proof if self.proofs.trusted(id.kind()) => self.to_prove.push_back((id.clone(), Purpose::Witness)),
            Purpose::Proof => self.disprove(id.kind(), "that was just written", now),
            Purpose::Witness => self.disprove(id.kind(), "that was found before", now),
            Purpose::Early => {
                if let Some(Write { state: WriteState::Sending { looks, .. }, .. }) = self.record.writes.get_mut(id) {
                    *looks += 1;
                }
            }
            Purpose::Last => self.decide_after_last_look(id, now),
            Purpose::Precaution => self.decide_after_precaution(id, now),
        }
    }

    /// Whether a look-up that finds nothing shows that the write was not made: look-ups are known to work for the very API user that sent it.
    fn is_trusted(&self, id: &WriteId) -> bool {
        let sent_as = self.record.writes.get(id).and_then(|write| write.sent_as.as_ref());
        self.proofs.trusted(id.kind()) && sent_as.is_none_or(|user| *user == self.rules.api_user)
    }

    fn decide_after_last_look(&mut self, id: &WriteId, now: Timestamp) {
        if !self.is_trusted(id) {
            return self.doubt(id, now);
        }
        self.looked_up.insert(id.clone());
        self.not_sent(id);
    }

    fn decide_after_precaution(&mut self, id: &WriteId, now: Timestamp) {
        let maybe_sent = self.record.writes.get(id).is_some_and(|write| write.maybe_sent);
        let trusted = self.is_trusted(id);
        let disproved = self.proofs.disproved(id.kind());
        if (maybe_sent && !trusted) || (self.record.unremembered && disproved) {
            return self.doubt(id, now);
        }
        self.looked_up.insert(id.clone());
        if let Some(write) = self.record.writes.get_mut(id) {
            write.maybe_sent = false;
        }
    }

    /// The write has been seen: look-ups of its kind work, and it is the witness of that.
    fn prove(&mut self, id: &WriteId, now: Timestamp) {
        let kind = id.kind();
        self.witnessed.insert(kind);
        let Some(place) = self.place(id, now).filter(|_| self.proofs.is_due(kind, now)) else { return };
        let witness = Some(Witness { marker: Marker::new(self.lsid(), id), place });
        self.remember_proof(kind, Proof { at: now, witness });
    }

    /// A write that is surely there cannot be seen.
    fn disprove(&mut self, kind: WriteKind, which: &str, now: Timestamp) {
        let known = self.proofs.disproved(kind);
        self.remember_proof(kind, Proof { at: now, witness: None });
        if known {
            return;
        }
        let sentence = Sentence::new(&format!("a {kind} {which} cannot be found again"));
        let remedy = "exactly-once cannot be kept for this connection: give the API user the system's own API user security level, which sees everything";
        self.tell(NoticeSubject::LookUpsUntrusted, None, sentence, remedy);
    }

    fn remember_proof(&mut self, kind: WriteKind, proof: Proof) {
        self.proofs.0.insert(kind, proof.clone());
        self.effects.push_back(Step::Prove { kind, proof });
    }

    fn blocked(&self, kind: WriteKind, now: Timestamp) -> Option<(Timestamp, Sentence)> {
        self.pause_in_force(PauseScope::Kind(kind), now).map(|pause| (pause.until, pause.sentence.clone()))
    }
}

/// Why a write cannot be rendered.
pub(super) enum Missing {
    /// The resource and roles of that representative are not known in this run yet.
    Author(RepresentativeKey),
    /// The report does not have the time of its representative any more.
    Attendance,
    /// There is no such text any more.
    Text,
    /// It can never be.
    Refused(Sentence),
}

fn freeze(content: &Content) -> Frozen {
    match content {
        Content::Note { ticket, note } => {
            Frozen::Note { ticket: *ticket, title: note.title.clone(), body_hash: short_hash(&note.description) }
        }
        Content::TimeEntry { ticket, entry } => Frozen::Time { ticket: *ticket, resource: entry.resource, start: entry.start },
        Content::Attachment(attachment) => Frozen::Attachment { note: attachment.note, title: attachment.title.clone() },
    }
}

fn short_hash(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

const fn no_author(problem: NoAuthor) -> &'static str {
    match problem {
        NoAuthor::NotFound => {
            "no active Autotask resource has the representative's e-mail address or user name: map the appliance user in time_entry.resources"
        }
        NoAuthor::Ambiguous => {
            "several Autotask resources have the representative's e-mail address: map the appliance user to a user name in time_entry.resources"
        }
        NoAuthor::RoleNotFound => {
            "no active Autotask role has the name in time_entry.defaults.roleName, or the API user cannot see it: nothing is billed at another rate; correct the name"
        }
    }
}
