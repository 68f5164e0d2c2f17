//! Performs what the gate asks for: pauses and probes in the ledger, the budget in Autotask. What lets an event in is decided by
//! `delivery::gate`.

use std::sync::Arc;

use delivery::{Gate, GateAnswer, GateStep, Pass, Probe, WaitReason};
use ledger::LedgerError;
use link::Link;
use session::ApplianceId;

use crate::clock;
use crate::worker::{Attempt, Worker};

/// What is to become of an event before anything is claimed.
pub(crate) enum Admitted {
    /// It is worked on; the probes are to be released afterwards.
    Go(Pass),
    /// Its message waits.
    Wait {
        /// Until when.
        until: jiff::Timestamp,
        /// For what.
        why: WaitReason,
    },
}

impl Worker {
    /// Whether the event goes on.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the pauses could not be read or stored; then no probe is kept.
    pub(crate) async fn admit(&self, attempt: &Attempt, link: &Link) -> Result<Admitted, LedgerError> {
        let mut gate = Gate::new(Arc::clone(&link.rules), attempt.arrival, attempt.deadline);
        loop {
            let answer = match gate.next(clock::now()) {
                GateStep::Enter(pass) => return Ok(Admitted::Go(pass)),
                GateStep::Wait { until, why } => return Ok(Admitted::Wait { until, why }),
                step => self.perform_gate_step(attempt, link, step).await,
            };
            match answer {
                Ok(answer) => gate.take(answer, clock::now()),
                Err(error) => {
                    self.release(&attempt.queued.appliance, gate.held()).await;
                    return Err(error);
                }
            }
        }
    }

    async fn perform_gate_step(&self, attempt: &Attempt, link: &Link, step: GateStep) -> Result<GateAnswer, LedgerError> {
        let appliance = &attempt.queued.appliance;
        Ok(match step {
            GateStep::ReadPauses => GateAnswer::Pauses(self.ledger.pauses(appliance).await?),
            GateStep::AcquireProbe(probe) => GateAnswer::Acquired(self.ledger.take_probe(appliance, &probe).await?),
            GateStep::ReadBudget(pauses) => {
                let pace = self.links.pace();
                GateAnswer::Budget(self.budgets.check(appliance, link, &pauses, pace, attempt.deadline).await)
            }
            GateStep::ReleaseProbe(probe) => {
                self.release(appliance, &[probe]).await;
                GateAnswer::Done
            }
            GateStep::OpenPause(pause) => {
                self.ledger.open_pause(appliance, &pause).await?;
                GateAnswer::Done
            }
            // Both are the caller's.
            GateStep::Enter(_) | GateStep::Wait { .. } => GateAnswer::Done,
        })
    }

    /// Releases what the run did not use: a neighbour that was not asked is not to be paused for it.
    pub(crate) async fn release(&self, appliance: &ApplianceId, probes: &[Probe]) {
        for probe in probes {
            if let Err(error) = self.ledger.give_back_probe(appliance, probe).await {
                tracing::warn!(%appliance, %error, "a probe could not be released, so the neighbour is left alone until it expires");
            }
        }
    }
}
