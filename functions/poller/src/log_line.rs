//! What the log gets of each run: appliance, ids and counts only, never a text of a session or a name.

use coverage::{Job, Polled, Statement};
use session::ApplianceId;
use telemetry::{Level, Line, Metric};

use crate::run::{RunError, Tally};

/// Where the poller's metrics are found in CloudWatch.
pub const NAMESPACE: &str = "SessionBridge/Poller";

/// What a run was to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Look at what ended.
    Poll,
    /// Go on with a backfill.
    Backfill,
    /// Hold the list against the ledger.
    Statement,
    /// Tell people what is not delivered.
    Notice,
}

impl Task {
    /// In one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Backfill => "backfill",
            Self::Statement => "statement",
            Self::Notice => "notice",
        }
    }
}

/// A connection was looked at. What was enqueued is worth a look: no event told of it.
#[must_use]
pub fn polled_line(polled: &Polled) -> Line {
    let line = Line::new(Level::INFO, "polled").metric(Metric::Runs, 1);
    let line = line.metric(Metric::SessionsListed, count(polled.listed)).metric(Metric::SessionsEnqueued, count(polled.enqueued));
    line.field("appliance", polled.appliance.as_str())
        .field_if_some("mark", polled.mark.map(|mark| mark.to_string()))
        .field("ended", format!("{:?}", polled.ended))
}

/// A backfill went on.
#[must_use]
pub fn backfilled_line(job: &Job, tally: Tally) -> Line {
    let line = Line::new(Level::INFO, "backfilled").metric(Metric::Runs, 1);
    let line = line.metric(Metric::SessionsListed, count(tally.listed)).metric(Metric::SessionsEnqueued, count(tally.enqueued));
    line.field("appliance", job.appliance.as_str())
        .field("backfill", job.id.as_str())
        .field("windows", job.windows)
        .field("windows_done", job.windows_done)
}

/// A statement was made.
#[must_use]
pub fn statement_line(statement: &Statement) -> Line {
    let level = if statement.is_clean() { Level::INFO } else { Level::WARN };
    let line = Line::new(level, "statement").metric(Metric::Runs, 1);
    let line = line
        .metric(Metric::SessionsListed, count(statement.listed))
        .metric(Metric::SessionsMissing, count(statement.missing))
        .metric(Metric::SessionsExceptional, count(statement.exceptions.len() as u64));
    line.field("appliance", statement.appliance.as_str())
        .field("from", statement.from.to_string())
        .field("to", statement.to.to_string())
        .field("healed", statement.healed)
}

/// A run did not come to its end; the next one begins where it was. An alarm rests on the count.
#[must_use]
pub fn failed_line(appliance: &ApplianceId, task: Task, error: &RunError) -> Line {
    failed(appliance, task, error.cause(), error.sentence().as_str())
}

/// The alarm topic did not take what people were to be told.
#[must_use]
pub fn notice_failed_line(appliance: &ApplianceId, error: &str) -> Line {
    failed(appliance, Task::Notice, "topic", error)
}

fn failed(appliance: &ApplianceId, task: Task, cause: &'static str, error: &str) -> Line {
    let line = Line::new(Level::ERROR, "failed").cause(cause).metric(Metric::Runs, 1);
    line.field("appliance", appliance.as_str()).field("task", task.name()).field("error", error)
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use coverage::Ended;
    use telemetry::Log;

    use super::*;

    fn json(line: &Line) -> String {
        line.to_json(&Log::new(NAMESPACE, "poller", Level::INFO), "2026-11-25T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn poll_says_what_was_listed_and_enqueued_and_a_failure_whose_fault_it_is() {
        let appliance = ApplianceId::default();
        let mark = Some("2026-11-25T07:59:00Z".parse().unwrap());
        let polled = Polled { appliance: appliance.clone(), listed: 3, enqueued: 1, mark, ended: Ended::Complete };
        let error = RunError::NoTime;
        insta::assert_snapshot!(
            [json(&polled_line(&polled)), json(&failed_line(&appliance, Task::Statement, &error))].join("\n")
        );
    }
}
