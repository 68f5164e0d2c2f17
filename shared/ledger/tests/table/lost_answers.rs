//! Answers that never arrive and requests that arrive late, on the way to the ledger.

use ledger::{Claim, Ledger, LedgerError, Nonce, Progress, Stored};
use session::ApplianceId;
use tokio::sync::oneshot;

use crate::system::{appliance, ledger, ledger_at, lsid, nonce, now, state};
use crate::unreliable_network::{Fault, UnreliableNetwork};

/// How often the SDK tries one call.
const ATTEMPTS: usize = aws::Timeouts::WORKER.attempts as usize;

async fn claim(ledger: &Ledger, appliance: &ApplianceId, nonce: Nonce) -> Claim {
    ledger.claim(appliance, &lsid(), nonce, now()).await.unwrap()
}

async fn record(ledger: &Ledger, claim: &mut Claim, phase: &str) -> Result<Stored, LedgerError> {
    ledger.record(claim, &state(phase), Progress::Ongoing, now()).await
}

/// What a worker that comes afterwards finds, looked at without the unreliable network.
async fn found(appliance: &ApplianceId) -> Claim {
    claim(&ledger(), appliance, nonce()).await
}

#[tokio::test]
async fn claim_whose_answer_was_lost_counts_once() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    network.suffer([Fault::AnswerLost, Fault::AnswerLost]);
    let claim = claim(&ledger, &appliance, nonce()).await;
    assert!(network.is_calm());
    assert_eq!((claim.fence, claim.claims_without_outcome), (1, 1));
}

#[tokio::test]
async fn claim_whose_answer_was_lost_still_brings_the_record() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    let mut first = claim(&ledger, &appliance, nonce()).await;
    assert_eq!(record(&ledger, &mut first, "sending").await.unwrap(), Stored::Yes);
    network.suffer([Fault::AnswerLost]);
    let mut second = claim(&ledger, &appliance, nonce()).await;
    assert!(network.is_calm());
    assert_eq!((second.fence, second.record.take()), (2, Some(state("sending"))));
    assert_eq!(record(&ledger, &mut second, "done").await.unwrap(), Stored::Yes);
}

#[tokio::test]
async fn record_whose_answer_was_lost_is_known_to_be_stored() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    let mut mine = claim(&ledger, &appliance, nonce()).await;
    network.suffer([Fault::AnswerLost]);
    assert_eq!(record(&ledger, &mut mine, "sending").await.unwrap(), Stored::Yes);
    assert!(network.is_calm());
    assert_eq!(record(&ledger, &mut mine, "done").await.unwrap(), Stored::Yes);
    assert_eq!(found(&appliance).await.record, Some(state("done")));
}

#[tokio::test]
async fn lost_answer_and_lost_fence_together_are_a_lost_fence() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    let mut mine = claim(&ledger, &appliance, nonce()).await;
    let (forwarded, was_forwarded) = oneshot::channel();
    let (go, may_go) = oneshot::channel();
    network.suffer([Fault::AnswerLostLater { forwarded, go: may_go }]);
    let theirs = async {
        was_forwarded.await.unwrap();
        let theirs = found(&appliance).await;
        go.send(()).unwrap();
        theirs
    };
    let (stored, theirs) = tokio::join!(record(&ledger, &mut mine, "sending"), theirs);
    assert_eq!(stored.unwrap(), Stored::FenceLost);
    assert_eq!(theirs.record, Some(state("sending")), "the newer worker has seen what the older one did");
}

#[tokio::test]
async fn record_of_unknown_fate_is_not_taken_for_the_one_after_it() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    let mut mine = claim(&ledger, &appliance, nonce()).await;
    network.suffer((0..ATTEMPTS).map(|_| Fault::AnswerLost));
    let error = record(&ledger, &mut mine, "sending").await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { operation: "record", .. }), "{error}");
    assert!(network.is_calm());
    network.suffer([Fault::AnswerLost]);
    assert_eq!(record(&ledger, &mut mine, "done").await.unwrap(), Stored::Yes);
    assert_eq!(found(&appliance).await.record, Some(state("done")));
}

#[tokio::test]
async fn late_record_does_not_cover_a_newer_one() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    let mut mine = claim(&ledger, &appliance, nonce()).await;
    network.suffer((0..ATTEMPTS).map(|_| Fault::Late));
    assert!(record(&ledger, &mut mine, "sending").await.is_err());
    assert_eq!(record(&ledger, &mut mine, "done").await.unwrap(), Stored::Yes);
    for status in network.deliver_late_requests().await {
        assert!(status.contains("400"), "{status}");
    }
    assert_eq!(found(&appliance).await.record, Some(state("done")));
}

#[tokio::test]
async fn late_claim_costs_time_and_nothing_else() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    network.suffer([Fault::Late]);
    let mut mine = claim(&ledger, &appliance, nonce()).await;
    let mut theirs = found(&appliance).await;
    // Had nobody claimed in between, the late one would be recognised as mine and refused.
    let statuses = network.deliver_late_requests().await;
    assert!(statuses.len() == 1 && statuses[0].contains("200"), "{statuses:?}");
    // Now the fence is higher than either knows: nobody may write.
    assert_eq!(record(&ledger, &mut mine, "mine").await.unwrap(), Stored::FenceLost);
    assert_eq!(record(&ledger, &mut theirs, "theirs").await.unwrap(), Stored::FenceLost);
    let mut next = found(&appliance).await;
    assert_eq!((next.fence, next.claims_without_outcome, next.record.take()), (4, 4, None));
    assert_eq!(record(&ledger, &mut next, "done").await.unwrap(), Stored::Yes);
}
