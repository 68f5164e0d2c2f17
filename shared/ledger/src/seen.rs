//! When an appliance was last heard of: so that its silence can be told from a quiet hour.
//!
//! It remembers the newest event only, and judges nothing; who asks knows the business hours.

use jiff::Timestamp;
use session::ApplianceId;

use crate::claim::{names, send};
use crate::error::LedgerError;
use crate::item::{Key, moment, read_moment};
use crate::ledger::Ledger;

const LAST_EVENT_AT: &str = "last_event_at";

impl Ledger {
    /// Remembers that an event of the appliance came at that time. An older one than is known changes nothing. Kept for good.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`]; the next event says the same.
    pub async fn saw_event(&self, appliance: &ApplianceId, received_at: Timestamp) -> Result<(), LedgerError> {
        let request = self
            .update(&seen_key(appliance))
            .update_expression("SET #last_event_at = :at")
            .condition_expression("attribute_not_exists(#last_event_at) OR #last_event_at < :at")
            .set_expression_attribute_names(Some(names(&[LAST_EVENT_AT])))
            .expression_attribute_values(":at", moment(received_at));
        // Not newer: another worker has seen a later one, or it is this very call, whose answer was lost.
        send("saw event", request).await.map(|_| ())
    }

    /// When the newest event of the appliance came that the worker was given; `None` if none ever did. One consistent read.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn last_event_at(&self, appliance: &ApplianceId) -> Result<Option<Timestamp>, LedgerError> {
        match self.read("last event", &seen_key(appliance)).await? {
            Some(item) => read_moment(&item, LAST_EVENT_AT),
            None => Ok(None),
        }
    }
}

fn seen_key(appliance: &ApplianceId) -> Key {
    Key::service(appliance, "#seen")
}
