//! Which messages belong together, and which are the same one. SQS takes both as texts of at most 128 letters, digits and
//! punctuation marks.

use session::{ApplianceId, Lsid, Origin};
use sha2::{Digest, Sha256};

use crate::message::QueueMessage;

/// The message group: one per session, so that order holds within it and no session waits for another. At most 125 characters.
#[must_use]
pub fn group_id(appliance: &ApplianceId, lsid: &Lsid) -> String {
    format!("{appliance}:{lsid}")
}

/// What makes it the same message for the queue, which forgets it after five minutes. 64 hex digits.
///
/// Of an event of the appliance: the SHA-256 of appliance and raw body. A resend has both, and collapses; another session's event of
/// the same second has another lsid, and does not. Whatever else is queued is meant, however often it comes: `fresh` makes each one
/// unlike all others.
#[must_use]
pub fn deduplication_id(message: &QueueMessage, fresh: impl FnOnce() -> u128) -> String {
    match message.origin {
        Origin::Event => hash(message),
        Origin::Poll | Origin::Replay => format!("{:064x}", fresh()),
    }
}

fn hash(message: &QueueMessage) -> String {
    let mut hash = Sha256::new();
    hash.update(message.appliance.as_str());
    // No appliance id has this byte, so that no two pairs run together to the same text.
    hash.update([0]);
    hash.update(&message.body);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use jiff::Timestamp;

    use super::*;

    fn id(appliance: &str, origin: Origin, body: &[u8], fresh: u128) -> String {
        let appliance = appliance.parse().unwrap();
        let message = QueueMessage { appliance, received_at: Timestamp::UNIX_EPOCH, origin, body: body.to_vec() };
        deduplication_id(&message, || fresh)
    }

    #[test]
    fn event_is_the_same_by_its_appliance_and_raw_body() {
        let first = id("default", Origin::Event, b"event=x", 1);
        assert_eq!(first, id("Default", Origin::Event, b"event=x", 2));
        assert_ne!(first, id("acme", Origin::Event, b"event=x", 1));
        assert_ne!(first, id("default", Origin::Event, b"event=y", 1));
        // printf 'default\0event=support_conference_end&lsid=ab' | sha256sum
        let known = id("default", Origin::Event, b"event=support_conference_end&lsid=ab", 1);
        assert_eq!(known, "681f562989d74959025c0b65630ef01220907188bf10be1e4e9622a38562b3b7");
    }

    #[test]
    fn poll_and_replay_are_always_another() {
        for origin in [Origin::Poll, Origin::Replay] {
            assert_ne!(id("default", origin, b"event=x", 1), id("default", origin, b"event=x", 2));
            assert_eq!(id("default", origin, b"event=x", u128::MAX).len(), 64);
        }
    }

    #[test]
    fn longest_ids_make_a_group_that_the_queue_takes() {
        let appliance = "a".repeat(ApplianceId::LENGTH_MAX).parse().unwrap();
        let group = group_id(&appliance, &"l".repeat(Lsid::LENGTH_MAX).parse().unwrap());
        assert!(group.len() <= 128 && group.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
