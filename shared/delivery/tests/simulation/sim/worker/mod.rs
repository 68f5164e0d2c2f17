//! The worker: performs steps as the real one does, on calls that may fail in every way.
//!
//! Each action is issued, takes effect somewhere else at its own time, and is answered or not; between any two of these
//! the worker may die, freeze, or be given up by the platform.
//!
//! - Here: what a run does next. `admission`: whether it begins at all, `beginning`: with what. `letting_go`: what becomes of its message.
//! - `updates`: the ledger. `reads`: questions to the neighbours. `sends`: writes.

mod admission;
mod beginning;
mod letting_go;
mod reads;
mod sends;
mod updates;

use std::collections::BTreeSet;
use std::sync::Arc;

use delivery::{
    Answer, DeadLetterReason, Delivery, Ending, Gate, GateAnswer, GateStep, Outcome, Pauses, Probe, Proofs, Record, Rules, Step,
    WaitReason, WriteKind, WriteState,
};

use super::chance::{Millis, SECOND};
use super::invariants;
use super::ledger::{Claim, Update};
use super::rules::api_user;
use super::world::{Happening, World, millis, stamp};

/// Runs are numbered in the order in which they start.
pub(crate) type RunId = usize;

/// More steps than any run needs.
const STEPS_MAX: u32 = 2_000;

/// One invocation of a worker.
pub(crate) struct Run {
    pub(crate) message: usize,
    pub(crate) receipt: u32,
    pub(crate) session: usize,
    /// By how much its clock is ahead.
    pub(crate) skew: Millis,
    /// When the platform ends it.
    pub(crate) deadline: Millis,
    pub(crate) alive: bool,
    /// Raised with each action: an answer to an earlier one is not heard any more.
    pub(crate) turn: u32,
    gate: Option<Box<Gate>>,
    pub(crate) delivery: Option<Box<Delivery>>,
    pub(crate) rules: Option<Arc<Rules>>,
    /// Which API user it asks as.
    pub(crate) user: u8,
    pub(crate) pauses: Pauses,
    pauses_stored: Pauses,
    /// Those of them that it alone may try.
    pub(crate) probes: Vec<Probe>,
    /// The ledger's pauses when they were read, and when that was.
    pub(crate) pauses_read: Pauses,
    pub(crate) pauses_read_at: Millis,
    /// A probe could not be released, for the ledger did not answer.
    pub(crate) release_failed: bool,
    pub(crate) proofs: Proofs,
    /// What it has looked up in vain, although it is there, and what it has seen.
    pub(crate) disproved: BTreeSet<WriteKind>,
    pub(crate) proven: BTreeSet<WriteKind>,
    claim: Option<Claim>,
    /// The record as it was stored last.
    pub(crate) stored: Option<Record>,
    ending: Option<Ending>,
    /// Why it gives its event up without a delivery.
    giving_up: Option<DeadLetterReason>,
    pub(crate) neighbour_calls: u64,
    /// The most writes that its session had while it ran.
    pub(crate) most_writes: usize,
    steps: u32,
}

impl Run {
    pub(crate) fn new(message: usize, receipt: u32, session: usize, skew: Millis, deadline: Millis) -> Self {
        Self {
            message,
            receipt,
            session,
            skew,
            deadline,
            alive: true,
            turn: 0,
            gate: None,
            delivery: None,
            rules: None,
            user: 0,
            pauses: Pauses::default(),
            pauses_stored: Pauses::default(),
            probes: Vec::new(),
            pauses_read: Pauses::default(),
            pauses_read_at: 0,
            release_failed: false,
            proofs: Proofs::default(),
            disproved: BTreeSet::new(),
            proven: BTreeSet::new(),
            claim: None,
            stored: None,
            ending: None,
            giving_up: None,
            neighbour_calls: 0,
            most_writes: 0,
            steps: 0,
        }
    }
}

/// What a run does next.
#[derive(Debug)]
pub(crate) enum Action {
    /// The connection document, which may not be there.
    ReadDocument,
    PerformAtGate(GateStep),
    ReadProofs,
    Claim,
    Perform(Step),
    Hide(Millis),
    DeadLetter(String),
    /// Reports success; the mapping removes the message.
    Finish(String),
}

/// What an action came to.
#[derive(Debug)]
pub(crate) enum Reply {
    NoDocument,
    Document,
    AtGate(Option<GateAnswer>),
    Proofs(Option<Proofs>),
    Claimed(Option<Claim>),
    Stored(Option<bool>),
    Answer(Answer),
    Hidden,
    DeadLettered(bool),
    Finished,
}

impl World {
    /// Acts, unless the worker dies or freezes first.
    pub(crate) fn act(&mut self, run: RunId, action: Action) {
        self.runs[run].turn += 1;
        let turn = self.runs[run].turn;
        if self.chance.per_mille(self.schedule.weather.dies) {
            let at_once = self.chance.one_in(2);
            let in_a_while = if at_once { 0 } else { self.chance.spread(1, 3 * SECOND) };
            self.at(self.now + in_a_while, Happening::Died(run, "its process ends"));
            if at_once {
                return;
            }
        }
        if let Some(frozen) = self.freezes(&action) {
            self.note_run(run, |_| format!("is frozen for {frozen} ms"));
            return self.at(self.now + frozen, Happening::Thawed(run, turn, Box::new(action)));
        }
        self.issue(run, action);
    }

    pub(super) fn freezes(&mut self, action: &Action) -> Option<Millis> {
        let weather = self.schedule.weather;
        let sends = matches!(action, Action::Perform(Step::Send { .. }));
        if sends && self.chance.per_mille(weather.freezes_before_sending) {
            return Some(self.chance.between(40 * SECOND, 84 * SECOND));
        }
        self.chance.per_mille(weather.freezes).then(|| self.chance.spread(SECOND, 200 * SECOND))
    }

    pub(crate) fn issue(&mut self, run: RunId, action: Action) {
        match action {
            Action::ReadDocument => {
                let missing = within(&self.schedule.document_missing, self.now);
                self.answer_soon(run, if missing { Reply::NoDocument } else { Reply::Document });
            }
            Action::PerformAtGate(step) => self.perform_at_gate(run, step),
            Action::ReadProofs => {
                let proofs = self.service_call().then(|| self.ledger.proofs_of(&api_user(self.runs[run].user)));
                self.answer_soon(run, Reply::Proofs(proofs));
            }
            Action::Claim => {
                let nonce = self.chance.nonce();
                self.update_ledger(run, Update::Claim { nonce });
            }
            Action::Perform(step) => self.perform(run, step),
            Action::Hide(until) => self.hide(run, until),
            Action::DeadLetter(reason) => self.dead_letter(run, &reason),
            Action::Finish(how) => self.finish(run, how),
        }
    }

    pub(super) fn answer_soon(&mut self, run: RunId, reply: Reply) {
        let at = self.now + self.chance.between(5, 40);
        self.answer_at(run, at, reply);
    }

    pub(super) fn answer_at(&mut self, run: RunId, at: Millis, reply: Reply) {
        let turn = self.runs[run].turn;
        // The answer may be there, and the worker not.
        let frozen = self.chance.per_mille(self.schedule.weather.freezes);
        let at = if frozen { at + self.chance.spread(SECOND, 200 * SECOND) } else { at };
        self.at(at, Happening::Answered(run, turn, Box::new(reply)));
    }

    pub(crate) fn resume(&mut self, run: RunId, reply: Reply) {
        match reply {
            Reply::NoDocument => {
                self.note_run(run, |_| "finds no connection document".to_owned());
                self.wait_unclaimed(run, WaitReason::NoConnectionDocument);
            }
            Reply::Document => self.come_to_the_gate(run),
            Reply::AtGate(answer) => self.take_at_gate(run, answer),
            Reply::Proofs(Some(proofs)) => {
                self.runs[run].proofs = proofs;
                self.act(run, Action::Claim);
            }
            Reply::Claimed(Some(claim)) if self.runs[run].giving_up.is_some() => self.record_giving_up(run, claim),
            Reply::Claimed(Some(claim)) => self.begin_delivery(run, claim),
            Reply::Claimed(None) | Reply::Stored(None | Some(true)) if self.runs[run].giving_up.is_some() => self.given_up(run),
            Reply::Proofs(None) | Reply::Claimed(None) => {
                self.note_run(run, |_| "gives up: the ledger does not answer".to_owned());
                self.give_back(run);
                self.wait_unclaimed(run, WaitReason::Ledger);
            }
            Reply::Stored(None) => {
                self.note_run(run, |_| "gives up: the ledger does not take its record".to_owned());
                self.give_back(run);
                let until = self.next_look(run);
                self.act(run, Action::Hide(until));
            }
            Reply::Stored(Some(true)) => {
                let record = self.runs[run].delivery.as_ref().map(|delivery| delivery.record().clone());
                self.runs[run].stored = record;
                self.take(run, Answer::Recorded);
            }
            Reply::Stored(Some(false)) => {
                self.figures.fences_lost += 1;
                self.note_run(run, |_| "has lost its fence and stops".to_owned());
                invariants::fence_lost(self, run);
                self.give_back(run);
                self.end_run(run);
            }
            Reply::Answer(answer) => self.take(run, answer),
            Reply::Hidden | Reply::Finished => self.end_run(run),
            Reply::DeadLettered(true) => self.act(run, Action::Finish("dead-lettered".to_owned())),
            Reply::DeadLettered(false) => self.end_run(run),
        }
    }

    /// The worker's own clock.
    pub(super) fn clock(&self, run: RunId) -> Millis {
        self.now + self.runs[run].skew
    }

    pub(super) fn take(&mut self, run: RunId, answer: Answer) {
        let now = stamp(self.clock(run));
        if let Some(delivery) = &mut self.runs[run].delivery {
            delivery.take(answer, now);
        }
        self.go_on(run);
    }

    pub(super) fn go_on(&mut self, run: RunId) {
        let now = stamp(self.clock(run));
        self.runs[run].steps += 1;
        self.figures.steps += 1;
        if self.runs[run].steps > STEPS_MAX {
            return self.break_promise("a run comes to no end");
        }
        let Some(delivery) = &mut self.runs[run].delivery else { return };
        match delivery.next(now) {
            Step::End(ending) => self.let_go(run, ending),
            step => {
                invariants::begun(self, run, &step);
                self.act(run, Action::Perform(step));
            }
        }
    }

    pub(super) fn let_go(&mut self, run: RunId, ending: Ending) {
        self.note_run(run, |_| format!("ends: {ending:?}"));
        invariants::run_ended(self, run, &ending);
        invariants::of_themes::run_ended(self, run, &ending);
        self.runs[run].ending = Some(ending.clone());
        self.give_back(run);
        match ending {
            Ending::Finished(outcome) => {
                if matches!(outcome, Outcome::Unmatched(_)) {
                    self.figures.unmatched += 1;
                }
                self.act(run, Action::Finish(outcome.name().to_owned()));
            }
            Ending::Wait { until, .. } => self.act(run, Action::Hide(millis(until))),
            Ending::DeadLetter(reason) => self.act(run, Action::DeadLetter(reason.to_string())),
        }
    }
}

/// Whether that moment is in one of these times.
fn within(times: &[(Millis, Millis)], now: Millis) -> bool {
    times.iter().any(|(from, to)| (*from..*to).contains(&now))
}

/// The states of a record's writes on one line.
pub(crate) fn states(record: &Record) -> String {
    let word = |state: &WriteState| match state {
        WriteState::Wanted(_) => "wanted",
        WriteState::Sending { .. } => "sending",
        WriteState::Done { found: true, .. } => "found",
        WriteState::Done { .. } => "done",
        WriteState::Skipped { .. } => "skipped",
        WriteState::Refused { .. } => "refused",
        WriteState::InDoubt { .. } => "in doubt",
    };
    let writes = record.writes.iter().map(|(id, write)| format!("{id}={}", word(&write.state))).collect::<Vec<_>>();
    format!("[{}]", writes.join(" "))
}
