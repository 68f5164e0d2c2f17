//! Which ticket: found, not found, not trusted, found later.

use delivery::{Attention, Outcome, Unmatched};
use session::ids::TicketId;

use crate::sample::{self, seconds};
use crate::world::World;

fn delivered_with_key(key: Option<&str>) -> World {
    let mut world = World::new();
    world.report = Ok(sample::session(key));
    world.deliver(&world.end_message());
    world
}

#[test]
fn session_without_a_usable_ticket_is_unmatched_and_listed_with_the_reason() {
    let cases = [
        (None, Unmatched::NoKey),
        (Some("call me back"), Unmatched::NoTicketInKey),
        (Some("{\"accountName\":\"Acme\"}"), Unmatched::TicketWanted),
        (Some("T20250318.9999"), Unmatched::TicketNotFound),
        (Some("4711"), Unmatched::TicketNotFound),
    ];
    for (key, reason) in cases {
        let world = delivered_with_key(key);
        assert_eq!(world.record().unmatched, Some(reason), "{key:?}");
        assert_eq!(world.attention(), Some(Attention::Unmatched));
        assert!(world.rows.is_empty());
    }
}

#[test]
fn bare_digits_of_a_stale_ticket_may_be_a_phone_number() {
    let mut world = World::new();
    world.report = Ok(sample::session(Some("42")));
    world.tickets[0].last_activity = Some(sample::end() - seconds(91 * 24 * 3600));
    assert_eq!(world.deliver(&world.end_message()).outcome(), Outcome::Unmatched(Unmatched::StaleTicket));
}

#[test]
fn bare_digits_of_a_ticket_in_use_are_its_id() {
    let world = delivered_with_key(Some("42"));
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn unmatched_session_is_delivered_by_a_replay_once_the_key_is_right() {
    let mut world = delivered_with_key(None);
    world.report = Ok(sample::session(Some(sample::TICKET)));
    world.later(seconds(3600));
    assert_eq!(world.deliver(&world.replay()).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.attention(), None);
}

#[test]
fn redelivered_unmatched_event_is_tried_anew() {
    let mut world = delivered_with_key(None);
    world.report = Ok(sample::session(Some(sample::TICKET)));
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn interrupted_session_stays_on_its_ticket_although_the_key_has_changed() {
    use crate::world::{Crash, Mishap};
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", Mishap::AnswerLost);
    // Record, send: the note is on its ticket, and nobody has heard of it.
    world.crash(&message, Crash::After(4));
    world.report = Ok(sample::session(Some("T20250318.0043")));
    world.later(seconds(540));
    world.deliver_to_its_end(&message);
    world.assert_one_note_and_one_time_entry();
    assert!(world.rows.iter().all(|row| row.ticket == TicketId(42)));
}

#[test]
fn bare_digits_name_no_ticket_whose_company_would_be_shown_the_note() {
    let mut world = World::new();
    world.report = Ok(sample::session(Some("42")));
    world.settings.note.visibility = session::settings::Visibility::Customer;
    let outcome = world.deliver(&world.end_message()).outcome();
    assert_eq!(outcome, Outcome::Unmatched(Unmatched::DigitsShownToCustomer));
    assert!(world.rows.is_empty());
}

/// The note's fate is unknown, its ticket is gone, and the operator names another one.
fn with_a_ticket_that_is_gone(mishap: crate::world::Mishap) -> World {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", mishap);
    world.mishap("time.29", crate::world::Mishap::Fails(crate::world::not_taken()));
    world.deliver(&message);
    world.pauses.clear();
    world.tickets.remove(0);
    world.assign(TicketId(43));
    world.later(seconds(60));
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    world
}

#[test]
fn assigned_ticket_takes_what_was_never_written_when_the_first_one_is_gone() {
    let world = with_a_ticket_that_is_gone(crate::world::Mishap::NeverLands);
    world.assert_one_note_and_one_time_entry();
    assert!(world.rows.iter().all(|row| row.ticket == TicketId(43)));
}

#[test]
fn what_was_written_before_the_ticket_was_gone_is_not_written_to_the_assigned_one() {
    let world = with_a_ticket_that_is_gone(crate::world::Mishap::AnswerLost);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.rows_of("note.session")[0].ticket, TicketId(42));
    assert_eq!(world.rows_of("time.29")[0].ticket, TicketId(43));
}

#[test]
fn write_of_unknown_fate_is_resolved_before_a_session_whose_ticket_is_gone_is_unmatched() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", crate::world::Mishap::AnswerLost);
    world.deliver(&message);
    world.tickets.clear();
    world.later(seconds(60));
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Unmatched(Unmatched::TicketNotFound));
    assert!(matches!(world.state("note.session"), delivery::WriteState::Done { found: true, .. }));
}
