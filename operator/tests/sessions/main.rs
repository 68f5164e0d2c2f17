//! The commands about sessions: the real program against the local system that the variable `SESSION_BRIDGE_SYSTEM` names.
//!
//! Every test has an appliance id of its own, whose sessions it writes into the ledger itself, so they run side by side and may be
//! repeated on the same system.
#![allow(clippy::unwrap_used, reason = "tests")]

mod bad_input;
mod changes;
mod desk;
mod lists;
mod set_aside;
