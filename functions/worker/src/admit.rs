//! Whether an event is worked on now, before anything is claimed: the connection may be on hold, a neighbour left alone or being
//! tried by another worker, or the tenant's hourly budget used up.
//!
//! What lets an event in is decided by `session::delivery`; here the ledger is read and written for it.

use jiff::Timestamp;
use ledger::LedgerError;
use session::delivery::machine::{Admission, admission, ignored, left_alone};
use session::delivery::record::WaitReason;
use session::delivery::{Pause, Probe, probes};
use session::{ApplianceId, OutboundEvent, QueueMessage};

use crate::clock;
use crate::link::Link;
use crate::worker::Worker;

/// What is to become of an event before anything is claimed.
pub enum Admitted {
    /// It is worked on.
    Go {
        /// What is known of the neighbours, as it was read.
        pauses: Vec<Pause>,
        /// Those of the pauses that this worker alone may try now; to be given back after the run.
        probes: Vec<Probe>,
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
        let appliance = &queued.appliance;
        let admitted = |pauses| admitted(queued, event, link, pauses);
        let pauses = match admitted(self.ledger.pauses(appliance).await?) {
            Admitted::Go { pauses, .. } => pauses,
            wait @ Admitted::Wait { .. } => return Ok(wait),
        };
        // Nobody is asked for what is ignored, nor for what is let in although a neighbour is left alone.
        if ignored(&link.rules.settings, event.kind).is_some() || left_alone(&pauses, clock::now()) {
            return Ok(Admitted::Go { pauses, probes: Vec::new() });
        }
        let probes = match self.take_probes(appliance, &pauses).await? {
            Probes::Mine(probes) => probes,
            Probes::Anothers(tried) => return Ok(admitted(with(pauses, tried))),
        };
        // After the probes: a look is a call, too.
        match self.budgets.check(appliance, link, &pauses, self.links.pace(), deadline).await {
            Some(pause) => {
                // First, or a short rest would not prevail over a longer probe.
                self.give_back(appliance, &probes).await;
                self.ledger.open_pause(appliance, &pause).await?;
                Ok(admitted(with(pauses, pause)))
            }
            None => Ok(Admitted::Go { pauses, probes }),
        }
    }

    /// The probes that a run with these pauses needs: all, or none if another worker has one of them.
    async fn take_probes(&self, appliance: &ApplianceId, pauses: &[Pause]) -> Result<Probes, LedgerError> {
        let mut mine = Vec::new();
        for probe in probes(pauses, self.links.pace(), clock::now()) {
            if !self.ledger.take_probe(appliance, &probe).await? {
                self.give_back(appliance, &mine).await;
                return Ok(Probes::Anothers(probe.pause()));
            }
            mine.push(probe);
        }
        Ok(Probes::Mine(mine))
    }

    /// Gives back what the run did not use: a neighbour that was not asked is not to be left alone for it.
    pub(crate) async fn give_back(&self, appliance: &ApplianceId, probes: &[Probe]) {
        for probe in probes {
            if let Err(error) = self.ledger.give_back_probe(appliance, probe).await {
                tracing::warn!(%appliance, %error, "a probe could not be given back, so the neighbour is left alone until it runs out");
            }
        }
    }
}

/// Who may try the neighbours whose pauses have run out.
enum Probes {
    /// This worker. There may be none to take.
    Mine(Vec<Probe>),
    /// Another one tries this pause's neighbour, about until its end.
    Anothers(Pause),
}

/// The event with these pauses, as `session::delivery` decides.
fn admitted(queued: &QueueMessage, event: &OutboundEvent, link: &Link, pauses: Vec<Pause>) -> Admitted {
    match admission(&link.rules, event.kind, queued.received_at, &pauses, clock::now()) {
        Admission::Go => Admitted::Go { pauses, probes: Vec::new() },
        Admission::Wait { until, why } => Admitted::Wait { until, why: why.map_or("on_hold", WaitReason::name) },
    }
}

/// The pauses, with this one in the place of that of its scope.
pub(crate) fn with(mut pauses: Vec<Pause>, pause: Pause) -> Vec<Pause> {
    pauses.retain(|other| other.scope != pause.scope);
    pauses.push(pause);
    pauses
}
