//! What people read of many sessions.

use aws_sdk_dynamodb::types::AttributeValue;
use delivery::{Facts, Record};
use jiff::{SignedDuration, Timestamp};
use ledger::{Continuation, EndSpan, Ledger, Listed, Page, Progress, Remembered, Stored};
use session::{ApplianceId, Lsid};

use crate::system::{appliance, client, ledger, nonce, now, refused, state, system};

fn lsid(number: usize) -> Lsid {
    format!("{number:032x}").parse().unwrap()
}

/// The one of that number ended so many minutes after the first.
fn ended_at(number: usize) -> Timestamp {
    now() + SignedDuration::from_mins(i64::try_from(number).unwrap())
}

async fn record(appliance: &ApplianceId, lsid: &Lsid, record: Record) {
    let ledger = ledger();
    let mut claim = ledger.claim(appliance, lsid, nonce(), now()).await.unwrap();
    assert_eq!(ledger.record(&mut claim, &record, Progress::Outcome, now()).await.unwrap(), Stored::Yes);
}

async fn record_ended(appliance: &ApplianceId, number: usize, record_of: Record) {
    let facts = Facts { ended_at: Some(ended_at(number)), ..record_of.facts.clone().unwrap() };
    record(appliance, &lsid(number), Record { facts: Some(facts), ..record_of }).await;
}

/// All pages of a list.
async fn all<T>(list: impl AsyncFn(&Ledger, Option<Continuation>) -> Page<T>) -> Vec<Vec<T>> {
    let (ledger, mut pages, mut from) = (ledger(), Vec::new(), None);
    loop {
        let page = list(&ledger, from).await;
        pages.push(page.rows);
        from = page.next;
        if from.is_none() {
            return pages;
        }
    }
}

async fn ended(appliance: &ApplianceId, span: EndSpan) -> Vec<Vec<Lsid>> {
    let pages = all(async |ledger, from| ledger.ended(appliance, span, from).await.unwrap()).await;
    pages.into_iter().map(lsids).collect()
}

fn lsids(rows: Vec<Listed>) -> Vec<Lsid> {
    rows.into_iter().map(|listed| listed.lsid).collect()
}

#[tokio::test]
async fn sessions_are_listed_by_their_end_newest_first_in_pages() {
    let appliance = appliance();
    for number in 0..205 {
        record_ended(&appliance, number, state("done")).await;
    }
    record_ended(&crate::system::appliance(), 300, state("another appliance's")).await;
    let pages = ended(&appliance, EndSpan::default()).await;
    assert!(pages.iter().all(|page| page.len() <= 100), "a page is bounded");
    assert_eq!(pages.concat(), (0..205).rev().map(lsid).collect::<Vec<_>>());
}

#[tokio::test]
async fn both_ends_of_the_span_count() {
    let appliance = appliance();
    for number in 0..5 {
        record_ended(&appliance, number, state("done")).await;
    }
    let span = |since, until| EndSpan { since: Some(ended_at(since)), until: Some(ended_at(until)) };
    assert_eq!(ended(&appliance, span(1, 3)).await.concat(), [3, 2, 1].map(lsid));
    assert_eq!(ended(&appliance, EndSpan { since: Some(ended_at(3)), until: None }).await.concat(), [4, 3].map(lsid));
    assert!(ended(&appliance, span(7, 9)).await.concat().is_empty());
}

#[tokio::test]
async fn what_needs_attention_is_listed_whether_its_end_is_known_or_not() {
    let appliance = appliance();
    record_ended(&appliance, 1, state("done")).await;
    record_ended(&appliance, 2, refused("done")).await;
    record(&appliance, &lsid(3), refused("done")).await;
    let page = ledger().needing_attention(&appliance, None).await.unwrap();
    assert!(page.next.is_none());
    let mut rows = page.rows;
    rows.sort_by(|one, other| one.lsid.cmp(&other.lsid));
    assert_eq!(rows.iter().map(|row| row.ended_at).collect::<Vec<_>>(), [Some(ended_at(2)), None]);
    assert!(rows.iter().all(|row| row.attention_at == Some(now())));
}

#[tokio::test]
async fn session_is_read_whole_and_reading_claims_nothing() {
    let appliance = appliance();
    record_ended(&appliance, 1, refused("done")).await;
    for _ in 0..2 {
        let listed = ledger().session(&appliance, &lsid(1)).await.unwrap().unwrap();
        assert_eq!((listed.fence, listed.claims_without_outcome, listed.updated_at), (1, 0, Some(now())));
        let Remembered::Recorded(record) = listed.remembered else { panic!("it was recorded") };
        assert_eq!(record.attention().unwrap().name(), "refused");
    }
    assert_eq!(ledger().session(&appliance, &lsid(2)).await.unwrap(), None);
    let _ = ledger().claim(&appliance, &lsid(2), nonce(), now()).await.unwrap();
    assert_eq!(ledger().session(&appliance, &lsid(2)).await.unwrap().unwrap().remembered, Remembered::Claimed);
}

#[tokio::test]
async fn beginning_of_an_lsid_finds_sessions_and_no_service_items() {
    let appliance = appliance();
    for name in ["7d1f0c52", "7d1f0c53", "8d1f0c52"] {
        record(&appliance, &name.parse().unwrap(), state("done")).await;
    }
    ledger().saw_event(&appliance, now()).await.unwrap();
    let found = async |prefix| lsids(ledger().beginning_with(&appliance, prefix, 10).await.unwrap());
    assert_eq!(found("7d1f").await, ["7d1f0c52", "7d1f0c53"].map(|lsid| lsid.parse().unwrap()));
    assert_eq!(found("").await.len(), 3);
    assert!(found("9").await.is_empty());
}

#[tokio::test]
async fn shadows_are_listed_until_they_are_expunged() {
    let appliance = appliance();
    for number in 1..=3 {
        ledger().keep_shadow(&appliance, &lsid(number), &"a note", 30, now()).await.unwrap();
    }
    assert!(ledger().forget_shadow(&appliance, &lsid(2), now()).await.unwrap());
    let pages = all(async |ledger, from| ledger.shadows(&appliance, from).await.unwrap()).await;
    assert_eq!(pages.concat(), [(lsid(1), Some(now())), (lsid(3), Some(now()))]);
}

#[tokio::test]
async fn item_that_cannot_be_read_is_in_the_list_as_that() {
    let appliance = appliance();
    record_ended(&appliance, 1, state("done")).await;
    record_ended(&appliance, 2, state("done")).await;
    let request = client().update_item().table_name(&system().ledger_table);
    let request = request.key("appliance", AttributeValue::S(appliance.to_string()));
    let request = request.key("lsid", AttributeValue::S(lsid(2).to_string())).update_expression("SET #name = :value");
    let request = request.expression_attribute_names("#name", "record");
    request.expression_attribute_values(":value", AttributeValue::S("edited".to_owned())).send().await.unwrap();
    let page = ledger().ended(&appliance, EndSpan::default(), None).await.unwrap();
    assert_eq!(page.rows[0].remembered, Remembered::Unreadable);
    assert!(matches!(page.rows[1].remembered, Remembered::Recorded(_)));
}
