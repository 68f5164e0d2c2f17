//! From a write's id to what is sent: asks `render` for the texts and adds whose, where and in which role.

use super::machine::Delivery;
use super::step::{Content, Kept};
use super::write_id::{RepresentativeKey, WriteId};
use super::writes::Missing;
use crate::content::{RoleCandidate, Ticket, TimeEntry};
use crate::failure::Sentence;
use crate::ids::{RemoteId, ResourceId};
use crate::render::{self, Rendered, TimeContext, View};
use crate::settings::Mode;
use crate::support_session::{SupportSession, Survey};
use crate::time_entry::date_worked;

/// In shadow mode there is no note to hang an attachment on; the one that is kept to be looked at names this one.
const NO_NOTE: RemoteId = RemoteId(0);

impl Delivery {
    /// What is to be sent for the write.
    pub(super) fn content(&mut self, id: &WriteId) -> Result<Content, Missing> {
        let (Some(session), Some(ticket)) = (self.session.take(), self.ticket.clone()) else { return Err(Missing::Text) };
        let content = self.content_of(id, &session, &ticket);
        self.session = Some(session);
        content
    }

    fn content_of(&mut self, id: &WriteId, session: &SupportSession, ticket: &Ticket) -> Result<Content, Missing> {
        let note = |note| Content::Note { ticket: ticket.id, note };
        match id {
            WriteId::SessionNote => self.note.as_ref().map(|rendered| note(rendered.note.clone())).ok_or(Missing::Text),
            WriteId::Continuation(n) => {
                let index = usize::try_from(*n).ok().and_then(|n| n.checked_sub(2)).ok_or(Missing::Text)?;
                self.continuations(session).into_iter().nth(index).map(note).ok_or(Missing::Text)
            }
            WriteId::Attachment(n) => self.attachment(*n, session),
            WriteId::CustomerSurvey(_) | WriteId::RepresentativeSurvey(_) => self.survey(id, session).map(note),
            WriteId::Time(resource) => {
                let entry = self.time_entry(id, *resource, session)?;
                Ok(Content::TimeEntry { ticket: ticket.id, entry })
            }
            WriteId::Ticket | WriteId::TimeOf(_) | WriteId::TimeOfNobody => Err(Missing::Text),
        }
    }

    fn attachment(&self, n: u32, session: &SupportSession) -> Result<Content, Missing> {
        let shadow = self.rules.settings.mode == Mode::Shadow;
        let on = self.session_note_id().or(shadow.then_some(NO_NOTE)).ok_or(Missing::Text)?;
        let rendered = self.note.as_ref().ok_or(Missing::Text)?;
        let overflow = rendered.overflow.as_deref().ok_or(Missing::Text)?;
        Ok(Content::Attachment(render::attachment(on, session, n, overflow, rendered.note.visibility)))
    }

    fn continuations(&self, session: &SupportSession) -> Vec<crate::content::Note> {
        let overflow = self.note.as_ref().and_then(|rendered| rendered.overflow.as_deref());
        let settings = &self.rules.settings.note;
        overflow.map_or_else(Vec::new, |text| render::continuations(text, session, settings, self.note_characters_max()))
    }

    /// Plans the notes that continue the session note; `false` if there is nothing to continue.
    pub(super) fn plan_continuations(&mut self) -> bool {
        let Some(session) = self.session.take() else { return false };
        let count = self.continuations(&session).len();
        self.session = Some(session);
        for n in (2..).take(count) {
            self.record.writes.entry(WriteId::Continuation(n)).or_insert_with(super::record::Write::wanted);
        }
        count > 0
    }

    fn survey(&mut self, id: &WriteId, session: &SupportSession) -> Result<crate::content::Note, Missing> {
        let (kind, survey) = self.survey_of(id, session).ok_or(Missing::Text)?;
        let rules = self.rules.clone();
        let view = View { session, time_zone: &rules.settings.time_zone, ended: self.ended };
        // The marker is made from the survey's connection, which two surveys may share: the write id tells them apart.
        let gsnumber = match id {
            WriteId::CustomerSurvey(gsnumber) | WriteId::RepresentativeSurvey(gsnumber) => Some(*gsnumber),
            _ => survey.gsnumber,
        };
        let survey = Survey { gsnumber, answers: survey.answers.clone() };
        let Rendered { value, problems } = rules.templates.survey_note(&view, kind, &survey, rules.settings.note.note_type);
        self.template_problems(&problems);
        Ok(value)
    }

    fn time_entry(&mut self, id: &WriteId, resource: ResourceId, session: &SupportSession) -> Result<TimeEntry, Missing> {
        let representative = self.record.writes.get(id).and_then(|write| write.representative.clone()).ok_or(Missing::Text)?;
        let candidate = self.role(id, resource, &representative)?;
        let Some(attendance) = self.attendances.get(&representative) else {
            return Err(Missing::Attendance);
        };
        let rules = self.rules.clone();
        let defaults = &rules.settings.time_entry.defaults;
        let view = View { session, time_zone: &rules.settings.time_zone, ended: self.ended };
        let context = TimeContext { resource, role: candidate.role, reason: candidate.reason };
        let Rendered { value: texts, problems } = rules.templates.time_entry(&view, attendance, defaults, context);
        let entry = TimeEntry {
            resource,
            role: candidate.role,
            start: attendance.start,
            end: attendance.end,
            date_worked: date_worked(attendance.start, &rules.settings.time_zone),
            summary_notes: texts.summary_notes,
            internal_notes: texts.internal_notes,
            billing_code_id: defaults.billing_code_id,
            contract_id: defaults.contract_id,
            offset_hours: defaults.offset_hours,
            is_non_billable: defaults.is_non_billable,
            show_on_invoice: defaults.show_on_invoice,
        };
        self.template_problems(&problems);
        Ok(entry)
    }

    /// The first role that was not refused.
    fn role(&self, id: &WriteId, resource: ResourceId, representative: &RepresentativeKey) -> Result<RoleCandidate, Missing> {
        let Some(author) = self.authors.get(representative) else {
            return Err(Missing::Author(representative.clone()));
        };
        if author.resource != resource {
            let sentence = "the representative's Autotask resource has changed since the entry was first sent";
            return Err(Missing::Refused(Sentence::new(sentence)));
        }
        let refused = self.record.writes.get(id).map(|write| &write.roles_refused);
        let untried = author.roles.iter().find(|candidate| refused.is_none_or(|refused| !refused.contains(&candidate.role)));
        untried.copied().ok_or_else(|| {
            Missing::Refused(Sentence::new(
                "no role to enter the time in: set time_entry.defaults.roleName to a role that the resource holds",
            ))
        })
    }

    pub(super) fn kept_of(&self, id: &WriteId, content: &Content) -> Option<Kept> {
        let ticket = self.ticket.as_ref()?.number.clone();
        let (heading, text) = match content {
            Content::Note { note, .. } => (note.title.clone(), note.description.clone()),
            Content::TimeEntry { entry, .. } => (
                format!("resource {}, role {}, {} to {}", entry.resource, entry.role, entry.start, entry.end),
                format!("{}\n{}", entry.summary_notes, entry.internal_notes),
            ),
            Content::Attachment(attachment) => (attachment.title.clone(), attachment.text.clone()),
        };
        Some(Kept { write: id.clone(), ticket, heading, text })
    }
}
