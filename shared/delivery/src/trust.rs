//! Whether look-ups can be trusted, per kind of write, for one API user of one tenant.
//!
//! A restricted API user silently sees fewer rows, so "not found" proves nothing by itself. A write that was surely made is looked
//! up: when it is seen, look-ups work, and it becomes the *witness*. Before a "not found" decides that something is sent again, the
//! witness is looked up once more: rights that were taken away meanwhile show at that moment. The ledger keeps the proofs under the
//! tenant and the API user, so that another user begins without any. Decides nothing about writes; `writes` asks it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::waits::later;
use session::content::Place;
use session::write_id::{Marker, WriteKind};

/// After this a proof is renewed with the next write, so that its witness is a recent row: one look-up a day and kind.
pub const PROOF_RENEWED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Tells one API user of one tenant from another: what one sees says nothing of what another does. Names nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiUser(pub String);

/// What is known of look-ups, per kind of write; a kind that is missing was never tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proofs(pub BTreeMap<WriteKind, Proof>);

/// What came of looking up a write that was surely made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When it was looked up.
    pub at: Timestamp,
    /// The write that was found; `None`: it was there, and could not be seen.
    pub witness: Option<Witness>,
}

/// A write that was found by its marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Its marker.
    pub marker: Marker,
    /// Where it was found.
    pub place: Place,
}

impl Proofs {
    /// The write by which look-ups of that kind can be tried again; `None`: they cannot be trusted.
    #[must_use]
    pub fn witness(&self, kind: WriteKind) -> Option<&Witness> {
        self.0.get(&kind)?.witness.as_ref()
    }

    /// Whether look-ups of that kind have been seen to work.
    #[must_use]
    pub fn trusted(&self, kind: WriteKind) -> bool {
        self.witness(kind).is_some()
    }

    /// Whether look-ups of that kind are known not to work.
    #[must_use]
    pub fn disproved(&self, kind: WriteKind) -> bool {
        self.0.get(&kind).is_some_and(|proof| proof.witness.is_none())
    }

    /// Whether the next write of that kind is to be looked up at once: they have not been seen to work, or not for a day.
    #[must_use]
    pub fn is_due(&self, kind: WriteKind, now: Timestamp) -> bool {
        self.0.get(&kind).is_none_or(|proof| proof.witness.is_none() || later(proof.at, PROOF_RENEWED_AFTER) <= now)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::WriteId;
    use session::ids::TicketId;

    fn proofs(witness: Option<Witness>) -> Proofs {
        Proofs(BTreeMap::from([(WriteKind::Note, Proof { at: Timestamp::UNIX_EPOCH, witness })]))
    }

    fn witness() -> Witness {
        let marker = Marker::new(&"ab".parse().unwrap(), &WriteId::SessionNote);
        Witness { marker, place: Place::Note { ticket: TicketId(7), since: Timestamp::UNIX_EPOCH } }
    }

    #[test]
    fn look_ups_are_trusted_only_with_a_witness() {
        let (seen, unseen, never) = (proofs(Some(witness())), proofs(None), Proofs::default());
        assert_eq!([&seen, &unseen, &never].map(|proofs| proofs.trusted(WriteKind::Note)), [true, false, false]);
        assert_eq!([&seen, &unseen, &never].map(|proofs| proofs.disproved(WriteKind::Note)), [false, true, false]);
        assert!(!seen.trusted(WriteKind::TimeEntry), "each kind has rights of its own");
    }

    #[test]
    fn proof_is_renewed_after_a_day_and_a_failed_one_with_each_write() {
        let later = |hours| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hours);
        assert!(!proofs(Some(witness())).is_due(WriteKind::Note, later(23)));
        assert!(proofs(Some(witness())).is_due(WriteKind::Note, later(24)));
        assert!(proofs(None).is_due(WriteKind::Note, later(0)));
        assert!(Proofs::default().is_due(WriteKind::Note, later(0)));
    }

    #[test]
    fn proofs_survive_the_ledger() {
        let proofs = proofs(Some(witness()));
        let text = serde_json::to_string(&proofs).unwrap();
        assert_eq!(serde_json::from_str::<Proofs>(&text).unwrap(), proofs);
    }
}
