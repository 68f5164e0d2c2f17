//! Surveys: a note each, never twice, in whatever order they and the session's end arrive.

use delivery::Skip;
use delivery::{Attention, Ending, NoticeSubject, Outcome, WriteState};
use session::event::EventKind;
use session::support_session::{SupportSession, Survey};

use crate::sample::{self, CUSTOMER, DANA, TICKET, seconds, survey};
use crate::world::{World, not_taken};

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
fn survey_that_never_shows_is_given_up_after_an_hour_listed_and_told_and_holds_nothing_up() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    let began = world.now;
    let message = world.message(CUSTOMER_SURVEY, 50);
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    let waited = world.now.duration_since(began).as_secs();
    assert!((3600..4600).contains(&waited), "{waited} s");
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.attention(), Some(Attention::SurveyMissing));
    assert_eq!(world.told(NoticeSubject::SurveyMissing), 1);

    world.report = Ok(SupportSession { representative_surveys: vec![survey(DANA)], ..sample::session(Some(TICKET)) });
    let next = world.message(REPRESENTATIVE_SURVEY, 4000);
    assert_eq!(world.deliver(&next).outcome(), Outcome::Delivered, "the next one does not wait for it");
}

#[test]
fn survey_that_shows_after_it_was_given_up_is_written_by_a_replay_and_leaves_the_list() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.deliver_to_its_end(&world.message(CUSTOMER_SURVEY, 50));
    world.report = Ok(with_customer_surveys(&[CUSTOMER]));
    world.later(seconds(3600));
    world.deliver(&world.replay());
    world.assert_one_of_each(&["note.session", "time.29", "note.customer_survey.311"]);
    assert_eq!(world.attention(), None);
}

#[test]
fn survey_that_nobody_filled_in_counts_and_writes_nothing() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    let empty = Survey { answers: Vec::new(), ..survey(CUSTOMER) };
    world.report = Ok(SupportSession { customer_surveys: vec![empty], ..sample::session(Some(TICKET)) });
    assert_eq!(world.deliver(&world.message(CUSTOMER_SURVEY, 50)).outcome(), Outcome::Delivered);
    assert_eq!(world.state("note.customer_survey.311"), WriteState::Skipped { reason: Skip::EmptySurvey });
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn surveys_of_one_connection_are_told_apart_by_what_they_say_in_whatever_order_they_come() {
    let [first, second] = ["5", "1"].map(|rating| {
        let answers = vec![("rating".to_owned(), rating.to_owned())];
        Survey { answers, ..survey(CUSTOMER) }
    });
    let mut world = World::new();
    let with = |surveys: &[&Survey]| {
        let customer_surveys = surveys.iter().copied().cloned().collect();
        Ok(SupportSession { customer_surveys, ..sample::session(Some(TICKET)) })
    };
    world.report = with(&[&first]);
    world.deliver(&world.end_message());
    world.deliver(&world.message(CUSTOMER_SURVEY, 50));
    world.report = with(&[&second, &first]);
    world.deliver(&world.message(CUSTOMER_SURVEY, 70));
    world.report = with(&[&first, &second]);
    world.later(seconds(3600));
    world.deliver(&world.replay());
    world.assert_one_of_each(&["note.session", "time.29", "note.customer_survey.311", "note.customer_survey.-1"]);
    let texts: Vec<&str> = world.rows.iter().map(|row| row.text.as_str()).collect();
    for rating in ["5", "1"] {
        assert_eq!(texts.iter().filter(|text| text.lines().any(|line| line.trim().ends_with(rating))).count(), 1, "{texts:#?}");
    }
}

#[test]
fn survey_that_does_not_come_is_given_up_as_missing_and_not_its_event_however_short_the_retry_time_is() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.settings.retry_hours.insert(CUSTOMER_SURVEY, 1);
    let message = world.message(CUSTOMER_SURVEY, 50);
    world.ticket_failure = Some(not_taken());
    world.deliver(&message);
    world.later(seconds(1800));
    world.ticket_failure = None;
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    assert_eq!(world.attention(), Some(Attention::SurveyMissing));
    assert_eq!(world.told(NoticeSubject::DeadLettered), 0);
}

#[test]
fn survey_that_was_filled_in_again_is_not_missing_and_hides_no_later_one() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.report = Ok(with_customer_surveys(&[CUSTOMER]));
    world.deliver(&world.message(CUSTOMER_SURVEY, 50));
    // The report keeps the newer one alone; in its place here one of another connection.
    world.report = Ok(with_customer_surveys(&[320]));
    assert_eq!(world.deliver(&world.message(CUSTOMER_SURVEY, 60)).outcome(), Outcome::Delivered, "at once");
    assert_eq!(world.told(NoticeSubject::SurveyMissing), 0);
    // One that never shows is given up; the one after it is written.
    world.deliver_to_its_end(&world.message(CUSTOMER_SURVEY, 70));
    world.report = Ok(with_customer_surveys(&[320, 330]));
    world.deliver(&world.message(CUSTOMER_SURVEY, 9000));
    assert_eq!((world.told(NoticeSubject::SurveyMissing), world.rows.len()), (1, 5));
}

#[test]
fn survey_that_comes_after_it_was_given_up_hides_no_later_one() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.deliver_to_its_end(&world.message(CUSTOMER_SURVEY, 50));
    assert_eq!(world.attention(), Some(Attention::SurveyMissing));
    world.report = Ok(with_customer_surveys(&[CUSTOMER, 320]));
    world.deliver(&world.message(CUSTOMER_SURVEY, 9000));
    assert_eq!((world.attention(), world.rows.len()), (None, 4), "both are there");
    world.report = Ok(with_customer_surveys(&[CUSTOMER, 320, 330]));
    world.deliver(&world.message(CUSTOMER_SURVEY, 9500));
    assert_eq!(world.rows.len(), 5);
}
