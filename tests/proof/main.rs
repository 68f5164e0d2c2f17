//! The real binaries in processes of our own, as many as wanted: killed ones, several workers on one session, bursts and backlogs,
//! tenants in trouble beside another, cold starts.
//!
//! What takes minutes is ignored here: `make prove` starts a local system of its own and runs it, one test after the other. The
//! short ones run in `make test`. Each prints its figures, and where chance has a part its seed; docs/reliability.md explains them.
//! The seed decides what is asked for (which sessions, faults, resends); when a signal arrives is up to the machine, so a run is
//! alike and not identical.
//!
//! The appliances, tenants and sessions are those of the end-to-end tests next door (`tests/system`). Nothing here asserts a
//! speed: figures are printed, and only a time within which all must be over is held.

#![allow(clippy::unwrap_used, reason = "tests")]

#[allow(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../system/harness.rs"]
mod harness;
#[allow(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../system/local_aws.rs"]
mod local_aws;

mod backlog;
mod burst;
mod cold_starts;
mod functions_log;
mod hourly_budget;
mod in_trouble;
mod killed;
mod mapping;
mod processes;
mod queues;
mod sandbox;
mod together;

/// A seed for the random choices of a test: that of `SESSION_BRIDGE_SEED`, to repeat a run, or a new one. It is printed.
fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the one door to the environment here")]
    let asked_for = std::env::var("SESSION_BRIDGE_SEED").ok();
    let seed = asked_for.map_or_else(|| fastrand::u64(..), |text| text.parse().expect("SESSION_BRIDGE_SEED is a number"));
    eprintln!("seed {seed}    (again: SESSION_BRIDGE_SEED={seed} make prove)");
    fastrand::seed(seed);
    seed
}
