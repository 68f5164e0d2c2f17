//! Backfills as a person sees them: begun or resumed, watched, cancelled. What is enqueued, the poller decides.

use coverage::{Job, JobId, JobState, PlanError, Request, StoredJob};
use jiff::Timestamp;
use ledger::{Ledger, LedgerError};
use session::ApplianceId;

use super::poller::{NoAnswer, Poller};

/// How often two who change the same job at once may be in each other's way before one gives up. The poller keeps a job after
/// each window, which takes it longer than a read and a write of ours.
const TRIES_MAX: u32 = 20;

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Sessions that ended in this second or later …
    pub(crate) from: Timestamp,
    /// … and before this one.
    pub(crate) to: Timestamp,
    /// Only to be counted.
    pub(crate) dry_run: bool,
}

/// A job that stands for a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stands {
    /// It runs already, begun by whomever.
    Running(StoredJob),
    /// It is to be kept first.
    ToBegin(StoredJob),
}

/// The job for the wish: the one that runs over just that range, or a new one. Its id follows from the range, so that of two who
/// begin the same at once one joins the other.
///
/// # Errors
///
/// A [`PlanError`]: there is no such range.
pub(crate) fn stands_for(wish: Wish, appliance: &ApplianceId, kept: &[StoredJob], now: Timestamp) -> Result<Stands, PlanError> {
    let planned = |id| StoredJob::plan(id, appliance.clone(), (wish.from, wish.to), wish.dry_run, now);
    let draft = planned(name(wish, (wish.from, wish.to), 1))?;
    let range = (draft.job.from, draft.job.to);
    let same: Vec<&StoredJob> =
        kept.iter().filter(|kept| kept.dry_run == wish.dry_run && (kept.job.from, kept.job.to) == range).collect();
    if let Some(running) = same.iter().find(|kept| kept.job.state == JobState::Running) {
        return Ok(Stands::Running((*running).clone()));
    }
    // Jobs are forgotten after a year: a number that is free, not the count.
    let is_free = |number: &usize| !kept.iter().any(|kept| kept.job.id == name(wish, range, *number));
    let number = (1..).find(is_free).unwrap_or(1);
    planned(name(wish, range, number)).map(Stands::ToBegin)
}

/// As `20261118t080000-20261125t080000-1`, 40 characters at most.
fn name(wish: Wish, (from, to): (Timestamp, Timestamp), number: usize) -> JobId {
    let moment = |at: Timestamp| at.strftime("%Y%m%dt%H%M%S").to_string();
    let kind = if wish.dry_run { "-dry" } else { "" };
    format!("{}-{}-{number}{kind}", moment(from), moment(to)).parse().unwrap_or_else(|_| one())
}

/// For ranges that are none anyway, as those before year 0: no plan is made of them.
fn one() -> JobId {
    "1".parse().expect("it is a name")
}

/// Keeps the job that is to begin; returns the one that runs, which may be somebody else's.
///
/// # Errors
///
/// As the ledger's.
pub(crate) async fn begin(ledger: &Ledger, stands: Stands, now: Timestamp) -> Result<Job, LedgerError> {
    let stored = match stands {
        Stands::Running(stored) => return Ok(stored.job),
        Stands::ToBegin(stored) => stored,
    };
    let (appliance, id) = (&stored.job.appliance, stored.job.id.as_str());
    if ledger.keep_backfill(appliance, id, &stored, stored.version, now).await? {
        return Ok(stored.job);
    }
    let theirs: Option<StoredJob> = ledger.backfill(appliance, id).await?;
    Ok(theirs.unwrap_or(stored).job)
}

/// Has the poller go on with the job for a while (some twenty seconds).
///
/// # Errors
///
/// A [`NoAnswer`]; the job stays.
pub(crate) async fn go_on(poller: &Poller, job: &Job) -> Result<Job, NoAnswer> {
    poller.ask(&Request::Backfill { appliance: job.appliance.clone(), id: job.id.clone() }).await
}

/// What came of a wish to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// It is. What was enqueued stays so.
    Yes(Job),
    /// It had ended before.
    EndedBefore(Job),
    /// There is no such job.
    Unknown,
    /// The poller was quicker each time.
    Overtaken,
}

/// Cancels the job of that id.
///
/// # Errors
///
/// As the ledger's.
pub(crate) async fn cancel(
    ledger: &Ledger,
    appliance: &ApplianceId,
    id: &JobId,
    now: Timestamp,
) -> Result<Cancelled, LedgerError> {
    for _ in 0..TRIES_MAX {
        let Some(stored) = ledger.backfill::<StoredJob>(appliance, id.as_str()).await? else { return Ok(Cancelled::Unknown) };
        let Some(cancelled) = stored.cancelled() else { return Ok(Cancelled::EndedBefore(stored.job)) };
        if ledger.keep_backfill(appliance, id.as_str(), &cancelled, cancelled.version, now).await? {
            return Ok(Cancelled::Yes(cancelled.job));
        }
    }
    Ok(Cancelled::Overtaken)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const NOW: &str = "2026-11-25T08:00:00Z";

    fn wish(from: &str, to: &str, dry_run: bool) -> Wish {
        Wish { from: from.parse().unwrap(), to: to.parse().unwrap(), dry_run }
    }

    fn stands(wish: Wish, kept: &[StoredJob]) -> Result<Stands, PlanError> {
        stands_for(wish, &ApplianceId::default(), kept, NOW.parse().unwrap())
    }

    fn begun(wish: Wish, kept: &[StoredJob]) -> StoredJob {
        match stands(wish, kept).unwrap() {
            Stands::ToBegin(stored) => stored,
            Stands::Running(stored) => panic!("{} runs", stored.job.id),
        }
    }

    #[test]
    fn same_range_again_resumes_what_runs_and_begins_anew_once_that_has_ended() {
        let day = wish("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z", false);
        let first = begun(day, &[]);
        assert_eq!((first.job.id.as_str(), first.job.windows), ("20261118t000000-20261119t000000-1", 24));
        assert_eq!(stands(day, std::slice::from_ref(&first)).unwrap(), Stands::Running(first.clone()));
        assert_eq!(
            begun(wish("2026-11-18T00:00:00Z", "2026-11-20T00:00:00Z", false), std::slice::from_ref(&first)).job.windows,
            48
        );
        let ended = first.cancelled().unwrap();
        assert_eq!(begun(day, &[ended]).job.id.as_str(), "20261118t000000-20261119t000000-2");
    }

    #[test]
    fn dry_run_is_a_job_of_its_own_and_two_who_begin_at_once_name_it_alike() {
        let range = |dry_run| wish("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z", dry_run);
        let first = begun(range(false), &[]);
        let dry = begun(range(true), std::slice::from_ref(&first));
        assert_eq!((dry.job.id.as_str(), dry.dry_run), ("20261118t000000-20261119t000000-1-dry", true));
        assert_eq!(begun(range(true), &[]), dry);
    }

    #[test]
    fn range_that_is_none_is_refused_and_one_that_lasts_ends_now() {
        assert_eq!(stands(wish("2026-11-19T00:00:00Z", "2026-11-18T00:00:00Z", false), &[]), Err(PlanError::Empty));
        assert_eq!(stands(wish("2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z", false), &[]), Err(PlanError::Empty));
        let old = stands(wish("2026-08-01T00:00:00Z", "2026-11-18T00:00:00Z", false), &[]);
        assert!(matches!(old, Err(PlanError::BeyondHorizon { .. })), "{old:?}");
        assert_eq!(begun(wish("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z", false), &[]).job.to, NOW.parse().unwrap());
    }
}
