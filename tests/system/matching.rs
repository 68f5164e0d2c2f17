//! Which ticket a session belongs to, and what becomes of one that has none: it is listed, and nothing is written by guess.

use serde_json::json;

use crate::harness::{Harness, Session, TICKET, sample, with_key};
use crate::local_aws;

#[tokio::test]
async fn ticket_number_that_does_not_exist_is_unmatched_until_the_key_is_corrected() {
    let harness = Harness::new().await;
    let session = harness.session("unknown-ticket", "T20250328.9999").await;
    session.ends().await;
    is_unmatched(&harness, &session, "ticket_not_found").await;

    session.put_report(&with_key(&sample("reports/printer-without-surveys.xml"), TICKET)).await;
    session.replay().await;
    session.settled_after(2).await;
    assert_eq!(session.written().await, (1, 1));
    assert!(local_aws::attention(&harness.id).await.is_empty(), "nothing is left to look at");
}

#[tokio::test]
async fn session_without_external_key_is_unmatched() {
    let harness = Harness::new().await;
    let session = harness.unknown_session();
    session.put_report(&sample("reports/no-external-key.xml")).await;
    session.ends().await;
    is_unmatched(&harness, &session, "no_key").await;
}

#[tokio::test]
async fn bare_digits_of_a_stale_ticket_are_taken_for_a_phone_number() {
    let harness = Harness::new().await;
    let session = harness.session("bare-digits-key", "7005").await;
    session.ends().await;
    is_unmatched(&harness, &session, "stale_ticket").await;
}

#[tokio::test]
async fn bare_digits_of_a_ticket_in_use_are_its_id() {
    let harness = Harness::new().await;
    let session = harness.session("bare-digits-key", "7001").await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn key_may_be_typed_in_a_hurry_or_follow_a_pattern_of_ones_own() {
    let harness = Harness::with(json!({ "autotask": { "external_key_pattern": "case ([T0-9.]+)" } })).await;
    let session = harness.session("printer-without-surveys", "see T20250319.0001, case T20250318.0042").await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

/// It ends without a ticket for that reason, nothing is written anywhere, and it is listed for a person.
async fn is_unmatched(harness: &Harness, session: &Session<'_>, reason: &str) {
    let item = session.settled().await;
    assert_eq!(item["record"]["unmatched"], reason, "{item:#}");
    assert!(harness.autotask.rows("TicketNotes").await.is_empty() && harness.autotask.rows("TimeEntries").await.is_empty());
    let listed = local_aws::attention(&harness.id).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["lsid"], session.lsid);
}
