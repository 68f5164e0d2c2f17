//! `session-bridge deadletters` and `session-bridge quarantine`: what waits for a person in a queue.

use clap::Subcommand;
use queue::{NotSentBack, QueueError, SetAside, WaitingRoom};
use serde_json::json;
use session::ApplianceId;

use super::Common;
use super::desk::now;
use super::progress::Progress;
use super::question::confirm;
use super::sessions::minute;
use crate::desk::appliances;
use crate::desk::set_aside::{self, DeadLetter, Held, InQuarantine};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetters {
    /// Lists the events that were given up, the oldest first. Exit code 1 if there are any.
    #[command(after_help = "Example:\n  session-bridge deadletters list --appliance default")]
    List {
        /// So many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Shows one, with the event as the appliance posted it.
    #[command(after_help = "Example:\n  session-bridge deadletters show 3f0c9f0e-0d4f-4f43-9a1b-0f3f3bd7f0aa")]
    Show {
        /// Its id, as `deadletters list` shows it.
        id: String,
    },
    /// Sends them back to be worked on: only what is missing is written.
    #[command(after_help = "Example:\n  session-bridge deadletters redrive --all --yes")]
    Redrive(Which),
    /// Removes them for good; the ledger keeps what it knows.
    #[command(after_help = "Example:\n  session-bridge deadletters drop 3f0c9f0e-0d4f-4f43-9a1b-0f3f3bd7f0aa")]
    Drop(Which),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// Lists authentic calls that were no valid event, the oldest first. Exit code 1 if there are any.
    #[command(after_help = "Example:\n  session-bridge quarantine list")]
    List {
        /// So many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Shows one, with the body as it was posted.
    #[command(after_help = "Example:\n  session-bridge quarantine show 3f0c9f0e-0d4f-4f43-9a1b-0f3f3bd7f0aa")]
    Show {
        /// Its id, as `quarantine list` shows it.
        id: String,
    },
    /// Removes them for good.
    #[command(after_help = "Example:\n  session-bridge quarantine drop --all --yes")]
    Drop(Which),
}

/// Which messages.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Their ids, as the list shows them.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// All of them; with --appliance all of that one.
    #[arg(long)]
    all: bool,
}

impl DeadLetters {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let of = of(common)?;
        let stack = Stack::find(common).await?;
        let room = stack.dead_letters()?;
        match self {
            Self::List { limit } => {
                let messages = list(&room, of.as_ref(), limit).await?;
                let rows: Vec<DeadLetter> = messages.iter().map(DeadLetter::from).collect();
                if common.format() == Format::Json {
                    output::json(&json!({ "dead_letters": rows }));
                } else if rows.is_empty() {
                    println!("No dead letters.");
                } else {
                    let heads = ["SINCE (UTC)", "APPLIANCE", "LSID", "EVENT", "REASON", "ID"];
                    println!("{}", output::table(heads, rows.iter().map(dead_letter_cells)));
                }
                Ok(if rows.is_empty() { Outcome::Done } else { Outcome::NeedsPerson })
            }
            Self::Show { id } => {
                let message = find(&room, &id, "deadletters").await?;
                show(common, &DeadLetter::from(&message), &message)
            }
            Self::Redrive(which) => {
                let events = stack.events()?;
                let send_back = async |message: &SetAside| room.send_back(message, &events, now()).await;
                change(common, &room, (&which, of.as_ref()), ("Send back", "sent back"), send_back).await
            }
            Self::Drop(which) => drop_all(common, &room, &which, of.as_ref()).await,
        }
    }
}

impl Quarantine {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let of = of(common)?;
        let room = Stack::find(common).await?.quarantine()?;
        match self {
            Self::List { limit } => {
                let messages = list(&room, of.as_ref(), limit).await?;
                let rows: Vec<InQuarantine> = messages.iter().map(InQuarantine::from).collect();
                if common.format() == Format::Json {
                    output::json(&json!({ "quarantine": rows }));
                } else if rows.is_empty() {
                    println!("The quarantine is empty.");
                } else {
                    let heads = ["SINCE (UTC)", "APPLIANCE", "BYTES", "REASON", "ID"];
                    println!("{}", output::table(heads, rows.iter().map(quarantine_cells)));
                }
                Ok(if rows.is_empty() { Outcome::Done } else { Outcome::NeedsPerson })
            }
            Self::Show { id } => {
                let message = find(&room, &id, "quarantine").await?;
                show(common, &InQuarantine::from(&message), &message)
            }
            Self::Drop(which) => drop_all(common, &room, &which, of.as_ref()).await,
        }
    }
}

fn of(common: &Common) -> Result<Option<ApplianceId>, Failure> {
    let named = common.appliance.as_deref();
    Ok(named.map(|name| appliances::meant(Some(name), "")).transpose()?.and_then(|ids| ids.into_iter().next()))
}

async fn list(room: &WaitingRoom, of: Option<&ApplianceId>, limit: u32) -> Result<Vec<SetAside>, Failure> {
    let limit = limit as usize;
    // Those of one appliance may be behind those of others.
    let messages = room.list(if of.is_some() { usize::MAX } else { limit }).await.map_err(|error| unreached(&error))?;
    let is_of = |message: &SetAside| of.is_none() || set_aside::appliance_of(message).as_ref() == of;
    Ok(messages.into_iter().filter(is_of).take(limit).collect())
}

async fn find(room: &WaitingRoom, id: &str, command: &str) -> Result<SetAside, Failure> {
    let found = room.find(id).await.map_err(|error| unreached(&error))?;
    let found = found.ok_or_else(|| {
        let hint =
            format!("session-bridge {command} list shows what there is; whoever looks at the same time hides it for a minute");
        Failure::refused(format!("there is no message {id:?}"), hint)
    })?;
    // It was only looked at.
    let _ = room.release(std::slice::from_ref(&found)).await;
    Ok(found)
}

fn show(common: &Common, row: &impl serde::Serialize, message: &SetAside) -> Result<Outcome, Failure> {
    let mut value = serde_json::to_value(row).expect("rows are JSON");
    value["body"] = set_aside::body(message).into();
    if common.format() == Format::Json {
        output::json(&value);
    } else if let Some(members) = value.as_object() {
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            println!("{name:<14}{}", output::line(&text));
        }
    }
    Ok(Outcome::NeedsPerson)
}

async fn drop_all(common: &Common, room: &WaitingRoom, which: &Which, of: Option<&ApplianceId>) -> Result<Outcome, Failure> {
    let remove = async |message: &SetAside| room.remove(message).await.map_err(NotSentBack::from);
    change(common, room, (which, of), ("Remove for good", "removed"), remove).await
}

async fn change(
    common: &Common,
    room: &WaitingRoom,
    (which, of): (&Which, Option<&ApplianceId>),
    (verb, done): (&str, &str),
    act: impl AsyncFn(&SetAside) -> Result<(), NotSentBack>,
) -> Result<Outcome, Failure> {
    // Asked before they are held: a person may think for longer than that.
    if !confirm(common, &question(verb, which, of))? {
        return Ok(Outcome::Done);
    }
    let Held { meant, unknown } = set_aside::hold(room, &which.ids, of).await.map_err(|error| unreached(&error))?;
    let mut progress = Progress::new();
    let mut failed: Vec<(String, String)> =
        unknown.into_iter().map(|id| (id, "there is no such message, or somebody else looks at it".to_owned())).collect();
    let mut changed = 0;
    for message in &meant {
        match act(message).await {
            Ok(()) => changed += 1,
            Err(problem) => {
                let _ = room.release(std::slice::from_ref(message)).await;
                failed.push((message.id.clone(), problem.to_string()));
            }
        }
        progress.tell(&format!("{changed} of {} {done}", meant.len()));
    }
    drop(progress);
    if common.format() == Format::Json {
        let failed: Vec<_> = failed.iter().map(|(id, problem)| json!({ "id": id, "problem": problem })).collect();
        output::json(&json!({ "matched": meant.len(), "changed": changed, "failed": failed }));
    } else {
        println!("{changed} {done}.");
        for (id, problem) in &failed {
            println!("  {id}: {problem}");
        }
    }
    Ok(if failed.is_empty() { Outcome::Done } else { Outcome::NeedsPerson })
}

fn question(verb: &str, which: &Which, of: Option<&ApplianceId>) -> String {
    let of = of.map(|appliance| format!(" of {appliance}")).unwrap_or_default();
    match which.ids.len() {
        0 => format!("{verb} all messages{of}?"),
        1 => format!("{verb} this message?"),
        count => format!("{verb} these {count} messages?"),
    }
}

fn unreached(error: &QueueError) -> Failure {
    let hint = "try again; the account needs sqs:ReceiveMessage, ChangeMessageVisibility and DeleteMessage on that queue";
    Failure::refused(error.to_string(), hint)
}

fn dead_letter_cells(row: &DeadLetter) -> [String; 6] {
    [
        row.since.map_or_else(|| "-".to_owned(), minute),
        row.appliance.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        output::line(row.lsid.as_deref().unwrap_or("-")),
        output::line(row.event.as_deref().unwrap_or("-")),
        output::line(&row.reason),
        row.id.clone(),
    ]
}

fn quarantine_cells(row: &InQuarantine) -> [String; 5] {
    [
        row.since.map_or_else(|| "-".to_owned(), minute),
        row.appliance.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        row.bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()),
        output::line(&row.reason),
        row.id.clone(),
    ]
}
