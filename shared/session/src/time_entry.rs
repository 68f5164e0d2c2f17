//! Whose time a session is, and how long.

use serde::{Deserialize, Serialize};

/// Why there is no time entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Time entries are switched off.
    #[error("time entries are switched off")]
    SwitchedOff,
    /// No representative joined.
    #[error("no representative joined")]
    NoRepresentative,
    /// The representative was invited from outside.
    #[error("the representative was invited from outside")]
    Invited,
    /// Shorter than `minimum_seconds`.
    #[error("shorter than the minimum")]
    TooShort,
}
