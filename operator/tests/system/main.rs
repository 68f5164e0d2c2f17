//! The real program against the local system: what a person types, and what comes back. Needs the local system (`make test`).

#![allow(clippy::unwrap_used, reason = "tests")]

mod connection;
mod coverage;
mod harness;
mod new_connection;
mod session_key;
mod shadow;
mod tested;
mod unmatched;
mod week;
mod wrong_stack;
