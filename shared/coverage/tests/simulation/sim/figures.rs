//! What schedules came to, in numbers: evidence that they reach what they are meant to reach.

/// Sums over schedules.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) schedules: u64,
    pub(crate) sessions: u64,
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    pub(crate) died: u64,
    pub(crate) overtaken: u64,
    pub(crate) clocks_wrong: u64,
    pub(crate) found_by_poll: u64,
    pub(crate) listed_late: u64,
    pub(crate) long_sessions: u64,
    pub(crate) looks_again: u64,
    pub(crate) late_surveys: u64,
    pub(crate) jobs_done: u64,
    pub(crate) jobs_cancelled: u64,
    pub(crate) replayed: u64,
    pub(crate) dry_runs: u64,
    pub(crate) healed: u64,
}

impl Figures {
    fn all(&mut self) -> [&mut u64; 17] {
        [
            &mut self.schedules,
            &mut self.sessions,
            &mut self.runs,
            &mut self.steps,
            &mut self.died,
            &mut self.overtaken,
            &mut self.clocks_wrong,
            &mut self.found_by_poll,
            &mut self.listed_late,
            &mut self.long_sessions,
            &mut self.looks_again,
            &mut self.late_surveys,
            &mut self.jobs_done,
            &mut self.jobs_cancelled,
            &mut self.replayed,
            &mut self.dry_runs,
            &mut self.healed,
        ]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let mut other = *other;
        for (sum, number) in self.all().into_iter().zip(other.all()) {
            *sum += *number;
        }
    }

    pub(crate) fn has_met_everything(&self) -> bool {
        let mut figures = *self;
        figures.all().into_iter().all(|number| *number > 0)
    }
}
