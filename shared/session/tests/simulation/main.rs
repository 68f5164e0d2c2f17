//! Thousands of schedules of the simulation, and the proof that it sees what it should.
//!
//! `SIMULATE_SEED=<n>` replays one and prints its trace. For millions see `examples/simulate.rs`.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::print_stdout, reason = "a trace is printed for the person who replays it")]

mod sim;

use sim::figures::Figures;
use sim::sabotage::Sabotage;

/// Schedules of an ordinary test run.
const SEEDS: u64 = 2_000;
/// Within so many seeds a missing mechanism must be seen.
const SEEDS_OF_SABOTAGE: u64 = 10_000;

#[test]
fn promises_hold_in_every_schedule() {
    let mut figures = Figures::default();
    for seed in seeds() {
        match sim::simulate(seed, None) {
            Ok(of_schedule) => figures.add(&of_schedule),
            Err(violation) => panic!("{violation}"),
        }
    }
    println!("{}", figures.table());
}

#[expect(clippy::disallowed_methods, reason = "a person names the seed that is to be replayed")]
fn seeds() -> std::ops::Range<u64> {
    match std::env::var("SIMULATE_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => {
            let (trace, broken) = sim::trace(seed, None);
            println!(
                "{}\n{}",
                trace.join("\n"),
                broken.map_or("all promises were kept".to_owned(), |broken| format!("BROKEN: {broken}"))
            );
            seed..seed + 1
        }
        None => 0..SEEDS,
    }
}

#[test]
fn schedule_is_the_same_each_time() {
    for seed in 0..20 {
        assert_eq!(sim::trace(seed, None), sim::trace(seed, None), "seed {seed}");
    }
}

#[test]
fn missing_mechanism_is_seen() {
    for sabotage in Sabotage::ALL {
        let seen = (0..SEEDS_OF_SABOTAGE).find(|seed| sim::simulate(*seed, Some(sabotage)).is_err());
        assert!(seen.is_some(), "nobody notices that this is missing: {}", sabotage.name());
    }
}
