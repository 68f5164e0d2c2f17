//! `session-bridge connection put`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use session::ApplianceId;

use super::{Common, print_warnings, refused, vault};
use crate::cli::argument::{appliance_id, text_of};
use crate::desk::document::{changed_keys, check, with_kept_credentials};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The appliance's id.
    #[arg(id = "connection", value_name = "APPLIANCE", value_parser = appliance_id)]
    appliance: ApplianceId,
    /// The document; - is the standard input.
    file: PathBuf,
    /// Says what would change, and stores nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Stored<'a> {
    appliance: &'a ApplianceId,
    secret: String,
    /// `created`, `updated` or `unchanged`; with `--dry-run` what it would be.
    outcome: &'static str,
    dry_run: bool,
    kept_credentials: Vec<&'static str>,
    changed_keys: Vec<String>,
}

impl Arguments {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let file = self.file.display().to_string();
        let given = text_of(&self.file)?;
        let stack = Stack::find(common).await?;
        let vault = vault(&stack)?;
        let before = vault.stored(&self.appliance).await?;
        let (text, kept_credentials) = with_kept_credentials(&given, before.as_deref().unwrap_or_default());
        let (_, warnings) = check(&text).map_err(|mistakes| {
            // At its place in the file, which the kept credentials have moved.
            let mistakes: Vec<_> = mistakes.into_iter().map(|mistake| mistake.in_text(&given)).collect();
            refused(&file, &mistakes)
        })?;
        let changed = changed_keys(before.as_deref().unwrap_or_default(), &text);
        let outcome = match &before {
            None => "created",
            Some(_) if changed.is_empty() => "unchanged",
            Some(_) => "updated",
        };
        if !self.dry_run && outcome != "unchanged" {
            vault.store(&self.appliance, &text, before.is_some()).await?;
        }
        let stored = Stored {
            appliance: &self.appliance,
            secret: vault.name(&self.appliance),
            outcome,
            dry_run: self.dry_run,
            kept_credentials,
            changed_keys: changed,
        };
        match common.format() {
            Format::Json => output::json(&stored),
            Format::Text => {
                print_warnings(&file, &warnings);
                println!("{}", stored.sentence());
            }
        }
        Ok(Outcome::Done)
    }
}

impl Stored<'_> {
    fn sentence(&self) -> String {
        let would = if self.dry_run { "would be " } else { "" };
        let mut lines = vec![format!("{}: {would}{}", self.secret, self.outcome)];
        if self.outcome == "updated" {
            lines.push(format!("  changed: {}", self.changed_keys.join(", ")));
        }
        if !self.kept_credentials.is_empty() {
            lines.push(format!("  kept from the stored document: {}", self.kept_credentials.join(", ")));
        }
        if !self.dry_run && self.outcome != "unchanged" {
            lines.push(format!("  takes effect within five minutes; try it: session-bridge connection test {}", self.appliance));
        }
        lines.join("\n")
    }
}
