//! The appliance's answers to `generate_report=SupportSession`, read as a stream into one [`SupportSession`], and to
//! `SupportSessionListing`, read likewise into a list of sessions.
//!
//! The document is never in memory as a whole: bytes come in, XML events go to one builder, and what the builder keeps
//! is bounded (`limits`). Both ends of the network use it: [`read_report_async`] on the body as it arrives, [`read_report`] on
//! a file. Elements are told by their local names; everything but the lsid may be missing; what is not known is skipped.
//!
//! An answer is a session, or an error that says so: there is no half session. Bytes that are not UTF-8 cost a letter and not the
//! session: they are replaced and counted ([`SupportSession::replaced_characters`]). What is *meant* by a session is not known here.

use std::io::{self, BufRead};

use session::{EndedSession, Failure, Lsid, Sentence, SupportSession};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

mod arriving;
mod attributes;
mod builder;
mod draft;
mod element;
mod error_texts;
mod event_draft;
mod limits;
mod listing;

use arriving::Arriving;
use builder::{Draft, Problem};
use draft::SessionDraft;
pub use limits::{
    ATTRIBUTES_MAX, DEPTH_MAX, KEPT_BYTES_MAX, Limit, NAME_BYTES_MAX, SESSIONS_MAX, TOKEN_BYTES_MAX, TOTAL_BYTES_MAX,
};
use listing::ListingDraft;

/// Why there is no session. Positions are byte offsets from the beginning of the answer (in one with bytes that are not UTF-8, of
/// the text in which U+FFFD stands for them); no text of the answer is held, but for the appliance's own error sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The appliance refused user name and password (observed by clients: status 200 and an `<error>`).
    #[error("login failed: {sentence}")]
    LoginFailed {
        /// What it said.
        sentence: Sentence,
    },
    /// The appliance refuses the report for want of a right or a setting.
    #[error("not allowed: {sentence}")]
    RightMissing {
        /// What it said.
        sentence: Sentence,
        /// What to grant, and where.
        remedy: Sentence,
    },
    /// The appliance answered without the session: an `<error>` that says so, an empty list, or other sessions only.
    #[error("no report: {sentence}")]
    NotReady {
        /// What it said; "empty" if it said nothing.
        sentence: Sentence,
    },
    /// The appliance answered with an `<error>` whose text nobody here has seen before.
    #[error("no report, with an unfamiliar text: {sentence}")]
    Unfamiliar {
        /// What it said.
        sentence: Sentence,
    },
    /// The answer ends before its root element does.
    #[error("cut off at byte {position}")]
    Truncated {
        /// Where it ends.
        position: u64,
    },
    /// The source failed before the answer ended.
    #[error("lost at byte {position} ({kind})")]
    Lost {
        /// How much had been read.
        position: u64,
        /// What the source said.
        kind: io::ErrorKind,
    },
    /// Not well-formed XML.
    #[error("{what}, at byte {position}")]
    Malformed {
        /// What is wrong, in words of ours.
        what: &'static str,
        /// Where.
        position: u64,
    },
    /// Not an answer of the reporting API: another root element, or no XML.
    #[error("not a session report, at byte {position}")]
    Foreign {
        /// Where that is seen.
        position: u64,
    },
    /// A document type declaration: refused, because entities are defined there.
    #[error("a document type declaration, at byte {position}")]
    DocumentType {
        /// Where.
        position: u64,
    },
    /// An entity that is none of the five predefined ones.
    #[error("an undefined entity, at byte {position}")]
    Entity {
        /// Where.
        position: u64,
    },
    /// Larger than anything an appliance sends.
    #[error("{limit}, at byte {position}")]
    OverLimit {
        /// Which bound.
        limit: Limit,
        /// Where it was met.
        position: u64,
    },
}

/// What an `<error>` of the appliance with that text means, whichever of its APIs says it.
pub(crate) fn refusal(text: &str) -> ReportError {
    error_texts::meaning(text)
}

/// What the delivery does next: refused credentials and missing rights pause the connection and are told, an answer without the
/// session is asked for again, and so is one that cannot be read, for it may have been cut on its way.
impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::LoginFailed { sentence } => Self::CredentialsRefused { sentence },
            ReportError::RightMissing { sentence, remedy } => Self::Blocked { sentence, remedy },
            ReportError::NotReady { sentence } => Self::NotReady { sentence },
            ReportError::Unfamiliar { sentence } => Self::Unrecognised { sentence },
            ReportError::Lost { .. } => Self::Unknown { what: Sentence::new(&format!("the report was {error}")) },
            unreadable => Self::Unreadable { what: Sentence::new(&format!("the report: {unreadable}")) },
        }
    }
}

/// The wanted session in a report.
///
/// # Errors
///
/// A [`ReportError`] if the answer holds no such session, or cannot be read to its end.
pub fn read_report(source: impl BufRead, wanted: &Lsid) -> Result<SupportSession, ReportError> {
    read(source, SessionDraft::new(wanted.clone()))
}

/// The wanted session in a report that is still arriving.
///
/// # Errors
///
/// As [`read_report`]. Waits as long as the source does: the caller bounds the time.
pub async fn read_report_async(source: impl AsyncBufRead + Unpin, wanted: &Lsid) -> Result<SupportSession, ReportError> {
    read_async(source, SessionDraft::new(wanted.clone())).await
}

/// The sessions of a `SupportSessionListing`, in its order; none if the appliance says that there is nothing.
///
/// # Errors
///
/// A [`ReportError`] if the answer is no whole list, holds more than [`SESSIONS_MAX`] sessions, or one without a usable lsid: a list
/// that is not all there is would be taken for it.
pub fn read_listing(source: impl BufRead) -> Result<Vec<EndedSession>, ReportError> {
    read(source, ListingDraft::default())
}

/// The sessions of a `SupportSessionListing` that is still arriving.
///
/// # Errors
///
/// As [`read_listing`]. Waits as long as the source does: the caller bounds the time.
pub async fn read_listing_async(source: impl AsyncBufRead + Unpin) -> Result<Vec<EndedSession>, ReportError> {
    read_async(source, ListingDraft::default()).await
}

fn read<D: Draft>(mut source: impl BufRead, draft: D) -> Result<D::Whole, ReportError> {
    let mut answer = Arriving::new(draft);
    loop {
        match source.fill_buf() {
            Ok([]) => return answer.end(),
            Ok(bytes) => {
                answer.push(bytes)?;
                let taken = bytes.len();
                source.consume(taken);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(answer.lost(&error)),
        }
    }
}

async fn read_async<D: Draft>(mut source: impl AsyncBufRead + Unpin, draft: D) -> Result<D::Whole, ReportError> {
    let mut answer = Arriving::new(draft);
    loop {
        match source.fill_buf().await {
            Ok([]) => return answer.end(),
            Ok(bytes) => {
                answer.push(bytes)?;
                let taken = bytes.len();
                source.consume(taken);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(answer.lost(&error)),
        }
    }
}

impl Problem {
    fn at(self, position: u64) -> ReportError {
        match self {
            Self::Foreign => ReportError::Foreign { position },
            Self::DocumentType => ReportError::DocumentType { position },
            Self::Entity => ReportError::Entity { position },
            Self::Malformed(what) => ReportError::Malformed { what, position },
            Self::Limit(limit) => ReportError::OverLimit { limit, position },
        }
    }
}

#[cfg(test)]
mod tests;
