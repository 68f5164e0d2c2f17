//! What must hold whatever happens.

use coverage::{Job, JobState, PollState, SessionState, Statement, StoredJob};

use super::HOUR;
use super::sabotage::Sabotage;
use super::schedule::Session;
use super::world::World;

const STATES: [SessionState; 9] = [
    SessionState::Delivered,
    SessionState::Skipped,
    SessionState::Ignored,
    SessionState::Unmatched,
    SessionState::Refused,
    SessionState::InDoubt,
    SessionState::Waiting,
    SessionState::GivenUp,
    SessionState::Missing,
];

impl World {
    /// Since when sessions are ours, by the source's clock: `deliver_from`, else when a poll first asked the source.
    fn ours_since(&self) -> Option<i64> {
        let deliver_from = self.schedule.settings.deliver_from;
        deliver_from.map(jiff::Timestamp::as_second).or(self.first_start)
    }

    fn overlap(&self) -> i64 {
        i64::from(self.schedule.settings.overlap_hours) * HOUR
    }

    /// The marks never go backwards, and none lies beyond the source's clock.
    pub(super) fn check_saved(&mut self, state: &PollState) {
        let source_now = self.source_now();
        let deliver_from = self.schedule.settings.deliver_from;
        if let Some(before) = &self.poll_state {
            let back = state.version <= before.version
                || state.mark < before.mark
                || state.looks.iter().any(|(level, mark)| before.looks.get(level).is_some_and(|before| mark < before));
            if back {
                self.breaks(|| "a mark goes backwards".to_owned());
            }
        } else if deliver_from.is_none() {
            let start = state.start.as_second();
            self.first_start = Some(start);
            let first_asked = self.first_asked.unwrap_or(source_now);
            let without_clock = self.is_without(Sabotage::SourceClock);
            if !without_clock && (start < first_asked || start > source_now) {
                self.breaks(|| format!("polling begins at {start}, and was first done at {first_asked}"));
            }
        } else if deliver_from.is_some_and(|deliver_from| deliver_from != state.start) {
            self.breaks(|| "polling does not begin at deliver_from".to_owned());
        }
        let beyond = state.mark.as_second() > source_now.max(state.start.as_second());
        if beyond && !self.is_without(Sabotage::SourceClock) {
            self.breaks(|| "the mark lies in the future".to_owned());
        }
    }

    /// A poll enqueues what nobody knows, and looks again at what only polls know; nothing else, and not more often than that.
    pub(super) fn check_order_of_poll(&mut self, began: i64, session: usize) {
        let ended = self.source_end(session);
        if self.ours_since().is_some_and(|since| ended < since) {
            self.breaks(|| format!("s{session:03} is enqueued, and ended before it was ours"));
        }
        let entry = self.ledger.get(&session).cloned().unwrap_or_default();
        if entry.announced.is_some_and(|announced| announced < began) {
            self.breaks(|| format!("s{session:03} is enqueued, and an event had told of it"));
        }
        let first_look = self.schedule.settings.look_again_hours.first().map_or(i64::MAX, |level| i64::from(*level) * HOUR);
        if entry.end_seen.is_some_and(|end_seen| end_seen < began) {
            if self.source_now() < ended + first_look {
                self.breaks(|| format!("s{session:03} is known, enqueued again, and nothing was due"));
            }
            self.figures.looks_again += 1;
        } else {
            self.figures.found_by_poll += 1;
            self.figures.listed_late +=
                u64::from(self.schedule.sessions[session].visible - self.schedule.sessions[session].ended > self.overlap());
        }
        *self.poll_orders.entry(session).or_default() += 1;
    }

    pub(super) fn check_order_of_statement(&mut self, began: i64, session: usize) {
        if self.ledger.get(&session).and_then(|entry| entry.end_seen).is_some_and(|end_seen| end_seen < began) {
            self.breaks(|| format!("a statement enqueues s{session:03}, which is known"));
        }
        let ended = self.source_end(session);
        if self.ours_since().is_some_and(|since| ended < since) {
            self.breaks(|| format!("a statement enqueues s{session:03}, which is not ours"));
        }
    }

    /// A run under way when its job is cancelled may finish its window, and nothing more.
    pub(super) fn check_order_of_job(&mut self, batches_after_cancelling: u32) {
        if batches_after_cancelling > 1 {
            self.breaks(|| "a cancelled job goes on".to_owned());
        }
    }

    pub(super) fn check_job(&mut self, new: &StoredJob) {
        let Some(before) = &self.job else { return };
        let StoredJob { job, .. } = new;
        if before.job.state == JobState::Cancelled {
            self.breaks(|| "a cancelled job runs again".to_owned());
        } else if job.windows_done != before.job.windows_done + 1 {
            self.breaks(|| "a job's window is not counted once".to_owned());
        }
        if job.listed != job.enqueued + job.already_known || job.windows_done > job.windows {
            self.breaks(|| format!("a job's counts do not add up: {job:?}"));
        }
    }

    /// A poll that came to its end has left nothing behind that it could see.
    pub(super) fn check_prompt(&mut self, began: i64, clock: i64) {
        let Some(since) = self.ours_since().filter(|_| clock == 0) else { return };
        for number in 0..self.schedule.sessions.len() {
            let Session { visible, ended, .. } = self.schedule.sessions[number];
            let source_end = self.source_end(number);
            let could_be_seen =
                source_end >= since && source_end < began && visible <= began && visible - ended <= self.overlap();
            let is_known = self.ledger.get(&number).is_some_and(|entry| entry.end_seen.is_some());
            if could_be_seen && !is_known && !self.ordered.contains(&number) {
                self.breaks(|| format!("a poll is done and has left s{number:03} out"));
            }
        }
    }

    pub(super) fn check_dry_run(&mut self, job: &Job) {
        let range = job.from.as_second()..job.to.as_second();
        let listed: Vec<usize> = (0..self.schedule.sessions.len())
            .filter(|number| self.schedule.sessions[*number].visible <= self.now && range.contains(&self.source_end(*number)))
            .collect();
        let known = |number: &&usize| self.ledger.get(number).is_some_and(|entry| entry.end_seen.is_some() && !entry.ignored);
        let (listed, known) = (listed.len() as u64, listed.iter().filter(known).count() as u64);
        let exact = (job.listed, job.already_known, job.enqueued) == (listed, known, 0);
        // Undated, what lies at the edge of a window is listed by both.
        if !exact && (self.schedule.dated || !self.schedule.inclusive) {
            self.breaks(|| format!("a dry run says {job:?}, and there are {listed}, {known} of them known"));
        }
        if job.windows_done != job.windows || job.state != JobState::Done {
            self.breaks(|| format!("a dry run is not done: {job:?}"));
        }
    }

    pub(super) fn check_adds_up(&mut self, statement: &Statement) {
        let sum: u64 = STATES.iter().map(|state| statement.count(*state)).sum();
        let told = statement.exceptions.len() as u64;
        let settled = statement.delivered + statement.skipped + statement.ignored;
        if sum != statement.listed || told + settled != statement.listed || statement.healed > statement.delivered {
            self.breaks(|| format!("a statement does not add up: {statement:?}"));
        }
    }

    pub(super) fn check_at_the_end(&mut self) {
        for number in 0..self.schedule.sessions.len() {
            self.check_session_at_the_end(number);
        }
        self.check_job_at_the_end();
        self.check_statement_at_the_end();
    }

    fn check_session_at_the_end(&mut self, number: usize) {
        let session = self.schedule.sessions[number].clone();
        let is_ours = self.ours_since().is_some_and(|since| self.source_end(number) >= since);
        let entry = self.ledger.get(&number).cloned().unwrap_or_default();
        if !is_ours {
            return;
        }
        // Undated, a session of the statement's first hour is left to whoever wrote before.
        let left_out = session.for_statement && !self.schedule.dated;
        if entry.end_seen.is_none() && !left_out {
            return self.breaks(|| format!("s{number:03} is lost"));
        }
        self.figures.long_sessions += u64::from(session.ended - session.started > 2 * HOUR);
        if let Some(survey) = session.survey
            && entry.announced.is_none()
            && !left_out
        {
            if entry.read.is_none_or(|read| read < survey) {
                self.breaks(|| format!("nobody has seen the survey of s{number:03}"));
            }
            self.figures.late_surveys += u64::from(survey - session.ended > HOUR);
        }
        let looks = self.schedule.settings.look_again_hours.len() as u64;
        // Undated, what lies at the edge of a window is looked at twice.
        let looks = if self.schedule.dated { looks } else { 2 * looks };
        let allowed = 1 + looks + self.disrupted;
        let orders = self.poll_orders.get(&number).copied().unwrap_or_default();
        if orders > allowed {
            self.breaks(|| format!("s{number:03} was enqueued {orders} times, {allowed} are allowed"));
        }
    }

    fn check_job_at_the_end(&mut self) {
        let Some(StoredJob { job, .. }) = self.job.clone() else { return };
        match job.state {
            JobState::Running => return self.breaks(|| format!("a job never ends: {job:?}")),
            JobState::Cancelled => return self.figures.jobs_cancelled += 1,
            JobState::Done => self.figures.jobs_done += 1,
        }
        for number in 0..self.schedule.sessions.len() {
            let inside = (job.from.as_second()..job.to.as_second()).contains(&self.source_end(number));
            if !inside || self.schedule.sessions[number].visible > self.job_planned {
                continue;
            }
            let entry = self.ledger.get(&number).cloned().unwrap_or_default();
            let was_ignored = entry.ignored && entry.end_seen.is_some_and(|end_seen| end_seen < self.job_planned);
            if entry.end_seen.is_none() || was_ignored {
                self.breaks(|| format!("a backfill has left s{number:03} out"));
            }
        }
    }

    /// The last statement lists all there is, misses nothing, and knows what the one before has healed.
    fn check_statement_at_the_end(&mut self) {
        let Some(statement) = self.statement.clone() else { return self.breaks(|| "there is no statement".to_owned()) };
        if !self.schedule.dated {
            return;
        }
        let range = statement.from.as_second()..statement.to.as_second();
        let listed = (0..self.schedule.sessions.len()).filter(|number| range.contains(&self.source_end(*number))).count() as u64;
        if statement.listed != listed || statement.missing > 0 {
            self.breaks(|| format!("{listed} sessions have ended, and the last statement says {statement:?}"));
        }
        let healed = self.missed.iter().filter(|lsid| !statement.exceptions.iter().any(|one| one.lsid == **lsid)).count() as u64;
        let ignored = statement.ignored;
        if statement.healed > healed || statement.healed + ignored < healed {
            self.breaks(|| format!("{healed} sessions were healed, and the last statement says {statement:?}"));
        }
    }
}
