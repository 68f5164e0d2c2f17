//! Which writes a session calls for, given its report and what the ledger remembers.
//!
//! Only adds to the record what it does not know yet, so planning twice, or with a report that has changed meanwhile,
//! never makes a second write of what was sent once.

use crate::base::Base;
use crate::notice;
use crate::surveys::plan_surveys;
use crate::write::{Detail, Skip, Write, WriteState};
use crate::writing::Writing;
use session::settings::Beneficiary;
use session::time_entry::{self, PlannedTime, SkipReason, TimePlan};
use session::write_id::{RepresentativeKey, WriteId};
use texts::{NOTE_CHARACTERS_MAX, Rendered, TemplateProblem};

impl Writing {
    /// Adds every write that the session calls for and the record does not know.
    pub(crate) fn plan(&mut self, base: &mut Base) {
        if plans_end(base) {
            let note = base.wanted_write().with(Detail::SessionNote { halvings: 0 });
            base.memory.record.add(WriteId::SessionNote, note);
            self.render_session_note(base);
            plan_customer_note(base);
            self.plan_time(base);
        }
        plan_surveys(base, &self.reported.session);
    }

    fn plan_time(&mut self, base: &mut Base) {
        let session = &self.reported.session;
        let ended_at = self.reported.ended.at().or(session.started_at).unwrap_or(base.case.input.received_at);
        for planned in time_entry::plan(session, &base.case.rules.settings.time_entry, ended_at) {
            let is_end_known = self.reported.is_end_known();
            self.plan_time_of(base, if is_end_known { planned } else { without_end(planned) });
        }
    }

    fn plan_time_of(&mut self, base: &mut Base, planned: PlannedTime) {
        let PlannedTime { representative, outcome } = planned;
        if let (Some(key), TimePlan::Write(attendance)) = (&representative, &outcome) {
            self.times.attendances.insert(key.clone(), attendance.clone());
        }
        if self.reported.is_end_known() {
            base.memory.record.writes.retain(|_, write| write.state != END_UNKNOWN);
        }
        if has_time_of(base, representative.as_ref()) {
            return;
        }
        let id = representative.clone().map_or(WriteId::TimeOfNobody, WriteId::TimeOf);
        let write = match outcome {
            TimePlan::Write(_) => base.wanted_write(),
            TimePlan::Skipped(reason) => {
                if reason == SkipReason::EndUnknown {
                    base.tell(notice::end_unknown(&id));
                }
                Write::of(WriteState::Skipped { reason: Skip::Time(reason) })
            }
            TimePlan::Refused(sentence) => {
                base.tell(notice::time_refused(&id, sentence.clone()));
                Write::of(WriteState::Refused { sentence, at: base.case.input.received_at })
            }
        };
        let detail = representative.map_or(Detail::None, |representative| Detail::Time {
            representative,
            roles_refused: Default::default(),
            overlaps: Vec::new(),
        });
        base.memory.progressed = true;
        base.memory.record.add(id, write.with(detail));
    }

    /// Renders the session note at the size that its write has come down to, and plans the attachment for what is over.
    pub(crate) fn render_session_note(&mut self, base: &mut Base) {
        let rules = &base.case.rules;
        let view = self.reported.view(&rules.settings.time_zone);
        let Rendered { value, problems } = rules.templates.session_note(&view, &rules.settings.note, note_characters_max(base));
        template_problems(base, &problems);
        // A note that has been written stands as it is, even if a later report or template would make a longer one.
        let is_open = base.memory.write(&WriteId::SessionNote).is_some_and(|write| !write.state.is_final());
        if value.overflow.is_some() && is_open {
            base.memory.record.add(WriteId::Attachment(1), Write::wanted(None));
        }
        self.note = Some(value);
    }

    /// Plans the notes that continue the session note; `false` if there is nothing to continue.
    pub(crate) fn plan_continuations(&self, base: &mut Base) -> bool {
        let count = self.continuations(base).len();
        for n in (2..).take(count) {
            base.memory.record.add(WriteId::Continuation(n), Write::wanted(None));
        }
        count > 0
    }
}

/// A session whose note was written before the setting came is left as it is, but for an operator's replay.
fn plan_customer_note(base: &mut Base) {
    let is_wanted = base.case.rules.settings.note.has_customer_note();
    let note_is_open = base.memory.write(&WriteId::SessionNote).is_some_and(|write| !write.state.is_final());
    if is_wanted && (note_is_open || base.case.is_replay()) {
        base.memory.record.add(WriteId::CustomerNote, base.wanted_write());
    }
}

/// Whether note and time entry are planned: the end is known and ours, or, in shadow mode, what others write is compared with ours.
fn plans_end(base: &Base) -> bool {
    let record = &base.memory.record;
    record.end.is_some() && (base.case.is_shadow() || record.is_end_ours())
}

/// Whether the record has the representative's time entry, or the one time entry that there is to be.
fn has_time_of(base: &mut Base, representative: Option<&RepresentativeKey>) -> bool {
    let is_time = |id: &WriteId| matches!(id, WriteId::Time(_) | WriteId::TimeOf(_) | WriteId::TimeOfNobody);
    let writes = &mut base.memory.record.writes;
    match base.case.rules.settings.time_entry.beneficiary {
        Beneficiary::Primary => {
            // The primary representative of the report has changed, and nothing was sent for the one before.
            writes.retain(|id, write| {
                let is_of_other = matches!(id, WriteId::Time(_) | WriteId::TimeOf(_)) && write.representative() != representative;
                !(is_of_other && write.is_untouched())
            });
            writes.keys().any(is_time)
        }
        Beneficiary::Each => writes.iter().any(|(id, write)| is_time(id) && write.representative() == representative),
    }
}

/// The size that the session note has come down to, each time it was refused as too long.
pub(crate) fn note_characters_max(base: &Base) -> usize {
    match base.memory.write(&WriteId::SessionNote).map(|write| &write.detail) {
        Some(Detail::SessionNote { halvings }) => NOTE_CHARACTERS_MAX >> halvings,
        _ => NOTE_CHARACTERS_MAX,
    }
}

/// Tells of templates that failed; the built-in ones were used.
pub(crate) fn template_problems(base: &mut Base, problems: &[TemplateProblem]) {
    for problem in problems {
        base.tell(notice::template_failed(problem));
    }
}

/// The time entry waits for somebody who knows the end: each further event of the session looks whether the report has it by then.
pub(crate) const END_UNKNOWN: WriteState = WriteState::Skipped { reason: Skip::Time(SkipReason::EndUnknown) };

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
