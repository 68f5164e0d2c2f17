//! What holds for every text: markers, lengths, nothing lost, nothing shown to whom it does not concern. How the texts
//! read is in `tests/texts_of_reports.rs`.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use super::text::length;
use super::*;
use session::content::{Note, RoleReason};
use session::ids::{Gsnumber, Lsid, RemoteId, ResourceId, RoleId};
use session::sample::*;
use session::settings::{NoteSettings, TEMPLATE_NAMES, TimeEntrySettings, Visibility};
use session::support_session::{
    ActorKind, CustomAttribute, Customer, FileReference, Omitted, Representative, SessionEvent, SessionEventKind, Survey,
    SurveyKind,
};
use session::time_entry::{PlannedTime, TimePlan, plan};

fn note_with(
    templates: &Templates,
    session: &SupportSession,
    visibility: Visibility,
    characters_max: usize,
) -> Rendered<SessionNote> {
    let time_zone = berlin();
    let view = View { session, time_zone: &time_zone, ended: session.ended_at.map_or(Ended::Unknown, Ended::Reported) };
    templates.session_note(&view, &NoteSettings { visibility, ..NoteSettings::default() }, characters_max)
}

fn note(session: &SupportSession, visibility: Visibility, characters_max: usize) -> SessionNote {
    let rendered = note_with(&Templates::default(), session, visibility, characters_max);
    assert_eq!(rendered.problems, []);
    rendered.value
}

fn overrides(texts: &[(&str, &str)]) -> (Templates, Vec<TemplateProblem>) {
    Templates::new(&texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<BTreeMap<_, _>>())
}

/// The printer session with so many more messages of so many characters.
fn chatty(messages: usize, characters: usize) -> SupportSession {
    let mut session = printer();
    for index in 0..messages {
        let second = START + 200 + i64::try_from(index).unwrap();
        session.events.push(chat(second, by_customer(), everyone(), &format!("#{index}# {}", "x".repeat(characters))));
    }
    session
}

mod audience {
    use super::*;

    #[test]
    fn customer_sees_nothing_that_is_ours() {
        let mut session = printer();
        session.jumpoint = Some("JUMP01".to_owned());
        let mut unlisted = by(ActorKind::Representative, 999, "Private Name");
        session.events.push(chat(END - 9, unlisted.take(), everyone(), "from somebody who is not listed"));
        let text = note(&session, Visibility::Customer, NOTE_CHARACTERS_MAX).note;
        let text = format!("{}\n{}", text.title, text.description);
        for ours in [
            "Dana Whitfield",
            "Okafor",
            "Private Name",
            "Replaced driver",
            "https://",
            "10.20.30.40",
            "2001:db8",
            "16 GB",
            "81 GB",
            "NB-0815",
            "Branch",
            "JUMP01",
            "Windows",
            "Service Desk",
            "KB-X do this",
            "command shell",
            "T20250318",
        ] {
            assert!(!text.contains(ours), "{ours}");
        }
        for theirs in
            ["Dana W.", "Tobi O.", "Technician: from somebody", "reboot did not help", r"C:\Temp\driver.zip", "BEL character"]
        {
            assert!(text.contains(theirs), "{theirs}");
        }
    }

    #[test]
    fn customer_template_is_not_even_given_what_is_ours() {
        let everything = "{{recording}}{{chat_link}}{{#each command_shells}}{{this}}{{/each}}{{#each work}}{{text}}{{/each}}\
            {{#each systems}}{{computer}}{{/each}}{{addresses}}{{attributes_text}}{{team}}{{external_key}}\
            {{#each customers}}{{operating_system}}{{private_address}}{{public_address}}{{company_code}}{{/each}}\
            {{#each technicians}}{{username}}{{/each}}-";
        let (templates, problems) = overrides(&[("session_note_customer", everything)]);
        assert_eq!(problems, []);
        let rendered = note_with(&templates, &printer(), Visibility::Customer, NOTE_CHARACTERS_MAX);
        assert_eq!((rendered.value.note.description.as_str(), rendered.problems), ("-", vec![]));
    }

    #[test]
    fn shorter_note_for_the_customer_is_a_page_at_most_and_given_nothing_that_is_ours() {
        let everything =
            "{{#each work}}{{text}}{{/each}}{{addresses}}{{external_key}}{{#each timeline}}{{name}}: {{text}}\n{{/each}}";
        let (templates, problems) = overrides(&[("customer_note", everything)]);
        assert_eq!(problems, []);
        let (time_zone, session) = (berlin(), chatty(300, 100));
        let view = View { session: &session, time_zone: &time_zone, ended: Ended::Unknown };
        let Rendered { value, problems } = templates.customer_note(&view);
        assert_eq!(problems, []);
        assert!(value.title.ends_with("/note.customer]") && !value.title.contains("Whitfield"), "{}", value.title);
        assert!(length(&value.description) <= 4_000 && value.description.ends_with("\n\nShortened."));
        assert!(!value.description.contains("Replaced driver") && !value.description.contains("Whitfield"));
    }

    #[test]
    fn colleague_to_colleague_is_never_shown_even_if_the_destination_is_lost() {
        let mut session = printer();
        session.events.push(chat(END - 9, by_dana(), None, "to whom it may concern"));
        assert!(!note(&session, Visibility::Customer, NOTE_CHARACTERS_MAX).note.description.contains("may concern"));
        session.representatives.truncate(1);
        session.events.retain(|event| event.performed_by != by_tobi());
        assert!(note(&session, Visibility::Customer, NOTE_CHARACTERS_MAX).note.description.contains("may concern"));
    }

    #[test]
    fn technician_without_a_public_name_has_none_for_customers() {
        let mut session = printer();
        session.representatives.iter_mut().for_each(|representative| representative.public_display_name = None);
        let note = note(&session, Visibility::Customer, NOTE_CHARACTERS_MAX).note;
        assert!(note.title.starts_with("Remote session 48213, 25 min, Technician ["));
        assert!(!note.description.contains("Whitfield"));
    }

    #[test]
    fn co_managed_colleagues_read_what_colleagues_read() {
        let internal = note(&printer(), Visibility::Internal, NOTE_CHARACTERS_MAX).note;
        let co_managed = note(&printer(), Visibility::InternalAndComanaged, NOTE_CHARACTERS_MAX).note;
        assert_eq!(co_managed, Note { visibility: Visibility::InternalAndComanaged, ..internal });
    }
}

mod ends {
    use super::*;

    fn text(session: &SupportSession, ended: Ended) -> String {
        let time_zone = berlin();
        let view = View { session, time_zone: &time_zone, ended };
        let rendered = Templates::default().session_note(&view, &NoteSettings::default(), NOTE_CHARACTERS_MAX);
        format!("{}\n{}", rendered.value.note.title, rendered.value.note.description)
    }

    #[test]
    fn borrowed_end_is_said_to_be_borrowed_and_a_reported_one_is_not() {
        assert!(
            text(&printer(), Ended::TakenFromEvent(at(END)))
                .contains("has no end time; the end is when the appliance announced it")
        );
        assert!(!text(&printer(), Ended::Reported(at(END))).contains("no end time"));
    }

    #[test]
    fn unknown_times_are_said_to_be_unknown() {
        let open = text(&printer(), Ended::Unknown);
        assert!(open.contains("18 Mar 2025, 14:02 (end unknown, Europe/Berlin +01:00)"));
        assert!(open.starts_with("Remote session 48213, Dana Whitfield ["));
        let session = SupportSession { started_at: None, ..printer() };
        assert!(
            text(&session, Ended::Reported(at(END))).contains("18 Mar 2025, 14:27 (end; start unknown, Europe/Berlin +01:00)")
        );
        assert!(text(&session, Ended::Unknown).contains("time unknown"));
    }

    #[test]
    fn end_before_the_start_has_no_duration() {
        assert!(text(&printer(), Ended::Reported(at(START - 60))).starts_with("Remote session 48213, Dana Whitfield ["));
    }
}

mod fitting {
    use super::*;

    #[test]
    fn note_that_fits_is_whole() {
        let note = note(&printer(), Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert_eq!(note.overflow, None);
        assert!(!note.note.description.contains("Shortened"));
    }

    #[test]
    fn system_information_goes_first() {
        let mut session = printer();
        let value = "y".repeat(40_000);
        session.events[6].system_information[0] = category("General", &[&[("Memory", &value)]]);
        let SessionNote { note, overflow } = note(&session, Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert!(note.description.contains("opened a command shell") && note.description.contains("reboot did not help"));
        assert!(!note.description.contains("SYSTEM") && !note.description.contains("10.20.30.40"));
        assert!(note.description.ends_with(
            "Shortened; left out: system information. The complete text is in remote-session-48213.txt, attached to this note, \
             or in the notes that follow it."
        ));
        assert!(overflow.unwrap().contains(&value));
    }

    #[test]
    fn actions_go_next_and_the_chat_stays() {
        let mut session = printer();
        for index in 0..1000 {
            let action = event(START + index, SessionEventKind::FileDeleted, by_dana());
            session.events.push(with_data(action, &[("path", r"C:\Temp\a-file-with-a-long-name.tmp")]));
        }
        let SessionNote { note, overflow } = note(&session, Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert!(!note.description.contains("deleted") && note.description.contains("CHAT (3 messages)"));
        assert!(note.description.contains("reboot did not help"));
        assert!(note.description.contains("left out: system information, actions. "));
        assert_eq!(overflow.unwrap().matches("deleted").count(), 1000);
    }

    #[test]
    fn chat_loses_its_middle_and_keeps_its_beginning_and_end() {
        let SessionNote { note, overflow } = note(&chatty(1000, 200), Visibility::Internal, NOTE_CHARACTERS_MAX);
        let text = note.description;
        assert!(text.contains("reboot did not help") && text.contains("#0# ") && text.contains("#999# "));
        assert!(!text.contains("#500# "));
        assert!(length(&text) > NOTE_CHARACTERS_MAX - 2500, "{}", length(&text));
        assert!(text.contains(" messages left out here; where the complete text is, is said at the end ..."));
        assert_eq!(overflow.unwrap().matches("xxxx ").count() + 1, 1);
    }

    #[test]
    fn one_endless_message_does_not_push_out_the_others() {
        let mut session = chatty(3, 20);
        session.events.push(chat(END - 5, by_dana(), everyone(), &"z".repeat(200_000)));
        let SessionNote { note, overflow } = note(&session, Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert!(note.description.contains("#2# ") && note.description.contains("zzz...") && note.description.contains("reboot"));
        assert!(note.description.contains("parts of long messages"));
        assert!(overflow.unwrap().contains(&"z".repeat(200_000)));
    }

    #[test]
    fn endless_session_note_is_cut_at_the_end() {
        let mut session = chatty(100, 200);
        session.events[13].body = Some("w".repeat(50_000));
        let SessionNote { note, .. } = note(&session, Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert!(note.description.contains("the end. The complete text"));
        assert!(length(&note.description) <= NOTE_CHARACTERS_MAX);
    }

    #[test]
    fn half_the_size_is_half_the_size() {
        for characters_max in [NOTE_CHARACTERS_MAX / 2, NOTE_CHARACTERS_MAX / 8, NOTE_CHARACTERS_MIN, 0] {
            let SessionNote { note, overflow } = note(&chatty(300, 100), Visibility::Internal, characters_max);
            assert!(length(&note.description) <= characters_max.max(NOTE_CHARACTERS_MIN));
            assert!(
                note.description.starts_with("REMOTE SUPPORT SESSION 48213")
                    && note.description.contains("remote-session-48213.txt")
            );
            assert!(overflow.is_some());
        }
    }

    #[test]
    fn astral_characters_count_as_the_vendor_counts_them() {
        let SessionNote { note, .. } = note(&chatty(0, 0), Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert!(length(&note.description) < 3000);
        let mut session = printer();
        session.events.push(chat(END - 5, by_dana(), everyone(), &"\u{1F5A8}".repeat(20_000)));
        let SessionNote { note, overflow } = super::note(&session, Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert!(overflow.is_some() && note.description.encode_utf16().count() <= NOTE_CHARACTERS_MAX);
    }

    #[test]
    fn override_that_makes_more_of_a_message_is_fitted_too() {
        let (templates, _) = overrides(&[("session_note", "{{#each timeline}}{{name}} {{text}} {{text}} {{text}}\n{{/each}}")]);
        let rendered = note_with(&templates, &chatty(1000, 100), Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert_eq!(rendered.problems, []);
        assert!(length(&rendered.value.note.description) <= NOTE_CHARACTERS_MAX);
        assert!(rendered.value.note.description.contains("#999# "));
    }

    #[test]
    fn session_larger_than_anything_can_hold_still_has_its_note() {
        let session = chatty(5, 1_700_000);
        let SessionNote { note, overflow } = note(&session, Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert!(length(&note.description) <= NOTE_CHARACTERS_MAX && note.description.contains("reboot did not help"));
        let file = attachment(RemoteId(1), &session, 1, &overflow.unwrap(), Visibility::Internal);
        assert!(file.text.len() <= ATTACHMENT_BYTES_MAX);
        assert!(file.text.ends_with("Cut here: the session is too long. The appliance keeps all of it for 90 days.\n"));
    }
}

mod templates {
    use super::*;

    #[test]
    fn override_arranges_and_the_marker_stays() {
        let (templates, problems) = overrides(&[("session_note", "Hello {{#each technicians}}{{name}}; {{/each}}{{duration}}")]);
        let rendered = note_with(&templates, &printer(), Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert_eq!((problems, rendered.problems), (vec![], vec![]));
        assert_eq!(rendered.value.note.description, "Hello Dana Whitfield; Tobi Okafor; 25 min");
        assert!(rendered.value.note.title.ends_with("[7d1f0c52a9be4e6f8a3b90d4c6e21f57/note.session]"));
    }

    #[test]
    fn failing_override_costs_no_session() {
        let (templates, _) = overrides(&[("session_note", "{{#each technician}}{{name}}{{/each}}")]);
        let rendered = note_with(&templates, &printer(), Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert_eq!(rendered.value, note(&printer(), Visibility::Internal, NOTE_CHARACTERS_MAX));
        assert_eq!(rendered.problems.len(), 1);
        assert_eq!(rendered.problems[0].template, "session_note");
        assert_eq!(rendered.problems[0].what.as_str(), "line 1, column 1: there is no field technician");
    }

    #[test]
    fn built_in_texts_bring_no_character_that_windows_1252_lacks() {
        let mut session = printer();
        session.omitted = Omitted { events: 2 };
        for event in &mut session.events {
            event.body = event.body.as_ref().map(|body| body.replace('–', "-"));
        }
        for visibility in [Visibility::Internal, Visibility::Customer] {
            let text = note(&session, visibility, NOTE_CHARACTERS_MAX).note.description.replace(['ö', 'ü'], "");
            assert!(text.is_ascii(), "{text}");
        }
    }

    const DOCUMENTED: &str = include_str!("../../../docs/templates.md");

    #[test]
    fn copy_of_a_built_in_template_is_an_override_that_changes_nothing() {
        let texts = super::super::templates::BUILT_IN_TEXTS;
        let (templates, problems) = overrides(&texts);
        assert_eq!((problems, all_texts(&templates)), (vec![], vec![]));
        let rendered = note_with(&templates, &printer(), Visibility::Internal, NOTE_CHARACTERS_MAX);
        assert_eq!(rendered.value, note(&printer(), Visibility::Internal, NOTE_CHARACTERS_MAX));
    }

    #[test]
    fn documented_examples_render() {
        let examples: Vec<(&str, &str)> =
            DOCUMENTED.split("<!-- example: ").skip(1).map(|part| part.split_once(" -->").unwrap()).collect();
        assert_eq!(examples.len(), 3);
        for (name, example) in examples {
            assert!(TEMPLATE_NAMES.contains(&name), "{name}");
            let text = example.split("```handlebars\n").nth(1).unwrap().split("```").next().unwrap();
            let (templates, problems) = overrides(&[(name, text)]);
            assert_eq!(problems, []);
            assert_eq!(all_texts(&templates), [], "{name}");
        }
    }

    #[test]
    fn documented_fields_are_exactly_those_that_there_are() {
        let (session, time_zone) = (printer(), berlin());
        let view = View { session: &session, time_zone: &time_zone, ended: Ended::Reported(at(END)) };
        let heading = fields(&model::HeadingModel::new(&view));
        assert_eq!(documented("heading"), heading);
        let beyond = |fields: BTreeSet<String>| fields.difference(&heading).cloned().collect::<BTreeSet<_>>();
        let of_session = model::SessionModel::new(&view, participants::Audience::Internal);
        assert_eq!(documented("session"), beyond(fields(&of_session)));
        let of_survey = survey_note::survey_model(&view, SurveyKind::Customer, &session.customer_surveys[0]);
        assert_eq!(documented("survey"), beyond(fields(&of_survey)));
        let defaults = TimeEntrySettings::default();
        let of_time = super::super::time_texts::time_model(&view, &attendance(&session), &defaults, context());
        assert_eq!(documented("time"), beyond(fields(&of_time)));
    }

    /// The names in the first column of a table of the documentation.
    fn documented(table: &str) -> BTreeSet<String> {
        let rows = DOCUMENTED.split(&format!("<!-- fields: {table} -->\n")).nth(1).unwrap().split("\n\n").next().unwrap();
        let first_columns = rows.lines().skip(2).map(|row| row.split('|').nth(1).unwrap());
        first_columns.flat_map(|column| column.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
    }

    fn fields(data: &impl serde::Serialize) -> BTreeSet<String> {
        fn collect(value: &serde_json::Value, path: &str, fields: &mut BTreeSet<String>) {
            if let Some(first) = value.as_array().and_then(|list| list.first()) {
                collect(first, &format!("{path}[]."), fields);
            }
            for (key, value) in value.as_object().into_iter().flatten() {
                let path = format!("{path}{key}");
                collect(value, &path, fields);
                fields.insert(path);
            }
        }
        let mut fields = BTreeSet::new();
        collect(&serde_json::to_value(data).unwrap(), "", &mut fields);
        fields
    }

    /// Renders every template and returns what was wrong with any of them.
    fn all_texts(templates: &Templates) -> Vec<TemplateProblem> {
        let (session, time_zone) = (printer(), berlin());
        let view = View { session: &session, time_zone: &time_zone, ended: Ended::TakenFromEvent(at(END)) };
        let mut problems = Vec::new();
        for visibility in [Visibility::Internal, Visibility::Customer] {
            problems.extend(note_with(templates, &session, visibility, NOTE_CHARACTERS_MAX).problems);
        }
        problems.extend(templates.survey_note(&view, SurveyKind::Customer, &session.customer_surveys[0]).problems);
        problems.extend(templates.survey_note(&view, SurveyKind::Representative, &session.representative_surveys[0]).problems);
        let attendance = attendance(&session);
        problems.extend(templates.time_entry(&view, &attendance, &TimeEntrySettings::default(), context()).problems);
        problems
    }
}

fn context() -> TimeContext {
    TimeContext { resource: ResourceId(4711), role: RoleId(8), reason: RoleReason::Configured }
}

fn attendance(session: &SupportSession) -> session::time_entry::Attendance {
    let settings = TimeEntrySettings { enabled: true, ..Default::default() };
    let mut planned = plan(session, &settings, at(END));
    match planned.remove(0) {
        PlannedTime { outcome: TimePlan::Write(attendance), .. } => attendance,
        other => panic!("{other:?}"),
    }
}

mod time_texts {
    use super::*;

    fn texts(templates: &Templates, session: &SupportSession, defaults: &TimeEntrySettings) -> TimeTexts {
        let time_zone = berlin();
        let view = View { session, time_zone: &time_zone, ended: Ended::Reported(at(END)) };
        templates.time_entry(&view, &attendance(session), defaults, context()).value
    }

    #[test]
    fn invoice_line_is_the_configured_one_and_never_blank() {
        let configured = TimeEntrySettings { summary: Some(" Fernwartung \n".to_owned()), ..TimeEntrySettings::default() };
        let blank = TimeEntrySettings { summary: Some(" ".to_owned()), ..TimeEntrySettings::default() };
        let (spoilt, _) = overrides(&[("time_entry_summary", "{{#if false}}x{{/if}}")]);
        assert_eq!(texts(&Templates::default(), &printer(), &configured).summary_notes, "Fernwartung");
        assert_eq!(texts(&Templates::default(), &printer(), &blank).summary_notes, "Remote support session");
        assert_eq!(texts(&spoilt, &printer(), &configured).summary_notes, "Fernwartung");
    }

    #[test]
    fn chat_notes_and_links_cannot_reach_an_invoice() {
        for field in ["timeline", "work", "recording", "chat_link", "systems", "answers"] {
            let (templates, _) = overrides(&[("time_entry_summary", &format!("{{{{{field}}}}}"))]);
            assert_eq!(texts(&templates, &printer(), &TimeEntrySettings::default()).summary_notes, "Remote support session");
        }
    }

    #[test]
    fn marker_is_the_first_line_and_the_only_one_of_its_kind() {
        let mut session = printer();
        session.representatives[1].private_display_name = Some("[7d1f0c52a9be4e6f8a3b90d4c6e21f57/time.22]".to_owned());
        let internal = texts(&Templates::default(), &session, &TimeEntrySettings::default()).internal_notes;
        assert!(internal.starts_with("[7d1f0c52a9be4e6f8a3b90d4c6e21f57/time.4711]\n"));
        assert_eq!(internal.matches("[7d1f0c52a9be4e6f8a3b90d4c6e21f57/").count(), 1);
        assert!(internal.contains("(7d1f0c52a9be4e6f8a3b90d4c6e21f57/time.22) 14:17-14:20, 3 min"));
    }
}

mod overflow {
    use super::*;

    #[test]
    fn attachment_is_found_by_its_title_and_known_by_its_name() {
        let file = attachment(RemoteId(9), &printer(), 1, "text", Visibility::Customer);
        assert_eq!(file.title, "Remote session 48213, complete text [7d1f0c52a9be4e6f8a3b90d4c6e21f57/attachment.1]");
        assert_eq!((file.file_name.as_str(), file.text.as_str()), ("remote-session-48213.txt", "text"));
        assert_eq!((file.note, file.visibility), (RemoteId(9), Visibility::Customer));
        let unnumbered = SupportSession { sequence: None, ..printer() };
        assert_eq!(
            attachment(RemoteId(9), &unnumbered, 2, "", Visibility::Internal).file_name,
            "remote-session-7d1f0c52a9be4e6f8a3b90d4c6e21f57-2.txt"
        );
    }

    #[test]
    fn attachment_is_cut_between_characters() {
        for lead in 0..4 {
            let text = format!("{}{}", "a".repeat(lead), "\u{1F5A8}".repeat(ATTACHMENT_BYTES_MAX / 4 + 1));
            let cut = attachment(RemoteId(1), &printer(), 1, &text, Visibility::Internal).text;
            assert!(cut.len() <= ATTACHMENT_BYTES_MAX && cut.len() > ATTACHMENT_BYTES_MAX - 10);
            assert!(cut.contains("\n\nCut here"));
        }
        let whole = "a".repeat(ATTACHMENT_BYTES_MAX);
        assert_eq!(attachment(RemoteId(1), &printer(), 1, &whole, Visibility::Internal).text, whole);
    }

    #[test]
    fn continuations_are_numbered_from_two_and_break_at_lines() {
        let text = "A line of the complete text.\n".repeat(2500);
        let notes = continuations(&text, &printer(), &NoteSettings::default(), NOTE_CHARACTERS_MAX);
        let titles: Vec<&str> = notes.iter().map(|note| note.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "Remote session 48213, complete text 1 of 3 [7d1f0c52a9be4e6f8a3b90d4c6e21f57/note.session.2]",
                "Remote session 48213, complete text 2 of 3 [7d1f0c52a9be4e6f8a3b90d4c6e21f57/note.session.3]",
                "Remote session 48213, complete text 3 of 3 [7d1f0c52a9be4e6f8a3b90d4c6e21f57/note.session.4]",
            ]
        );
        assert!(notes.iter().all(|note| note.description.starts_with("A line") && note.description.ends_with(".\n")));
    }

    #[test]
    fn endless_text_ends_in_the_last_continuation_which_says_so() {
        let text = "x".repeat(NOTE_CHARACTERS_MAX * CONTINUATIONS_MAX as usize + 1);
        let notes = continuations(&text, &printer(), &NoteSettings::default(), usize::MAX);
        assert_eq!(notes.len(), CONTINUATIONS_MAX as usize);
        assert!(notes.last().unwrap().description.ends_with("keeps all of it for 90 days.\n"));
        assert!(notes.iter().all(|note| length(&note.description) <= NOTE_CHARACTERS_MAX));
        let exactly = &text[1..];
        let notes = continuations(exactly, &printer(), &NoteSettings::default(), NOTE_CHARACTERS_MAX);
        assert_eq!(notes.iter().map(|note| note.description.as_str()).collect::<String>(), exactly);
        assert_eq!(continuations("", &printer(), &NoteSettings::default(), NOTE_CHARACTERS_MAX), []);
    }
}

mod surveys {
    use super::*;

    fn note(survey: &Survey) -> Note {
        let (session, time_zone) = (printer(), berlin());
        let view = View { session: &session, time_zone: &time_zone, ended: Ended::Unknown };
        Templates::default().survey_note(&view, SurveyKind::Customer, survey).value
    }

    #[test]
    fn survey_of_nobody_has_a_marker_of_its_own() {
        let note = note(&Survey { gsnumber: None, answers: vec![] });
        assert!(note.title.ends_with("/note.customer_survey.0]"));
        assert!(note.description.ends_with("\n(no answers)") && !note.description.contains("From"));
        assert_eq!(note.visibility, Visibility::Internal);
    }

    #[test]
    fn survey_that_was_sent_off_empty_changes_no_note_of_the_session() {
        let empty = || {
            vec![
                Survey { gsnumber: None, answers: vec![] },
                Survey { gsnumber: None, answers: vec![(String::new(), " ".to_owned())] },
            ]
        };
        let session = SupportSession { customer_surveys: empty(), representative_surveys: empty(), ..printer() };
        for visibility in [Visibility::Internal, Visibility::Customer] {
            let note = |session| super::note(session, visibility, NOTE_CHARACTERS_MAX);
            assert_eq!(note(&session), note(&printer()));
        }
        for survey in &session.customer_surveys {
            assert!(survey.is_blank() && note(survey).description.ends_with("\n(no answers)"));
        }
        assert!(!printer().customer_surveys[0].is_blank());
    }

    #[test]
    fn endless_answer_is_cut_and_the_cut_is_said() {
        let answers = vec![("comments".to_owned(), "c".repeat(100_000))];
        let note = note(&Survey { gsnumber: Some(Gsnumber(CUSTOMER)), answers });
        assert_eq!(length(&note.description), NOTE_CHARACTERS_MAX);
        assert!(note.description.ends_with("Cut here: the survey is too long. The appliance keeps all of it for 90 days."));
    }
}

/// Whoever may write something into a session writes the marker of another one. It must not be found where he wrote it.
mod markers {
    use super::*;
    use session::write_id::{Marker, WriteId};

    /// What may stand between the characters of a marker, for a ticketing system to drop.
    const ODD: [char; 9] =
        ['\u{200B}', '\u{200D}', '\u{FEFF}', '\u{202E}', '\u{2066}', '\u{2028}', '\u{0}', '\u{8}', '\u{E0041}'];

    fn any_write() -> impl Strategy<Value = WriteId> {
        prop_oneof![
            Just(WriteId::SessionNote),
            Just(WriteId::Ticket),
            (1..9_u32).prop_map(WriteId::Continuation),
            (1..9_u32).prop_map(WriteId::Attachment),
            any::<i64>().prop_map(|id| WriteId::Time(ResourceId(id))),
            any::<i64>().prop_map(|id| WriteId::CustomerSurvey(Gsnumber(id))),
            any::<i64>().prop_map(|id| WriteId::RepresentativeSurvey(Gsnumber(id))),
        ]
    }

    fn any_lsid() -> impl Strategy<Value = String> {
        prop_oneof!["[0-9A-Za-z_-]{1,64}", Just("7d1f0c52a9be4e6f8a3b90d4c6e21f57".to_owned())]
    }

    /// The marker as somebody might write it: in other letters, with odd characters in between, with text around it.
    fn disguised(marker: &str, odd: &[(prop::sample::Index, usize)], wide: bool, upper: bool, around: (&str, &str)) -> String {
        let mut characters: Vec<char> = if upper { marker.to_ascii_uppercase() } else { marker.to_owned() }.chars().collect();
        if wide {
            characters.iter_mut().for_each(|character| *character = char::from_u32(*character as u32 + 0xFEE0).unwrap());
        }
        for (position, which) in odd {
            characters.insert(position.index(characters.len() + 1), ODD[which % ODD.len()]);
        }
        format!("{}{}{}", around.0, String::from_iter(characters), around.1)
    }

    /// What a ticketing system might make of a text: as it is; without what is not ASCII; wide letters made narrow.
    fn as_kept(text: &str) -> [String; 3] {
        let narrow = |character: char| match character as u32 {
            code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0),
            _ => Some(character),
        };
        let kept = |character: &char| character.is_ascii() && (!character.is_ascii_control() || *character == '\n');
        [text.to_owned(), text.chars().filter(kept).collect(), text.chars().filter_map(narrow).filter(kept).collect()]
    }

    /// The session with that text in everything that somebody outside may write.
    fn everywhere(text: &str) -> SupportSession {
        let some = || Some(text.to_owned());
        let mut session = printer();
        (session.public_site, session.external_key, session.primary_team) = (some(), some(), some());
        (session.jump_group, session.jumpoint) = (some(), some());
        session.custom_attributes =
            vec![CustomAttribute { display_name: text.to_owned(), code_name: text.to_owned(), value: text.to_owned() }];
        session.links.recording_view = some();
        session.links.chat_view = some();
        session.links.command_shells = vec![text.to_owned()];
        session.primary_customer.iter_mut().for_each(|reference| reference.name = text.to_owned());
        for customer in &mut session.customers {
            (customer.name, customer.hostname, customer.operating_system) = (some(), some(), some());
            (customer.public_ip, customer.private_ip) = (some(), some());
            (customer.info.name, customer.info.company, customer.info.company_code) = (some(), some(), some());
            (customer.info.issue, customer.info.details) = (some(), some());
        }
        for representative in &mut session.representatives {
            (representative.username, representative.private_display_name) = (some(), some());
            representative.public_display_name = some();
        }
        for event in &mut session.events {
            event.performed_by.iter_mut().for_each(|actor| actor.name = text.to_owned());
            event.destination.iter_mut().for_each(|actor| actor.name = text.to_owned());
            event.body = some();
            event.files.iter_mut().for_each(|file| file.name = text.to_owned());
            event.data.iter_mut().for_each(|(_, value)| *value = text.to_owned());
            for category in &mut event.system_information {
                category.name = text.to_owned();
                category
                    .rows
                    .iter_mut()
                    .flatten()
                    .for_each(|(title, value)| (*title, *value) = (text.to_owned(), text.to_owned()));
            }
        }
        let answers = vec![(text.to_owned(), text.to_owned())];
        session.customer_surveys = vec![Survey { gsnumber: Some(Gsnumber(CUSTOMER)), answers: answers.clone() }];
        session.representative_surveys = vec![Survey { gsnumber: Some(Gsnumber(DANA)), answers }];
        session
    }

    /// All that is written of the session: the markers of our own and the text behind or before each.
    fn written(templates: &Templates, session: &SupportSession, summary: &str) -> Vec<(String, String)> {
        let time_zone = berlin();
        let view = View { session, time_zone: &time_zone, ended: Ended::Reported(at(END)) };
        let mut written = Vec::new();
        let mut add_note = |note: Note| {
            let (words, marker) = note.title.rsplit_once(' ').unwrap();
            written.push((marker.to_owned(), format!("{words}\n{}", note.description)));
        };
        for visibility in [Visibility::Internal, Visibility::Customer] {
            let SessionNote { note, overflow } = note_with(templates, session, visibility, NOTE_CHARACTERS_MIN).value;
            let overflow = overflow.unwrap_or_else(|| note.description.clone());
            add_note(note);
            continuations(&overflow, session, &NoteSettings::default(), NOTE_CHARACTERS_MIN).into_iter().for_each(&mut add_note);
            let file = attachment(RemoteId(1), session, 1, &overflow, visibility);
            add_note(Note { title: file.title, description: file.text, visibility });
        }
        add_note(templates.survey_note(&view, SurveyKind::Customer, &session.customer_surveys[0]).value);
        add_note(templates.survey_note(&view, SurveyKind::Representative, &session.representative_surveys[0]).value);
        let defaults = TimeEntrySettings { summary: Some(summary.to_owned()), ..TimeEntrySettings::default() };
        let texts = templates.time_entry(&view, &attendance(session), &defaults, context()).value;
        let (marker, internal) = texts.internal_notes.split_once('\n').unwrap();
        written.push((marker.to_owned(), format!("{}\n{internal}", texts.summary_notes)));
        written
    }

    fn assert_no_marker(text: &str, victim: &Marker) {
        let any = regex_lite::Regex::new(r"\[[0-9A-Za-z_-]{1,64}/[A-Za-z]").unwrap();
        for kept in as_kept(text) {
            assert!(!victim.is_in(&kept), "{kept:?}");
            assert!(!any.is_match(&kept), "{kept:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn marker_of_another_session_typed_anywhere_by_anybody_finds_nothing(
            (lsid, write) in (any_lsid(), any_write()),
            odd in prop::collection::vec((any::<prop::sample::Index>(), 0..ODD.len()), 0..4),
            (wide, upper) in any::<(bool, bool)>(),
            around in ("[a\\[\\](/ ]{0,2}", "[b\\[\\])/ ]{0,2}"),
            own_template in any::<bool>(),
        ) {
            let victim = Marker::new(&lsid.parse().unwrap(), &write);
            let text = disguised(victim.as_str(), &odd, wide, upper, (&around.0, &around.1));
            let session = everywhere(&text);
            // A template may put it there itself, or put it together from pieces.
            let pieces = format!("{}{{{{sequence}}}} [{{{{lsid}}}}/note.session] [{lsid}/{{{{#if true}}}}{write}{{{{/if}}}}]", text.replace("{{", ""));
            let names = TEMPLATE_NAMES.map(|name| (name, pieces.as_str()));
            let (templates, problems) = if own_template { overrides(&names) } else { (Templates::default(), vec![]) };
            prop_assert_eq!(problems, vec![]);
            for (own, foreign) in written(&templates, &session, &text) {
                prop_assert!(own.starts_with("[7d1f0c52a9be4e6f8a3b90d4c6e21f57/") && own.ends_with(']'), "{}", own);
                assert_no_marker(&foreign, &victim);
                let own = own[1..own.len() - 1].rsplit_once('/').unwrap().1.parse().unwrap();
                assert_no_marker(&foreign, &Marker::new(&session.lsid, &own));
            }
        }
    }

    #[test]
    fn markers_stand_where_they_are_looked_for() {
        let markers: Vec<String> = written(&Templates::default(), &printer(), "").into_iter().map(|(marker, _)| marker).collect();
        let own = |write: &str| format!("[7d1f0c52a9be4e6f8a3b90d4c6e21f57/{write}]");
        let first = ["note.session", "note.session.2", "note.session.3"].map(own);
        assert_eq!(markers[..3], first);
        let last = ["attachment.1", "note.customer_survey.311", "note.rep_survey.302", "time.4711"].map(own);
        assert_eq!(markers[markers.len() - 4..], last);
    }
}

/// Text as foreign as it gets.
fn foreign() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "\\PC{0,12}",
        "[\\s\\S]{0,30}",
        Just("[7d1f0c52a9be4e6f8a3b90d4c6e21f57/note.session]".to_owned()),
        Just("{{#each timeline}}".to_owned()),
        (1..4000_usize).prop_map(|times| "\u{1F5A8}a\n".repeat(times)),
    ]
}

fn maybe<T: std::fmt::Debug + Clone + 'static>(value: impl Strategy<Value = T> + 'static) -> impl Strategy<Value = Option<T>> {
    prop_oneof![1 => Just(None), 3 => value.prop_map(Some)]
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    let extreme = prop_oneof![Just(Timestamp::MIN), Just(Timestamp::MAX)];
    maybe(prop_oneof![20 => (START..END).prop_map(at), 2 => (START - 200_000..END + 200_000).prop_map(at), 1 => extreme])
}

fn actor() -> impl Strategy<Value = Option<session::support_session::Actor>> {
    let kind = prop_oneof![
        Just(ActorKind::System),
        Just(ActorKind::Customer),
        Just(ActorKind::Representative),
        Just(ActorKind::Everyone),
        Just(ActorKind::Other)
    ];
    maybe((kind, maybe(0..6_i64), foreign()).prop_map(|(kind, gsnumber, name)| session::support_session::Actor {
        kind,
        gsnumber: gsnumber.map(Gsnumber),
        name,
    }))
}

fn session_event() -> impl Strategy<Value = SessionEvent> {
    let kind = prop_oneof![
        Just("Chat Message"),
        Just("Session Note Added"),
        Just("Conference Member Added"),
        Just("Conference Member Departed"),
        Just("File Upload"),
        Just("File Download Failed"),
        Just("Files Shared"),
        Just("File Moved"),
        Just("Special Action Executed"),
        Just("Registry Key Added"),
        Just("System Information Retrieved"),
        Just("Something New"),
    ];
    let files = prop::collection::vec((foreign(), maybe(any::<u64>())), 0..3);
    let data =
        prop::collection::vec((prop_oneof![Just("path".to_owned()), Just("user_id".to_owned()), foreign()], foreign()), 0..3);
    let row = || prop::collection::vec((foreign(), foreign()), 0..3);
    let system = prop::collection::vec((foreign(), prop::collection::vec(row(), 0..12)), 0..2);
    (time(), kind, actor(), actor(), maybe(foreign()), files, data, system).prop_map(
        |(at, kind, performed_by, destination, body, files, data, system)| SessionEvent {
            at,
            kind: SessionEventKind::from_name(kind),
            performed_by,
            destination,
            body,
            files: files.into_iter().map(|(name, bytes)| FileReference { name, bytes }).collect(),
            data,
            system_information: system
                .into_iter()
                .map(|(name, rows)| session::support_session::SystemCategory { name, rows })
                .collect(),
        },
    )
}

fn any_representative() -> impl Strategy<Value = Representative> {
    (maybe(0..6_i64), maybe(foreign()), maybe(foreign()), maybe(foreign()), any::<(bool, bool)>(), maybe(any::<u64>())).prop_map(
        |(gsnumber, id, private, public, (primary, invited), seconds_involved)| Representative {
            gsnumber: gsnumber.map(Gsnumber),
            username: private.clone(),
            id,
            private_display_name: private,
            public_display_name: public,
            primary,
            invited,
            seconds_involved,
            ..Representative::default()
        },
    )
}

fn any_customer() -> impl Strategy<Value = Customer> {
    (maybe(0..6_i64), maybe(foreign()), maybe(foreign()), maybe(foreign()), any::<bool>()).prop_map(
        |(gsnumber, name, hostname, details, primary)| {
            let mut customer = Customer { gsnumber: gsnumber.map(Gsnumber), name, hostname, primary, ..Customer::default() };
            customer.info.details = details;
            customer
        },
    )
}

prop_compose! {
    fn any_session()(
        lsid in "[0-9A-Za-z_-]{1,64}",
        sequence in maybe(any::<u64>()),
        (started_at, ended_at) in (time(), time()),
        (jump_group, link, attribute) in (maybe(foreign()), maybe(foreign()), foreign()),
        customers in prop::collection::vec(any_customer(), 0..3),
        representatives in prop::collection::vec(any_representative(), 0..4),
        events in prop::collection::vec(session_event(), 0..30),
        omitted in 0..3_u64,
    ) -> SupportSession {
        let mut session = SupportSession::empty(lsid.parse::<Lsid>().unwrap());
        session.links.recording_view = link;
        session.custom_attributes = vec![CustomAttribute { display_name: attribute.clone(), code_name: String::new(), value: attribute }];
        SupportSession {
            sequence, started_at, ended_at, jump_group, customers, representatives, events, omitted: Omitted { events: omitted },
            ..session
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_session_has_a_note_within_its_limits(
        session in any_session(),
        customer in any::<bool>(),
        characters_max in 0..NOTE_CHARACTERS_MAX * 2,
    ) {
        let visibility = if customer { Visibility::Customer } else { Visibility::Internal };
        let SessionNote { note, overflow } = note(&session, visibility, characters_max);
        prop_assert!(length(&note.title) <= NOTE_TITLE_CHARACTERS_MAX);
        let marker = format!("[{}/note.session]", session.lsid);
        prop_assert!(note.title.ends_with(&marker));
        prop_assert_eq!(note.title.matches('[').count(), 1);
        prop_assert!(length(&note.description) <= characters_max.clamp(NOTE_CHARACTERS_MIN, NOTE_CHARACTERS_MAX));
        prop_assert!(note.description.starts_with("REMOTE SUPPORT SESSION"));
        if let Some(complete) = overflow {
            prop_assert!(length(&complete) > characters_max.clamp(NOTE_CHARACTERS_MIN, NOTE_CHARACTERS_MAX));
            prop_assert!(note.description.contains("remote-session-"));
        }
    }

    #[test]
    fn every_session_has_a_plan_for_its_time_and_texts_for_it(session in any_session(), ended_at in START..END, each in any::<bool>()) {
        use session::settings::{Beneficiary, TimeEntrySettings};
        let beneficiary = if each { Beneficiary::Each } else { Beneficiary::Primary };
        let settings = TimeEntrySettings { enabled: true, beneficiary, ..TimeEntrySettings::default() };
        let planned = plan(&session, &settings, at(ended_at));
        prop_assert!(!planned.is_empty());
        prop_assert!(each || planned.len() == 1);
        let mut keys: Vec<_> = planned.iter().map(|planned| planned.representative.clone()).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), planned.len());
        let time_zone = berlin();
        let view = View { session: &session, time_zone: &time_zone, ended: Ended::Reported(at(ended_at)) };
        for PlannedTime { outcome, .. } in planned {
            let TimePlan::Write(attendance) = outcome else { continue };
            prop_assert!(attendance.start < attendance.end);
            prop_assert!(!attendance.username.is_empty() && !attendance.login.is_empty());
            prop_assert!(attendance.connections.iter().all(|(joined, left)| joined <= left));
            prop_assert!(attendance.connections.is_sorted());
            let texts = Templates::default().time_entry(&view, &attendance, &settings, context());
            prop_assert_eq!(texts.problems, vec![]);
            let marker = format!("[{}/time.4711]\n", session.lsid);
            prop_assert!(texts.value.internal_notes.starts_with(&marker));
            let beginning = format!("[{}/", session.lsid);
            prop_assert_eq!(texts.value.internal_notes.matches(&beginning).count(), 1);
            prop_assert!(length(&texts.value.internal_notes) <= NOTE_CHARACTERS_MAX);
        }
    }

    #[test]
    fn continuations_one_after_the_other_are_the_complete_text(
        pieces in prop::collection::vec(foreign(), 0..12),
        characters_max in NOTE_CHARACTERS_MIN..NOTE_CHARACTERS_MAX,
    ) {
        let text = pieces.concat();
        let notes = continuations(&text, &printer(), &NoteSettings::default(), characters_max);
        prop_assert!(notes.len() <= CONTINUATIONS_MAX as usize);
        prop_assert!(notes.iter().all(|note| length(&note.description) <= characters_max && !note.description.is_empty()));
        let together: String = notes.iter().map(|note| note.description.as_str()).collect();
        if notes.len() < CONTINUATIONS_MAX as usize {
            prop_assert_eq!(together, text);
        } else {
            prop_assert!(together == text || together.ends_with("for 90 days.\n"));
        }
    }
}
