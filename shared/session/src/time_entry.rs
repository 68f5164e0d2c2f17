//! Whose time a session is, and how long.
//!
//! Plans only: which resource of the ticketing system a login belongs to, which role it may use and whether the entry
//! is accepted are found out elsewhere. The texts of an entry are made in the crate `texts`.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::failure::Sentence;
use crate::local_time;
use crate::presence::{Connection, Person, people};
use crate::settings::{Beneficiary, Span, TimeEntrySettings};
use crate::support_session::SupportSession;
use crate::write_id::RepresentativeKey;

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
    /// Neither the report nor an event of the appliance says when the session ended.
    EndUnknown,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SwitchedOff => "time entries are switched off",
            Self::NoRepresentative => "no representative joined the session",
            Self::Invited => "the representative was invited from outside",
            Self::TooShort => "too short",
            Self::EndUnknown => "nobody knows when the session ended",
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
    let named = person.username.and_then(|username| Some((username, login(username, settings)?)));
    let Some((username, login)) = named else {
        return TimePlan::Refused("the report has no user name for the representative".into());
    };
    TimePlan::Write(Attendance {
        representative: person.key.clone(),
        start,
        end,
        username: username.to_owned(),
        login,
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
    let lasted = local_time::duration(seconds);
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
/// made it. `None`: nothing is left of it without its domain.
#[must_use]
pub fn login(username: &str, settings: &TimeEntrySettings) -> Option<String> {
    let bare = username.rsplit_once('\\').map_or(username, |(_, user)| user).trim();
    let configured = |name: &str| {
        let name = name.to_lowercase();
        settings.resources.iter().find(|(user, _)| user.trim().to_lowercase() == name).map(|(_, resource)| resource)
    };
    if let Some(resource) = configured(username).or_else(|| configured(bare)) {
        return Some(resource.trim().to_owned()).filter(|resource| !resource.is_empty());
    }
    if bare.is_empty() {
        return None;
    }
    let domain = settings.default_domain.as_deref().map(|domain| domain.trim().trim_start_matches('@'));
    Some(match domain {
        Some(domain) if !domain.is_empty() && !bare.contains('@') => format!("{bare}@{domain}"),
        _ => bare.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeMap;

    use super::*;
    use crate::ids::Gsnumber;
    use crate::sample::*;
    use crate::support_session::{Actor, ActorKind, Representative};

    fn enabled() -> TimeEntrySettings {
        TimeEntrySettings { enabled: true, default_domain: Some("example.com".to_owned()), ..TimeEntrySettings::default() }
    }

    fn written(planned: &PlannedTime) -> &Attendance {
        match &planned.outcome {
            TimePlan::Write(attendance) => attendance,
            other => panic!("{other:?}"),
        }
    }

    fn only(session: &SupportSession, settings: &TimeEntrySettings) -> TimePlan {
        let mut planned = plan(session, settings, at(END));
        assert_eq!(planned.len(), 1);
        planned.remove(0).outcome
    }

    fn span(attendance: &Attendance) -> (i64, i64) {
        (attendance.start.as_second() - START, attendance.end.as_second() - START)
    }

    /// A session in which Dana is alone, from a minute after the start to a minute before the end.
    fn dana_alone() -> SupportSession {
        SupportSession {
            representatives: vec![dana()],
            events: vec![joined(START + 60, by_dana()), left(END - 60, by_dana())],
            ..bare()
        }
    }

    #[test]
    fn nothing_is_written_where_nothing_is_wanted() {
        let skipped = |reason| TimePlan::Skipped(reason);
        assert_eq!(only(&printer(), &TimeEntrySettings::default()), skipped(SkipReason::SwitchedOff));
        assert_eq!(only(&bare(), &enabled()), skipped(SkipReason::NoRepresentative));
        let invited = SupportSession { representatives: vec![Representative { invited: true, ..dana() }], ..bare() };
        assert_eq!(only(&invited, &enabled()), skipped(SkipReason::Invited));
    }

    #[test]
    fn primary_representative_gets_the_session() {
        let planned = plan(&printer(), &enabled(), at(END));
        assert_eq!(planned.len(), 1);
        assert_eq!(planned[0].representative.as_ref().unwrap().as_str(), "17");
        let attendance = written(&planned[0]);
        assert_eq!(span(attendance), (0, END - START));
        assert_eq!((attendance.username.as_str(), attendance.login.as_str()), ("dwhitfield", "dwhitfield@example.com"));
        assert_eq!(attendance.connections, [(at(1_742_303_026), at(END))]);
    }

    #[test]
    fn attended_time_is_from_first_join_to_last_leave() {
        let mut session = dana_alone();
        session.representatives.push(Representative { gsnumber: Some(Gsnumber(309)), ..dana() });
        let again: Option<Actor> = by(ActorKind::Representative, 309, "Dana Whitfield");
        session.events = vec![
            joined(START + 60, by_dana()),
            left(START + 90, by_dana()),
            joined(START + 500, again.clone()),
            left(START + 800, again),
        ];
        let settings = TimeEntrySettings { span: Span::Attended, ..enabled() };
        let planned = plan(&session, &settings, at(END));
        assert_eq!(planned.len(), 1);
        assert_eq!(span(written(&planned[0])), (60, 800));
        assert_eq!(written(&planned[0]).connections.len(), 2);
    }

    #[test]
    fn each_representative_is_paid_for_what_they_attended_and_the_primary_for_the_session() {
        let settings = TimeEntrySettings { beneficiary: Beneficiary::Each, ..enabled() };
        let planned = plan(&printer(), &settings, at(END));
        assert_eq!(planned.len(), 2);
        assert_eq!(span(written(&planned[0])), (0, END - START));
        assert_eq!(span(written(&planned[1])), (900, 1100));
        assert!(written(&planned[0]).primary && !written(&planned[1]).primary);
    }

    #[test]
    fn nobody_inherits_the_session_of_an_invited_representative() {
        let mut session = printer();
        session.representatives[0].invited = true;
        let settings = TimeEntrySettings { beneficiary: Beneficiary::Each, ..enabled() };
        let planned = plan(&session, &settings, at(END));
        assert_eq!(planned[0].outcome, TimePlan::Skipped(SkipReason::Invited));
        assert_eq!(span(written(&planned[1])), (900, 1100));
        assert_eq!(only(&session, &enabled()), TimePlan::Skipped(SkipReason::Invited));
    }

    #[test]
    fn limits_are_kept_to_the_second() {
        let lasting =
            |seconds: i64, settings: &TimeEntrySettings| plan(&dana_alone(), settings, at(START + seconds)).remove(0).outcome;
        let settings = enabled();
        assert_eq!(lasting(59, &settings), TimePlan::Skipped(SkipReason::TooShort));
        assert!(matches!(lasting(60, &settings), TimePlan::Write(_)));
        assert!(matches!(lasting(8 * 3600, &settings), TimePlan::Write(_)));
        let TimePlan::Refused(sentence) = lasting(8 * 3600 + 61, &settings) else { panic!("it is too long") };
        assert_eq!(sentence.as_str(), "8 h 1 min is longer than maximum_hours (8)");
        assert!(matches!(lasting(-1, &settings), TimePlan::Refused(_)));
        let loose = TimeEntrySettings { minimum_seconds: 0, maximum_hours: u32::MAX, ..enabled() };
        assert_eq!(lasting(0, &loose), TimePlan::Skipped(SkipReason::TooShort));
        assert!(matches!(lasting(1, &loose), TimePlan::Write(_)));
        assert!(matches!(lasting(24 * 3600 - 1, &loose), TimePlan::Write(_)));
        assert!(matches!(lasting(24 * 3600, &loose), TimePlan::Refused(_)));
    }

    #[test]
    fn what_the_report_does_not_tell_is_not_made_up() {
        let session = SupportSession { started_at: None, representatives: vec![dana()], ..bare() };
        assert!(matches!(only(&session, &enabled()), TimePlan::Refused(_)));
        let nameless = SupportSession { representatives: vec![Representative { username: None, ..dana() }], ..bare() };
        assert!(matches!(only(&nameless, &enabled()), TimePlan::Refused(_)));
        let joined_only = SupportSession { started_at: None, ..dana_alone() };
        let planned = plan(&joined_only, &enabled(), at(END));
        assert_eq!(span(written(&planned[0])), (60, END - START - 60));
    }

    #[test]
    fn seconds_involved_stand_in_for_joins_that_were_not_recorded() {
        let attended = TimeEntrySettings { span: Span::Attended, ..enabled() };
        let involved =
            |seconds| SupportSession { representatives: vec![Representative { seconds_involved: seconds, ..dana() }], ..bare() };
        let whole = END - START;
        for (seconds, from) in [(Some(200), whole - 200), (Some(1_000_000), 0), (Some(u64::MAX), 0), (None, 0)] {
            let session = involved(seconds);
            assert_eq!(span(written(&plan(&session, &attended, at(END))[0])), (from, whole));
        }
    }

    #[test]
    fn login_is_the_configured_resource_else_made_of_user_and_domain() {
        let resources =
            BTreeMap::from([("JDoe".to_owned(), "j.doe@acme.example".to_owned()), (r"ACME\admin".to_owned(), "root".to_owned())]);
        let settings = TimeEntrySettings { resources, ..enabled() };
        for (username, expected) in [
            ("jdoe", "j.doe@acme.example"),
            (r"ACME\JDOE", "j.doe@acme.example"),
            (r"acme\Admin", "root"),
            ("admin", "admin@example.com"),
            (r"ACME\mlindqvist", "mlindqvist@example.com"),
            ("tobi@other.example", "tobi@other.example"),
            (r"ACME\tobi@other.example", "tobi@other.example"),
        ] {
            assert_eq!(login(username, &settings).as_deref(), Some(expected), "{username}");
        }
        for domain in [None, Some(String::new()), Some(" ".to_owned())] {
            let settings = TimeEntrySettings { default_domain: domain, ..enabled() };
            assert_eq!(login(r"ACME\tobi", &settings).as_deref(), Some("tobi"));
        }
        assert_eq!(login(r"ACME\ ", &settings), None, "a domain alone names nobody");
        let settings = TimeEntrySettings { default_domain: Some("@example.com ".to_owned()), ..enabled() };
        assert_eq!(login("tobi", &settings).as_deref(), Some("tobi@example.com"));
    }

    #[test]
    fn work_belongs_to_the_local_day_of_its_start() {
        let start = "2025-03-18T23:30:00Z".parse().unwrap();
        assert_eq!(date_worked(start, &berlin()), civil::date(2025, 3, 19));
        assert_eq!(date_worked(start, &TimeZone::UTC), civil::date(2025, 3, 18));
    }

    #[test]
    fn reasons_are_kept_by_their_names() {
        assert_eq!(serde_json::to_value(SkipReason::NoRepresentative).unwrap(), "no_representative");
        assert_eq!(SkipReason::TooShort.to_string(), "too short");
    }
}
