//! What Autotask refuses, blocks or finds too long, and what becomes of the other writes.

use delivery::NoAuthor;
use delivery::{Attention, Ending, NoticeSubject, Outcome, Pause, PauseCause, PauseScope, WriteKind, WriteState};
use session::failure::Failure;
use session::ids::RoleId;

use crate::sample::{self, seconds};
use crate::world::{Mishap, World, blocked, not_taken, pause_of, refused, write_blocked};

#[test]
fn refused_time_entry_leaves_the_note() {
    let mut world = World::new();
    world.mishap("time.29", Mishap::Fails(refused("The time entry is locked.")));
    assert_eq!(world.deliver(&world.end_message()).outcome(), Outcome::Delivered);
    assert_eq!(world.rows_of("note.session").len(), 1);
    assert_eq!(world.rows.len(), 1);
    let WriteState::Refused { sentence, .. } = world.state("time.29") else { panic!("not refused") };
    assert_eq!(sentence.as_str(), "The time entry is locked.");
    assert_eq!(world.attention(), Some(Attention::Refused));
    assert_eq!(world.told(NoticeSubject::Refused), 1);
}

#[test]
fn refused_note_leaves_the_time_entry() {
    let mut world = World::new();
    world.mishap("note.session", Mishap::Fails(refused("Note type is not active.")));
    world.deliver(&world.end_message());
    assert_eq!(world.rows_of("time.29").len(), 1);
    assert_eq!(world.rows.len(), 1);
}

#[test]
fn blocked_time_entry_is_written_once_the_right_is_granted_and_the_note_at_once() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("time.29", Mishap::Fails(blocked()));
    let run = world.deliver(&message);
    assert!(matches!(run.ending, Some(Ending::Wait { .. })));
    assert_eq!(world.rows_of("note.session").len(), 1);
    assert_eq!(world.attention(), Some(Attention::Blocked));
    assert!(pause_of(&world, PauseScope::Kind(WriteKind::TimeEntry)).is_some());
    assert_eq!(world.told(NoticeSubject::Blocked), 1);

    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.attention(), None);
    assert!(world.pauses.is_empty());
}

#[test]
fn blocked_kind_is_not_tried_by_other_runs_while_its_pause_lasts() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("time.29", Mishap::Fails(blocked()));
    world.deliver(&message);
    world.later(seconds(60));
    let run = world.deliver(&message);
    assert_eq!(run.called("send time.29"), 0);
}

#[test]
fn refused_role_is_followed_by_the_next_candidate() {
    let mut world = World::new();
    world.mishap("time.29", Mishap::Fails(Failure::RoleRefused { sentence: "role is not valid".into() }));
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.rows_of("time.29")[0].role, Some(RoleId(11)));
}

#[test]
fn time_entry_is_refused_when_every_role_is() {
    let mut world = World::new();
    for _ in 0..2 {
        world.mishap("time.29", Mishap::Fails(Failure::RoleRefused { sentence: "role is not valid".into() }));
    }
    assert_eq!(world.deliver(&world.end_message()).outcome(), Outcome::Delivered);
    assert!(matches!(world.state("time.29"), WriteState::Refused { .. }));
    assert_eq!(world.rows.len(), 1);
}

#[test]
fn representative_without_a_resource_is_refused_and_written_by_a_replay_once_mapped() {
    let mut world = World::new();
    let author = std::mem::replace(&mut world.author, Err(NoAuthor::NotFound));
    world.deliver(&world.end_message());
    assert_eq!(world.rows_of("note.session").len(), 1);
    assert_eq!(world.attention(), Some(Attention::Refused));

    world.author = author;
    world.later(seconds(3600));
    assert_eq!(world.deliver(&world.replay()).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.attention(), None);
}

#[test]
fn unfamiliar_refusal_is_tried_three_times_over_an_hour() {
    let mut world = World::new();
    let message = world.end_message();
    for _ in 0..3 {
        world.mishap("time.29", Mishap::Fails(Failure::Unrecognised { sentence: "Kaboom.".into() }));
    }
    let began = world.now;
    let run = world.deliver_to_its_end(&message);
    assert_eq!(run.called("send time.29"), 3);
    assert_eq!(run.called("send note.session"), 1);
    assert!(world.now >= began + seconds(3600));
    assert!(matches!(world.state("time.29"), WriteState::Refused { .. }));
}

#[test]
fn write_that_was_not_taken_is_sent_again() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", Mishap::Fails(not_taken()));
    world.mishap("time.29", Mishap::Fails(not_taken()));
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert!(world.pauses.is_empty());
}

#[test]
fn note_that_is_too_long_is_written_at_half_the_size_with_the_rest_attached() {
    let mut world = World::new();
    world.report = Ok(sample::talkative(20_000));
    world.mishap("note.session", Mishap::Fails(Failure::TooLong { sentence: "description exceeds maximum length".into() }));
    assert_eq!(world.deliver(&world.end_message()).outcome(), Outcome::Delivered);
    assert!(world.rows_of("note.session")[0].text.chars().count() <= 15_000);
    assert_eq!(world.rows_of("attachment.1").len(), 1);
    assert_eq!(world.rows_of("time.29").len(), 1);
}

#[test]
fn note_of_which_no_size_is_short_enough_is_refused() {
    let mut world = World::new();
    world.report = Ok(sample::talkative(20_000));
    for _ in 0..20 {
        world.mishap("note.session", Mishap::Fails(Failure::TooLong { sentence: "description exceeds maximum length".into() }));
    }
    let run = world.deliver(&world.end_message());
    assert_eq!(run.called("send note.session"), 5);
    assert!(matches!(world.state("note.session"), WriteState::Refused { .. }));
    assert_eq!(world.rows.len(), 1);
}

fn with_refused_attachment() -> World {
    let mut world = World::new();
    world.report = Ok(sample::talkative(70_000));
    world.mishap("attachment.1", Mishap::Fails(refused("Attachments are not allowed.")));
    world.deliver(&world.end_message());
    world
}

#[test]
fn refused_attachment_becomes_continuation_notes() {
    let world = with_refused_attachment();
    assert_eq!(world.rows_of("attachment.1").len(), 0);
    for write in ["note.session", "note.session.2", "note.session.3", "note.session.4"] {
        assert_eq!(world.rows_of(write).len(), 1, "{write}");
    }
    assert_eq!(world.attention(), None);
}

#[test]
fn replay_does_not_attach_what_is_already_continued() {
    let mut world = with_refused_attachment();
    let rows = world.rows.clone();
    world.later(seconds(3600));
    let run = world.deliver(&world.replay());
    assert_eq!(run.outcome(), Outcome::AlreadyDelivered);
    assert_eq!(world.rows, rows);
}

#[test]
fn note_that_was_complete_gets_no_attachment_when_a_later_report_is_longer() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    let mut report = sample::talkative(40_000);
    report.customer_surveys.push(sample::survey(sample::CUSTOMER));
    world.report = Ok(report);
    world.deliver(&world.message(session::EventKind::SupportConferenceCustomerExitSurveyCompleted, 50));
    assert_eq!(world.rows_of("attachment.1").len(), 0);
    assert_eq!(world.rows.len(), 3);
}

#[test]
fn write_that_the_vendor_objects_to_alone_waits_alone_and_opens_no_pause() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("time.29", Mishap::Fails(write_blocked()));
    let run = world.deliver(&message);
    assert_eq!(run.waits_until().duration_since(world.now).as_secs(), 899);
    assert_eq!(world.rows_of("note.session").len(), 1);
    assert!(world.pauses.is_empty(), "nobody else waits");
    assert_eq!(world.attention(), Some(Attention::Blocked));

    world.deliver_to_its_end(&message);
    world.assert_one_note_and_one_time_entry();
    assert_eq!((world.attention(), world.told(NoticeSubject::WriteBlocked)), (None, 1));
}

#[test]
fn write_that_the_vendor_goes_on_objecting_to_is_told_once_tried_hourly_and_then_refused() {
    let mut world = World::new();
    for _ in 0..200 {
        world.mishap("time.29", Mishap::Fails(write_blocked()));
    }
    let began = world.now;
    let run = world.deliver_to_its_end(&world.end_message());
    assert_eq!(run.outcome(), Outcome::Delivered, "no dead letter: all else is done");
    assert!(world.now >= began + seconds(72 * 3600));
    assert!((70..80).contains(&run.called("send time.29")), "{}", run.called("send time.29"));
    assert_eq!((world.told(NoticeSubject::WriteBlocked), world.told(NoticeSubject::Refused)), (1, 1));
    assert_eq!(world.attention(), Some(Attention::Refused));
}

#[test]
fn survey_of_a_session_whose_time_entry_is_objected_to_is_written_with_the_next_try() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("time.29", Mishap::Fails(write_blocked()));
    world.mishap("time.29", Mishap::Fails(write_blocked()));
    world.deliver(&message);
    let report = sample::session(Some(sample::TICKET));
    world.report =
        Ok(session::support_session::SupportSession { customer_surveys: vec![sample::survey(sample::CUSTOMER)], ..report });
    world.later(seconds(900));
    world.deliver(&message);
    assert_eq!(world.rows_of("note.customer_survey.311").len(), 1);
}

#[test]
fn objection_to_one_write_shows_that_the_right_of_its_kind_is_there() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("time.29", Mishap::Fails(blocked()));
    world.deliver(&message);
    world.now = pause_of(&world, PauseScope::Kind(WriteKind::TimeEntry)).unwrap().until;
    world.mishap("time.29", Mishap::Fails(write_blocked()));
    world.deliver(&message);
    assert!(world.pauses.is_empty());
}

#[test]
fn write_that_is_found_does_not_show_that_the_right_of_its_kind_is_there() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("time.29", Mishap::AnswerLost);
    world.deliver(&message);
    let scope = PauseScope::Kind(WriteKind::TimeEntry);
    let until = world.now + seconds(3600);
    let (cause, sentence) = (PauseCause::Blocked, "no permission to add time".into());
    world.pauses.push(Pause { scope, until, cause, sentence, rounds: 0, document: None });
    world.later(seconds(60));
    assert_eq!(world.deliver(&message).outcome(), Outcome::Delivered);
    assert!(matches!(world.state("time.29"), WriteState::Done { found: true, .. }));
    assert!(pause_of(&world, scope).is_some(), "another session's missing right");
}
