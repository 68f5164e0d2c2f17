//! One token of the appliance for many cold starts: an account has 30, and each further one ends the oldest.

use std::time::Duration;

use crate::harness::{Harness, TICKET};
use crate::mapping::Mapping;
use crate::queues;

const WORKER_TIMEOUT: Duration = Duration::from_secs(20);
const VISIBILITY_SECONDS: u32 = 120;
const TIME_LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn cold_starts_share_one_token_and_replace_it_once_when_it_is_refused() {
    let harness = Harness::new().await;
    for _ in 0..2 {
        deliver_in_a_new_process(&harness).await;
        assert_eq!(tokens_asked_for(&harness).await, 1, "the second process takes the token of the first");
    }
    harness.appliance.invalidate_tokens().await;
    for _ in 0..2 {
        deliver_in_a_new_process(&harness).await;
        assert_eq!(tokens_asked_for(&harness).await, 2, "the first to be refused asks for another, which the next one takes");
    }
    assert_eq!(harness.appliance.counters().await["statuses"]["401"], 1, "the refused token is tried once");
}

/// A cold start, one session, and the end of the process.
async fn deliver_in_a_new_process(harness: &Harness) {
    let (queue, dead_letters) = (queues::make("cold").await, queues::make("cold-dead").await);
    let session = harness.session("printer-without-surveys", TICKET).await;
    queues::put_end(&queue, harness, &session).await;
    let mapping = Mapping::new(&queue, &dead_letters, WORKER_TIMEOUT, VISIBILITY_SECONDS);
    mapping.work_off(1, TIME_LIMIT).await;
    assert_eq!(session.written().await, (1, 1), "session {}: {:#?}", session.lsid, session.ledger().await);
}

async fn tokens_asked_for(harness: &Harness) -> u64 {
    harness.appliance.count("POST", "token").await
}
