//! Beside another writer, and at the change from one to the other: the mode in force when something is first heard of decides for good
//! who writes it.

use delivery::Ignored;
use delivery::{Ending, NoticeSubject, Outcome, WriteState, Writer};
use session::Origin;
use session::event::EventKind;
use session::settings::Mode;
use session::support_session::{SupportSession, Survey};

use crate::sample::{self, CUSTOMER, TICKET, seconds, survey};
use crate::world::{Message, Mishap, World, not_ready};

const CUSTOMER_SURVEY: EventKind = EventKind::SupportConferenceCustomerExitSurveyCompleted;
const REPRESENTATIVE_SURVEY: EventKind = EventKind::SupportConferenceRepExitSurveyCompleted;

fn with_surveys(customer: &[i64], representative: &[i64]) -> SupportSession {
    let surveys = |gsnumbers: &[i64]| -> Vec<Survey> { gsnumbers.iter().copied().map(survey).collect() };
    let session = sample::session(Some(TICKET));
    SupportSession { customer_surveys: surveys(customer), representative_surveys: surveys(representative), ..session }
}

#[test]
fn first_session_of_a_new_connection_is_delivered() {
    let mut world = World::new();
    assert_eq!(world.settings.deliver_from, None, "as in a document that names no day");
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn session_that_waited_for_its_connection_document_is_delivered() {
    let mut world = World::new();
    let message = world.end_message();
    world.later(seconds(3 * 24 * 3600));
    world.deliver(&message);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn survey_after_the_change_is_written_and_what_others_wrote_is_not() {
    for mode in [Mode::Shadow, Mode::Off] {
        let mut world = World::new();
        world.settings.mode = mode;
        world.deliver(&world.end_message());
        world.settings.mode = Mode::Deliver;
        world.later(seconds(4 * 3600));
        world.report = Ok(with_surveys(&[CUSTOMER], &[]));
        assert_eq!(world.deliver(&world.message(CUSTOMER_SURVEY, 14_000)).outcome(), Outcome::Delivered);
        assert_eq!(world.rows_of("note.customer_survey.311").len(), 1);
        assert_eq!(world.rows.len(), 1, "note and time entry belong to whoever wrote in mode {mode:?}");
    }
}

#[test]
fn survey_that_came_before_the_change_is_not_written_with_one_that_comes_after_it() {
    let mut world = World::new();
    world.settings.mode = Mode::Off;
    world.deliver(&world.end_message());
    world.deliver(&world.message(CUSTOMER_SURVEY, 20));
    world.settings.mode = Mode::Deliver;
    world.report = Ok(with_surveys(&[CUSTOMER], &[302]));
    assert_eq!(world.deliver(&world.message(REPRESENTATIVE_SURVEY, 50)).outcome(), Outcome::Delivered);
    assert_eq!((world.rows_of("note.rep_survey.302").len(), world.rows.len()), (1, 1));
}

#[test]
fn of_two_surveys_of_one_kind_only_the_one_after_the_change_is_written() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    world.deliver(&world.end_message());
    world.report = Ok(with_surveys(&[CUSTOMER], &[]));
    world.deliver(&world.message(CUSTOMER_SURVEY, 20));
    world.settings.mode = Mode::Deliver;
    let second = world.message(CUSTOMER_SURVEY, 50);
    world.deliver(&second);
    assert!(world.rows.is_empty(), "the report has only the first one yet");
    world.report = Ok(with_surveys(&[CUSTOMER, 312], &[]));
    world.later(seconds(60));
    world.deliver(&second);
    assert_eq!((world.rows_of("note.customer_survey.312").len(), world.rows.len()), (1, 1));
}

#[test]
fn event_that_waits_over_the_change_stays_with_whoever_wrote_when_it_came() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    world.report = Err(not_ready());
    let message = world.end_message();
    world.deliver(&message);
    world.settings.mode = Mode::Deliver;
    world.report = Ok(sample::session(Some(TICKET)));
    world.later(seconds(60));
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Ignored(Ignored::WrittenByOthers));
    assert!(world.rows.is_empty());
    assert_eq!(world.record().ignored, Some(Ignored::WrittenByOthers), "it can be listed");
}

#[test]
fn poll_leaves_to_others_what_they_wrote() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    world.deliver(&world.end_message());
    world.settings.mode = Mode::Deliver;
    world.later(seconds(3600));
    let poll = Message { source: Origin::Poll, ..world.end_message() };
    assert_eq!(world.deliver(&poll).outcome(), Outcome::Ignored(Ignored::WrittenByOthers));
    assert!(world.rows.is_empty());
}

/// When a survey was filled in is said by its event alone, and of this session none comes: the other writer may have written it.
#[test]
fn poll_leaves_the_late_survey_of_a_session_that_others_wrote_to_them_and_a_replay_takes_it() {
    let mut world = World::new();
    world.settings.mode = Mode::Off;
    let poll = Message { source: Origin::Poll, ..world.end_message() };
    world.deliver(&poll);
    world.settings.mode = Mode::Deliver;
    world.later(seconds(3600));
    let report = sample::session(Some(TICKET));
    world.report = Ok(SupportSession { customer_surveys: vec![survey(CUSTOMER)], ..report });
    let run = world.deliver(&poll);
    assert_eq!((run.outcome(), run.calls.len()), (Outcome::Ignored(Ignored::WrittenByOthers), 0));
    world.deliver(&world.replay());
    world.assert_one_of_each(&["note.session", "time.29", &format!("note.customer_survey.{CUSTOMER}")]);
}

#[test]
fn replay_hands_over_what_others_were_to_write_and_looks_first() {
    let mut world = World::new();
    world.settings.mode = Mode::Off;
    world.deliver(&world.end_message());
    world.settings.mode = Mode::Deliver;
    world.later(seconds(3600));
    let run = world.deliver(&world.replay());
    assert_eq!((run.called("look up note.session"), run.called("look up time.29")), (1, 1));
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.record().end.unwrap().writer, Writer::Us);
}

/// The replay plans the writes and gets no further; what then comes first is a fresh survey event.
#[test]
fn what_a_replay_planned_is_looked_up_also_when_another_event_takes_it_up() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    world.deliver(&world.end_message());
    world.settings.mode = Mode::Deliver;
    world.later(seconds(3600));
    world.mishap("note.session", Mishap::Fails(crate::world::not_taken()));
    world.deliver(&world.replay());
    assert!(matches!(world.state("time.rep-17"), WriteState::Wanted(_)));
    world.pauses.clear();
    world.report = Ok(with_surveys(&[CUSTOMER], &[]));
    let run = world.deliver(&world.message(CUSTOMER_SURVEY, 4000));
    assert_eq!((run.called("look up note.session"), run.called("look up time.29")), (1, 1));
    world.assert_one_of_each(&["note.session", "time.29", "note.customer_survey.311"]);
}

#[test]
fn session_that_was_first_heard_of_while_we_wrote_stays_ours_through_shadow_and_off() {
    for mode in [Mode::Shadow, Mode::Off] {
        let mut world = World::new();
        world.report = Err(not_ready());
        let message = world.end_message();
        world.deliver(&message);
        world.settings.mode = mode;
        world.report = Ok(sample::session(Some(TICKET)));
        world.later(seconds(60));
        world.deliver(&message);
        assert!(world.rows.is_empty());
        world.settings.mode = Mode::Deliver;
        world.later(seconds(3600));
        world.report = Ok(with_surveys(&[CUSTOMER], &[]));
        world.deliver(&world.message(CUSTOMER_SURVEY, 4000));
        world.assert_one_of_each(&["note.session", "time.29", "note.customer_survey.311"]);
    }
}

#[test]
fn what_was_planned_in_shadow_mode_is_not_ours_when_its_event_waits_over_the_change() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    world.deliver(&world.end_message());
    let message = world.message(CUSTOMER_SURVEY, 20);
    world.report = Ok(with_surveys(&[], &[302]));
    assert!(matches!(world.deliver(&message).ending, Some(Ending::Wait { .. })), "its survey is not in the report yet");
    assert_eq!(world.record().writes.len(), 0);

    world.settings.mode = Mode::Deliver;
    world.report = Ok(with_surveys(&[CUSTOMER], &[302]));
    assert_eq!(world.deliver(&message).outcome(), Outcome::Ignored(Ignored::WrittenByOthers));
    assert_eq!((world.rows.len(), world.told(NoticeSubject::Refused)), (0, 0));
}

#[test]
fn survey_that_was_filled_in_again_before_it_could_be_written_is_written_as_it_is_now() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    world.deliver(&world.end_message());
    world.settings.mode = Mode::Deliver;
    world.report = Ok(with_surveys(&[CUSTOMER], &[]));
    world.mishap("note.customer_survey.311", Mishap::NeverLands);
    let message = world.message(CUSTOMER_SURVEY, 50);
    world.deliver(&message);
    world.report = Ok(with_surveys(&[320], &[]));
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    world.assert_one_of_each(&["note.customer_survey.320"]);
}
