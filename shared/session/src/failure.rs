//! What a call to a neighbour came to when it did not succeed: one variant per row of the table in ARCHITECTURE.md
//! ("Which failure goes where"). The clients classify, the delivery decides; nobody else asks whether to retry.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a neighbour said, fit for a log line and for a person: one line, no control characters, bounded length.
///
/// Only for texts that vendors write about fields and rights. Never for bodies, names or secrets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Sentence(String);

impl Sentence {
    /// The most characters kept. Vendor sentences are shorter; a page of HTML is not wanted here.
    pub const LENGTH_MAX: usize = 300;

    /// The text on one line, cut at [`Self::LENGTH_MAX`] characters.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut line = String::new();
        for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
            if !word.is_empty() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        if let Some((end, _)) = line.char_indices().nth(Self::LENGTH_MAX) {
            line.truncate(end);
            line.push('…');
        }
        Self(line)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Sentence> for String {
    fn from(sentence: Sentence) -> Self {
        sentence.0
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A call that did not succeed, told apart by what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Certainly not taken: the connection was refused or lost before the request was out, or the neighbour throttled
    /// it. Safe to send again, a write too.
    #[error("not taken: {what}")]
    NotTaken {
        /// What stood in the way.
        what: Sentence,
        /// The neighbour asked to slow down (429 or the thread threshold), as opposed to being out of reach.
        throttled: bool,
        /// How long the neighbour asked to wait.
        retry_after: Option<Duration>,
    },
    /// May have been taken: time-out, connection lost after sending, a 5xx without the vendor's error body, a
    /// redirect (never followed), anything not listed. A read is simply tried again; a write is looked up first.
    #[error("fate unknown: {what}")]
    Unknown {
        /// What was seen instead of an answer.
        what: Sentence,
    },
    /// The credentials are refused, after the client itself has renewed token and zone once.
    #[error("credentials refused: {sentence}")]
    CredentialsRefused {
        /// What the neighbour said.
        sentence: Sentence,
    },
    /// Refused by the vendor's validation, with a text that we know: the same request will never pass.
    #[error("refused: {sentence}")]
    Refused {
        /// What the neighbour said.
        sentence: Sentence,
    },
    /// A right or a tenant setting is missing: it passes once somebody grants it.
    #[error("blocked: {sentence}")]
    Blocked {
        /// What the neighbour said.
        sentence: Sentence,
        /// What to grant, and where.
        remedy: Sentence,
    },
    /// As [`Blocked`](Self::Blocked), but it concerns this write alone (a submitted timesheet, a complete ticket): others of its
    /// kind pass, and nobody else waits for it.
    #[error("blocked for this write: {sentence}")]
    WriteBlocked {
        /// What the neighbour said.
        sentence: Sentence,
        /// What to change, and where.
        remedy: Sentence,
    },
    /// The vendor's error body with a text that we do not know.
    #[error("refused with an unfamiliar text: {sentence}")]
    Unrecognised {
        /// What the neighbour said.
        sentence: Sentence,
    },
    /// Longer than the neighbour takes.
    #[error("too long: {sentence}")]
    TooLong {
        /// What the neighbour said.
        sentence: Sentence,
    },
    /// The role does not fit the resource or the ticket; the next candidate may.
    #[error("role refused: {sentence}")]
    RoleRefused {
        /// What the neighbour said.
        sentence: Sentence,
    },
    /// What was asked for, or the parent of what was to be written, does not exist.
    #[error("not found")]
    NotFound,
    /// The appliance has no report of the session (yet), in its own words.
    #[error("not ready: {sentence}")]
    NotReady {
        /// What the appliance said; "empty" if it said nothing.
        sentence: Sentence,
    },
    /// An answer arrived that cannot be read: truncated, hostile, foreign, over a limit. Retried, for it may have
    /// been cut on the way.
    #[error("unreadable: {what}")]
    Unreadable {
        /// What is wrong and at which byte; no content.
        what: Sentence,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_is_one_bounded_line() {
        assert_eq!(Sentence::new("a\r\n\tb\u{0}c ").as_str(), "a b c");
        assert_eq!(Sentence::new(&"x".repeat(1000)).as_str().chars().count(), Sentence::LENGTH_MAX + 1);
    }
}
