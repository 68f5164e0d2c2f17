//! What an administrator decides of texts and times, seen on the ticket: what is taken out, what is billed, what the customer reads.

use serde_json::json;

use crate::harness::{Harness, TICKET, TICKET_ID, sample, state, with_key};
use crate::local_aws::log_lines;

const CARD: &str = "4111 1111 1111 1111";

#[tokio::test]
async fn card_number_stays_away_the_quarter_hour_is_billed_and_the_customer_has_a_note_of_their_own() {
    let harness = Harness::with(json!({
        "redact": { "patterns": ["KB-[A-Z]"] },
        "autotask": {
            "note": { "also_customer": true },
            "time_entry": { "rounding": { "minutes": 15, "direction": "up" } },
        },
    }))
    .await;
    let session = harness.unknown_session();
    let report = with_key(&sample("reports/printer-without-surveys.xml"), TICKET);
    let said = "since this morning";
    assert!(report.contains(said));
    session.put_report(&report.replace(said, &format!("pay by {CARD}, password: hunter2"))).await;
    session.ends().await;
    let item = session.settled().await;

    let notes = session.notes_on(TICKET_ID).await;
    let with_end = |end: &str| notes.iter().find(|note| note["title"].as_str().unwrap().ends_with(&format!("/{end}]"))).unwrap();
    let (internal, customer) = (with_end("note.session"), with_end("note.customer"));
    assert_eq!((notes.len(), &internal["publish"], &customer["publish"]), (2, &json!(2), &json!(1)));
    let text = internal["description"].as_str().unwrap();
    assert!(text.contains("pay by [removed: card number], password: [removed: password]"), "{text}");
    assert!(text.ends_with("Taken out of this text: 1 card number, 1 password, 1 match of an own pattern."), "{text}");
    let for_customer = customer["description"].as_str().unwrap();
    assert!(for_customer.contains("Dana W.") && !for_customer.contains("Whitfield"), "{for_customer}");
    assert!(notes.iter().all(|note| !note.to_string().contains("4111") && !note.to_string().contains("hunter2")));

    let [entry] = &session.time_entries_on(TICKET_ID).await[..] else { panic!("not one time entry") };
    assert_eq!(
        (&entry["startDateTime"], &entry["endDateTime"]),
        (&json!("2025-03-18T13:02:11Z"), &json!("2025-03-18T13:27:20Z"))
    );
    assert_eq!((&entry["hoursToBill"], &entry["offsetHours"]), (&json!(0.5), &json!(0.0808)), "{entry:#}");

    let done = ["note.session", "note.customer", "time.101"].map(|write| state(&item, write));
    assert_eq!(done, ["done"; 3], "{item:#}");
    assert_eq!(item["record"]["taken_out"], json!({ "cards": 1, "secrets": 0, "passwords": 1, "own": 1 }));
    for secret in [CARD, "hunter2"] {
        assert!(!item.to_string().contains(secret));
        assert!(log_lines("worker", &[secret]).await.is_empty());
    }
    // The same again writes nothing.
    session.replay().await;
    session.settled_after(2).await;
    assert_eq!(session.written().await, (2, 1));
}
