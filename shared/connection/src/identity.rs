//! Who we are to a ticketing system, as far as it decides which rows we see: what a proof that look-ups work is valid for.
//!
//! A digest and not the parts themselves: it becomes part of a table's key and of log lines, where a login has no place. Nothing
//! secret goes into it, so a renewed secret changes nothing.

use std::fmt::Write as _;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::autotask::AutotaskConnection;

/// Enough that two connections never meet by accident.
const DIGEST_BYTES: usize = 16;

impl AutotaskConnection {
    /// A name for the tenant and the API user, and for those defaults of time entries on which it depends whether the user sees the
    /// entry again (Autotask hides non-billable time from who lacks the right; an entry is so by its own flag, its work type or its
    /// contract): 32 hexadecimal digits. Another user, address or such default is another name, another secret is not.
    ///
    /// What was proven under one name says nothing about another.
    #[must_use]
    pub fn identity(&self) -> String {
        let zone = self.zone_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_ascii_lowercase());
        let defaults = &self.time_entry.defaults;
        // As JSON, so that no two parts can run into each other.
        let parts = json!([
            zone,
            self.username.trim().to_lowercase(),
            defaults.is_non_billable.unwrap_or_default(),
            defaults.billing_code_id,
            defaults.contract_id,
        ]);
        let digest = Sha256::digest(parts.to_string().as_bytes());
        digest.iter().take(DIGEST_BYTES).fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        })
    }
}
