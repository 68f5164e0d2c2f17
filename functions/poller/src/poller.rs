//! The poller: all connections side by side, or what somebody asked for.
//!
//! For each connection, in this order and as far as there is time: what ended is looked at, the daily statement is made, open backfills go
//! on. Nothing rests on a run coming to its end: each keeps how far it is, and two at once do no harm.

use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

use coverage::{
    Backfill, Ended, Failed, Job, JobState, Poll, PollSettings, PollState, Polled, Reply, Request, SessionState, Statement,
    StatementRun, StatementSettings, StoredJob,
};
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use ledger::Ledger;
use link::{Link, LinkError, Links};
use queue::EventsQueue;
use serde::Serialize;
use serde_json::Value;
use session::ApplianceId;
use telemetry::{Line, Log};

use crate::clock::{self, ROUND_MAX};
use crate::daily::{self, Range};
use crate::log_line::{Task, backfilled_line, failed_line, notice_failed_line, polled_line, statement_line};
use crate::notify::{self, Notifier};
use crate::run::{RunError, Site, Tally};

/// Connections that are looked after at the same time. One that is down takes half a minute before it fails, and nobody should wait for
/// it; memory holds what so many list in an hour.
const CONNECTIONS_AT_ONCE: usize = 10;

/// How long a backfill goes on when somebody asks for it: the one who watches should see it move.
const SLICE: SignedDuration = SignedDuration::from_secs(20);

/// What the poller works with.
pub struct Poller {
    /// The connections of the stack.
    pub appliances: BTreeSet<ApplianceId>,
    /// The connections, ready to be used.
    pub links: Links,
    /// The ledger.
    pub ledger: Ledger,
    /// The queue that sessions go to.
    pub queue: EventsQueue,
    /// Tells people.
    pub notifier: Notifier,
    /// Where lines go.
    pub log: Log,
    /// The statement that each connection is known to have, to ask the ledger once a day and not at each turn.
    pub stated: Mutex<HashMap<ApplianceId, Timestamp>>,
}

impl Poller {
    /// Looks after all connections. What fails is told in the log, and tried again by the next schedule.
    pub async fn everyone(&self, deadline: Timestamp) {
        let all = futures_util::stream::iter(&self.appliances);
        all.for_each_concurrent(CONNECTIONS_AT_ONCE, async |appliance| {
            // A defect is one connection's failure: the others are looked after.
            if AssertUnwindSafe(Box::pin(self.look_after(appliance, deadline))).catch_unwind().await.is_err() {
                self.print(&failed_line(appliance, Task::Poll, &RunError::Defect));
            }
        })
        .await;
    }

    /// Does what somebody asked for; the answer is for them.
    pub async fn asked(&self, request: Request, deadline: Timestamp) -> Value {
        let appliance = request.appliance().clone();
        match request {
            Request::Poll { .. } => {
                let polled = self.with(&appliance, deadline, async |site| self.poll(site).await).await;
                self.reply(&appliance, Task::Poll, polled)
            }
            Request::Backfill { id, .. } => {
                let job = self
                    .with(&appliance, deadline, async |site| {
                        let stored = self.ledger.backfill::<StoredJob>(&appliance, id.as_str()).await?;
                        self.backfill(
                            site,
                            stored.ok_or(RunError::UnknownJob)?,
                            clock::now().saturating_add(SLICE).unwrap_or(deadline),
                        )
                        .await
                    })
                    .await;
                self.reply(&appliance, Task::Backfill, job)
            }
            Request::Statement { from, to, .. } => {
                let statement = self.with(&appliance, deadline, async |site| self.state(site, Range { from, to }).await).await;
                self.reply(&appliance, Task::Statement, statement)
            }
        }
    }

    fn reply<T: Serialize>(&self, appliance: &ApplianceId, task: Task, outcome: Result<T, RunError>) -> Value {
        let reply = match outcome {
            Ok(done) => Reply::Done(done),
            Err(error) => {
                self.print(&failed_line(appliance, task, &error));
                Reply::Failed { failure: Failed { cause: error.cause().to_owned(), what: error.sentence() } }
            }
        };
        serde_json::to_value(reply).expect("answers have no maps with other keys than text")
    }

    fn print(&self, line: &Line) {
        line.print(&self.log, clock::now());
    }

    /// With the connection's clients; what its source issued meanwhile is shared.
    async fn with<T>(
        &self,
        appliance: &ApplianceId,
        deadline: Timestamp,
        task: impl AsyncFnOnce(&Site<'_>) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let link = self.links.get(appliance, clock::now()).await?;
        let outcome = Box::pin(task(&self.site(appliance, &link, deadline))).await;
        self.links.share_token(&link, appliance, clock::now()).await;
        outcome
    }

    fn site<'a>(&'a self, appliance: &'a ApplianceId, link: &'a Link, deadline: Timestamp) -> Site<'a> {
        Site { appliance, link, ledger: &self.ledger, queue: &self.queue, deadline }
    }

    async fn look_after(&self, appliance: &ApplianceId, deadline: Timestamp) {
        let link = match self.links.get(appliance, clock::now()).await {
            Ok(link) => link,
            // Not made yet. Its first event tells people; there is nothing to poll so far.
            Err(LinkError::Document(connection::LoadError::Missing { .. })) => {
                tracing::info!(%appliance, "there is no connection document yet");
                return;
            }
            Err(error) => return self.print(&failed_line(appliance, Task::Poll, &error.into())),
        };
        let site = self.site(appliance, &link, deadline);
        if link.document().polling.enabled {
            // One that does not answer is not asked for more.
            if let Err(error) = self.poll(&site).await {
                return self.print(&failed_line(appliance, Task::Poll, &error));
            }
            if let Err(error) = self.daily_statement(&site).await {
                self.print(&failed_line(appliance, Task::Statement, &error));
            }
        }
        if let Err(error) = self.open_backfills(&site).await {
            self.print(&failed_line(appliance, Task::Backfill, &error));
        }
        self.links.share_token(&link, appliance, clock::now()).await;
    }

    async fn poll(&self, site: &Site<'_>) -> Result<Polled, RunError> {
        let document = site.link.document();
        if !document.polling.enabled {
            return Err(RunError::NotWanted("polling.enabled is not set in the connection document"));
        }
        let settings = PollSettings {
            deliver_from: document.deliver_from,
            overlap_hours: document.polling.overlap_hours,
            look_again_hours: document.polling.look_again_hours.clone(),
        };
        let stored: Option<PollState> = self.ledger.poll_state(site.appliance).await?;
        let mark = Mutex::new(stored.as_ref().map(|state| state.mark));
        let mut poll = Poll::new(stored, settings, clock::now());
        let save = async |state: PollState| {
            let is_kept = self.ledger.keep_poll_state(site.appliance, &state, state.version, clock::now()).await?;
            if is_kept {
                *mark.lock().unwrap_or_else(PoisonError::into_inner) = Some(state.mark);
            }
            Ok(is_kept)
        };
        let (ended, Tally { listed, enqueued }) = site.run(&mut poll, last_round(site.deadline), save).await?;
        let mark = *mark.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = Polled { appliance: site.appliance.clone(), listed, enqueued, mark, ended };
        self.print(&polled_line(&polled));
        Ok(polled)
    }

    async fn open_backfills(&self, site: &Site<'_>) -> Result<(), RunError> {
        let jobs: Vec<StoredJob> = self.ledger.backfills(site.appliance).await?;
        for stored in jobs.into_iter().filter(|stored| stored.job.state == JobState::Running) {
            self.backfill(site, stored, site.deadline).await?;
        }
        Ok(())
    }

    async fn backfill(&self, site: &Site<'_>, stored: StoredJob, until: Timestamp) -> Result<Job, RunError> {
        let id = stored.job.id.clone();
        let mut backfill = Backfill::new(stored);
        let save = async |stored: StoredJob| {
            self.ledger.keep_backfill(site.appliance, id.as_str(), &stored, stored.version, clock::now()).await
        };
        let (ended, tally) = site.run(&mut backfill, until.min(last_round(site.deadline)), save).await?;
        let job = match ended {
            // What the other one has kept is the truth.
            Ended::Overtaken => {
                self.ledger.backfill::<StoredJob>(site.appliance, id.as_str()).await?.ok_or(RunError::UnknownJob)?.job
            }
            Ended::Complete | Ended::TimeShort => backfill.job().clone(),
        };
        self.print(&backfilled_line(&job, tally));
        Ok(job)
    }

    /// Makes the day's statement, unless it is there.
    async fn daily_statement(&self, site: &Site<'_>) -> Result<(), RunError> {
        let Some(due) = daily::due(clock::now(), &site.link.document().time_zone) else { return Ok(()) };
        if self.is_stated(site.appliance, due).await? {
            return Ok(());
        }
        let statement = self.state(site, due).await?;
        self.remember(site.appliance, due);
        if !notify::is_wanted(site.link.document().statement, &statement) {
            return Ok(());
        }
        // Of two pollers at once, one tells.
        let group = format!("statement to {}", due.to);
        if self.ledger.should_notify(site.appliance, &group, clock::now()).await.unwrap_or(true)
            && let Err(error) = self.notifier.tell(site.link.name_of(site.appliance), &statement).await
        {
            self.print(&notice_failed_line(site.appliance, &error));
        }
        Ok(())
    }

    async fn is_stated(&self, appliance: &ApplianceId, due: Range) -> Result<bool, RunError> {
        let is_known = |to: &Timestamp| *to == due.to;
        if self.stated.lock().unwrap_or_else(PoisonError::into_inner).get(appliance).is_some_and(is_known) {
            return Ok(true);
        }
        let kept: Vec<Statement> = self.ledger.statements(appliance, due.to).await?;
        let is_there = kept.iter().any(|statement| statement.to == due.to && statement.from == due.from);
        if is_there {
            self.remember(appliance, due);
        }
        Ok(is_there)
    }

    fn remember(&self, appliance: &ApplianceId, due: Range) {
        self.stated.lock().unwrap_or_else(PoisonError::into_inner).insert(appliance.clone(), due.to);
    }

    /// A statement over that range. What is missing is enqueued where it is known since when the sessions are ours; elsewhere somebody else
    /// may have written them, so it is only told.
    async fn state(&self, site: &Site<'_>, range: Range) -> Result<Statement, RunError> {
        let polled: Option<PollState> = self.ledger.poll_state(site.appliance).await?;
        let ours_since = site.link.document().deliver_from.or(polled.map(|state| state.start));
        let earlier: Vec<Statement> = self.ledger.statements(site.appliance, range.from).await?;
        let exceptions = earlier.into_iter().flat_map(|statement| statement.exceptions);
        let missed = exceptions.filter(|exception| exception.state == SessionState::Missing).map(|exception| exception.lsid);
        let settings = StatementSettings {
            appliance: site.appliance.clone(),
            from: range.from,
            to: range.to,
            ours_since: ours_since.unwrap_or(Timestamp::MIN),
            heals: ours_since.is_some(),
            missed_before: missed.collect(),
        };
        let now = clock::now();
        let mut run = StatementRun::new(settings, now);
        let save = async |statement: Statement| self.ledger.keep_statement(site.appliance, &statement, now).await.map(|()| true);
        match site.run(&mut run, last_round(site.deadline), save).await? {
            (Ended::TimeShort, _) => Err(RunError::NoTime),
            _ => {
                let statement = run.into_statement();
                self.print(&statement_line(&statement));
                Ok(statement)
            }
        }
    }
}

/// When the last round must have begun.
fn last_round(deadline: Timestamp) -> Timestamp {
    deadline.saturating_sub(ROUND_MAX).unwrap_or(deadline)
}
