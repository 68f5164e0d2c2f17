//! `session-bridge shadow` and `session-bridge forget`: what would have been written, and its end.

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Value, json};
use session::{ApplianceId, Lsid};

use super::Common;
use super::desk::{Desk, now, unread};
use super::question::confirm;
use super::sessions::minute;
use super::shadow_diff::diff;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the sessions of which is kept what would have been written.
    #[command(after_help = "Example:\n  session-bridge shadow list --appliance default")]
    List,
    /// Shows the texts that would have been written, whole chats included.
    #[command(after_help = "Example:\n  session-bridge shadow show 7d1f0c52a9be4e6f8a3b90d4c6e21f57")]
    Show {
        /// The session's lsid.
        lsid: String,
    },
    /// Compares what would have been written with what others have written on the ticket at that time.
    ///
    /// That time is from a day before the session's end to two days after it. Notes are paired by their words, time entries by whose they
    /// are and when. `+` is only here, `-` only there. Exit code 1 if nobody has written what would have been written, or a time entry differs.
    #[command(after_help = "Example:\n  session-bridge shadow diff 7d1f0c52a9be4e6f8a3b90d4c6e21f57")]
    Diff {
        /// The session's lsid.
        lsid: String,
    },
}

/// The arguments of `forget`.
#[derive(Debug, clap::Args)]
pub(crate) struct Forget {
    /// The session's lsid.
    lsid: String,
}

impl Command {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        match self {
            Self::List => list(common).await,
            Self::Show { lsid } => show(common, &lsid).await,
            Self::Diff { lsid } => {
                let lsid = parse(&lsid)?;
                let desk = Desk::open(common).await?;
                let (appliance, kept) = kept(common, &desk, &lsid).await?;
                diff(common, &desk, &appliance, &lsid, &kept).await
            }
        }
    }
}

async fn list(common: &Common) -> Result<Outcome, Failure> {
    let desk = Desk::open(common).await?;
    let mut kept: Vec<(ApplianceId, Lsid, Option<Timestamp>)> = Vec::new();
    for appliance in &desk.appliances {
        let mut from = None;
        loop {
            let page = desk.ledger.shadows(appliance, from).await.map_err(|error| unread(&error))?;
            kept.extend(page.rows.into_iter().map(|(lsid, at)| (appliance.clone(), lsid, at)));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
    }
    if kept.is_empty() {
        desk.check_appliance(common).await?;
    }
    let row = |(appliance, lsid, at): &(ApplianceId, Lsid, Option<Timestamp>)| json!({ "appliance": appliance, "lsid": lsid, "kept_at": at });
    match common.format() {
        Format::Json => output::json(&json!({ "shadows": kept.iter().map(row).collect::<Vec<_>>() })),
        Format::Text if kept.is_empty() => println!("Nothing is kept."),
        Format::Text => {
            let cells = kept.iter().map(|(appliance, lsid, at)| {
                [at.map_or_else(|| "-".to_owned(), minute), appliance.to_string(), lsid.to_string()]
            });
            println!("{}", output::table(["KEPT (UTC)", "APPLIANCE", "LSID"], cells));
        }
    }
    Ok(Outcome::Done)
}

async fn show(common: &Common, lsid: &str) -> Result<Outcome, Failure> {
    let lsid = parse(lsid)?;
    let desk = Desk::open(common).await?;
    let (appliance, kept) = kept(common, &desk, &lsid).await?;
    match common.format() {
        Format::Json => output::json(&json!({ "appliance": appliance, "lsid": lsid, "writes": kept })),
        Format::Text => print!("{}", texts(&kept)),
    }
    Ok(Outcome::Done)
}

/// What is kept of that session, and of which appliance it is.
async fn kept(common: &Common, desk: &Desk, lsid: &Lsid) -> Result<(ApplianceId, Value), Failure> {
    for appliance in &desk.appliances {
        if let Some(kept) = desk.ledger.shadow(appliance, lsid).await.map_err(|error| unread(&error))? {
            return Ok((appliance.clone(), kept));
        }
    }
    desk.check_appliance(common).await?;
    Err(nothing_kept(lsid))
}

/// The kept writes, each under its heading.
fn texts(kept: &Value) -> String {
    let member = |write: &Value, name: &str| write[name].as_str().unwrap_or_default().to_owned();
    let text = |write: &Value| {
        let heading = output::line(&member(write, "heading"));
        let body: String = member(write, "text").lines().map(|line| format!("  {}\n", output::line(line))).collect();
        format!("=== {} on ticket {}: {heading}\n{body}\n", member(write, "write"), member(write, "ticket"))
    };
    kept.as_array().map(|writes| writes.iter().map(text).collect()).unwrap_or_default()
}

impl Forget {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let lsid = parse(&self.lsid)?;
        let desk = Desk::open(common).await?;
        let mut kept = Vec::new();
        for appliance in &desk.appliances {
            if desk.ledger.shadow(appliance, &lsid).await.map_err(|error| unread(&error))?.is_some() {
                kept.push(appliance.clone());
            }
        }
        if kept.is_empty() {
            desk.check_appliance(common).await?;
            return Err(nothing_kept(&lsid));
        }
        if !confirm(common, &format!("Expunge the texts that are kept of session {lsid}?"))? {
            return Ok(Outcome::Done);
        }
        for appliance in &kept {
            desk.ledger.forget_shadow(appliance, &lsid, now()).await.map_err(|error| unread(&error))?;
        }
        match common.format() {
            Format::Json => output::json(&json!({ "lsid": lsid, "forgotten": kept.len() })),
            Format::Text => println!("The texts are expunged; that the session was dealt with stays known."),
        }
        Ok(Outcome::Done)
    }
}

fn parse(lsid: &str) -> Result<Lsid, Failure> {
    let hint = "1 to 64 letters, digits, _ and -; session-bridge shadow list shows what there is";
    lsid.parse().map_err(|_| Failure::usage(format!("{lsid:?} is no lsid"), hint))
}

fn nothing_kept(lsid: &Lsid) -> Failure {
    let hint = "session-bridge shadow list shows what there is: texts are kept in shadow mode alone, for shadow_days";
    Failure::refused(format!("no texts are kept of session {lsid}"), hint)
}
