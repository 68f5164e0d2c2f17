//! `/api/reporting`: which sessions a call asks for, and the document that holds them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::report::{document, error, error_element, list, summary};
use super::session::{REPORTING_NAMESPACE, View, unix_time};
use super::settings::{NothingFound, WindowEnd};
use super::tenant::Appliance;
use crate::serving::exchange::Answer;

/// The text observed by clients when nothing was found.
const NOTHING_FOUND: &str = "No Support report information matching your chosen criteria is available.";

/// Sessions by time.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// By their end (closed sessions only) or by their start (sessions in progress included).
    by_end: bool,
    from: i64,
    /// None: until now.
    until: Option<i64>,
}

/// What a `SupportSession` call asks for.
#[derive(Clone, Debug)]
enum Wanted {
    Lsids(Vec<String>),
    Window(Window),
}

/// Answers a reporting call that is already known to come from the account.
pub(crate) fn answer(appliance: &mut Appliance, parameters: &BTreeMap<String, String>, now: Timestamp) -> Answer {
    let style = appliance.settings.error_style;
    if let Some(text) = &appliance.settings.report_error {
        return error(style, text);
    }
    if !appliance.settings.may_report {
        return error(style, "You do not have permission to access this report.");
    }
    match parameters.get("generate_report").map(String::as_str) {
        Some("SupportSession") => match wanted(parameters) {
            Ok(wanted) => support_sessions(appliance, wanted, now),
            Err(text) => error(style, text),
        },
        Some("SupportSessionListing") => match window(parameters) {
            Ok(Some(window)) => listing(appliance, window, now),
            Ok(None) => error(style, "A start or end of the report is required."),
            Err(text) => error(style, text),
        },
        Some(_) => error(style, "Invalid report type."),
        None => error(style, "A required parameter is missing: generate_report."),
    }
}

fn wanted(parameters: &BTreeMap<String, String>) -> Result<Wanted, &'static str> {
    if let Some(lsid) = parameters.get("lsid") {
        return Ok(Wanted::Lsids(vec![lsid.clone()]));
    }
    if let Some(lsids) = parameters.get("lsids") {
        return Ok(Wanted::Lsids(lsids.split(',').map(|lsid| lsid.trim().to_owned()).collect()));
    }
    match window(parameters)? {
        Some(window) => Ok(Wanted::Window(window)),
        None => Err("A session or a start or end of the report is required."),
    }
}

fn window(parameters: &BTreeMap<String, String>) -> Result<Option<Window>, &'static str> {
    const DAY_SECONDS: i64 = 86_400;
    let starts =
        [("end_time", true, 1), ("end_date", true, DAY_SECONDS), ("start_time", false, 1), ("start_date", false, DAY_SECONDS)];
    let mut given = starts.into_iter().filter(|(name, _, _)| parameters.contains_key(*name));
    let Some((name, by_end, unit)) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err("Only one start or end of the report may be given.");
    }
    let text = &parameters[name];
    let from = if unit == 1 { text.parse().ok() } else { midnight(text) };
    let from = from.ok_or("The start or end of the report is invalid.")?;
    let duration: i64 = parameters
        .get("duration")
        .and_then(|duration| duration.parse().ok())
        .filter(|duration| *duration >= 0)
        .ok_or("A required parameter is missing or invalid: duration.")?;
    let until = (duration > 0).then(|| from.saturating_add(duration.saturating_mul(unit)));
    Ok(Some(Window { by_end, from, until }))
}

/// The Unix time at which a date begins. The appliance's own zone is not documented; here it is UTC.
fn midnight(date: &str) -> Option<i64> {
    let date: Date = date.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn support_sessions(appliance: &mut Appliance, wanted: Wanted, now: Timestamp) -> Answer {
    match wanted {
        Wanted::Lsids(lsids) => sessions_by_lsid(appliance, &lsids, now),
        Wanted::Window(window) => {
            let found = sessions_in(appliance, window, now);
            let children: String = found.into_iter().map(|(_, element)| element).collect();
            list_or_nothing(appliance, "session_list", Some(REPORTING_NAMESPACE), &children)
        }
    }
}

fn sessions_by_lsid(appliance: &mut Appliance, lsids: &[String], now: Timestamp) -> Answer {
    let mut children = String::new();
    let mut namespace = Some(REPORTING_NAMESPACE.to_owned());
    let mut empty_list = false;
    for lsid in lsids {
        let Some(session) = appliance.sessions.get_mut(lsid) else { continue };
        match session.ask(now) {
            View::Missing => {}
            View::EmptyList => empty_list = true,
            View::Verbatim(bytes) => return Answer::new(200, "text/xml; charset=UTF-8", bytes),
            View::Element(element) => {
                children.push_str(&element);
                namespace.clone_from(&session.namespace);
            }
        }
    }
    if children.is_empty() && empty_list {
        return list("session_list", namespace.as_deref(), "");
    }
    list_or_nothing(appliance, "session_list", namespace.as_deref(), &children)
}

fn listing(appliance: &Appliance, window: Window, now: Timestamp) -> Answer {
    let found = sessions_in(appliance, window, now);
    let detail = appliance.settings.listing;
    let children: String = found.iter().map(|(lsid, element)| summary(detail, lsid, element)).collect();
    list_or_nothing(appliance, "session_summary_list", Some(REPORTING_NAMESPACE), &children)
}

/// Lsid and element of the sessions of a window, in the order of time.
fn sessions_in(appliance: &Appliance, window: Window, now: Timestamp) -> Vec<(String, String)> {
    let name = if window.by_end { "end_time" } else { "start_time" };
    let last_second = i64::from(appliance.settings.window_end == WindowEnd::Included);
    let until = match window.until {
        Some(until) => until.saturating_add(last_second),
        None => now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(now).as_second(),
    };
    let mut found: Vec<(i64, String, String)> = Vec::new();
    for (lsid, session) in &appliance.sessions {
        if !session.is_listed(now) {
            continue;
        }
        let View::Element(element) = session.peek(now) else { continue };
        if let Some(moment) = unix_time(&element, name).filter(|moment| (window.from..until).contains(moment)) {
            found.push((moment, lsid.clone(), element));
        }
    }
    found.sort_unstable_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    found.into_iter().map(|(_, lsid, element)| (lsid, element)).collect()
}

fn list_or_nothing(appliance: &Appliance, root: &str, namespace: Option<&str>, children: &str) -> Answer {
    if !children.is_empty() {
        return list(root, namespace, children);
    }
    let style = appliance.settings.error_style;
    match appliance.settings.nothing_found {
        NothingFound::ErrorRoot => document(&error_element(style, REPORTING_NAMESPACE, NOTHING_FOUND)),
        NothingFound::ErrorChild => list(root, namespace, &error_element(style, REPORTING_NAMESPACE, NOTHING_FOUND)),
        NothingFound::EmptyList => list(root, namespace, ""),
    }
}
