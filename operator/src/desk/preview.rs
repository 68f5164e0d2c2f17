//! What would be written for a session, from its report alone: by the same texts and the same plan as the worker's. Calls nobody, so
//! whose resource and which role it would be stays open, and the ticket is only what the key says.

use std::collections::BTreeMap;

use appliance::report::read_report;
use connection::Document;
use jiff::tz::TimeZone;
use link::from_document::key_rules;
use serde::Serialize;
use session::content::{Note, RoleReason, TicketReference};
use session::settings::{NoteSettings, TimeEntrySettings};
use session::support_session::{Ended, SurveyKind};
use session::time_entry::{Attendance, TimePlan, date_worked, plan};
use session::{Lsid, ResourceId, RoleId, SupportSession};
use texts::{NOTE_CHARACTERS_MAX, Redactor, TemplateProblem, Templates, TimeContext, View};

/// Stands for the resource and the role that only Autotask knows.
const UNKNOWN: (ResourceId, RoleId) = (ResourceId(0), RoleId(0));

/// All that would be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Preview {
    /// What the external key says: a reference, or why it names no ticket.
    pub(crate) ticket: String,
    /// The session's note first, then surveys.
    pub(crate) notes: Vec<Text>,
    /// One for each representative whose time is asked for.
    pub(crate) time_entries: Vec<Text>,
    /// Templates that could not be used; built-in ones were.
    pub(crate) problems: Vec<String>,
}

/// A heading and what follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Text {
    /// The title, or whose time from when to when.
    pub(crate) heading: String,
    /// The body; empty where nothing would be written.
    pub(crate) body: String,
}

/// The session in a report, as the appliance answers when it is asked for one. The error is a sentence.
pub(crate) fn session(report: &[u8]) -> Result<SupportSession, String> {
    let text = String::from_utf8_lossy(report);
    let lsid = text.split_once("lsid=").and_then(|(_, rest)| rest.get(1..)?.split(['"', '\'']).next());
    let lsid: Lsid =
        lsid.and_then(|lsid| lsid.trim().parse().ok()).ok_or("there is no session in it (an element with an lsid)")?;
    read_report(report, &lsid).map_err(|error| error.to_string())
}

/// What that connection would write; `overrides` are templates in place of its own. Without a document: the defaults, with time
/// entries on.
pub(crate) fn preview(session: &SupportSession, document: Option<&Document>, overrides: BTreeMap<String, String>) -> Preview {
    let settings = document.map_or_else(Look::default, Look::of);
    let session = &clean(session, &settings.redactor);
    let mut own = settings.templates.clone();
    own.extend(overrides);
    let (templates, problems) = Templates::new(&own);
    let mut scene = Scene { session, settings: &settings, templates: &templates, problems };
    let (notes, time_entries) = (scene.notes(), scene.time_entries());
    let problems = scene.problems.iter().map(|problem| format!("{}: {}", problem.template, problem.what)).collect();
    Preview { ticket: ticket(session, document), notes, time_entries, problems }
}

/// The session as the worker would go on with it.
fn clean(session: &SupportSession, redactor: &Redactor) -> SupportSession {
    let mut session = session.clone();
    redactor.session(&mut session);
    for survey in session.customer_surveys.iter_mut().chain(&mut session.representative_surveys) {
        redactor.survey(survey);
    }
    session
}

/// As far as the texts depend on a connection.
struct Look {
    redactor: Redactor,
    time_zone: TimeZone,
    note: NoteSettings,
    time_entry: TimeEntrySettings,
    templates: BTreeMap<String, String>,
}

impl Look {
    fn of(document: &Document) -> Self {
        let settings = document.settings();
        let (note, time_entry, templates) = (settings.note, settings.time_entry, settings.templates);
        Self { redactor: document.redact.redactor(), time_zone: settings.time_zone, note, time_entry, templates }
    }
}

impl Default for Look {
    fn default() -> Self {
        let time_entry = TimeEntrySettings { enabled: true, ..TimeEntrySettings::default() };
        let (redactor, note, templates) = (Redactor::default(), NoteSettings::default(), BTreeMap::new());
        Self { redactor, time_zone: TimeZone::UTC, note, time_entry, templates }
    }
}

/// What the external key says.
fn ticket(session: &SupportSession, document: Option<&Document>) -> String {
    match key_rules(document).ticket(session.external_key.as_deref()) {
        Ok(TicketReference::Number(number)) => number.to_string(),
        Ok(TicketReference::Id(id)) => format!("id {id}"),
        Ok(TicketReference::BareDigits(id)) => format!("id {id}, unless that ticket is stale: bare digits may be a phone number"),
        Err(why) => format!("none: {why}"),
    }
}

struct Scene<'a> {
    session: &'a SupportSession,
    settings: &'a Look,
    templates: &'a Templates,
    problems: Vec<TemplateProblem>,
}

impl<'a> Scene<'a> {
    fn view(&self) -> View<'a> {
        let ended = self.session.ended_at.map_or(Ended::Unknown, Ended::Reported);
        View { session: self.session, time_zone: &self.settings.time_zone, ended }
    }

    fn notes(&mut self) -> Vec<Text> {
        let rendered = self.templates.session_note(&self.view(), &self.settings.note, NOTE_CHARACTERS_MAX);
        self.problems.extend(rendered.problems);
        let mut notes = vec![text(rendered.value.note)];
        if let Some(overflow) = rendered.value.overflow {
            notes.push(Text { heading: "Attached to the note, which is full".to_owned(), body: overflow });
        }
        if self.settings.note.has_customer_note() {
            let rendered = self.templates.customer_note(&self.view());
            self.problems.extend(rendered.problems);
            notes.push(text(rendered.value));
        }
        let customer = self.session.customer_surveys.iter().map(|survey| (SurveyKind::Customer, survey));
        let representative = self.session.representative_surveys.iter().map(|survey| (SurveyKind::Representative, survey));
        for (kind, survey) in customer.chain(representative).filter(|(_, survey)| !survey.is_blank()) {
            let rendered = self.templates.survey_note(&self.view(), kind, survey);
            self.problems.extend(rendered.problems);
            notes.push(text(rendered.value));
        }
        notes
    }

    fn time_entries(&mut self) -> Vec<Text> {
        let Some(ended_at) = self.session.ended_at else {
            return vec![Text {
                heading: "no time entry: the report does not say when the session ended".to_owned(),
                body: String::new(),
            }];
        };
        let planned = plan(self.session, &self.settings.time_entry, ended_at);
        planned
            .into_iter()
            .map(|planned| match planned.outcome {
                TimePlan::Write(attendance) => self.time_entry(&attendance),
                TimePlan::Skipped(reason) => Text { heading: format!("no time entry: {reason}"), body: String::new() },
                TimePlan::Refused(sentence) => {
                    Text { heading: format!("no time entry, for a person to look at: {sentence}"), body: String::new() }
                }
            })
            .collect()
    }

    fn time_entry(&mut self, attendance: &Attendance) -> Text {
        let (resource, role) = UNKNOWN;
        let context = TimeContext { resource, role, reason: RoleReason::ResourceDefault };
        let rendered = self.templates.time_entry(&self.view(), attendance, &self.settings.time_entry, context);
        self.problems.extend(rendered.problems);
        let day = date_worked(attendance.start, &self.settings.time_zone);
        Text {
            heading: format!(
                "{}, looked for as {}: {} to {} (worked on {day})",
                attendance.username, attendance.login, attendance.start, attendance.end
            ),
            body: format!("{}\n\n{}", rendered.value.summary_notes.trim_end(), rendered.value.internal_notes),
        }
    }
}

fn text(note: Note) -> Text {
    Text { heading: note.title, body: note.description }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const PRINTER: &[u8] = include_bytes!("../../../events/reports/printer.xml");

    #[test]
    fn template_that_cannot_be_used_is_told_and_costs_no_text() {
        let session = session(PRINTER).unwrap();
        let broken = BTreeMap::from([("session_note".to_owned(), "{{#if".to_owned())]);
        let preview = preview(&session, None, broken);
        assert_eq!(preview.problems.len(), 1, "{:?}", preview.problems);
        assert!(preview.problems[0].starts_with("session_note: ") && preview.notes[0].body.contains("WORK DONE"));
    }

    #[test]
    fn own_template_is_used() {
        let own = BTreeMap::from([("time_entry_summary".to_owned(), "Own words".to_owned())]);
        let preview = preview(&session(PRINTER).unwrap(), None, own);
        assert!(preview.time_entries[0].body.starts_with("Own words"), "{:?}", preview.time_entries);
    }

    #[test]
    fn report_without_a_session_is_none() {
        for report in ["", "{}", "<session_list/>", "<session lsid=\"\"/>", "lsid="] {
            assert!(session(report.as_bytes()).is_err(), "{report}");
        }
    }
}
