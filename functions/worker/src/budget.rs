//! Looks at the tenant's hourly budget of calls now and then, and opens the pause that `session::delivery::budget` asks for.
//!
//! A budget that cannot be read stops nothing: whatever keeps it from being read will say so itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use ledger::{Ledger, LedgerError};
use session::ApplianceId;
use session::delivery::budget::budget;
use session::delivery::{Pace, Pause};
use tokio::time::Instant;

use crate::clock;
use crate::link::Link;

/// A look is a courtesy: it must not use up the invocation of a session when the neighbour stalls.
const LOOK_TIME_MAX: Duration = Duration::from_secs(5);

/// When the budgets of this process's connections are looked at next.
#[derive(Debug, Default)]
pub struct Budgets {
    next_look: Mutex<HashMap<ApplianceId, Timestamp>>,
}

impl Budgets {
    /// The pause that was opened because too much of the budget is used; `None`: there is room, or it is not time to look.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the pause could not be stored.
    pub async fn check(
        &self,
        appliance: &ApplianceId,
        link: &Link,
        ledger: &Ledger,
        pace: Pace,
        deadline: Timestamp,
    ) -> Result<Option<Pause>, LedgerError> {
        let now = clock::now();
        if !self.is_time(appliance, now) {
            return Ok(None);
        }
        let by = clock::call_deadline(deadline).min(Instant::now() + LOOK_TIME_MAX);
        let Ok(used) = link.autotask.threshold(by).await else {
            // As if there were room: looked at again when it is next time.
            self.look_again(appliance, budget(0, 1, pace, now).look_again_at);
            return Ok(None);
        };
        let budget = budget(used.calls, used.calls_max, pace, now);
        self.look_again(appliance, budget.look_again_at);
        if let Some(pause) = &budget.pause {
            tracing::warn!(%appliance, used_percent = budget.used_percent, until = %pause.until, "the hourly budget of calls runs low");
            ledger.open_pause(appliance, pause).await?;
        }
        Ok(budget.pause)
    }

    fn is_time(&self, appliance: &ApplianceId, now: Timestamp) -> bool {
        let next = self.next_look.lock().unwrap_or_else(PoisonError::into_inner);
        next.get(appliance).is_none_or(|at| *at <= now)
    }

    fn look_again(&self, appliance: &ApplianceId, at: Timestamp) {
        self.next_look.lock().unwrap_or_else(PoisonError::into_inner).insert(appliance.clone(), at);
    }
}
