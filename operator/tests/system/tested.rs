//! `connection test` and `links`: by the stored document.

use serde_json::json;

use crate::harness::{Desk, SECRETS, TICKET, TICKET_ID};

#[tokio::test]
async fn whole_connection_is_fine_and_says_so() {
    let desk = Desk::connected(json!({})).await;
    let tested =
        desk.run(&["connection", "test", &desk.id, "--representative", "dwhitfield", "--ticket", TICKET, "--write"]).await;
    assert_eq!(tested.code, 0, "{tested:?}");
    assert!(tested.out.contains("All 18 checks are fine."), "{tested:?}");
    assert_eq!((desk.autotask.notes(TICKET_ID).await.len(), desk.autotask.time_entries(TICKET_ID).await.len()), (1, 1));
}

#[tokio::test]
async fn missing_right_ends_with_1_and_is_named_in_json() {
    let desk = Desk::connected(json!({})).await;
    desk.autotask.settings(json!({ "restricted": { "Tickets": "own" } })).await;
    let tested = desk.run(&["connection", "test", &desk.id, "--json"]).await;
    assert_eq!(tested.code, 1, "{tested:?}");
    let checks = tested.json()["checks"].clone();
    let failing: Vec<_> = checks.as_array().unwrap().iter().filter(|check| check["ok"] == false).collect();
    assert_eq!((failing.len(), &failing[0]["name"]), (1, &json!("ticket_view")));
    assert!(failing[0]["remedy"].as_str().unwrap().contains("Ticket View"));
    assert!(!SECRETS.iter().any(|secret| tested.out.contains(secret) || tested.err.contains(secret)));
}

#[tokio::test]
async fn links_are_those_of_the_connection() {
    let desk = Desk::connected(json!({})).await;
    insta::assert_snapshot!(desk.run(&["links", &desk.id]).await.shown(&desk));
}
