//! Whether an event is worked on now, from what is known of its connection alone: before anything is claimed, and again by the
//! delivery itself. Reads no record and asks nobody.

use std::time::Duration;

use jiff::Timestamp;

use crate::case::Rules;
use crate::pause::{PauseCause, PauseScope, Pauses};
use crate::verdict::Ignored;
use crate::waiting::WaitReason;
use crate::waits::later;
use session::event::EventKind;
use session::settings::{Mode, RETRY_HOURS_DEFAULT, Settings};

/// An event in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// What it tells.
    pub kind: EventKind,
    /// When it was stored in the queue first.
    pub received_at: Timestamp,
    /// When it must be done with, or the queue could forget it ([`crate::waits::queue_time_ends`]).
    pub expires_at: Timestamp,
}

/// What to do before a session is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go on.
    Go,
    /// The message waits: nothing is asked of anybody.
    Wait {
        /// Until when.
        until: Timestamp,
        /// For what.
        why: WaitReason,
    },
}

/// Whether an event of that connection is worked on now. Waiting burns no attempt, for nothing has been claimed.
///
/// An event that was received longer ago than its retry time is let in although a neighbour is being left alone: the
/// delivery will not call it either, but counts the waiting, so that the event is given up and told of before the queue
/// forgets it without a word. So is one that the queue will soon forget, although the connection is on hold.
#[must_use]
pub fn admission(rules: &Rules, arrival: Arrival, pauses: &Pauses, now: Timestamp) -> Admission {
    let Arrival { kind, received_at, expires_at } = arrival;
    if now >= expires_at {
        return Admission::Go;
    }
    if rules.settings.mode == Mode::Hold {
        return Admission::Wait { until: later(now, rules.pace.unclaimed(received_at, now)), why: WaitReason::OnHold };
    }
    if ignored(&rules.settings, kind).is_some() || now >= later(received_at, retry_limit(rules, kind)) {
        return Admission::Go;
    }
    match longest_pause(pauses, rules, now) {
        Some((until, why)) => Admission::Wait { until, why },
        None => Admission::Go,
    }
}

/// Until when the neighbour that is left alone longest is, and why. Where a changed document is the cure, the message looks for
/// one more often.
pub(crate) fn longest_pause(pauses: &Pauses, rules: &Rules, now: Timestamp) -> Option<(Timestamp, WaitReason)> {
    let longest = pauses.longest_of_neighbours(&rules.document, now)?;
    let look = longest.document.as_ref().map_or(Timestamp::MAX, |_| later(now, rules.pace.look_at_document()));
    Some((longest.until.min(look), wait_reason(longest.scope, longest.cause)))
}

/// How long an event of that kind is tried.
pub(crate) fn retry_limit(rules: &Rules, kind: EventKind) -> Duration {
    let hours = rules.settings.retry_hours.get(&kind).copied().unwrap_or(RETRY_HOURS_DEFAULT);
    rules.pace.retry_limit(if kind == EventKind::SupportConferenceMemberAdded { hours.min(JOIN_HOURS_MAX) } else { hours })
}

/// Whoever joins is worked on to give a running session its ticket, and the session's later events wait behind it. What cannot be done
/// within this is done at the session's end.
const JOIN_HOURS_MAX: u32 = 1;

/// Why an event of that kind is ignored by configuration: nobody is asked anything for it. `None`: it is not.
#[must_use]
pub fn ignored(settings: &Settings, kind: EventKind) -> Option<Ignored> {
    if settings.mode == Mode::Off {
        Some(Ignored::ModeOff)
    } else if settings.enabled_events.contains(&kind) {
        None
    } else {
        Some(Ignored::EventOff)
    }
}

pub(crate) const fn wait_reason(scope: PauseScope, cause: PauseCause) -> WaitReason {
    match (scope, cause) {
        (_, PauseCause::Budget) => WaitReason::HourlyBudget,
        (PauseScope::Appliance, PauseCause::Blocked) => WaitReason::ApplianceRight,
        (_, PauseCause::Blocked) | (PauseScope::Kind(_), _) => WaitReason::Blocked,
        (PauseScope::Appliance, PauseCause::CredentialsRefused) => WaitReason::ApplianceCredentials,
        (PauseScope::Appliance, PauseCause::Down | PauseCause::Throttled) => WaitReason::Appliance,
        (PauseScope::Ticketing, PauseCause::CredentialsRefused) => WaitReason::TicketingCredentials,
        (PauseScope::Ticketing, PauseCause::Down | PauseCause::Throttled) => WaitReason::Ticketing,
    }
}
