//! What can be wrong with a document: errors, with which it cannot be used, and warnings, with which it can.
//!
//! Every one names its key. None shows a value.

use std::fmt;

use session::Sentence;

/// The keys here are names of people.
const NAMES_OF_PEOPLE: &str = "autotask.time_entry.resources";

/// Why a document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The secret has no text, only bytes.
    #[error("the secret is not a text")]
    NotText,
    /// Larger than a secret can be.
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The most bytes taken.
        limit: usize,
    },
    /// Not JSON.
    #[error("line {line}, column {column}: not JSON")]
    NotJson {
        /// Where reading stopped, counted from 1.
        line: usize,
        /// Where in the line, counted from 1.
        column: usize,
    },
    /// A key is missing, or its value is not what is expected.
    #[error("`{path}`: {problem}")]
    Key {
        /// The key with all that it is in, as in `autotask.time_entry.maximum_hours`.
        path: String,
        /// What is expected.
        problem: String,
    },
    /// The document could be used, but a tool must not accept it: see [`Document::parse_strictly`](crate::Document::parse_strictly).
    #[error("{}", list(.0))]
    Rejected(Vec<Warning>),
}

impl DocumentError {
    pub(crate) fn key(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Key { path: printable(&path.into()), problem: problem.into() }
    }

    /// The key that is to blame, where it is a single one: for the alarm that names it.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Key { path, .. } => Some(path),
            _ => None,
        }
    }
}

/// Keys that nobody knows can be of any length and content, but a message is one line.
fn printable(path: &str) -> String {
    let path = if path.starts_with(NAMES_OF_PEOPLE) { NAMES_OF_PEOPLE } else { path };
    Sentence::new(path).into()
}

fn list(warnings: &[Warning]) -> String {
    warnings.iter().map(Warning::to_string).collect::<Vec<_>>().join("; ")
}

/// Something in a usable document that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The key with all that it is in.
    pub path: String,
    /// What is the matter with it.
    pub kind: WarningKind,
}

/// What is the matter with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WarningKind {
    /// Nobody knows it: a typing error, or a key of a later release.
    Unknown,
    /// It is known, and has no effect (any more).
    WithoutEffect {
        /// Why not.
        why: &'static str,
    },
    /// The built-in template is used in its place.
    BadTemplate {
        /// What is wrong with it and where.
        what: Sentence,
    },
    /// It gives up protection. Accepted by tools, too: somebody has decided so.
    Insecure {
        /// What can happen.
        risk: &'static str,
    },
}

impl Warning {
    pub(crate) fn new(path: impl Into<String>, kind: WarningKind) -> Self {
        Self { path: printable(&path.into()), kind }
    }

    /// Whether a tool must refuse the document for it.
    #[must_use]
    pub fn is_mistake(&self) -> bool {
        !matches!(self.kind, WarningKind::Insecure { .. })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: ", self.path)?;
        match &self.kind {
            WarningKind::Unknown => formatter.write_str("unknown key"),
            WarningKind::WithoutEffect { why } => write!(formatter, "has no effect, {why}"),
            WarningKind::BadTemplate { what } => write!(formatter, "the built-in template is used instead, {what}"),
            WarningKind::Insecure { risk } => formatter.write_str(risk),
        }
    }
}
