//! Connection documents that somebody has mistyped, spoilt or not written yet.

use serde_json::json;

use crate::harness::{Harness, TICKET, until};
use crate::local_aws;

#[tokio::test]
async fn unknown_key_is_named_in_the_log_and_stops_nothing() {
    let harness = Harness::with(json!({ "autotask": { "time_entry": { "enbled": true } } })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
    let own = format!("\"{}\"", harness.id);
    until("the log names the key", async || local_aws::log_lines("worker", &[&own, "autotask.time_entry.enbled"]).await.pop())
        .await;
}

#[tokio::test]
async fn bad_value_lets_the_previous_version_serve_and_somebody_is_told_which_key_is_wrong() {
    let harness = Harness::new().await;
    let mailbox = harness.mailbox().await;
    harness.put_document(&harness.document_with(json!({ "time_zone": "Europe/Berlinn" }))).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
    harness.told(&mailbox, &["time_zone"]).await;
}

#[tokio::test]
async fn events_wait_for_a_usable_document_and_go_on_after_its_correction() {
    let harness = Harness::with(json!({ "autotask": { "username": null } })).await;
    let mailbox = harness.mailbox().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let told = harness.told(&mailbox, &["username"]).await;
    assert!(told.contains("correct the connection document"), "{told}");
    assert_eq!(session.written().await, (0, 0));

    harness.put_document(&harness.document_with(json!({}))).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn events_wait_for_a_document_that_nobody_has_written_yet() {
    let harness = Harness::without_document().await;
    let mailbox = harness.mailbox().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    harness.told(&mailbox, &["there is no secret", &harness.id]).await;

    harness.put_document(&harness.document_with(json!({}))).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}
