//! The whole system, end to end: the real template with the real binaries in a local AWS, and both neighbours simulated behind
//! real HTTP. A test is "this happens outside; that is seen on the ticket, in the queues, by the people who are told".
//!
//! `make test` starts the system and says in `SESSION_BRIDGE_SYSTEM` where its description is. Every test has an appliance of
//! its own ([`harness::Harness`]), with a tenant in each simulator and a connection document, so all of them run at the same time.
//! Waiting times are a hundredth of the real ones there. Nothing here sleeps for an outcome, and nothing asserts a time.

#![allow(clippy::unwrap_used, reason = "tests")]

mod appliances;
mod arriving;
mod coverage;
mod creation;
mod documents;
mod first_minutes;
mod harness;
mod local_aws;
mod main_job;
mod matching;
mod modes;
mod once;
mod policies;
mod refusals;
mod samples;
mod silence;
mod surveys;
mod texts;
mod tls;
mod waiting;
