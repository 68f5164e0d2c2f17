//! `deadletters` and `quarantine`.

use jiff::Timestamp;
use queue::{GivenUp, Quarantined, QueueMessage};
use serde_json::Value;
use session::{ApplianceId, Origin};

use crate::desk::{appliance, dead_letter_queue, lsid, of, quarantine, run};

const BODY: &str = "event=support_conference_end&lsid=";

fn give_up(appliance: &ApplianceId, number: u32, body: &str) {
    let message = QueueMessage {
        appliance: appliance.clone(),
        received_at: Timestamp::UNIX_EPOCH,
        origin: Origin::Event,
        body: body.as_bytes().to_vec(),
    };
    let (text, group) = (message.to_json(), format!("{appliance}:{}", lsid(number)));
    let given_up = GivenUp { body: &text, group: Some(&group), id: Some(&group), reason: "retry time used up" };
    run(dead_letter_queue().put(given_up)).unwrap();
}

/// Tests look at the same queue at the same time, which hides messages for a moment.
fn list(appliance: &ApplianceId, command: &str, member: &str, count: usize) -> Vec<Value> {
    for _ in 0..120 {
        let rows = of(appliance, &[command, "list", "--json"]).json()[member].as_array().unwrap().clone();
        if rows.len() == count {
            return rows;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    panic!("not {count} {member}");
}

#[test]
fn dead_letters_are_listed_shown_and_dropped() {
    let appliance = appliance();
    for number in 1..=2 {
        give_up(&appliance, number, &format!("{BODY}{}", lsid(number)));
    }
    let rows = list(&appliance, "deadletters", "dead_letters", 2);
    assert_eq!((&rows[0]["reason"], &rows[0]["event"]), (&"retry time used up".into(), &"support_conference_end".into()));
    assert!(!rows[0].to_string().contains("lsid="), "a list shows no bodies");
    let id = rows[0]["id"].as_str().unwrap();
    let mut shown = of(&appliance, &["deadletters", "show", id]);
    // Another test may look at it just now.
    while shown.code == 3 {
        shown = of(&appliance, &["deadletters", "show", id]);
    }
    assert!(shown.out.contains(BODY), "{shown:?}");
    loop {
        let dropped = of(&appliance, &["deadletters", "drop", "--all", "--yes", "--json"]);
        if dropped.json()["changed"] == 2 || list_is_empty(&appliance) {
            break;
        }
    }
    list(&appliance, "deadletters", "dead_letters", 0);
}

fn list_is_empty(appliance: &ApplianceId) -> bool {
    of(appliance, &["deadletters", "list"]).out == "No dead letters.\n"
}

#[test]
fn quarantine_is_listed_and_dropped_without_the_bodies_in_lists() {
    let appliance = appliance();
    let body = b"no event at all".to_vec();
    let message = QueueMessage { appliance: appliance.clone(), received_at: Timestamp::UNIX_EPOCH, origin: Origin::Event, body };
    let text = Quarantined { message, reason: "it has no event".to_owned(), full_length: 15, content_type: None };
    run(quarantine().put(&text, None)).unwrap();
    let rows = list(&appliance, "quarantine", "quarantine", 1);
    assert_eq!((&rows[0]["reason"], &rows[0]["bytes"]), (&"it has no event".into(), &15.into()));
    assert!(!rows[0].to_string().contains("no event at all"));
    let id = rows[0]["id"].as_str().unwrap();
    let dropped = of(&appliance, &["quarantine", "drop", id, "none", "--yes"]);
    assert_eq!(dropped.code, 1, "one id names nothing: {dropped:?}");
    list(&appliance, "quarantine", "quarantine", 0);
}
