//! Each write is made once, whatever is repeated and wherever a run ends.

use delivery::{DeadLetterReason, Ending, NoticeSubject, Outcome, Proofs, WriteKind, WriteState};
use session::ids::TicketId;

use crate::sample::seconds;
use crate::world::{Crash, World};

#[test]
fn session_end_writes_note_and_time_entry_once() {
    let mut world = World::new();
    let run = world.deliver(&world.end_message());
    assert_eq!(run.outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert!(world.rows.iter().all(|row| row.ticket == TicketId(42)));
    assert_eq!(world.attention(), None);
    assert!(world.notices.is_empty());
}

#[test]
fn normal_session_takes_four_calls_and_three_records() {
    let mut world = World::new();
    let run = world.deliver(&world.end_message());
    assert_eq!(run.calls, ["report", "ticket", "send note.session", "send time.29"]);
    // With the claim: four writes to the table.
    assert_eq!(run.records, 3);
}

#[test]
fn first_write_of_each_kind_is_looked_up_at_once() {
    let mut world = World::new();
    world.proofs = Proofs::default();
    let run = world.deliver(&world.end_message());
    let expected = ["report", "ticket", "send note.session", "look up note.session", "send time.29", "look up time.29"];
    assert_eq!(run.calls, expected);
    assert_eq!(run.records, 3);
    assert_eq!(world.proofs.0.len(), 2);
    assert!(world.proofs.0.values().all(|proof| proof.witness.is_some()));
}

#[test]
fn write_that_cannot_be_seen_again_is_told_to_a_person() {
    let mut world = World::new();
    world.proofs = Proofs::default();
    world.blind = vec![WriteKind::Note];
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.told(NoticeSubject::LookUpsUntrusted), 1);
    assert!(world.proofs.disproved(WriteKind::Note));
}

#[test]
fn redelivered_event_writes_one_note_and_asks_nobody() {
    let mut world = World::new();
    let message = world.end_message();
    world.deliver(&message);
    for _ in 0..2 {
        world.later(seconds(400));
        let run = world.deliver(&message);
        assert_eq!(run.outcome(), Outcome::AlreadyDelivered);
        assert_eq!(run.calls.len(), 0);
    }
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn stop_before_any_step_and_redelivery_leave_one_note_and_one_time_entry() {
    stop_at_each_step(Crash::Before);
}

#[test]
fn stop_after_any_step_and_redelivery_leave_one_note_and_one_time_entry() {
    stop_at_each_step(Crash::After);
}

fn stop_at_each_step(crash: fn(u32) -> Crash) {
    let steps = World::new().deliver(&World::new().end_message()).steps;
    assert!(steps >= 8, "only {steps} steps");
    for k in 1..=steps {
        let mut world = World::new();
        let message = world.end_message();
        world.crash(&message, crash(k));
        world.later(seconds(540));
        world.deliver_to_its_end(&message);
        world.assert_one_note_and_one_time_entry();
    }
}

#[test]
fn stop_at_any_two_steps_and_redelivery_leave_one_note_and_one_time_entry() {
    for first in 1..=8 {
        for second in 1..=10 {
            let mut world = World::new();
            let message = world.end_message();
            world.crash(&message, Crash::After(first));
            world.later(seconds(540));
            world.crash(&message, Crash::After(second));
            world.later(seconds(540));
            world.deliver_to_its_end(&message);
            let written = |write| world.rows_of(write).len();
            assert_eq!((written("note.session"), written("time.29"), world.rows.len()), (1, 1, 2), "{first}, {second}");
        }
    }
}

#[test]
fn stop_between_record_and_send_leaves_the_very_first_write_of_a_connection_to_a_person() {
    let mut world = World::new();
    world.proofs = Proofs::default();
    let message = world.end_message();
    world.crash(&message, Crash::After(3));
    assert!(matches!(world.state("note.session"), WriteState::Sending { .. }));
    assert!(world.rows.is_empty());
    world.later(seconds(540));
    world.deliver_to_its_end(&message);
    // Nobody knows yet whether look-ups work here: that nothing is found means nothing.
    assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
    assert_eq!(world.rows_of("time.29").len(), 1);
}

#[test]
fn event_that_ends_the_process_each_time_is_dead_lettered_after_twenty_claims() {
    let mut world = World::new();
    let message = world.end_message();
    for _ in 0..20 {
        let run = world.crash(&message, Crash::Before(1));
        assert!(run.ending.is_none());
        world.later(seconds(540));
    }
    let run = world.deliver(&message);
    assert_eq!(run.ending, Some(Ending::DeadLetter(DeadLetterReason::ClaimsWithoutOutcome(20))));
    assert_eq!(world.told(NoticeSubject::DeadLettered), 1);
    assert!(world.rows.is_empty());
}

#[test]
fn dead_lettered_event_is_delivered_when_it_comes_back() {
    let mut world = World::new();
    let message = world.end_message();
    for _ in 0..20 {
        world.crash(&message, Crash::Before(1));
    }
    world.deliver(&message);
    world.later(seconds(3600));
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.attention(), None);
}
