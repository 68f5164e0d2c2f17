//! Whether an event is worked on now: the connection may be without a document or on hold, a neighbour left alone or tried by
//! another worker, or the hourly budget used up.

use std::sync::Arc;

use delivery::budget::budget;
use delivery::waits::queue_time_ends;
use delivery::{
    Arrival, DeadLetterReason, Gate, GateAnswer, GateStep, Pace, Pass, Pause, PauseScope, Pauses, Record, WaitReason,
};

use super::{Action, RunId};
use crate::sim::chance::Millis;
use crate::sim::invariants;
use crate::sim::ledger::Claim;
use crate::sim::sabotage::Sabotage;
use crate::sim::world::{World, millis, stamp};

impl World {
    /// The document has been read: the gate decides whether the run begins.
    pub(super) fn come_to_the_gate(&mut self, run: RunId) {
        let rules = self.rules_now();
        self.runs[run].user = self.schedule.tenant.user(self.now);
        let gate = Gate::new(Arc::clone(&rules), self.arrival(run), stamp(self.runs[run].deadline));
        self.runs[run].rules = Some(rules);
        self.runs[run].gate = Some(Box::new(gate));
        self.go_through_the_gate(run);
    }

    fn go_through_the_gate(&mut self, run: RunId) {
        let now = stamp(self.clock(run));
        let Some(gate) = &mut self.runs[run].gate else { return };
        match gate.next(now) {
            GateStep::Enter(pass) => self.enter(run, pass),
            GateStep::Wait { until, why } => {
                self.note_run(run, |_| format!("is not admitted: {why:?}"));
                self.act(run, Action::Hide(millis(until)));
            }
            step => self.act(run, Action::PerformAtGate(step)),
        }
    }

    fn enter(&mut self, run: RunId, Pass { pauses, stored, probes }: Pass) {
        self.runs[run].pauses = pauses;
        self.runs[run].pauses_stored = stored;
        self.runs[run].probes = probes;
        self.act(run, Action::ReadProofs);
    }

    pub(super) fn perform_at_gate(&mut self, run: RunId, step: GateStep) {
        let answer = match step {
            // Nothing but a look at what a process remembers, and a call to Autotask that is not modelled.
            GateStep::ReadBudget(pauses) => Some(GateAnswer::Budget(self.rest_for_budget(run, &pauses))),
            step => self.service_call().then(|| self.change_pauses(run, step)),
        };
        self.answer_soon(run, super::Reply::AtGate(answer));
    }

    fn change_pauses(&mut self, run: RunId, step: GateStep) -> GateAnswer {
        match step {
            GateStep::ReadPauses => {
                self.runs[run].pauses_read_at = self.now;
                self.runs[run].pauses_read = self.ledger.pauses();
                let ignored = self.sabotage == Some(Sabotage::Pauses);
                GateAnswer::Pauses(if ignored { Pauses::default() } else { self.ledger.pauses() })
            }
            GateStep::AcquireProbe(probe) => {
                let acquired = self.ledger.take_probe(&probe, run);
                let scope = probe.seen.scope;
                self.note_run(run, |_| {
                    format!("{} try what was left alone: {}", if acquired { "may" } else { "may not" }, scope.name())
                });
                GateAnswer::Acquired(acquired)
            }
            GateStep::ReleaseProbe(probe) => {
                if self.sabotage != Some(Sabotage::ProbeReleased) {
                    self.ledger.give_back(&probe);
                }
                GateAnswer::Done
            }
            GateStep::OpenPause(pause) => {
                self.ledger.open_pause(pause);
                GateAnswer::Done
            }
            GateStep::ReadBudget(_) | GateStep::Enter(_) | GateStep::Wait { .. } => GateAnswer::Done,
        }
    }

    /// The answer to the gate's last step; `None`: the ledger did not say, and what is held is released.
    pub(super) fn take_at_gate(&mut self, run: RunId, answer: Option<GateAnswer>) {
        let now = stamp(self.clock(run));
        let Some(gate) = &mut self.runs[run].gate else { return };
        match answer {
            Some(answer) => {
                gate.take(answer, now);
                self.go_through_the_gate(run);
            }
            None => {
                self.runs[run].probes = gate.held().to_vec();
                self.note_run(run, |_| "gives up: the ledger does not answer".to_owned());
                self.give_back(run);
                self.wait_unclaimed(run, WaitReason::Ledger);
            }
        }
    }

    pub(super) fn arrival(&self, run: RunId) -> Arrival {
        let message = &self.queue.messages[self.runs[run].message];
        Arrival {
            kind: message.post.kind,
            received_at: stamp(message.received_at),
            expires_at: queue_time_ends(stamp(message.sent_at)),
        }
    }

    /// Releases what the run did not use.
    pub(super) fn give_back(&mut self, run: RunId) {
        for probe in std::mem::take(&mut self.runs[run].probes) {
            if self.service_call() && self.sabotage != Some(Sabotage::ProbeReleased) {
                self.ledger.give_back(&probe);
            } else if self.sabotage != Some(Sabotage::ProbeReleased) {
                self.runs[run].release_failed = true;
            }
        }
        invariants::released(self, run);
    }

    /// The pause of that scope as the run knows it to lie in the ledger.
    pub(super) fn seen_pause(&self, run: RunId, scope: PauseScope) -> Option<Pause> {
        self.runs[run].pauses_stored.get(scope).cloned()
    }

    /// The rest that is due because too much of the tenant's hourly budget is used.
    fn rest_for_budget(&mut self, run: RunId, pauses: &Pauses) -> Option<Pause> {
        let used = |(from, to, percent): &(Millis, Millis, u64)| (*from..*to).contains(&self.now).then_some(*percent);
        let percent = self.schedule.budget_used.iter().find_map(used)?;
        let now = stamp(self.clock(run));
        if now < self.budget_looked_at_again {
            return None;
        }
        let budget = budget(percent, 100, pauses, Pace::default(), now);
        self.budget_looked_at_again = budget.look_again_at;
        budget.pause
    }

    // --- Without a delivery ----------------------------------------------------------------------------------------

    /// When a message that could not be worked on looks again.
    pub(super) fn next_look(&self, run: RunId) -> Millis {
        let now = stamp(self.clock(run));
        let wait = Pace::default().unclaimed(self.arrival(run).received_at, now);
        self.clock(run) + Millis::try_from(wait.as_millis()).unwrap()
    }

    /// No delivery can be begun: the message waits, or is given up before the queue forgets it.
    pub(super) fn wait_unclaimed(&mut self, run: RunId, why: WaitReason) {
        if stamp(self.clock(run)) >= self.arrival(run).expires_at {
            self.runs[run].giving_up = Some(DeadLetterReason::QueueTimeUsedUp(why));
            return self.act(run, Action::Claim);
        }
        let until = self.next_look(run);
        self.act(run, Action::Hide(until));
    }

    pub(super) fn record_giving_up(&mut self, run: RunId, claim: Claim) {
        let before: Option<Record> = claim.record.as_deref().map(|text| serde_json::from_str(text).unwrap());
        let mut record = before.clone().unwrap_or_default();
        record.give_up(self.runs[run].giving_up.clone().unwrap());
        self.runs[run].stored = before;
        self.runs[run].claim = Some(claim);
        self.store(run, record, true);
    }

    /// The ledger has been told, or does not answer.
    pub(super) fn given_up(&mut self, run: RunId) {
        let reason = self.runs[run].giving_up.clone().unwrap();
        let notice = Record::default().give_up(reason.clone());
        self.note_run(run, |_| format!("tells a person: {:?} {}", notice.subject, notice.sentence));
        invariants::of_themes::told(self, run, notice);
        self.act(run, Action::DeadLetter(reason.to_string()));
    }
}
