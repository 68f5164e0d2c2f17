//! The appliance's answer to `generate_report=SupportSession`, read as a stream into one [`SupportSession`].
//!
//! The document is never in memory as a whole: bytes come in, XML events go to one builder, and what the builder keeps
//! is bounded (`limits`). Both ends of the network use it: [`read_report_async`] on the body as it arrives, [`read_report`] on
//! a file. Elements are told by their local names; everything but the lsid may be missing; what is not known is skipped.
//!
//! An answer is a session, or an error that says so: there is no half session. What is *meant* by a session is not known here.

use std::io::{self, BufRead};

use quick_xml::events::Event;
use quick_xml::{Error, Reader};
use session::{Failure, Lsid, Sentence, SupportSession};
use tokio::io::AsyncBufRead;

mod bounded;
mod builder;
mod draft;
mod element;
mod event_draft;
mod limits;

use bounded::Bounded;
use builder::{Builder, Problem};
pub use limits::{ATTRIBUTES_MAX, DEPTH_MAX, KEPT_BYTES_MAX, Limit, NAME_BYTES_MAX, TOKEN_BYTES_MAX, TOTAL_BYTES_MAX};

/// Why there is no session. Positions are byte offsets from the beginning of the answer; no text of the answer is held, but for
/// the appliance's own error sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The appliance refused user name and password (observed by clients: status 200 and an `<error>`).
    #[error("login failed: {sentence}")]
    LoginFailed {
        /// What it said.
        sentence: Sentence,
    },
    /// The appliance answered without the session: an `<error>`, an empty list, or other sessions only.
    #[error("no report: {sentence}")]
    NotReady {
        /// What it said; "empty" if it said nothing.
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

/// What the delivery does next: refused credentials pause the connection, an answer without the session is asked for again, and so
/// is one that cannot be read, for it may have been cut on its way.
impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::LoginFailed { sentence } => Self::CredentialsRefused { sentence },
            ReportError::NotReady { sentence } => Self::NotReady { sentence },
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
    let mut reader = Reader::from_reader(Bounded::new(source));
    let mut builder = Builder::new(wanted);
    let mut token = Vec::new();
    loop {
        token.clear();
        let position = reader.get_mut().begin_token();
        match reader.read_event_into(&mut token) {
            Ok(Event::Eof) => return builder.finish(reader.get_ref().consumed()),
            Ok(event) => builder.push(&event).map_err(|problem| problem.at(position))?,
            Err(error) => return Err(reading_failed(&error, reader.get_ref(), position)),
        }
    }
}

/// The wanted session in a report that is still arriving.
///
/// # Errors
///
/// As [`read_report`]. Waits as long as the source does: the caller bounds the time.
pub async fn read_report_async(source: impl AsyncBufRead + Unpin, wanted: &Lsid) -> Result<SupportSession, ReportError> {
    let mut reader = Reader::from_reader(Bounded::new(source));
    let mut builder = Builder::new(wanted);
    let mut token = Vec::new();
    loop {
        token.clear();
        let position = reader.get_mut().begin_token();
        match reader.read_event_into_async(&mut token).await {
            Ok(Event::Eof) => return builder.finish(reader.get_ref().consumed()),
            Ok(event) => builder.push(&event).map_err(|problem| problem.at(position))?,
            Err(error) => return Err(reading_failed(&error, reader.get_ref(), position)),
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

/// What an error of the parser means, for the token that begins at that position.
fn reading_failed<R>(error: &Error, source: &Bounded<R>, position: u64) -> ReportError {
    if let Some(limit) = source.exceeded() {
        return ReportError::OverLimit { limit, position: source.consumed() };
    }
    let what = match error {
        Error::Io(error) => return ReportError::Lost { position: source.consumed(), kind: error.kind() },
        // Whatever is incomplete when there are no more bytes was cut off, a character too.
        _ if source.ended() => return ReportError::Truncated { position: source.consumed() },
        Error::Encoding(_) => "bytes that are not UTF-8",
        Error::IllFormed(_) => "tags or references that do not match",
        _ => "markup that is not XML",
    };
    ReportError::Malformed { what, position }
}

#[cfg(test)]
mod tests;
