//! The modes of a connection, and the day from which it delivers.

use serde_json::json;
use simulators::{Fault, FaultAction};

use crate::harness::{Harness, TICKET, sample, state, until, with_key};
use crate::local_aws;

#[tokio::test]
async fn shadow_keeps_what_would_be_written_and_a_replay_after_the_cut_over_writes_it() {
    let harness = Harness::with(json!({ "mode": "shadow" })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["writes"], json!({}), "{item:#}");
    assert_eq!(session.written().await, (0, 0));
    let kept = local_aws::ledger_item(&harness.id, &format!("#shadow#{}", session.lsid)).await.expect("something was kept");
    let kept = kept["shadow"].as_str().unwrap();
    assert!(kept.contains("note.session") && kept.contains("time.101") && kept.contains("Replaced driver"), "{kept}");

    harness.put_document(&harness.document_with(json!({ "mode": "deliver" }))).await;
    session.replay_until("it is written", |item| state(item, "time.101") == "done").await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn hold_lets_events_wait_until_the_mode_is_changed() {
    let harness = Harness::with(json!({ "mode": "hold" })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    until("it is on hold", async || local_aws::log_lines("worker", &[&session.lsid, "on_hold"]).await.pop()).await;
    assert!(session.ledger().await.is_none(), "not even claimed");

    harness.put_document(&harness.document_with(json!({ "mode": "deliver" }))).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn off_records_the_session_as_ignored_and_asks_nobody() {
    let harness = Harness::with(json!({ "mode": "off" })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["ignored"], "mode_off", "{item:#}");
    let calls = (harness.appliance.calls().await, harness.autotask.calls().await);
    assert!(calls.0.is_empty() && calls.1.is_empty(), "{calls:#?}");
}

#[tokio::test]
async fn sessions_that_ended_before_the_cut_over_are_ignored_whatever_brings_them() {
    let harness = Harness::with(json!({ "deliver_from": "2025-03-18T13:27:21Z" })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.replay().await;
    let item = session.settled_after(2).await;
    assert_eq!(item["record"]["ignored"], "before_deliver_from", "{item:#}");
    assert_eq!(session.written().await, (0, 0));
}

#[tokio::test]
async fn survey_after_the_cut_over_is_written_and_what_the_old_plugin_wrote_is_not() {
    for before in ["shadow", "off"] {
        let harness = Harness::with(json!({ "mode": before })).await;
        let session = harness.session("printer-without-surveys", TICKET).await;
        session.ends().await;
        session.settled().await;

        harness.put_document(&harness.document_with(json!({ "mode": "deliver" }))).await;
        session.put_report(&with_key(&sample("reports/printer.xml"), TICKET)).await;
        // The worker may know the old document for some seconds: a survey that it takes for the old plugin's would not be written.
        tokio::time::sleep(crate::harness::REMEMBERED).await;
        session.announce(&session.event("support_conference_customer_exit_survey_completed")).await;
        let item = session.until("the survey is written", |item| state(item, "note.customer_survey.311") == "done").await;
        assert_eq!(session.written().await, (1, 0), "the survey alone, {before}: {item:#}");
    }
}

/// The switch that somebody throws when something goes wrong.
#[tokio::test]
async fn off_lists_and_tells_what_was_tried_and_stays_open_and_a_replay_writes_it_later() {
    let harness = Harness::new().await;
    let mailbox = harness.mailbox().await;
    let busy = FaultAction::Status { status: 429, headers: [].into(), body: String::new() };
    harness.autotask.fault(Fault::new(busy).on("POST", "/TimeEntries")).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.waits_for("ticketing").await;
    harness.put_document(&harness.document_with(json!({ "mode": "off" }))).await;
    let item = session.until("it is let go", |item| item["record"]["left_open"].is_object()).await;
    assert_eq!(item["record"]["left_open"], json!({ "ignored": "mode_off" }), "{item:#}");
    assert!(item["attention_at"].is_string(), "it is on the list: {item:#}");
    harness.told(&mailbox, &["a write was left open", &session.lsid, "replay the session"]).await;

    harness.autotask.clear_faults().await;
    harness.put_document(&harness.document_with(json!({}))).await;
    tokio::time::sleep(crate::harness::REMEMBERED).await;
    session.replay().await;
    session.until("the time entry is written", |item| state(item, "time.101") == "done").await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn event_that_is_switched_off_is_ignored() {
    let harness = Harness::with(json!({ "events": { "support_conference_end": false } })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["ignored"], "event_off", "{item:#}");
    assert_eq!(session.written().await, (0, 0));
}
