//! `session-bridge connection test`.

use clap::Args;
use connection::Document;
use jiff::Timestamp;
use serde::Serialize;
use session::ApplianceId;

use super::{Common, refused, vault};
use crate::cli::argument::appliance_id;
use crate::desk::document::check;
use crate::desk::rights::{self, Check, Wanted};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The appliance's id.
    #[arg(id = "connection", value_name = "APPLIANCE", value_parser = appliance_id)]
    appliance: ApplianceId,
    /// A user name of the appliance: is there one resource for it, and a role?
    #[arg(long, value_name = "USER")]
    representative: Option<String>,
    /// A ticket's number or id: can it be seen?
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// Writes a note and, where time entries are on, a time entry on that ticket, and finds them again.
    #[arg(long, requires = "ticket")]
    write: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Tested<'a> {
    checks: &'a [Check],
}

impl Arguments {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let stack = Stack::find(common).await?;
        let vault = vault(&stack)?;
        let text = vault.document(&self.appliance).await?;
        let (document, _) = check(&text).map_err(|mistakes| refused(&vault.name(&self.appliance), &mistakes))?;
        let wanted = Wanted { representative: self.representative, ticket: self.ticket, write: self.write };
        run(&document, &wanted, common.format()).await
    }
}

/// Tests and tells; exit code 1 if anything fails.
async fn run(document: &Document, wanted: &Wanted, format: Format) -> Result<Outcome, Failure> {
    #[expect(clippy::disallowed_methods, reason = "a command begins here")]
    let now = Timestamp::now();
    let mut tell = |check: &Check| {
        if format == Format::Text {
            println!("{}", line_of(check));
        }
    };
    let checks = rights::test(document, wanted, now, &mut tell).await;
    let failed = checks.iter().filter(|check| !check.ok).count();
    match format {
        Format::Json => output::json(&Tested { checks: &checks }),
        Format::Text => println!("\n{}", verdict(checks.len(), failed)),
    }
    Ok(if failed == 0 { Outcome::Done } else { Outcome::NeedsPerson })
}

/// A check as a person reads it.
pub(super) fn line_of(check: &Check) -> String {
    let word = if check.ok { "ok  " } else { "FAIL" };
    let name = check.name.replace('_', " ");
    let remedy = check.remedy.as_ref().map(|remedy| format!("\n      -> {remedy}")).unwrap_or_default();
    format!("{word}  {name:18}  {}{remedy}", check.detail)
}

/// What they come to.
pub(super) fn verdict(count: usize, failed: usize) -> String {
    match failed {
        0 => format!("All {count} checks are fine."),
        1 => format!("1 of {count} checks fails."),
        _ => format!("{failed} of {count} checks fail."),
    }
}
