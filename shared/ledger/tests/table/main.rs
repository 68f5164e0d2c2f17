//! The ledger against a real table: that of the local system, whose description the variable `SESSION_BRIDGE_SYSTEM` names.
//!
//! Every test has an appliance id of its own, so they run side by side and may be repeated on the same system.
#![allow(clippy::unwrap_used, reason = "tests")]

mod claims;
mod coverage;
mod listing;
mod lost_answers;
mod pauses;
mod refusals;
mod remembered;
mod seen;
mod service_items;
mod system;
mod tokens;
mod unreliable_network;
