//! Looks at the tenant's hourly budget of calls now and then, and says which pause `delivery::budget` asks for.
//!
//! A look costs a call, so it is made after some minutes, or after half a percent of the budget: a backlog uses up more in a few
//! minutes than may go unseen. Each look is a line of the log and a metric. A budget that cannot be read stops nothing: whatever
//! keeps it from being read will say so itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use delivery::budget::{Budget, budget};
use delivery::{Pace, Pause, Pauses};
use jiff::Timestamp;
use link::Link;
use session::ApplianceId;
use telemetry::Log;
use tokio::time::Instant;

use crate::clock;
use crate::log_line::budget_line;

/// A look is a courtesy: it must not use up the invocation of a session when the neighbour stalls.
const LOOK_TIME_MAX: Duration = Duration::from_secs(5);
/// The hourly budget of every tenant (vendor reference), where it cannot be read.
const CALLS_MAX_USUAL: u64 = 10_000;
/// This part of the budget (half a percent) may be used by one process between two looks: so four processes that all began just
/// below where `delivery::budget` stops stay below three quarters.
const UNSEEN_PART: u64 = 200;
/// What a session asks of Autotask, roughly: ticket, author, note, time entry, and a look-up or survey now and then.
const CALLS_PER_SESSION: u64 = 5;

/// When the budgets of this process's connections are looked at next.
#[derive(Debug)]
pub struct Budgets {
    log: Log,
    next_looks: Mutex<HashMap<ApplianceId, NextLook>>,
}

/// Whichever comes first.
#[derive(Debug, Clone, Copy)]
struct NextLook {
    at: Timestamp,
    sessions_until: u64,
}

impl Budgets {
    /// None is known yet.
    #[must_use]
    pub fn new(log: Log) -> Self {
        Self { log, next_looks: Mutex::default() }
    }

    /// Before each session: the pause to open, because too much of the budget is used; `None`: there is room, or it is not time to
    /// look. `pauses` are those that the connection remembers.
    pub async fn check(
        &self,
        appliance: &ApplianceId,
        link: &Link,
        pauses: &Pauses,
        pace: Pace,
        deadline: Timestamp,
    ) -> Option<Pause> {
        let now = clock::now();
        if !self.is_time(appliance, now) {
            return None;
        }
        let by = clock::call_deadline(deadline).min(Instant::now() + LOOK_TIME_MAX);
        let Ok(used) = link.ticketing.budget(by).await else {
            // As if there were room: looked at again when it is next time.
            self.look_again(appliance, &budget(0, CALLS_MAX_USUAL, &Pauses::default(), pace, now), CALLS_MAX_USUAL);
            return None;
        };
        let budget = budget(used.calls, used.calls_max, pauses, pace, now);
        self.look_again(appliance, &budget, used.calls_max);
        let until = budget.pause.as_ref().map(|pause| pause.until);
        budget_line(appliance, budget.used_percent, until).print(&self.log, now);
        budget.pause
    }

    /// Counts the session that is about to begin.
    fn is_time(&self, appliance: &ApplianceId, now: Timestamp) -> bool {
        let mut next_looks = self.next_looks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = next_looks.get_mut(appliance) else { return true };
        next.sessions_until = next.sessions_until.saturating_sub(1);
        next.sessions_until == 0 || next.at <= now
    }

    fn look_again(&self, appliance: &ApplianceId, budget: &Budget, calls_max: u64) {
        let next = NextLook { at: budget.look_again_at, sessions_until: calls_max / UNSEEN_PART / CALLS_PER_SESSION };
        self.next_looks.lock().unwrap_or_else(PoisonError::into_inner).insert(appliance.clone(), next);
    }
}
