//! The worker: performs steps as the real one does, on calls that may fail in every way.
//!
//! Each action is issued, takes effect somewhere else at its own time, and is answered or not; between any two of these
//! the worker may die, freeze, or be given up by the platform.

use std::sync::Arc;

use session::delivery::admission::{Admission, Arrival, admission};
use session::delivery::machine::{Delivery, Input, Rules};
use session::delivery::waits::queue_time_ends;
use session::delivery::{
    Answer, Content, Ending, LookUp, Outcome, Pause, PauseScope, Proofs, Record, Step, WriteId, WriteKind, WriteState,
};
use session::event::OutboundEvent;
use session::failure::Failure;
use session::queue_message::Source;

use super::appliance;
use super::chance::{HOUR, MINUTE, Millis, SECOND};
use super::invariants;
use super::ledger::{Claim, Update, Updated};
use super::queue::{Gone, VISIBILITY};
use super::sabotage::Sabotage;
use super::schedule::{Outage, OutageKind};
use super::world::{Happening, World, millis, stamp};

/// Runs are numbered in the order in which they start.
pub(crate) type RunId = usize;

/// More steps than any run needs.
const STEPS_MAX: u32 = 2_000;
/// What a call leaves of the invocation.
const CALL_MARGIN: Millis = 1_500;
/// How long a message waits when the ledger does not answer.
const LEDGER_WAIT: Millis = 30 * SECOND;
/// How often the client of the ledger tries.
const LEDGER_TRIES: u32 = 3;
/// The vendor lets a call run so long.
const VENDOR_CALL_MAX: Millis = 300 * SECOND;

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
    pub(crate) delivery: Option<Box<Delivery>>,
    pub(crate) rules: Option<Arc<Rules>>,
    pub(crate) pauses: Vec<Pause>,
    pub(crate) proofs: Proofs,
    claim: Option<Claim>,
    /// The record as it was stored last.
    pub(crate) stored: Option<Record>,
    ending: Option<Ending>,
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
            delivery: None,
            rules: None,
            pauses: Vec::new(),
            proofs: Proofs::default(),
            claim: None,
            stored: None,
            ending: None,
            neighbour_calls: 0,
            most_writes: 0,
            steps: 0,
        }
    }
}

/// What a run does next.
#[derive(Debug)]
pub(crate) enum Action {
    ReadPauses,
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
    Pauses(Option<Vec<Pause>>),
    Proofs(Option<Proofs>),
    Claimed(Option<Claim>),
    Stored(Option<bool>),
    Answer(Answer),
    Hidden,
    DeadLettered(bool),
    Finished,
}

impl World {
    // --- Issuing ---------------------------------------------------------------------------------------------------

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

    fn freezes(&mut self, action: &Action) -> Option<Millis> {
        let weather = self.schedule.weather;
        let sends = matches!(action, Action::Perform(Step::Send { .. }));
        if sends && self.chance.per_mille(weather.freezes_before_sending) {
            return Some(self.chance.between(40 * SECOND, 84 * SECOND));
        }
        self.chance.per_mille(weather.freezes).then(|| self.chance.spread(SECOND, 200 * SECOND))
    }

    pub(crate) fn issue(&mut self, run: RunId, action: Action) {
        match action {
            Action::ReadPauses => {
                let pauses = self.service_call().then(|| self.ledger.pauses());
                self.answer_soon(run, Reply::Pauses(pauses));
            }
            Action::ReadProofs => {
                let proofs = self.service_call().then(|| self.ledger.proofs.clone());
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

    fn answer_soon(&mut self, run: RunId, reply: Reply) {
        let at = self.now + self.chance.between(5, 40);
        self.answer_at(run, at, reply);
    }

    fn answer_at(&mut self, run: RunId, at: Millis, reply: Reply) {
        let turn = self.runs[run].turn;
        // The answer may be there, and the worker not.
        let frozen = self.chance.per_mille(self.schedule.weather.freezes);
        let at = if frozen { at + self.chance.spread(SECOND, 200 * SECOND) } else { at };
        self.at(at, Happening::Answered(run, turn, Box::new(reply)));
    }

    /// Whether a call for a service item succeeds; all tries of the client together.
    fn service_call(&mut self) -> bool {
        self.figures.ledger_calls += 1;
        let rate = self.schedule.weather.ledger_fails / 4;
        !self.chance.per_mille(rate)
    }

    // --- The ledger ------------------------------------------------------------------------------------------------

    /// Sends the update as the client does: several tries of the same request, each with its own fate.
    fn update_ledger(&mut self, run: RunId, update: Update) {
        let is_claim = matches!(update, Update::Claim { .. });
        let turn = self.runs[run].turn;
        let weather = self.schedule.weather;
        let mut at = self.now;
        for _ in 0..LEDGER_TRIES {
            self.figures.ledger_calls += 1;
            at += self.chance.between(5, 30);
            if self.chance.per_mille(weather.ledger_fails) {
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
            (true, true) => invariants::record_taken(self, run, before),
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

    // --- Going on --------------------------------------------------------------------------------------------------

    pub(crate) fn resume(&mut self, run: RunId, reply: Reply) {
        match reply {
            Reply::Pauses(Some(pauses)) => self.admit(run, pauses),
            Reply::Proofs(Some(proofs)) => {
                self.runs[run].proofs = proofs;
                self.act(run, Action::Claim);
            }
            Reply::Claimed(Some(claim)) => self.begin_delivery(run, claim),
            Reply::Pauses(None) | Reply::Proofs(None) | Reply::Claimed(None) | Reply::Stored(None) => {
                self.note_run(run, |_| "gives up: the ledger does not answer".to_owned());
                let until = self.clock(run) + LEDGER_WAIT;
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
                self.end_run(run);
            }
            Reply::Answer(answer) => self.take(run, answer),
            Reply::Hidden | Reply::Finished => self.end_run(run),
            Reply::DeadLettered(true) => self.act(run, Action::Finish("dead-lettered".to_owned())),
            Reply::DeadLettered(false) => self.end_run(run),
        }
    }

    /// The worker's own clock.
    fn clock(&self, run: RunId) -> Millis {
        self.now + self.runs[run].skew
    }

    fn admit(&mut self, run: RunId, pauses: Vec<Pause>) {
        let rules = self.rules_now();
        let message = &self.queue.messages[self.runs[run].message];
        let received_at = stamp(message.received_at);
        let arrival = Arrival { kind: message.post.kind, received_at, expires_at: queue_time_ends(received_at) };
        let admitted = admission(&rules, arrival, &pauses, stamp(self.clock(run)));
        self.runs[run].rules = Some(rules);
        self.runs[run].pauses = pauses;
        match admitted {
            Admission::Go => self.act(run, Action::ReadProofs),
            Admission::Wait { until, why } => {
                self.note_run(run, |_| format!("is not admitted: {why:?}"));
                self.act(run, Action::Hide(millis(until)));
            }
        }
    }

    fn begin_delivery(&mut self, run: RunId, claim: Claim) {
        let message = &self.queue.messages[self.runs[run].message];
        let (mut source, mut received_at) = (message.post.source, message.received_at);
        if self.sabotage == Some(Sabotage::LookFirst) {
            (source, received_at) = (Source::Event, self.now);
        }
        let event = OutboundEvent {
            kind: message.post.kind,
            lsid: self.lsids[self.runs[run].session].clone(),
            timestamp: Some(stamp(message.post.timestamp)),
            external_key: None,
            member: None,
        };
        let input = Input {
            event,
            source,
            received_at: stamp(received_at),
            expires_at: queue_time_ends(stamp(received_at)),
            deadline: stamp(self.runs[run].deadline + if self.sabotage == Some(Sabotage::TimeLeft) { HOUR } else { 0 }),
            claims_without_outcome: claim.claims_without_outcome,
            jitter: self.chance.fraction(),
        };
        let mut record: Option<Record> = claim.record.as_deref().map(|text| serde_json::from_str(text).unwrap());
        let mut proofs = self.runs[run].proofs.clone();
        self.sabotage_memory(&mut record, &mut proofs);
        self.note_run(run, |_| format!("has claimed: fence {}", claim.fence));
        let rules = self.runs[run].rules.clone().unwrap();
        let pauses = self.runs[run].pauses.clone();
        self.runs[run].stored = record.clone();
        self.runs[run].claim = Some(claim);
        self.runs[run].delivery = Some(Box::new(Delivery::new(input, rules, record, proofs, pauses)));
        self.go_on(run);
    }

    fn sabotage_memory(&self, record: &mut Option<Record>, proofs: &mut Proofs) {
        match (self.sabotage, record) {
            (Some(Sabotage::FrozenTarget), Some(record)) => {
                record.target = None;
                for write in record.writes.values_mut() {
                    write.frozen = None;
                }
            }
            (Some(Sabotage::Deadline), Some(record)) => {
                for write in record.writes.values_mut() {
                    if let WriteState::Sending { at, send_by, .. } = &mut write.state {
                        *send_by = *at;
                    }
                }
            }
            (Some(Sabotage::ProofOfLookUps | Sabotage::MarkerLookUp), _) => {
                let kinds = [WriteKind::Note, WriteKind::TimeEntry, WriteKind::Attachment];
                *proofs = Proofs(kinds.into_iter().map(|kind| (kind, super::world::proof(kind))).collect());
            }
            _ => {}
        }
    }

    fn take(&mut self, run: RunId, answer: Answer) {
        let now = stamp(self.clock(run));
        if let Some(delivery) = &mut self.runs[run].delivery {
            delivery.take(answer, now);
        }
        self.go_on(run);
    }

    fn go_on(&mut self, run: RunId) {
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

    fn let_go(&mut self, run: RunId, ending: Ending) {
        self.note_run(run, |_| format!("ends: {ending:?}"));
        invariants::run_ended(self, run, &ending);
        self.runs[run].ending = Some(ending.clone());
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

    // --- The queue -------------------------------------------------------------------------------------------------

    fn hide(&mut self, run: RunId, until: Millis) {
        let Run { message, receipt, .. } = self.runs[run];
        let seconds = (until - self.clock(run) + 999).div_euclid(1000).clamp(0, 11 * 3600);
        if self.chance.per_mille(self.schedule.weather.queue_fails) {
            self.note_run(run, |_| "cannot hide its message".to_owned());
        } else {
            self.note_run(run, |_| format!("hides its message for {seconds} s"));
            self.queue.hide(message, receipt, self.now + seconds * SECOND);
        }
        self.answer_soon(run, Reply::Hidden);
    }

    fn dead_letter(&mut self, run: RunId, reason: &str) {
        let failed = self.chance.per_mille(self.schedule.weather.queue_fails);
        self.note_run(run, |_| {
            format!("sends its message to the dead letters: {reason}{}", if failed { " (fails)" } else { "" })
        });
        let message = self.runs[run].message;
        if !failed && !self.queue.messages[message].redriven && self.chance.one_in(2) {
            // Somebody looks at it, mends what it names and lets it come again.
            let copy = self.queue.messages[message].clone();
            let post = super::schedule::Post { at: self.now + self.chance.spread(MINUTE, 24 * 60 * MINUTE), ..copy.post };
            self.redrive(post, copy.received_at);
        }
        self.answer_soon(run, Reply::DeadLettered(!failed));
    }

    fn redrive(&mut self, post: super::schedule::Post, received_at: Millis) {
        let at = post.at;
        let index = self.queue.put(post, received_at, true);
        self.queue.messages[index].visible_from = at;
        self.figures.messages += 1;
        self.note(|_| format!("message {index} will come back from the dead letters"));
        self.poll_at(at);
    }

    fn finish(&mut self, run: RunId, how: String) {
        let Run { message, receipt, .. } = self.runs[run];
        let stale_counts = self.chance.one_in(2);
        let gone = if how == "dead-lettered" { Gone::DeadLettered } else { Gone::Finished(how) };
        let failed = self.chance.per_mille(self.schedule.weather.queue_fails);
        if !failed && self.queue.remove(message, receipt, gone.clone(), stale_counts) {
            if gone == Gone::DeadLettered {
                self.figures.dead_lettered += 1;
            }
            self.note_run(run, |_| format!("message {message} is gone: {gone:?}"));
        } else {
            self.note_run(run, |_| format!("message {message} is not removed"));
            let visible_from = self.queue.messages[message].visible_from;
            self.queue.messages[message].visible_from = visible_from.min(self.now + VISIBILITY);
        }
        self.answer_soon(run, Reply::Finished);
    }

    // --- Steps -----------------------------------------------------------------------------------------------------

    fn perform(&mut self, run: RunId, step: Step) {
        match step {
            Step::Record { outcome, .. } => self.record(run, outcome),
            Step::FetchReport => {
                let outage = outage(&self.schedule.appliance_outages, self.now);
                self.read(run, (PauseScope::Appliance, outage), "the report", |world, run| {
                    let session = world.schedule.sessions[world.runs[run].session].clone();
                    Answer::Report(appliance::report(&session, world.now, &mut world.chance))
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
            Step::LookUp(look_up) => self.look_up(run, &look_up),
            Step::Send { write, content, .. } => self.send(run, write, content),
            Step::Prove { kind, proof } => self.noted(run, |world| world.ledger.prove(kind, proof)),
            Step::Pause(pause) => self.noted(run, |world| world.ledger.open_pause(pause)),
            Step::Resume(scope) => {
                let seen = self.runs[run].pauses.iter().find(|pause| pause.scope == scope).cloned();
                self.noted(run, |world| {
                    if let Some(seen) = &seen {
                        world.ledger.close_pause(seen);
                    }
                });
            }
            Step::Tell(notice) => {
                self.note_run(run, |_| format!("tells a person: {:?} {}", notice.subject, notice.sentence));
                self.answer_soon(run, Reply::Answer(Answer::Noted));
            }
            Step::Keep(_) => self.answer_soon(run, Reply::Answer(Answer::Noted)),
            Step::End(_) => unreachable!("handled before"),
        }
    }

    fn noted(&mut self, run: RunId, change: impl FnOnce(&mut Self)) {
        if self.service_call() {
            change(self);
        }
        self.answer_soon(run, Reply::Answer(Answer::Noted));
    }

    fn record(&mut self, run: RunId, outcome: bool) {
        let record = self.runs[run].delivery.as_ref().unwrap().record().clone();
        invariants::record_sent(self, run, &record);
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

    // --- Reading from neighbours -----------------------------------------------------------------------------------

    /// When a call must be given up, on the time line.
    fn give_up_at(&self, run: RunId) -> Millis {
        let left = (self.runs[run].deadline - self.clock(run) - CALL_MARGIN).max(0);
        self.now + left
    }

    fn read_autotask(&mut self, run: RunId, what: &str, make: impl FnOnce(&mut Self, RunId) -> Answer) {
        let outage = outage(&self.schedule.autotask_outages, self.now);
        self.read(run, (PauseScope::Ticketing, outage), what, make);
    }

    fn read(
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

    fn look_up(&mut self, run: RunId, look_up: &LookUp) {
        if look_up.wide && matches!(look_up.place, session::delivery::Place::Note { .. }) {
            self.call(run, PauseScope::Ticketing);
        }
        let write = look_up.write.to_string();
        self.read_autotask(run, &format!("whether {write} is there"), |world, _| {
            let rows = world.autotask.look_up(look_up, world.now);
            let witness = look_up.marker.as_str().starts_with(super::world::BEFORE);
            let rows = if world.sabotage == Some(Sabotage::MarkerLookUp) && !witness { Vec::new() } else { rows };
            Answer::Found(Ok(rows))
        });
    }

    fn call(&mut self, run: RunId, neighbour: PauseScope) {
        invariants::called(self, run, neighbour);
        self.figures.neighbour_calls += 1;
        self.runs[run].neighbour_calls += 1;
    }

    fn failure_of(&mut self, kind: OutageKind) -> Failure {
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

    // --- Writing ---------------------------------------------------------------------------------------------------

    /// A write on its way: it arrives or not, is done sooner or later, is answered or not.
    fn send(&mut self, run: RunId, write: WriteId, content: Content) {
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
        let result = match self.autotask.refusal(content, self.now) {
            Some(failure) => {
                self.note(|_| format!("Autotask refuses {write} of session {session}: {failure}"));
                Err(failure)
            }
            None => {
                let lag_max = self.schedule.weather.row_lag_max;
                let visible_from = self.now + self.chance.between(0, lag_max);
                let lsid = self.lsids[session].clone();
                self.note(|_| format!("Autotask has {write} of session {session}"));
                match self.autotask.insert((session, &lsid), write, content, visible_from) {
                    Ok(id) => {
                        self.figures.rows += 1;
                        invariants::written(self, run, session, write);
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

fn outage(outages: &[Outage], now: Millis) -> Option<OutageKind> {
    outages.iter().find(|outage| (outage.from..outage.to).contains(&now)).map(|outage| outage.how)
}

/// The answer to the same question, failed.
fn failed(answer: Answer, failure: Failure) -> Answer {
    match answer {
        Answer::Report(_) => Answer::Report(Err(failure)),
        Answer::Ticket(_) => Answer::Ticket(Err(failure)),
        Answer::Author(_) => Answer::Author(Err(failure)),
        Answer::Found(_) => Answer::Found(Err(failure)),
        Answer::Sent(_) => Answer::Sent(Err(failure)),
        other => other,
    }
}

/// The states of a record's writes on one line.
pub(crate) fn states(record: &Record) -> String {
    let word = |state: &WriteState| match state {
        WriteState::Wanted => "wanted",
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
