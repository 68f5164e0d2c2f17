//! Proofs: whether look-ups of a kind of write are known to work, for one API user of a connection's tenant.
//!
//! A restricted API user silently sees fewer rows. So a write that was surely made is looked up, and what came of it is remembered
//! here, under the user: another one begins without proofs. What rests on a proof is decided by the delivery.

use delivery::{ApiUser, Proof, Proofs, WriteKind};
use jiff::Timestamp;
use session::ApplianceId;

use crate::attribute::{from_attribute, to_attribute};
use crate::claim::{names, send};
use crate::error::LedgerError;
use crate::item::{Key, moment};
use crate::ledger::Ledger;

const KINDS: [WriteKind; 4] = [WriteKind::Ticket, WriteKind::Note, WriteKind::Attachment, WriteKind::TimeEntry];
const UPDATED_AT: &str = "updated_at";

impl Ledger {
    /// What is known about look-ups of a connection's API user. One consistent read.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn proofs(&self, appliance: &ApplianceId, user: &ApiUser) -> Result<Proofs, LedgerError> {
        let item = self.read("proofs", &proof_key(appliance, user)).await?.unwrap_or_default();
        let mut proofs = Proofs::default();
        for kind in KINDS {
            if let Some(value) = item.get(kind.name()) {
                proofs.0.insert(kind, from_attribute(kind.name(), value)?);
            }
        }
        Ok(proofs)
    }

    /// Remembers what came of looking up a write of that kind that was surely made. The last word counts. Kept for good.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn set_proof(
        &self,
        appliance: &ApplianceId,
        user: &ApiUser,
        kind: WriteKind,
        proof: &Proof,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let request = self
            .update(&proof_key(appliance, user))
            .update_expression("SET #kind = :proof, #updated_at = :now")
            .set_expression_attribute_names(Some(names(&[UPDATED_AT])))
            .expression_attribute_names("#kind", kind.name())
            .expression_attribute_values(":proof", to_attribute(proof)?)
            .expression_attribute_values(":now", moment(now));
        send("set proof", request).await.map(|_| ())
    }
}

fn proof_key(appliance: &ApplianceId, user: &ApiUser) -> Key {
    Key::service(appliance, format!("#proof#{}", user.0))
}
