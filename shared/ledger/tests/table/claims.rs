//! One worker after the other, and two at once.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use ledger::{Claim, Ledger, Progress, Stored};
use session::ApplianceId;

use crate::system::{RETENTION_DAYS, appliance, client, ledger, lsid, nonce, now, refused, state, system};

async fn claim(ledger: &Ledger, appliance: &ApplianceId) -> Claim {
    ledger.claim(appliance, &lsid(), nonce(), now()).await.unwrap()
}

async fn record(ledger: &Ledger, claim: &mut Claim, phase: &str, progress: Progress) -> Stored {
    ledger.record(claim, &state(phase), progress, now()).await.unwrap()
}

#[tokio::test]
async fn first_claim_has_no_record() {
    let claim = claim(&ledger(), &appliance()).await;
    assert_eq!((claim.fence, claim.claims_without_outcome, claim.record), (1, 1, None));
}

#[tokio::test]
async fn later_claim_finds_what_was_recorded_last() {
    let (ledger, appliance) = (ledger(), appliance());
    let mut first = claim(&ledger, &appliance).await;
    assert_eq!(record(&ledger, &mut first, "sending", Progress::Ongoing).await, Stored::Yes);
    assert_eq!(record(&ledger, &mut first, "done", Progress::Outcome).await, Stored::Yes);
    let second = claim(&ledger, &appliance).await;
    assert_eq!((second.fence, second.step), (2, 2));
    assert_eq!(second.record, Some(state("done")));
}

#[tokio::test]
async fn sessions_and_appliances_do_not_share_their_claims() {
    let (ledger, appliance) = (ledger(), appliance());
    claim(&ledger, &appliance).await;
    let other_session: Claim = ledger.claim(&appliance, &"another".parse().unwrap(), nonce(), now()).await.unwrap();
    assert_eq!(other_session.fence, 1);
    assert_eq!(claim(&ledger, &crate::system::appliance()).await.fence, 1);
}

#[tokio::test]
async fn worker_that_lost_its_fence_records_nothing() {
    let (ledger, appliance) = (ledger(), appliance());
    let mut older = claim(&ledger, &appliance).await;
    let mut newer = claim(&ledger, &appliance).await;
    assert_eq!(record(&ledger, &mut older, "older", Progress::Outcome).await, Stored::FenceLost);
    assert_eq!(record(&ledger, &mut newer, "newer", Progress::Ongoing).await, Stored::Yes);
    assert_eq!(record(&ledger, &mut older, "older", Progress::Outcome).await, Stored::FenceLost);
    assert_eq!(claim(&ledger, &appliance).await.record, Some(state("newer")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_workers_at_once_exactly_one_can_record() {
    const WORKERS: usize = 12;
    let (ledger, appliance) = (ledger(), appliance());
    let claims = (0..WORKERS).map(|_| {
        let (ledger, appliance) = (ledger.clone(), appliance.clone());
        tokio::spawn(async move { claim(&ledger, &appliance).await })
    });
    let mut claimed = Vec::new();
    for task in claims.collect::<Vec<_>>() {
        claimed.push(task.await.unwrap());
    }
    let last = WORKERS as u64;
    let mut fences: Vec<_> = claimed.iter().map(|claim| claim.fence).collect();
    fences.sort_unstable();
    assert_eq!(fences, (1..=last).collect::<Vec<_>>());

    let records = claimed.into_iter().map(|mut claim| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            let phase = format!("by {}", claim.fence);
            (claim.fence, record(&ledger, &mut claim, &phase, Progress::Ongoing).await)
        })
    });
    for task in records.collect::<Vec<_>>() {
        let (fence, stored) = task.await.unwrap();
        assert_eq!(stored == Stored::Yes, fence == last, "fence {fence}");
    }
    assert_eq!(claim(&ledger, &appliance).await.record, Some(state(&format!("by {last}"))));
}

#[tokio::test]
async fn claims_without_outcome_are_counted_until_there_is_one() {
    let (ledger, appliance) = (ledger(), appliance());
    for expected in 1..=3 {
        let mut claim = claim(&ledger, &appliance).await;
        assert_eq!(claim.claims_without_outcome, expected);
        assert_eq!(record(&ledger, &mut claim, "sending", Progress::Ongoing).await, Stored::Yes);
    }
    let mut fourth = claim(&ledger, &appliance).await;
    assert_eq!(record(&ledger, &mut fourth, "done", Progress::Outcome).await, Stored::Yes);
    assert_eq!(claim(&ledger, &appliance).await.claims_without_outcome, 1);
}

#[tokio::test]
async fn session_is_listed_for_a_person_as_long_as_it_needs_one() {
    let (ledger, appliance) = (ledger(), appliance());
    let mut claim = claim(&ledger, &appliance).await;
    let stored = ledger.record(&mut claim, &refused("first"), Progress::Outcome, now()).await.unwrap();
    let since = ("2030-03-18T14:27:00.500Z".to_owned(), "refused".to_owned());
    assert_eq!((stored, listed(&appliance).await), (Stored::Yes, vec![since.clone()]));
    let later = now() + SignedDuration::from_hours(1);
    let stored = ledger.record(&mut claim, &refused("again"), Progress::Outcome, later).await.unwrap();
    assert_eq!((stored, listed(&appliance).await), (Stored::Yes, vec![since]), "since when it first needed one");
    assert_eq!(record(&ledger, &mut claim, "done", Progress::Outcome).await, Stored::Yes);
    assert!(listed(&appliance).await.is_empty());
}

/// Since when, and why, sessions of the appliance are listed in the index `attention`.
async fn listed(appliance: &ApplianceId) -> Vec<(String, String)> {
    let query = client().query().table_name(&system().ledger_table).index_name("attention");
    let query = query.key_condition_expression("attention = :appliance");
    let query = query.expression_attribute_values(":appliance", AttributeValue::S(appliance.to_string()));
    let answer = query.send().await.unwrap();
    let of = |item: &std::collections::HashMap<String, AttributeValue>, name: &str| item[name].as_s().unwrap().clone();
    answer.items().iter().map(|item| (of(item, "attention_at"), of(item, "attention_reason"))).collect()
}

#[tokio::test]
async fn every_change_prolongs_the_retention() {
    let (ledger, appliance) = (ledger(), appliance());
    let mut first = claim(&ledger, &appliance).await;
    let retention = SignedDuration::from_hours(i64::from(RETENTION_DAYS) * 24);
    assert_eq!(expires_at(&appliance).await, (now() + retention).as_second());
    let later = now() + SignedDuration::from_hours(1);
    let stored = ledger.record(&mut first, &state("done"), Progress::Outcome, later).await.unwrap();
    assert_eq!((stored, expires_at(&appliance).await), (Stored::Yes, (later + retention).as_second()));
}

async fn expires_at(appliance: &ApplianceId) -> i64 {
    let get = client().get_item().table_name(&system().ledger_table).consistent_read(true);
    let get = get.key("appliance", AttributeValue::S(appliance.to_string()));
    let answer = get.key("lsid", AttributeValue::S(lsid().to_string())).send().await.unwrap();
    answer.item.unwrap()["expires_at"].as_n().unwrap().parse().unwrap()
}

#[tokio::test]
async fn memory_whose_retention_is_over_counts_until_the_table_removes_it() {
    let (ledger, appliance) = (ledger(), appliance());
    let mut first = claim(&ledger, &appliance).await;
    assert_eq!(record(&ledger, &mut first, "done", Progress::Outcome).await, Stored::Yes);
    let years_later = now() + SignedDuration::from_hours(5 * 365 * 24);
    let replay: Claim = ledger.claim(&appliance, &lsid(), nonce(), years_later).await.unwrap();
    assert_eq!((replay.fence, replay.record), (2, Some(state("done"))));
}
