//! `session-bridge connection`: the connection documents, from the first question to the last right.

mod check;
mod migrate;
mod mode;
mod new;
mod put;
mod show;
mod test;

use clap::Subcommand;

use super::Common;
use crate::desk::document::Remark;
use crate::desk::vault::Vault;
use crate::failure::{Failure, Outcome};
use crate::stack::Stack;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a connection: asks, tests, stores its document, makes its token, and waits for the first event.
    ///
    /// Asks for what has no default; every question can be answered by its option. Secrets are typed unseen, or come from a file or a
    /// variable, never from the command line. What the two neighbours do not grant is named before anything is stored. Then says what is
    /// left to do by hand: the URL, the boxes to tick, the authority to upload, the links.
    #[command(after_help = "Examples:\n  session-bridge connection new default\n  \
                            session-bridge connection new acme --name 'Acme, production' --mode shadow --time-zone Europe/Berlin \\\n    \
                            --appliance-url https://support.example.com --client-id 5f1c --client-secret-file client-secret \\\n    \
                            --autotask-username bridge@acme.example --time-entries acme.example --wait 0")]
    New(Box<new::Arguments>),
    /// Checks a connection document without sending it anywhere: each mistake with its line and key.
    ///
    /// Stricter than the worker, which goes on with keys that it does not know: here a misspelt key is a mistake. Exit code 0: it can
    /// be used; 3: it cannot; 2: the file cannot be read.
    #[command(after_help = "Examples:\n  session-bridge connection check connection.json\n  \
                            git show HEAD:acme.json | session-bridge connection check - --json")]
    Check(check::Arguments),
    /// Makes a connection document of the old plugin's settings, and says what became of each of them.
    ///
    /// The settings are one JSON object, or lines of `Field Name: value`, by the names of the plugin's form. Asks for what the plugin did not
    /// know: the time zone, and the Tracking Identifier of the API user. The document goes into a file of its own, and is one that
    /// `connection check` takes. Exit code 1 if something was lost.
    #[command(after_help = "Examples:\n  session-bridge connection migrate plugin.txt --out connection.json\n  \
                            session-bridge connection migrate plugin.json --out connection.json --time-zone Europe/Berlin \\\n    \
                            --integration-code-file tracking-identifier --json")]
    Migrate(migrate::Arguments),
    /// Stores a connection document; credentials that the file leaves out are kept.
    ///
    /// So the file can live in a repository without its secrets: appliance.oauth.client_secret, appliance.password.password,
    /// autotask.secret and autotask.integration_code are taken from the stored document, as long as the login beside them is the same
    /// or left out, too. A document with a mistake is not stored. Takes effect within five minutes.
    #[command(after_help = "Examples:\n  session-bridge connection put default connection.json --dry-run\n  \
                            session-bridge connection put default connection.json")]
    Put(put::Arguments),
    /// Shows the stored connection document with its secrets masked.
    #[command(after_help = "Example:\n  session-bridge connection show default")]
    Show(show::Arguments),
    /// Changes the mode of a connection, and nothing else of its document.
    ///
    /// deliver: write. shadow: decide and keep what would be written, write nothing. hold: events wait in the queue (13 days). off:
    /// events are recorded as ignored. A session whose end is first seen in shadow or off is written only by a replay. Takes effect
    /// within five minutes.
    #[command(after_help = "Example:\n  session-bridge connection mode default hold")]
    Mode(mode::Arguments),
    /// Tests the stored connection: every right named one by one, and for each that is missing what to grant and where.
    ///
    /// Nothing is written without --write, which puts an internal note and a time entry of one minute on the ticket, finds them again by
    /// their markers, and says how to remove them. The calls go out from this machine: whether the appliance lets the worker's address in
    /// shows its first event. Exit code 1 if a check fails.
    #[command(after_help = "Examples:\n  session-bridge connection test default\n  \
                            session-bridge connection test default --representative dwhitfield --ticket T20250318.0042 --write")]
    Test(test::Arguments),
}

impl Command {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        match self {
            Self::New(arguments) => arguments.run(common).await,
            Self::Check(arguments) => arguments.run(common),
            Self::Migrate(arguments) => arguments.run(common),
            Self::Put(arguments) => arguments.run(common).await,
            Self::Show(arguments) => arguments.run(common).await,
            Self::Mode(arguments) => arguments.run(common).await,
            Self::Test(arguments) => arguments.run(common).await,
        }
    }
}

/// Where the stack's connection documents are.
pub(crate) fn vault(stack: &Stack) -> Result<Vault, Failure> {
    Ok(Vault::new(stack.secrets(), stack.output("ConnectionPrefix")?))
}

/// One line as compilers write it, which editors follow to the place.
fn line_of(file: &str, remark: &Remark) -> String {
    let place = match (remark.line, remark.column) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        _ => file.to_owned(),
    };
    match &remark.key {
        Some(key) => format!("{place}: {key}: {}", remark.problem),
        None => format!("{place}: {}", remark.problem),
    }
}

fn print_warnings(file: &str, remarks: &[Remark]) {
    for remark in remarks {
        eprintln!("warning: {}", line_of(file, remark));
    }
}

/// What a command ends with that was given a document with mistakes, all of which are told.
pub(crate) fn refused(file: &str, mistakes: &[Remark]) -> Failure {
    let lines: Vec<String> = mistakes.iter().map(|mistake| line_of(file, mistake)).collect();
    Failure::refused(
        format!("the document cannot be used:\n  {}", lines.join("\n  ")),
        "correct it; docs/connection.md describes every key",
    )
}
