//! The modes of a connection, and the day from which it delivers.

use serde_json::json;

use crate::bench::{Bench, TICKET, state, until};
use crate::local_aws;

#[tokio::test]
async fn shadow_keeps_what_would_be_written_and_a_replay_after_the_cut_over_writes_it() {
    let bench = Bench::with(json!({ "mode": "shadow" })).await;
    let session = bench.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["writes"], json!({}), "{item:#}");
    assert_eq!(session.written().await, (0, 0));
    let kept = local_aws::ledger_item(&bench.id, &format!("#shadow#{}", session.lsid)).await.expect("something was kept");
    let kept = kept["shadow"].as_str().unwrap();
    assert!(kept.contains("note.session") && kept.contains("time.101") && kept.contains("Replaced driver"), "{kept}");

    bench.put_document(&bench.document_with(json!({ "mode": "deliver" }))).await;
    session.replay_until("it is written", |item| state(item, "time.101") == "done").await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn hold_lets_events_wait_until_the_mode_is_changed() {
    let bench = Bench::with(json!({ "mode": "hold" })).await;
    let session = bench.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    until("it is on hold", async || local_aws::log_lines("worker", &[&session.lsid, "on_hold"]).await.pop()).await;
    assert!(session.ledger().await.is_none(), "not even claimed");

    bench.put_document(&bench.document_with(json!({ "mode": "deliver" }))).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn off_records_the_session_as_ignored_and_asks_nobody() {
    let bench = Bench::with(json!({ "mode": "off" })).await;
    let session = bench.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["ignored"], "mode_off", "{item:#}");
    let calls = (bench.appliance.calls().await, bench.autotask.calls().await);
    assert!(calls.0.is_empty() && calls.1.is_empty(), "{calls:#?}");
}

#[tokio::test]
async fn sessions_that_ended_before_the_cut_over_are_ignored_whatever_brings_them() {
    // By default the cut-over is the moment when the connection was first seen.
    for changes in [json!({ "deliver_from": "2025-03-18T13:27:21Z" }), json!({ "deliver_from": null })] {
        let bench = Bench::with(changes).await;
        let session = bench.session("printer-without-surveys", TICKET).await;
        session.ends().await;
        session.replay().await;
        let item = session.settled_after(2).await;
        assert_eq!(item["record"]["ignored"], "before_deliver_from", "{item:#}");
        assert_eq!(session.written().await, (0, 0));
    }
}

#[tokio::test]
async fn event_that_is_switched_off_is_ignored() {
    let bench = Bench::with(json!({ "events": { "support_conference_end": false } })).await;
    let session = bench.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["ignored"], "event_off", "{item:#}");
    assert_eq!(session.written().await, (0, 0));
}
