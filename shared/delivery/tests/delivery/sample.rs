//! One support session, the events it causes and the settings it is delivered by. Invented people and data.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use session::event::{EventKind, OutboundEvent};
use session::ids::Gsnumber;
use session::settings::{Mode, NoteSettings, Overlap, Settings, TicketCreation, TimeEntrySettings};
use session::support_session::{
    Actor, ActorKind, PersonReference, Representative, SessionEvent, SessionEventKind, SupportSession, Survey,
};

pub(crate) const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";
pub(crate) const TICKET: &str = "T20250318.0042";
pub(crate) const CUSTOMER: i64 = 311;
pub(crate) const DANA: i64 = 302;

/// When the session of these tests ends, and its event is received.
pub(crate) fn end() -> Timestamp {
    "2025-03-18T13:27:20Z".parse().unwrap()
}

pub(crate) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

pub(crate) fn settings() -> Settings {
    Settings {
        mode: Mode::Deliver,
        deliver_from: None,
        shadow_days: session::settings::SHADOW_DAYS_DEFAULT,
        time_zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
        retry_hours: BTreeMap::new(),
        enabled_events: vec![
            EventKind::SupportConferenceEnd,
            EventKind::SupportConferenceCustomerExitSurveyCompleted,
            EventKind::SupportConferenceRepExitSurveyCompleted,
        ],
        stale_ticket_days: 90,
        unknown_write_wait_seconds: 300,
        note: NoteSettings::default(),
        time_entry: TimeEntrySettings {
            enabled: true,
            default_domain: Some("example.com".to_owned()),
            // One call less to be counted; the tests of overlaps look.
            overlap: Overlap::Allow,
            ..TimeEntrySettings::default()
        },
        ticket_creation: TicketCreation::Off,
        templates: BTreeMap::new(),
    }
}

/// 25 minutes of Dana Whitfield's, for that external key.
pub(crate) fn session(external_key: Option<&str>) -> SupportSession {
    SupportSession {
        sequence: Some(48213),
        started_at: Some(end() - seconds(25 * 60)),
        ended_at: Some(end()),
        external_key: external_key.map(str::to_owned),
        primary_representative: Some(PersonReference {
            gsnumber: Some(Gsnumber(DANA)),
            id: Some("17".to_owned()),
            name: "Dana Whitfield".to_owned(),
        }),
        representatives: vec![Representative {
            gsnumber: Some(Gsnumber(DANA)),
            id: Some("17".to_owned()),
            username: Some("dwhitfield".to_owned()),
            private_display_name: Some("Dana Whitfield".to_owned()),
            primary: true,
            seconds_involved: Some(24 * 60),
            ..Representative::default()
        }],
        ..SupportSession::empty(LSID.parse().unwrap())
    }
}

/// The session with a chat of so many characters.
pub(crate) fn talkative(characters: usize) -> SupportSession {
    let line = "Have you tried to turn it off and on again? ".repeat(characters / 44 + 1);
    let customer = Actor { kind: ActorKind::Customer, gsnumber: Some(Gsnumber(CUSTOMER)), name: "Jo Miller".to_owned() };
    let chat = SessionEvent {
        at: Some(end() - seconds(600)),
        kind: SessionEventKind::ChatMessage,
        performed_by: Some(customer),
        destination: None,
        body: Some(line),
        files: Vec::new(),
        data: Vec::new(),
        system_information: Vec::new(),
    };
    SupportSession { events: vec![chat], ..session(Some(TICKET)) }
}

pub(crate) fn survey(gsnumber: i64) -> Survey {
    Survey { gsnumber: Some(Gsnumber(gsnumber)), answers: vec![("rating".to_owned(), "5".to_owned())] }
}

/// An event of the session's, so many seconds after its end.
pub(crate) fn event(kind: EventKind, seconds_after_end: i64) -> OutboundEvent {
    OutboundEvent {
        kind,
        lsid: LSID.parse().unwrap(),
        timestamp: Some(end() + seconds(seconds_after_end)),
        external_key: None,
        member: None,
    }
}
