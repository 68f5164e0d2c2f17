//! Shows that a longer work goes on.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

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
