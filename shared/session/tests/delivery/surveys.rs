//! Surveys: a note each, never twice, in whatever order they and the session's end arrive.

use session::delivery::{DeadLetterReason, Ending, Outcome};
use session::event::EventKind;
use session::support_session::SupportSession;

use crate::sample::{self, CUSTOMER, DANA, TICKET, seconds, survey};
use crate::world::World;

const CUSTOMER_SURVEY: EventKind = EventKind::SupportConferenceCustomerExitSurveyCompleted;
const REPRESENTATIVE_SURVEY: EventKind = EventKind::SupportConferenceRepExitSurveyCompleted;

fn with_customer_surveys(gsnumbers: &[i64]) -> SupportSession {
    SupportSession { customer_surveys: gsnumbers.iter().copied().map(survey).collect(), ..sample::session(Some(TICKET)) }
}

#[test]
fn survey_before_the_end_is_only_noted_and_the_end_brings_it() {
    let mut world = World::new();
    world.report = Ok(SupportSession { ended_at: None, ..with_customer_surveys(&[CUSTOMER]) });
    let run = world.deliver(&world.message(CUSTOMER_SURVEY, -10));
    assert_eq!(run.outcome(), Outcome::SurveyNoted);
    assert!(world.rows.is_empty());

    world.report = Ok(with_customer_surveys(&[CUSTOMER]));
    assert_eq!(world.deliver(&world.end_message()).outcome(), Outcome::Delivered);
    assert_eq!(world.rows_of(&format!("note.customer_survey.{CUSTOMER}")).len(), 1);
    assert_eq!(world.rows.len(), 3);
}

#[test]
fn end_waits_for_a_survey_that_was_announced_but_not_with_the_note() {
    let mut world = World::new();
    world.report = Ok(SupportSession { ended_at: None, ..sample::session(Some(TICKET)) });
    world.deliver(&world.message(CUSTOMER_SURVEY, -10));
    world.report = Ok(sample::session(Some(TICKET)));
    let run = world.deliver(&world.end_message());
    assert!(matches!(run.ending, Some(Ending::Wait { .. })));
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn survey_after_the_end_writes_its_note_alone() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.later(seconds(60));
    world.report = Ok(with_customer_surveys(&[CUSTOMER]));
    let message = world.message(CUSTOMER_SURVEY, 50);
    let run = world.deliver(&message);
    assert_eq!(run.outcome(), Outcome::Delivered);
    assert_eq!(run.calls, ["report", "ticket", "send note.customer_survey.311"]);
    assert_eq!(world.deliver(&message).outcome(), Outcome::AlreadyDelivered);
    assert_eq!(world.rows.len(), 3);
}

#[test]
fn survey_goes_to_the_ticket_of_the_note_although_the_key_has_changed() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.report = Ok(SupportSession { external_key: Some("T20250318.0043".to_owned()), ..with_customer_surveys(&[CUSTOMER]) });
    world.deliver(&world.message(CUSTOMER_SURVEY, 50));
    assert_eq!(world.rows.len(), 3);
    assert!(world.rows.iter().all(|row| row.ticket == world.rows[0].ticket));
}

#[test]
fn same_survey_event_three_times_writes_one_note() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.report = Ok(with_customer_surveys(&[CUSTOMER]));
    for _ in 0..3 {
        world.later(seconds(400));
        // A resend of the appliance: received anew, but of the same moment.
        let message = world.message(CUSTOMER_SURVEY, 50);
        world.deliver_to_its_end(&message);
    }
    assert_eq!(world.rows.len(), 3);
}

#[test]
fn two_distinct_survey_events_write_two_notes() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.report = Ok(with_customer_surveys(&[CUSTOMER]));
    world.deliver(&world.message(CUSTOMER_SURVEY, 50));
    let second = world.message(CUSTOMER_SURVEY, 55);
    assert!(matches!(world.deliver(&second).ending, Some(Ending::Wait { .. })), "the second survey is not there yet");
    world.report = Ok(with_customer_surveys(&[CUSTOMER, 312]));
    world.later(seconds(60));
    assert_eq!(world.deliver(&second).outcome(), Outcome::Delivered);
    assert_eq!(world.rows_of("note.customer_survey.311").len(), 1);
    assert_eq!(world.rows_of("note.customer_survey.312").len(), 1);
}

#[test]
fn two_surveys_of_one_connection_are_two_notes() {
    let mut world = World::new();
    world.report = Ok(with_customer_surveys(&[CUSTOMER, CUSTOMER]));
    world.deliver(&world.end_message());
    assert_eq!(world.rows_of("note.customer_survey.311").len(), 1);
    assert_eq!(world.rows_of("note.customer_survey.-1").len(), 1);
}

#[test]
fn surveys_of_both_kinds_in_the_report_come_with_the_end() {
    let mut world = World::new();
    let report = with_customer_surveys(&[CUSTOMER]);
    world.report = Ok(SupportSession { representative_surveys: vec![survey(DANA)], ..report });
    world.deliver(&world.end_message());
    assert_eq!(world.rows.len(), 4);
    for kind in [CUSTOMER_SURVEY, REPRESENTATIVE_SURVEY] {
        assert_eq!(world.deliver(&world.message(kind, 50)).outcome(), Outcome::AlreadyDelivered);
    }
    assert_eq!(world.rows.len(), 4);
}

#[test]
fn survey_that_never_shows_in_the_report_is_dead_lettered_and_the_note_stays() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    let message = world.message(CUSTOMER_SURVEY, 50);
    let run = world.deliver_to_its_end(&message);
    assert_eq!(run.ending, Some(Ending::DeadLetter(DeadLetterReason::ReportMissing)));
    world.assert_one_note_and_one_time_entry();
}
