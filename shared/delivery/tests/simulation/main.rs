//! Thousands of schedules of the simulation, and the proof that it sees what it should.
//!
//! `SIMULATE_SEED=<n>` replays one and prints its trace. For millions see `examples/simulate.rs`.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::print_stdout, reason = "a trace is printed for the person who replays it")]

mod sim;

use std::sync::atomic::{AtomicU64, Ordering};

use sim::Setup;
use sim::sabotage::Sabotage;

/// Schedules of an ordinary test run.
const SEEDS: u64 = 2_000;
/// Within so many seeds a missing mechanism must be seen.
const SEEDS_OF_SABOTAGE: u64 = 10_000;

#[test]
fn promises_hold_in_every_schedule() {
    if let Some(seed) = seed_to_replay() {
        let (trace, broken) = sim::trace(seed, Setup::default());
        println!("{}", trace.join("\n"));
        assert_eq!(broken, None);
        return;
    }
    let next = AtomicU64::new(0);
    let check_some = || {
        while let seed @ ..SEEDS = next.fetch_add(1, Ordering::Relaxed) {
            if let Err(violation) = sim::simulate(seed, Setup::default()) {
                panic!("{violation}");
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(check_some);
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a person names the seed that is to be replayed")]
fn seed_to_replay() -> Option<u64> {
    std::env::var("SIMULATE_SEED").ok()?.parse().ok()
}

#[test]
fn schedule_is_the_same_each_time() {
    for seed in 0..20 {
        assert_eq!(sim::trace(seed, Setup::default()), sim::trace(seed, Setup::default()), "seed {seed}");
    }
}

#[test]
fn missing_mechanism_is_seen() {
    for sabotage in Sabotage::ALL {
        let seen = (0..SEEDS_OF_SABOTAGE).find(|seed| sim::simulate(*seed, Setup::without(sabotage)).is_err());
        assert!(seen.is_some(), "nobody notices that this is missing: {}", sabotage.name());
    }
}
