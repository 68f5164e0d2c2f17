//! Asks before something is changed, and shows that a search goes on.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::Common;
use crate::failure::Failure;

/// Whether the person wants it; `--yes` answers beforehand.
///
/// # Errors
///
/// When there is nobody to ask.
pub(crate) fn confirm(common: &Common, question: &str) -> Result<bool, Failure> {
    if common.yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            format!("{question} Nobody can be asked: there is no terminal"),
            "answer beforehand with --yes",
        ));
    }
    eprint!("{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    let yes = read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    if !yes {
        eprintln!("Nothing was changed.");
    }
    Ok(yes)
}

/// What takes no longer than this shows no progress.
const QUIET: Duration = Duration::from_secs(1);

/// Shows on a terminal how far a longer work is; nothing elsewhere.
pub(crate) struct Progress {
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), bar: None }
    }

    /// It is that far.
    pub(crate) fn tell(&mut self, text: &str) {
        if self.began.elapsed() > QUIET {
            let bar = self.bar.get_or_insert_with(ProgressBar::new_spinner);
            bar.set_message(text.to_owned());
            bar.tick();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
