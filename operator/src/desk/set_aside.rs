//! What the worker gave up, and what the receiver could not read: which messages are meant, and each as one row.

use jiff::Timestamp;
use queue::{Quarantined, QueueError, SetAside, WaitingRoom};
use serde::Serialize;
use session::ApplianceId;

/// A dead letter, for lists. Its body is left out: it is the appliance's text.
#[derive(Debug, Serialize)]
pub(crate) struct DeadLetter {
    pub(crate) id: String,
    pub(crate) appliance: Option<ApplianceId>,
    pub(crate) lsid: Option<String>,
    pub(crate) event: Option<String>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) received_at: Option<Timestamp>,
    pub(crate) reason: String,
}

impl From<&SetAside> for DeadLetter {
    fn from(message: &SetAside) -> Self {
        let read = message.message().ok();
        let event = read.as_ref().and_then(|read| match appliance::outbound_event::parse(&read.body) {
            Ok(appliance::Parsed::Known(event)) => Some(event),
            _ => None,
        });
        // The group is "<appliance>:<lsid>", also where the body cannot be read.
        let group = message.group.as_deref().and_then(|group| group.split_once(':'));
        let reason = message.reason.clone().unwrap_or_else(|| "received too often without an outcome".to_owned());
        Self {
            id: message.id.clone(),
            appliance: read.as_ref().map(|read| read.appliance.clone()).or_else(|| group?.0.parse().ok()),
            lsid: event.as_ref().map(|event| event.lsid.to_string()).or_else(|| Some(group?.1.to_owned())),
            event: event.map(|event| event.kind.name().to_owned()),
            since: message.sent_at,
            received_at: read.map(|read| read.received_at),
            reason,
        }
    }
}

/// A quarantined body, for lists; the body itself is left out.
#[derive(Debug, Serialize)]
pub(crate) struct InQuarantine {
    pub(crate) id: String,
    pub(crate) appliance: Option<ApplianceId>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) reason: String,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Option<usize>,
}

impl From<&SetAside> for InQuarantine {
    fn from(message: &SetAside) -> Self {
        let read = Quarantined::from_json(&message.body).ok();
        let reason = read.as_ref().map_or_else(|| "not written by this release".to_owned(), |read| read.reason.clone());
        Self {
            id: message.id.clone(),
            appliance: read.as_ref().map(|read| read.message.appliance.clone()),
            since: message.sent_at,
            reason,
            bytes: read.as_ref().map(|read| read.full_length),
            content_type: read.and_then(|read| read.content_type),
        }
    }
}

/// The body that the appliance posted, if the message can be read.
pub(crate) fn body(message: &SetAside) -> Option<String> {
    message.message().ok().map(|read| String::from_utf8_lossy(&read.body).into_owned())
}

/// Messages of a queue, held for a moment.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Those that are meant.
    pub(crate) meant: Vec<SetAside>,
    /// Ids that name none.
    pub(crate) unknown: Vec<String>,
}

/// Holds the messages with those ids (all, if there are none) of that appliance (of any, if none is named); gives back all others.
///
/// # Errors
///
/// As the queue's.
pub(crate) async fn hold(room: &WaitingRoom, ids: &[String], of: Option<&ApplianceId>) -> Result<Held, QueueError> {
    let all = room.hold(usize::MAX).await?;
    let is_of = |message: &SetAside| of.is_none() || appliance_of(message).as_ref() == of;
    let is_named = |message: &SetAside| ids.is_empty() || ids.contains(&message.id);
    let (meant, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|message| is_named(message) && is_of(message));
    room.release(&others).await?;
    let unknown = ids.iter().filter(|id| meant.iter().all(|message| message.id != **id)).cloned().collect();
    Ok(Held { meant, unknown })
}

/// Of which appliance the message is.
pub(crate) fn appliance_of(message: &SetAside) -> Option<ApplianceId> {
    DeadLetter::from(message).appliance
}
