//! Whether an event is worked on now, before anything is claimed: the connection may be on hold, a neighbour left alone or being
//! tried by another worker, or the tenant's hourly budget used up.
//!
//! What lets an event in is decided by `session::delivery`; here the ledger is read and written for it.

use jiff::Timestamp;
use ledger::LedgerError;
use session::ApplianceId;
use session::delivery::admission::{ignored, left_alone};
use session::delivery::WaitReason;
use session::delivery::{Admission, Pause, PauseScope, Probe, admission, probes};

use crate::clock;
use crate::link::Link;
use crate::worker::{Attempt, Worker};

/// What is to become of an event before anything is claimed.
pub(crate) enum Admitted {
    /// It is worked on.
    Go(Leave),
    /// Its message waits.
    Wait {
        /// Until when.
        until: Timestamp,
        /// For what.
        why: WaitReason,
    },
}

/// What a run may call, and what it may not.
pub(crate) struct Leave {
    /// What is known of the neighbours.
    pub(crate) pauses: Vec<Pause>,
    /// Those of the pauses that this worker alone may try now; to be given back after the run.
    pub(crate) probes: Vec<Probe>,
}

impl Worker {
    /// Whether the event goes on.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the pauses could not be read or stored.
    pub(crate) async fn admit(&self, attempt: &Attempt, link: &Link) -> Result<Admitted, LedgerError> {
        let appliance = &attempt.queued.appliance;
        let pauses = self.ledger.pauses(appliance).await?;
        if let Some(wait) = must_wait(attempt, link, &pauses) {
            return Ok(wait);
        }
        // Nobody is asked for what is ignored, nor for what is let in although a neighbour is left alone.
        let rules = &link.rules;
        let ignored = ignored(&rules.settings, attempt.event.kind).is_some();
        if ignored || left_alone(&pauses, &rules.document, clock::now()) {
            return Ok(Admitted::Go(Leave { pauses, probes: Vec::new() }));
        }
        let leave = match self.take_probes(attempt, link, pauses.clone()).await? {
            Probes::Mine(leave) => leave,
            Probes::Anothers(tried) => return Ok(admitted(attempt, link, with(pauses, tried))),
        };
        // After the probes: a look is a call, too.
        match self.budgets.check(appliance, link, &leave.pauses, self.links.pace(), attempt.deadline).await {
            Some(pause) => {
                // First, or a short rest would not prevail over a longer probe.
                self.give_back(appliance, &leave.probes).await;
                self.ledger.open_pause(appliance, &pause).await?;
                Ok(admitted(attempt, link, with(leave.pauses, pause)))
            }
            None => Ok(Admitted::Go(leave)),
        }
    }

    /// The probes that a run with these pauses needs. If another worker tries a neighbour, this one takes none; if another tries a kind
    /// of write, the run goes on without that kind.
    async fn take_probes(&self, attempt: &Attempt, link: &Link, mut pauses: Vec<Pause>) -> Result<Probes, LedgerError> {
        let appliance = &attempt.queued.appliance;
        let mut mine = Vec::new();
        for probe in probes(&pauses, &link.rules.document, attempt.deadline, clock::now()) {
            if self.ledger.take_probe(appliance, &probe).await? {
                mine.push(probe);
            } else if matches!(probe.seen.scope, PauseScope::Kind(_)) {
                pauses = with(pauses, probe.pause());
            } else {
                self.give_back(appliance, &mine).await;
                return Ok(Probes::Anothers(probe.pause()));
            }
        }
        Ok(Probes::Mine(Leave { pauses, probes: mine }))
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
    Mine(Leave),
    /// Another one tries this pause's neighbour, about until its end.
    Anothers(Pause),
}

/// The event with these pauses, as `session::delivery` decides, without any probe.
fn admitted(attempt: &Attempt, link: &Link, pauses: Vec<Pause>) -> Admitted {
    must_wait(attempt, link, &pauses).unwrap_or(Admitted::Go(Leave { pauses, probes: Vec::new() }))
}

fn must_wait(attempt: &Attempt, link: &Link, pauses: &[Pause]) -> Option<Admitted> {
    match admission(&link.rules, attempt.arrival, pauses, clock::now()) {
        Admission::Go => None,
        Admission::Wait { until, why } => Some(Admitted::Wait { until, why }),
    }
}

/// The pauses, with this one in the place of that of its scope.
pub(crate) fn with(mut pauses: Vec<Pause>, pause: Pause) -> Vec<Pause> {
    pauses.retain(|other| other.scope != pause.scope);
    pauses.push(pause);
    pauses
}
