//! Steps, and among them the questions to the neighbours, which may stall, fail or be throttled.

use delivery::{Answer, LookUp, Marker, PauseScope, Step};
use session::content::TicketDraft;
use session::failure::Failure;
use session::ids::{RemoteId, TicketNumber};

use super::{Reply, Run, RunId};
use crate::sim::chance::{Millis, SECOND};
use crate::sim::rules::api_user;
use crate::sim::sabotage::Sabotage;
use crate::sim::schedule::{Outage, OutageKind};
use crate::sim::world::World;
use crate::sim::{appliance, invariants};

/// What a call leaves of the invocation.
const CALL_MARGIN: Millis = 1_500;

impl World {
    pub(super) fn perform(&mut self, run: RunId, step: Step) {
        match step {
            Step::Record { outcome, .. } => self.record(run, outcome),
            Step::FetchReport => {
                let outage = outage(&self.schedule.appliance_outages, self.now);
                self.read(run, (PauseScope::Appliance, outage), "the report", |world, run| {
                    let session = world.schedule.sessions[world.runs[run].session].clone();
                    let key_given = world.keys_given.get(&world.runs[run].session);
                    Answer::Report(appliance::report(&session, key_given, world.now, &mut world.chance))
                });
            }
            Step::FindTicket(reference) => {
                self.read_autotask(run, "the ticket", |world, _| {
                    Answer::Ticket(Ok(world.autotask.ticket(&reference, world.now)))
                });
            }
            Step::FindAuthor { login, .. } => {
                self.read_autotask(run, "the resource", |world, _| Answer::Author(Ok(world.autotask.author(&login, world.now))));
            }
            Step::DraftTicket(wish) => {
                self.read_autotask(run, "what the names in a ticket are", |_, _| {
                    Answer::Draft(Ok(Box::new(TicketDraft { session: wish.session.clone(), fields: wish.fields.clone() })))
                });
            }
            Step::SetExternalKey(number) => self.set_key(run, &number),
            Step::LookUp(look_up) => self.look_up(run, &look_up),
            Step::Send { write, content, .. } => self.send(run, write, content),
            Step::Prove { kind, proof } => {
                let Run { proven, disproved, .. } = &mut self.runs[run];
                if proof.witness.is_some() { proven } else { disproved }.insert(kind);
                let user = api_user(self.runs[run].user);
                self.noted(run, |world| world.ledger.prove(user, kind, proof));
            }
            Step::Pause(pause) => self.noted(run, |world| world.ledger.open_pause(pause)),
            Step::Resume(scope) => {
                let seen = self.seen_pause(run, scope);
                self.noted(run, |world| {
                    if let Some(seen) = &seen {
                        world.ledger.close_pause(seen);
                    }
                });
            }
            Step::Tell(notice) => {
                self.note_run(run, |_| format!("tells a person: {:?} {}", notice.subject, notice.sentence));
                invariants::of_themes::told(self, run, notice);
                self.answer_soon(run, Reply::Answer(Answer::Noted));
            }
            Step::Keep(_) => self.answer_soon(run, Reply::Answer(Answer::Noted)),
            Step::End(_) => unreachable!("handled before"),
        }
    }

    /// When a call must be given up, on the time line.
    pub(super) fn give_up_at(&self, run: RunId) -> Millis {
        let left = (self.runs[run].deadline - self.clock(run) - CALL_MARGIN).max(0);
        self.now + left
    }

    pub(super) fn read_autotask(&mut self, run: RunId, what: &str, make: impl FnOnce(&mut Self, RunId) -> Answer) {
        let outage = outage(&self.schedule.autotask_outages, self.now);
        self.read(run, (PauseScope::Ticketing, outage), what, make);
    }

    pub(super) fn read(
        &mut self,
        run: RunId,
        (neighbour, outage): (PauseScope, Option<OutageKind>),
        what: &str,
        make: impl FnOnce(&mut Self, RunId) -> Answer,
    ) {
        self.call(run, neighbour);
        let failure = match outage {
            Some(kind) => Some(self.failure_of(kind)),
            None if self.chance.per_mille(self.schedule.weather.throttled) => Some(self.failure_of(OutageKind::Throttles)),
            None if self.chance.per_mille(self.schedule.weather.read_fails) => {
                let what = "500".into();
                Some(self.chance.pick(&[Failure::Unknown { what }, Failure::Unreadable { what: "cut short".into() }]))
            }
            None => None,
        };
        // Evaluated always, so that the dice fall the same way whatever the outage.
        let answer = make(self, run);
        let answer = match &failure {
            None => answer,
            Some(failure) => failed(answer, failure.clone()),
        };
        self.note_run(run, |_| {
            format!("reads {what}{}", failure.as_ref().map_or(String::new(), |failure| format!(": {failure}")))
        });
        let stalls = outage == Some(OutageKind::Stalls) || self.chance.per_mille(self.schedule.weather.slow_reads);
        let give_up = self.give_up_at(run);
        let at = self.now + if stalls { self.chance.spread(20 * SECOND, 120 * SECOND) } else { self.chance.between(30, 600) };
        if at > give_up {
            let answer = failed(answer, Failure::Unknown { what: "timed out".into() });
            return self.answer_at(run, give_up, Reply::Answer(answer));
        }
        self.answer_at(run, at, Reply::Answer(answer));
    }

    /// A session that is over takes no key any more; an answer may be lost, and the key be set.
    fn set_key(&mut self, run: RunId, number: &TicketNumber) {
        let outage = outage(&self.schedule.appliance_outages, self.now);
        self.read(run, (PauseScope::Appliance, outage), "the session's key, to set it", |world, run| {
            let session = world.runs[run].session;
            if world.now >= world.schedule.sessions[session].ended_at {
                return Answer::KeySet(Err(Failure::Unrecognised { sentence: "The session is not active.".into() }));
            }
            world.keys_given.insert(session, (world.now, number.to_string()));
            Answer::KeySet(Ok(()))
        });
    }

    pub(super) fn look_up(&mut self, run: RunId, look_up: &LookUp) {
        if look_up.wide && matches!(look_up.place, delivery::Place::Note { .. }) {
            self.call(run, PauseScope::Ticketing);
        }
        let write = look_up.write.to_string();
        let own = Marker::new(&self.lsids[self.runs[run].session], &look_up.write) == look_up.marker;
        let what = if own { format!("whether {write} is there") } else { format!("whether a witness of {write} is seen") };
        self.read_autotask(run, &what, |world, run| {
            let rows = world.autotask.look_up(look_up, world.runs[run].user, world.now);
            let is_ticket = look_up.place == delivery::Place::Ticket;
            Answer::Found(Ok(world.sabotage_look_up(rows, own, is_ticket)))
        });
    }

    fn sabotage_look_up(&self, rows: Vec<RemoteId>, own: bool, is_ticket: bool) -> Vec<RemoteId> {
        match self.sabotage {
            Some(Sabotage::TicketMarker) if own && is_ticket => Vec::new(),
            Some(Sabotage::MarkerLookUp) if own => Vec::new(),
            Some(Sabotage::MarkerLookUp | Sabotage::ProofOfLookUps | Sabotage::Witness) if !own => vec![RemoteId(1)],
            _ => rows,
        }
    }

    pub(super) fn call(&mut self, run: RunId, neighbour: PauseScope) {
        invariants::called(self, run, neighbour);
        self.figures.neighbour_calls += 1;
        self.runs[run].neighbour_calls += 1;
    }

    pub(super) fn failure_of(&mut self, kind: OutageKind) -> Failure {
        match kind {
            OutageKind::Down => Failure::NotTaken { what: "connection refused".into(), throttled: false, retry_after: None },
            OutageKind::Throttles => {
                let asked = self.chance.pick(&[None, Some(2), Some(90), Some(100_000)]);
                let retry_after = asked.map(std::time::Duration::from_secs);
                Failure::NotTaken { what: "429".into(), throttled: true, retry_after }
            }
            OutageKind::RefusesCredentials => Failure::CredentialsRefused { sentence: "login failed".into() },
            OutageKind::Stalls => Failure::Unknown { what: "timed out".into() },
        }
    }
}

pub(super) fn outage(outages: &[Outage], now: Millis) -> Option<OutageKind> {
    outages.iter().find(|outage| (outage.from..outage.to).contains(&now)).map(|outage| outage.how)
}

/// The answer to the same question, failed.
fn failed(answer: Answer, failure: Failure) -> Answer {
    match answer {
        Answer::Report(_) => Answer::Report(Err(failure)),
        Answer::Ticket(_) => Answer::Ticket(Err(failure)),
        Answer::Author(_) => Answer::Author(Err(failure)),
        Answer::Found(_) => Answer::Found(Err(failure)),
        Answer::Draft(_) => Answer::Draft(Err(failure)),
        Answer::KeySet(_) => Answer::KeySet(Err(failure)),
        Answer::Sent(_) => Answer::Sent(Err(failure)),
        other => other,
    }
}
