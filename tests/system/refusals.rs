//! What Autotask refuses: each write stands alone, somebody is told in the vendor's words, and what can be mended goes on.

use serde_json::json;

use crate::harness::{Harness, TICKET, TICKET_ID, sample, state, until, with_key};
use crate::local_aws;

#[tokio::test]
async fn representative_without_a_resource_costs_the_time_entry_only_and_a_replay_after_mapping_writes_just_that() {
    let harness = Harness::new().await;
    let mailbox = harness.mailbox().await;
    let session = harness.session("unknown-representative", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!((state(&item, "note.session"), state(&item, "time.rep-97")), ("done", "refused"), "{item:#}");
    assert_eq!(session.written().await, (1, 0));
    let told = harness.told(&mailbox, &["a write was refused", &session.lsid]).await;
    assert!(told.contains(TICKET) && told.contains("time_entry.resources"), "{told}");
    let listed = until("it is listed for a person", async || local_aws::attention(&harness.id).await.into_iter().next()).await;
    assert_eq!(listed["lsid"], session.lsid);

    let mapped = json!({ "autotask": { "time_entry": { "resources": { "lnewcomer": "dana.whitfield@acme.example" } } } });
    harness.put_document(&harness.document_with(mapped)).await;
    // The document is remembered for a while, so the operator may have to ask more than once.
    session.replay_until("the time entry is written", |item| state(item, "time.101") == "done").await;
    assert_eq!(session.written().await, (1, 1));
    assert_eq!(harness.sent("/Notes").await, 1, "the note was left alone");
    assert!(local_aws::attention(&harness.id).await.is_empty(), "nothing is left to look at");
}

#[tokio::test]
async fn refused_role_gives_way_to_the_next() {
    // Dana does not hold the role of ticket T20250320.0007, nor the configured one; her own is the last resort.
    let harness = Harness::with(json!({ "autotask": { "time_entry": { "defaults": { "roleName": "Project Manager" } } } })).await;
    let session = harness.session("printer-without-surveys", "T20250320.0007").await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(state(&item, "time.101"), "done", "{item:#}");
    let [entry] = &session.time_entries_on(7004).await[..] else { panic!("not one time entry") };
    assert_eq!(entry["roleID"], 301, "Engineer, her default");
}

#[tokio::test]
async fn each_role_is_tried_once_and_then_the_entry_is_refused_in_the_vendors_words() {
    let harness =
        Harness::with(json!({ "autotask": { "time_entry": { "resources": { "dwhitfield": "norole@acme.example" } } } })).await;
    let mailbox = harness.mailbox().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!((state(&item, "note.session"), state(&item, "time.107")), ("done", "refused"), "{item:#}");
    assert_eq!(harness.sent("/TimeEntries").await, 1, "the configured role and the ticket's are the same one");
    harness.told(&mailbox, &["a write was refused", "There is no row at position 0."]).await;
}

#[tokio::test]
async fn missing_right_for_others_time_blocks_the_time_entry_until_it_is_granted() {
    let harness = Harness::new().await;
    let mailbox = harness.mailbox().await;
    harness.autotask.settings(json!({ "proxy_time_entry": "disabled" })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.waits_for("blocked").await;
    assert_eq!((state(&item, "note.session"), state(&item, "time.101")), ("done", "wanted"), "{item:#}");
    assert_eq!(session.written().await, (1, 0));
    let told = harness.told(&mailbox, &["a right is missing", &session.lsid, "time.101"]).await;
    assert!(told.contains("Proxy Time Entry"), "where to grant it: {told}");

    harness.autotask.settings(json!({ "proxy_time_entry": "administrators" })).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn session_longer_than_allowed_is_left_to_a_person() {
    let harness = Harness::with(json!({ "autotask": { "time_entry": { "maximum_hours": 1 } } })).await;
    let session = harness.session("long", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(state(&item, "time.rep-17"), "refused", "{item:#}");
    assert_eq!(session.notes_on(TICKET_ID).await.len(), 1);
    assert!(session.time_entries_on(TICKET_ID).await.is_empty());
}

/// A timesheet that is submitted concerns one technician's week; the others' time goes on being written.
#[tokio::test]
async fn submitted_timesheet_makes_that_time_entry_wait_alone() {
    let harness = Harness::new().await;
    let mailbox = harness.mailbox().await;
    harness.autotask.settings(json!({ "timesheets_submitted": { "101": "2025-03-18" } })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.waits_for("write_blocked").await;
    assert_eq!((state(&item, "note.session"), state(&item, "time.101")), ("done", "wanted"), "{item:#}");
    harness.told(&mailbox, &["one write is objected to", &session.lsid, "time.101", "timesheet"]).await;
    let pauses = local_aws::ledger_item(&harness.id, "#pauses").await.unwrap_or_default();
    assert!(pauses.get("pause_time_entry").is_none(), "nobody else waits: {pauses:#}");

    let other = harness.session("printer-without-surveys", TICKET).await;
    // The same session as another technician had it.
    let report = with_key(&sample("reports/printer-without-surveys.xml"), TICKET);
    other.put_report(&report.replace("dwhitfield", "tokafor")).await;
    other.ends().await;
    other.until("another technician's time is written meanwhile", |item| state(item, "time.102") == "done").await;

    harness.autotask.settings(json!({ "timesheets_submitted": {} })).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}
