//! What is checked once the whole document is there: limits, combinations, and keys without effect.

use std::ops::RangeInclusive;

use serde_json::Value;
use session::EventKind;
use session::settings::{TEMPLATE_NAMES, TicketCreation};
use texts::{TemplateProblem, Templates};
use url::Url;

use crate::document::Document;
use crate::events::EventSetting;
use crate::problem::{DocumentError, Warning, WarningKind};

/// An event waits in the queue for 14 days at most. One that pauses of other events keep out is let in after its retry time and
/// given up after as long again: twice this, and a few hours are left for what is done with it then.
pub(crate) const RETRY_HOURS: RangeInclusive<u32> = 1..=160;

/// A number and its limits; the JSON Schema has them from here, too.
pub(crate) struct Limit {
    pub(crate) path: &'static str,
    pub(crate) range: RangeInclusive<u32>,
    value: fn(&Document) -> u32,
}

pub(crate) const LIMITS: [Limit; 9] = [
    Limit { path: "retry_hours", range: RETRY_HOURS, value: |document| document.retry_hours },
    // No longer than the ledger keeps the sessions themselves when nothing else is said: whole chats are in these texts.
    Limit { path: "shadow_days", range: 1..=400, value: |document| document.shadow_days },
    // The appliance keeps sessions for 90 days.
    Limit { path: "polling.overlap_hours", range: 0..=2_160, value: |document| document.polling.overlap_hours },
    Limit { path: "autotask.stale_ticket_days", range: 1..=36_500, value: |document| document.autotask.stale_ticket_days },
    // At most a day: as long as it lasts, the fate of a write is open.
    Limit {
        path: "autotask.unknown_write_wait_seconds",
        range: 0..=86_400,
        value: |document| document.autotask.unknown_write_wait_seconds,
    },
    Limit {
        path: "autotask.time_entry.minimum_seconds",
        range: 0..=86_400,
        value: |document| document.autotask.time_entry.minimum_seconds,
    },
    // A year: later is a mistake.
    Limit { path: "autotask.ticket.due_hours", range: 1..=8_760, value: |document| document.autotask.ticket.due_hours },
    // A time entry of Autotask is shorter than a day.
    Limit {
        path: "autotask.time_entry.maximum_hours",
        range: 1..=24,
        value: |document| document.autotask.time_entry.maximum_hours,
    },
    Limit {
        path: "autotask.time_entry.minimum_billed_minutes",
        range: 0..=1_440,
        value: |document| document.autotask.time_entry.minimum_billed_minutes,
    },
];

/// Keys of the old plugin's time entry data that mean nothing here, and why.
pub(crate) const OBSOLETE_TIME_ENTRY_KEYS: [(&str, &str); 6] = [
    ("taskId", "time is written on tickets, not on tasks"),
    ("internalAllocationCodeID", "time is written on tickets, never as internal time"),
    ("type", "Autotask sets the type of a time entry itself"),
    ("date", "the day is that of the session's start"),
    ("internalRepID", "the representative of the session is looked up"),
    ("creatorUserID", "Autotask sets the creator of a time entry itself"),
];

/// More than this many say no more, and each becomes a line of a log.
const WARNINGS_MAX: usize = 50;

const TIME_ENTRY_DEFAULTS: &str = "autotask.time_entry.defaults";

/// Refuses what cannot be worked with.
pub(crate) fn refuse(document: &Document) -> Result<(), DocumentError> {
    for limit in &LIMITS {
        within(limit.path, (limit.value)(document), &limit.range)?;
    }
    for (event, setting) in document.events.named() {
        if let EventSetting::With(options) = setting {
            let hours = options.retry_hours.unwrap_or(document.retry_hours);
            within(&format!("events.{event}.retry_hours"), hours, &RETRY_HOURS)?;
        }
    }
    refuse_looks(document)?;
    refuse_credentials(document)?;
    refuse_addresses(document)?;
    refuse_time_entry(document)
}

fn within(path: &str, value: u32, range: &RangeInclusive<u32>) -> Result<(), DocumentError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(DocumentError::key(path, format!("expected a whole number from {} to {}", range.start(), range.end())))
}

/// Each is a list asked for at every poll.
const LOOKS_MAX: usize = 8;

/// The appliance keeps sessions for 90 days.
const LOOK_HOURS: RangeInclusive<u32> = 1..=2_160;

fn refuse_looks(document: &Document) -> Result<(), DocumentError> {
    let looks = &document.polling.look_again_hours;
    if looks.len() > LOOKS_MAX {
        return Err(DocumentError::key("polling.look_again_hours", format!("expected at most {LOOKS_MAX} numbers of hours")));
    }
    looks
        .iter()
        .enumerate()
        .try_for_each(|(index, hours)| within(&format!("polling.look_again_hours[{index}]"), *hours, &LOOK_HOURS))
}

fn refuse_credentials(document: &Document) -> Result<(), DocumentError> {
    match (&document.appliance.oauth, &document.appliance.password) {
        (Some(_), None) | (None, Some(_)) => Ok(()),
        _ => Err(DocumentError::key("appliance", "expected exactly one of oauth and password in it")),
    }
}

fn refuse_addresses(document: &Document) -> Result<(), DocumentError> {
    let (appliance, autotask) = (&document.appliance, &document.autotask);
    refuse_plain_http("appliance", "url", &appliance.url, appliance.allow_plain_http)?;
    match &autotask.zone_url {
        Some(url) => refuse_plain_http("autotask", "zone_url", url, autotask.allow_plain_http),
        None => Ok(()),
    }
}

fn refuse_plain_http(section: &str, key: &str, url: &Url, allow_plain_http: bool) -> Result<(), DocumentError> {
    if url.scheme() == "https" || allow_plain_http {
        return Ok(());
    }
    let problem = format!("expected an https address (for trials, {section}.allow_plain_http permits http)");
    Err(DocumentError::key(format!("{section}.{key}"), problem))
}

/// Steps of billed time; minutes.
const ROUNDING_MINUTES: RangeInclusive<u32> = 1..=240;

fn refuse_time_entry(document: &Document) -> Result<(), DocumentError> {
    let time_entry = &document.autotask.time_entry;
    if let Some(rounding) = time_entry.rounding {
        within("autotask.time_entry.rounding.minutes", rounding.minutes, &ROUNDING_MINUTES)?;
    }
    let is_domain = |domain: &str| !domain.trim().is_empty() && !domain.contains(|c: char| c == '@' || c.is_whitespace());
    if time_entry.default_domain.as_deref().is_some_and(|domain| !is_domain(domain)) {
        return Err(DocumentError::key("autotask.time_entry.default_domain", "expected a domain without @, as in example.com"));
    }
    if time_entry.resources.values().any(|resource| resource.trim().is_empty()) {
        let problem = "expected an e-mail address or a user name of Autotask for each user of the appliance";
        return Err(DocumentError::key("autotask.time_entry.resources", problem));
    }
    Ok(())
}

/// What somebody should look at. `ignored_keys`: those that no type knows; `value`: the whole document.
pub(crate) fn warnings(document: &Document, ignored_keys: &[String], value: &Value) -> Vec<Warning> {
    let mut warnings: Vec<_> = ignored_keys.iter().filter_map(|path| judge_ignored_key(path, value)).collect();
    let unknown_events = document.events.named().filter(|(name, _)| EventKind::from_name(name).is_none());
    warnings.extend(unknown_events.map(|(name, _)| Warning::new(format!("events.{name}"), WarningKind::Unknown)));
    warnings.extend(bad_templates(document));
    warnings.extend(creation_not_heard_of(document));
    warnings.extend(second_note_for_nobody(document));
    warnings.extend(insecure_settings(document));
    warnings.truncate(WARNINGS_MAX);
    warnings
}

/// The old plugin's data can be pasted as it is, with all its nulls; only a value that would be lost is worth a word.
fn judge_ignored_key(path: &str, document: &Value) -> Option<Warning> {
    let obsolete = path.strip_prefix(TIME_ENTRY_DEFAULTS).and_then(|rest| rest.strip_prefix('.'));
    let obsolete = obsolete.and_then(|key| OBSOLETE_TIME_ENTRY_KEYS.iter().find(|(name, _)| *name == key));
    match obsolete {
        Some((key, _))
            if document.pointer(&format!("/{}/{key}", TIME_ENTRY_DEFAULTS.replace('.', "/"))) == Some(&Value::Null) =>
        {
            None
        }
        Some((_, why)) => Some(Warning::new(path, WarningKind::WithoutEffect { why })),
        None => Some(Warning::new(path, WarningKind::Unknown)),
    }
}

/// A template that cannot be used costs no session, hence a warning; of a later release, or misspelt, it is unknown.
fn bad_templates(document: &Document) -> impl Iterator<Item = Warning> {
    let (_, problems) = Templates::new(&document.templates);
    problems.into_iter().map(|TemplateProblem { template, what }| {
        let is_known = TEMPLATE_NAMES.contains(&template.as_str());
        let kind = if is_known { WarningKind::BadTemplate { what } } else { WarningKind::Unknown };
        Warning::new(format!("templates.{template}"), kind)
    })
}

/// Tickets are created when a representative joins; where that is not heard of, at the end of the session.
fn creation_not_heard_of(document: &Document) -> Option<Warning> {
    let creates = document.autotask.ticket.create != TicketCreation::Off;
    let why = "tickets are created only at the end of sessions, for this event is switched off";
    let path = "events.support_conference_member_added";
    let is_off = !document.is_enabled(EventKind::SupportConferenceMemberAdded);
    (creates && is_off).then(|| Warning::new(path, WarningKind::WithoutEffect { why }))
}

fn second_note_for_nobody(document: &Document) -> Option<Warning> {
    let note = document.autotask.note.settings();
    let kind = WarningKind::WithoutEffect { why: "customers see the session note itself" };
    (note.also_customer && !note.has_customer_note()).then(|| Warning::new("autotask.note.also_customer", kind))
}

fn insecure_settings(document: &Document) -> Vec<Warning> {
    const READABLE: &str = "credentials and sessions can be read on the way";
    const UNPROVEN: &str = "any server is taken for the appliance";
    let (appliance, autotask) = (&document.appliance, &document.autotask);
    let autotask_is_plain = autotask.zone_url.as_ref().is_some_and(|url| url.scheme() == "http");
    let settings = [
        ("appliance.allow_plain_http", appliance.url.scheme() == "http", READABLE),
        ("appliance.allow_invalid_certificates", appliance.allow_invalid_certificates, UNPROVEN),
        ("autotask.allow_plain_http", autotask_is_plain, READABLE),
    ];
    let insecure = settings.into_iter().filter(|(_, is_so, _)| *is_so);
    insecure.map(|(path, _, risk)| Warning::new(path, WarningKind::Insecure { risk })).collect()
}
