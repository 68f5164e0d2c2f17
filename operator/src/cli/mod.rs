//! The commands and the options that all of them share.

mod argument;
mod backfill;
mod completions;
mod connected;
mod connection;
mod desk;
mod doubt;
mod links;
mod preview;
mod progress;
mod question;
mod range;
mod replay;
mod session_key;
mod sessions;
mod set_aside;
mod shadow;
mod shadow_diff;
mod statement;
mod suggest;
mod token;
mod unmatched;
mod why;

use clap::{Args, Parser, Subcommand};

use crate::failure::{Failure, Outcome};
use crate::output::Format;

/// Operates a Session Bridge: connections, sessions, and what needs a person.
#[derive(Debug, Parser)]
#[command(name = "session-bridge", version, propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The stack's name.
    #[arg(long, global = true, env = "SESSION_BRIDGE_STACK", default_value = "session-bridge")]
    pub(crate) stack: String,
    /// The AWS profile to sign in with.
    #[arg(long, global = true, env = "AWS_PROFILE")]
    pub(crate) profile: Option<String>,
    /// The AWS region of the stack.
    #[arg(long, global = true, env = "AWS_REGION")]
    pub(crate) region: Option<String>,
    /// Another address of AWS, as of the local system.
    #[arg(long, global = true, env = "AWS_ENDPOINT_URL", hide = true)]
    pub(crate) endpoint_url: Option<String>,
    /// Only this appliance.
    #[arg(long, global = true)]
    pub(crate) appliance: Option<String>,
    /// Prints one JSON document instead of a table.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Answers every question with yes.
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
}

impl Common {
    /// How results are shown.
    pub(crate) const fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Connection documents: make, check, store, show, test.
    #[command(subcommand)]
    Connection(connection::Command),
    /// Says which LiveLinks and which custom link to set up, with the addresses of this connection.
    #[command(after_help = "Example:\n  session-bridge links default")]
    Links(links::Arguments),
    /// Makes a session key for a ticket: what a customer types, or a link, and the text of an invitation.
    ///
    /// Its session waits for whom --for names, and carries the ticket's number as its external key, so that it is written there. The ticket is
    /// read in Autotask before.
    #[command(
        name = "session-key",
        after_help = "Examples:\n  session-bridge session-key default --ticket T20250318.0042 --for rep:dwhitfield\n  session-bridge session-key default --ticket T20250318.0042 --for 'team:Service Desk' --minutes 60 --json"
    )]
    SessionKey(session_key::SessionKey),
    /// Shows the note, the surveys and the time entry of a report as they would be; without any network.
    ///
    /// For templates and settings, before they are stored. Exit code 1 if a template cannot be used.
    #[command(after_help = "Examples:\n  session-bridge preview events/reports/printer.xml\n  \
                            session-bridge preview report.xml --connection connection.json --template session_note=note.hbs")]
    Preview(preview::Arguments),
    /// What the ledger knows of sessions.
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// Tells in plain words how a session stands, why, and what to do.
    #[command(after_help = "Example:\n  session-bridge why T20250318.0042")]
    Why(why::Why),
    /// Has sessions done again: only what is missing is written, nothing twice.
    ///
    /// Looks in Autotask for what may be there before anything is sent. Ends when each session has come to its end; Ctrl-C leaves what
    /// was sent.
    #[command(
        after_help = "Examples:\n  session-bridge replay 48213\n  session-bridge replay --state refused --since 7d --dry-run"
    )]
    Replay(replay::Replay),
    /// Brings what ended in a range to the queue, as far as nobody has written it; for what no event told of.
    ///
    /// Goes on hour by hour, and can be broken off: the poller's schedule goes on with it, and so does the same command. Two who ask for
    /// the same share one job. Asks before it begins. Exit code 1 if somebody cancelled it.
    #[command(
        after_help = "Examples:\n  session-bridge backfill default --from 7d --dry-run\n  session-bridge backfill default --from 2026-11-18 --to 2026-11-20\n  session-bridge backfill list"
    )]
    Backfill(backfill::Backfill),
    /// Compares what the appliance says has ended with what was written, session by session.
    ///
    /// Every session of the range is in one state, and the numbers add up. What nobody had told of is put into the queue with it, once it is
    /// ours to write. Exit code 1 if a session is not at its end.
    #[command(
        after_help = "Examples:\n  session-bridge statement\n  session-bridge statement default --days 30 --csv > exceptions.csv\n  session-bridge statement default --from 2026-11-18 --to 2026-11-18"
    )]
    Statement(statement::Statement),
    /// Events that were given up.
    #[command(subcommand, name = "deadletters")]
    DeadLetters(set_aside::DeadLetters),
    /// Authentic calls that were no valid event.
    #[command(subcommand)]
    Quarantine(set_aside::Quarantine),
    /// Sessions without a ticket.
    #[command(subcommand)]
    Unmatched(unmatched::Command),
    /// Writes of which nobody can tell whether they are there.
    #[command(subcommand)]
    Doubt(doubt::Command),
    /// What would have been written, kept in shadow mode.
    #[command(subcommand)]
    Shadow(shadow::Command),
    /// Expunges the texts that are kept of a session; that it was dealt with stays known.
    #[command(after_help = "Example:\n  session-bridge forget 7d1f0c52a9be4e6f8a3b90d4c6e21f57")]
    Forget(shadow::Forget),
    /// Tokens of the outbound event URL.
    #[command(subcommand)]
    Token(token::Command),
    /// Prints the completions of commands and options for a shell.
    #[command(after_help = "Example:\n  source <(session-bridge completions bash)")]
    Completions(completions::Completions),
}

impl Cli {
    /// Runs the command to its end.
    ///
    /// # Errors
    ///
    /// As [`Failure`] says; the exit code follows from it.
    pub(crate) async fn run(self) -> Result<Outcome, Failure> {
        match self.command {
            Command::Connection(command) => command.run(&self.common).await,
            Command::Links(arguments) => arguments.run(&self.common).await,
            Command::SessionKey(command) => command.run(&self.common).await,
            Command::Preview(arguments) => arguments.run(&self.common),
            Command::Sessions(command) => command.run(&self.common).await,
            Command::Why(command) => command.run(&self.common).await,
            Command::Replay(command) => command.run(&self.common).await,
            Command::Backfill(command) => command.run(&self.common).await,
            Command::Statement(command) => command.run(&self.common).await,
            Command::DeadLetters(command) => command.run(&self.common).await,
            Command::Quarantine(command) => command.run(&self.common).await,
            Command::Unmatched(command) => command.run(&self.common).await,
            Command::Doubt(command) => command.run(&self.common).await,
            Command::Shadow(command) => command.run(&self.common).await,
            Command::Forget(command) => command.run(&self.common).await,
            Command::Token(command) => command.run(&self.common).await,
            Command::Completions(arguments) => Ok(arguments.run()),
        }
    }
}
