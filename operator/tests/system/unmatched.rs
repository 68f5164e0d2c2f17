//! A session that names no ticket: what it could belong to is suggested, and a person decides.

use serde_json::{Value, json};
use simulators::ended_at;

use crate::harness::{Desk, TICKET, TICKET_ID};

#[expect(clippy::disallowed_methods, reason = "a source is asked by the time of day")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A connection, and the lsid of its one session, which ended an hour ago with that key.
async fn desk_with_session(key: &str) -> (Desk, String) {
    let since = now() - jiff::SignedDuration::from_hours(26);
    let desk = Desk::connected(json!({ "deliver_from": since.to_string(), "polling": { "enabled": true } })).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/reports/printer-without-surveys.xml");
    let report = std::fs::read_to_string(path).unwrap().replace(TICKET, key);
    let lsid = format!("{:032x}", fastrand::u128(..));
    desk.appliance.put_session(&lsid, &ended_at(&report, now().as_second() - 3600)).await;
    // Puts it into the queue, as it is missing.
    desk.run(&["statement", &desk.id, "--from", "6h", "--json"]).await;
    (desk, lsid)
}

/// The session once it is in that state; two minutes at most.
async fn until_state(desk: &Desk, lsid: &str, state: &str) -> Value {
    let mut last = Value::Null;
    for _ in 0..120 {
        let shown = desk.run(&["sessions", "show", lsid, "--appliance", &desk.id, "--json"]).await;
        if shown.code != 3 {
            last = shown.json()["sessions"][0].clone();
            if last["state"] == state {
                return last;
            }
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("not {state} in two minutes: {last:#}");
}

#[tokio::test]
async fn tickets_are_suggested_with_their_reasons_and_only_a_person_assigns_one() {
    let (desk, lsid) = desk_with_session("the label printer").await;
    until_state(&desk, &lsid, "unmatched").await;
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
    until_state(&desk, &lsid, "delivered").await;
    assert_eq!(desk.autotask.notes(TICKET_ID).await.len(), 1);
}
