//! The second stage: the session's report, and when the session ended.

use jiff::Timestamp;

use crate::base::Base;
use crate::machine::Stage;
use crate::notice;
use crate::pause::PauseScope;
use crate::record::{EndSeen, Facts};
use crate::step::Outcome;
use crate::ticket::{Matched, Matching};
use crate::verdict::Ignored;
use crate::waiting::WaitReason;
use crate::waits::later;
use crate::winding_down::{Closing, wind_down};
use session::event::EventKind;
use session::failure::{Failure, Sentence};
use session::presence::people;
use session::support_session::{Ended, SupportSession};
use texts::View;

/// A session with its report, and its end as far as anybody knows it.
#[derive(Debug)]
pub(crate) struct Reported {
    pub(crate) session: SupportSession,
    pub(crate) ended: Ended,
}

impl Reported {
    /// Whether the session's end is known well enough to bill by.
    pub(crate) const fn is_end_known(&self) -> bool {
        matches!(self.ended, Ended::Reported(_) | Ended::TakenFromEvent(_))
    }

    /// As templates look at it.
    pub(crate) const fn view<'a>(&'a self, time_zone: &'a jiff::tz::TimeZone) -> View<'a> {
        View { session: &self.session, time_zone, ended: self.ended }
    }
}

/// Where the event goes once the appliance has answered.
pub(crate) fn take_report(base: &mut Base, answer: Result<Box<SupportSession>, Failure>, now: Timestamp) -> Stage {
    match answer {
        Ok(session) => {
            base.reached(PauseScope::Appliance);
            take_session(base, *session, now)
        }
        Err(Failure::NotReady { .. } | Failure::Unrecognised { .. }) if is_left_to_the_end(base) => {
            base.reached(PauseScope::Appliance);
            base.finish(Outcome::LeftToTheEnd).into()
        }
        Err(Failure::NotReady { .. }) => {
            base.reached(PauseScope::Appliance);
            base.wait_for_report(now).into()
        }
        Err(Failure::Unrecognised { sentence }) => {
            base.reached(PauseScope::Appliance);
            let ending = base.wait_for_report(now);
            tell_of_report(base, sentence, now);
            ending.into()
        }
        Err(failure) => base.neighbour_failed(PauseScope::Appliance, failure, now).into(),
    }
}

/// How often the report of a running session is asked for again: half a minute, for the session's later events wait behind this one.
const RUNNING_ROUNDS_MAX: u32 = 2;

/// Whether the event is of a running session whose report does not come: the end brings it.
fn is_left_to_the_end(base: &Base) -> bool {
    base.case.kind() == EventKind::SupportConferenceMemberAdded
        && base.memory.round(WaitReason::ReportNotReady) >= RUNNING_ROUNDS_MAX
}

/// An answer that nobody knows may pass, and may stand for a right that is missing: told once, when it has been repeated for a while.
fn tell_of_report(base: &mut Base, sentence: Sentence, now: Timestamp) {
    let long = base.case.rules.pace.unfamiliar_report();
    if let Some(waiting) = &mut base.memory.record.waiting
        && !waiting.told
        && now >= later(waiting.since, long)
    {
        waiting.told = true;
        base.tell(notice::report_refused(sentence));
    }
}

/// The session is cleaned before anything else learns of it: what is taken out lies in no note, no attachment and no text of shadow mode.
fn take_session(base: &mut Base, mut session: SupportSession, now: Timestamp) -> Stage {
    let taken_out = base.case.rules.redactor.session(&mut session);
    // Who joined does not say that it is over; what does is on its way.
    if base.case.kind() == EventKind::SupportConferenceMemberAdded && session.ended_at.is_some() {
        return base.finish_running().into();
    }
    let end_missing = base.case.rules.pace.end_missing();
    let ended = match (session.ended_at, base.memory.record.end) {
        (Some(at), _) => Ended::Reported(at),
        (None, None) => return not_over(base, session),
        (None, Some(end)) if now < later(end.received_at, end_missing) => return base.wait_for_report(now).into(),
        (None, Some(EndSeen { at: Some(at), .. })) => Ended::TakenFromEvent(at),
        (None, Some(_)) => last_event(&session).map_or(Ended::Unknown, Ended::LastEvent),
    };
    base.memory.record.facts = Some(facts(&session, ended.at()));
    base.memory.record.taken_out = taken_out;
    // Where nobody knows the end, the last that is known of the session decides.
    let last_known = ended.at().or(session.started_at);
    if last_known.zip(base.case.rules.settings.deliver_from).is_some_and(|(at, from)| at < from) {
        return wind_down(base, Closing::Ignored(Ignored::BeforeDeliverFrom), now);
    }
    Stage::Ticket(Box::new(Matching::new(Matched::Over(Reported { session, ended }))))
}

/// A session that runs: whoever joined it may call for a ticket; of a survey there is nothing to write before the end.
fn not_over(base: &mut Base, session: SupportSession) -> Stage {
    if base.case.kind() != EventKind::SupportConferenceMemberAdded {
        return base.finish(Outcome::SurveyNoted).into();
    }
    base.memory.record.facts = Some(facts(&session, None));
    Stage::Ticket(Box::new(Matching::new(Matched::Running(session))))
}

fn facts(session: &SupportSession, ended_at: Option<Timestamp>) -> Facts {
    let primary = people(session, ended_at).into_iter().find(|person| person.primary);
    Facts {
        sequence: session.sequence,
        ended_at,
        technician: primary.and_then(|person| person.username).map(str::to_owned),
        external_key: session.external_key.clone(),
    }
}

/// When the last thing happened that the report has a time of.
fn last_event(session: &SupportSession) -> Option<Timestamp> {
    session.events.iter().filter_map(|event| event.at).max()
}
