//! `session-bridge connection check`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Common, print_warnings, refused};
use crate::cli::argument::text_of;
use crate::desk::document::{Remark, check};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The document; - is the standard input.
    file: PathBuf,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Checked<'a> {
    valid: bool,
    mistakes: &'a [Remark],
    warnings: &'a [Remark],
}

impl Arguments {
    pub(crate) fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let text = text_of(&self.file)?;
        let file = self.file.display().to_string();
        let (mistakes, warnings) = match check(&text) {
            Ok((_, warnings)) => (Vec::new(), warnings),
            Err(mistakes) => (mistakes, Vec::new()),
        };
        match common.format() {
            Format::Json => output::json(&Checked { valid: mistakes.is_empty(), mistakes: &mistakes, warnings: &warnings }),
            Format::Text if mistakes.is_empty() => {
                print_warnings(&file, &warnings);
                println!("{file}: can be used");
            }
            Format::Text => {}
        }
        if mistakes.is_empty() { Ok(Outcome::Done) } else { Err(refused(&file, &mistakes)) }
    }
}
