//! A backfill: all sessions that ended within a range, brought to the queue as far as nobody has written them.
//!
//! A job is worked on window by window and kept after each; whoever finds it running goes on with it, and of two who do only one is
//! kept. Its counts are those of windows that were kept: what a run enqueued before it died is counted by the run that did the
//! window over. A dry run differs in one thing: it enqueues nothing.
//!
//! What the ledger knows of as ignored (seen while the connection was off, or others wrote) is enqueued too, as a person's replay:
//! that is what a person asks for with a backfill. It is looked up first.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use session::{ApplianceId, Listing, Lsid, Origin, Window};

use crate::known::{Known, KnownSessions, SessionState};
use crate::step::{Answer, Ending, Order, Step};
use crate::windows::{HORIZON, HORIZON_DAYS, before, count, nth, second_of, sessions_in};

/// The name of a job: 1 to 40 of `0-9a-z-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

/// A text that is no name of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a backfill's id: 1 to 40 of 0-9, a-z and -")]
pub struct InvalidJobId;

impl JobId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        let allowed = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(allowed) { Ok(Self(text.to_owned())) } else { Err(InvalidJobId) }
    }
}

impl TryFrom<String> for JobId {
    type Error = InvalidJobId;

    fn try_from(text: String) -> Result<Self, InvalidJobId> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A job, as people see it; its JSON is what `backfill --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// Whose sessions.
    pub appliance: ApplianceId,
    /// Sessions that ended in this second or later …
    pub from: Timestamp,
    /// … and before this one.
    pub to: Timestamp,
    /// How many windows the range has.
    pub windows: u32,
    /// How many of them are done.
    pub windows_done: u32,
    /// Sessions that the source listed in these.
    pub listed: u64,
    /// Those that were enqueued; none by a dry run, which would enqueue [`Self::outstanding`].
    pub enqueued: u64,
    /// Those that the ledger knew already.
    pub already_known: u64,
    /// Whether it goes on.
    pub state: JobState,
}

impl Job {
    /// Listed and not known already: what was enqueued, or by a dry run would be.
    #[must_use]
    pub const fn outstanding(&self) -> u64 {
        self.listed - self.already_known
    }
}

/// Whether a job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// There is more to do.
    Running,
    /// A person stopped it. What was enqueued stays so.
    Cancelled,
    /// All windows are done.
    Done,
}

/// A job as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredJob {
    /// Raised by one with each change; whoever saves must have seen the one before. A new job has 1.
    pub version: u64,
    /// Counts only.
    pub dry_run: bool,
    /// The job.
    pub job: Job,
}

/// Why there is no such job to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing lies in between, or nothing has happened there yet.
    #[error("no session can have ended in that range")]
    Empty,
    /// The source keeps nothing so old.
    #[error("the appliance keeps sessions for {HORIZON_DAYS} days: the range can begin at {earliest} or later")]
    BeyondHorizon {
        /// Where it can begin.
        earliest: Timestamp,
    },
}

impl StoredJob {
    /// A new job over what ended from the first moment on and before the second, or before `now` if that comes first.
    ///
    /// # Errors
    ///
    /// A [`PlanError`], for a person.
    pub fn plan(
        id: JobId,
        appliance: ApplianceId,
        (from, to): (Timestamp, Timestamp),
        dry_run: bool,
        now: Timestamp,
    ) -> Result<Self, PlanError> {
        let whole = Window::new(from, to.min(now)).ok_or(PlanError::Empty)?;
        let earliest = second_of(before(now, HORIZON));
        if whole.from() < earliest {
            return Err(PlanError::BeyondHorizon { earliest });
        }
        let (from, to) = (whole.from(), whole.until());
        let job = Job {
            id,
            appliance,
            from,
            to,
            windows: count(from, to),
            windows_done: 0,
            listed: 0,
            enqueued: 0,
            already_known: 0,
            state: JobState::Running,
        };
        Ok(Self { version: 1, dry_run, job })
    }

    /// The same, cancelled, to be saved like any change; `None` if it has ended already.
    #[must_use]
    pub fn cancelled(&self) -> Option<Self> {
        (self.job.state == JobState::Running).then(|| Self {
            version: self.version + 1,
            job: Job { state: JobState::Cancelled, ..self.job.clone() },
            ..self.clone()
        })
    }

    fn window(&self) -> Option<Window> {
        nth(self.job.from, self.job.to, self.job.windows_done).filter(|_| self.job.state == JobState::Running)
    }
}

/// One run of a job: goes on with it for as long as its caller lets it.
#[derive(Debug, Clone)]
pub struct Backfill {
    stored: StoredJob,
    phase: Phase,
}

#[derive(Debug, Clone)]
enum Phase {
    Listing(Window),
    LookingUp(Vec<Lsid>),
    Enqueueing(Vec<Order>, StoredJob),
    Saving(StoredJob),
    Done(Ending),
}

impl Backfill {
    /// Goes on with what is stored.
    #[must_use]
    pub fn new(stored: StoredJob) -> Self {
        let phase = stored.window().map_or(Phase::Done(Ending::Complete), Phase::Listing);
        Self { stored, phase }
    }

    /// The job as it was last kept.
    #[must_use]
    pub const fn job(&self) -> &Job {
        &self.stored.job
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self) -> Step<StoredJob> {
        match &self.phase {
            Phase::Listing(window) => Step::List(*window),
            Phase::LookingUp(lsids) => Step::LookUp(lsids.clone()),
            Phase::Enqueueing(orders, _) => Step::Enqueue(orders.clone()),
            Phase::Saving(stored) => Step::Save(stored.clone()),
            Phase::Done(ending) => Step::Done(*ending),
        }
    }

    /// What came of it.
    pub fn take(&mut self, answer: Answer) {
        let phase = std::mem::replace(&mut self.phase, Phase::Done(Ending::Complete));
        self.phase = match (phase, answer) {
            (Phase::Listing(window), Answer::Listed(listing)) => match lsids_in(listing, window) {
                lsids if lsids.is_empty() => Phase::Saving(self.after_window(0, 0)),
                lsids => Phase::LookingUp(lsids),
            },
            (Phase::LookingUp(lsids), Answer::Known(known)) => self.looked_up(&lsids, &known),
            (Phase::Enqueueing(_, stored), Answer::Enqueued) => Phase::Saving(stored),
            (Phase::Saving(stored), Answer::Saved(true)) => {
                self.stored = stored;
                self.stored.window().map_or(Phase::Done(Ending::Complete), Phase::Listing)
            }
            (Phase::Saving(_), Answer::Saved(false)) => Phase::Done(Ending::Overtaken),
            (phase, _) => phase,
        };
    }

    fn looked_up(&self, lsids: &[Lsid], known: &KnownSessions) -> Phase {
        let order = |lsid: &Lsid| Some(Order { lsid: lsid.clone(), source: source_for(known.get(lsid))? });
        let orders: Vec<Order> = lsids.iter().filter_map(order).collect();
        let after = self.after_window(lsids.len(), orders.len());
        if orders.is_empty() || self.stored.dry_run { Phase::Saving(after) } else { Phase::Enqueueing(orders, after) }
    }

    /// The job with one window more done.
    fn after_window(&self, listed: usize, outstanding: usize) -> StoredJob {
        let mut after = self.stored.clone();
        let job = &mut after.job;
        after.version += 1;
        job.windows_done += 1;
        job.listed += listed as u64;
        job.already_known += (listed - outstanding) as u64;
        job.enqueued += if after.dry_run { 0 } else { outstanding as u64 };
        if job.windows_done >= job.windows {
            job.state = JobState::Done;
        }
        after
    }
}

fn lsids_in(listing: Listing, window: Window) -> Vec<Lsid> {
    sessions_in(listing, window).into_iter().map(|session| session.lsid).collect()
}

/// In whose name it is to be enqueued; `None` if not at all.
fn source_for(known: Option<&Known>) -> Option<Origin> {
    match known.filter(|known| known.end_seen) {
        None => Some(Origin::Poll),
        Some(known) if known.state == SessionState::Ignored => Some(Origin::Replay),
        Some(_) => None,
    }
}
