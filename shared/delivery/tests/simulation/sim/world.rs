//! The time line: everything that happens is an event on it, and the next one is taken until nothing is left to happen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use delivery::{ApiUser, Content, Marker, Place, Proof, Proofs, Rules, Witness, WriteId, WriteKind};
use jiff::Timestamp;
use session::ids::{Lsid, RemoteId, ResourceId, TicketId};

use super::Setup;
use super::autotask::Autotask;
use super::chance::{Chance, DAY, Millis};
use super::figures::Figures;
use super::invariants::{self, of_themes::Noticed};
use super::ledger::{Ledger, Update};
use super::queue::{Queue, VISIBILITY};
use super::rules::{Choice, EventsOff, ModeChoice, api_user, rules};
use super::sabotage::Sabotage;
use super::schedule::{NEVER, Post, Schedule, Tenant, View};
use super::themes::{Focus, Theme};
use super::worker::{Action, Reply, Run, RunId};

/// When simulated time begins: shortly after midnight, so that a start that is corrected may fall on another day.
const BEGINNING: i64 = 1_742_261_400_000;
/// How long the platform lets a run last.
pub(crate) const INVOCATION: Millis = 90_000;
/// A schedule that lasts longer than this has an event that comes to no end.
const LAST_MOMENT: Millis = 60 * DAY;
/// Likewise one in which more happens.
const HAPPENINGS_MAX: u64 = 400_000;

/// That moment, as the code under test sees it.
pub(crate) fn stamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(BEGINNING + at).unwrap()
}

/// That moment of the code under test, as simulated time.
pub(crate) fn millis(at: Timestamp) -> Millis {
    at.as_millisecond() - BEGINNING
}

/// How the markers of sessions begin that were there before the schedule.
pub(crate) const BEFORE: &str = "[before/";

/// A write of that kind was found before the schedule begins.
pub(crate) fn proof(kind: WriteKind) -> Proof {
    let at = stamp(0);
    let (write, place) = match kind {
        WriteKind::Ticket => (WriteId::Ticket, Place::Ticket),
        WriteKind::Note => (WriteId::SessionNote, Place::Note { ticket: TicketId(42), since: at }),
        WriteKind::Attachment => (WriteId::Attachment(1), Place::Attachment { note: RemoteId(1) }),
        WriteKind::TimeEntry => (WriteId::Time(ResourceId(29)), Place::Time { resource: ResourceId(29), start: at }),
    };
    Proof { at, witness: Some(Witness { marker: Marker::new(&"before".parse().unwrap(), &write), place }) }
}

/// What has been proven of look-ups before the schedule begins, as the API user of that time: only what is so.
fn proven(tenant: &Tenant) -> BTreeMap<ApiUser, Proofs> {
    let user = tenant.user(0);
    let kinds = [WriteKind::Ticket, WriteKind::Note, WriteKind::TimeEntry, WriteKind::Attachment];
    let seen =
        kinds.map(|kind| (kind, tenant.view(kind, user, 0))).into_iter().filter(|(_, view)| tenant.proven && *view == View::All);
    BTreeMap::from([(api_user(user), Proofs(seen.map(|(kind, _)| (kind, proof(kind))).collect()))])
}

/// Something that happens.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A message is put into the queue.
    Posted(Post),
    /// The mapping looks into the queue.
    Polled,
    /// A run is asked to act, now that its sandbox goes on.
    Thawed(RunId, u32, Box<Action>),
    /// A run gets an answer, unless it has gone on without it.
    Answered(RunId, u32, Box<Reply>),
    /// A run's process ends.
    Died(RunId, &'static str),
    /// An update arrives at the ledger. The turn is that of the run if it waits for the answer.
    LedgerTook(RunId, Option<u32>, Update),
    /// A write arrives at Autotask and is done or refused.
    Landed { run: RunId, turn: Option<u32>, session: usize, write: WriteId, content: Box<Content>, reply_at: Millis },
    /// A ticket is merged into another.
    Merged,
    /// The ledger forgets all sessions.
    MemoryLost,
}

/// Everything there is in a schedule.
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) chance: Chance,
    pub(crate) schedule: Schedule,
    pub(crate) lsids: Vec<Lsid>,
    pub(crate) queue: Queue,
    pub(crate) ledger: Ledger,
    pub(crate) autotask: Autotask,
    pub(crate) runs: Vec<Run>,
    pub(crate) figures: Figures,
    pub(crate) sabotage: Option<Sabotage>,
    /// Whose promises are checked.
    pub(crate) focus: Focus,
    /// The first promise that was broken.
    pub(crate) broken: Option<String>,
    pub(crate) trace: Vec<String>,
    tracing: bool,
    line: BTreeMap<(Millis, u64), Happening>,
    /// When the mapping looks into the queue next.
    next_poll: Millis,
    happened: u64,
    pub(crate) memory_lost: bool,
    /// What was sent at least once.
    pub(crate) sent: BTreeSet<(usize, WriteId)>,
    /// The claims that the ledger has taken, in order.
    pub(crate) claims: Vec<(usize, RunId)>,
    /// Sessions whose end was announced, those of which a survey was, and those that somebody was said to join.
    pub(crate) ends_posted: Vec<bool>,
    pub(crate) joins_posted: Vec<bool>,
    /// The keys that sessions were given by us, and when.
    pub(crate) keys_given: BTreeMap<usize, (Millis, String)>,
    pub(crate) surveys_posted: Vec<bool>,
    /// Runs per message.
    pub(crate) runs_of: BTreeMap<usize, u64>,
    /// What the promises of themes go by.
    pub(crate) noticed: Noticed,
    pub(crate) budget_looked_at_again: Timestamp,
    /// The rules with their `deliver_from`.
    rules_made: BTreeMap<(Choice, Option<Millis>), Arc<Rules>>,
}

impl World {
    pub(crate) fn new(schedule: Schedule, seed: u64, setup: Setup, tracing: bool) -> Self {
        let count = schedule.sessions.len();
        let mut world = Self {
            now: 0,
            chance: Chance::of(seed),
            lsids: schedule.sessions.iter().map(|session| session.lsid.parse().unwrap()).collect(),
            queue: Queue::default(),
            ledger: Ledger::new(proven(&schedule.tenant), setup.sabotage),
            autotask: Autotask::new(schedule.tenant.clone()),
            runs: Vec::new(),
            figures: Figures { schedules: 1, ..Figures::default() },
            sabotage: setup.sabotage,
            focus: setup.focus,
            broken: None,
            trace: Vec::new(),
            tracing,
            line: BTreeMap::new(),
            next_poll: NEVER,
            happened: 0,
            memory_lost: false,
            sent: BTreeSet::new(),
            claims: Vec::new(),
            ends_posted: vec![false; count],
            joins_posted: vec![false; count],
            keys_given: BTreeMap::new(),
            surveys_posted: vec![false; count],
            runs_of: BTreeMap::new(),
            noticed: Noticed::default(),
            budget_looked_at_again: Timestamp::MIN,
            rules_made: BTreeMap::new(),
            schedule,
        };
        world.note(|world| format!("schedule {seed}: {:#?}", world.schedule));
        world
    }

    /// Lets everything happen, and judges it.
    pub(crate) fn run(&mut self) {
        self.run_unjudged();
        if self.broken.is_none() {
            invariants::at_the_end(self);
        }
    }

    /// Lets everything happen.
    pub(crate) fn run_unjudged(&mut self) {
        for post in self.schedule.posts.clone() {
            self.at(post.at, Happening::Posted(post));
        }
        self.at(self.schedule.tenant.merge_at, Happening::Merged);
        self.at(self.schedule.memory_lost_at, Happening::MemoryLost);
        while let Some(((at, _), happening)) = self.line.pop_first() {
            self.now = at;
            self.happened += 1;
            if at > LAST_MOMENT || self.happened > HAPPENINGS_MAX {
                self.break_promise("an event comes to no end");
            }
            if self.broken.is_some() {
                return;
            }
            self.happen(happening);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Posted(post) => self.post(&post),
            Happening::Polled => {
                if self.now >= self.next_poll {
                    self.next_poll = NEVER;
                    self.poll();
                }
            }
            Happening::Thawed(run, turn, action) => {
                if self.is_waiting(run, turn) {
                    self.issue(run, *action);
                }
            }
            Happening::Answered(run, turn, reply) => {
                if self.is_waiting(run, turn) {
                    self.resume(run, *reply);
                }
            }
            Happening::Died(run, why) => self.die(run, why),
            Happening::LedgerTook(run, turn, update) => self.ledger_took(run, turn, update),
            Happening::Landed { run, turn, session, write, content, reply_at } => {
                self.land(run, turn, session, &write, &content, reply_at);
            }
            Happening::Merged => {
                self.note(|_| "a ticket is merged: its notes move".to_owned());
                self.autotask.merge();
            }
            Happening::MemoryLost => {
                self.note(|_| "the ledger forgets all sessions".to_owned());
                self.memory_lost = true;
                self.ledger.forget_sessions();
            }
        }
    }

    // --- The time line ---------------------------------------------------------------------------------------------

    /// Puts something on the time line; what never comes is left out.
    pub(crate) fn at(&mut self, at: Millis, happening: Happening) {
        if at < NEVER {
            let number = self.happened * 1_000 + u64::try_from(self.line.len()).unwrap();
            // The number breaks ties in the order in which things were put here.
            let mut key = (at.max(self.now), number);
            while self.line.contains_key(&key) {
                key.1 += 1;
            }
            self.line.insert(key, happening);
        }
    }

    /// A line of the trace, made only if somebody reads it.
    pub(crate) fn note(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.tracing {
            let text = text(self);
            let seconds = self.now / 1000;
            let (minutes, hours) = (seconds / 60, seconds / 3600);
            let clock = format!("{hours:>3}:{:02}:{:02}.{:03}", minutes % 60, seconds % 60, self.now % 1000);
            self.trace.push(format!("{clock}  {text}"));
        }
    }

    pub(crate) fn note_run(&mut self, run: RunId, text: impl FnOnce(&Self) -> String) {
        self.note(|world| {
            let session = world.runs[run].session;
            format!("{:indent$}run {run} of session {session}: {}", "", text(world), indent = 4 * (run % 3))
        });
    }

    /// The first broken promise ends the schedule.
    pub(crate) fn break_promise(&mut self, promise: impl Display) {
        self.note(|_| format!("BROKEN: {promise}"));
        self.broken.get_or_insert_with(|| promise.to_string());
    }

    // --- The queue -------------------------------------------------------------------------------------------------

    fn post(&mut self, post: &Post) {
        match post.kind {
            session::EventKind::SupportConferenceEnd => self.ends_posted[post.session] = true,
            session::EventKind::SupportConferenceMemberAdded => self.joins_posted[post.session] = true,
            session::EventKind::SupportConferenceCustomerExitSurveyCompleted
            | session::EventKind::SupportConferenceRepExitSurveyCompleted => self.surveys_posted[post.session] = true,
            _ => {}
        }
        let index = self.queue.put(post.clone(), self.now, false);
        self.figures.messages += 1;
        self.note(|_| format!("message {index} of session {}: {} by {:?}", post.session, post.kind.name(), post.source));
        self.poll_at(self.now);
    }

    /// Hands visible messages to free workers.
    pub(crate) fn poll(&mut self) {
        let mut visible = self.queue.visible(self.now);
        if visible.len() > 1 {
            // Between sessions there is no order.
            self.chance.shuffle(&mut visible);
        }
        for message in visible {
            let busy = self.runs.iter().rev().take(64).filter(|run| run.alive).count();
            if busy >= self.schedule.workers {
                // The mapping comes back when a worker is free.
                return;
            }
            self.start(message);
        }
        self.poll_when_visible();
    }

    pub(crate) fn poll_when_visible(&mut self) {
        if let Some(at) = self.queue.next_visible() {
            // A message that is visible but not handed out waits for a worker, and is polled for when one is free.
            if at > self.now {
                self.poll_at(at);
            }
        }
    }

    /// The mapping looks into the queue then, or earlier.
    pub(crate) fn poll_at(&mut self, at: Millis) {
        if at < self.next_poll {
            self.next_poll = at;
            self.at(at, Happening::Polled);
        }
    }

    fn start(&mut self, message: usize) {
        let early = self.chance.per_mille(self.schedule.weather.visible_early);
        let visibility = if early { self.chance.spread(1_000, 120_000) } else { VISIBILITY };
        let receipt = self.queue.receive(message, self.now + visibility);
        invariants::handed_out(self, message);
        invariants::of_themes::handed_out(self, message);
        let session = self.queue.messages[message].post.session;
        if self.runs.iter().rev().take(64).any(|run| run.alive && run.session == session) {
            self.figures.side_by_side += 1;
        }
        let skew_max = self.schedule.weather.skew_max;
        let skew = self.chance.between(-skew_max, skew_max);
        let run = self.runs.len();
        self.runs.push(Run::new(message, receipt, session, skew, self.now + INVOCATION));
        self.figures.runs += 1;
        *self.runs_of.entry(message).or_default() += 1;
        self.note_run(run, |_| format!("starts with message {message}, clock {skew:+} ms"));
        self.at(self.now + INVOCATION, Happening::Died(run, "the platform ends it"));
        self.act(run, Action::ReadDocument);
    }

    fn die(&mut self, run: RunId, why: &str) {
        if self.runs[run].alive {
            self.figures.workers_died += 1;
            self.note_run(run, |_| format!("DIES: {why}"));
            self.end_run(run);
        }
    }

    /// The run is over, however; its worker is free.
    pub(crate) fn end_run(&mut self, run: RunId) {
        self.runs[run].alive = false;
        self.runs[run].delivery = None;
        self.poll_at(self.now);
    }

    fn is_waiting(&self, run: RunId, turn: u32) -> bool {
        self.runs[run].alive && self.runs[run].turn == turn
    }

    // --- What is in force now --------------------------------------------------------------------------------------

    pub(crate) fn mode(&self, at: Millis) -> ModeChoice {
        self.schedule.modes.iter().rev().find(|(from, _)| *from <= at).map_or(ModeChoice::Deliver, |(_, mode)| *mode)
    }

    fn events_off(&self, at: Millis) -> EventsOff {
        self.schedule.events_off.iter().rev().find(|(from, _)| *from <= at).map_or(EventsOff::Nothing, |(_, off)| *off)
    }

    pub(crate) fn deliver_from(&self, at: Millis) -> Option<Millis> {
        self.schedule.deliver_from.iter().rev().find(|(from, _)| *from <= at)?.1
    }

    pub(crate) fn rules_now(&mut self) -> Arc<Rules> {
        let choice = Choice {
            mode: self.mode(self.now),
            events_off: self.events_off(self.now),
            other_templates: self.now >= self.schedule.templates_change_at,
            each: self.schedule.each,
            also_customer: self.schedule.also_customer,
            tells_overlaps: self.schedule.tells_overlaps,
            patience: self.schedule.patience,
            waits: self.sabotage != Some(Sabotage::WaitingTime),
            user: self.schedule.tenant.user(self.now),
            creates_tickets: self.schedule.creates_tickets,
            version: self.schedule.document_version(self.now),
        };
        let deliver_from = self.deliver_from(self.now);
        if deliver_from.is_none() {
            return rules(choice);
        }
        let made = self.rules_made.entry((choice, deliver_from)).or_insert_with(|| {
            let mut rules = Rules::clone(&rules(choice));
            rules.settings.deliver_from = deliver_from.map(stamp);
            Arc::new(rules)
        });
        Arc::clone(made)
    }

    /// Whether the promises of that theme are checked.
    pub(crate) fn watches(&self, theme: Theme) -> bool {
        self.focus.watches(theme)
    }
}
