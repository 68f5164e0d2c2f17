//! The ledger: conditional updates as the real table makes them, with their fence, nonce and step.
//!
//! A request comes from a client that tries it several times; any try may be lost, have lost its answer, or arrive when
//! everybody has given it up. What the table makes of one request is here; tries and times are in `worker`.

use std::collections::BTreeMap;

use delivery::{ApiUser, Pause, PauseScope, Pauses, Probe, Proof, Proofs, WriteKind};
use jiff::Timestamp;

use super::sabotage::Sabotage;
use super::worker::RunId;

/// The item of a session.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) fence: u64,
    pub(crate) nonce: u128,
    pub(crate) step: u64,
    pub(crate) claims_without_outcome: u32,
    pub(crate) record: Option<String>,
    /// Which run has claimed last: known to the simulation only.
    pub(crate) owner: RunId,
}

/// What a claim returns.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) fence: u64,
    pub(crate) nonce: u128,
    pub(crate) step: u64,
    pub(crate) claims_without_outcome: u32,
    pub(crate) record: Option<String>,
}

/// An update on its way.
#[derive(Debug, Clone)]
pub(crate) enum Update {
    Claim { nonce: u128 },
    Record { fence: u64, nonce: u128, step: u64, text: String, outcome: bool },
}

/// What the table makes of an update.
#[derive(Debug, Clone)]
pub(crate) enum Updated {
    Claimed(Claim),
    Stored,
    FenceLost,
}

/// Who alone may try what a pause stood for, and that pause as it had expired.
#[derive(Debug)]
pub(crate) struct Prober {
    pub(crate) run: RunId,
    pub(crate) seen: Pause,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) items: BTreeMap<usize, Item>,
    pub(crate) proofs: BTreeMap<ApiUser, Proofs>,
    pauses: BTreeMap<PauseScope, Pause>,
    /// Who alone may try what, until it is closed, opened again or released.
    probers: BTreeMap<PauseScope, Prober>,
    /// Updates of sessions' items that were taken.
    pub(crate) writes: BTreeMap<usize, u64>,
    sabotage: Option<Sabotage>,
}

impl Ledger {
    pub(crate) fn new(proofs: BTreeMap<ApiUser, Proofs>, sabotage: Option<Sabotage>) -> Self {
        Self { proofs, sabotage, ..Self::default() }
    }

    /// Takes the update, if its condition holds; else answers from the old item, as the client does.
    pub(crate) fn take(&mut self, session: usize, run: RunId, update: Update) -> Updated {
        match update {
            Update::Claim { nonce } => Updated::Claimed(self.claim(session, run, nonce)),
            Update::Record { fence, nonce, step, text, outcome } => {
                self.record(session, run, (fence, nonce, step), text, outcome)
            }
        }
    }

    fn claim(&mut self, session: usize, run: RunId, nonce: u128) -> Claim {
        let blank = Item { fence: 0, nonce: 0, step: 0, claims_without_outcome: 0, record: None, owner: run };
        let item = self.items.entry(session).or_insert(blank);
        let own = item.fence > 0 && item.nonce == nonce;
        if !own || self.sabotage == Some(Sabotage::Nonce) {
            item.fence += 1;
            item.nonce = nonce;
            item.claims_without_outcome += 1;
            item.owner = run;
            *self.writes.entry(session).or_default() += 1;
        }
        Claim {
            fence: item.fence,
            nonce,
            step: item.step,
            claims_without_outcome: item.claims_without_outcome,
            record: item.record.clone(),
        }
    }

    fn record(&mut self, session: usize, run: RunId, trace: (u64, u128, u64), text: String, outcome: bool) -> Updated {
        let (fence, nonce, step) = trace;
        let Some(item) = self.items.get_mut(&session) else { return Updated::FenceLost };
        let without_fence = self.sabotage.is_some_and(Sabotage::is_without_fence);
        let holds = (item.fence == fence && item.nonce == nonce) || without_fence;
        let newer = item.step < step || without_fence || self.sabotage == Some(Sabotage::Step);
        if holds && newer {
            item.step = step;
            item.record = Some(text);
            if outcome {
                item.claims_without_outcome = 0;
            }
            *self.writes.entry(session).or_default() += 1;
            return Updated::Stored;
        }
        // A run whose claim arrived late, after another's, owns nothing; one that finds its very step owns the record.
        let shown = item.fence == fence && item.nonce == nonce && item.step == step && item.owner == run;
        if shown && self.sabotage != Some(Sabotage::Nonce) { Updated::Stored } else { Updated::FenceLost }
    }

    /// All sessions are forgotten; what is known of the connection stays.
    pub(crate) fn forget_sessions(&mut self) {
        self.items.clear();
    }

    // --- Service items ---------------------------------------------------------------------------------------------

    pub(crate) fn pauses(&self) -> Pauses {
        self.pauses.values().cloned().collect()
    }

    /// Of two, the longer one wins.
    pub(crate) fn open_pause(&mut self, pause: Pause) {
        if self.pauses.get(&pause.scope).is_none_or(|open| open.until <= pause.until || open.rounds < pause.rounds) {
            self.probers.remove(&pause.scope);
            self.pauses.insert(pause.scope, pause);
        }
    }

    /// Only what was seen is closed.
    pub(crate) fn close_pause(&mut self, seen: &Pause) {
        let same = |open: &Pause| open.until == seen.until && open.rounds == seen.rounds;
        if self.pauses.get(&seen.scope).is_some_and(same) {
            self.pauses.remove(&seen.scope);
            self.probers.remove(&seen.scope);
        }
    }

    /// Takes a probe: the pause lasts until then for all others. Whether it is this worker's.
    pub(crate) fn take_probe(&mut self, probe: &Probe, run: RunId) -> bool {
        let taken = self.change_end(&probe.seen, probe.until);
        if taken {
            self.probers.insert(probe.seen.scope, Prober { run, seen: probe.seen.clone() });
        }
        taken || self.sabotage == Some(Sabotage::Probe)
    }

    /// The pause of that scope, and who alone may try it.
    pub(crate) fn probed(&self, scope: PauseScope) -> Option<(&Pause, &Prober)> {
        self.pauses.get(&scope).zip(self.probers.get(&scope))
    }

    /// Gives back a probe that came to nothing.
    pub(crate) fn give_back(&mut self, probe: &Probe) {
        if self.change_end(&probe.pause(), probe.seen.until) {
            self.probers.remove(&probe.seen.scope);
        }
    }

    fn change_end(&mut self, seen: &Pause, until: Timestamp) -> bool {
        let open = self.pauses.get_mut(&seen.scope).filter(|open| open.until == seen.until && open.rounds == seen.rounds);
        open.map(|open| open.until = until).is_some()
    }

    /// What is known of look-ups of that user.
    pub(crate) fn proofs_of(&self, user: &ApiUser) -> Proofs {
        self.proofs.get(user).cloned().unwrap_or_default()
    }

    pub(crate) fn prove(&mut self, user: ApiUser, kind: WriteKind, proof: Proof) {
        self.proofs.entry(user).or_default().0.insert(kind, proof);
    }
}
