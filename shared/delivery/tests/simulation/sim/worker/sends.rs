//! A write on its way: it arrives or not, is done sooner or later, is answered or not.

use delivery::{Answer, Content, PauseScope, WriteId};
use session::failure::Failure;

use super::reads::outage;
use super::{Reply, RunId};
use crate::sim::chance::{Millis, SECOND};
use crate::sim::invariants;
use crate::sim::sabotage::Sabotage;
use crate::sim::schedule::OutageKind;
use crate::sim::world::{Happening, World};

/// The vendor lets a call run so long.
const VENDOR_CALL_MAX: Millis = 300 * SECOND;

impl World {
    /// A write on its way: it arrives or not, is done sooner or later, is answered or not.
    pub(super) fn send(&mut self, run: RunId, write: WriteId, content: Content) {
        self.call(run, PauseScope::Ticketing);
        let weather = self.schedule.weather;
        let outage = outage(&self.schedule.autotask_outages, self.now);
        let give_up = self.give_up_at(run);
        let lost = |what: &str| Failure::Unknown { what: what.into() };
        let soon = self.now + self.chance.between(50, 900);
        let fate = if let Some(kind) = outage.filter(|kind| *kind != OutageKind::Stalls) {
            Fate::Fails(self.failure_of(kind))
        } else if self.chance.per_mille(weather.not_taken) {
            Fate::Fails(self.failure_of(OutageKind::Down))
        } else if self.chance.per_mille(weather.throttled) {
            Fate::Fails(self.failure_of(OutageKind::Throttles))
        } else if self.chance.per_mille(weather.lost_before) {
            Fate::Fails(lost("the connection was lost"))
        } else if self.chance.per_mille(weather.lost_after) {
            Fate::Lands { at: soon, answered: false }
        } else if outage.is_some() || self.chance.per_mille(weather.slow) {
            // As often close to the vendor's limit as anywhere: that is where waiting too short does harm.
            let takes = if self.chance.one_in(2) {
                self.chance.between(VENDOR_CALL_MAX * 3 / 4, VENDOR_CALL_MAX)
            } else {
                self.chance.spread(SECOND, VENDOR_CALL_MAX)
            };
            let at = soon + takes;
            Fate::Lands { at, answered: self.chance.one_in(2) }
        } else {
            Fate::Lands { at: soon, answered: true }
        };
        self.note_run(run, |_| format!("sends {write}: {fate}"));
        invariants::sent(self, run, &write, &content);
        invariants::of_themes::sent(self, run, &write, &content);
        match fate {
            Fate::Fails(failure) => {
                if matches!(failure, Failure::Unknown { .. }) {
                    self.figures.answers_lost += 1;
                }
                self.answer_at(run, soon.min(give_up.max(self.now)), Reply::Answer(Answer::Sent(Err(failure))));
            }
            Fate::Lands { at, answered } => {
                let reply_at = at + self.chance.between(10, 300);
                let heard = answered && reply_at <= give_up;
                let turn = heard.then_some(self.runs[run].turn);
                if !heard {
                    self.figures.answers_lost += 1;
                    // Lost at once, or given up when the time is.
                    let until = if self.chance.one_in(2) { soon + SECOND } else { give_up };
                    let failure = lost("no answer");
                    self.answer_at(run, until.min(give_up), Reply::Answer(Answer::Sent(Err(failure))));
                }
                if at > give_up {
                    self.figures.landed_after_giving_up += 1;
                }
                let session = self.runs[run].session;
                self.at(at, Happening::Landed { run, turn, session, write, content: Box::new(content), reply_at });
            }
        }
    }

    fn sabotage_refusal(&self, failure: Failure) -> Failure {
        match failure {
            Failure::WriteBlocked { sentence, remedy } if self.sabotage == Some(Sabotage::WriteBlockedAlone) => {
                Failure::Blocked { sentence, remedy }
            }
            failure => failure,
        }
    }

    /// A write arrives and is refused or done, whether anybody still waits for it or not.
    pub(crate) fn land(
        &mut self,
        run: RunId,
        turn: Option<u32>,
        session: usize,
        write: &WriteId,
        content: &Content,
        reply_at: Millis,
    ) {
        let refusal = self.autotask.refusal(content, self.schedule.sessions[session].hopeless, self.now);
        let result = match refusal.map(|failure| self.sabotage_refusal(failure)) {
            Some(failure) => {
                self.note(|_| format!("Autotask refuses {write} of session {session}: {failure}"));
                Err(failure)
            }
            None => {
                let lag_max = self.schedule.weather.row_lag_max;
                let visible_from = self.now + self.chance.between(0, lag_max);
                let lsid = self.lsids[session].clone();
                self.note(|_| format!("Autotask has {write} of session {session}"));
                match self.autotask.insert((session, &lsid, self.runs[run].user), write, content, (self.now, visible_from)) {
                    Ok(id) => {
                        self.figures.rows += 1;
                        invariants::written(self, run, session, write);
                        invariants::of_themes::written(self, session, write);
                        Ok(id)
                    }
                    Err(promise) => return self.break_promise(promise),
                }
            }
        };
        if let Some(turn) = turn
            && self.runs[run].alive
            && self.runs[run].turn == turn
        {
            self.at(reply_at, Happening::Answered(run, turn, Box::new(Reply::Answer(Answer::Sent(result)))));
        }
    }
}

/// What becomes of a write.
enum Fate {
    Fails(Failure),
    Lands { at: Millis, answered: bool },
}

impl std::fmt::Display for Fate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fails(failure) => write!(formatter, "{failure}"),
            Self::Lands { answered: true, .. } => formatter.write_str("on its way"),
            Self::Lands { answered: false, .. } => formatter.write_str("on its way, the answer will be lost"),
        }
    }
}
