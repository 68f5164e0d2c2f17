//! `session-bridge completions`: what a shell needs to complete commands and options. Asks nobody.

use clap::{CommandFactory as _, ValueEnum};
use clap_complete::Shell;

use super::Cli;
use crate::failure::Outcome;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// For which shell.
    shell: For,
}

/// The shells whose completions are documented.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum For {
    Bash,
    Zsh,
    Fish,
}

impl Completions {
    pub(crate) fn run(&self) -> Outcome {
        let shell = match self.shell {
            For::Bash => Shell::Bash,
            For::Zsh => Shell::Zsh,
            For::Fish => Shell::Fish,
        };
        clap_complete::generate(shell, &mut Cli::command(), "session-bridge", &mut std::io::stdout());
        Outcome::Done
    }
}
