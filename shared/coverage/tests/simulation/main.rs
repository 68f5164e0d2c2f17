//! Thousands of schedules of polls, backfills and statements, and the proof that the simulation sees what it should.
//!
//! `SIMULATE_SEED=<n>` replays one and prints its trace.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::print_stdout, reason = "a trace is printed for the person who replays it")]

mod sim;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sim::figures::Figures;
use sim::sabotage::Sabotage;

/// Schedules of an ordinary test run.
const SEEDS: u64 = 20_000;
/// Within so many seeds a missing mechanism must be seen.
const SEEDS_OF_SABOTAGE: u64 = 2_000;

#[test]
fn nothing_is_missed_in_any_schedule() {
    if let Some(seed) = seed_to_replay() {
        let (trace, broken) = sim::trace(seed, None);
        println!("{}", trace.join("\n"));
        assert_eq!(broken, None);
        return;
    }
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Figures::default()));
    let check_some = || {
        while let seed @ ..SEEDS = next.fetch_add(1, Ordering::Relaxed) {
            match sim::simulate(seed, None) {
                Ok(figures) => sum.lock().unwrap().add(&figures),
                Err(violation) => panic!("{violation}"),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(check_some);
        }
    });
    let figures = sum.into_inner().unwrap();
    println!("{figures:#?}");
    assert!(figures.has_met_everything(), "schedules no longer reach what they are meant to reach: {figures:#?}");
}

#[expect(clippy::disallowed_methods, reason = "a person names the seed that is to be replayed")]
fn seed_to_replay() -> Option<u64> {
    std::env::var("SIMULATE_SEED").ok()?.parse().ok()
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
        let seen = (0..SEEDS_OF_SABOTAGE).find_map(|seed| Some((seed, sim::simulate(seed, Some(sabotage)).err()?)));
        let (seed, violation) = seen.unwrap_or_else(|| panic!("nobody notices that this is missing: {sabotage:?}"));
        println!("without {sabotage:?}: seed {seed}: {}", violation.promise);
    }
}
