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

#[tokio::test]
async fn two_operators_who_assign_at_once_leave_one_note_on_one_ticket() {
    const OTHER: (&str, i64) = ("T20250319.0001", 7003);
    let (desk, lsid) = Desk::with_session(json!({}), "the label printer").await;
    desk.until_state(&lsid, "unmatched").await;
    let assign = async |ticket: &str| desk.run(&["unmatched", "assign", &lsid, ticket, "--appliance", &desk.id, "--yes"]).await;
    let (one, other) = tokio::join!(assign(TICKET), assign(OTHER.0));
    assert!([one.code, other.code].contains(&0), "{one:?} {other:?}");
    let session = desk.until_state(&lsid, "delivered").await;
    // The later word may have come before the first write, or after it; never between the two.
    let ids: &[i64] = if session["ticket"] == TICKET { &[TICKET_ID, OTHER.1] } else { &[OTHER.1, TICKET_ID] };
    let on = async |id: i64| (desk.autotask.notes(id).await.len(), desk.autotask.time_entries(id).await.len());
    assert_eq!((on(ids[0]).await, on(ids[1]).await), ((1, 1), (0, 0)), "{session:#}");
}

#[tokio::test]
async fn nothing_can_be_suggested_for_a_session_that_the_appliance_has_forgotten() {
    let (desk, lsid) = Desk::with_session(json!({}), "the label printer").await;
    desk.until_state(&lsid, "unmatched").await;
    desk.appliance.delete_session(&lsid).await;
    let ran = desk.run(&["unmatched", "suggest", &lsid, "--appliance", &desk.id]).await;
    assert!(ran.code == 3 && ran.err.contains("90 days"), "{ran:?}");
}

#[tokio::test]
async fn connection_without_a_token_and_without_a_session_is_a_known_one() {
    let desk = Desk::connected(json!({})).await;
    let ran = desk.run(&["unmatched", "list", "--appliance", &desk.id]).await;
    assert!(ran.code == 0 && ran.out.contains("No such session"), "{ran:?}");
    let misspelt = desk.run(&["unmatched", "list", "--appliance", "unheard_of"]).await;
    assert!(misspelt.code == 3 && misspelt.err.contains("knows no appliance"), "{misspelt:?}");
}
