//! Finding again what was written, by its marker.

use serde_json::json;
use session::content::{Note, TimeEntry};
use session::failure::Failure;
use session::ids::{RemoteId, ResourceId, TicketId};
use session::write_id::WriteId;

use crate::fixtures::{DANA, TICKET, Tenant, attachment, marker, note, soon, tenant, time_entry};

const LONG_AGO: &str = "2025-03-18T13:02:00Z";

async fn found(acme: &Tenant, ticket: TicketId, write: &WriteId) -> Vec<RemoteId> {
    acme.client.find_note(ticket, &marker(write), LONG_AGO.parse().unwrap(), soon()).await.unwrap()
}

#[tokio::test]
async fn note_is_found_on_its_ticket_and_nowhere_else() {
    let acme = tenant().await;
    assert_eq!(found(&acme, TICKET, &WriteId::SessionNote).await, []);
    let id = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    assert_eq!(found(&acme, TICKET, &WriteId::SessionNote).await, [id]);
    assert_eq!(found(&acme, TicketId(7002), &WriteId::SessionNote).await, []);
}

#[tokio::test]
async fn continuation_is_not_taken_for_the_note_that_it_continues() {
    let acme = tenant().await;
    let title = format!("Remote session 48213 (2) {}", marker(&WriteId::Continuation(2)));
    let id = acme.client.create_note(TICKET, &Note { title, ..note() }, soon()).await.unwrap();
    assert_eq!(found(&acme, TICKET, &WriteId::SessionNote).await, []);
    assert_eq!(found(&acme, TICKET, &WriteId::Continuation(2)).await, [id]);
}

#[tokio::test]
async fn every_double_is_found() {
    let acme = tenant().await;
    let one = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    let two = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    assert_eq!(found(&acme, TICKET, &WriteId::SessionNote).await, [one, two]);
}

#[tokio::test]
async fn note_that_a_merge_has_moved_is_found_by_its_time() {
    let acme = tenant().await;
    acme.tenant.stop_clock_at("2025-03-18T13:30:00Z".parse().unwrap()).await;
    let id = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    acme.tenant.patch_row("TicketNotes", id.0, json!({ "ticketID": 7002 })).await;
    assert_eq!(found(&acme, TICKET, &WriteId::SessionNote).await, []);
    let within = |since: &str, until: &str| {
        let (since, until) = (since.parse().unwrap(), until.parse().unwrap());
        let client = &acme.client;
        async move { client.find_note_anywhere(&marker(&WriteId::SessionNote), since, until, soon()).await.unwrap() }
    };
    assert_eq!(within("2025-03-18T13:30:00Z", "2025-03-18T13:35:00Z").await, [id]);
    assert_eq!(within("2025-03-19T13:00:00Z", "2025-03-19T14:00:00Z").await, [id], "a day of slack before");
    assert_eq!(within("2025-03-10T13:00:00Z", "2025-03-17T14:00:00Z").await, [id], "a day of slack after");
    assert_eq!(within("2025-03-10T13:00:00Z", "2025-03-16T14:00:00Z").await, []);
    assert_eq!(within("2025-03-20T13:00:00Z", "2025-03-21T14:00:00Z").await, []);
}

#[tokio::test]
async fn time_entry_is_found_within_a_day_of_its_date_on_whatever_ticket() {
    let acme = tenant().await;
    let id = acme.client.create_time_entry(TicketId(7003), &time_entry(), soon()).await.unwrap();
    let other = TimeEntry { internal_notes: "Session 48214".to_owned(), ..time_entry() };
    acme.client.create_time_entry(TICKET, &other, soon()).await.unwrap();
    for (day, expected) in [
        ("2025-03-16", vec![]),
        ("2025-03-17", vec![id]),
        ("2025-03-18", vec![id]),
        ("2025-03-19", vec![id]),
        ("2025-03-20", vec![]),
    ] {
        let marker = marker(&WriteId::Time(DANA));
        let found = acme.client.find_time_entries(DANA, day.parse().unwrap(), &marker, soon()).await.unwrap();
        assert_eq!(found, expected, "{day}");
        let of_another = acme.client.find_time_entries(ResourceId(102), day.parse().unwrap(), &marker, soon()).await.unwrap();
        assert_eq!(of_another, [], "{day}");
    }
}

#[tokio::test]
async fn time_entry_is_found_behind_a_full_page_of_others() {
    let acme = tenant().await;
    for id in 20_001..20_251 {
        let row = json!({ "resourceID": 101, "dateWorked": "2025-03-18T00:00:00Z", "internalNotes": "another session" });
        acme.tenant.put_row("TimeEntries", id, row).await;
    }
    let id = acme.client.create_time_entry(TICKET, &time_entry(), soon()).await.unwrap();
    acme.tenant.clear_calls().await;
    let day = "2025-03-18".parse().unwrap();
    let found = acme.client.find_time_entries(DANA, day, &marker(&WriteId::Time(DANA)), soon()).await.unwrap();
    assert_eq!(found, [id]);
    assert_eq!(acme.tenant.count("POST", "TimeEntries").await, 3);
}

#[tokio::test]
async fn attachment_is_found_on_its_note() {
    let acme = tenant().await;
    let note = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    let mark = marker(&WriteId::Attachment(1));
    assert_eq!(acme.client.find_attachment(note, &mark, soon()).await, Ok(vec![]));
    let id = acme.client.create_attachment(&attachment(note), soon()).await.unwrap();
    assert_eq!(acme.client.find_attachment(note, &mark, soon()).await, Ok(vec![id]));
    assert_eq!(acme.client.find_attachment(note, &marker(&WriteId::Attachment(2)), soon()).await, Ok(vec![]));
}

#[tokio::test]
async fn marker_that_somebody_typed_finds_nothing() {
    let acme = tenant().await;
    let (session, time, chat) = (marker(&WriteId::SessionNote), marker(&WriteId::Time(DANA)), marker(&WriteId::Attachment(1)));
    for title in
        [format!("RE: Remote session 48213 {session} still broken"), format!("Dana{session}"), format!("{session} again")]
    {
        acme.client.create_note(TICKET, &Note { title, ..note() }, soon()).await.unwrap();
    }
    assert_eq!(found(&acme, TICKET, &WriteId::SessionNote).await, []);
    let (since, until) = ("2025-03-18T13:02:00Z".parse().unwrap(), "2100-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(acme.client.find_note_anywhere(&session, since, until, soon()).await, Ok(vec![]));

    // An invited representative who calls himself like that is named further down.
    let internal_notes = format!("[0a1b/time.101]\nSession 48214\nAlso there: {time}, 3 min");
    acme.client.create_time_entry(TICKET, &TimeEntry { internal_notes, ..time_entry() }, soon()).await.unwrap();
    let day = "2025-03-18".parse().unwrap();
    assert_eq!(acme.client.find_time_entries(DANA, day, &time, soon()).await, Ok(vec![]));

    let id = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    let typed = session::content::Attachment { title: format!("{chat} of the customer"), ..attachment(id) };
    acme.client.create_attachment(&typed, soon()).await.unwrap();
    assert_eq!(acme.client.find_attachment(id, &chat, soon()).await, Ok(vec![]));
}

#[tokio::test]
async fn time_entry_is_found_whatever_the_vendor_adds_around_its_notes() {
    let acme = tenant().await;
    let id = acme.client.create_time_entry(TICKET, &time_entry(), soon()).await.unwrap();
    let notes = format!("\r\n {}\r\nSession 48213\r\nAfter-hours rule applied", marker(&WriteId::Time(DANA)));
    acme.tenant.patch_row("TimeEntries", id.0, json!({ "internalNotes": notes })).await;
    let day = "2025-03-18".parse().unwrap();
    assert_eq!(acme.client.find_time_entries(DANA, day, &marker(&WriteId::Time(DANA)), soon()).await, Ok(vec![id]));
}

#[tokio::test]
async fn restricted_user_does_not_find_what_it_wrote() {
    let acme = tenant().await;
    acme.tenant.settings(json!({ "restricted": { "TicketNotes": "own", "TimeEntries": "all" } })).await;
    acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    acme.client.create_time_entry(TICKET, &time_entry(), soon()).await.unwrap();
    assert_eq!(found(&acme, TICKET, &WriteId::SessionNote).await, []);
    let day = "2025-03-18".parse().unwrap();
    assert_eq!(acme.client.find_time_entries(DANA, day, &marker(&WriteId::Time(DANA)), soon()).await, Ok(vec![]));
}

#[tokio::test]
async fn right_to_look_is_named_when_it_is_missing() {
    let acme = tenant().await;
    acme.tenant.settings(json!({ "permissions": { "TicketNotes": { "query": false } } })).await;
    let since = LONG_AGO.parse().unwrap();
    let failure = acme.client.find_note(TICKET, &marker(&WriteId::SessionNote), since, soon()).await.unwrap_err();
    assert!(matches!(failure, Failure::Blocked { .. }), "{failure:?}");
}

#[tokio::test]
async fn other_time_of_the_same_resource_overlaps_and_its_own_entry_does_not() {
    let acme = tenant().await;
    let own = time_entry();
    acme.client.create_time_entry(TICKET, &own, soon()).await.unwrap();
    let other = |start: &str, end: &str| TimeEntry {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        internal_notes: "By hand".to_owned(),
        ..time_entry()
    };
    let mut overlapping = Vec::new();
    for (start, end, overlaps) in [
        ("2025-03-18T12:00:00Z", "2025-03-18T13:02:00Z", false),
        ("2025-03-18T12:50:00Z", "2025-03-18T13:03:00Z", true),
        ("2025-03-18T13:10:00Z", "2025-03-18T13:20:00Z", true),
        ("2025-03-18T13:27:00Z", "2025-03-18T14:00:00Z", false),
    ] {
        let id = acme.client.create_time_entry(TICKET, &other(start, end), soon()).await.unwrap();
        overlapping.extend(overlaps.then_some(id));
    }
    let marker = marker(&WriteId::Time(DANA));
    let span = (own.start, own.end);
    let found = acme.client.find_overlapping_time_entries(DANA, own.date_worked, span, &marker, soon()).await.unwrap();
    assert_eq!(found, overlapping);
    let of_tobi = acme.client.find_overlapping_time_entries(ResourceId(102), own.date_worked, span, &marker, soon()).await;
    assert_eq!(of_tobi.unwrap(), []);
}
