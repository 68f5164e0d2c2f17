//! Whether an event is worked on now, before anything is claimed: the connection may be on hold, a neighbour left alone, or the
//! tenant's hourly budget used up.
//!
//! What lets an event in is decided by `session::delivery`; here the ledger is read and written for it.

use jiff::Timestamp;
use ledger::LedgerError;
use session::delivery::Pause;
use session::delivery::machine::{Admission, admission, ignored, left_alone};
use session::delivery::record::WaitReason;
use session::{OutboundEvent, QueueMessage};

use crate::clock;
use crate::link::Link;
use crate::worker::Worker;

/// What is to become of an event before anything is claimed.
pub enum Admitted {
    /// It is worked on.
    Go {
        /// What is known of the neighbours.
        pauses: Vec<Pause>,
    },
    /// Its message waits.
    Wait {
        /// Until when.
        until: Timestamp,
        /// The word for logs and metrics.
        why: &'static str,
    },
}

impl Worker {
    /// Whether the event goes on.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the pauses could not be read or stored.
    pub(crate) async fn admit(
        &self,
        queued: &QueueMessage,
        event: &OutboundEvent,
        link: &Link,
        deadline: Timestamp,
    ) -> Result<Admitted, LedgerError> {
        let admitted = |pauses| admitted(queued, event, link, pauses);
        let pauses = match admitted(self.ledger.pauses(&queued.appliance).await?) {
            Admitted::Go { pauses } => pauses,
            wait @ Admitted::Wait { .. } => return Ok(wait),
        };
        // Nobody is asked for what is ignored, nor for what is let in although a neighbour is left alone.
        if ignored(&link.rules.settings, event.kind).is_some() || left_alone(&pauses, clock::now()) {
            return Ok(Admitted::Go { pauses });
        }
        match self.budgets.check(&queued.appliance, link, &pauses, self.links.pace(), deadline).await {
            Some(pause) => {
                self.ledger.open_pause(&queued.appliance, &pause).await?;
                Ok(admitted(with(pauses, pause)))
            }
            None => Ok(Admitted::Go { pauses }),
        }
    }
}

/// The event with these pauses, as `session::delivery` decides.
fn admitted(queued: &QueueMessage, event: &OutboundEvent, link: &Link, pauses: Vec<Pause>) -> Admitted {
    match admission(&link.rules, event.kind, queued.received_at, &pauses, clock::now()) {
        Admission::Go => Admitted::Go { pauses },
        Admission::Wait { until, why } => Admitted::Wait { until, why: why.map_or("on_hold", WaitReason::name) },
    }
}

/// The pauses with this one in the place of that of its scope.
fn with(mut pauses: Vec<Pause>, pause: Pause) -> Vec<Pause> {
    pauses.retain(|other| other.scope != pause.scope);
    pauses.push(pause);
    pauses
}
