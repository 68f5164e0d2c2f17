//! The first stage: what the event, the record and the settings alone decide, before anybody is asked anything.

use jiff::Timestamp;

use crate::admission::{ignored, longest_pause};
use crate::base::{Base, CLAIMS_WITHOUT_OUTCOME_MAX};
use crate::case::Case;
use crate::machine::Stage;
use crate::plan::END_UNKNOWN;
use crate::record::{EndSeen, Record, SurveysMissing, Writer};
use crate::step::Outcome;
use crate::verdict::{DeadLetterReason, Ignored};
use crate::waiting::WaitReason;
use crate::winding_down::{Closing, wind_down};
use crate::write::{Skip, WriteState};
use crate::writing::settle;
use session::event::{EventKind, Member};
use session::origin::Origin;
use session::settings::{Mode, TicketCreation};
use session::support_session::SurveyKind;
use session::write_id::WriteId;

/// Where the event goes from here.
pub(crate) fn intake(base: &mut Base, now: Timestamp) -> Stage {
    // Before anything else is recorded, or a session that the ledger has forgotten would become a known one by it.
    if base.case.is_first_end_event(&base.memory.record, now) {
        base.memory.record.unremembered = false;
    } else if base.memory.is_new() {
        base.memory.record.unremembered = true;
    }
    let claims = base.case.input.claims_without_outcome;
    if claims > CLAIMS_WITHOUT_OUTCOME_MAX {
        return base.give_up(DeadLetterReason::ClaimsWithoutOutcome(claims - 1)).into();
    }
    // Let in only because the queue would forget it: nothing has been looked at, so nothing is remembered.
    if base.case.rules.settings.mode == Mode::Hold {
        return base.give_up(DeadLetterReason::QueueTimeUsedUp(WaitReason::OnHold)).into();
    }
    let calls_for_something = remember_event(base);
    if let Some(reason) = ignored(&base.case.rules.settings, base.case.kind()) {
        // What is never written is switched off as a rule, and says nothing of what is on its way.
        let stops_writing = calls_for_something || reason == Ignored::ModeOff;
        return if stops_writing { wind_down(base, Closing::Ignored(reason), now) } else { base.finish_ignored(reason).into() };
    }
    if !calls_for_something {
        return base.finish(Outcome::NothingToDo).into();
    }
    apply_replay(base);
    if is_dealt_with(base) {
        return settle(base, None, now).into();
    }
    if is_left_to_others(base) {
        return base.finish_ignored(Ignored::WrittenByOthers).into();
    }
    // Admitted in spite of a pause, for it has waited so long: nothing is asked of anybody, but its time runs out.
    if let Some((until, why)) = longest_pause(&base.connection.pauses, &base.case.rules, now) {
        return base.wait(until, why, now).into();
    }
    Stage::Report
}

/// Remembers what the event announced; `false` if it calls for nothing.
fn remember_event(base: &mut Base) -> bool {
    let (case, record) = (&base.case, &mut base.memory.record);
    let second = case.input.event.timestamp.unwrap_or(case.input.received_at).as_second();
    match case.kind() {
        EventKind::SupportConferenceMemberAdded => return may_call_for_ticket(case, record),
        EventKind::SupportConferenceBegin
        | EventKind::SupportConferenceOwnerChanged
        | EventKind::SupportConferenceMemberDeparted => return false,
        EventKind::SupportConferenceEnd => remember_end(base),
        // A survey that is switched off is not waited for.
        kind if !case.is_replay() && ignored(&case.rules.settings, kind) == Some(Ignored::EventOff) => {}
        EventKind::SupportConferenceCustomerExitSurveyCompleted => {
            record.remember_survey(SurveyKind::Customer, second, case.writer());
        }
        EventKind::SupportConferenceRepExitSurveyCompleted => {
            record.remember_survey(SurveyKind::Representative, second, case.writer());
        }
    }
    true
}

/// Whether a representative has joined a session that runs and may need a ticket. Of the sessions of whoever writes in shadow mode, or
/// before `deliver_from`, none is created.
fn may_call_for_ticket(case: &Case, record: &Record) -> bool {
    let settings = &case.rules.settings;
    let creates = settings.ticket_creation != TicketCreation::Off && settings.mode == Mode::Deliver;
    let begun = settings.deliver_from.is_none_or(|from| from <= case.input.received_at);
    let by_representative = matches!(case.input.event.member, Some(Member::Representative { .. }));
    creates
        && begun
        && by_representative
        && ignored(settings, case.kind()).is_none()
        && record.end.is_none()
        && record.target.is_none()
        && record.assigned.is_none()
}

/// The first word of the end says whose it is. Only an event of the appliance says when it was.
fn remember_end(base: &mut Base) {
    let (case, record) = (&base.case, &mut base.memory.record);
    let received_at = case.input.received_at;
    let at = (case.input.source == Origin::Event).then(|| case.input.event.timestamp.unwrap_or(received_at));
    let end = *record.end.get_or_insert(EndSeen { at, received_at, writer: case.writer() });
    if end.at.is_none() && at.is_some() {
        record.end = Some(EndSeen { at, ..end });
        // What was skipped because nobody knew the end is planned anew.
        record.settled_at = None;
    }
}

/// Whether the event concerns only what others write: they were to when it was first heard of. Of a session that only polls tell of that
/// holds for its surveys too: nobody says when they were filled in, so they may be written already. A replay, or a backfill, writes them.
fn is_left_to_others(base: &Base) -> bool {
    let record = &base.memory.record;
    let end_is_others = record.end.is_some_and(|end| end.writer == Writer::Others);
    end_is_others && base.case.rules.settings.mode == Mode::Deliver && !record.has_open() && !record.has_survey_of_ours()
}

/// An operator's replay turns refused and in doubt back to wanted, with a lookup first, and plans anew what was skipped.
fn apply_replay(base: &mut Base) {
    if !base.case.is_replay() {
        return;
    }
    let (shadow, received_at) = (base.case.is_shadow(), base.case.input.received_at);
    let record = &mut base.memory.record;
    // Not only when it is taken up: the mode may have changed while it waited.
    if !shadow {
        record.take_over();
    }
    if record.replayed_at.is_some_and(|last| last >= received_at) {
        return;
    }
    record.replayed_at = Some(received_at);
    record.settled_at = None;
    record.dead_lettered = None;
    record.waiting = None;
    record.surveys_missing = SurveysMissing::default();
    if !shadow {
        record.left_open = None;
    }
    reopen_writes(record, shadow);
}

fn reopen_writes(record: &mut Record, shadow: bool) {
    record.writes.retain(|id, write| {
        let of_nobody_known = matches!(id, WriteId::TimeOf(_)) && matches!(write.state, WriteState::Refused { .. });
        // What is continued in notes is written already; attaching it now would write it twice.
        !of_nobody_known && !matches!(write.state, WriteState::Skipped { reason: Skip::Time(_) })
    });
    for write in record.writes.values_mut() {
        // In shadow mode nothing will be written, so nothing is decided about what may be there.
        if !(shadow && matches!(write.state, WriteState::InDoubt { .. })) {
            write.reopen();
        }
    }
}

/// Whether the record alone shows that the event has been dealt with, so that no report need be fetched.
fn is_dealt_with(base: &Base) -> bool {
    let record = &base.memory.record;
    let end_unknown = record.writes.values().any(|write| write.state == END_UNKNOWN);
    let settled = record.settled_at.is_some() && !record.has_open() && !end_unknown;
    settled && !base.case.is_replay() && record.are_all_surveys_known() && !is_look_for_surveys(base)
}

/// Whether the report alone can say what is new: a source whose own events do not tell of the session's end tells of no survey either.
/// Where it has told of the end, its survey events come too, and a poll of the session is an echo.
fn is_look_for_surveys(base: &Base) -> bool {
    base.case.input.source == Origin::Poll && base.memory.record.end.is_some_and(|end| end.at.is_none())
}
