//! A session that names no ticket: what it could belong to is suggested, and a person decides.

use serde_json::json;

use crate::harness::{Desk, TICKET, TICKET_ID};

#[tokio::test]
async fn tickets_are_suggested_with_their_reasons_and_only_a_person_assigns_one() {
    let (desk, lsid) = Desk::with_session(json!({}), "the label printer").await;
    desk.until_state(&lsid, "unmatched").await;
    let suggest =
        async |more: &[&str]| desk.run(&[&["unmatched", "suggest", &lsid, "--appliance", &desk.id], more].concat()).await;
    let (told, suggestions) = (suggest(&[]).await, suggest(&["--json"]).await.json()["suggestions"].clone());
    // Two days before the tenant was made.
    let worked_on = suggestions[0]["last_activity_at"].as_str().unwrap()[..16].replace('T', " ");
    insta::assert_snapshot!(told.shown(&desk).replace(&lsid, "<lsid>").replace(&worked_on, "2025-03-23 08:00"));
    let tickets: Vec<&str> = suggestions.as_array().unwrap().iter().map(|ticket| ticket["ticket"].as_str().unwrap()).collect();
    assert_eq!(tickets, ["T20250319.0001", TICKET]);
    assert!(desk.autotask.notes(TICKET_ID).await.is_empty(), "nothing is assigned by itself");

    let assigned = desk.run(&["unmatched", "assign", &lsid, TICKET, "--appliance", &desk.id, "--yes"]).await;
    assert_eq!(assigned.code, 0, "{assigned:?}");
    desk.until_state(&lsid, "delivered").await;
    assert_eq!(desk.autotask.notes(TICKET_ID).await.len(), 1);
}
