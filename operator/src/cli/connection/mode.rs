//! `session-bridge connection mode`.

use clap::{Args, ValueEnum};
use serde::Serialize;
use session::ApplianceId;
use session::settings::Mode;

use super::{Common, line_of, refused, vault};
use crate::cli::argument::appliance_id;
use crate::desk::document::{Remark, check, with_mode};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The appliance's id.
    #[arg(id = "connection", value_name = "APPLIANCE", value_parser = appliance_id)]
    appliance: ApplianceId,
    /// The mode to change to.
    mode: Word,
    /// Says what would change, and stores nothing.
    #[arg(long)]
    dry_run: bool,
}

/// A mode, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Word {
    Deliver,
    Shadow,
    Hold,
    Off,
}

impl From<Word> for Mode {
    fn from(word: Word) -> Self {
        match word {
            Word::Deliver => Self::Deliver,
            Word::Shadow => Self::Shadow,
            Word::Hold => Self::Hold,
            Word::Off => Self::Off,
        }
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Changed<'a> {
    appliance: &'a ApplianceId,
    mode: Mode,
    /// None if it cannot be read.
    mode_before: Option<Mode>,
    dry_run: bool,
    mistakes: &'a [Remark],
}

impl Arguments {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let stack = Stack::find(common).await?;
        let vault = vault(&stack)?;
        let text = vault.document(&self.appliance).await?;
        let secret = vault.name(&self.appliance);
        let mode = Mode::from(self.mode);
        let (mode_before, mistakes) = match check(&text) {
            Ok((document, _)) => (Some(document.mode), Vec::new()),
            Err(mistakes) => (None, mistakes),
        };
        // Whoever wants less written gets it, whatever else is wrong: the worker takes these two from a text with mistakes, too.
        let stops = matches!(self.mode, Word::Hold | Word::Off);
        let changed = with_mode(&text, mode).filter(|_| mistakes.is_empty() || stops);
        let Some(changed) = changed else { return Err(refused(&secret, &mistakes)) };
        if !self.dry_run && changed != text {
            vault.store(&self.appliance, &changed, true).await?;
        }
        let result = Changed { appliance: &self.appliance, mode, mode_before, dry_run: self.dry_run, mistakes: &mistakes };
        match common.format() {
            Format::Json => output::json(&result),
            Format::Text => {
                println!("{}", result.sentence(changed == text));
                for mistake in &mistakes {
                    eprintln!("MISTAKE: {}", line_of(&secret, mistake));
                }
            }
        }
        Ok(if mistakes.is_empty() { Outcome::Done } else { Outcome::NeedsPerson })
    }
}

impl Changed<'_> {
    fn sentence(&self, is_same: bool) -> String {
        let name = |mode: Mode| format!("{mode:?}").to_lowercase();
        let mode = name(self.mode);
        if is_same {
            return format!("{}: is in mode {mode} already", self.appliance);
        }
        let before = self.mode_before.map(|before| format!(" (was {})", name(before))).unwrap_or_default();
        match self.dry_run {
            true => format!("{}: would change to mode {mode}{before}", self.appliance),
            false => format!("{}: mode {mode}{before}; takes effect within five minutes", self.appliance),
        }
    }
}
