//! Whether an event is worked on now: the connection may be without a document or on hold, a neighbour left alone or tried by
//! another worker, or the hourly budget used up.

use std::sync::Arc;

use session::delivery::admission::ignored;
use session::delivery::budget::budget;
use session::delivery::waits::queue_time_ends;
use session::delivery::{
    Admission, Arrival, DeadLetterReason, Pace, Pause, PauseScope, Pauses, Record, Rules, WaitReason, admission, probes,
};

use super::{Action, RunId};
use crate::sim::chance::Millis;
use crate::sim::invariants;
use crate::sim::ledger::Claim;
use crate::sim::world::{World, millis, stamp};

impl World {
    pub(super) fn admit(&mut self, run: RunId, pauses: Pauses) {
        let rules = self.rules_now();
        self.runs[run].user = self.schedule.tenant.user(self.now);
        self.runs[run].admitted_at = self.now;
        self.runs[run].rules = Some(Arc::clone(&rules));
        match self.leave(run, &rules, pauses) {
            Some(Admission::Go) => self.act(run, Action::ReadProofs),
            Some(Admission::Wait { until, why }) => {
                self.note_run(run, |_| format!("is not admitted: {why:?}"));
                self.act(run, Action::Hide(millis(until)));
            }
            None => self.wait_unclaimed(run, WaitReason::Ledger),
        }
    }

    /// Whether the run may begin, with what it may call; `None`: the ledger did not say.
    fn leave(&mut self, run: RunId, rules: &Rules, pauses: Pauses) -> Option<Admission> {
        let arrival = self.arrival(run);
        let now = stamp(self.clock(run));
        self.runs[run].pauses = pauses;
        let admitted = |world: &Self| admission(rules, arrival, &world.runs[run].pauses, now);
        // Nobody is asked for what is ignored, nor for what is let in although a neighbour is left alone.
        let asks_nobody = ignored(&rules.settings, arrival.kind).is_some()
            || self.runs[run].pauses.longest_of_neighbours(&rules.document, now).is_some();
        if admitted(self) != Admission::Go || asks_nobody {
            return Some(admitted(self));
        }
        let tried_by_another = !self.take_probes(run, rules)?;
        if !tried_by_another && let Some(rest) = self.rest_for_budget(run) {
            self.give_back(run);
            if !self.service_call() {
                return None;
            }
            self.ledger.open_pause(rest.clone());
            self.replace_pause(run, rest);
        }
        Some(admitted(self))
    }

    pub(super) fn arrival(&self, run: RunId) -> Arrival {
        let message = &self.queue.messages[self.runs[run].message];
        Arrival {
            kind: message.post.kind,
            received_at: stamp(message.received_at),
            expires_at: queue_time_ends(stamp(message.sent_at)),
        }
    }

    fn replace_pause(&mut self, run: RunId, pause: Pause) {
        self.runs[run].pauses.replace(pause);
    }

    // --- Probes ----------------------------------------------------------------------------------------------------

    /// Takes the right to try what was left alone. `false`: another worker tries a neighbour; `None`: the ledger did not say.
    fn take_probes(&mut self, run: RunId, rules: &Rules) -> Option<bool> {
        let (deadline, now) = (stamp(self.runs[run].deadline), stamp(self.clock(run)));
        for probe in probes(&self.runs[run].pauses, &rules.document, deadline, now) {
            if !self.service_call() {
                return None;
            }
            if self.ledger.take_probe(&probe, run) {
                let scope = probe.seen.scope;
                self.note_run(run, |_| format!("may try what was left alone: {}", scope.name()));
                self.runs[run].probes.push(probe);
                continue;
            }
            let kind = matches!(probe.seen.scope, PauseScope::Kind(_));
            self.replace_pause(run, probe.pause());
            if !kind {
                self.give_back(run);
                return Some(false);
            }
        }
        Some(true)
    }

    /// Gives back what the run did not use.
    pub(super) fn give_back(&mut self, run: RunId) {
        for probe in std::mem::take(&mut self.runs[run].probes) {
            if self.service_call() {
                self.ledger.give_back(&probe);
            }
        }
    }

    /// The pause of that scope as the run knows it to lie in the ledger.
    pub(super) fn seen_pause(&self, run: RunId, scope: PauseScope) -> Option<Pause> {
        let probed = self.runs[run].probes.iter().find(|probe| probe.seen.scope == scope);
        let read = || self.runs[run].pauses.get(scope).cloned();
        probed.map(session::delivery::Probe::pause).or_else(read)
    }

    /// The rest that is due because too much of the tenant's hourly budget is used.
    fn rest_for_budget(&mut self, run: RunId) -> Option<Pause> {
        let used = |(from, to, percent): &(Millis, Millis, u64)| (*from..*to).contains(&self.now).then_some(*percent);
        let percent = self.schedule.budget_used.iter().find_map(used)?;
        let now = stamp(self.clock(run));
        if now < self.budget_looked_at_again {
            return None;
        }
        let budget = budget(percent, 100, &self.runs[run].pauses, Pace::default(), now);
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
