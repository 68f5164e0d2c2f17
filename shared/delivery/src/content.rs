//! From a write's id to what is sent: asks `texts` for the words and adds whose, where and in which role.

use crate::base::Base;
use crate::case::Words;
use crate::notice;
use crate::plan::{note_characters_max, template_problems};
use crate::step::Kept;
use crate::write::Write;
use crate::writing::Writing;
use session::billing::offset_hours;
use session::content::Content;
use session::content::{Attachment, Author, Note, RoleCandidate, TimeEntry};
use session::failure::Sentence;
use session::ids::{Gsnumber, RemoteId, ResourceId};
use session::support_session::Survey;
use session::time_entry::date_worked;
use session::write_id::{RepresentativeKey, WriteId};
use texts::{self, Rendered, TimeContext};

/// In shadow mode there is no note to attach anything to; the one that is kept to be looked at names this one.
const NO_NOTE: RemoteId = RemoteId(0);

/// Why a write cannot be rendered.
pub(crate) enum Missing {
    /// The resource and roles of that representative are not known in this run yet.
    Author(RepresentativeKey),
    /// The report does not have the time of its representative any more.
    Attendance,
    /// There is no such text any more: the report or a template has changed.
    Text,
    /// It can never be.
    Refused(Sentence),
}

impl Writing {
    /// What is to be sent for the write.
    pub(crate) fn content(&self, base: &mut Base, id: &WriteId) -> Result<Content, Missing> {
        let note = |note| Content::Note { ticket: self.ticket.id, note };
        match id {
            WriteId::SessionNote => self.note.as_ref().map(|rendered| note(rendered.note.clone())).ok_or(Missing::Text),
            WriteId::Continuation(n) => {
                let index = usize::try_from(*n).ok().and_then(|n| n.checked_sub(2)).ok_or(Missing::Text)?;
                self.continuations(base).into_iter().nth(index).map(note).ok_or(Missing::Text)
            }
            WriteId::CustomerNote => self.customer_note(base).map(note),
            WriteId::Attachment(n) => self.attachment(base, *n).map(Content::Attachment),
            WriteId::CustomerSurvey(gsnumber) | WriteId::RepresentativeSurvey(gsnumber) => {
                self.survey(base, id, *gsnumber).map(note)
            }
            WriteId::Time(resource) => {
                let entry = self.time_entry(base, id, *resource)?;
                Ok(Content::TimeEntry { ticket: self.ticket.id, entry })
            }
            // None of these is ever sent by this name.
            WriteId::Ticket | WriteId::TimeOf(_) | WriteId::TimeOfNobody => Err(Missing::Text),
        }
    }

    fn attachment(&self, base: &Base, n: u32) -> Result<Attachment, Missing> {
        let shadow = base.case.is_shadow().then_some(NO_NOTE);
        let on = base.memory.record.session_note().or(shadow).ok_or(Missing::Text)?;
        let rendered = self.note.as_ref().ok_or(Missing::Text)?;
        let overflow = rendered.overflow.as_deref().ok_or(Missing::Text)?;
        Ok(texts::attachment(on, &self.reported.session, n, overflow, rendered.note.visibility))
    }

    pub(crate) fn continuations(&self, base: &Base) -> Vec<Note> {
        let overflow = self.note.as_ref().and_then(|rendered| rendered.overflow.as_deref());
        let (session, settings) = (&self.reported.session, &base.case.rules.settings.note);
        overflow.map_or_else(Vec::new, |text| texts::continuations(text, session, settings, note_characters_max(base)))
    }

    /// None any more where it has been switched off since it was planned.
    fn customer_note(&self, base: &mut Base) -> Result<Note, Missing> {
        let rules = &base.case.rules;
        if !rules.settings.note.has_customer_note() {
            return Err(Missing::Text);
        }
        let Rendered { value, problems } = rules.templates.customer_note(&self.reported.view(&rules.settings.time_zone));
        template_problems(base, &problems);
        Ok(value)
    }

    /// The marker is made from the survey's connection, which two surveys may share: the write id tells them apart. It is cleaned only
    /// here, since the record knows a survey by what it says: other patterns make no other survey of it.
    fn survey(&self, base: &mut Base, id: &WriteId, gsnumber: Gsnumber) -> Result<Note, Missing> {
        let rules = &base.case.rules;
        let (kind, survey) = base.memory.record.survey_of(id, &self.reported.session).ok_or(Missing::Text)?;
        let mut survey = Survey { gsnumber: Some(gsnumber), answers: survey.answers.clone() };
        rules.redactor.survey(&mut survey);
        let view = self.reported.view(&rules.settings.time_zone);
        let Rendered { value, problems } = rules.templates.survey_note(&view, kind, &survey);
        template_problems(base, &problems);
        Ok(value)
    }

    fn time_entry(&self, base: &mut Base, id: &WriteId, resource: ResourceId) -> Result<TimeEntry, Missing> {
        let write = base.memory.write(id).ok_or(Missing::Text)?;
        let representative = write.representative().ok_or(Missing::Text)?;
        let author = self.times.authors.get(representative).ok_or_else(|| Missing::Author(representative.clone()))?;
        let candidate = role(author, resource, write, &base.case.rules.words).map_err(Missing::Refused)?;
        let attendance = self.times.attendances.get(representative).ok_or(Missing::Attendance)?;
        let settings = &base.case.rules.settings;
        let view = self.reported.view(&settings.time_zone);
        let context = TimeContext { resource, role: candidate.role, reason: candidate.reason };
        let Rendered { value: texts, problems } =
            base.case.rules.templates.time_entry(&view, attendance, &settings.time_entry, context);
        let entry = TimeEntry {
            resource,
            role: candidate.role,
            start: attendance.start,
            end: attendance.end,
            date_worked: date_worked(attendance.start, &settings.time_zone),
            summary_notes: texts.summary_notes,
            internal_notes: texts.internal_notes,
            offset_hours: offset_hours(attendance.start, attendance.end, &settings.time_entry),
        };
        template_problems(base, &problems);
        Ok(entry)
    }

    /// In shadow mode: what would have been sent.
    pub(crate) fn kept_of(&self, id: &WriteId, content: &Content) -> Kept {
        let (heading, text) = match content {
            Content::Note { note, .. } => (note.title.clone(), note.description.clone()),
            Content::TimeEntry { entry, .. } => (
                format!("resource {}, role {}, {} to {}", entry.resource, entry.role, entry.start, entry.end),
                format!("{}\n{}", entry.summary_notes, entry.internal_notes),
            ),
            Content::Attachment(attachment) => (attachment.title.clone(), attachment.text.clone()),
            // None is created in shadow mode.
            Content::Ticket(_) => (String::new(), String::new()),
        };
        Kept { write: id.clone(), ticket: self.ticket.number.clone(), heading, text }
    }
}

/// The first role that was not refused, of the resource that the entry was named after.
fn role(author: &Author, resource: ResourceId, write: &Write, words: &Words) -> Result<RoleCandidate, Sentence> {
    if author.resource != resource {
        return Err(notice::resource_changed(words));
    }
    let untried = author.roles.iter().find(|candidate| !write.has_refused(candidate.role));
    let none = "no role to enter the time in: set time_entry.defaults.roleName to a role that the resource holds";
    untried.copied().ok_or_else(|| Sentence::new(none))
}
