//! What waits and goes on by itself: reports that are not ready, neighbours that are down, credentials that are wrong.

use serde_json::json;
use simulators::{Fault, FaultAction};

use crate::harness::{Harness, TICKET, sample, with_key};

#[tokio::test]
async fn session_that_the_appliance_does_not_know_waits_and_is_never_an_empty_note() {
    let harness = Harness::new().await;
    let session = harness.unknown_session();
    session.ends().await;
    session.until("it has been asked for more than once", |item| item["record"]["waiting"]["rounds"].as_u64() >= Some(2)).await;
    session.waits_for("report_not_ready").await;
    assert_eq!(session.written().await, (0, 0));

    session.put_report(&with_key(&sample("reports/printer-without-surveys.xml"), TICKET)).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn report_that_is_not_ready_at_first_is_asked_for_again() {
    let harness = Harness::new().await;
    for not_ready_as in ["missing", "empty_list", "no_end_time"] {
        let options = [("not_ready_asks", "2"), ("not_ready_as", not_ready_as)];
        let session = harness.session_with("printer-without-surveys", TICKET, &options).await;
        session.ends().await;
        session.settled().await;
        assert_eq!(session.written().await, (1, 1), "{not_ready_as}");
        let asked = harness.appliance.calls().await.into_iter().filter(|call| call["detail"] == session.lsid);
        assert_eq!(asked.count(), 3, "{not_ready_as}: twice too early, once in time");
    }
}

#[tokio::test]
async fn changed_autotask_password_waits_and_goes_on_with_the_right_one() {
    let harness = Harness::new().await;
    let mailbox = harness.mailbox().await;
    let first = harness.session("silent", TICKET).await;
    first.ends().await;
    first.settled().await;

    harness.autotask.credentials(json!({ "secret": "a-new-secret" })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.waits_for("ticketing_credentials").await;
    assert_eq!(session.written().await, (0, 0));
    harness.told(&mailbox, &["credentials are refused", "autotask.username, secret and integration_code"]).await;

    harness.put_document(&harness.document_with(json!({ "autotask": { "secret": "a-new-secret" } }))).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn wrong_appliance_secret_waits_and_goes_on_with_the_right_one() {
    let harness = Harness::with(json!({ "appliance": { "oauth": { "client_secret": "mistyped" } } })).await;
    let mailbox = harness.mailbox().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.waits_for("appliance_credentials").await;
    harness.told(&mailbox, &["credentials are refused", "appliance.oauth"]).await;

    harness.put_document(&harness.document_with(json!({}))).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn autotask_down_for_a_while_is_left_alone_and_nothing_is_lost() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    let another = harness.session("silent", TICKET).await;
    harness.autotask.fault(Fault::new(unavailable())).await;
    session.ends().await;
    session
        .until("it has waited twice", |item| {
            item["record"]["waiting"]["why"] == "ticketing" && item["record"]["waiting"]["rounds"].as_u64() >= Some(2)
        })
        .await;
    another.ends().await;

    harness.autotask.clear_faults().await;
    session.settled().await;
    another.settled().await;
    assert_eq!((session.written().await, another.written().await), ((1, 1), (1, 1)));
    let failed = harness.autotask.counters().await["statuses"]["503"].as_u64().unwrap_or_default();
    assert!((2..=12).contains(&failed), "a few calls, no storm: {failed}");
}

#[tokio::test]
async fn autotask_that_goes_down_between_the_note_and_the_time_entry_costs_neither() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    harness.autotask.fault(Fault::new(unavailable()).on("POST", "/Resources/query")).await;
    session.ends().await;
    session.waits_for("ticketing").await;
    assert_eq!(session.written().await, (1, 0));
    harness.autotask.clear_faults().await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    let body = json!({ "errors": ["The thread threshold of 3 threads has been exceeded for this combination."] }).to_string();
    let busy = FaultAction::Status { status: 429, headers: [("Retry-After".to_owned(), "1".to_owned())].into(), body };
    harness.autotask.fault(Fault::new(busy).on("POST", "/Notes").times(2)).await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn appliance_down_for_a_while_costs_nothing() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    harness.appliance.fault(Fault::new(FaultAction::Reset).times(2)).await;
    session.ends().await;
    session.waits_for("appliance").await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

fn unavailable() -> FaultAction {
    FaultAction::Status { status: 503, headers: [].into(), body: "Service Unavailable".to_owned() }
}
