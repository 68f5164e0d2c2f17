//! `session-bridge replay`: has sessions done again.

use std::time::Duration;

use super::Common;
use super::desk::{Desk, FilterArgs, now, unread};
use super::progress::Progress;
use super::question::confirm;
use crate::desk::replay::{self, Asked, Report};
use crate::desk::sessions::{self, Session};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

/// Its arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// The sessions: lsid (or the beginning of it), sequence number or ticket. None: those that the filters mean.
    sessions: Vec<String>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Counts and lists them, and sends nothing.
    #[arg(long)]
    dry_run: bool,
    /// Follows them for so many seconds; 0: not at all.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    follow: u32,
}

/// More than this at once would wait behind the hourly budget of Autotask.
const REPLAYED_MAX: usize = 100_000;

impl Replay {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let filter = self.filter.filter(now())?;
        if self.sessions.is_empty() == filter.is_empty() {
            let hint = "for example: session-bridge replay 48213, or session-bridge replay --state refused --since 7d";
            return Err(Failure::usage("name sessions or give filters, not both and not neither", hint));
        }
        let desk = Desk::open(common).await?;
        let matched = self.matched(common, &desk).await?;
        let report = Report { matched: matched.len(), ..Report::default() };
        if self.dry_run || matched.is_empty() {
            if matched.is_empty() {
                desk.check_appliance(common).await?;
            }
            tell(common, &report, &matched);
            return Ok(Outcome::Done);
        }
        let count = matched.len();
        if !confirm(common, &format!("Replay {count} {}? Only what is missing is written.", sessions_word(count)))? {
            return Ok(Outcome::Done);
        }
        self.send_and_follow(common, &desk, &matched).await
    }

    async fn matched(&self, common: &Common, desk: &Desk) -> Result<Vec<Session>, Failure> {
        let mut progress = Progress::new();
        let mut matched = Vec::new();
        for name in &self.sessions {
            matched.extend(desk.named(common, name, REPLAYED_MAX).await?);
        }
        if self.sessions.is_empty() {
            let looked = |looked| progress.tell(&format!("{looked} sessions looked at"));
            let filter = self.filter.filter(now())?;
            let found = sessions::find(&desk.ledger, &desk.appliances, &filter, (None, REPLAYED_MAX), looked).await;
            matched = found.map_err(|error| unread(&error))?.sessions;
        }
        // A session may be named twice.
        matched.sort_by(|one, other| (&one.appliance, &one.listed.lsid).cmp(&(&other.appliance, &other.listed.lsid)));
        matched.dedup_by(|one, other| (&one.appliance, &one.listed.lsid) == (&other.appliance, &other.listed.lsid));
        Ok(matched)
    }

    async fn send_and_follow(&self, common: &Common, desk: &Desk, matched: &[Session]) -> Result<Outcome, Failure> {
        let mut asked = Vec::new();
        tokio::select! {
            sent = send_all(desk, matched, &mut asked) => sent?,
            _ = tokio::signal::ctrl_c() => return Err(broken_off(asked.len(), matched.len())),
        }
        let sent = asked.len();
        let mut progress = Progress::new();
        let limit = Duration::from_secs(u64::from(self.follow));
        let ended = |ended| progress.tell(&format!("{ended} of {sent} at their end"));
        let results = tokio::select! {
            results = replay::follow(&desk.ledger, asked, limit, ended) => results.map_err(|error| unread(&error))?,
            _ = tokio::signal::ctrl_c() => return Err(broken_off(sent, matched.len())),
        };
        drop(progress);
        let needs_person = results.iter().any(|result| result.state.needs_person());
        tell(common, &Report { matched: matched.len(), sent, results }, matched);
        Ok(if needs_person { Outcome::NeedsPerson } else { Outcome::Done })
    }
}

async fn send_all(desk: &Desk, matched: &[Session], asked: &mut Vec<Asked>) -> Result<(), Failure> {
    let events = desk.stack.events()?;
    let mut progress = Progress::new();
    for session in matched {
        let one = replay::send(&events, session, now()).await.map_err(|error| {
            let hint = format!(
                "{} of {} were sent; sending again writes nothing twice. The account needs sqs:SendMessage on the events queue",
                asked.len(),
                matched.len()
            );
            Failure::refused(error.to_string(), hint)
        })?;
        asked.push(one);
        progress.tell(&format!("{} of {} sent", asked.len(), matched.len()));
    }
    Ok(())
}

fn broken_off(sent: usize, matched: usize) -> Failure {
    let hint = "what was sent is worked on all the same: session-bridge sessions list shows how it stands";
    Failure::refused(format!("broken off: {sent} of {matched} were sent"), hint)
}

fn sessions_word(count: usize) -> &'static str {
    if count == 1 { "session" } else { "sessions" }
}

fn tell(common: &Common, report: &Report, matched: &[Session]) {
    if common.format() == Format::Json {
        return output::json(report);
    }
    println!("{} {} matched, {} sent.", report.matched, sessions_word(report.matched), report.sent);
    if report.sent == 0 {
        for session in matched {
            println!("  {}  {}", session.listed.lsid, session.state().name());
        }
    }
    for result in &report.results {
        println!("  {}  {}", result.lsid, result.state.name());
    }
}
