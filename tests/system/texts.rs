//! What does not fit into a note, what Autotask does not take, and what an administrator words in another way.

use serde_json::{Value, json};

use crate::harness::{Harness, Session, TICKET, TICKET_ID, state};

/// The most characters of a note's text that the ticketing system keeps.
const VENDOR_CHARACTERS_MAX: usize = 32_000;

#[tokio::test]
async fn chat_of_200_000_characters_is_cut_in_the_note_and_whole_in_the_attachment() {
    let harness = Harness::new().await;
    let session = harness.session("long", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(state(&item, "attachment.1"), "done", "{item:#}");
    assert_eq!(session.written().await, (1, 1));

    let note = session.note().await;
    let text = note["description"].as_str().unwrap();
    assert!(text.chars().count() <= VENDOR_CHARACTERS_MAX && text.contains("[1/100]"), "{} characters", text.chars().count());
    let attachments = harness.autotask.note_attachments(note["id"].as_i64().unwrap()).await;
    let [attachment] = &attachments[..] else { panic!("not one attachment") };
    assert!(attachment["title"].as_str().unwrap().contains(&format!("{}/attachment.1", session.lsid)), "{}", attachment["title"]);
    has_all_messages(attachment["text"].as_str().unwrap());
}

#[tokio::test]
async fn refused_attachment_is_continued_in_further_notes() {
    let harness = Harness::new().await;
    harness.autotask.settings(json!({ "attachment_extensions": [] })).await;
    let session = harness.session("long", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!((state(&item, "attachment.1"), state(&item, "note.session.2")), ("skipped", "done"), "{item:#}");

    let notes = session.notes_on(TICKET_ID).await;
    let continued = notes.iter().filter(|note| note["title"].as_str().unwrap().contains("/note.session."));
    let texts: Vec<&str> = continued.map(|note| note["description"].as_str().unwrap()).collect();
    assert!(texts.iter().all(|text| text.chars().count() <= VENDOR_CHARACTERS_MAX));
    has_all_messages(&texts.concat());
    assert_eq!(session.time_entries_on(TICKET_ID).await.len(), 1);
}

/// Each of the hundred messages is there from its beginning to its end, in order.
fn has_all_messages(text: &str) {
    let mut rest = text;
    for number in 1..=100 {
        for mark in [format!("[{number}/100]"), format!("[end of {number}]")] {
            let at = rest.find(&mark).unwrap_or_else(|| panic!("{mark} is missing, or not in order"));
            rest = &rest[at + mark.len()..];
        }
    }
}

#[tokio::test]
async fn note_too_long_for_the_tenant_is_rendered_again_at_half_the_size() {
    let harness = Harness::new().await;
    let too_long = json!({ "errors": ["String value exceeds maximum length (field:description)."] }).to_string();
    let refusal = simulators::FaultAction::Status { status: 500, headers: [].into(), body: too_long };
    harness.autotask.fault(simulators::Fault::new(refusal).on("POST", "/Notes").times(1)).await;
    let session = harness.session("long", TICKET).await;
    session.ends().await;
    session.settled().await;
    let note = session.note().await;
    let characters = note["description"].as_str().unwrap().chars().count();
    assert!(characters <= VENDOR_CHARACTERS_MAX / 2, "{characters} characters");
    assert_eq!(harness.autotask.note_attachments(note["id"].as_i64().unwrap()).await.len(), 1, "nothing of it is lost");
}

#[tokio::test]
async fn template_of_ones_own_makes_the_note() {
    let template = "{{technicians.[0].name}} was at it, {{period}}.";
    let harness = Harness::with(json!({ "templates": { "session_note": template } })).await;
    let session = deliver(&harness).await;
    let note = session.note().await;
    assert_eq!(note["description"], "Dana Whitfield was at it, 18 Mar 2025, 14:02-14:27 (25 min, Europe/Berlin +01:00).");
    assert!(note["title"].as_str().unwrap().contains(&session.lsid), "the marker is no template's business");
}

#[tokio::test]
async fn broken_template_costs_no_session_and_somebody_is_told() {
    let harness = Harness::with(json!({ "templates": { "session_note": "{{#each technicians}} no end" } })).await;
    let mailbox = harness.mailbox().await;
    let session = deliver(&harness).await;
    assert!(session.note().await["description"].as_str().unwrap().contains("CHAT"), "the built-in template served");
    harness.told(&mailbox, &["a template failed", "template session_note"]).await;
}

#[tokio::test]
async fn note_for_customers_says_nothing_internal() {
    let harness = Harness::with(json!({ "autotask": { "note": { "visibility": "customer" } } })).await;
    let session = harness.session("printer", TICKET).await;
    session.ends().await;
    session.settled().await;
    let notes = session.notes_on(TICKET_ID).await;
    let publish: Vec<&Value> = notes.iter().map(|note| &note["publish"]).collect();
    assert_eq!(publish, [1, 2, 2], "the session note is for customers, surveys never are");
    insta::assert_snapshot!(notes[0]["description"].as_str().unwrap().replace(&session.lsid, "<lsid>"));
}

async fn deliver(harness: &Harness) -> Session<'_> {
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
    session
}
