//! The time line, and the neighbours: the source, the ledger, the queue with the worker behind it. Runs perform their steps here, and
//! die at any of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use coverage::{
    Answer, Backfill, Ending, Job, Known, KnownSessions, Order, Poll, PollState, SessionState, Statement, StatementRun,
    StatementSettings, Step, StoredJob,
};
use fastrand::Rng;
use session::{ApplianceId, EndedSession, Listing, Lsid, Origin, Window};

use super::figures::Figures;
use super::sabotage::Sabotage;
use super::schedule::{BEGIN, Beginning, Schedule, Session, TROUBLE, What, at};
use super::{HOUR, MINUTE};

/// What the ledger knows of a session. Moments of true time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) end_seen: Option<i64>,
    pub(crate) announced: Option<i64>,
    /// When its report was read last.
    pub(crate) read: Option<i64>,
    waiting_until: i64,
    pub(crate) ignored: bool,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Begin(usize),
    Plan,
    Step(usize),
    Event(usize),
    SurveyEvent(usize),
    Work { session: usize, replay: bool },
    Reread(usize),
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    Poll,
    Backfill,
    Statement,
}

#[derive(Debug)]
enum Task {
    Poll(Poll),
    Backfill(Backfill),
    Statement(StatementRun),
}

impl Task {
    const fn asker(&self) -> Asker {
        match self {
            Self::Poll(_) => Asker::Poll,
            Self::Backfill(_) => Asker::Backfill,
            Self::Statement(_) => Asker::Statement,
        }
    }
}

/// Something that goes on step by step.
#[derive(Debug)]
pub(crate) struct Run {
    task: Task,
    pub(crate) began: i64,
    pub(crate) clock: i64,
    /// Orders kept back, where that is the sabotage.
    kept_back: Vec<Order>,
    /// Batches enqueued for a job that had been cancelled.
    pub(crate) after_cancelling: u32,
}

pub(crate) struct World {
    pub(crate) schedule: Schedule,
    pub(crate) sabotage: Option<Sabotage>,
    rng: Rng,
    pub(crate) now: i64,
    timeline: BinaryHeap<Reverse<(i64, u64, Happening)>>,
    sequence: u64,
    runs: Vec<Run>,
    pub(crate) ledger: BTreeMap<usize, Entry>,
    pub(crate) poll_state: Option<PollState>,
    /// What the source's clock showed when a poll first asked it.
    pub(crate) first_asked: Option<i64>,
    /// Where the first poll that was kept begins, if the settings do not say it.
    pub(crate) first_start: Option<i64>,
    pub(crate) job: Option<StoredJob>,
    pub(crate) job_planned: i64,
    pub(crate) job_cancelled: Option<i64>,
    pub(crate) missed: BTreeSet<Lsid>,
    pub(crate) statement: Option<Statement>,
    /// Orders of polls that the queue has taken, by session.
    pub(crate) poll_orders: BTreeMap<usize, u64>,
    pub(crate) ordered: BTreeSet<usize>,
    /// Polls that died or were overtaken.
    pub(crate) disrupted: u64,
    pub(crate) figures: Figures,
    pub(crate) broken: Option<String>,
    pub(crate) trace: Vec<String>,
    tracing: bool,
}

impl World {
    pub(crate) fn new(schedule: Schedule, seed: u64, sabotage: Option<Sabotage>, tracing: bool) -> Self {
        let mut world = Self {
            sabotage,
            rng: Rng::with_seed(!seed),
            now: BEGIN - 6 * HOUR,
            timeline: BinaryHeap::new(),
            sequence: 0,
            runs: Vec::new(),
            ledger: BTreeMap::new(),
            poll_state: None,
            first_asked: None,
            first_start: None,
            job: None,
            job_planned: 0,
            job_cancelled: None,
            missed: BTreeSet::new(),
            statement: None,
            poll_orders: BTreeMap::new(),
            ordered: BTreeSet::new(),
            disrupted: 0,
            figures: Figures { schedules: 1, sessions: schedule.sessions.len() as u64, ..Figures::default() },
            broken: None,
            trace: Vec::new(),
            tracing,
            schedule,
        };
        for number in 0..world.schedule.sessions.len() {
            let Session { event, survey_event, .. } = world.schedule.sessions[number];
            event.into_iter().for_each(|at| world.later(at, Happening::Event(number)));
            survey_event.into_iter().for_each(|at| world.later(at, Happening::SurveyEvent(number)));
        }
        for number in 0..world.schedule.beginnings.len() {
            world.later(world.schedule.beginnings[number].at, Happening::Begin(number));
        }
        world.schedule.job_planned.into_iter().for_each(|at| world.later(at, Happening::Plan));
        world
    }

    pub(crate) fn run(&mut self) {
        self.note(|world| format!("{:#?}", world.schedule));
        while self.broken.is_none()
            && let Some(Reverse((at, _, happening))) = self.timeline.pop()
        {
            self.now = at;
            match happening {
                Happening::Begin(number) => self.begin(number),
                Happening::Plan => self.plan(),
                Happening::Step(run) => self.step(run),
                Happening::Event(session) => self.event(session),
                Happening::SurveyEvent(session) => {
                    self.ledger.entry(session).or_default();
                }
                Happening::Work { session, replay } => self.work(session, replay),
                Happening::Reread(session) => self.ledger.entry(session).or_default().read = Some(at),
            }
        }
        if self.broken.is_none() {
            self.check_at_the_end();
        }
    }

    pub(crate) fn source_now(&self) -> i64 {
        self.now + self.schedule.source_clock
    }

    pub(crate) fn source_end(&self, session: usize) -> i64 {
        self.schedule.sessions[session].ended + self.schedule.source_clock
    }

    pub(crate) fn is_without(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    pub(crate) fn breaks(&mut self, promise: impl FnOnce() -> String) {
        if self.broken.is_none() {
            self.broken = Some(promise());
        }
    }

    fn note(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.tracing {
            let line = format!("{:>6} {}", self.now - BEGIN, what(self));
            self.trace.push(line);
        }
    }

    fn later(&mut self, at: i64, happening: Happening) {
        self.sequence += 1;
        self.timeline.push(Reverse((at, self.sequence, happening)));
    }

    // What comes to the ledger by itself.

    fn event(&mut self, number: usize) {
        let (now, ignored) = (self.now, self.schedule.sessions[number].ignored);
        let entry = self.ledger.entry(number).or_default();
        let first = entry.end_seen.is_none();
        entry.end_seen.get_or_insert(now);
        entry.announced = Some(now);
        entry.ignored |= ignored && first;
        entry.read = Some(now);
        self.note(|_| format!("event of s{number:03}"));
    }

    fn work(&mut self, number: usize, replay: bool) {
        let (now, waits) = (self.now, self.rng.u32(0..10) == 0);
        let wait = self.rng.i64(MINUTE..HOUR);
        let entry = self.ledger.entry(number).or_default();
        entry.end_seen.get_or_insert(now);
        entry.read = Some(now);
        let replayed = replay && std::mem::take(&mut entry.ignored);
        if waits {
            entry.waiting_until = now + wait;
            self.later(now + wait, Happening::Reread(number));
        }
        self.figures.replayed += u64::from(replayed);
        self.note(|_| format!("worker has s{number:03}"));
    }

    // What begins.

    fn begin(&mut self, number: usize) {
        let Beginning { what, clock, .. } = self.schedule.beginnings[number];
        let now = at(self.now + clock);
        let task = match what {
            What::Poll => {
                self.figures.clocks_wrong += u64::from(clock != 0);
                Task::Poll(self.new_poll(now))
            }
            What::Backfill => match self.job.clone() {
                Some(stored) => Task::Backfill(Backfill::new(stored)),
                None => return,
            },
            What::Statement => Task::Statement(self.new_statement(now)),
            What::Cancel => return self.cancel(),
            What::DryRun => return self.dry_run(),
        };
        self.figures.runs += 1;
        let run = self.runs.len();
        self.runs.push(Run { task, began: self.now, clock, kept_back: Vec::new(), after_cancelling: 0 });
        self.note(|_| format!("run {run}: {what:?} begins, our clock {clock:+}"));
        self.later(self.now, Happening::Step(run));
    }

    fn new_poll(&self, now: jiff::Timestamp) -> Poll {
        let mut settings = self.schedule.settings.clone();
        let mut stored = self.poll_state.clone();
        if self.is_without(Sabotage::Overlap) {
            settings.overlap_hours = 0;
        }
        if self.is_without(Sabotage::LookAgain) {
            settings.look_again_hours = Vec::new();
        }
        if let Some(state) = &mut stored {
            if self.is_without(Sabotage::LookMarks) {
                let mark = state.mark;
                state.looks.values_mut().for_each(|look| *look = mark);
            }
            if self.is_without(Sabotage::Start) {
                state.start = at(BEGIN - 12 * HOUR);
            }
        }
        Poll::new(stored, settings, now)
    }

    fn new_statement(&self, now: jiff::Timestamp) -> StatementRun {
        let settings = StatementSettings {
            appliance: ApplianceId::default(),
            from: at(BEGIN - 6 * HOUR),
            to: now,
            ours_since: self.poll_state.as_ref().map_or(now, |state| state.start),
            heals: !self.is_without(Sabotage::Healing),
            missed_before: self.missed.clone(),
        };
        StatementRun::new(settings, now)
    }

    fn plan(&mut self) {
        let (from, to) = self.schedule.job_range;
        let range = (at(from), at(to));
        let planned = StoredJob::plan("job".parse().unwrap(), ApplianceId::default(), range, false, at(self.now));
        self.job = planned.ok();
        self.job_planned = self.now;
    }

    fn cancel(&mut self) {
        if let Some(cancelled) = self.job.as_ref().and_then(StoredJob::cancelled) {
            self.job = Some(cancelled);
            self.job_cancelled = Some(self.now);
            self.note(|_| "the job is cancelled".to_owned());
        }
    }

    /// A dry run in one go, so that what it should count can be counted.
    fn dry_run(&mut self) {
        let (from, to) = self.schedule.job_range;
        let range = (at(from), at(to));
        let Ok(stored) = StoredJob::plan("dry".parse().unwrap(), ApplianceId::default(), range, true, at(self.now)) else {
            return;
        };
        let mut run = Backfill::new(stored);
        loop {
            let answer = match run.next() {
                Step::List(window) => Answer::Listed(self.list(window, Asker::Backfill)),
                Step::LookUp(lsids) => Answer::Known(self.look_up(&lsids)),
                Step::Enqueue(_) => return self.breaks(|| "a dry run enqueues".to_owned()),
                Step::Save(_) => Answer::Saved(true),
                Step::Done(_) => break,
            };
            run.take(answer);
        }
        self.figures.dry_runs += 1;
        let job: Job = run.job().clone();
        self.check_dry_run(&job);
    }

    // A step, with what can go wrong.

    fn step(&mut self, number: usize) {
        self.figures.steps += 1;
        let faults = if self.now < BEGIN + TROUBLE { self.schedule.faults_per_mille } else { 0 };
        if self.rng.u32(0..1000) < faults {
            return self.die(number, "before its next step");
        }
        let mut dies_after = self.rng.u32(0..1000) < faults;
        let step = match &self.runs[number].task {
            Task::Poll(poll) => named(poll.next(), Saved::Poll),
            Task::Backfill(backfill) => named(backfill.next(), Saved::Job),
            Task::Statement(statement) => named(statement.next(), Saved::Statement),
        };
        self.note(|_| format!("run {number}: {step:?}"));
        let answer = match step {
            Step::List(window) => {
                let asker = self.runs[number].task.asker();
                if self.poll_state.is_none() && asker == Asker::Poll {
                    self.first_asked.get_or_insert(self.source_now());
                }
                Answer::Listed(self.list(window, asker))
            }
            Step::LookUp(lsids) => Answer::Known(self.look_up(&lsids)),
            Step::Enqueue(orders) => {
                let taken = match self.enqueue(number, orders, dies_after) {
                    Some(answer) => answer,
                    None => return self.die(number, "the queue took some"),
                };
                if self.broken.is_some() {
                    return;
                }
                dies_after &= !self.is_without(Sabotage::WholeBatch);
                taken
            }
            Step::Save(saved) => {
                let kept = self.save(saved);
                let kept_back = std::mem::take(&mut self.runs[number].kept_back);
                if dies_after {
                    return self.die(number, "after saving");
                }
                self.take_all(number, &kept_back);
                kept
            }
            Step::Done(ending) => return self.done(number, ending),
        };
        if dies_after {
            return self.die(number, "after a step");
        }
        match &mut self.runs[number].task {
            Task::Poll(poll) => poll.take(answer),
            Task::Backfill(backfill) => backfill.take(answer),
            Task::Statement(statement) => statement.take(answer),
        }
        let frozen = faults > 0 && self.rng.u32(0..1000) < 15;
        let pause = if frozen { self.rng.i64(MINUTE..2 * HOUR) } else { self.rng.i64(0..3) };
        self.later(self.now + pause, Happening::Step(number));
    }

    fn die(&mut self, number: usize, when: &'static str) {
        self.figures.died += 1;
        self.disrupted += u64::from(self.runs[number].task.asker() == Asker::Poll);
        self.note(|_| format!("run {number} dies: {when}"));
    }

    fn done(&mut self, number: usize, ending: Ending) {
        let is_poll = self.runs[number].task.asker() == Asker::Poll;
        if ending == Ending::Overtaken {
            self.figures.overtaken += 1;
            self.disrupted += u64::from(is_poll);
        } else if is_poll {
            self.check_prompt(self.runs[number].began, self.runs[number].clock);
        }
        self.note(|_| format!("run {number} is done: {ending:?}"));
    }

    // The source.

    fn list(&self, window: Window, asker: Asker) -> Listing {
        let (from, until) = (window.from().as_second(), window.until().as_second() + i64::from(self.schedule.inclusive));
        let of_poll = asker == Asker::Poll;
        let dated = self.schedule.dated && !(asker == Asker::Backfill && self.is_without(Sabotage::WindowEdge));
        let clock = self.schedule.source_clock;
        let mut sessions = Vec::new();
        for session in &self.schedule.sessions {
            let moment = if of_poll && self.is_without(Sabotage::ByEnd) { session.started } else { session.ended } + clock;
            if session.visible <= self.now && (from..until).contains(&moment) {
                let ended_at = dated.then(|| at(session.ended + clock));
                sessions.push(EndedSession { lsid: session.lsid.clone(), sequence: None, ended_at, external_key: None });
            }
        }
        if of_poll && self.is_without(Sabotage::WholeList) {
            sessions.truncate(1);
        }
        let source_now = (!self.is_without(Sabotage::SourceClock)).then(|| at(self.source_now()));
        Listing { sessions, source_now }
    }

    // The ledger.

    fn look_up(&self, lsids: &[Lsid]) -> KnownSessions {
        if self.is_without(Sabotage::LookUp) {
            return KnownSessions::new();
        }
        lsids.iter().filter_map(|lsid| Some((lsid.clone(), self.known(number_of(lsid))?))).collect()
    }

    fn known(&self, number: usize) -> Option<Known> {
        let entry = self.ledger.get(&number)?;
        let state = match entry {
            Entry { ignored: true, .. } if self.is_without(Sabotage::Ignored) => SessionState::Delivered,
            Entry { ignored: true, .. } => SessionState::Ignored,
            Entry { end_seen: None, .. } => SessionState::Waiting,
            entry if entry.waiting_until > self.now => SessionState::Waiting,
            _ => SessionState::Delivered,
        };
        Some(Known {
            end_seen: entry.end_seen.is_some() || self.is_without(Sabotage::EndSeen),
            announced: entry.announced.is_some() && !self.is_without(Sabotage::Announced),
            state,
            sentence: None,
        })
    }

    fn save(&mut self, saved: Saved) -> Answer {
        let kept = match saved {
            Saved::Poll(mut state) => {
                let stored = self.poll_state.as_ref().map_or(0, |stored| stored.version);
                let kept = stored + 1 == state.version || self.is_without(Sabotage::PollVersion);
                if kept {
                    if self.is_without(Sabotage::Recent) {
                        state.recent.clear();
                    }
                    self.check_saved(&state);
                    self.poll_state = Some(state);
                }
                kept
            }
            Saved::Job(mut job) => {
                let stored = self.job.as_ref().map_or(0, |stored| stored.version);
                let kept = stored + 1 == job.version || self.is_without(Sabotage::JobVersion);
                if kept {
                    if self.is_without(Sabotage::JobProgress) {
                        job.job.windows_done = 0;
                    }
                    self.check_job(&job);
                    self.job = Some(job);
                }
                kept
            }
            Saved::Statement(statement) => {
                self.check_adds_up(&statement);
                let missing = statement.exceptions.iter().filter(|exception| exception.state == SessionState::Missing);
                self.missed.extend(missing.map(|exception| exception.lsid.clone()));
                self.figures.healed += statement.healed;
                self.statement = Some(statement);
                true
            }
        };
        Answer::Saved(kept)
    }

    // The queue, and the worker behind it.

    /// `None`: it took some of them, and the run learns nothing.
    fn enqueue(&mut self, number: usize, orders: Vec<Order>, fails: bool) -> Option<Answer> {
        if self.is_without(Sabotage::QueueFirst) && self.runs[number].task.asker() == Asker::Poll {
            self.runs[number].kept_back = orders;
            return Some(Answer::Enqueued);
        }
        if fails {
            let some = self.rng.usize(0..=orders.len());
            self.take_all(number, &orders[..some]);
            return self.is_without(Sabotage::WholeBatch).then_some(Answer::Enqueued);
        }
        self.take_all(number, &orders);
        Some(Answer::Enqueued)
    }

    fn take_all(&mut self, run: usize, orders: &[Order]) {
        if orders.is_empty() {
            return;
        }
        if self.runs[run].task.asker() == Asker::Backfill && self.job_cancelled.is_some() {
            self.runs[run].after_cancelling += 1;
        }
        for order in orders {
            let session = number_of(&order.lsid);
            let began = self.runs[run].began;
            match self.runs[run].task.asker() {
                Asker::Poll => self.check_order_of_poll(began, session),
                Asker::Statement => self.check_order_of_statement(began, session),
                Asker::Backfill => self.check_order_of_job(self.runs[run].after_cancelling),
            }
            self.ordered.insert(session);
            let (stall_from, stall_until) = self.schedule.stall;
            let soon = self.now + self.rng.i64(1..MINUTE);
            let at = if (stall_from..stall_until).contains(&soon) { stall_until } else { soon };
            self.later(at, Happening::Work { session, replay: order.source == Origin::Replay });
        }
    }
}

/// What is to be kept.
#[derive(Debug)]
enum Saved {
    Poll(PollState),
    Job(StoredJob),
    Statement(Statement),
}

fn named<S>(step: Step<S>, name: fn(S) -> Saved) -> Step<Saved> {
    match step {
        Step::List(window) => Step::List(window),
        Step::LookUp(lsids) => Step::LookUp(lsids),
        Step::Enqueue(orders) => Step::Enqueue(orders),
        Step::Save(value) => Step::Save(name(value)),
        Step::Done(ending) => Step::Done(ending),
    }
}

fn number_of(lsid: &Lsid) -> usize {
    lsid.as_str()[1..].parse().unwrap()
}
