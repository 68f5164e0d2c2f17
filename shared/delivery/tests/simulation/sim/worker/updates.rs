//! Calls to the ledger: several tries of the same request, each with its own fate.

use delivery::{Answer, Record};

use super::{Reply, RunId, states, within};
use crate::sim::chance::{MINUTE, SECOND};
use crate::sim::invariants;
use crate::sim::ledger::{Update, Updated};
use crate::sim::sabotage::Sabotage;
use crate::sim::world::{Happening, World};

/// How often the client of the ledger tries.
const TRIES: u32 = 3;

impl World {
    /// Whether a call for a service item succeeds; all tries of the client together.
    pub(super) fn service_call(&mut self) -> bool {
        self.figures.ledger_calls += 1;
        let rate = self.schedule.weather.ledger_fails / 4;
        !self.chance.per_mille(rate) && !within(&self.schedule.ledger_outages, self.now)
    }

    /// Sends the update as the client does: several tries of the same request, each with its own fate.
    pub(super) fn update_ledger(&mut self, run: RunId, update: Update) {
        let is_claim = matches!(update, Update::Claim { .. });
        let turn = self.runs[run].turn;
        let weather = self.schedule.weather;
        let mut at = self.now;
        for _ in 0..TRIES {
            self.figures.ledger_calls += 1;
            at += self.chance.between(5, 30);
            if self.chance.per_mille(weather.ledger_fails) || within(&self.schedule.ledger_outages, self.now) {
                self.note_run(run, |_| "the ledger does not take a call".to_owned());
            } else if self.chance.per_mille(weather.ledger_lost) {
                self.note_run(run, |_| "the ledger's answer will be lost".to_owned());
                self.at(at, Happening::LedgerTook(run, None, update.clone()));
            } else if self.chance.per_mille(weather.ledger_late) {
                let late = at + self.chance.spread(SECOND, 5 * MINUTE);
                self.note_run(run, |_| "a call to the ledger will arrive late".to_owned());
                self.at(late, Happening::LedgerTook(run, None, update.clone()));
            } else {
                return self.at(at, Happening::LedgerTook(run, Some(turn), update));
            }
            at += self.chance.between(50, 400);
        }
        self.answer_at(run, at, if is_claim { Reply::Claimed(None) } else { Reply::Stored(None) });
    }

    pub(crate) fn ledger_took(&mut self, run: RunId, turn: Option<u32>, update: Update) {
        let session = self.runs[run].session;
        let is_record = matches!(update, Update::Record { .. });
        let before = self.ledger.items.get(&session).map(|item| (item.owner, item.fence));
        let taken_before = self.ledger.writes.get(&session).copied();
        let updated = self.ledger.take(session, run, update);
        let taken = self.ledger.writes.get(&session).copied() != taken_before;
        match (is_record, taken) {
            (true, true) => {
                invariants::record_taken(self, run, before);
                invariants::of_themes::record_taken(self, run);
            }
            (false, true) => self.claims.push((session, run)),
            (_, false) => {}
        }
        if turn.is_none() {
            self.note_run(run, |_| {
                format!("(a call to the ledger arrives unheard: {})", if taken { "taken" } else { "refused" })
            });
            return;
        }
        if turn != Some(self.runs[run].turn) || !self.runs[run].alive {
            return;
        }
        match updated {
            Updated::Claimed(claim) => self.answer_soon(run, Reply::Claimed(Some(claim))),
            Updated::Stored => self.answer_soon(run, Reply::Stored(Some(true))),
            Updated::FenceLost => self.answer_soon(run, Reply::Stored(Some(false))),
        }
    }

    pub(super) fn noted(&mut self, run: RunId, change: impl FnOnce(&mut Self)) {
        if self.service_call() {
            change(self);
        }
        self.answer_soon(run, Reply::Answer(Answer::Noted));
    }

    pub(super) fn record(&mut self, run: RunId, outcome: bool) {
        let record = self.runs[run].delivery.as_ref().unwrap().record().clone();
        self.store(run, record, outcome);
    }

    /// Stores the record under the run's claim.
    pub(super) fn store(&mut self, run: RunId, mut record: Record, outcome: bool) {
        invariants::record_sent(self, run, &record);
        if self.sabotage == Some(Sabotage::LeftOpen) {
            record.left_open = None;
        }
        let text = serde_json::to_string(&record).unwrap();
        if serde_json::from_str::<Record>(&text).ok().as_ref() != Some(&record) {
            return self.break_promise("a record does not survive the ledger");
        }
        self.note_run(run, |_| format!("records {}{}", states(&record), if outcome { ", with an outcome" } else { "" }));
        if self.sabotage == Some(Sabotage::IntentRecord) && !outcome {
            return self.answer_soon(run, Reply::Stored(Some(true)));
        }
        let claim = self.runs[run].claim.as_mut().unwrap();
        claim.step += 1;
        let update = Update::Record { fence: claim.fence, nonce: claim.nonce, step: claim.step, text, outcome };
        self.update_ledger(run, update);
    }
}
