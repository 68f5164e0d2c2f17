//! A deterministic simulation of coverage: the real polls, backfills and statements between a simulated source, ledger and queue, in
//! simulated time, with everything going wrong that can.
//!
//! One seed is one *schedule*. The same seed always gives the same trace. No real clock, no thread, no map without an order.
//!
//! - [`schedule`]: what a seed stands for: which sessions there are and what happens to them, when who runs, whose clock is wrong.
//! - [`world`]: the time line, the neighbours, and the runs that die at any point of it.
//! - [`invariants`]: what must hold whatever happens. [`sabotage`]: mechanisms taken away, to prove that it is seen.
//! - [`figures`]: evidence that schedules reach what they are meant to reach.

pub(crate) mod figures;
pub(crate) mod invariants;
pub(crate) mod sabotage;
pub(crate) mod schedule;
pub(crate) mod world;

use figures::Figures;
use sabotage::Sabotage;
use schedule::Schedule;
use world::World;

/// Seconds, and those of the longer units.
pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3_600;

/// A promise that was broken, with the seed that shows it.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    pub(crate) seed: u64,
    pub(crate) promise: String,
    pub(crate) trace: Vec<String>,
}

/// Runs the schedule of that seed.
///
/// # Errors
///
/// The first promise that was broken. The schedule is then run again to write down its trace.
pub(crate) fn simulate(seed: u64, sabotage: Option<Sabotage>) -> Result<Figures, Violation> {
    let first = run(seed, sabotage, false);
    match first.broken {
        None => Ok(first.figures),
        Some(_) => {
            let again = run(seed, sabotage, true);
            let promise = again.broken.unwrap_or_else(|| "the second run differs from the first".to_owned());
            Err(Violation { seed, promise, trace: again.trace })
        }
    }
}

/// Runs the schedule of that seed and returns its whole trace, broken promise or not.
pub(crate) fn trace(seed: u64, sabotage: Option<Sabotage>) -> (Vec<String>, Option<String>) {
    let world = run(seed, sabotage, true);
    (world.trace, world.broken)
}

fn run(seed: u64, sabotage: Option<Sabotage>, tracing: bool) -> World {
    let mut world = World::new(Schedule::of(seed), seed, sabotage, tracing);
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
