//! Whose time a session is, and how long.
//!
//! Plans only: which resource of the ticketing system a login belongs to, which role it may use and whether the entry
//! is accepted are found out elsewhere. The texts of an entry are made in [`crate::render`].

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::delivery::RepresentativeKey;
use crate::failure::Sentence;
use crate::presence::{Connection, Person, people};
use crate::render::clock;
use crate::settings::{Beneficiary, Span, TimeEntrySettings};
use crate::support_session::SupportSession;

/// A time entry must be shorter than this (vendor reference), whatever `maximum_hours` says.
const VENDOR_SECONDS_LIMIT: i64 = 24 * 3600;

/// What becomes of the time of one representative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTime {
    /// Whose; `None` where the answer concerns nobody in particular.
    pub representative: Option<RepresentativeKey>,
    /// What.
    pub outcome: TimePlan,
}

/// Whether an entry is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimePlan {
    /// It is.
    Write(Attendance),
    /// It is not, and that is as it should be.
    Skipped(SkipReason),
    /// It is not, and a person should look at it.
    Refused(Sentence),
}

/// Why no time entry is written, where nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Time entries are switched off.
    SwitchedOff,
    /// Nobody joined the session.
    NoRepresentative,
    /// The representative was invited from outside.
    Invited,
    /// Shorter than `minimum_seconds`, or no time at all.
    TooShort,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SwitchedOff => "time entries are switched off",
            Self::NoRepresentative => "no representative joined the session",
            Self::Invited => "the representative was invited from outside",
            Self::TooShort => "too short",
        })
    }
}

/// The time of one representative, fit to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// Whose, within the session.
    pub representative: RepresentativeKey,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends: after [`Self::start`], less than 24 hours later.
    pub end: Timestamp,
    /// The login name on the appliance; never empty.
    pub username: String,
    /// What to look for in the ticketing system: an e-mail address or a user name.
    pub login: String,
    /// Whether the session was theirs.
    pub primary: bool,
    /// When they were really there, in order, not overlapping; empty if the report does not tell.
    pub connections: Vec<(Timestamp, Timestamp)>,
}

/// What becomes of the time of each representative that the settings ask for; never empty.
///
/// With `for: primary` there is one answer. With `for: each` there is one per representative, in the order of the
/// report, invited ones included (as skipped, so that it can be seen why there is no entry).
///
/// `span: session` gives the primary representative the whole session. A second one who looked in for three minutes is
/// not billed for the hour: with `for: each` everybody else gets the time they attended, from the first join to the
/// last leave. Nobody inherits the session from a primary representative who was invited.
///
/// A report that does not tell when somebody joined and left but for how long they were involved gives them the last
/// part of the session: customers wait for technicians, not the other way round. If it tells neither, the whole.
#[must_use]
pub fn plan(session: &SupportSession, settings: &TimeEntrySettings, ended_at: Timestamp) -> Vec<PlannedTime> {
    let nobody = |reason| vec![PlannedTime { representative: None, outcome: TimePlan::Skipped(reason) }];
    if !settings.enabled {
        return nobody(SkipReason::SwitchedOff);
    }
    let people = people(session, Some(ended_at));
    if people.is_empty() {
        return nobody(SkipReason::NoRepresentative);
    }
    let wanted = people.iter().filter(|person| person.primary || settings.beneficiary == Beneficiary::Each);
    wanted
        .map(|person| PlannedTime {
            representative: Some(person.key.clone()),
            outcome: plan_person(person, session, settings, ended_at),
        })
        .collect()
}

/// The local date of a start: the day that the work belongs to, even if it went on after midnight.
#[must_use]
pub fn date_worked(start: Timestamp, time_zone: &TimeZone) -> civil::Date {
    start.to_zoned(time_zone.clone()).date()
}

fn plan_person(person: &Person<'_>, session: &SupportSession, settings: &TimeEntrySettings, ended_at: Timestamp) -> TimePlan {
    if person.invited {
        return TimePlan::Skipped(SkipReason::Invited);
    }
    let span = match (settings.span, person.primary) {
        (Span::Session, true) => session_span(person, session, ended_at),
        _ => attended_span(person, session, ended_at),
    };
    let Some((start, end)) = span else {
        return TimePlan::Refused("the report does not tell when the session started".into());
    };
    if let Some(outcome) = outside_limits(end.as_second() - start.as_second(), settings) {
        return outcome;
    }
    let Some(username) = person.username else {
        return TimePlan::Refused("the report has no user name for the representative".into());
    };
    TimePlan::Write(Attendance {
        representative: person.key.clone(),
        start,
        end,
        username: username.to_owned(),
        login: login(username, settings),
        primary: person.primary,
        connections: person.connections.iter().filter_map(|Connection { joined, left }| Some((*joined, (*left)?))).collect(),
    })
}

fn session_span(person: &Person<'_>, session: &SupportSession, ended_at: Timestamp) -> Option<(Timestamp, Timestamp)> {
    match session.started_at {
        Some(started_at) => Some((started_at, ended_at)),
        None => attended_span(person, session, ended_at),
    }
}

fn attended_span(person: &Person<'_>, session: &SupportSession, ended_at: Timestamp) -> Option<(Timestamp, Timestamp)> {
    if let (Some(first), Some(last)) = (person.connections.first(), person.connections.last()) {
        return Some((first.joined, last.left.unwrap_or(ended_at)));
    }
    let started_at = session.started_at;
    match person.seconds() {
        Some(seconds) => {
            let joined = Timestamp::from_second(ended_at.as_second().saturating_sub(seconds)).ok();
            let joined = joined.into_iter().chain(started_at).max()?;
            Some((joined, ended_at))
        }
        None => started_at.map(|started_at| (started_at, ended_at)),
    }
}

fn outside_limits(seconds: i64, settings: &TimeEntrySettings) -> Option<TimePlan> {
    if seconds < 0 {
        return Some(TimePlan::Refused("it would end before it starts: a clock was set".into()));
    }
    // The vendor refuses an entry of no time at all, even where no minimum is set.
    if seconds < i64::from(settings.minimum_seconds).max(1) {
        return Some(TimePlan::Skipped(SkipReason::TooShort));
    }
    let lasted = clock::duration(seconds);
    if seconds > i64::from(settings.maximum_hours).saturating_mul(3600) {
        let hours = settings.maximum_hours;
        return Some(TimePlan::Refused(Sentence::new(&format!("{lasted} is longer than maximum_hours ({hours})"))));
    }
    if seconds >= VENDOR_SECONDS_LIMIT {
        return Some(TimePlan::Refused(Sentence::new(&format!("{lasted} is not shorter than 24 hours"))));
    }
    None
}

/// The configured resource of that user, else an address made of the name and the default domain, as the old plugin
/// made it.
fn login(username: &str, settings: &TimeEntrySettings) -> String {
    let bare = username.rsplit_once('\\').map_or(username, |(_, user)| user).trim();
    let configured = |name: &str| {
        let name = name.to_lowercase();
        settings.resources.iter().find(|(user, _)| user.trim().to_lowercase() == name).map(|(_, resource)| resource)
    };
    if let Some(resource) = configured(username).or_else(|| configured(bare)) {
        return resource.trim().to_owned();
    }
    let domain = settings.default_domain.as_deref().map(|domain| domain.trim().trim_start_matches('@'));
    match domain {
        Some(domain) if !domain.is_empty() && !bare.contains('@') => format!("{bare}@{domain}"),
        _ => bare.to_owned(),
    }
}
