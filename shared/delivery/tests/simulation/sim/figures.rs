//! What schedules came to, in numbers: evidence that they reach what they are meant to reach.

/// Sums over schedules, except where a name says otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) schedules: u64,
    pub(crate) messages: u64,
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    pub(crate) neighbour_calls: u64,
    pub(crate) ledger_calls: u64,
    pub(crate) rows: u64,
    pub(crate) workers_died: u64,
    pub(crate) fences_lost: u64,
    pub(crate) side_by_side: u64,
    pub(crate) answers_lost: u64,
    pub(crate) landed_after_giving_up: u64,
    pub(crate) found_by_look_up: u64,
    pub(crate) sent_again: u64,
    pub(crate) refused: u64,
    pub(crate) in_doubt: u64,
    pub(crate) unmatched: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) most_calls_of_a_run: u64,
    pub(crate) most_runs_of_a_message: u64,
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Self) {
        self.schedules += other.schedules;
        self.messages += other.messages;
        self.runs += other.runs;
        self.steps += other.steps;
        self.neighbour_calls += other.neighbour_calls;
        self.ledger_calls += other.ledger_calls;
        self.rows += other.rows;
        self.workers_died += other.workers_died;
        self.fences_lost += other.fences_lost;
        self.side_by_side += other.side_by_side;
        self.answers_lost += other.answers_lost;
        self.landed_after_giving_up += other.landed_after_giving_up;
        self.found_by_look_up += other.found_by_look_up;
        self.sent_again += other.sent_again;
        self.refused += other.refused;
        self.in_doubt += other.in_doubt;
        self.unmatched += other.unmatched;
        self.dead_lettered += other.dead_lettered;
        self.most_calls_of_a_run = self.most_calls_of_a_run.max(other.most_calls_of_a_run);
        self.most_runs_of_a_message = self.most_runs_of_a_message.max(other.most_runs_of_a_message);
    }

    /// Name and number, one a line.
    pub(crate) fn table(&self) -> String {
        let rows = [
            ("schedules", self.schedules),
            ("messages", self.messages),
            ("runs of a worker", self.runs),
            ("steps of the delivery", self.steps),
            ("calls to the appliance and Autotask", self.neighbour_calls),
            ("calls to the ledger", self.ledger_calls),
            ("rows written in Autotask", self.rows),
            ("workers that died", self.workers_died),
            ("fences lost", self.fences_lost),
            ("runs beside another of the same session", self.side_by_side),
            ("writes whose answer was lost", self.answers_lost),
            ("writes that landed after the caller had given up", self.landed_after_giving_up),
            ("writes found by their marker", self.found_by_look_up),
            ("writes sent again", self.sent_again),
            ("writes refused", self.refused),
            ("writes in doubt", self.in_doubt),
            ("sessions unmatched", self.unmatched),
            ("events dead-lettered", self.dead_lettered),
            ("most calls of one run", self.most_calls_of_a_run),
            ("most runs of one message", self.most_runs_of_a_message),
        ];
        rows.iter().map(|(name, number)| format!("{number:>14}  {name}\n")).collect()
    }
}
