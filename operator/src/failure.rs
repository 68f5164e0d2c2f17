//! How a command ends: the exit codes, and errors that say what to do next.

use std::process::ExitCode;

/// A command came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: done, and something needs a person.
    NeedsPerson,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::NeedsPerson => Self::from(1),
        }
    }
}

/// A command did not come to its end. Names no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Exit code 2: what was asked for cannot be meant.
    Usage {
        /// What is wrong.
        what: String,
        /// What to do next.
        hint: String,
    },
    /// Exit code 3: somebody refused, or cannot be reached.
    Refused {
        /// What is wrong.
        what: String,
        /// What to do next.
        hint: String,
    },
}

impl Failure {
    /// What was asked for cannot be meant.
    pub(crate) fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), hint: hint.into() }
    }

    /// Somebody refused, or cannot be reached.
    pub(crate) fn refused(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), hint: hint.into() }
    }

    /// Tells the person at the terminal, and returns the exit code.
    pub(crate) fn tell(&self) -> ExitCode {
        let (Self::Usage { what, hint } | Self::Refused { what, hint }) = self;
        eprintln!("error: {what}\n  -> {hint}");
        ExitCode::from(match self {
            Self::Usage { .. } => 2,
            Self::Refused { .. } => 3,
        })
    }
}
