//! An administrator's template, and the data that it is given. Promised: every text ends in a note within its lengths and with its
//! marker, in bounded time and memory; a template that cannot be used is told in a line.
//!
//! The first byte of an input says which template it replaces and which session it is given, the rest is the template.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use appliance::read_report;
use jiff::tz::TimeZone;
use session::content::{Note, RoleReason};
use session::settings::{NoteSettings, TEMPLATE_NAMES, TimeEntrySettings, Visibility};
use session::support_session::Ended;
use session::support_session::SurveyKind;
use session::time_entry::{Attendance, PlannedTime, TimePlan, plan};
use session::{ResourceId, RoleId, Sentence, SupportSession};
use texts::{NOTE_CHARACTERS_MAX, NOTE_TITLE_CHARACTERS_MAX, Rendered, TemplateProblem, Templates, TimeContext, View};

use crate::{KIB, MIB, Samples, Target, split_selector};

/// See the head of this file.
pub const TARGET: Target = Target {
    name: "template",
    run,
    seeds,
    words: WORDS,
    input_bytes_max: 4 * KIB,
    // A template may write 8 MiB, which is held a few times while a note is cut to its length.
    memory_bytes_max: 64 * MIB,
};

const WORDS: &[&str] = &[
    "{{#each timeline}}",
    "{{/each}}",
    "{{#if external_key}}",
    "{{/if}}",
    "{{else}}",
    "{{else if ",
    "{{#unless ",
    "{{#with this}}",
    "{{lsid}}",
    "{{@index}}",
    "{{@root.timeline}}",
    "{{../timeline}}",
    "{{lookup timeline 0}}",
    "{{#each technicians as |a b|}}",
    "{{#each ../timeline}}",
    "{{> session_note}}",
    "{{#*inline \"a\"}}",
    "{{!-- ",
    " --}}",
    "{{{{raw}}}}",
    "(eq ",
    "(len timeline)",
    "{{~",
    "~}}",
    "{{name}}",
    "{{text}}",
    "{{time}}",
];

/// A session whose whole note is short, and one with people, files, chat and surveys; both as in `events/`.
static SESSIONS: LazyLock<[SupportSession; 2]> = LazyLock::new(|| {
    let silent = include_bytes!("../../../events/reports/silent.xml");
    let printer = include_bytes!("../../../events/reports/printer.xml");
    [silent.as_slice(), printer.as_slice()].map(|report| {
        let text = String::from_utf8_lossy(report);
        let lsid = text.split("lsid=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a report names its session");
        read_report(report, &lsid.parse().expect("an lsid")).expect("a sample that the tests read")
    })
});
static ATTENDANCE: LazyLock<Attendance> = LazyLock::new(|| {
    let session = &SESSIONS[1];
    let settings = TimeEntrySettings { enabled: true, ..TimeEntrySettings::default() };
    let planned = plan(session, &settings, session.ended_at.expect("the sample has ended"));
    let written = planned.into_iter().find_map(|PlannedTime { outcome, .. }| match outcome {
        TimePlan::Write(attendance) => Some(attendance),
        _ => None,
    });
    written.expect("the sample has a representative")
});
static BERLIN: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Berlin").expect("a known zone"));

/// Reads the bytes as a template.
pub fn run(input: &[u8]) {
    let (selector, text) = split_selector(input);
    let Ok(text) = std::str::from_utf8(text) else { return };
    let name = TEMPLATE_NAMES[usize::from(selector / 2) % TEMPLATE_NAMES.len()];
    let (templates, problems) = Templates::new(&BTreeMap::from([(name.to_owned(), text.to_owned())]));
    check_problems(&problems);
    if !problems.is_empty() {
        // Then it is not used.
        return;
    }
    let session = &SESSIONS[usize::from(selector % 2)];
    let ended = session.ended_at.map_or(Ended::Unknown, Ended::Reported);
    write(&templates, name, &View { session, time_zone: &BERLIN, ended });
}

fn write(templates: &Templates, name: &str, view: &View<'_>) {
    let customer = view.session.customer_surveys.iter().map(|survey| (SurveyKind::Customer, survey));
    let representative = view.session.representative_surveys.iter().map(|survey| (SurveyKind::Representative, survey));
    match name {
        "session_note" | "session_note_customer" => {
            let visibility = if name == "session_note" { Visibility::Internal } else { Visibility::Customer };
            let settings = NoteSettings { visibility, ..NoteSettings::default() };
            let rendered = templates.session_note(view, &settings, NOTE_CHARACTERS_MAX);
            check_note(&rendered.value.note, &rendered.problems);
        }
        "customer_survey" | "representative_survey" => {
            for (kind, survey) in customer.chain(representative).take(2) {
                let rendered = templates.survey_note(view, kind, survey);
                check_note(&rendered.value, &rendered.problems);
            }
        }
        _ => {
            let context = TimeContext { resource: ResourceId(4711), role: RoleId(29_683), reason: RoleReason::TicketAssignment };
            let Rendered { value, problems } = templates.time_entry(view, &ATTENDANCE, &Default::default(), context);
            check_problems(&problems);
            assert!(!value.summary_notes.trim().is_empty() && value.summary_notes.encode_utf16().count() <= 32_000);
            assert!(!value.internal_notes.trim().is_empty() && value.internal_notes.encode_utf16().count() <= 32_000);
        }
    }
}

fn check_note(note: &Note, problems: &[TemplateProblem]) {
    check_problems(problems);
    assert!(
        !note.description.trim().is_empty() && note.description.encode_utf16().count() <= NOTE_CHARACTERS_MAX,
        "a note's length"
    );
    assert!(note.title.encode_utf16().count() <= NOTE_TITLE_CHARACTERS_MAX && note.title.ends_with(']'), "a note's title");
}

fn check_problems(problems: &[TemplateProblem]) {
    for problem in problems {
        assert!(problem.what.as_str().chars().count() <= Sentence::LENGTH_MAX + 1, "a problem is a line");
    }
}

/// The built-in templates, each in its own place, and some that do too much.
fn seeds(_: &Samples) -> Vec<Vec<u8>> {
    let built_in = [
        include_str!("../../../shared/texts/templates/session_note.hbs"),
        include_str!("../../../shared/texts/templates/session_note_customer.hbs"),
        include_str!("../../../shared/texts/templates/customer_survey.hbs"),
        include_str!("../../../shared/texts/templates/representative_survey.hbs"),
        include_str!("../../../shared/texts/templates/time_entry_summary.hbs"),
        include_str!("../../../shared/texts/templates/time_entry_internal.hbs"),
    ];
    let own = [
        "{{#each timeline}}{{time}} {{name}}: {{text}}\n{{/each}}",
        "{{#each timeline}}{{#each @root.timeline}}{{text}}{{/each}}{{/each}}",
        "{{#with (lookup technicians 0) as |first|}}{{first.name}}{{else}}nobody{{/with}}",
        "{{{{raw}}}} {{x}} {{{{/raw}}}}{{!-- a --}}{{~#if lsid~}} {{lsid}} {{~else~}} none {{~/if~}}",
    ];
    let place = |place: usize, text: &str| [&[u8::try_from(place * 2 + 1).expect("six templates")], text.as_bytes()].concat();
    let built_in = built_in.iter().enumerate().map(|(index, text)| place(index, text));
    built_in.chain(own.iter().map(|text| place(0, text))).collect()
}
