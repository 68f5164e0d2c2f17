//! Who has been told what: so that a hundred sessions with the same trouble make one mail an hour, not a hundred.

use jiff::{SignedDuration, Timestamp};
use session::ApplianceId;
use sha2::{Digest, Sha256};

use crate::claim::{Updated, names, send};
use crate::error::LedgerError;
use crate::item::{EXPIRES_AT, Key, moment, read_moment};
use crate::ledger::{Ledger, expiry};

/// How long after a notice the same one may be sent again.
pub const RENOTIFY_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// How long the memory of a notice is kept; anything over the above will do.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

const TOLD_AT: &str = "told_at";
/// For people who read the table; the key has only its hash, which is short and safe whatever the group contains.
const GROUP: &str = "group";
const HASH_BYTES: usize = 16;

impl Ledger {
    /// Whether a notice of that group (a connection's trouble and its sentence) may be sent now: at most hourly. `true`
    /// counts as sent: ask only when about to send, and say so with [`notification_failed`](Self::notification_failed) if that failed.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn should_notify(&self, appliance: &ApplianceId, group: &str, now: Timestamp) -> Result<bool, LedgerError> {
        let request = self
            .update(&Key::service(appliance, format!("#told#{}", hash(group))))
            .update_expression("SET #told_at = :now, #group = :group, #expires_at = :expires_at")
            .condition_expression("attribute_not_exists(#told_at) OR #told_at <= :before")
            .set_expression_attribute_names(Some(names(&[TOLD_AT, GROUP, EXPIRES_AT])))
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":before", moment(now - RENOTIFY_AFTER))
            .expression_attribute_values(":group", crate::item::text(group))
            .expression_attribute_values(":expires_at", expiry(now, KEPT));
        Ok(match send("should notify", request).await? {
            Updated::Yes(_) => true,
            // My own moment: the call had landed and its answer was lost. Should another worker have asked in the very same
            // millisecond, two notices are better than none.
            Updated::No(Some(old)) => read_moment(&old, TOLD_AT)? == Some(to_milliseconds(now)),
            Updated::No(None) => false,
        })
    }

    /// The notice that [`should_notify`](Self::should_notify) allowed at that moment has reached nobody: the next one may be sent at
    /// once. Leaves alone what another worker has marked since.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]; then the hour counts as if it had been told.
    pub async fn notification_failed(
        &self,
        appliance: &ApplianceId,
        group: &str,
        allowed_at: Timestamp,
    ) -> Result<(), LedgerError> {
        let request = self
            .update(&Key::service(appliance, format!("#told#{}", hash(group))))
            .update_expression("REMOVE #told_at")
            .condition_expression("#told_at = :mine")
            .set_expression_attribute_names(Some(names(&[TOLD_AT])))
            .expression_attribute_values(":mine", moment(allowed_at));
        // Not mine, or removed by the same call, whose answer was lost: either way nothing of mine is left.
        send("notification failed", request).await.map(|_| ())
    }
}

fn to_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

fn hash(group: &str) -> String {
    Sha256::digest(group.as_bytes()).iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_of_any_length_and_content_has_a_short_key() {
        assert_eq!(hash("").len(), 2 * HASH_BYTES);
        assert_eq!(hash(&"x".repeat(10_000)).len(), 2 * HASH_BYTES);
        assert_ne!(hash("a"), hash("b"));
    }
}
