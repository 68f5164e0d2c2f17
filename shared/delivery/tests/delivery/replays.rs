//! Polls and an operator's replays: they do only what is missing, and look before they write.

use delivery::{DeadLetterReason, Ending, Outcome, WriteKind, WriteState};
use session::Origin;
use session::event::EventKind;
use session::support_session::SupportSession;

use crate::sample::{self, CUSTOMER, TICKET, seconds, survey};
use crate::world::{Crash, Message, Mishap, World, not_ready, refused};

#[test]
fn poll_of_an_unknown_session_looks_before_it_writes() {
    let mut world = World::new();
    let message = Message { source: Origin::Poll, ..world.end_message() };
    let run = world.deliver(&message);
    let expected = ["report", "ticket", "look up note.session", "send note.session", "look up time.29", "send time.29"];
    assert_eq!(run.calls, expected);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn poll_of_a_delivered_session_asks_nobody() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.later(seconds(3600));
    let message = Message { source: Origin::Poll, ..world.end_message() };
    let run = world.deliver(&message);
    assert_eq!(run.outcome(), Outcome::AlreadyDelivered);
    assert_eq!(run.calls.len(), 0);
}

/// Nothing but another look at the report shows it: no event comes of a session that only polls tell of.
#[test]
fn late_survey_of_a_polled_session_is_found_by_the_next_poll_and_by_no_event_of_its_own() {
    let mut world = World::new();
    let poll = |world: &World| Message { source: Origin::Poll, ..world.end_message() };
    world.deliver(&poll(&world));
    world.later(seconds(3600));
    let run = world.deliver(&poll(&world));
    assert_eq!((run.outcome(), run.called("report")), (Outcome::AlreadyDelivered, 1), "nothing new, and nothing is written");
    world.assert_one_note_and_one_time_entry();

    let survey_note = format!("note.customer_survey.{CUSTOMER}");
    let report = sample::session(Some(TICKET));
    world.report = Ok(SupportSession { customer_surveys: vec![survey(CUSTOMER)], ..report });
    for _ in 0..2 {
        world.later(seconds(5 * 3600));
        world.deliver(&poll(&world));
        world.assert_one_of_each(&["note.session", "time.29", &survey_note]);
    }
}

#[test]
fn poll_of_a_settled_session_without_a_report_waits_for_it_and_writes_nothing_anew() {
    let mut world = World::new();
    let poll = Message { source: Origin::Poll, ..world.end_message() };
    world.deliver(&poll);
    world.later(seconds(3600));
    world.report = Err(not_ready());
    world.deliver(&poll);
    world.report = Ok(sample::session(Some(TICKET)));
    world.later(seconds(60));
    assert_eq!(world.deliver(&poll).outcome(), Outcome::AlreadyDelivered);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn event_that_is_older_than_fifteen_minutes_looks_before_it_writes() {
    let mut world = World::new();
    let message = world.end_message();
    world.later(seconds(901));
    let run = world.deliver(&message);
    assert_eq!(run.called("look up note.session"), 1);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn ledger_that_lost_its_memory_finds_what_was_written() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.lose_memory();
    world.later(seconds(3600));
    assert_eq!(world.deliver(&world.replay()).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert!(matches!(world.state("note.session"), WriteState::Done { found: true, .. }));
    assert!(matches!(world.state("time.29"), WriteState::Done { found: true, .. }));
}

#[test]
fn survey_of_a_session_that_the_ledger_has_forgotten_looks_before_it_writes() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.lose_memory();
    world.later(seconds(3600));
    let report = sample::session(Some(TICKET));
    world.report = Ok(SupportSession { customer_surveys: vec![survey(CUSTOMER)], ..report });
    let message = world.message(EventKind::SupportConferenceCustomerExitSurveyCompleted, 3600);
    assert_eq!(world.deliver(&message).outcome(), Outcome::Delivered);
    for write in ["note.session", "time.29", &format!("note.customer_survey.{CUSTOMER}")] {
        assert_eq!(world.rows_of(write).len(), 1, "{write}");
    }
    assert_eq!(world.rows.len(), 3);
}

#[test]
fn forgotten_session_that_was_given_up_once_stays_in_doubt_where_look_ups_fail() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.lose_memory();
    world.blind = vec![WriteKind::Note];
    world.disprove(WriteKind::Note);
    world.later(seconds(3600));
    let poll = Message { source: Origin::Poll, ..world.end_message() };
    for _ in 0..20 {
        world.crash(&poll, Crash::After(3));
    }
    let given_up = world.deliver(&poll);
    assert!(matches!(given_up.ending, Some(Ending::DeadLetter(DeadLetterReason::ClaimsWithoutOutcome(_)))));
    world.deliver(&poll);
    assert_eq!(world.rows_of("note.session").len(), 1);
    assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
}

#[test]
fn replay_of_a_delivered_session_writes_nothing() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.later(seconds(3600));
    assert_eq!(world.deliver(&world.replay()).outcome(), Outcome::AlreadyDelivered);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn replay_turns_a_refusal_back_once_and_looks_first() {
    let mut world = World::new();
    world.mishap("time.29", Mishap::Fails(refused("locked")));
    world.deliver(&world.end_message());
    world.later(seconds(3600));
    world.mishap("time.29", Mishap::Fails(refused("still locked")));
    let replay = world.replay();
    let run = world.deliver(&replay);
    assert_eq!((run.called("look up time.29"), run.called("send time.29")), (1, 1));

    // The queue delivers the same replay again: it does not try a third time.
    let run = world.deliver(&replay);
    assert_eq!(run.called("send time.29"), 0);

    world.later(seconds(3600));
    assert_eq!(world.deliver(&world.replay()).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn replay_of_a_skipped_time_entry_plans_it_anew() {
    let mut world = World::new();
    world.settings.time_entry.enabled = false;
    world.deliver(&world.end_message());
    assert_eq!(world.rows.len(), 1);
    world.settings.time_entry.enabled = true;
    world.deliver(&world.end_message());
    assert_eq!(world.rows.len(), 1, "only an operator's replay plans anew");
    world.later(seconds(3600));
    world.deliver(&world.replay());
    world.assert_one_note_and_one_time_entry();
}
