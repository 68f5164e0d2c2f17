//! What an administrator can choose, as far as it decides what a session leaves on a ticket.
//!
//! The connection document is the crate `connection`'s, which reads, checks and documents it; of what is here only the choices
//! ([`Mode`], [`Visibility`], [`Span`], [`Beneficiary`], [`Overlap`], [`Rounding`], [`TicketCreation`]) are written in it as they are. What only one ticketing system knows of, such as
//! note types and work types, is a matter of its client.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::event::EventKind;

/// Everything the delivery needs to know of a connection.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether and how to deliver.
    pub mode: Mode,
    /// Sessions that ended earlier are ignored, whatever brings them; `None`: none is ignored for its age.
    pub deliver_from: Option<Timestamp>,
    /// How long the texts of shadow mode are kept; days.
    pub shadow_days: u32,
    /// For the times in notes and for the date worked.
    pub time_zone: TimeZone,
    /// How long an event is tried while a neighbour is down or the report is missing, per event kind; hours.
    pub retry_hours: BTreeMap<EventKind, u32>,
    /// Which events are processed; the others are ignored.
    pub enabled_events: Vec<EventKind>,
    /// A ticket found by bare digits and without activity for so long is unmatched; days.
    pub stale_ticket_days: u32,
    /// How long the vendor may still finish a call whose answer was lost; seconds.
    pub unknown_write_wait_seconds: u32,
    /// How notes are written.
    pub note: NoteSettings,
    /// How time entries are written.
    pub time_entry: TimeEntrySettings,
    /// Which sessions without a ticket get one.
    pub ticket_creation: TicketCreation,
    /// Template name -> Handlebars text, overriding built-in ones.
    pub templates: BTreeMap<String, String>,
}

/// How long an event is tried when nothing else is said; hours.
pub const RETRY_HOURS_DEFAULT: u32 = 72;

/// How long the texts of shadow mode are kept when nothing else is said: a month is enough to compare, and whole chats are in them.
pub const SHADOW_DAYS_DEFAULT: u32 = 30;

/// Whether and how to deliver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Write.
    #[default]
    Deliver,
    /// Decide and render everything, write nothing, keep what would be written.
    Shadow,
    /// Events wait in the queue.
    Hold,
    /// Recorded as ignored (recoverable by backfill).
    Off,
}

/// How notes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoteSettings {
    /// Who can see the session note. Survey notes are always internal.
    pub visibility: Visibility,
    /// Whether a shorter note that the customer can see goes beside the session note.
    pub also_customer: bool,
}

impl NoteSettings {
    /// Whether a shorter note for the customer is written beside the session note: not where they see that one.
    #[must_use]
    pub fn has_customer_note(&self) -> bool {
        self.also_customer && self.visibility != Visibility::Customer
    }

    /// Whether the customer sees any note.
    #[must_use]
    pub fn shows_customer(&self) -> bool {
        self.also_customer || self.visibility == Visibility::Customer
    }
}

/// Who can see a note.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Our own people only.
    #[default]
    Internal,
    /// The customer too: rendered by the customer template, without session notes, links, addresses, system information.
    Customer,
    /// Our own people and co-managed ones.
    InternalAndComanaged,
}

/// Which sessions without a ticket get one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TicketCreation {
    /// None.
    #[default]
    Off,
    /// Those whose external key is a JSON object.
    JsonKey,
    /// All whose external key names no ticket. A ticket number that does not exist is a mistake that a person corrects.
    Always,
}

/// How time entries are written.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeEntrySettings {
    /// Whether they are written at all.
    pub enabled: bool,
    /// Appended to an appliance user name without `@` to make the e-mail address of a resource.
    pub default_domain: Option<String>,
    /// Appliance user name -> e-mail or user name of a resource; compared without case.
    pub resources: BTreeMap<String, String>,
    /// Which time counts.
    pub span: Span,
    /// For whom.
    pub beneficiary: Beneficiary,
    /// Shorter: no entry; seconds.
    pub minimum_seconds: u32,
    /// Longer: refused, for a person to look at; hours, at most 24.
    pub maximum_hours: u32,
    /// The role tried first, by name.
    pub role_name: Option<String>,
    /// The invoice line, the same for every entry; `None`: made by the template.
    pub summary: Option<String>,
    /// Added to the billable time; hours, may be negative.
    pub offset_hours: Option<f64>,
    /// How the billed time is rounded; `None`: it is not.
    pub rounding: Option<Rounding>,
    /// What is billed at least; minutes.
    pub minimum_billed_minutes: u32,
    /// What becomes of an entry that overlaps with other time of the same person.
    pub overlap: Overlap,
}

/// What becomes of a time entry that overlaps with other time of the same person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// It is written, and a person is told.
    #[default]
    Tell,
    /// It is refused, for a person to look at.
    Refuse,
    /// It is written; nobody looks.
    Allow,
}

/// How billed time is rounded. Start and end of an entry stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rounding {
    /// The step, 1 to 240 minutes.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 240)))]
    pub minutes: u32,
    /// Which way.
    pub direction: Direction,
}

/// Which way billed time is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the next step.
    Up,
    /// To the nearest step; from the middle on to the next one.
    Nearest,
}

impl Default for TimeEntrySettings {
    fn default() -> Self {
        Self {
            enabled: false,
            default_domain: None,
            resources: BTreeMap::new(),
            span: Span::default(),
            beneficiary: Beneficiary::default(),
            minimum_seconds: 60,
            maximum_hours: 8,
            role_name: None,
            summary: None,
            offset_hours: None,
            rounding: None,
            minimum_billed_minutes: 0,
            overlap: Overlap::default(),
        }
    }
}

/// Which time counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// From the session's start to its end.
    #[default]
    Session,
    /// From the representative's first join to the last leave.
    Attended,
}

/// For whom time entries are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Beneficiary {
    /// The primary representative.
    #[default]
    Primary,
    /// Each representative who was there.
    Each,
}

/// Names of the templates that can be overridden.
pub const TEMPLATE_NAMES: [&str; 7] = [
    "session_note",
    "session_note_customer",
    "customer_note",
    "customer_survey",
    "representative_survey",
    "time_entry_summary",
    "time_entry_internal",
];
