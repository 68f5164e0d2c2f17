//! What others have written on a ticket.

use session::ids::{RemoteId, TicketId};
use ticketing::activity::Activity;

use crate::fixtures::{DANA, ENGINEER, TICKET, Tenant, note, soon, tenant, time_entry};

const EARLY: &str = "2025-03-18T00:00:00Z";
const LATE: &str = "2025-03-19T00:00:00Z";

async fn activity(acme: &Tenant, ticket: TicketId, since: &str, until: &str) -> Activity {
    acme.client.activity(ticket, (since.parse().unwrap(), until.parse().unwrap()), soon()).await.unwrap()
}

#[tokio::test]
async fn notes_and_time_entries_of_the_ticket_and_the_span_are_read() {
    let acme = tenant().await;
    acme.tenant.stop_clock_at("2025-03-18T13:30:00Z".parse().unwrap()).await;
    let note_id = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    let time_id = acme.client.create_time_entry(TICKET, &time_entry(), soon()).await.unwrap();
    let Activity { notes, times } = activity(&acme, TICKET, EARLY, LATE).await;
    let [read] = notes.as_slice() else { panic!("{} notes", notes.len()) };
    assert!(read.id == note_id && read.title == note().title && read.text.contains("Label printer offline"));
    let [read] = times.as_slice() else { panic!("{} entries", times.len()) };
    assert_eq!((read.id, read.resource, read.role), (time_id, Some(DANA), Some(ENGINEER)));
    assert_eq!((read.start, read.end), (Some(time_entry().start), Some(time_entry().end)));
    assert_eq!((&read.summary, &read.internal), (&time_entry().summary_notes, &time_entry().internal_notes));
}

#[tokio::test]
async fn other_tickets_and_other_days_are_left_out() {
    let acme = tenant().await;
    acme.tenant.stop_clock_at("2025-03-18T13:30:00Z".parse().unwrap()).await;
    acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    acme.client.create_time_entry(TICKET, &time_entry(), soon()).await.unwrap();
    for (ticket, since, until) in [(TicketId(7002), EARLY, LATE), (TICKET, LATE, "2025-03-20T00:00:00Z")] {
        let Activity { notes, times } = activity(&acme, ticket, since, until).await;
        assert!(notes.is_empty() && times.is_empty(), "{ticket} {since}");
    }
}

#[tokio::test]
async fn more_than_a_page_is_read_to_its_end() {
    let acme = tenant().await;
    acme.tenant.stop_clock_at("2025-03-18T13:30:00Z".parse().unwrap()).await;
    let mut written: Vec<RemoteId> = Vec::new();
    for _ in 0..53 {
        written.push(acme.client.create_note(TICKET, &note(), soon()).await.unwrap());
    }
    let read: Vec<RemoteId> = activity(&acme, TICKET, EARLY, LATE).await.notes.iter().map(|note| note.id).collect();
    assert_eq!(read, written);
}
