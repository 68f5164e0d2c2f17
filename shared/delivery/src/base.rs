//! What every stage of a run stands on: the case, what the ledger remembers, what the connection knows, and what is to be done on
//! the side. Ends a run, makes it wait, reacts to a neighbour's failure. Which writes there are, and how each goes on, is decided in
//! the stages.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::admission::wait_reason;
use crate::case::Case;
use crate::notice::{self, Notice};
use crate::pause::{Pause, PauseCause, PauseScope, Pauses};
use crate::record::{Record, Target};
use crate::step::{Ending, Outcome, Step};
use crate::trust::{Proof, Proofs};
use crate::verdict::{DeadLetterReason, Ignored, LeftOpen, Unmatched};
use crate::waiting::{WaitReason, Waiting};
use crate::waits::later;
use crate::wanted::Check;
use crate::write::Write;
use session::content::Ticket;
use session::event::EventKind;
use session::failure::Failure;
use session::ids::TicketNumber;
use session::write_id::{WriteId, WriteKind};

/// Claims that ended in no outcome (each a crash, a time-out or a lost ledger) after which an event is given up.
pub(crate) const CLAIMS_WITHOUT_OUTCOME_MAX: u32 = 20;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) case: Case,
    pub(crate) memory: Memory,
    pub(crate) connection: Connection,
    /// Steps that nothing waits for: pauses, notices, proofs.
    pub(crate) outbox: VecDeque<Step>,
    /// The number of the ticket that was read in this run: for notices.
    pub(crate) ticket: Option<TicketNumber>,
}

/// What the ledger is to remember, and what it already does.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) record: Record,
    stored: Option<Record>,
    being_stored: Option<Record>,
    /// Whether something came to an end in this run.
    pub(crate) progressed: bool,
}

/// What all sessions of the connection share.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) pauses: Pauses,
    pub(crate) proofs: Proofs,
}

impl Memory {
    pub(crate) fn new(stored: Option<Record>) -> Self {
        Self { record: stored.clone().unwrap_or_default(), stored, being_stored: None, progressed: false }
    }

    /// Whether the ledger knew nothing of the session when the run began.
    pub(crate) const fn is_new(&self) -> bool {
        self.stored.is_none()
    }

    /// Whether the record as it is has been stored.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored.as_ref() == Some(&self.record)
    }

    pub(crate) fn store(&mut self, outcome: bool) -> Step {
        self.being_stored = Some(self.record.clone());
        Step::Record { outcome }
    }

    /// The record that was to be stored is.
    pub(crate) fn mark_stored(&mut self) {
        if let Some(record) = self.being_stored.take() {
            self.stored = Some(record);
        }
    }

    pub(crate) fn write(&self, id: &WriteId) -> Option<&Write> {
        self.record.writes.get(id)
    }

    /// Changes the write, if the record has it.
    pub(crate) fn change<T>(&mut self, id: &WriteId, change: impl FnOnce(&mut Write) -> T) -> Option<T> {
        self.record.writes.get_mut(id).map(change)
    }

    /// How often the event has waited for that.
    pub(crate) fn round(&self, why: WaitReason) -> u32 {
        self.record.waiting.as_ref().map_or(0, |waiting| waiting.rounds_of(why))
    }

    /// Freezes the ticket, unless one is frozen.
    pub(crate) fn freeze_target(&mut self, ticket: Option<&Ticket>) {
        if self.record.target.is_none() {
            self.record.target = ticket.map(|ticket| Target { ticket: ticket.id, number: ticket.number.clone() });
        }
    }
}

impl Base {
    /// A write that has not been tried. If something may have been written that the ledger does not know, it is looked up first, also
    /// when another event takes it up.
    pub(crate) fn wanted_write(&self) -> Write {
        let doubtful = self.case.may_exist_already(&self.memory.record, self.case.input.received_at);
        Write::wanted(doubtful.then_some(Check::Precaution))
    }

    // --- Endings ---------------------------------------------------------------------------------------------------

    pub(crate) fn finish(&mut self, outcome: Outcome) -> Ending {
        let record = &mut self.memory.record;
        record.waiting = None;
        if !matches!(outcome, Outcome::Ignored(_) | Outcome::NothingToDo) {
            record.dead_lettered = None;
            record.ignored = None;
        }
        Ending::Finished(outcome)
    }

    /// Nothing is left to do for a session that still runs.
    pub(crate) fn finish_running(&mut self) -> Ending {
        self.finish(if self.memory.progressed { Outcome::Delivered } else { Outcome::NothingToDo })
    }

    pub(crate) fn finish_ignored(&mut self, reason: Ignored) -> Ending {
        // A session of which something was written is not an ignored one, whatever is switched off since.
        if self.memory.record.writes.is_empty() {
            self.memory.record.ignored = Some(reason);
        }
        self.finish(Outcome::Ignored(reason))
    }

    pub(crate) fn finish_unmatched(&mut self, unmatched: Unmatched) -> Ending {
        self.memory.record.unmatched = Some(unmatched);
        self.finish(Outcome::Unmatched(unmatched))
    }

    pub(crate) fn give_up(&mut self, reason: DeadLetterReason) -> Ending {
        let notice = self.memory.record.give_up(reason.clone());
        self.tell(notice);
        Ending::DeadLetter(reason)
    }

    /// Lists and tells that writes stay open. Says so once, however many events of the session come.
    pub(crate) fn leave_open(&mut self, why: LeftOpen) {
        let record = &mut self.memory.record;
        let Some(open) = record.open_writes().next().map(|(id, _)| id.clone()) else { return };
        // What was given up has been told of as that.
        let first = record.left_open.is_none() && record.dead_lettered.is_none();
        record.left_open = Some(why);
        if first {
            self.tell(notice::left_open(Some(&open), why));
        }
    }

    /// Whether the event has waited for as long as events of its kind are tried.
    pub(crate) fn is_retry_time_over(&self, now: Timestamp) -> bool {
        let limit = self.case.retry_limit();
        self.memory.record.waiting.as_ref().is_some_and(|waiting| now >= later(waiting.since, limit))
    }

    /// The message waits until then, or is given up when it has waited for `retry_hours`.
    pub(crate) fn wait(&mut self, until: Timestamp, why: WaitReason, now: Timestamp) -> Ending {
        if self.case.is_shadow() {
            self.memory.record.forget_shadowed();
        }
        // Runs that are too short for their work make progress, as a rule: they alone are no reason to give up at once.
        let progresses = why == WaitReason::TimeUsedUp && self.memory.round(why) < CLAIMS_WITHOUT_OUTCOME_MAX;
        // Nothing is lost with a join: what it was to bring, the session's end brings.
        if self.case.kind() == EventKind::SupportConferenceMemberAdded && self.is_retry_time_over(now) && !progresses {
            return self.finish(Outcome::LeftToTheEnd);
        }
        if now >= self.case.input.expires_at {
            return self.give_up(DeadLetterReason::QueueTimeUsedUp(why));
        }
        if self.is_retry_time_over(now) && !progresses {
            return self.give_up(match why {
                WaitReason::ReportNotReady => DeadLetterReason::ReportMissing,
                why => DeadLetterReason::RetryTimeUsedUp(why),
            });
        }
        let rounds = self.memory.round(why) + 1;
        let waiting = &mut self.memory.record.waiting;
        let (since, mut others, told) = match waiting.take() {
            None => (now, BTreeMap::new(), false),
            Some(Waiting { since, why: before, rounds, mut others, told, .. }) => {
                others.insert(before, rounds);
                (since, others, told)
            }
        };
        others.remove(&why);
        *waiting = Some(Waiting { since, why, until: Some(until), rounds, others, told });
        Ending::Wait { until, why }
    }

    /// The message comes again at once, and later if that happens again and again.
    pub(crate) fn wait_for_another_run(&mut self, now: Timestamp) -> Ending {
        let again = self.memory.round(WaitReason::TimeUsedUp).checked_sub(1);
        let Case { input, rules } = &self.case;
        let wait = again.map_or(Duration::ZERO, |round| rules.pace.neighbour_down(round, input.jitter));
        self.wait(later(now, wait), WaitReason::TimeUsedUp, now)
    }

    pub(crate) fn wait_for_report(&mut self, now: Timestamp) -> Ending {
        let pace = self.case.rules.pace;
        let mut until = later(now, pace.not_ready(self.memory.round(WaitReason::ReportNotReady)));
        // The moment from which the report is taken as it is must not be slept through.
        if let Some(end) = self.memory.record.end {
            let taken_anyway = later(end.received_at, pace.end_missing());
            if now < taken_anyway {
                until = until.min(taken_anyway);
            }
        }
        self.wait(until, WaitReason::ReportNotReady, now)
    }

    // --- Neighbours and people -------------------------------------------------------------------------------------

    /// A call to a neighbour did not succeed. What says something of the neighbour makes all who need it wait; what says
    /// something of this session alone makes only its message wait.
    pub(crate) fn neighbour_failed(&mut self, scope: PauseScope, failure: Failure, now: Timestamp) -> Ending {
        let (pace, jitter) = (self.case.rules.pace, self.case.input.jitter);
        let round = self.connection.pauses.next_round(scope);
        let ladder = pace.neighbour_down(round, jitter);
        let (cause, wait, sentence) = match failure {
            Failure::CredentialsRefused { sentence } => {
                self.tell(notice::credentials_refused(&self.case.rules.words, scope, sentence.clone()));
                (PauseCause::CredentialsRefused, pace.credentials(round), sentence)
            }
            Failure::Blocked { sentence, remedy } | Failure::WriteBlocked { sentence, remedy } => {
                self.tell(notice::blocked(None, sentence.clone(), &remedy));
                (PauseCause::Blocked, pace.blocked(round), sentence)
            }
            Failure::NotTaken { what, throttled: true, retry_after } => {
                let wait = retry_after.map_or(ladder, |asked| asked.max(ladder).min(pace.retry_after_max()));
                (PauseCause::Throttled, wait, what)
            }
            Failure::NotTaken { what, .. } | Failure::Unknown { what } => (PauseCause::Down, ladder, what),
            _ => {
                let why = match scope {
                    PauseScope::Appliance => WaitReason::ReportUnreadable,
                    PauseScope::Ticketing | PauseScope::Kind(_) => WaitReason::ReadRefused,
                };
                let own = pace.neighbour_down(self.memory.round(why), jitter);
                return self.wait(later(now, own), why, now);
            }
        };
        let document = (cause == PauseCause::CredentialsRefused).then(|| self.case.rules.document.clone());
        self.pause(Pause { scope, until: later(now, wait), cause, sentence, rounds: round, document }, wait, now)
    }

    /// Opens a pause for all who need the neighbour. This message waits by its own rounds as well: if it is the one that
    /// brings the neighbour down, the pauses that it causes become rare.
    fn pause(&mut self, pause: Pause, wait: Duration, now: Timestamp) -> Ending {
        let Pause { scope, cause, .. } = pause;
        self.outbox.push_back(Step::Pause(pause));
        let pace = self.case.rules.pace;
        let why = wait_reason(scope, cause);
        let own = pace.neighbour_down(self.memory.round(why), self.case.input.jitter);
        let message_wait = match cause {
            PauseCause::Down => wait.max(own),
            // A changed document ends the pause: the message looks for one.
            PauseCause::CredentialsRefused => wait.min(pace.look_at_document()),
            PauseCause::Throttled | PauseCause::Blocked | PauseCause::Budget => wait,
        };
        self.wait(later(now, message_wait), why, now)
    }

    /// A call has been answered: a pause that has expired need not be remembered any more.
    pub(crate) fn reached(&mut self, scope: PauseScope) {
        if self.connection.pauses.forget_trouble(scope) {
            self.outbox.push_back(Step::Resume(scope));
        }
    }

    pub(crate) fn remember_pause(&mut self, pause: Pause) {
        self.outbox.push_back(Step::Pause(pause.clone()));
        self.connection.pauses.replace(pause);
    }

    pub(crate) fn remember_proof(&mut self, kind: WriteKind, proof: Proof) {
        self.connection.proofs.0.insert(kind, proof.clone());
        self.outbox.push_back(Step::Prove { kind, proof });
    }

    pub(crate) fn tell(&mut self, notice: Notice) {
        let target = self.memory.record.target.as_ref().map(|target| target.number.clone());
        self.outbox.push_back(Step::Tell(notice.of_ticket(target.or_else(|| self.ticket.clone()))));
    }
}
