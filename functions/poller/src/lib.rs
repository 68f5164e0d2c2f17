//! The poller: what the events missed. It asks each connection's source which sessions ended, and enqueues what the ledger does not know.
//!
//! What to ask, what to enqueue and what to keep is decided by the pure machines of `coverage`; this crate performs their steps:
//!
//! - [`invocation`]: what the function is called with: a schedule, or a request of the operator's program (`coverage::request`).
//! - [`poller`]: all connections side by side, or what was asked for. One connection's failure never stops another's.
//! - [`run`]: a machine to its end, or as far as there is time.
//! - [`daily`]: which statement is due. [`notify`]: telling people what is not delivered.
//! - [`log_line`]: what the log gets, and what alarms count.
//! - [`config`], [`clock`]: the doors to environment and clock.
//!
//! It writes to no ticketing system and delivers nothing itself: whatever it finds goes through the queue, like any event.

pub mod clock;
pub mod config;
pub mod daily;
pub mod invocation;
pub mod log_line;
pub mod notify;
pub mod poller;
pub mod run;
