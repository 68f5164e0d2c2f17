//! What polls, backfills and statements keep, with the values that they really keep.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use coverage::{PollState, Statement, StatementRun, StatementSettings, StoredJob};
use jiff::{SignedDuration, Timestamp};
use ledger::{Claim, LedgerError};
use session::ApplianceId;

use crate::system::{appliance, client, ledger, ledger_at, lsid, nonce, now, system};
use crate::unreliable_network::{Fault, UnreliableNetwork};

fn poll(version: u64) -> PollState {
    let mark = now() + SignedDuration::from_mins(i64::try_from(version).unwrap());
    let looks = [(1, now()), (72, mark)].into();
    PollState { version, start: now(), mark, looks, recent: [(lsid(), mark)].into() }
}

fn job(appliance: &ApplianceId, id: &str) -> StoredJob {
    let range = (now() - SignedDuration::from_hours(3), now());
    StoredJob::plan(id.parse().unwrap(), appliance.clone(), range, false, now()).unwrap()
}

fn statement(appliance: &ApplianceId, now: Timestamp) -> Statement {
    let settings = StatementSettings {
        appliance: appliance.clone(),
        from: now - SignedDuration::from_hours(24),
        to: now,
        ours_since: now,
        heals: true,
        missed_before: BTreeSet::new(),
    };
    StatementRun::new(settings, now).into_statement()
}

async fn item(appliance: &ApplianceId, name: &str) -> std::collections::HashMap<String, AttributeValue> {
    let request = client().get_item().table_name(&system().ledger_table).consistent_read(true);
    let request = request.key("appliance", AttributeValue::S(appliance.to_string()));
    request.key("lsid", AttributeValue::S(name.to_owned())).send().await.unwrap().item.unwrap()
}

#[tokio::test]
async fn state_of_polls_is_kept_version_by_version_and_for_good() {
    let (ledger, appliance) = (ledger(), appliance());
    assert_eq!(ledger.poll_state::<PollState>(&appliance).await.unwrap(), None);
    for version in 1..=3 {
        assert!(ledger.keep_poll_state(&appliance, &poll(version), version, now()).await.unwrap());
        assert_eq!(ledger.poll_state(&appliance).await.unwrap(), Some(poll(version)));
    }
    assert!(!item(&appliance, "#poll").await.contains_key("expires_at"));
    let claim: Claim = ledger.claim(&appliance, &lsid(), nonce(), now()).await.unwrap();
    assert_eq!(claim.fence, 1, "it is no session");
}

#[tokio::test]
async fn who_was_overtaken_is_told_and_changes_nothing() {
    let (ledger, appliance) = (ledger(), appliance());
    assert!(!ledger.keep_poll_state(&appliance, &poll(2), 2, now()).await.unwrap(), "there is none to follow");
    assert!(ledger.keep_poll_state(&appliance, &poll(1), 1, now()).await.unwrap());
    let other = PollState { mark: now(), ..poll(1) };
    assert!(!ledger.keep_poll_state(&appliance, &other, 1, now()).await.unwrap());
    assert!(ledger.keep_poll_state(&appliance, &poll(2), 2, now()).await.unwrap());
    let other = PollState { mark: now(), ..poll(2) };
    assert!(!ledger.keep_poll_state(&appliance, &other, 2, now()).await.unwrap());
    assert_eq!(ledger.poll_state(&appliance).await.unwrap(), Some(poll(2)));
}

#[tokio::test]
async fn lost_answer_does_not_look_like_being_overtaken() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    for version in 1..=2 {
        network.suffer([Fault::AnswerLost]);
        assert!(ledger.keep_poll_state(&appliance, &poll(version), version, now()).await.unwrap());
        assert!(network.is_calm());
    }
    assert_eq!(ledger.poll_state(&appliance).await.unwrap(), Some(poll(2)));
}

#[tokio::test]
async fn late_request_covers_nothing_newer() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    assert!(ledger().keep_poll_state(&appliance, &poll(1), 1, now()).await.unwrap());
    network.suffer([Fault::Late, Fault::Late, Fault::Late]);
    let stale = PollState { mark: now(), ..poll(2) };
    let outcome = ledger_at(&network.endpoint).keep_poll_state(&appliance, &stale, 2, now()).await;
    assert!(matches!(outcome, Err(LedgerError::Unavailable { .. })), "{outcome:?}");
    assert!(ledger().keep_poll_state(&appliance, &poll(2), 2, now()).await.unwrap());
    network.deliver_late_requests().await;
    assert_eq!(ledger().poll_state(&appliance).await.unwrap(), Some(poll(2)));
}

#[tokio::test]
async fn backfills_are_kept_for_a_time_and_listed() {
    let (ledger, appliance) = (ledger(), appliance());
    assert_eq!(ledger.backfill::<StoredJob>(&appliance, "b1").await.unwrap(), None);
    for id in ["b2", "b1"] {
        assert!(ledger.keep_backfill(&appliance, id, &job(&appliance, id), 1, now()).await.unwrap());
    }
    assert!(!ledger.keep_backfill(&appliance, "b1", &job(&appliance, "b2"), 1, now()).await.unwrap(), "the id is taken");
    let cancelled = job(&appliance, "b1").cancelled().unwrap();
    assert!(ledger.keep_backfill(&appliance, "b1", &cancelled, cancelled.version, now()).await.unwrap());
    assert_eq!(ledger.backfill(&appliance, "b1").await.unwrap(), Some(cancelled.clone()));
    assert_eq!(ledger.backfills::<StoredJob>(&appliance).await.unwrap(), [cancelled, job(&appliance, "b2")]);
    assert!(ledger.backfills::<StoredJob>(&crate::system::appliance()).await.unwrap().is_empty());
    let expiry = (now() + SignedDuration::from_hours(400 * 24)).as_second().to_string();
    assert_eq!(item(&appliance, "#backfill/b1").await["expires_at"], AttributeValue::N(expiry));
}

#[tokio::test]
async fn statements_are_kept_for_a_time_and_listed_from_a_moment_on() {
    let (ledger, appliance) = (ledger(), appliance());
    let days: Vec<Timestamp> = (0..3).map(|day| now() + SignedDuration::from_hours(24 * day)).collect();
    for day in days.iter().rev() {
        ledger.keep_statement(&appliance, &statement(&appliance, *day), *day).await.unwrap();
    }
    let kept: Vec<Statement> = ledger.statements(&appliance, days[1]).await.unwrap();
    assert_eq!(kept, [statement(&appliance, days[1]), statement(&appliance, days[2])]);
    let expiry = (now() + SignedDuration::from_hours(400 * 24)).as_second().to_string();
    assert_eq!(item(&appliance, "#statement/2030-03-18T14:27:00.500Z").await["expires_at"], AttributeValue::N(expiry));
}
