//! `session-bridge connection show`.

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use session::ApplianceId;

use super::{Common, line_of, print_warnings, vault};
use crate::cli::argument::appliance_id;
use crate::desk::document::{Remark, check, masked};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The appliance's id.
    #[arg(id = "connection", value_name = "APPLIANCE", value_parser = appliance_id)]
    appliance: ApplianceId,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    appliance: &'a ApplianceId,
    secret: &'a str,
    document: Value,
    mistakes: &'a [Remark],
    warnings: &'a [Remark],
}

impl Arguments {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let stack = Stack::find(common).await?;
        let vault = vault(&stack)?;
        let text = vault.document(&self.appliance).await?;
        let secret = vault.name(&self.appliance);
        let (mistakes, warnings) = match check(&text) {
            Ok((_, warnings)) => (Vec::new(), warnings),
            Err(mistakes) => (mistakes, Vec::new()),
        };
        let Some(shown) = masked(&text) else {
            return Err(Failure::refused(
                format!(
                    "what is stored cannot be shown, because nobody can tell what is a secret in it: {}",
                    line_of(&secret, &mistakes[0])
                ),
                format!(
                    "an earlier version serves; store a correct one: session-bridge connection put {} connection.json",
                    self.appliance
                ),
            ));
        };
        match common.format() {
            Format::Json => output::json(&Shown {
                appliance: &self.appliance,
                secret: &secret,
                document: serde_json::from_str(&shown).unwrap_or_default(),
                mistakes: &mistakes,
                warnings: &warnings,
            }),
            Format::Text => {
                println!("{}", shown.trim_end());
                print_warnings(&secret, &warnings);
                for mistake in &mistakes {
                    eprintln!("MISTAKE: {}", line_of(&secret, mistake));
                }
            }
        }
        Ok(if mistakes.is_empty() { Outcome::Done } else { Outcome::NeedsPerson })
    }
}
