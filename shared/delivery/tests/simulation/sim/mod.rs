//! A deterministic simulation of the delivery: the real state machine between a simulated queue, ledger, appliance and
//! ticketing system, in simulated time, with everything going wrong that can.
//!
//! One seed is one *schedule*: which sessions there are, what the administrator changes, what the neighbours do to each
//! call, where workers die, freeze or run side by side. The same seed always gives the same trace. No real clock, no
//! thread, no map without an order.
//!
//! - [`schedule`]: what a seed stands for. [`themes`]: what only some schedules have. [`chance`]: the only source of randomness.
//! - [`world`]: the time line, on which everything happens. [`worker`]: performs steps as the real one does.
//! - [`queue`], [`ledger`], [`appliance`], [`autotask`]: the neighbours, each with its own ways to fail.
//! - [`invariants`]: what must hold whatever happens. [`sabotage`]: mechanisms taken away, to prove that it is seen.

#![allow(dead_code, reason = "the test and the command line use different parts")]

pub(crate) mod appliance;
pub(crate) mod autotask;
pub(crate) mod chance;
pub(crate) mod figures;
pub(crate) mod invariants;
pub(crate) mod lateness;
pub(crate) mod ledger;
pub(crate) mod queue;
pub(crate) mod rules;
pub(crate) mod sabotage;
pub(crate) mod schedule;
pub(crate) mod themes;
pub(crate) mod worker;
pub(crate) mod world;

use figures::Figures;
use sabotage::Sabotage;
use schedule::Schedule;
use themes::Focus;
use world::World;

/// How schedules are made and judged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Setup {
    /// A mechanism that is missing.
    pub(crate) sabotage: Option<Sabotage>,
    /// Which themes they are about.
    pub(crate) focus: Focus,
}

impl Setup {
    /// All themes, and that mechanism missing.
    pub(crate) fn without(sabotage: Sabotage) -> Self {
        Self { sabotage: Some(sabotage), ..Self::default() }
    }
}

/// A promise that was broken, with the seed that shows it.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// Replays the schedule.
    pub(crate) seed: u64,
    /// Which promise.
    pub(crate) promise: String,
    /// Everything that happened, for a person to follow.
    pub(crate) trace: Vec<String>,
}

/// Runs the schedule of that seed.
///
/// # Errors
///
/// The first promise that was broken. The schedule is then run again to write down its trace.
pub(crate) fn simulate(seed: u64, setup: Setup) -> Result<Figures, Violation> {
    let first = run(seed, setup, false);
    match first.broken {
        None => Ok(first.figures),
        Some(_) => {
            let again = run(seed, setup, true);
            let promise = again.broken.unwrap_or_else(|| "the second run differs from the first".to_owned());
            Err(Violation { seed, promise, trace: again.trace })
        }
    }
}

/// Runs the schedule of that seed and returns its whole trace, broken promise or not.
pub(crate) fn trace(seed: u64, setup: Setup) -> (Vec<String>, Option<String>) {
    let world = run(seed, setup, true);
    (world.trace, world.broken)
}

fn run(seed: u64, setup: Setup, tracing: bool) -> World {
    let mut world = World::new(Schedule::of(seed, setup.focus), seed, setup, tracing);
    world.run();
    world
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.trace {
            writeln!(formatter, "{line}")?;
        }
        writeln!(formatter, "BROKEN: {}", self.promise)?;
        write!(formatter, "replay with SIMULATE_SEED={}", self.seed)
    }
}
