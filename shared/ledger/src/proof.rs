//! Proofs: whether look-ups of a kind of write are known to work for a connection.
//!
//! A restricted API user silently sees fewer rows. So the first done write of each kind is looked up at once, and what
//! came of it is remembered here.

use jiff::Timestamp;
use session::ApplianceId;
use session::delivery::{Proofs, WriteKind};

use crate::claim::{names, send};
use crate::error::LedgerError;
use crate::item::{Key, moment};
use crate::ledger::Ledger;
use aws_sdk_dynamodb::types::AttributeValue;

const KINDS: [WriteKind; 4] = [WriteKind::Ticket, WriteKind::Note, WriteKind::Attachment, WriteKind::TimeEntry];
const UPDATED_AT: &str = "updated_at";

impl Ledger {
    /// What is known about look-ups of a connection. One consistent read.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn proofs(&self, appliance: &ApplianceId) -> Result<Proofs, LedgerError> {
        let item = self.read("proofs", &proof_key(appliance)).await?.unwrap_or_default();
        let mut proofs = Proofs::default();
        for kind in KINDS {
            if let Some(value) = item.get(kind.name()) {
                let seen = value.as_bool().map_err(|_| LedgerError::unreadable(kind.name(), "not true or false"))?;
                proofs.0.insert(kind, *seen);
            }
        }
        Ok(proofs)
    }

    /// Remembers whether a write of that kind, surely made, could be seen. The last word counts. Kept for good.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn set_proof(
        &self,
        appliance: &ApplianceId,
        kind: WriteKind,
        seen: bool,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let request = self
            .update(&proof_key(appliance))
            .update_expression("SET #kind = :seen, #updated_at = :now")
            .set_expression_attribute_names(Some(names(&[UPDATED_AT])))
            .expression_attribute_names("#kind", kind.name())
            .expression_attribute_values(":seen", AttributeValue::Bool(seen))
            .expression_attribute_values(":now", moment(now));
        send("set proof", request).await.map(|_| ())
    }
}

fn proof_key(appliance: &ApplianceId) -> Key {
    Key::service(appliance, "#proof")
}
