//! Shadow mode beside the old plugin: what would have been written is held against what the plugin has written.

use serde_json::json;

use crate::harness::{Desk, TICKET, TICKET_ID, now};

#[tokio::test]
async fn what_would_have_been_written_is_held_against_what_the_old_plugin_wrote() {
    let (desk, lsid) = Desk::with_session(json!({ "mode": "shadow" }), TICKET).await;
    desk.until_state(&lsid, "shadowed").await;
    let diff = async |more: &[&str]| desk.run(&[&["shadow", "diff", &lsid, "--appliance", &desk.id], more].concat()).await;
    let before = diff(&["--json"]).await;
    assert_eq!((before.code, before.json()["agrees"].clone()), (1, json!(false)), "{before:?}");

    // As the plugin would: its own words, and an entry that is some minutes longer.
    let kept = desk.run(&["shadow", "show", &lsid, "--appliance", &desk.id, "--json"]).await.json()["writes"].clone();
    let of = |write: &str| kept.as_array().unwrap().iter().find(|kept| kept["write"] == write).unwrap().clone();
    let text = of("note.session")["text"].as_str().unwrap().replace("Label printer", "The label printer");
    let note = json!({
        "id": 9001, "ticketID": TICKET_ID, "title": "Bomgar Session", "description": text, "noteType": 1, "publish": 2,
        "createDateTime": now().to_string(),
    });
    desk.autotask.put_row("TicketNotes", 9001, note).await;
    let heading = of("time.101")["heading"].as_str().unwrap().to_owned();
    let (start, end) = heading.rsplit_once(", ").unwrap().1.split_once(" to ").unwrap();
    let entry = |end: &str| {
        json!({
            "id": 9002, "ticketID": TICKET_ID, "resourceID": 101, "roleID": 301, "startDateTime": start, "endDateTime": end,
            "summaryNotes": "Bomgar Session", "internalNotes": null,
        })
    };
    let longer = (end.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_mins(5)).to_string();
    desk.autotask.put_row("TimeEntries", 9002, entry(&longer)).await;

    let told = diff(&[]).await;
    assert_eq!(told.code, 1, "{told:?}");
    for part in ["note.session here, note 9001 there", "time.101 here, time entry 9002 there", "equal lines)"] {
        assert!(told.out.contains(part), "{part}: {told:?}");
    }
    assert!(told.out.contains(&format!("end       {end} here, {longer} there")), "{told:?}");

    desk.autotask.put_row("TimeEntries", 9002, entry(end)).await;
    let after = diff(&["--json"]).await;
    assert_eq!((after.code, after.json()["agrees"].clone()), (0, json!(true)), "{after:?}");
}

#[tokio::test]
async fn nothing_that_was_kept_is_nothing_to_compare() {
    let (desk, lsid) = Desk::with_session(json!({}), TICKET).await;
    desk.until_state(&lsid, "delivered").await;
    let ran = desk.run(&["shadow", "diff", &lsid, "--appliance", &desk.id]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("shadow list"), "{ran:?}");
}
