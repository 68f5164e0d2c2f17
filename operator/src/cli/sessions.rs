//! `session-bridge sessions`: what the ledger knows of sessions.

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::Common;
use super::desk::{Desk, FilterArgs, now, unread};
use super::progress::Progress;
use crate::desk::sessions::{self, After, Row, State};
use crate::desk::story;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists sessions, the newest first; what is asked for combines.
    ///
    /// Without --appliance those of all appliances that the stack's parameter ApplianceTokens names. Exit code 1 if one of those that
    /// are shown needs a person.
    #[command(
        after_help = "Examples:\n  session-bridge sessions list --since 7d --state refused,in_doubt\n  session-bridge sessions list --ticket T20250318.0042 --json"
    )]
    List {
        #[command(flatten)]
        filter: FilterArgs,
        /// So many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// Goes on where a list ended: the `next` of its JSON.
        #[arg(long)]
        after: Option<String>,
        /// Prints comma-separated values, a line for each session.
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Shows all that the ledger has of a session.
    #[command(after_help = "Example:\n  session-bridge sessions show 48213")]
    Show {
        /// Its lsid (or the beginning of it), its sequence number, or its ticket.
        session: String,
    },
}

#[derive(Serialize)]
struct List {
    sessions: Vec<Row>,
    next: Option<String>,
}

/// The most sessions of one ticket that are shown.
pub(super) const SHOWN_MAX: usize = 20;

impl Command {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        match self {
            Self::List { filter, limit, after, csv } => list(common, &filter, limit as usize, after.as_deref(), csv).await,
            Self::Show { session } => show(common, &session).await,
        }
    }
}

pub(super) async fn list(
    common: &Common,
    filter: &FilterArgs,
    limit: usize,
    after: Option<&str>,
    csv: bool,
) -> Result<Outcome, Failure> {
    let filter = filter.filter(now())?;
    let after: Option<After> = after.map(str::parse).transpose().map_err(|problem: &str| {
        Failure::usage(format!("--after: {problem}"), "give the member `next` of the list before, as it is")
    })?;
    let desk = Desk::open(common).await?;
    let mut progress = Progress::new();
    let looked = |looked| progress.tell(&format!("{looked} sessions looked at"));
    let found = sessions::find(&desk.ledger, &desk.appliances, &filter, (after.as_ref(), limit), looked).await;
    let found = found.map_err(|error| unread(&error))?;
    drop(progress);
    if found.sessions.is_empty() {
        desk.check_appliance(common).await?;
    }
    let list = List { sessions: found.sessions.iter().map(Row::from).collect(), next: found.next.map(|next| next.to_string()) };
    let needs_person = list.sessions.iter().any(|row| row.state.needs_person());
    match common.format() {
        Format::Json => output::json(&list),
        Format::Text if csv => print!("{}", as_csv(&list.sessions)),
        Format::Text => print_table(&list),
    }
    Ok(if needs_person { Outcome::NeedsPerson } else { Outcome::Done })
}

fn print_table(list: &List) {
    if list.sessions.is_empty() {
        println!("No such session.");
        return;
    }
    let heads = ["ENDED (UTC)", "APPLIANCE", "SEQUENCE", "LSID", "TICKET", "TECHNICIAN", "STATE", "WHY"];
    println!("{}", output::table(heads, list.sessions.iter().map(cells)));
    if let Some(next) = &list.next {
        println!("\nThere are more: --limit, or --after {next}");
    }
}

fn cells(row: &Row) -> [String; 8] {
    let text = |text: &Option<String>| output::line(text.as_deref().unwrap_or("-"));
    [
        row.ended_at.map_or_else(|| "-".to_owned(), minute),
        row.appliance.to_string(),
        row.sequence.map_or_else(|| "-".to_owned(), |sequence| sequence.to_string()),
        row.lsid.to_string(),
        text(&row.ticket),
        text(&row.technician),
        row.state.name().to_owned(),
        why(row),
    ]
}

/// What the vendor said, or what it waits for.
fn why(row: &Row) -> String {
    let of_write = |states: &[&str]| {
        let mut writes = row.writes.iter().filter(|write| states.contains(&write.state));
        writes.find_map(|write| write.sentence.as_ref().map(|sentence| format!("{}: {sentence}", write.id)))
    };
    let sentence = match row.state {
        State::InDoubt => of_write(&["in_doubt"]),
        State::Refused => of_write(&["refused"]),
        State::Blocked => of_write(&["wanted"]),
        State::Waiting => {
            let until = row.next_attempt_at.map(|at| format!(", again {}", minute(at))).unwrap_or_default();
            row.waiting_for.map(|why| format!("{why}{until}"))
        }
        State::GivenUp | State::LeftOpen | State::Unmatched | State::Ignored => row.reason.clone(),
        State::Delivered | State::Shadowed | State::SurveyMissing => None,
    };
    output::line(&sentence.unwrap_or_default())
}

/// A moment for a table, in UTC to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn as_csv(rows: &[Row]) -> String {
    let heads = [
        "appliance",
        "lsid",
        "sequence",
        "ended_at",
        "ticket",
        "technician",
        "state",
        "attention",
        "since",
        "next_attempt_at",
        "waiting_for",
        "why",
    ];
    let cells = |row: &Row| {
        let moment = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        [
            row.appliance.to_string(),
            row.lsid.to_string(),
            row.sequence.map(|sequence| sequence.to_string()).unwrap_or_default(),
            moment(row.ended_at),
            row.ticket.clone().unwrap_or_default(),
            row.technician.clone().unwrap_or_default(),
            row.state.name().to_owned(),
            row.attention.unwrap_or_default().to_owned(),
            moment(row.since),
            moment(row.next_attempt_at),
            row.waiting_for.unwrap_or_default().to_owned(),
            why(row),
        ]
    };
    output::csv(heads, rows.iter().map(cells))
}

async fn show(common: &Common, name: &str) -> Result<Outcome, Failure> {
    let desk = Desk::open(common).await?;
    let found = desk.named(common, name, SHOWN_MAX).await?;
    match common.format() {
        Format::Json => output::json(&List { sessions: found.iter().map(Row::from).collect(), next: None }),
        Format::Text => {
            let texts: Vec<String> = found.iter().map(story::whole).collect();
            print!("{}", texts.join("\n"));
        }
    }
    let needs_person = found.iter().any(|session| session.state().needs_person());
    Ok(if needs_person { Outcome::NeedsPerson } else { Outcome::Done })
}
