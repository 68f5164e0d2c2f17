//! The main job: the end of a session becomes a note and a time entry on its ticket, also where the session is an odd one.

use std::io::Write as _;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;

use crate::harness::{Harness, TICKET, TICKET_ID, state, until};
use crate::local_aws::log_lines;

#[tokio::test]
async fn session_end_becomes_a_note_and_a_time_entry() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    let posted = Instant::now();
    session.ends().await;
    let answered = posted.elapsed();
    let item = session.settled().await;

    let [note] = &session.notes_on(TICKET_ID).await[..] else { panic!("not one note") };
    assert_eq!(note["publish"], 2, "for our own people");
    assert!(note["title"].as_str().unwrap().ends_with(&format!("[{}/note.session]", session.lsid)));
    let [entry] = &session.time_entries_on(TICKET_ID).await[..] else { panic!("not one time entry") };
    assert_eq!(entry["resourceID"], 101, "Dana Whitfield");
    assert_eq!(entry["roleID"], 301, "Engineer");
    assert_eq!(entry["startDateTime"], "2025-03-18T13:02:11Z");
    assert_eq!(entry["endDateTime"], "2025-03-18T13:27:20Z");
    assert_eq!(entry["summaryNotes"], "Remote support session");
    assert_eq!((state(&item, "note.session"), state(&item, "time.101")), ("done", "done"));

    let received = moment(&item["record"]["end"]["received_at"]);
    let after = |write: &str| moment(&item["record"]["writes"][write]["at"]).duration_since(received).as_millis();
    report(&format!(
        "measured: event answered after {} ms, note written after {} ms, time entry after {} ms",
        answered.as_millis(),
        after("note.session"),
        after("time.101")
    ));
}

/// A measure for people, seen also when the test passes: nothing is asserted on it.
fn report(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn ticket_reads_as_a_technician_wants_it() {
    let harness = Harness::new().await;
    harness.autotask.stop_clock_at("2025-03-18T13:28:00Z".parse().unwrap()).await;
    let session = harness.session("printer", TICKET).await;
    session.ends().await;
    session.settled().await;
    let ticket = harness.autotask.ticket_text(TICKET).await;
    insta::assert_snapshot!(ticket.replace(&session.lsid, "<lsid>"));
}

#[tokio::test]
async fn jump_session_without_a_customer_gets_its_note_and_no_time_for_less_than_a_minute() {
    let harness = Harness::new().await;
    let session = harness.session("jump-no-customer", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(session.written().await, (1, 0));
    assert_eq!(state(&item, "time.rep-31"), "skipped", "{item:#}");
    insta::assert_snapshot!(text_of(&session.note().await).replace(&session.lsid, "<lsid>"));
}

#[tokio::test]
async fn session_that_nobody_joined_gets_a_short_note_and_no_time() {
    let harness = Harness::new().await;
    let session = harness.session("nobody-joined", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(session.written().await, (1, 0));
    assert_eq!(state(&item, "time.none"), "skipped", "{item:#}");
    insta::assert_snapshot!(text_of(&session.note().await).replace(&session.lsid, "<lsid>"));
}

#[tokio::test]
async fn session_over_midnight_counts_for_the_local_day_of_its_start() {
    let harness = Harness::new().await;
    let session = harness.session("over-midnight", TICKET).await;
    session.ends().await;
    session.settled().await;
    let [entry] = &session.time_entries_on(TICKET_ID).await[..] else { panic!("not one time entry") };
    assert_eq!(entry["startDateTime"], "2025-03-18T22:40:00Z");
    assert_eq!(entry["endDateTime"], "2025-03-18T23:35:30Z");
    assert!(entry["dateWorked"].as_str().unwrap().starts_with("2025-03-18"), "{entry:#}");
}

#[tokio::test]
async fn day_of_the_time_entry_is_not_that_of_utc() {
    let harness = Harness::with(serde_json::json!({ "time_zone": "Asia/Tokyo" })).await;
    let session = harness.session("over-midnight", TICKET).await;
    session.ends().await;
    session.settled().await;
    let [entry] = &session.time_entries_on(TICKET_ID).await[..] else { panic!("not one time entry") };
    assert!(entry["dateWorked"].as_str().unwrap().starts_with("2025-03-19"), "in Tokyo it was the next day: {entry:#}");
}

#[tokio::test]
async fn each_representative_gets_time_of_their_own_where_that_is_wanted() {
    let harness = Harness::with(serde_json::json!({ "autotask": { "time_entry": { "for": "each", "span": "attended" } } })).await;
    let session = harness.session("two-representatives", TICKET).await;
    session.ends().await;
    session.settled().await;
    let entries = session.time_entries_on(TICKET_ID).await;
    let whose: Vec<_> = entries.iter().map(|entry| (entry["resourceID"].as_i64(), entry["roleID"].as_i64())).collect();
    assert!(whose.contains(&(Some(101), Some(301))) && whose.contains(&(Some(102), Some(302))), "{entries:#?}");
    assert_eq!(whose.len(), 2, "an invited representative has no resource: {entries:#?}");
}

#[tokio::test]
async fn text_of_any_script_arrives_as_it_was_typed() {
    let harness =
        Harness::with(serde_json::json!({ "autotask": { "time_entry": { "resources": { "zhkovalyova": "dwhitfield" } } } }))
            .await;
    let session = harness.session("non-latin", TICKET).await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (2, 1), "the note, a survey and the time");
    insta::assert_snapshot!(text_of(&session.note().await).replace(&session.lsid, "<lsid>"));
}

fn text_of(note: &Value) -> String {
    format!("{}\n\n{}", note["title"].as_str().unwrap(), note["description"].as_str().unwrap())
}

#[tokio::test]
async fn no_secret_no_name_and_nothing_that_was_said_is_in_a_log() {
    let harness = Harness::new().await;
    let session = harness.session("printer", TICKET).await;
    session.ends().await;
    session.settled().await;
    for function in ["receiver", "worker"] {
        let own = until("it is in the log", async || {
            Some(log_lines(function, &[&session.lsid]).await).filter(|lines| !lines.is_empty())
        });
        own.await;
        for private in [
            "autotask-secret",
            "appliance-secret",
            "TRACKINGIDENTIFIER",
            "local-token",
            "Whitfield",
            "dwhitfield",
            "Jörg",
            "Replaced driver",
        ] {
            let lines = log_lines(function, &[private]).await;
            assert!(lines.is_empty(), "{private} is in the log of the {function}: {}", lines[0]);
        }
    }
}
