//! The settings that schedules choose from, kept once made: compiling templates takes longer than a schedule.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use delivery::{ApiUser, DocumentVersion, Pace, Rules, Words};
use session::event::EventKind;
use session::external_key::KeyRules;
use session::settings::{
    Beneficiary, Mode, NoteSettings, Overlap, SHADOW_DAYS_DEFAULT, Settings, TicketCreation, TimeEntrySettings,
};
use texts::{Redactor, Templates};

/// Which settings are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Choice {
    pub(crate) mode: ModeChoice,
    pub(crate) events_off: EventsOff,
    /// An administrator has changed the templates.
    pub(crate) other_templates: bool,
    /// A time entry for each representative, not for the primary one alone.
    pub(crate) each: bool,
    /// A shorter note for the customer beside the session note.
    pub(crate) also_customer: bool,
    /// A person is told of time that overlaps.
    pub(crate) tells_overlaps: bool,
    pub(crate) patience: Patience,
    /// The vendor's 300 seconds are waited for.
    pub(crate) waits: bool,
    /// Which API user the document names.
    pub(crate) user: u8,
    /// Sessions without a ticket get one.
    pub(crate) creates_tickets: bool,
    /// How often the document has been changed.
    pub(crate) version: u8,
}

/// [`Mode`], with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ModeChoice {
    Deliver,
    Shadow,
    Hold,
    Off,
}

/// Which events are switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EventsOff {
    Nothing,
    End,
    Surveys,
}

/// How long an event is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Patience {
    AnHour,
    /// Longer than whatever passes may last, with bad luck on top: with 6 hours one schedule in a million had that much.
    HalfADay,
    /// As it is in earnest.
    ThreeDays,
}

impl Patience {
    pub(crate) const fn hours(self) -> u32 {
        match self {
            Self::AnHour => 1,
            Self::HalfADay => 12,
            Self::ThreeDays => 72,
        }
    }
}

/// The rules of that choice, without `deliver_from`.
pub(crate) fn rules(choice: Choice) -> Arc<Rules> {
    static MADE: Mutex<BTreeMap<Choice, Arc<Rules>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(rules) = made.get(&choice) {
        return Arc::clone(rules);
    }
    let plain = Choice { user: 0, version: 0, ..choice };
    let plain = Arc::clone(made.entry(plain).or_insert_with(|| Arc::new(make(plain))));
    let of_document =
        Rules { document: DocumentVersion(choice.version.to_string()), api_user: api_user(choice.user), ..Rules::clone(&plain) };
    Arc::clone(made.entry(choice).or_insert_with(|| Arc::new(of_document)))
}

/// The API user of that number.
pub(crate) fn api_user(user: u8) -> ApiUser {
    ApiUser(format!("user {user}"))
}

fn make(choice: Choice) -> Rules {
    let hours = choice.patience.hours();
    let surveys = [EventKind::SupportConferenceCustomerExitSurveyCompleted, EventKind::SupportConferenceRepExitSurveyCompleted];
    let end = [EventKind::SupportConferenceEnd];
    let mut enabled_events = match choice.events_off {
        EventsOff::Nothing => [&end[..], &surveys].concat(),
        EventsOff::End => surveys.to_vec(),
        EventsOff::Surveys => end.to_vec(),
    };
    if choice.creates_tickets {
        enabled_events.push(EventKind::SupportConferenceMemberAdded);
    }
    // Short texts: what they say is tested elsewhere, and a schedule renders dozens.
    let sign = if choice.other_templates { "B" } else { "A" };
    let text = |name: &str| match name {
        "session_note" => format!("{sign} {{{{#each timeline}}}}{{{{text}}}}\n{{{{/each}}}}"),
        // What it says tells which survey it is.
        "customer_survey" | "representative_survey" => "{{#each answers}}{{answer}}{{/each}}".to_owned(),
        _ => sign.to_owned(),
    };
    let templates: BTreeMap<String, String> = [
        "session_note",
        "customer_note",
        "customer_survey",
        "representative_survey",
        "time_entry_summary",
        "time_entry_internal",
    ]
    .into_iter()
    .map(|name| (name.to_owned(), text(name)))
    .collect();
    let settings = Settings {
        mode: match choice.mode {
            ModeChoice::Deliver => Mode::Deliver,
            ModeChoice::Shadow => Mode::Shadow,
            ModeChoice::Hold => Mode::Hold,
            ModeChoice::Off => Mode::Off,
        },
        deliver_from: None,
        shadow_days: SHADOW_DAYS_DEFAULT,
        time_zone: jiff::tz::TimeZone::UTC,
        retry_hours: end.into_iter().chain(surveys).map(|event| (event, hours)).collect(),
        enabled_events,
        stale_ticket_days: 90,
        unknown_write_wait_seconds: if choice.waits { 300 } else { 0 },
        note: NoteSettings { also_customer: choice.also_customer, ..NoteSettings::default() },
        time_entry: TimeEntrySettings {
            enabled: true,
            default_domain: Some("example.com".to_owned()),
            overlap: if choice.tells_overlaps { Overlap::Tell } else { Overlap::Allow },
            beneficiary: if choice.each { Beneficiary::Each } else { Beneficiary::Primary },
            ..TimeEntrySettings::default()
        },
        ticket_creation: if choice.creates_tickets { TicketCreation::Always } else { TicketCreation::Off },
        templates,
    };
    let (templates, problems) = Templates::new(&settings.templates);
    assert!(problems.is_empty(), "{problems:?}");
    Rules {
        settings,
        templates,
        redactor: Redactor::default(),
        keys: KeyRules::new(r"T\d{8}\.\d+", None),
        pace: Pace::default(),
        document: DocumentVersion(choice.version.to_string()),
        api_user: api_user(choice.user),
        words: Words {
            ticketing: "Autotask",
            source_credentials: "check the API account",
            ticketing_credentials: "check the API user",
        },
    }
}
