//! The parent that decides what comes next for one event.
//!
//! [`Delivery::next`] names the next [`Step`], [`Delivery::take`] learns what it came to. What a single write needs is
//! decided in `writes`, which writes there are in `plan`. Invariants, whatever the answers are:
//!
//! - A write is sent only when the record that says so has been stored under the fence.
//! - A write of unknown fate is sent again only after a trusted look-up that found nothing, when it could no longer land.
//! - In shadow mode no step sends.
//! - Every run ends in [`Step::End`], and before it the record is stored.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use regex_lite::Regex;

use super::admission::{ignored, longest_pause, retry_limit, wait_reason};
use super::pause::{DocumentVersion, Pause, PauseCause, PauseScope};
use super::record::{
    DeadLetterReason, EndSeen, Ignored, LeftOpen, Record, Skip, SurveysMissing, SurveysSeen, Unmatched, WaitReason, Waiting,
    WriteState, Writer,
};
use super::step::{Answer, Content, Ending, Kept, Notice, NoticeSubject, Outcome, Step};
use super::trust::{ApiUser, Proofs};
use super::waits::{Pace, later};
use super::winding_down::Closing;
use super::write_id::{RepresentativeKey, WriteId, WriteKind};
use crate::content::{Author, Ticket, TicketReference};
use crate::event::{EventKind, OutboundEvent};
use crate::external_key::{NoTicket, ticket_reference};
use crate::failure::{Failure, Sentence};
use crate::ids::Lsid;
use crate::queue_message::Source;
use crate::render::{Ended, SessionNote, Templates};
use crate::settings::{Mode, Settings, Visibility};
use crate::support_session::{SupportSession, SurveyKind};
use crate::time_entry::Attendance;

/// Claims that ended in no outcome (each a crash, a time-out or a lost ledger) after which an event is given up.
pub const CLAIMS_WITHOUT_OUTCOME_MAX: u32 = 20;
/// A call to a neighbour is started only with so much of the invocation left: it must be given up before the platform ends the process.
pub const CALL_NEEDS: Duration = Duration::from_secs(5);
/// An event of the appliance younger than this may be written without a look-up: nothing can have written it before.
pub const FRESH: Duration = Duration::from_secs(15 * 60);

/// The event in hand and what is known of it before anything is asked.
#[derive(Debug, Clone)]
pub struct Input {
    /// The event.
    pub event: OutboundEvent,
    /// What brought it.
    pub source: Source,
    /// When it was stored in the queue first.
    pub received_at: Timestamp,
    /// When the event must be done with, or the queue could forget it ([`super::waits::queue_time_ends`]).
    pub expires_at: Timestamp,
    /// When the platform ends this invocation.
    pub deadline: Timestamp,
    /// Claims that ended in no outcome, this one included.
    pub claims_without_outcome: u32,
    /// 0 to 1: spreads retries of many events.
    pub jitter: f64,
}

/// What a connection lets the delivery know: its settings, compiled once.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The settings.
    pub settings: Settings,
    /// The templates, overrides included.
    pub templates: Templates,
    /// The compiled `external_key_pattern`.
    pub key_pattern: Option<Regex>,
    /// How fast time runs: all of it, except in trials.
    pub pace: Pace,
    /// Which version of the connection document these come from.
    pub document: DocumentVersion,
    /// Whose rights decide what look-ups see.
    pub api_user: ApiUser,
}

/// What the last step asked, to make sense of its answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    Nothing,
    Record { outcome: bool },
    Report,
    Ticket(TicketReference),
    Author(RepresentativeKey),
    Found { write: WriteId, purpose: Purpose },
    Sent { write: WriteId, content: Content },
}

/// Why a write is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It has just been written: does the look-up see it?
    Proof,
    /// Its fate is unknown, and it may still land.
    Early,
    /// Its fate is unknown, and it can no longer land.
    Last,
    /// It is to be sent, but something may have written it before the ledger can remember.
    Precaution,
    /// Something is about to rest on a look-up that finds nothing: is the witness still seen?
    Witness,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Admit,
    Report,
    Ticket,
    Writes,
    WindingDown(Closing),
}

/// The delivery of one event: see the module's text.
#[derive(Debug)]
pub struct Delivery {
    pub(super) input: Input,
    pub(super) rules: Arc<Rules>,
    pub(super) record: Record,
    pub(super) proofs: Proofs,
    pub(super) pauses: Vec<Pause>,
    stored: Option<Record>,
    pub(super) phase: Phase,
    pub(super) effects: VecDeque<Step>,
    asked: Asked,
    ending: Option<Ending>,
    outcome_stored: bool,

    pub(super) session: Option<Box<SupportSession>>,
    pub(super) ended: Ended,
    pub(super) ticket: Option<Ticket>,
    pub(super) note: Option<SessionNote>,
    pub(super) attendances: BTreeMap<RepresentativeKey, Attendance>,
    pub(super) authors: BTreeMap<RepresentativeKey, Author>,
    pub(super) ready: Option<(WriteId, Content)>,
    pub(super) to_prove: VecDeque<(WriteId, Purpose)>,
    pub(super) looked_up: BTreeSet<WriteId>,
    pub(super) witnessed: BTreeSet<WriteKind>,
    pub(super) shadowed: BTreeSet<WriteId>,
    kept: Vec<Kept>,
    pub(super) progressed: bool,
}

impl Delivery {
    /// The delivery of that event, with what the ledger remembers of its session (`None`: nothing yet) and of its connection.
    #[must_use]
    pub fn new(input: Input, rules: Arc<Rules>, record: Option<Record>, proofs: Proofs, pauses: Vec<Pause>) -> Self {
        let stored = record.clone();
        Self {
            input,
            rules,
            record: record.unwrap_or_default(),
            proofs,
            pauses,
            stored,
            phase: Phase::Admit,
            effects: VecDeque::new(),
            asked: Asked::Nothing,
            ending: None,
            outcome_stored: false,
            session: None,
            ended: Ended::Unknown,
            ticket: None,
            note: None,
            attendances: BTreeMap::new(),
            authors: BTreeMap::new(),
            ready: None,
            to_prove: VecDeque::new(),
            looked_up: BTreeSet::new(),
            witnessed: BTreeSet::new(),
            shadowed: BTreeSet::new(),
            kept: Vec::new(),
            progressed: false,
        }
    }

    /// What the ledger should remember: to be stored at [`Step::Record`], and for a log line at the end.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// When the platform ends this invocation.
    #[must_use]
    pub const fn deadline(&self) -> Timestamp {
        self.input.deadline
    }

    /// The ticket that was read in this run.
    #[must_use]
    pub const fn ticket(&self) -> Option<&Ticket> {
        self.ticket.as_ref()
    }

    /// What to do next. Ask again only after [`Self::take`].
    pub fn next(&mut self, now: Timestamp) -> Step {
        loop {
            if let Some(effect) = self.effects.pop_front() {
                self.asked = Asked::Nothing;
                return effect;
            }
            if self.ending.is_some() {
                return self.end();
            }
            if let Some(step) = self.advance(now) {
                return self.unless_out_of_time(step, now);
            }
        }
    }

    /// What the step came to.
    pub fn take(&mut self, answer: Answer, now: Timestamp) {
        match (std::mem::replace(&mut self.asked, Asked::Nothing), answer) {
            (Asked::Record { outcome }, Answer::Recorded) => {
                self.stored = Some(self.record.clone());
                self.outcome_stored = outcome;
            }
            (Asked::Report, Answer::Report(answer)) => self.take_report(answer, now),
            (Asked::Ticket(reference), Answer::Ticket(answer)) => self.take_ticket(&reference, answer, now),
            (Asked::Author(representative), Answer::Author(answer)) => self.take_author(&representative, answer, now),
            (Asked::Found { write, purpose }, Answer::Found(answer)) => self.take_found(&write, purpose, answer, now),
            (Asked::Sent { write, content }, Answer::Sent(answer)) => self.take_sent(&write, &content, answer, now),
            // A side effect's answer carries nothing; an answer to another question cannot come from a worker that
            // hands back what it was asked for, and changes nothing: the question is asked again.
            _ => {}
        }
    }

    fn advance(&mut self, now: Timestamp) -> Option<Step> {
        match self.phase {
            Phase::Admit => {
                self.admit(now);
                None
            }
            Phase::Report => {
                self.asked = Asked::Report;
                Some(Step::FetchReport)
            }
            Phase::Ticket => self.look_for_ticket(),
            Phase::Writes => self.advance_writes(now),
            Phase::WindingDown(closing) => self.advance_winding_down(closing, now),
        }
    }

    /// The step, or none of it when too little of the invocation is left: then the message comes again at once.
    fn unless_out_of_time(&mut self, step: Step, now: Timestamp) -> Step {
        let calls = !matches!(step, Step::Record { .. });
        if calls && later(now, CALL_NEEDS) > self.input.deadline {
            if let Step::Send { write, .. } = &step {
                self.not_sent(&write.clone());
            }
            self.asked = Asked::Nothing;
            self.wait_for_another_run(now);
            return self.next(now);
        }
        step
    }

    /// The message comes again at once, and later if that happens again and again.
    fn wait_for_another_run(&mut self, now: Timestamp) {
        let again = self.round(WaitReason::TimeUsedUp).checked_sub(1);
        let wait = again.map_or(Duration::ZERO, |round| self.rules.pace.neighbour_down(round, self.input.jitter));
        self.wait(later(now, wait), WaitReason::TimeUsedUp, now);
    }

    /// Stores the record with the outcome, then lets go.
    fn end(&mut self) -> Step {
        if !self.kept.is_empty() {
            self.asked = Asked::Nothing;
            return Step::Keep(std::mem::take(&mut self.kept));
        }
        if !self.outcome_stored || self.stored.as_ref() != Some(&self.record) {
            return self.store(true);
        }
        Step::End(self.ending.clone().expect("asked only once there is an ending"))
    }

    pub(super) fn store(&mut self, outcome: bool) -> Step {
        self.asked = Asked::Record { outcome };
        Step::Record { outcome, attention: self.record.attention() }
    }

    pub(super) fn ask(&mut self, asked: Asked, step: Step) -> Option<Step> {
        self.asked = asked;
        Some(step)
    }

    /// Whether the record as it is has been stored.
    pub(super) fn is_stored(&self) -> bool {
        self.stored.as_ref() == Some(&self.record)
    }

    // --- Admission -------------------------------------------------------------------------------------------------

    fn admit(&mut self, now: Timestamp) {
        // Before anything else is recorded, or a session that the ledger has forgotten would become a known one by it.
        if self.is_first_word_of_the_end(now) {
            self.record.unremembered = false;
        } else if self.stored.is_none() {
            self.record.unremembered = true;
        }
        if self.input.claims_without_outcome > CLAIMS_WITHOUT_OUTCOME_MAX {
            return self.give_up(DeadLetterReason::ClaimsWithoutOutcome(self.input.claims_without_outcome - 1));
        }
        // Let in only because the queue would forget it: nothing has been looked at, so nothing is remembered.
        if self.rules.settings.mode == Mode::Hold {
            return self.give_up(DeadLetterReason::QueueTimeUsedUp(WaitReason::OnHold));
        }
        let calls_for_something = self.remember_event();
        if let Some(reason) = ignored(&self.rules.settings, self.input.event.kind) {
            // What is never written is switched off as a rule, and says nothing of what is on its way.
            let stops_writing = calls_for_something || reason == Ignored::ModeOff;
            return if stops_writing { self.wind_down(Closing::Ignored(reason), now) } else { self.finish_ignored(reason) };
        }
        if !calls_for_something {
            return self.finish(Outcome::NothingToDo);
        }
        self.take_up_replay();
        self.mark_interrupted();
        if self.nothing_left() {
            return self.settle(now);
        }
        if self.is_left_to_others() {
            return self.finish_ignored(Ignored::WrittenByOthers);
        }
        // Admitted in spite of a pause, for it has waited so long: nothing is asked of anybody, but its time runs out.
        if let Some((until, why)) = longest_pause(&self.pauses, &self.rules, now) {
            return self.wait(until, why, now);
        }
        self.phase = Phase::Report;
    }

    /// Who writes what is first heard of now.
    fn writer(&self) -> Writer {
        let settings = &self.rules.settings;
        match settings.mode {
            Mode::Deliver | Mode::Hold if settings.enabled_events.contains(&self.input.event.kind) => Writer::Us,
            _ => Writer::Others,
        }
    }

    /// Remembers what the event announced; `false` if it calls for nothing.
    fn remember_event(&mut self) -> bool {
        let Input { source, received_at, .. } = self.input;
        let second = self.input.event.timestamp.unwrap_or(received_at).as_second();
        match self.input.event.kind {
            EventKind::SupportConferenceBegin
            | EventKind::SupportConferenceOwnerChanged
            | EventKind::SupportConferenceMemberAdded
            | EventKind::SupportConferenceMemberDeparted => return false,
            EventKind::SupportConferenceEnd => self.remember_end(),
            // A survey that is switched off is not waited for.
            kind if source != Source::Replay && ignored(&self.rules.settings, kind) == Some(Ignored::EventOff) => {}
            EventKind::SupportConferenceCustomerExitSurveyCompleted => {
                self.remember_survey(SurveyKind::Customer, second, self.writer());
            }
            EventKind::SupportConferenceRepExitSurveyCompleted => {
                self.remember_survey(SurveyKind::Representative, second, self.writer());
            }
        }
        true
    }

    /// The first word of the end says whose it is. Only an event of the appliance says when it was.
    fn remember_end(&mut self) {
        let Input { source, received_at, .. } = self.input;
        let at = (source == Source::Event).then(|| self.input.event.timestamp.unwrap_or(received_at));
        let end = *self.record.end.get_or_insert(EndSeen { at, received_at, writer: self.writer() });
        if end.at.is_none() && at.is_some() {
            self.record.end = Some(EndSeen { at, ..end });
            // What was skipped because nobody knew the end is planned anew.
            self.record.settled_at = None;
        }
    }

    /// Whether the event concerns only what others write: they were to when it was first heard of.
    fn is_left_to_others(&self) -> bool {
        let end_is_others = self.record.end.is_some_and(|end| end.writer == Writer::Others);
        end_is_others && self.rules.settings.mode == Mode::Deliver && !self.record.has_open() && !self.has_survey_of_ours()
    }

    /// An operator's replay turns refused and in doubt back to wanted, with a look-up first, and plans anew what was skipped.
    fn take_up_replay(&mut self) {
        let shadow = self.rules.settings.mode == Mode::Shadow;
        // Not only when it is taken up: the mode may have changed while it waited.
        if self.input.source == Source::Replay && !shadow {
            self.take_over();
        }
        let newer = self.record.replayed_at.is_none_or(|last| last < self.input.received_at);
        if self.input.source != Source::Replay || !newer {
            return;
        }
        self.record.replayed_at = Some(self.input.received_at);
        self.record.settled_at = None;
        self.record.dead_lettered = None;
        self.record.waiting = None;
        self.record.surveys_missing = SurveysMissing::default();
        self.record.writes.retain(|id, write| {
            let unresolved = matches!(id, WriteId::TimeOf(_)) && matches!(write.state, WriteState::Refused { .. });
            // What is continued in notes is written already; attaching it now would write it twice.
            !unresolved && !matches!(write.state, WriteState::Skipped { reason: Skip::Time(_) })
        });
        if !shadow {
            self.record.left_open = None;
        }
        for write in self.record.writes.values_mut() {
            match write.state {
                // Nothing will be written, so nothing is decided about what may be there.
                WriteState::InDoubt { .. } if shadow => {}
                WriteState::Refused { .. } | WriteState::InDoubt { .. } => {
                    write.state = WriteState::Wanted;
                    write.look_first = true;
                    write.hold = None;
                    write.unfamiliar_refusals = 0;
                    write.halvings = 0;
                    write.roles_refused.clear();
                }
                WriteState::Wanted => write.hold = None,
                WriteState::Sending { .. } | WriteState::Done { .. } | WriteState::Skipped { .. } => {}
            }
        }
    }

    /// What others were to write is ours from now on, on the operator's word.
    fn take_over(&mut self) {
        if let Some(end) = &mut self.record.end {
            end.writer = Writer::Us;
        }
        let SurveysSeen { customer, representative } = &mut self.record.surveys_seen;
        for writer in customer.values_mut().chain(representative.values_mut()) {
            *writer = Writer::Us;
        }
    }

    /// A write found `sending` by a later claim may have been sent or not.
    pub(super) fn mark_interrupted(&mut self) {
        for write in self.record.writes.values_mut() {
            if matches!(write.state, WriteState::Sending { .. }) {
                write.maybe_sent = true;
            }
        }
    }

    /// Whether the record alone shows that the event has been dealt with, so that no report need be fetched.
    fn nothing_left(&self) -> bool {
        let all_final = self.record.writes.values().all(|write| write.state.is_final());
        let end_unknown = self.record.writes.values().any(|write| write.state == super::plan::END_UNKNOWN);
        if self.input.source == Source::Replay || self.record.settled_at.is_none() || !all_final || end_unknown {
            return false;
        }
        self.all_surveys_known()
    }

    // --- The report ------------------------------------------------------------------------------------------------

    fn take_report(&mut self, answer: Result<Box<SupportSession>, Failure>, now: Timestamp) {
        match answer {
            Ok(session) => {
                self.reached(PauseScope::Appliance);
                self.take_session(session, now);
            }
            Err(Failure::NotReady { .. }) => {
                self.reached(PauseScope::Appliance);
                self.wait_for_report(now);
            }
            Err(Failure::Unrecognised { sentence }) => {
                self.reached(PauseScope::Appliance);
                self.wait_for_report(now);
                self.tell_of_report(sentence, now);
            }
            Err(failure) => self.neighbour_failed(PauseScope::Appliance, failure, now),
        }
    }

    /// An answer that nobody knows may pass, and may stand for a right that is missing: told once, when it has been repeated for a while.
    fn tell_of_report(&mut self, sentence: Sentence, now: Timestamp) {
        let long = self.rules.pace.unfamiliar_report();
        let Some(waiting) = self.record.waiting.as_mut().filter(|waiting| !waiting.told && now >= later(waiting.since, long))
        else {
            return;
        };
        waiting.told = true;
        let remedy = "look up what the appliance says; the session waits for its report and goes on by itself";
        self.tell(NoticeSubject::ReportRefused, None, sentence, remedy);
    }

    fn take_session(&mut self, session: Box<SupportSession>, now: Timestamp) {
        match (session.ended_at, self.record.end) {
            (Some(ended_at), _) => self.ended = Ended::Reported(ended_at),
            (None, None) => return self.finish(Outcome::SurveyNoted),
            (None, Some(end)) if now < later(end.received_at, self.rules.pace.end_missing()) => return self.wait_for_report(now),
            (None, Some(EndSeen { at: Some(at), .. })) => self.ended = Ended::TakenFromEvent(at),
            (None, Some(_)) => self.ended = last_event(&session).map_or(Ended::Unknown, Ended::LastEvent),
        }
        // Where nobody knows the end, the last that is known of the session decides.
        let last_known = self.ended_at().or(session.started_at);
        if last_known.zip(self.rules.settings.deliver_from).is_some_and(|(at, from)| at < from) {
            return self.wind_down(Closing::Ignored(Ignored::BeforeDeliverFrom), now);
        }
        self.session = Some(session);
        self.phase = Phase::Ticket;
    }

    /// When the session ended, as far as we go by it.
    pub(super) const fn ended_at(&self) -> Option<Timestamp> {
        match self.ended {
            Ended::Reported(at) | Ended::TakenFromEvent(at) | Ended::LastEvent(at) => Some(at),
            Ended::Unknown => None,
        }
    }

    /// Whether the session's end is known well enough to bill by.
    pub(super) const fn is_end_known(&self) -> bool {
        matches!(self.ended, Ended::Reported(_) | Ended::TakenFromEvent(_))
    }

    fn wait_for_report(&mut self, now: Timestamp) {
        let round = self.round(WaitReason::ReportNotReady);
        let mut until = later(now, self.rules.pace.not_ready(round));
        // The moment from which the report is taken as it is must not be slept through.
        if let Some(end) = self.record.end {
            let taken_anyway = later(end.received_at, self.rules.pace.end_missing());
            if now < taken_anyway {
                until = until.min(taken_anyway);
            }
        }
        self.wait(until, WaitReason::ReportNotReady, now);
    }

    // --- The ticket ------------------------------------------------------------------------------------------------

    fn look_for_ticket(&mut self) -> Option<Step> {
        self.take_assigned_ticket();
        match self.reference() {
            Ok(reference) => self.ask(Asked::Ticket(reference.clone()), Step::FindTicket(reference)),
            Err(unmatched) => {
                self.finish_unmatched(unmatched);
                None
            }
        }
    }

    /// An operator's assignment replaces the frozen ticket for what was never sent; what may have been is looked up first. Returns
    /// whether it did.
    pub(super) fn take_assigned_ticket(&mut self) -> bool {
        let differs =
            self.record.target.as_ref().zip(self.record.assigned).is_some_and(|(target, assigned)| target.ticket != assigned);
        let replaces = differs && !self.record.has_unresolved();
        if replaces {
            self.record.target = None;
        }
        replaces
    }

    /// The frozen ticket, else the assigned one, else the one that the external key of the report names.
    fn reference(&self) -> Result<TicketReference, Unmatched> {
        if let Some(target) = &self.record.target {
            return Ok(TicketReference::Id(target.ticket));
        }
        if let Some(assigned) = self.record.assigned {
            return Ok(TicketReference::Id(assigned));
        }
        let key = self.session.as_ref().and_then(|session| session.external_key.as_deref());
        ticket_reference(key, self.rules.key_pattern.as_ref()).map_err(|reason| match reason {
            NoTicket::NoKey => Unmatched::NoKey,
            NoTicket::NoTicketInKey => Unmatched::NoTicketInKey,
            NoTicket::TicketWanted => Unmatched::TicketWanted,
        })
    }

    fn take_ticket(&mut self, reference: &TicketReference, answer: Result<Option<Ticket>, Failure>, now: Timestamp) {
        match answer {
            Ok(ticket) => {
                self.reached(PauseScope::Ticketing);
                match matched(reference, ticket, &self.rules.settings, now) {
                    Ok(ticket) => self.begin_writes(ticket),
                    Err(Unmatched::TicketNotFound) => self.wind_down(Closing::TicketGone, now),
                    Err(unmatched) => self.finish_unmatched(unmatched),
                }
            }
            Err(Failure::NotFound) => {
                self.reached(PauseScope::Ticketing);
                self.wind_down(Closing::TicketGone, now);
            }
            Err(failure) => self.neighbour_failed(PauseScope::Ticketing, failure, now),
        }
    }

    fn begin_writes(&mut self, ticket: Ticket) {
        self.record.unmatched = None;
        self.ticket = Some(ticket);
        self.plan();
        self.phase = Phase::Writes;
    }

    // --- Endings ---------------------------------------------------------------------------------------------------

    /// All writes are final: the event is done with, unless a survey that was announced is not in the report yet.
    pub(super) fn settle(&mut self, now: Timestamp) {
        if self.must_wait_for_surveys(now) {
            return self.wait_for_report(now);
        }
        if self.rules.settings.mode == Mode::Shadow {
            return self.settle_shadowed();
        }
        if self.record.end.is_some() {
            self.record.settled_at.get_or_insert(now);
        }
        self.record.left_open = None;
        self.finish(if self.progressed { Outcome::Delivered } else { Outcome::AlreadyDelivered });
    }

    fn settle_shadowed(&mut self) {
        self.forget_shadowed();
        self.leave_open(LeftOpen::Shadow);
        self.finish(Outcome::Shadowed);
    }

    /// What is kept instead of written is others' to write, so the record forgets it, also while the event waits: the mode may change
    /// meanwhile. It stays wanted where it is ours: the session was first heard of while we wrote, or what is over of a note that we wrote
    /// is missing on the ticket.
    fn forget_shadowed(&mut self) {
        let has_note = self.session_note_id().is_some();
        let end_is_ours = self.record.end.is_some_and(|end| end.writer == Writer::Us);
        self.record.writes.retain(|id, write| {
            let rest_of_note = has_note && matches!(id, WriteId::Attachment(_) | WriteId::Continuation(_));
            let ours = end_is_ours && !matches!(id, WriteId::CustomerSurvey(_) | WriteId::RepresentativeSurvey(_));
            let empty = matches!(write.state, WriteState::Skipped { reason: Skip::EmptySurvey });
            let decided = write.state.is_final() && !empty;
            decided || write.is_unresolved() || rest_of_note || ours
        });
    }

    fn finish(&mut self, outcome: Outcome) {
        self.record.waiting = None;
        if !matches!(outcome, Outcome::Ignored(_) | Outcome::NothingToDo) {
            self.record.dead_lettered = None;
            self.record.ignored = None;
        }
        self.ending = Some(Ending::Finished(outcome));
    }

    pub(super) fn finish_ignored(&mut self, reason: Ignored) {
        // A session of which something was written is not an ignored one, whatever is switched off since.
        if self.record.writes.is_empty() {
            self.record.ignored = Some(reason);
        }
        self.finish(Outcome::Ignored(reason));
    }

    pub(super) fn finish_unmatched(&mut self, unmatched: Unmatched) {
        self.record.unmatched = Some(unmatched);
        self.finish(Outcome::Unmatched(unmatched));
    }

    fn give_up(&mut self, reason: DeadLetterReason) {
        let notice = self.record.give_up(reason.clone());
        self.tell(notice.subject, None, notice.sentence, notice.remedy.as_str());
        self.ending = Some(Ending::DeadLetter(reason));
    }

    /// How often the event has waited for that.
    fn round(&self, why: WaitReason) -> u32 {
        self.record.waiting.as_ref().map_or(0, |waiting| waiting.rounds_of(why))
    }

    /// Whether the event has waited for as long as events of its kind are tried.
    pub(super) fn is_retry_time_over(&self, now: Timestamp) -> bool {
        let limit = retry_limit(&self.rules, self.input.event.kind);
        self.record.waiting.as_ref().is_some_and(|waiting| now >= later(waiting.since, limit))
    }

    /// The message waits until then, or is given up when it has waited for `retry_hours`.
    pub(super) fn wait(&mut self, until: Timestamp, why: WaitReason, now: Timestamp) {
        if self.rules.settings.mode == Mode::Shadow {
            self.forget_shadowed();
        }
        let since = self.record.waiting.as_ref().map_or(now, |waiting| waiting.since);
        // Runs that are too short for their work make progress, as a rule: they alone are no reason to give up at once.
        let progresses = why == WaitReason::TimeUsedUp && self.round(why) < CLAIMS_WITHOUT_OUTCOME_MAX;
        if now >= self.input.expires_at {
            return self.give_up(DeadLetterReason::QueueTimeUsedUp(why));
        }
        if self.is_retry_time_over(now) && !progresses {
            return self.give_up(match why {
                WaitReason::ReportNotReady => DeadLetterReason::ReportMissing,
                why => DeadLetterReason::RetryTimeUsedUp(why),
            });
        }
        let rounds = self.round(why) + 1;
        let before = self.record.waiting.take();
        let told = before.as_ref().is_some_and(|waiting| waiting.told);
        let mut others = before.map_or_else(BTreeMap::new, |Waiting { why, rounds, mut others, .. }| {
            others.insert(why, rounds);
            others
        });
        others.remove(&why);
        self.record.waiting = Some(Waiting { since, why, rounds, others, told });
        self.ending = Some(Ending::Wait { until, why });
    }

    // --- Neighbours and people -------------------------------------------------------------------------------------

    /// A call to a neighbour did not succeed. What says something of the neighbour makes all who need it wait; what says
    /// something of this session alone makes only its message wait.
    pub(super) fn neighbour_failed(&mut self, scope: PauseScope, failure: Failure, now: Timestamp) {
        let pace = self.rules.pace;
        let round = self.pause_round(scope);
        let ladder = pace.neighbour_down(round, self.input.jitter);
        match failure {
            Failure::CredentialsRefused { sentence } => {
                self.tell(NoticeSubject::CredentialsRefused, None, sentence.clone(), credentials_remedy(scope));
                self.leave_alone(scope, PauseCause::CredentialsRefused, pace.credentials(round), sentence, now);
            }
            Failure::Blocked { sentence, remedy } | Failure::WriteBlocked { sentence, remedy } => {
                self.tell(NoticeSubject::Blocked, None, sentence.clone(), remedy.as_str());
                self.leave_alone(scope, PauseCause::Blocked, pace.blocked(round), sentence, now);
            }
            Failure::NotTaken { what, throttled: true, retry_after } => {
                let wait = retry_after.map_or(ladder, |asked| asked.max(ladder).min(pace.retry_after_max()));
                self.leave_alone(scope, PauseCause::Throttled, wait, what, now);
            }
            Failure::NotTaken { what, .. } | Failure::Unknown { what } => {
                self.leave_alone(scope, PauseCause::Down, ladder, what, now);
            }
            _ => {
                let why = match scope {
                    PauseScope::Appliance => WaitReason::ReportUnreadable,
                    PauseScope::Ticketing | PauseScope::Kind(_) => WaitReason::ReadRefused,
                };
                let own = pace.neighbour_down(self.round(why), self.input.jitter);
                self.wait(later(now, own), why, now);
            }
        }
    }

    /// Opens a pause for all who need the neighbour. This message waits by its own rounds as well: if it is the one that
    /// brings the neighbour down, the pauses that it causes become rare.
    fn leave_alone(&mut self, scope: PauseScope, cause: PauseCause, wait: Duration, sentence: Sentence, now: Timestamp) {
        let rounds = self.pause_round(scope);
        let until = later(now, wait);
        let document = (cause == PauseCause::CredentialsRefused).then(|| self.rules.document.clone());
        self.effects.push_back(Step::Pause(Pause { scope, until, cause, sentence, rounds, document }));
        let why = wait_reason(scope, cause);
        let own = self.rules.pace.neighbour_down(self.round(why), self.input.jitter);
        let message_wait = match cause {
            PauseCause::Down => wait.max(own),
            // A changed document ends the pause: the message looks for one.
            PauseCause::CredentialsRefused => wait.min(self.rules.pace.look_at_document()),
            PauseCause::Throttled | PauseCause::Blocked | PauseCause::Budget => wait,
        };
        self.wait(later(now, message_wait), why, now);
    }

    pub(super) fn pause_round(&self, scope: PauseScope) -> u32 {
        let trouble = self.pauses.iter().find(|pause| pause.scope == scope && pause.cause != PauseCause::Budget);
        trouble.map_or(0, |pause| pause.rounds + 1)
    }

    /// The pause of that scope, if it is still in force.
    pub(super) fn pause_in_force(&self, scope: PauseScope, now: Timestamp) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.scope == scope && pause.is_in_force(&self.rules.document, now))
    }

    /// A call has been answered: a pause that has run out need not be remembered any more. That of the budget is: the next rest
    /// is counted from it.
    pub(super) fn reached(&mut self, scope: PauseScope) {
        let before = self.pauses.len();
        self.pauses.retain(|pause| pause.scope != scope || pause.cause == PauseCause::Budget);
        if self.pauses.len() < before {
            self.effects.push_back(Step::Resume(scope));
        }
    }

    pub(super) fn remember_pause(&mut self, pause: Pause) {
        self.pauses.retain(|other| other.scope != pause.scope);
        self.effects.push_back(Step::Pause(pause.clone()));
        self.pauses.push(pause);
    }

    pub(super) fn tell(&mut self, subject: NoticeSubject, write: Option<WriteId>, sentence: Sentence, remedy: &str) {
        let ticket = self.record.target.as_ref().map(|target| target.number.clone());
        let ticket = ticket.or_else(|| self.ticket.as_ref().map(|ticket| ticket.number.clone()));
        self.effects.push_back(Step::Tell(Notice { subject, ticket, write, sentence, remedy: Sentence::new(remedy) }));
    }

    /// In shadow mode: what would have been sent.
    pub(super) fn keep(&mut self, id: &WriteId, content: &Content) {
        self.shadowed.insert(id.clone());
        let kept = self.kept_of(id, content);
        self.kept.extend(kept);
    }

    pub(super) const fn lsid(&self) -> &Lsid {
        &self.input.event.lsid
    }
}

/// When the last thing happened that the report has a time of.
fn last_event(session: &SupportSession) -> Option<Timestamp> {
    session.events.iter().filter_map(|event| event.at).max()
}

/// The ticket, if it is one that a session may be written on.
fn matched(
    reference: &TicketReference,
    ticket: Option<Ticket>,
    settings: &Settings,
    now: Timestamp,
) -> Result<Ticket, Unmatched> {
    let ticket = ticket.ok_or(Unmatched::TicketNotFound)?;
    let age_limit = Duration::from_secs(u64::from(settings.stale_ticket_days) * 24 * 3600);
    let stale = ticket.last_activity.is_none_or(|at| later(at, age_limit) < now);
    match reference {
        TicketReference::BareDigits(_) if stale => Err(Unmatched::StaleTicket),
        TicketReference::BareDigits(_) if settings.note.visibility == Visibility::Customer => {
            Err(Unmatched::DigitsShownToCustomer)
        }
        _ => Ok(ticket),
    }
}

const fn credentials_remedy(scope: PauseScope) -> &'static str {
    match scope {
        PauseScope::Appliance => {
            "check appliance.oauth in the connection document against the API account on the appliance's Management > API Configuration page"
        }
        PauseScope::Ticketing | PauseScope::Kind(_) => {
            "check autotask.username, secret and integration_code in the connection document against the API user in Autotask"
        }
    }
}
