//! What becomes of a call when the tenant is slow, broken, crowded, moved or does not know us.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use session::content::TicketReference;
use session::failure::Failure;
use session::ids::TicketId;
use session::write_id::WriteId;
use simulators::{Fault, FaultAction};
use ticketing::AutotaskClient;
use tokio::time::Instant;

use crate::fixtures::{TICKET, Tenant, config, marker, note, number, soon, tenant, tenant_with};

async fn written_under(acme: &Tenant, action: FaultAction) -> Failure {
    acme.tenant.fault(Fault::new(action).on("POST", "/Notes").times(1)).await;
    acme.client.create_note(TICKET, &note(), soon()).await.unwrap_err()
}

fn status(status: u16, body: &str) -> FaultAction {
    FaultAction::Status { status, headers: BTreeMap::new(), body: body.to_owned() }
}

#[tokio::test]
async fn write_whose_answer_was_lost_is_unknown_and_can_be_found() {
    for action in [
        FaultAction::AnswerLost { reset: true },
        FaultAction::AnswerLost { reset: false },
        FaultAction::Garbage,
        FaultAction::HalfBody,
        FaultAction::StatusAfterEffect { status: 502, headers: BTreeMap::new(), body: "<html>Bad Gateway</html>".to_owned() },
        FaultAction::StatusAfterEffect { status: 200, headers: BTreeMap::new(), body: "{}".to_owned() },
        FaultAction::StatusAfterEffect { status: 500, headers: BTreeMap::new(), body: String::new() },
    ] {
        let acme = tenant().await;
        let failure = written_under(&acme, action.clone()).await;
        assert!(matches!(failure, Failure::Unknown { .. }), "{action:?}: {failure:?}");
        let since = "2025-03-18T13:02:00Z".parse().unwrap();
        let found = acme.client.find_note(TICKET, &marker(&WriteId::SessionNote), since, soon()).await.unwrap();
        assert_eq!(found.len(), 1, "{action:?}");
        assert_eq!(acme.tenant.notes(TICKET.0).await.len(), 1, "{action:?}");
    }
}

#[tokio::test]
async fn write_that_broke_off_is_unknown_and_never_repeated_here() {
    for action in [FaultAction::Reset, status(503, "<html>Service Unavailable</html>"), status(500, "")] {
        let acme = tenant().await;
        let failure = written_under(&acme, action.clone()).await;
        assert!(matches!(failure, Failure::Unknown { .. }), "{action:?}: {failure:?}");
        assert!(acme.tenant.notes(TICKET.0).await.is_empty(), "{action:?}");
        assert_eq!(acme.tenant.count("POST", "TicketNotes").await, 1, "{action:?}");
    }
}

#[tokio::test]
async fn connection_reused_after_an_answer_serves_the_next_call() {
    let acme = tenant().await;
    written_under(&acme, FaultAction::Reset).await;
    acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
}

#[tokio::test]
async fn refused_connection_is_not_taken() {
    // A port that was free a moment ago: nobody listens there.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let zone = format!("http://{address}/");
    let client = AutotaskClient::new(ticketing::Config { zone_url: Some(zone.parse().unwrap()), ..config(&zone) }).unwrap();
    let failure = client.create_note(TICKET, &note(), soon()).await.unwrap_err();
    let Failure::NotTaken { what, throttled: false, retry_after: None } = failure else { panic!("{failure:?}") };
    assert!(what.as_str().starts_with("no connection to Autotask: "), "{what}");
    // Discovery that cannot be reached leaves the call unsent as well.
    let client = AutotaskClient::new(config(&zone)).unwrap();
    let failure = client.create_note(TICKET, &note(), soon()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotTaken { throttled: false, .. }), "{failure:?}");
}

#[tokio::test]
async fn answer_that_does_not_come_in_time_leaves_the_fate_unknown() {
    let acme = tenant().await;
    acme.client.ticket(&number("T20250318.0042"), soon()).await.unwrap();
    acme.tenant.fault(Fault::new(FaultAction::Stall { milliseconds: 20_000 }).on("POST", "/Notes")).await;
    let deadline = Instant::now() + Duration::from_millis(300);
    let failure = acme.client.create_note(TICKET, &note(), deadline).await.unwrap_err();
    assert_eq!(failure, Failure::Unknown { what: "no answer in time".into() });
}

#[tokio::test]
async fn call_without_time_left_is_not_sent() {
    let acme = tenant().await;
    let failure = acme.client.create_note(TICKET, &note(), Instant::now()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotTaken { throttled: false, .. }), "{failure:?}");
    assert_eq!(acme.tenant.calls().await.len(), 0);
}

#[tokio::test]
async fn call_that_found_no_free_slot_in_time_is_not_sent() {
    let acme = tenant().await;
    acme.client.ticket(&number("T20250318.0042"), soon()).await.unwrap();
    acme.tenant.fault(Fault::new(FaultAction::Stall { milliseconds: 20_000 }).on("POST", "/Notes")).await;
    let deadline = Instant::now() + Duration::from_millis(300);
    let note = note();
    let write = || acme.client.create_note(TICKET, &note, deadline);
    let (one, two, three) = tokio::join!(write(), write(), write());
    for sent in [one, two] {
        assert!(matches!(sent, Err(Failure::Unknown { .. })), "{sent:?}");
    }
    assert!(matches!(three, Err(Failure::NotTaken { .. })), "{three:?}");
}

#[tokio::test]
async fn two_calls_at_a_time_per_entity_and_no_more() {
    let acme = tenant().await;
    acme.tenant.fault(Fault::new(FaultAction::Delay { milliseconds: 30 })).await;
    let client = Arc::new(acme.client);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (writer, reader) = (Arc::clone(&client), Arc::clone(&client));
        calls.spawn(async move { writer.create_note(TICKET, &note(), soon()).await.map(drop) });
        calls.spawn(async move { reader.ticket(&TicketReference::Id(TicketId(7001)), soon()).await.map(drop) });
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    let most = acme.tenant.counters().await["most_at_once"].clone();
    assert_eq!((&most["TicketNotes"], &most["Tickets"]), (&json!(2), &json!(2)));
    assert_eq!(acme.tenant.count("GET", "zoneInformation").await, 1);
}

#[tokio::test]
async fn crowd_and_spent_budget_are_not_taken_and_throttled() {
    let acme = tenant().await;
    for spent in
        [json!({ "thread_limit": 0 }), json!({ "thread_limit": 0, "thread_limit_status": 500 }), json!({ "hourly_threshold": 0 })]
    {
        acme.tenant.settings(spent.clone()).await;
        let failure = acme.client.create_note(TICKET, &note(), soon()).await.unwrap_err();
        assert!(matches!(failure, Failure::NotTaken { throttled: true, .. }), "{spent}: {failure:?}");
    }
    assert!(acme.tenant.notes(TICKET.0).await.is_empty());
}

#[tokio::test]
async fn wish_to_wait_is_passed_on() {
    let acme = tenant().await;
    let headers = BTreeMap::from([("Retry-After".to_owned(), "17".to_owned())]);
    let failure = written_under(&acme, FaultAction::Status { status: 429, headers, body: String::new() }).await;
    let Failure::NotTaken { throttled: true, retry_after, .. } = failure else { panic!("{failure:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_right_ones_are_taken() {
    for wrong in [json!({ "secret": "another" }), json!({ "integration_code": "ANOTHER" })] {
        let acme = tenant().await;
        acme.tenant.credentials(wrong.clone()).await;
        let failure = acme.client.create_note(TICKET, &note(), soon()).await.unwrap_err();
        assert!(matches!(failure, Failure::CredentialsRefused { .. }), "{wrong}: {failure:?}");
        assert_eq!(acme.tenant.count("POST", "TicketNotes").await, 1, "the zone is the same, so nothing was sent again");
        assert_eq!(acme.tenant.count("GET", "zoneInformation").await, 2, "asked once more");
        acme.tenant
            .credentials(json!({ "secret": "autotask-secret$#", "integration_code": "TRACKINGIDENTIFIER000000001" }))
            .await;
        acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    }
}

#[tokio::test]
async fn user_that_discovery_does_not_know_is_refused_credentials() {
    let acme = tenant_with(|config| config.username = "stranger@acme.example".to_owned()).await;
    let failure = acme.client.create_note(TICKET, &note(), soon()).await.unwrap_err();
    assert_eq!(failure, Failure::CredentialsRefused { sentence: "Zone information could not be determined".into() });
}

#[tokio::test]
async fn tenant_that_moved_is_followed_to_its_new_zone() {
    let acme = tenant().await;
    acme.client.ticket(&number("T20250318.0042"), soon()).await.unwrap();
    let new_home = acme.simulator.tenant("acme-moved");
    acme.tenant.settings(json!({ "moved": true, "zone_url": new_home.zone_url() })).await;
    acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    assert_eq!(acme.tenant.count("GET", "zoneInformation").await, 2);
    assert_eq!((acme.tenant.notes(TICKET.0).await.len(), new_home.notes(TICKET.0).await.len()), (0, 1));
    acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    assert_eq!(acme.tenant.count("POST", "TicketNotes").await, 1, "the new zone is remembered");
}

#[tokio::test]
async fn configured_zone_is_believed_and_nobody_is_asked_for_another() {
    let simulator = simulators::AutotaskSimulator::start().await;
    let tenant = simulator.tenant("acme");
    let zone_url = Some(tenant.zone_url().parse().unwrap());
    let client = AutotaskClient::new(ticketing::Config { zone_url, ..config(&tenant.zone_url()) }).unwrap();
    client.create_note(TICKET, &note(), soon()).await.unwrap();
    tenant.settings(json!({ "moved": true })).await;
    let failure = client.create_note(TICKET, &note(), soon()).await.unwrap_err();
    let Failure::CredentialsRefused { sentence } = failure else { panic!("{failure:?}") };
    assert!(sentence.as_str().contains("zone_url"), "{sentence}");
    assert_eq!(tenant.count("GET", "zoneInformation").await, 0);
}
