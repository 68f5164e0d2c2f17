//! Sessions of different shapes for the tests of this crate. Invented people and data.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ids::Gsnumber;
use crate::support_session::{
    Actor, ActorKind, CustomAttribute, Customer, CustomerInfo, FileReference, Links, PersonReference, Representative,
    SessionEvent, SessionEventKind, SupportSession, Survey, SystemCategory,
};

pub const CUSTOMER: i64 = 311;
pub const DANA: i64 = 302;
pub const TOBI: i64 = 305;

/// 18 March 2025, 14:02:11 in Berlin.
pub const START: i64 = 1_742_302_931;

/// 25 minutes and 9 seconds later.
pub const END: i64 = 1_742_304_440;

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// A session with an id, a number, a start and an end; nobody in it.
pub fn bare() -> SupportSession {
    SupportSession {
        sequence: Some(48213),
        started_at: Some(at(START)),
        ended_at: Some(at(END)),
        ..SupportSession::empty("7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap())
    }
}

pub fn customer() -> Customer {
    Customer {
        gsnumber: Some(Gsnumber(CUSTOMER)),
        name: some("Jörg Müller <Lab 2>"),
        hostname: some("LAB2-PC07"),
        operating_system: some("Windows 11 Enterprise x64 (23H2)"),
        public_ip: some("[2001:db8::7]:56722"),
        private_ip: some("10.20.30.40"),
        primary: true,
        info: CustomerInfo {
            name: some("Jörg Müller"),
            company: some("Acme & Sons"),
            company_code: some("ACM"),
            issue: some("Printer"),
            details: some("Label printer offline"),
        },
    }
}

pub fn representative(gsnumber: i64, id: &str, username: &str, private: &str, public: &str) -> Representative {
    Representative {
        gsnumber: Some(Gsnumber(gsnumber)),
        id: some(id),
        username: some(username),
        private_display_name: some(private),
        public_display_name: some(public),
        ..Representative::default()
    }
}

pub fn dana() -> Representative {
    representative(DANA, "17", "dwhitfield", "Dana Whitfield", "Dana W.")
}

pub fn tobi() -> Representative {
    representative(TOBI, "22", "tokafor", "Tobi Okafor", "Tobi O.")
}

pub fn by(kind: ActorKind, gsnumber: i64, name: &str) -> Option<Actor> {
    Some(Actor { kind, gsnumber: Some(Gsnumber(gsnumber)), name: name.to_owned() })
}

pub fn by_customer() -> Option<Actor> {
    by(ActorKind::Customer, CUSTOMER, "Jörg Müller <Lab 2>")
}

pub fn by_dana() -> Option<Actor> {
    by(ActorKind::Representative, DANA, "Dana Whitfield")
}

pub fn by_tobi() -> Option<Actor> {
    by(ActorKind::Representative, TOBI, "Tobi Okafor")
}

pub fn everyone() -> Option<Actor> {
    by(ActorKind::Everyone, 0, "Everyone")
}

pub fn event(second: i64, kind: SessionEventKind, performed_by: Option<Actor>) -> SessionEvent {
    SessionEvent {
        at: Some(at(second)),
        kind,
        performed_by,
        destination: None,
        body: None,
        files: Vec::new(),
        data: Vec::new(),
        system_information: Vec::new(),
    }
}

pub fn chat(second: i64, performed_by: Option<Actor>, destination: Option<Actor>, body: &str) -> SessionEvent {
    SessionEvent { destination, body: some(body), ..event(second, SessionEventKind::ChatMessage, performed_by) }
}

pub fn joined(second: i64, who: Option<Actor>) -> SessionEvent {
    event(second, SessionEventKind::MemberAdded, who)
}

pub fn left(second: i64, who: Option<Actor>) -> SessionEvent {
    event(second, SessionEventKind::MemberDeparted, who)
}

pub fn with_data(mut event: SessionEvent, data: &[(&str, &str)]) -> SessionEvent {
    event.data = data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    event
}

pub fn with_file(mut event: SessionEvent, name: &str, bytes: u64) -> SessionEvent {
    event.files.push(FileReference { name: name.to_owned(), bytes: Some(bytes) });
    event
}

pub fn category(name: &str, rows: &[&[(&str, &str)]]) -> SystemCategory {
    let row = |row: &&[(&str, &str)]| row.iter().map(|(title, value)| ((*title).to_owned(), (*value).to_owned())).collect();
    SystemCategory { name: name.to_owned(), rows: rows.iter().map(row).collect() }
}

fn system_information(second: i64) -> SessionEvent {
    let general = category("General", &[&[("Computer Name", "LAB2-PC07"), ("Memory", "16 GB")]]);
    let disks = category("Disks", &[&[("Drive", "C:"), ("Free", "81 GB")], &[("Drive", "D:"), ("Free", "402 GB")]]);
    SessionEvent {
        system_information: vec![general, disks, category("Printers", &[])],
        ..event(second, SessionEventKind::SystemInformationRetrieved, by_customer())
    }
}

fn other(second: i64, kind: &str, performed_by: Option<Actor>) -> SessionEvent {
    event(second, SessionEventKind::Other(kind.to_owned()), performed_by)
}

/// The session of the README: a printer, two technicians, a file, a shell, a note, chat, noise.
pub fn printer() -> SupportSession {
    let upload = SessionEvent { destination: by_customer(), ..event(1_742_303_333, SessionEventKind::FileUpload, by_dana()) };
    let note = SessionEvent {
        body: some("Replaced driver, cleared spooler. Root cause: update KB-X removed port.\nFollow-up: none."),
        ..event(1_742_304_121, SessionEventKind::SessionNoteAdded, by_dana())
    };
    SupportSession {
        public_site: some("Default"),
        external_key: some("T20250318.0042"),
        custom_attributes: vec![CustomAttribute {
            display_name: "Asset tag".to_owned(),
            code_name: "asset_tag".to_owned(),
            value: "NB-0815".to_owned(),
        }],
        links: Links {
            chat_view: some("https://support.example.com/session_download?lsid=l%3D7d1f&dl_action=chat&view=1"),
            recording_view: some("https://support.example.com/session_download?lsid=l%3D7d1f&dl_action=recording&view=1"),
            command_shells: vec!["https://support.example.com/session_download?x=1&view=1".to_owned()],
            ..Links::default()
        },
        primary_customer: Some(PersonReference {
            gsnumber: Some(Gsnumber(CUSTOMER)),
            id: None,
            name: "Jörg Müller <Lab 2>".to_owned(),
        }),
        primary_representative: Some(PersonReference {
            gsnumber: Some(Gsnumber(DANA)),
            id: some("17"),
            name: "Dana Whitfield".to_owned(),
        }),
        primary_team: some("Service Desk"),
        jump_group: some("Branch offices"),
        customers: vec![customer()],
        representatives: vec![
            Representative { primary: true, seconds_involved: Some(1414), ..dana() },
            Representative { seconds_involved: Some(200), ..tobi() },
        ],
        events: vec![
            event(START, SessionEventKind::SessionStart, None),
            other(START, "Conference Owner Changed", None),
            joined(START + 2, by_customer()),
            joined(1_742_303_026, by_dana()),
            chat(1_742_303_032, by(ActorKind::System, 0, "Remote Support"), everyone(), "Dana W. has joined the session."),
            chat(
                1_742_303_059,
                by_customer(),
                everyone(),
                "The label printer says \"offline\" – since this morning.\nNothing else changed & reboot did not help.",
            ),
            system_information(1_742_303_071),
            with_file(upload, r"C:\Temp\driver.zip", 4_816_220),
            with_data(event(1_742_303_586, SessionEventKind::CommandShellStarted, by_dana()), &[("instance", "0")]),
            with_data(
                other(1_742_303_700, "Session Foreground Window Changed", by_customer()),
                &[("exeName", "mmc.exe"), ("windowName", "Services")],
            ),
            joined(1_742_303_831, by_tobi()),
            chat(1_742_303_900, by_dana(), by_tobi(), "Have you seen KB-X do this elsewhere?"),
            left(1_742_304_031, by_tobi()),
            note,
            SessionEvent { body: some("T20250318.0042"), ..other(1_742_304_135, "External Key", by_dana()) },
            chat(1_742_304_191, by_dana(), everyone(), "BEL character: \u{7} end of output"),
            with_data(other(1_742_304_200, "Some Future Event", None), &[("whatever", "1")]),
            event(END, SessionEventKind::SessionEnd, None),
        ],
        customer_surveys: vec![Survey {
            gsnumber: Some(Gsnumber(CUSTOMER)),
            answers: vec![("rating".to_owned(), "5".to_owned()), ("comments".to_owned(), "Quick help.\nThanks!".to_owned())],
        }],
        representative_surveys: vec![Survey {
            gsnumber: Some(Gsnumber(DANA)),
            answers: vec![("resolved".to_owned(), "Yes".to_owned())],
        }],
        ..bare()
    }
}
