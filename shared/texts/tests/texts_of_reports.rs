//! How the sample reports of `events/reports` read as notes, surveys and time entries: what a technician will see.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::io::BufReader;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use session::content::{Note, RoleReason};
use session::settings::{Beneficiary, NoteSettings, TimeEntrySettings, Visibility};
use session::support_session::Ended;
use session::support_session::SurveyKind;
use session::time_entry::{PlannedTime, TimePlan, date_worked, plan};
use session::{Lsid, ResourceId, RoleId, SupportSession};
use texts::{NOTE_CHARACTERS_MAX, Redactor, Rendered, SessionNote, Templates, TimeContext, View};

fn report(name: &str) -> SupportSession {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/reports").join(name).with_extension("xml");
    let xml = std::fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&xml);
    let lsid: Lsid = text.split("lsid=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    appliance::report::read_report(BufReader::new(xml.as_slice()), &lsid).unwrap()
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn reported(session: &SupportSession) -> Ended {
    session.ended_at.map_or(Ended::Unknown, Ended::Reported)
}

fn without_problems<T>(rendered: Rendered<T>) -> T {
    assert_eq!(rendered.problems, []);
    rendered.value
}

fn session_note(session: &SupportSession, ended: Ended, visibility: Visibility) -> SessionNote {
    let time_zone = berlin();
    let settings = NoteSettings { visibility, ..NoteSettings::default() };
    let view = View { session, time_zone: &time_zone, ended };
    without_problems(Templates::default().session_note(&view, &settings, NOTE_CHARACTERS_MAX))
}

fn as_read(note: &Note) -> String {
    format!("{}\n\n{}\n", note.title, note.description)
}

fn internal_note(name: &str) -> String {
    let session = report(name);
    let note = session_note(&session, reported(&session), Visibility::Internal);
    assert_eq!(note.overflow, None);
    as_read(&note.note)
}

fn customer_note(name: &str) -> String {
    let session = report(name);
    as_read(&session_note(&session, reported(&session), Visibility::Customer).note)
}

fn shorter_note(name: &str) -> String {
    let (session, time_zone) = (report(name), berlin());
    let view = View { session: &session, time_zone: &time_zone, ended: reported(&session) };
    as_read(&without_problems(Templates::default().customer_note(&view)))
}

macro_rules! snapshots {
    ($text:ident: $($test:ident => $report:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            insta::assert_snapshot!($text($report));
        }
    )*};
}

snapshots!(internal_note:
    note_of_a_printer_session => "printer",
    note_of_a_silent_session => "silent",
    note_of_a_session_that_nobody_joined => "nobody-joined",
    note_of_an_unattended_jump => "jump-unattended",
    note_of_a_jump_without_a_customer => "jump-no-customer",
    note_in_other_scripts => "non-latin",
    note_of_representatives_who_come_and_go => "two-representatives",
    note_over_midnight => "over-midnight",
    note_over_the_change_to_summer_time => "over-midnight-summer-time",
    note_of_a_session_that_still_runs => "still-running",
    note_with_every_type_of_event => "every-event-type",
    note_of_which_only_the_id_is_known => "only-lsid",
);

snapshots!(customer_note:
    customer_note_of_a_printer_session => "printer",
    customer_note_of_a_session_that_nobody_joined => "nobody-joined",
    customer_note_of_an_unattended_jump => "jump-unattended",
    customer_note_of_representatives_who_come_and_go => "two-representatives",
    customer_note_with_every_type_of_event => "every-event-type",
);

snapshots!(shorter_note:
    shorter_note_for_the_customer_of_a_printer_session => "printer",
    shorter_note_for_the_customer_of_an_unattended_jump => "jump-unattended",
    shorter_note_for_the_customer_of_a_session_that_nobody_joined => "nobody-joined",
);

#[test]
fn note_and_survey_say_at_their_end_what_was_taken_out() {
    let mut session = report("printer");
    let body = session.events.iter_mut().filter_map(|event| event.body.as_mut()).last().unwrap();
    *body = "Pay by 4111 1111 1111 1111 and 5555-5555-5555-4444. WLAN-Passwort: hunter2, Bearer abcdef0123456789".to_owned();
    let mut survey = session.customer_surveys[0].clone();
    survey.answers.push(("What else?".to_owned(), "my PIN: 0815".to_owned()));
    let redactor = Redactor::default();
    let taken_out = redactor.session(&mut session);
    redactor.survey(&mut survey);
    assert_eq!(taken_out.to_string(), "2 card numbers, 1 secret, 1 password");
    let time_zone = berlin();
    let note = session_note(&session, reported(&session), Visibility::Internal).note;
    let view = View { session: &session, time_zone: &time_zone, ended: reported(&session) };
    let survey = without_problems(Templates::default().survey_note(&view, SurveyKind::Customer, &survey));
    insta::assert_snapshot!(format!("{}\n{}", as_read(&note), as_read(&survey)));
}

#[test]
fn shortened_note_and_its_complete_text_both_say_what_was_taken_out() {
    let mut session = report("long");
    let bodies = session.events.iter_mut().filter_map(|event| event.body.as_mut());
    bodies.skip(20).take(3).for_each(|body| body.push_str(" password: hunter2"));
    Redactor::default().session(&mut session);
    let SessionNote { note, overflow } = session_note(&session, reported(&session), Visibility::Internal);
    assert!(note.description.encode_utf16().count() <= NOTE_CHARACTERS_MAX);
    assert!(
        note.description.ends_with("Taken out of this text: 3 passwords."),
        "{}",
        &note.description[note.description.len() - 300..]
    );
    assert!(overflow.unwrap().ends_with("Taken out of this text: 3 passwords."));
}

#[test]
fn note_after_an_abnormal_close_says_where_its_end_is_from() {
    let session = report("abnormal-close");
    let announced = Ended::TakenFromEvent("2025-03-21T14:34:10Z".parse().unwrap());
    insta::assert_snapshot!(as_read(&session_note(&session, announced, Visibility::Internal).note));
}

#[test]
fn long_session_is_cut_in_the_note_and_complete_beside_it() {
    let session = report("long");
    let rendered = session_note(&session, reported(&session), Visibility::Internal);
    let complete = rendered.overflow.unwrap();
    let length = rendered.note.description.encode_utf16().count();
    assert!((NOTE_CHARACTERS_MAX - 6000..=NOTE_CHARACTERS_MAX).contains(&length), "{length}");
    assert!(complete.len() > 200_000);
    let chat = session.events.iter().filter_map(|event| event.body.as_deref());
    for line in chat.flat_map(str::lines).filter(|line| !line.trim().is_empty()).take(1000) {
        assert!(complete.contains(line.trim()), "{line}");
    }
    let ends: Vec<&str> = rendered.note.description.lines().collect();
    let shown: Vec<&str> = ends.iter().take(14).chain(ends.iter().rev().take(6).rev()).copied().collect();
    let shown: String = shown.iter().map(|line| line.chars().take(150).collect::<String>() + "\n").collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn surveys_read_as_notes_of_their_own() {
    let mut texts = String::new();
    for name in ["printer", "two-representatives", "non-latin"] {
        let (session, time_zone) = (report(name), berlin());
        let view = View { session: &session, time_zone: &time_zone, ended: reported(&session) };
        let customer = session.customer_surveys.iter().map(|survey| (SurveyKind::Customer, survey));
        let representative = session.representative_surveys.iter().map(|survey| (SurveyKind::Representative, survey));
        for (kind, survey) in customer.chain(representative) {
            let note = without_problems(Templates::default().survey_note(&view, kind, survey));
            assert_eq!(note.visibility, Visibility::Internal);
            writeln!(texts, "{}\n=====", as_read(&note)).unwrap();
        }
    }
    insta::assert_snapshot!(texts);
}

#[test]
fn time_entries_say_whose_when_and_why() {
    let mut texts = String::new();
    let time_zone = berlin();
    let settings = TimeEntrySettings { enabled: true, beneficiary: Beneficiary::Each, ..TimeEntrySettings::default() };
    for name in ["printer", "two-representatives", "over-midnight", "jump-no-customer", "nobody-joined"] {
        let session = report(name);
        let ended_at: Timestamp = session.ended_at.unwrap();
        writeln!(texts, "##### {name}").unwrap();
        for PlannedTime { representative, outcome } in plan(&session, &settings, ended_at) {
            let representative = representative.map_or_else(|| "nobody".to_owned(), |key| key.to_string());
            let attendance = match outcome {
                TimePlan::Write(attendance) => attendance,
                TimePlan::Skipped(reason) => {
                    writeln!(texts, "{representative}: skipped, {reason}\n=====").unwrap();
                    continue;
                }
                TimePlan::Refused(sentence) => {
                    writeln!(texts, "{representative}: refused, {sentence}\n=====").unwrap();
                    continue;
                }
            };
            let view = View { session: &session, time_zone: &time_zone, ended: reported(&session) };
            let context = TimeContext { resource: ResourceId(4711), role: RoleId(29_683), reason: RoleReason::TicketAssignment };
            let written = without_problems(Templates::default().time_entry(&view, &attendance, &settings, context));
            let (start, end, login) = (attendance.start, attendance.end, &attendance.login);
            let day = date_worked(start, &time_zone);
            writeln!(texts, "{representative}: {login}, {day}, {start} to {end}").unwrap();
            writeln!(texts, "{}\n---\n{}\n=====", written.summary_notes, written.internal_notes).unwrap();
        }
    }
    insta::assert_snapshot!(texts);
}
