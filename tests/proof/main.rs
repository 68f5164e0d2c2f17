//! What takes minutes: killed processes, two workers on one session, bursts and backlogs, with real binaries and real HTTP.
//!
//! `make prove` starts a local system of its own and runs these tests one after the other; `cargo test` alone compiles them and
//! leaves them out. Each prints its seed and its figures, which docs/reliability.md explains. The seed decides what is asked for
//! (which sessions, faults, resends); when a signal arrives is up to the machine, so a run is alike and not identical.
//!
//! The appliances, tenants and sessions are those of the end-to-end tests next door (`tests/system`). Nothing here asserts a
//! speed: figures are printed, and only a time within which all must be over is held.

#![allow(clippy::unwrap_used, reason = "tests")]

#[allow(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../system/bench.rs"]
mod bench;
#[allow(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../system/local_aws.rs"]
mod local_aws;

#[allow(dead_code, reason = "the receiver's tests use the rest of it")]
#[path = "../../functions/receiver/tests/whole/fake_sqs.rs"]
mod fake_sqs;

mod backlog;
mod burst;
mod killed;
mod lambda;
mod local;
mod mapping;
mod processes;
mod queues;
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
