//! `session-bridge backfill`: brings what ended in a range to the queue, as far as nobody has written it.

use std::time::Duration;

use clap::Subcommand;
use coverage::{Job, JobId, JobState, StoredJob};
use ledger::Ledger;
use serde_json::json;
use session::ApplianceId;

use super::Common;
use super::argument::appliance_id;
use super::desk::{Desk, now, unread};
use super::progress::Progress;
use super::question::confirm;
use super::range::{check, check_known, no_range, range, unanswered};
use super::sessions::minute;
use crate::desk::backfill::{self, Cancelled, Stands, Wish};
use crate::desk::poller::Poller;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Backfill {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    range: Option<Range>,
}

#[derive(Debug, clap::Args)]
struct Range {
    /// Whose sessions.
    // Not the id of the option of every command, which is a text.
    #[arg(id = "whose", value_name = "APPLIANCE", value_parser = appliance_id, required = true)]
    appliance: ApplianceId,
    /// Ended since: a date (in UTC), a moment as in RFC 3339, or how long ago (24h, 7d, 2w). 90 days at most.
    #[arg(long, value_name = "WHEN", required = true)]
    from: String,
    /// Ended before then, as above; the whole of a date counts. Left out: now.
    #[arg(long, value_name = "WHEN")]
    to: Option<String>,
    /// Counts what it would enqueue, and enqueues nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the backfills of the last 400 days.
    #[command(after_help = "Example:\n  session-bridge backfill list --appliance default")]
    List,
    /// Stops one. What it enqueued stays so.
    #[command(after_help = "Example:\n  session-bridge backfill cancel 20261118t000000-20261125t000000-1")]
    Cancel {
        /// Its id, as `backfill list` shows it.
        id: JobId,
    },
}

/// How often a job that is watched is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Backfill {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        match (self.command, self.range) {
            (Some(Command::List), _) => list(common).await,
            (Some(Command::Cancel { id }), _) => cancel(common, &id).await,
            (None, Some(range)) => range.run(common).await,
            (None, None) => {
                let hint = "for example: session-bridge backfill default --from 7d --dry-run";
                Err(Failure::usage("which appliance, and which range?", hint))
            }
        }
    }
}

impl Range {
    async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let (from, to) = range(&self.from, self.to.as_deref(), now())?;
        let wish = Wish { from, to, dry_run: self.dry_run };
        // Said before anybody is asked.
        check((from, to), now())?;
        let stack = Stack::find(common).await?;
        let (poller, ledger) = (stack.poller()?, stack.ledger()?);
        check_known(common, &stack, &self.appliance).await?;
        let kept: Vec<StoredJob> = ledger.backfills(&self.appliance).await.map_err(|error| unread(&error))?;
        let stands = backfill::stands_for(wish, &self.appliance, &kept, now()).map_err(no_range)?;
        match &stands {
            Stands::Running(stored) => eprintln!("Goes on with {}, which runs already.", stored.job.id),
            Stands::ToBegin(stored) if !self.dry_run && !confirm(common, &question(&stored.job))? => return Ok(Outcome::Done),
            Stands::ToBegin(_) => {}
        }
        let job = backfill::begin(&ledger, stands, now()).await.map_err(|error| unread(&error))?;
        let job = watch(&ledger, &poller, job, self.dry_run).await?;
        match common.format() {
            Format::Json => output::json(&job),
            Format::Text => println!("{}", told(&job, self.dry_run)),
        }
        Ok(if job.state == JobState::Done { Outcome::Done } else { Outcome::NeedsPerson })
    }
}

fn question(job: &Job) -> String {
    format!(
        "Have all sessions of {} written that ended {} to {} (UTC) and that nobody has written? --dry-run counts them first.",
        job.appliance,
        minute(job.from),
        minute(job.to)
    )
}

/// Has the poller go on with the job until it ends.
async fn watch(ledger: &Ledger, poller: &Poller, mut job: Job, dry_run: bool) -> Result<Job, Failure> {
    let mut progress = Progress::new();
    while job.state == JobState::Running {
        let before = job.clone();
        let going_on = backfill::go_on(poller, &before);
        tokio::pin!(going_on);
        loop {
            tokio::select! {
                went_on = &mut going_on => {
                    job = went_on.map_err(|error| stopped(&job, dry_run, unanswered(&job.appliance, &error)))?;
                    break;
                }
                _ = tokio::signal::ctrl_c() => {
                    job = as_kept(ledger, job).await;
                    return Err(stopped(&job, dry_run, Failure::refused("broken off", "")));
                }
                () = tokio::time::sleep(LOOK_EVERY) => {
                    job = as_kept(ledger, job).await;
                }
            }
            progress.tell(&how_far(&job));
        }
        progress.tell(&how_far(&job));
    }
    Ok(job)
}

/// The job as it is kept now. Only to be shown: what cannot be read is told by the poller's answer.
async fn as_kept(ledger: &Ledger, job: Job) -> Job {
    match ledger.backfill::<StoredJob>(&job.appliance, job.id.as_str()).await {
        Ok(Some(kept)) => kept.job,
        _ => job,
    }
}

fn how_far(job: &Job) -> String {
    format!(
        "{} of {} hours looked at: {} sessions, {} of them not known",
        job.windows_done,
        job.windows,
        job.listed,
        job.outstanding()
    )
}

/// What stopped the watching, and how to go on: the job itself stays.
fn stopped(job: &Job, dry_run: bool, why: Failure) -> Failure {
    let (Failure::Usage { what, hint } | Failure::Refused { what, hint }) = why;
    let dry_run = if dry_run { " --dry-run" } else { "" };
    let next = format!(
        "the job stays, and the poller's schedule goes on with it; watch it with: session-bridge backfill {} --from {} --to {}{dry_run}; \
         stop it with: session-bridge backfill cancel {}",
        job.appliance, job.from, job.to, job.id
    );
    let hint = if hint.is_empty() { next } else { format!("{hint}\n  -> {next}") };
    Failure::refused(format!("{what} ({} of {} hours done)", job.windows_done, job.windows), hint)
}

fn told(job: &Job, dry_run: bool) -> String {
    let outcome = match (job.state, dry_run) {
        (JobState::Done, true) => format!("{} would be enqueued; nothing was", job.outstanding()),
        (JobState::Done, false) => format!("{} enqueued. See: session-bridge sessions list", job.enqueued),
        _ => format!("{} enqueued. It was cancelled after {} of {} hours", job.enqueued, job.windows_done, job.windows),
    };
    format!("{}: {} sessions listed, {} known already, {outcome}.", job.id, job.listed, job.already_known)
}

async fn list(common: &Common) -> Result<Outcome, Failure> {
    let desk = Desk::open(common).await?;
    let mut jobs: Vec<Job> = Vec::new();
    for appliance in &desk.appliances {
        let kept: Vec<StoredJob> = desk.ledger.backfills(appliance).await.map_err(|error| unread(&error))?;
        jobs.extend(kept.into_iter().map(|stored| stored.job));
    }
    if jobs.is_empty() {
        desk.check_appliance(common).await?;
    }
    match common.format() {
        Format::Json => output::json(&json!({ "backfills": jobs })),
        Format::Text if jobs.is_empty() => println!("There is no backfill."),
        Format::Text => {
            let heads = ["APPLIANCE", "ID", "FROM (UTC)", "TO (UTC)", "HOURS", "LISTED", "KNOWN", "ENQUEUED", "STATE"];
            println!("{}", output::table(heads, jobs.iter().map(cells)));
        }
    }
    Ok(Outcome::Done)
}

fn cells(job: &Job) -> [String; 9] {
    [
        job.appliance.to_string(),
        job.id.to_string(),
        minute(job.from),
        minute(job.to),
        format!("{} of {}", job.windows_done, job.windows),
        job.listed.to_string(),
        job.already_known.to_string(),
        job.enqueued.to_string(),
        match job.state {
            JobState::Running => "running",
            JobState::Cancelled => "cancelled",
            JobState::Done => "done",
        }
        .to_owned(),
    ]
}

async fn cancel(common: &Common, id: &JobId) -> Result<Outcome, Failure> {
    let desk = Desk::open(common).await?;
    for appliance in &desk.appliances {
        match backfill::cancel(&desk.ledger, appliance, id, now()).await.map_err(|error| unread(&error))? {
            Cancelled::Unknown => {}
            Cancelled::Yes(job) => {
                match common.format() {
                    Format::Json => output::json(&job),
                    Format::Text => println!("{}", told(&job, false)),
                }
                return Ok(Outcome::Done);
            }
            Cancelled::EndedBefore(job) => {
                let hint = "session-bridge backfill list shows how it ended";
                return Err(Failure::usage(format!("the backfill {} has ended already", job.id), hint));
            }
            Cancelled::Overtaken => return Err(Failure::refused("the poller was quicker each time", "try again")),
        }
    }
    desk.check_appliance(common).await?;
    let hint = "session-bridge backfill list shows what there is";
    Err(Failure::refused(format!("there is no backfill {id}"), hint))
}
