//! The settings that schedules choose from, made once: compiling templates takes longer than a schedule.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use session::delivery::{ApiUser, DocumentVersion, Pace, Rules};
use session::event::EventKind;
use session::render::Templates;
use session::settings::{Beneficiary, Mode, NoteSettings, Settings, TimeEntrySettings};

/// Which settings are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Choice {
    pub(crate) mode: ModeChoice,
    /// An administrator has changed the templates.
    pub(crate) other_templates: bool,
    /// A time entry for each representative, not for the primary one alone.
    pub(crate) each: bool,
    /// An hour of retries instead of six.
    pub(crate) impatient: bool,
    /// The vendor's 300 seconds are waited for.
    pub(crate) waits: bool,
}

/// [`Mode`], with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ModeChoice {
    Deliver,
    Shadow,
    Hold,
    Off,
}

/// Longer than whatever passes may last, with bad luck on top: with 6 hours one schedule in a million had that much.
pub(crate) const RETRY_HOURS: u32 = 12;
pub(crate) const RETRY_HOURS_IMPATIENT: u32 = 1;

/// The rules of that choice.
pub(crate) fn rules(choice: Choice) -> Arc<Rules> {
    static ALL: LazyLock<BTreeMap<Choice, Arc<Rules>>> = LazyLock::new(|| {
        let both = [false, true];
        let mut all = BTreeMap::new();
        for mode in [ModeChoice::Deliver, ModeChoice::Shadow, ModeChoice::Hold, ModeChoice::Off] {
            for (other_templates, each) in both.into_iter().flat_map(|first| both.map(|second| (first, second))) {
                for (impatient, waits) in both.into_iter().flat_map(|first| both.map(|second| (first, second))) {
                    let choice = Choice { mode, other_templates, each, impatient, waits };
                    all.insert(choice, Arc::new(make(choice)));
                }
            }
        }
        all
    });
    Arc::clone(&ALL[&choice])
}

fn make(choice: Choice) -> Rules {
    let hours = if choice.impatient { RETRY_HOURS_IMPATIENT } else { RETRY_HOURS };
    let events = [
        EventKind::SupportConferenceEnd,
        EventKind::SupportConferenceCustomerExitSurveyCompleted,
        EventKind::SupportConferenceRepExitSurveyCompleted,
    ];
    // Short texts: what they say is tested elsewhere, and a schedule renders dozens.
    let sign = if choice.other_templates { "B" } else { "A" };
    let chat = "{{#each timeline}}{{text}}\n{{/each}}";
    let templates: BTreeMap<String, String> =
        ["session_note", "customer_survey", "representative_survey", "time_entry_summary", "time_entry_internal"]
            .into_iter()
            .map(|name| (name.to_owned(), if name == "session_note" { format!("{sign} {chat}") } else { sign.to_owned() }))
            .collect();
    let settings = Settings {
        mode: match choice.mode {
            ModeChoice::Deliver => Mode::Deliver,
            ModeChoice::Shadow => Mode::Shadow,
            ModeChoice::Hold => Mode::Hold,
            ModeChoice::Off => Mode::Off,
        },
        deliver_from: None,
        shadow_days: session::settings::SHADOW_DAYS_DEFAULT,
        time_zone: jiff::tz::TimeZone::UTC,
        retry_hours: events.into_iter().map(|event| (event, hours)).collect(),
        enabled_events: events.to_vec(),
        external_key_pattern: None,
        stale_ticket_days: 90,
        unknown_write_wait_seconds: if choice.waits { 300 } else { 0 },
        note: NoteSettings::default(),
        time_entry: TimeEntrySettings {
            enabled: true,
            default_domain: Some("example.com".to_owned()),
            beneficiary: if choice.each { Beneficiary::Each } else { Beneficiary::Primary },
            ..TimeEntrySettings::default()
        },
        templates,
    };
    let (templates, problems) = Templates::new(&settings.templates);
    assert!(problems.is_empty(), "{problems:?}");
    Rules {
        settings,
        templates,
        key_pattern: None,
        pace: Pace::default(),
        document: DocumentVersion::default(),
        api_user: ApiUser::default(),
    }
}
