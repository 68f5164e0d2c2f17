//! The parent that decides what comes next for one event.
//!
//! [`Delivery::next`] names the next [`Step`], [`Delivery::take`] learns what it came to. A delivery goes from stage to stage; what
//! each decides is in a file of its own: `intake`, `report`, `ticket`, `creating`, `writing`, `winding_down`. Invariants, whatever the answers are:
//!
//! - A write is sent only when the record that says so has been stored under the fence.
//! - A write of unknown fate is sent again only after a trusted lookup that found nothing, when it could no longer land.
//! - In shadow mode no step sends.
//! - Every run ends in [`Step::End`], and before it the record is stored.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::base::{Base, Connection, Memory};
use crate::case::{Case, Input, Rules};
use crate::creating::Creating;
use crate::intake::intake;
use crate::pause::Pauses;
use crate::record::Record;
use crate::report::take_report;
use crate::step::{Answer, Ending, Kept, Step};
use crate::ticket::{Keying, Matching};
use crate::trust::Proofs;
use crate::waits::later;
use crate::winding_down::WindingDown;
use crate::write::Write;
use crate::writing::Writing;

/// A call to a neighbour is started only with this much of the invocation left: it must be given up before the platform ends the process.
pub const CALL_TIME_MIN: Duration = Duration::from_secs(5);

/// The delivery of one event: see the module's text.
#[derive(Debug)]
pub struct Delivery {
    base: Base,
    stage: Stage,
}

/// Where the event is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Nothing has been decided yet.
    Intake,
    /// The report is asked for.
    Report,
    /// The ticket is asked for.
    Ticket(Box<Matching>),
    /// The ticket is created.
    Creating(Box<Creating>),
    /// The running session is to have its ticket's number.
    Keying(Keying),
    /// The writes are made.
    Writing(Box<Writing>),
    /// Nothing new is sent; what may have been written is looked up.
    WindingDown(Box<WindingDown>),
    /// It is decided how the run ends; what remains is to store that.
    Ending { ending: Ending, kept: Vec<Kept>, outcome_stored: bool },
}

impl From<Ending> for Stage {
    fn from(ending: Ending) -> Self {
        Self::Ending { ending, kept: Vec::new(), outcome_stored: false }
    }
}

impl Delivery {
    /// The delivery of that event, with what the ledger remembers of its session (`None`: nothing yet) and of its connection.
    #[must_use]
    pub fn new(input: Input, rules: Arc<Rules>, record: Option<Record>, proofs: Proofs, pauses: Pauses) -> Self {
        let base = Base {
            case: Case { input, rules },
            memory: Memory::new(record),
            connection: Connection { pauses, proofs },
            outbox: VecDeque::new(),
            ticket: None,
        };
        Self { base, stage: Stage::Intake }
    }

    /// What the ledger should remember: to be stored at [`Step::Record`], and for a log line at the end.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.base.memory.record
    }

    /// When the platform ends this invocation.
    #[must_use]
    pub const fn deadline(&self) -> Timestamp {
        self.base.case.input.deadline
    }

    /// What to do next. Ask again only after [`Self::take`].
    pub fn next(&mut self, now: Timestamp) -> Step {
        loop {
            if let Some(effect) = self.base.outbox.pop_front() {
                return effect;
            }
            let (stage, step) = self.stage().advance(&mut self.base, now);
            self.stage = stage;
            match step {
                Some(step) if self.is_too_late_for(&step, now) => self.take_back(&step, now),
                Some(step) => return step,
                None => {}
            }
        }
    }

    /// What the step came to. The answer to a side effect, or to what was not asked, changes nothing.
    pub fn take(&mut self, answer: Answer, now: Timestamp) {
        if matches!(answer, Answer::Recorded) {
            self.base.memory.mark_stored();
        }
        self.stage = self.stage().take(&mut self.base, answer, now);
    }

    fn stage(&mut self) -> Stage {
        std::mem::replace(&mut self.stage, Stage::Intake)
    }

    /// Whether too little of the invocation is left for the step.
    fn is_too_late_for(&self, step: &Step, now: Timestamp) -> bool {
        step.calls_a_neighbour() && later(now, CALL_TIME_MIN) > self.deadline()
    }

    /// The step is not made: the message comes again at once.
    fn take_back(&mut self, step: &Step, now: Timestamp) {
        if let Step::Send { write, .. } = step {
            self.base.memory.change(write, Write::not_sent);
        }
        let ending = self.base.wait_for_another_run(now);
        self.stage = self.stage().end(ending);
    }
}

impl Stage {
    /// The next step, or none where only the stage has changed.
    fn advance(self, base: &mut Base, now: Timestamp) -> (Self, Option<Step>) {
        match self {
            Self::Intake => (intake(base, now), None),
            Self::Report => (self, Some(Step::FetchReport)),
            Self::Ticket(matching) => matching.advance(base),
            Self::Creating(creating) => creating.advance(base, now),
            Self::Keying(keying) => {
                let step = keying.step();
                (Self::Keying(keying), Some(step))
            }
            Self::Writing(writing) => writing.advance(base, now),
            Self::WindingDown(winding_down) => winding_down.advance(base, now),
            Self::Ending { ending, kept, outcome_stored } => end(base, ending, kept, outcome_stored),
        }
    }

    fn take(self, base: &mut Base, answer: Answer, now: Timestamp) -> Self {
        match (self, answer) {
            (Self::Report, Answer::Report(answer)) => take_report(base, answer, now),
            (Self::Ticket(matching), Answer::Ticket(answer)) => matching.take(base, answer, now),
            (Self::Creating(creating), answer) => creating.take(base, answer, now),
            (Self::Keying(keying), Answer::KeySet(answer)) => keying.take(base, answer),
            (Self::Writing(writing), answer) => writing.take(base, answer, now),
            (Self::WindingDown(winding_down), Answer::Found(answer)) => winding_down.take_found(base, answer, now),
            (Self::Ending { ending, kept, .. }, Answer::Recorded) => Self::Ending { ending, kept, outcome_stored: true },
            (stage, _) => stage,
        }
    }

    fn end(self, ending: Ending) -> Self {
        match self {
            Self::Writing(writing) => writing.end(ending),
            _ => ending.into(),
        }
    }
}

/// Keeps what shadow mode is to keep, stores the record with the outcome, then lets go.
fn end(base: &mut Base, ending: Ending, kept: Vec<Kept>, outcome_stored: bool) -> (Stage, Option<Step>) {
    if !kept.is_empty() {
        return (Stage::Ending { ending, kept: Vec::new(), outcome_stored }, Some(Step::Keep(kept)));
    }
    let step = if outcome_stored && base.memory.is_stored() { Step::End(ending.clone()) } else { base.memory.store(true) };
    (Stage::Ending { ending, kept, outcome_stored }, Some(step))
}
