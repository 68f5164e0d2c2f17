//! Exactly once: duplicates, replays, and answers that are lost on their way back.

use serde_json::json;
use simulators::{Fault, FaultAction};

use crate::harness::{Harness, TICKET, state};

/// The call that makes a note; queries of notes go to another path.
const NOTE: &str = "/Notes";
/// Only in the body of the call that makes a time entry.
const TIME_ENTRY: &str = "summaryNotes";

#[tokio::test]
async fn same_event_three_times_writes_one_note_and_one_time_entry() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    for _ in 0..3 {
        session.ends().await;
    }
    // What comes now is worked on after all of these.
    session.announce(&session.end_event_later(1)).await;
    let item = session.settled_after(2).await;
    assert_eq!(item["fence"], 2, "the queue takes resends for one message: {item:#}");
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn three_replays_that_pass_the_queues_deduplication_change_nothing() {
    let harness = Harness::new().await;
    let session = harness.session("printer", TICKET).await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (3, 1), "the note and two surveys");

    session.announce(&session.end_event_later(1)).await;
    session.replay().await;
    session.replay().await;
    let item = session.settled_after(4).await;
    assert_eq!(item["fence"], 4);
    assert_eq!(session.written().await, (3, 1));
    assert_eq!(harness.sent("/Notes").await, 3, "not even tried");
    assert_eq!(harness.sent("/TimeEntries").await, 1);
}

#[tokio::test]
async fn note_whose_answer_was_lost_is_found_and_not_written_again() {
    let harness = Harness::new().await;
    for reset in [true, false] {
        let session = harness.session("printer-without-surveys", TICKET).await;
        harness.autotask.fault(Fault::new(FaultAction::AnswerLost { reset }).on("POST", NOTE).times(1)).await;
        session.ends().await;
        let item = session.settled().await;
        assert_eq!(item["record"]["writes"]["note.session"]["found"], true, "{item:#}");
        assert_eq!(session.written().await, (1, 1));
    }
    assert_eq!(harness.sent("/Notes").await, 2, "one for each session");
}

#[tokio::test]
async fn time_entry_whose_answer_was_lost_is_found_and_not_written_again() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    let lost = Fault::new(FaultAction::AnswerLost { reset: true }).on("POST", "/TimeEntries").with_body(TIME_ENTRY).times(1);
    harness.autotask.fault(lost).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["writes"]["time.101"]["found"], true, "{item:#}");
    assert_eq!(session.written().await, (1, 1));
    assert_eq!(harness.sent("/TimeEntries").await, 1);
}

#[tokio::test]
async fn note_that_an_error_hides_is_found_and_not_written_again() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    let hidden = FaultAction::StatusAfterEffect { status: 502, headers: [].into(), body: "Bad Gateway".to_owned() };
    harness.autotask.fault(Fault::new(hidden).on("POST", NOTE).times(1)).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["writes"]["note.session"]["found"], true, "{item:#}");
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn note_that_never_arrived_is_written_once_it_can_no_longer_land_and_the_time_entry_does_not_wait() {
    let harness = Harness::with(json!({ "autotask": { "unknown_write_wait_seconds": 0 } })).await;
    // A first session proves that look-ups of notes can be trusted here.
    let first = harness.session("silent", TICKET).await;
    first.ends().await;
    first.settled().await;

    let session = harness.session("printer-without-surveys", TICKET).await;
    harness.autotask.fault(Fault::new(FaultAction::Reset).on("POST", NOTE).times(1)).await;
    session.ends().await;
    let is_open = |item: &serde_json::Value| state(item, "note.session") == "sending" && state(item, "time.101") == "done";
    session.until("the time entry is there while the note's fate is unknown", is_open).await;
    assert_eq!(session.written().await, (0, 1));

    let item = session.settled().await;
    assert_eq!(state(&item, "note.session"), "done");
    assert_eq!(item["record"]["writes"]["note.session"]["found"], false);
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn note_that_lands_long_after_its_call_was_given_up_stays_the_only_one() {
    let harness = Harness::with(json!({ "autotask": { "unknown_write_wait_seconds": 0 } })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    // Later than both early looks, so only the last one can find it.
    let late = FaultAction::LateEffect { milliseconds: 8_000 };
    harness.autotask.fault(Fault::new(late).on("POST", NOTE).times(1)).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(item["record"]["writes"]["note.session"]["found"], true, "{item:#}");
    assert_eq!(session.written().await, (1, 1));
    assert_eq!(harness.sent("/Notes").await, 1);
}

#[tokio::test]
async fn lost_answer_is_a_matter_for_a_person_where_the_api_user_cannot_see_its_own_notes() {
    let harness = Harness::with(json!({ "autotask": { "unknown_write_wait_seconds": 0 } })).await;
    let mailbox = harness.mailbox().await;
    harness.autotask.settings(json!({ "restricted": { "TicketNotes": "all" } })).await;
    let first = harness.session("silent", TICKET).await;
    first.ends().await;
    first.settled().await;
    harness.told(&mailbox, &["look-ups cannot be trusted", "exactly-once cannot be kept"]).await;

    let session = harness.session("printer-without-surveys", TICKET).await;
    harness.autotask.fault(Fault::new(FaultAction::AnswerLost { reset: true }).on("POST", NOTE).times(1)).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!((state(&item, "note.session"), state(&item, "time.101")), ("in_doubt", "done"), "{item:#}");
    assert_eq!(session.written().await, (1, 1), "never a guess: it is not written again");
    harness.told(&mailbox, &["a write is in doubt", &session.lsid, "note.session"]).await;
}
