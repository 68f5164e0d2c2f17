//! Which writes a session calls for, given its report and what the ledger remembers.
//!
//! Only adds to the record what it does not know yet, so planning twice, or with a report that has changed meanwhile,
//! never makes a second write of what was sent once.

use jiff::Timestamp;

use super::machine::Delivery;
use super::record::{Skip, Write, WriteState, Writer};
use super::step::NoticeSubject;
use super::write_id::{RepresentativeKey, WriteId};
use crate::failure::Sentence;
use crate::render::{NOTE_CHARACTERS_MAX, SessionNote, TemplateProblem, View};
use crate::settings::{Beneficiary, Mode};
use crate::support_session::SupportSession;
use crate::time_entry::{self, PlannedTime, SkipReason, TimePlan};

impl Delivery {
    /// Adds every write that the session calls for and the record does not know.
    pub(super) fn plan(&mut self) {
        let Some(session) = self.session.take() else { return };
        if self.plans_end() {
            let note = self.wanted_write();
            self.record.writes.entry(WriteId::SessionNote).or_insert(note);
            self.render_session_note(&session);
            self.plan_time(&session);
        }
        self.plan_surveys(&session);
        self.session = Some(session);
    }

    /// Whether note and time entry are planned: the end is known and ours, or, in shadow mode, what others write is compared with ours.
    fn plans_end(&self) -> bool {
        let shadow = self.rules.settings.mode == Mode::Shadow;
        self.record.end.is_some_and(|end| shadow || end.writer == Writer::Us)
    }

    /// A write that has not been tried. If something may have been written that the ledger does not know, it is looked up first, also
    /// when another event takes it up.
    pub(super) fn wanted_write(&self) -> Write {
        Write { look_first: self.is_doubtful(self.input.received_at), ..Write::wanted() }
    }

    fn plan_time(&mut self, session: &SupportSession) {
        let rules = self.rules.clone();
        let settings = &rules.settings.time_entry;
        let ended_at = self.ended_at().or(session.started_at).unwrap_or(self.input.received_at);
        for planned in time_entry::plan(session, settings, ended_at) {
            self.plan_time_of(if self.is_end_known() { planned } else { without_end(planned) }, settings.beneficiary);
        }
    }

    fn plan_time_of(&mut self, planned: PlannedTime, beneficiary: Beneficiary) {
        let PlannedTime { representative, outcome } = planned;
        if let (Some(key), TimePlan::Write(attendance)) = (&representative, &outcome) {
            self.attendances.insert(key.clone(), attendance.clone());
        }
        if self.is_end_known() {
            self.record.writes.retain(|_, write| write.state != END_UNKNOWN);
        }
        if self.has_time_of(representative.as_ref(), beneficiary) {
            return;
        }
        let id = representative.clone().map_or(WriteId::TimeOfNobody, WriteId::TimeOf);
        let write = match outcome {
            TimePlan::Write(_) => self.wanted_write(),
            TimePlan::Skipped(reason) => {
                if reason == SkipReason::EndUnknown {
                    self.tell_of_unknown_end(&id);
                }
                Write::of(WriteState::Skipped { reason: Skip::Time(reason) })
            }
            TimePlan::Refused(sentence) => {
                self.tell(NoticeSubject::Refused, Some(id.clone()), sentence.clone(), "write this time entry by hand");
                Write::of(WriteState::Refused { sentence, at: self.input.received_at })
            }
        };
        self.progressed = true;
        self.record.writes.insert(id, write.for_representative(representative));
    }

    fn tell_of_unknown_end(&mut self, id: &WriteId) {
        let sentence = Sentence::new("neither the report nor an event of the appliance says when the session ended");
        let remedy = "write this time entry by hand, or replay the session when the report has its end";
        self.tell(NoticeSubject::EndUnknown, Some(id.clone()), sentence, remedy);
    }

    /// The report no longer has the time of that entry's representative, and the entry certainly has not been written:
    /// whoever is primary now gets it; with an entry for each, a person should know.
    pub(super) fn time_no_longer_reported(&mut self, id: &WriteId, now: Timestamp) {
        if self.rules.settings.time_entry.beneficiary == Beneficiary::Primary
            && self.attendances.keys().any(|other| Some(other) != self.representative_of(id))
        {
            self.record.writes.remove(id);
            return self.plan();
        }
        self.refuse(id, Sentence::new("the report no longer names the representative"), now);
    }

    fn representative_of(&self, id: &WriteId) -> Option<&RepresentativeKey> {
        self.record.writes.get(id)?.representative.as_ref()
    }

    /// Whether the record has the representative's time entry, or the one time entry that there is to be.
    fn has_time_of(&mut self, representative: Option<&RepresentativeKey>, beneficiary: Beneficiary) -> bool {
        if beneficiary == Beneficiary::Primary {
            // The primary representative of the report has changed, and nothing was sent for the one before.
            self.record.writes.retain(|id, write| {
                let other = write.representative.as_ref() != representative;
                let unsent = matches!(write.state, WriteState::Wanted) && !write.maybe_sent && !write.look_first;
                !(matches!(id, WriteId::Time(_) | WriteId::TimeOf(_)) && other && unsent)
            });
            let is_time = |id: &WriteId| matches!(id, WriteId::Time(_) | WriteId::TimeOf(_) | WriteId::TimeOfNobody);
            return self.record.writes.keys().any(is_time);
        }
        let of_representative = |(id, write): (&WriteId, &Write)| {
            matches!(id, WriteId::Time(_) | WriteId::TimeOf(_) | WriteId::TimeOfNobody)
                && write.representative.as_ref() == representative
        };
        self.record.writes.iter().any(of_representative)
    }

    /// Renders the session note at the size that its write has come down to, and plans the attachment for what is over.
    pub(super) fn render_session_note(&mut self, session: &SupportSession) {
        let characters_max = self.note_characters_max();
        let rules = self.rules.clone();
        let view = View { session, time_zone: &rules.settings.time_zone, ended: self.ended };
        let rendered = rules.templates.session_note(&view, &rules.settings.note, characters_max);
        self.template_problems(&rendered.problems);
        let SessionNote { overflow, .. } = &rendered.value;
        // A note that has been written stands as it is, even if a later report or template would make a longer one.
        if overflow.is_some() && self.is_open(&WriteId::SessionNote) {
            self.record.writes.entry(WriteId::Attachment(1)).or_insert_with(Write::wanted);
        }
        self.note = Some(rendered.value);
    }

    fn is_open(&self, id: &WriteId) -> bool {
        self.record.writes.get(id).is_some_and(|write| !write.state.is_final())
    }

    /// The size that the session note has come down to, each time it was refused as too long.
    pub(super) fn note_characters_max(&self) -> usize {
        NOTE_CHARACTERS_MAX >> self.record.writes.get(&WriteId::SessionNote).map_or(0, |write| write.halvings)
    }

    pub(super) fn template_problems(&mut self, problems: &[TemplateProblem]) {
        for problem in problems {
            self.tell(
                NoticeSubject::TemplateFailed,
                None,
                Sentence::new(&format!("template {}: {}", problem.template, problem.what)),
                "correct the template in the connection document; the built-in one was used",
            );
        }
    }
}

/// The time entry waits for somebody who knows the end: each further event of the session looks whether the report has it by then.
pub(super) const END_UNKNOWN: WriteState = WriteState::Skipped { reason: Skip::Time(SkipReason::EndUnknown) };

/// An entry whose end nobody knows is not written; why others are not stays as it is.
fn without_end(planned: PlannedTime) -> PlannedTime {
    let outcome = match planned.outcome {
        TimePlan::Skipped(reason @ (SkipReason::SwitchedOff | SkipReason::NoRepresentative | SkipReason::Invited)) => {
            TimePlan::Skipped(reason)
        }
        TimePlan::Write(_) | TimePlan::Skipped(_) | TimePlan::Refused(_) => TimePlan::Skipped(SkipReason::EndUnknown),
    };
    PlannedTime { outcome, ..planned }
}
