//! Whether an event is worked on now, before anything is claimed: the connection may be on hold, a neighbour paused or being tried by
//! another worker, or the tenant's hourly budget used up.
//!
//! A small machine like the delivery itself: [`Gate::next`] names a step, whoever performs it hands the answer to [`Gate::take`]. Waiting
//! here burns no attempt. The pattern is a circuit breaker: a pause is the open circuit, and once it has expired a single probe finds
//! out whether the neighbour works again (half-open).
//!
//! ```text
//! read pauses -> [wait]                    on hold, or a neighbour is paused
//!      |-------> [enter]                   nobody will be asked
//!      v
//! acquire a probe for each expired pause -> another has it: release ours -> [wait]
//!      v
//! read the budget -> a rest is due: release ours, open the pause -> [wait]
//!      v
//!   [enter], and release the probes after the run
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use crate::admission::{Admission, Arrival, admission, ignored};
use crate::case::Rules;
use crate::pause::{Pause, Pauses};
use crate::probe::{Probe, probes};
use crate::waiting::WaitReason;

/// See the module's text.
#[derive(Debug)]
pub struct Gate {
    rules: Arc<Rules>,
    arrival: Arrival,
    deadline: Timestamp,
    /// As stored, with what other workers try.
    pauses: Pauses,
    /// The same, where what was paused when it was read is so for all of the run.
    for_run: Pauses,
    held: Vec<Probe>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Pauses,
    Probes(VecDeque<Probe>),
    Budget,
    /// Probes are released; then the pause is opened, if one is due.
    Leaving(Option<Pause>),
    Decided(GateStep),
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq)]
pub enum GateStep {
    /// Read the pauses of the connection; answer [`GateAnswer::Pauses`].
    ReadPauses,
    /// Try to acquire that probe, by a conditional update; answer [`GateAnswer::Acquired`].
    AcquireProbe(Probe),
    /// Release a probe that is held; answer [`GateAnswer::Done`], also if that fails: it expires.
    ReleaseProbe(Probe),
    /// If it is time, read how much of the hourly budget is used, with these pauses in mind; answer [`GateAnswer::Budget`].
    ReadBudget(Pauses),
    /// Store that pause; answer [`GateAnswer::Done`].
    OpenPause(Pause),
    /// The session is claimed and worked on. The probes are to be released afterwards.
    Enter(Pass),
    /// The message waits: nothing was asked of anybody.
    Wait {
        /// Until when.
        until: Timestamp,
        /// For what.
        why: WaitReason,
    },
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq)]
pub enum GateAnswer {
    /// The pauses as they are stored.
    Pauses(Pauses),
    /// Whether this worker has the probe now, and no other.
    Acquired(bool),
    /// The rest that is due because too much of the budget is used; `None`: there is room, or it is not time to look.
    Budget(Option<Pause>),
    /// Done.
    Done,
}

/// What a run may call, and what it may not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pass {
    /// What is known of the neighbours. What is paused when a run enters is so for all of it: who tries once the pause has expired is
    /// decided at the gate.
    pub pauses: Pauses,
    /// The pauses as they are stored, probes included: what a run closes is only what was seen.
    pub stored: Pauses,
    /// What this worker alone may try now.
    pub probes: Vec<Probe>,
}

impl Gate {
    /// The gate for that event, in an invocation that the platform ends at the deadline.
    #[must_use]
    pub fn new(rules: Arc<Rules>, arrival: Arrival, deadline: Timestamp) -> Self {
        Self {
            rules,
            arrival,
            deadline,
            pauses: Pauses::default(),
            for_run: Pauses::default(),
            held: Vec::new(),
            stage: Stage::Pauses,
        }
    }

    /// The probes that are held now: to be released if a step cannot be performed at all.
    #[must_use]
    pub fn held(&self) -> &[Probe] {
        &self.held
    }

    /// What to do next. Ask again only after [`Self::take`].
    pub fn next(&mut self, now: Timestamp) -> GateStep {
        match &self.stage {
            Stage::Pauses => GateStep::ReadPauses,
            Stage::Probes(wanted) => match wanted.front() {
                Some(probe) => GateStep::AcquireProbe(probe.clone()),
                // What is ignored asks at most for what earlier events left open: too little to look at the budget for.
                None if self.is_ignored() => self.decide(now),
                // After the probes: a look at the budget is a call, too.
                None => {
                    self.stage = Stage::Budget;
                    GateStep::ReadBudget(self.pauses.clone())
                }
            },
            Stage::Budget => GateStep::ReadBudget(self.pauses.clone()),
            // Probes first, or a short rest would not prevail over a longer probe.
            Stage::Leaving(open) => match (self.held.last(), open) {
                (Some(probe), _) => GateStep::ReleaseProbe(probe.clone()),
                (None, Some(pause)) => GateStep::OpenPause(pause.clone()),
                (None, None) => self.decide(now),
            },
            Stage::Decided(step) => step.clone(),
        }
    }

    /// What the step came to. An answer to what was not asked changes nothing.
    pub fn take(&mut self, answer: GateAnswer, now: Timestamp) {
        match (&mut self.stage, answer) {
            (Stage::Pauses, GateAnswer::Pauses(pauses)) => {
                self.pauses = pauses;
                self.let_in(now);
            }
            (Stage::Probes(wanted), GateAnswer::Acquired(acquired)) => {
                let Some(probe) = wanted.pop_front() else { return };
                if acquired {
                    return self.held.push(probe);
                }
                // Another tries it. Without a kind of write the run goes on; without a neighbour it does not.
                self.replace(&probe.pause());
                if probe.seen.scope.is_neighbour() {
                    self.stage = Stage::Leaving(None);
                }
            }
            (Stage::Budget, GateAnswer::Budget(None)) => {
                let pass = self.pass();
                self.stage = Stage::Decided(GateStep::Enter(pass));
            }
            (Stage::Budget, GateAnswer::Budget(rest)) => self.stage = Stage::Leaving(rest),
            (Stage::Leaving(open), GateAnswer::Done) => {
                if self.held.pop().is_none()
                    && let Some(pause) = open.take()
                {
                    self.replace(&pause);
                }
            }
            _ => {}
        }
    }

    fn replace(&mut self, pause: &Pause) {
        self.pauses.replace(pause.clone());
        self.for_run.replace(pause.clone());
    }

    fn let_in(&mut self, now: Timestamp) {
        self.for_run = self.pauses.clone().prolonged(&self.rules.document, self.deadline, now);
        let waits = matches!(admission(&self.rules, self.arrival, &self.pauses, now), Admission::Wait { .. });
        // What is let in although a neighbour is paused asks nobody. What is ignored may ask: an earlier event may have left a write open.
        let asks_nobody = self.pauses.longest_of_neighbours(&self.rules.document, now).is_some();
        if waits || asks_nobody {
            self.decide(now);
        } else {
            self.stage = Stage::Probes(probes(&self.pauses, &self.rules.document, self.deadline, now).into());
        }
    }

    fn is_ignored(&self) -> bool {
        ignored(&self.rules.settings, self.arrival.kind).is_some()
    }

    /// Decides without looking at the budget.
    fn decide(&mut self, now: Timestamp) -> GateStep {
        let step = match admission(&self.rules, self.arrival, &self.pauses, now) {
            Admission::Wait { until, why } => GateStep::Wait { until, why },
            Admission::Go => GateStep::Enter(self.pass()),
        };
        self.stage = Stage::Decided(step.clone());
        step
    }

    fn pass(&mut self) -> Pass {
        let probes = std::mem::take(&mut self.held);
        let stored = probes.iter().fold(self.pauses.clone(), |pauses, probe| pauses.with(probe.pause()));
        Pass { pauses: self.for_run.clone(), stored, probes }
    }
}
