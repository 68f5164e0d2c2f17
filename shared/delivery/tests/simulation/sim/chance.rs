//! The only source of randomness of a schedule.

use fastrand::Rng;

/// Milliseconds of simulated time.
pub(crate) type Millis = i64;

pub(crate) const SECOND: Millis = 1_000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;
pub(crate) const DAY: Millis = 24 * HOUR;

/// Dice whose throws follow from the seed.
#[derive(Debug)]
pub(crate) struct Chance(Rng);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// Whether something happens that happens so many times in a thousand. Draws nothing where it never does, so that
    /// a fault that is switched off leaves the others alone.
    pub(crate) fn per_mille(&mut self, rate: u32) -> bool {
        rate > 0 && self.0.u32(0..1000) < rate
    }

    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.0.u32(0..n) == 0
    }

    /// Evenly from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: Millis, high: Millis) -> Millis {
        self.0.i64(low..=high.max(low))
    }

    /// From `low` to `high`, small ones as likely as large ones.
    pub(crate) fn spread(&mut self, low: Millis, high: Millis) -> Millis {
        let low = low.max(1);
        let doublings = (high.max(low) / low).ilog2();
        let top = low << self.0.u32(0..=doublings);
        self.between(low, (top * 2).min(high))
    }

    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.0.usize(0..choices.len())].clone()
    }

    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        self.0.shuffle(things);
    }

    pub(crate) fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    pub(crate) fn nonce(&mut self) -> u128 {
        self.0.u128(..)
    }
}
