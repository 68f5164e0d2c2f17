//! The worker: one queued event to its end. Claim, fetch, plan, write, record.
//!
//! What to do is decided by the pure state machine of `delivery`; this crate performs it:
//!
//! - [`invocation`]: what the function is called with.
//! - [`handler`]: a batch of the queue, record by record; a panic is one record's failure.
//! - [`worker`]: one event: read, link, admit, claim, run, let go. [`admit`]: whether it is its turn.
//! - [`perform`]: the steps of the delivery, with concrete clients.
//! - [`budget`]: the tenant's hourly budget of calls.
//! - [`silence`], by [`business_hours`]: whether events still come.
//! - [`queues`], [`notify`], [`outcome_line`], [`log_line`]: what messages, people and the log get.
//! - [`config`], [`clock`]: the doors to environment and clock.

pub mod admit;
pub mod budget;
pub mod business_hours;
pub mod clock;
pub mod config;
pub mod handler;
pub mod invocation;
pub mod log_line;
pub mod notify;
pub mod outcome_line;
pub mod perform;
pub mod queues;
pub mod silence;
pub mod worker;
