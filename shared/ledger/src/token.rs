//! The token of a connection's appliance, sealed: so that a process that starts need not ask the appliance for one more.
//!
//! What is sealed cannot be opened with what lies in the table, and is not looked into here.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use session::ApplianceId;

use crate::claim::{names, send};
use crate::error::LedgerError;
use crate::item::{EXPIRES_AT, Key, binary, moment, read_binary, read_moment, required};
use crate::ledger::{Ledger, expiry};

const SEALED: &str = "sealed";
const VALID_UNTIL: &str = "valid_until";
const UPDATED_AT: &str = "updated_at";

/// A token that only who sealed it, or knows the same secret, can open.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedToken {
    /// The token, encrypted.
    pub bytes: Vec<u8>,
    /// When the appliance no longer takes it, to the millisecond. Not authenticated: it orders tokens, nothing rests on it.
    pub valid_until: Timestamp,
}

/// Without the bytes: sealed or not, they have no place in a log.
impl fmt::Debug for SealedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SealedToken").field("valid_until", &self.valid_until).finish_non_exhaustive()
    }
}

impl Ledger {
    /// The token that was kept for the connection, if any; it may be over. One consistent read.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn token(&self, appliance: &ApplianceId) -> Result<Option<SealedToken>, LedgerError> {
        let Some(item) = self.read("token", &key(appliance)).await? else { return Ok(None) };
        let bytes = required(SEALED, read_binary(&item, SEALED)?)?.to_vec();
        let valid_until = required(VALID_UNTIL, read_moment(&item, VALID_UNTIL)?)?;
        Ok(Some(SealedToken { bytes, valid_until }))
    }

    /// Keeps the token in place of the one that was kept, until it is over. Of two that are valid equally long the last one
    /// counts; one that is valid longer stays, which is no error.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn keep_token(&self, appliance: &ApplianceId, token: &SealedToken, now: Timestamp) -> Result<(), LedgerError> {
        let request = self
            .update(&key(appliance))
            .update_expression(
                "SET #sealed = :sealed, #valid_until = :valid_until, #updated_at = :now, #expires_at = :expires_at",
            )
            // Equal is fine: the same call, made again because its answer was lost.
            .condition_expression("attribute_not_exists(#valid_until) OR #valid_until <= :valid_until")
            .set_expression_attribute_names(Some(names(&[SEALED, VALID_UNTIL, UPDATED_AT, EXPIRES_AT])))
            .expression_attribute_values(":sealed", binary(&token.bytes))
            .expression_attribute_values(":valid_until", moment(token.valid_until))
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":expires_at", expiry(token.valid_until, SignedDuration::ZERO));
        send("keep token", request).await.map(|_| ())
    }
}

fn key(appliance: &ApplianceId) -> Key {
    Key::service(appliance, "#token")
}
