//! Asks the worker to do sessions again, and follows them to their end. What is missing is written, nothing twice: that is the
//! delivery's promise, and nothing is decided here.

use std::time::Duration;

use jiff::Timestamp;
use ledger::{Ledger, LedgerError, Remembered};
use queue::{EventsQueue, QueueError, QueueMessage};
use serde::Serialize;
use session::event::{EventKind, OutboundEvent};
use session::{ApplianceId, Lsid, Origin};

use super::sessions::{Session, State};

/// How often a session is looked at while it is followed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is reported. The members are fixed: other programs read them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) matched: usize,
    pub(crate) sent: usize,
    pub(crate) results: Vec<Replayed>,
}

/// What became of one session.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Replayed {
    pub(crate) lsid: Lsid,
    pub(crate) state: State,
}

/// A session that is asked for again.
#[derive(Debug)]
pub(crate) struct Asked {
    appliance: ApplianceId,
    lsid: Lsid,
    /// Its claims before.
    fence: u64,
    sent_at: Timestamp,
    state: State,
}

/// Puts the session into the queue once more, as an operator's replay of its end.
///
/// # Errors
///
/// As the queue's; sending again writes nothing twice.
pub(crate) async fn send(events: &EventsQueue, session: &Session, now: Timestamp) -> Result<Asked, QueueError> {
    let lsid = session.listed.lsid.clone();
    // Without a time: a replay dates nothing.
    let event = OutboundEvent {
        kind: EventKind::SupportConferenceEnd,
        lsid: lsid.clone(),
        timestamp: None,
        external_key: None,
        member: None,
    };
    let body = appliance::outbound_event::encode(&event).into_bytes();
    let message = QueueMessage { appliance: session.appliance.clone(), received_at: now, origin: Origin::Replay, body };
    events.send(&message, &lsid, None).await?;
    let appliance = session.appliance.clone();
    Ok(Asked { appliance, lsid, fence: session.listed.fence, sent_at: now, state: session.state() })
}

/// Follows the sessions until each has come to its end or the time is over, and tells how each stands then. Tells `ended` how many have.
///
/// # Errors
///
/// As the ledger's.
pub(crate) async fn follow(
    ledger: &Ledger,
    mut asked: Vec<Asked>,
    limit: Duration,
    mut ended: impl FnMut(usize),
) -> Result<Vec<Replayed>, LedgerError> {
    let began = std::time::Instant::now();
    let mut results = Vec::with_capacity(asked.len());
    loop {
        let mut open = Vec::new();
        for mut one in asked {
            let listed = ledger.session(&one.appliance, &one.lsid).await?;
            let is_over = listed.is_some_and(|listed| {
                let session = Session { appliance: one.appliance.clone(), listed };
                one.state = session.state();
                is_over(&session, one.fence, one.sent_at)
            });
            if is_over {
                results.push(Replayed { lsid: one.lsid, state: one.state });
            } else {
                open.push(one);
            }
        }
        ended(results.len());
        if open.is_empty() || began.elapsed() >= limit {
            // What is not at its end is on its way, whatever it was before.
            results.extend(open.into_iter().map(|one| Replayed { lsid: one.lsid, state: State::Waiting }));
            return Ok(results);
        }
        asked = open;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether the replay that was sent then has been taken up and has come to an end.
fn is_over(session: &Session, fence_before: u64, sent_at: Timestamp) -> bool {
    let Remembered::Recorded(record) = &session.listed.remembered else { return false };
    let at_rest = session.listed.claims_without_outcome == 0 && record.waiting.is_none();
    // Where the settings ignore it, it is not taken up as a replay, but claimed all the same.
    let let_go = record.ignored.is_some() || record.left_open.is_some() || record.dead_lettered.is_some();
    let taken_up = record.replayed_at.is_some_and(|at| at >= sent_at);
    at_rest && session.listed.fence > fence_before && (taken_up || let_go)
}
