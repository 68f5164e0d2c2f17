//! What must not lie on a ticket is taken out before anything is made of a session: not written, not kept, not logged.

use delivery::Outcome;
use session::event::EventKind;
use session::settings::Mode;
use session::support_session::{SessionEvent, SessionEventKind, SupportSession};
use texts::{Redactor, own_pattern};

use crate::sample::{self, CUSTOMER, TICKET, seconds, survey};
use crate::world::World;

const CARD: &str = "4111 1111 1111 1111";
const REMOVED: &str = "[removed: card number]";

fn with_chat(body: String) -> SupportSession {
    let mut session = sample::session(Some(TICKET));
    session.events.push(SessionEvent {
        at: session.ended_at,
        kind: SessionEventKind::ChatMessage,
        performed_by: None,
        destination: None,
        body: Some(body),
        files: Vec::new(),
        data: Vec::new(),
        system_information: Vec::new(),
    });
    session
}

#[test]
fn card_number_is_in_no_note_and_the_record_counts_it() {
    let mut world = World::new();
    world.report = Ok(with_chat(format!("my card: {CARD}, password: hunter2")));
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
    let note = &world.rows_of("note.session")[0].text;
    assert!(note.contains(REMOVED) && note.ends_with("Taken out of this text: 1 card number, 1 password."), "{note}");
    assert!(world.rows.iter().all(|row| !row.text.contains("4111") && !row.text.contains("hunter2")));
    let taken_out = world.record().taken_out;
    assert_eq!((taken_out.cards, taken_out.passwords, taken_out.secrets, taken_out.own), (1, 1, 0, 0));
}

#[test]
fn card_number_is_in_no_attachment_and_shadow_mode_keeps_none() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    world.report = Ok(with_chat(format!("{}{CARD}", "A long chat. ".repeat(3_000))));
    assert_eq!(world.deliver(&world.end_message()).outcome(), Outcome::Shadowed);
    let attachment = world.kept.iter().find(|kept| kept.write.to_string() == "attachment.1").unwrap();
    assert!(attachment.text.contains(REMOVED) && attachment.text.ends_with("Taken out of this text: 1 card number."));
    assert!(world.kept.iter().all(|kept| !kept.text.contains("4111")));
}

#[test]
fn survey_is_cleaned_and_stays_the_same_survey_under_other_patterns() {
    let mut world = World::new();
    let mut answered = survey(CUSTOMER);
    answered.answers.push(("What else?".to_owned(), format!("KD-123456 and {CARD}")));
    world.report = Ok(SupportSession { customer_surveys: vec![answered], ..sample::session(Some(TICKET)) });
    world.deliver(&world.end_message());
    let note = &world.rows_of("note.customer_survey.311")[0].text;
    assert!(
        note.contains(&format!("KD-123456 and {REMOVED}")) && note.ends_with("Taken out of this text: 1 card number."),
        "{note}"
    );
    world.redactor = Redactor::new(true, true, vec![own_pattern(r"KD-\d{6}").unwrap()]);
    world.later(seconds(60));
    world.deliver(&world.message(EventKind::SupportConferenceCustomerExitSurveyCompleted, 50));
    world.assert_one_of_each(&["note.session", "time.29", "note.customer_survey.311"]);
}

#[test]
fn what_is_switched_off_is_left_alone() {
    let mut world = World::new();
    world.redactor = Redactor::new(false, false, Vec::new());
    world.report = Ok(with_chat(CARD.to_owned()));
    world.deliver(&world.end_message());
    assert!(world.rows_of("note.session")[0].text.contains(CARD));
    assert!(world.record().taken_out.is_nothing());
}
