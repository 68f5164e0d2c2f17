//! What a call comes to: every row of the table of answers, decided from values alone. Nothing is sent, stored or logged
//! here, and nothing can fail: each call gets one [`Decision`].
//!
//! The order is part of the protection. Path, method, source and token are looked at first, and only for a caller who has all of them
//! right is the body decoded and read. A stranger never learns how a body is judged, nor makes us work on one. (Who has the
//! right token but another path or method gets the public's 404 or 405, and is counted apart: an appliance is set up wrongly.)
//!
//! What is authentic is never refused. The appliance sends no other event before this one has got its 200, so whatever a
//! resend cannot cure is put aside for a person instead.

use std::borrow::Cow;
use std::net::IpAddr;

use appliance::outbound_event::{self, Malformed, Parsed};
use jiff::Timestamp;
use queue::{Quarantined, QueueMessage};
use session::{ApplianceId, EventKind, Lsid, Origin};

use crate::access::{Access, Refusal};
use crate::body::{Body, Undecodable};

/// The one path, that of the old plugin. Its Windows server took it in any case and with a slash too many, so such URLs are in
/// use, and a 404 would block the appliance for good.
pub const PATH: &str = "/ERSPost";

/// The most bytes that a body may have. Real ones have a few hundred; with every custom field at its limit some 60 KiB.
/// What is larger would still fit a queue message, but no reading of the vendor's guide explains it.
pub const BODY_BYTES_MAX: usize = 128 * 1024;

/// A call, as far as anything depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path, raw.
    pub path: &'a str,
    /// The query, raw, without its question mark.
    pub query: &'a str,
    /// Where it comes from.
    pub source: Option<IpAddr>,
    /// The content type, kept with what goes to quarantine. Whether a body is a form is seen from the body itself.
    pub content_type: Option<&'a str>,
    /// The body, not decoded yet.
    pub body: Body<'a>,
}

/// What to do about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Not our path.
    NotFound {
        /// The appliance that calls, if its token and address are right: its URL is wrong.
        appliance: Option<ApplianceId>,
    },
    /// Our path, but no POST.
    MethodNotAllowed {
        /// As above.
        appliance: Option<ApplianceId>,
    },
    /// A caller that could not prove who it is.
    Refuse(Refusal),
    /// To be stored for the worker; then 200.
    Queue(QueuedEvent),
    /// Nothing to store: an event of a kind that we do not know. 200.
    Ignore {
        /// From which appliance.
        appliance: ApplianceId,
        /// The event's name, fit for a log line.
        name: String,
    },
    /// To be stored for a person; then 200.
    Quarantine(QuarantinedBody),
}

/// An event for the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedEvent {
    /// What the worker gets.
    pub message: QueueMessage,
    /// What happened.
    pub kind: EventKind,
    /// To which session.
    pub lsid: Lsid,
}

/// An authentic body that no resend would make readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedBody {
    /// The appliance, when, and the first [`BODY_BYTES_MAX`] bytes.
    pub message: QueueMessage,
    /// Why it is here.
    pub reason: Reason,
    /// How many bytes there were.
    pub full_length: usize,
    /// What the caller said it was.
    pub content_type: Option<String>,
}

impl QuarantinedBody {
    /// As it goes to the quarantine queue.
    #[must_use]
    pub fn to_quarantined(&self) -> Quarantined {
        Quarantined {
            message: self.message.clone(),
            reason: self.reason.to_string(),
            full_length: self.full_length,
            content_type: self.content_type.clone(),
        }
    }
}

/// Why a body is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Above [`BODY_BYTES_MAX`].
    #[error("longer than {BODY_BYTES_MAX} bytes")]
    TooLong,
    /// Lambda said base64, and it is none.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// No form, or one that lacks what every event has.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Reason {
    /// The reason in one word, for log lines and counts.
    #[must_use]
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Undecodable(_) => "undecodable",
            Self::Malformed(Malformed::Empty) => "empty",
            Self::Malformed(Malformed::NotAForm) => "not_a_form",
            Self::Malformed(Malformed::Multipart(_)) => "bad_multipart",
            Self::Malformed(Malformed::NoEvent) => "no_event",
            Self::Malformed(Malformed::BadLsid(_)) => "bad_lsid",
        }
    }
}

/// What to do about that call, received at that time.
#[must_use]
pub fn decide(call: &Call<'_>, access: &Access, now: Timestamp) -> Decision {
    let admitted = access.admit(call.query, call.source);
    if !is_ours(call.path) {
        return Decision::NotFound { appliance: admitted.ok() };
    }
    if call.method != "POST" {
        return Decision::MethodNotAllowed { appliance: admitted.ok() };
    }
    match admitted {
        Ok(appliance) => judge(call, appliance, now),
        Err(refusal) => Decision::Refuse(refusal),
    }
}

/// Whether the path is [`PATH`], in any case and with any number of slashes before and after it.
fn is_ours(path: &str) -> bool {
    path.starts_with('/') && path.trim_matches('/').eq_ignore_ascii_case(PATH.trim_matches('/'))
}

/// What to do about the body of an authentic call.
fn judge(call: &Call<'_>, appliance: ApplianceId, now: Timestamp) -> Decision {
    let (bytes, read) = match call.body.decode() {
        Ok(bytes) => {
            let read = read(&bytes);
            (bytes, read)
        }
        Err(undecodable) => (Cow::Borrowed(call.body.as_it_came()), Err(undecodable.into())),
    };
    match read {
        Ok(Parsed::Unknown { name }) => Decision::Ignore { appliance, name },
        Ok(Parsed::Known(event)) => {
            Decision::Queue(QueuedEvent { message: message(appliance, &bytes, now), kind: event.kind, lsid: event.lsid })
        }
        Err(reason) => Decision::Quarantine(QuarantinedBody {
            message: message(appliance, &bytes[..bytes.len().min(BODY_BYTES_MAX)], now),
            reason,
            full_length: bytes.len(),
            content_type: call.content_type.map(str::to_owned),
        }),
    }
}

fn read(body: &[u8]) -> Result<Parsed, Reason> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Reason::TooLong);
    }
    Ok(outbound_event::parse(body)?)
}

fn message(appliance: ApplianceId, body: &[u8], now: Timestamp) -> QueueMessage {
    QueueMessage { appliance, received_at: now, origin: Origin::Event, body: body.to_vec() }
}

#[cfg(test)]
mod tests;
