//! The document's types, as they are written in JSON. Doc comments here become the descriptions of the JSON Schema, so
//! they speak to the administrator.
//!
//! Nothing here checks what needs more than one value to be judged: `check` does, right after parsing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use session::EventKind;
use session::settings::{Mode, RETRY_HOURS_DEFAULT, SHADOW_DAYS_DEFAULT, Settings, TicketCreation};
use url::Url;

use crate::autotask::AutotaskConnection;
use crate::events::{EventSetting, Events};
use crate::redact::Redact;
use crate::value;

/// The settings of one appliance and of the Autotask tenant that its sessions are written to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(title = "Session Bridge connection document")]
pub struct Document {
    /// The version of this format: 1.
    #[serde(deserialize_with = "value::version")]
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// A name for people, shown in notices beside the appliance id. Default: none.
    #[serde(default)]
    pub name: String,
    /// `deliver`: write. `shadow`: decide and render everything, write nothing, keep what would be written. `hold`: events
    /// wait in the queue (14 days at most). `off`: events are recorded as ignored. The mode in which a session's end is first seen
    /// decides for good whether its note and its time entry are wanted.
    #[serde(default)]
    pub mode: Mode,
    /// Sessions that ended earlier are ignored, whatever brings them. RFC 3339. Default: none is ignored for its age. Not needed at
    /// cut-over: a session whose end was first seen in mode `shadow` or `off` belongs to whoever wrote then, and is written only
    /// when an operator replays it, after a look at the ticket; its later surveys are written.
    #[serde(default, deserialize_with = "value::moment")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub deliver_from: Option<Timestamp>,
    /// How long the texts of mode `shadow` are kept after the session's last change; days.
    #[serde(default = "shadow_days_default")]
    pub shadow_days: u32,
    /// IANA name, as in `Europe/Berlin`: for the times in notes and for the day of a time entry.
    #[serde(deserialize_with = "value::time_zone")]
    #[schemars(with = "String")]
    pub time_zone: TimeZone,
    /// How long an event is tried while a neighbour is down or the report is missing; hours.
    #[serde(default = "retry_hours_default")]
    pub retry_hours: u32,
    /// Event name -> `true`, `false`, or an object with settings of its own (which means `true`). Default: session end and
    /// the two surveys are on, the others off; `support_conference_member_added` is on when `autotask.ticket.create` is.
    #[serde(default)]
    pub events: Events,
    /// The appliance.
    pub appliance: ApplianceConnection,
    /// Asking the appliance for sessions that no event told of.
    #[serde(default)]
    pub polling: Polling,
    /// When people are told of the daily statement. It is made and kept in any case, if `polling.enabled` is.
    #[serde(default)]
    pub statement: StatementNotice,
    /// The Autotask tenant.
    pub autotask: AutotaskConnection,
    /// What is taken out of texts before they leave for a ticket.
    #[serde(default)]
    pub redact: Redact,
    /// Template name -> Handlebars text, in place of the built-in template of that name.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
}

/// How the appliance is reached.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ApplianceConnection {
    /// Its address, as in `https://support.example.com`.
    #[serde(deserialize_with = "value::http_url")]
    #[schemars(with = "String", extend("format" = "uri"))]
    pub url: Url,
    /// An OAuth API account of the appliance (16.2 and later). Either this or `password`.
    #[serde(default)]
    pub(crate) oauth: Option<OAuth>,
    /// A user of the appliance, for versions before 16.2. Either this or `oauth`.
    #[serde(default)]
    pub(crate) password: Option<Password>,
    /// The language of reports, as in `en-us`. Event types do not depend on it.
    #[serde(default = "locale_default", deserialize_with = "value::locale")]
    pub locale: String,
    /// A certificate authority to trust for the appliance, besides the public ones; PEM, several in one text are fine.
    #[serde(default, deserialize_with = "value::certificate")]
    pub ca_certificate: Option<String>,
    /// Accept any certificate. Whoever is in between can then read and change everything: for trials only.
    #[serde(default)]
    pub allow_invalid_certificates: bool,
    /// Accept an `http:` address. Everything, credentials too, can then be read on the way: for trials only.
    #[serde(default)]
    pub allow_plain_http: bool,
}

/// An OAuth API account.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct OAuth {
    /// Its client id.
    #[serde(deserialize_with = "value::text")]
    pub client_id: String,
    /// Its client secret.
    #[serde(deserialize_with = "value::secret")]
    #[schemars(with = "String")]
    pub client_secret: SecretString,
}

/// A user of the appliance.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Password {
    /// The user name.
    #[serde(deserialize_with = "value::text")]
    pub username: String,
    /// The password.
    #[serde(deserialize_with = "value::secret")]
    #[schemars(with = "String")]
    pub password: SecretString,
}

/// Who we are to the appliance.
#[derive(Debug, Clone, Copy)]
pub enum ApplianceCredentials<'a> {
    /// An OAuth API account.
    OAuth(&'a OAuth),
    /// A user.
    Password(&'a Password),
}

impl ApplianceConnection {
    /// Who we are to the appliance.
    #[must_use]
    pub fn credentials(&self) -> ApplianceCredentials<'_> {
        match (&self.oauth, &self.password) {
            (Some(oauth), _) => ApplianceCredentials::OAuth(oauth),
            (None, password) => {
                ApplianceCredentials::Password(password.as_ref().expect("a document without either is refused when parsed"))
            }
        }
    }
}

/// Asking the appliance for sessions that no event told of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Polling {
    /// Whether it is done.
    pub enabled: bool,
    /// How far before the last answer each question begins, so that a session that ended meanwhile is not missed; hours.
    pub overlap_hours: u32,
    /// How long after its end a session that no event told of is looked at again, for a survey that came later and for a session that
    /// was listed late; hours, each 1 to 2160. None: it is not.
    #[schemars(length(max = 8), inner(range(min = 1, max = 2160)))]
    pub look_again_hours: Vec<u32>,
}

impl Default for Polling {
    fn default() -> Self {
        Self { enabled: false, overlap_hours: 2, look_again_hours: vec![1, 6, 24, 72] }
    }
}

/// When people are told of the daily statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatementNotice {
    /// Every day.
    Daily,
    /// If a session is not at its end.
    #[default]
    Exceptions,
    /// Never: somebody else looks at the statements.
    Off,
}

fn retry_hours_default() -> u32 {
    RETRY_HOURS_DEFAULT
}

fn shadow_days_default() -> u32 {
    SHADOW_DAYS_DEFAULT
}

fn locale_default() -> String {
    "en-us".to_owned()
}

impl Document {
    /// What the delivery needs to know, but for the key's pattern ([`AutotaskConnection::external_key_pattern`]).
    #[must_use]
    pub fn settings(&self) -> Settings {
        let autotask = &self.autotask;
        Settings {
            mode: self.mode,
            deliver_from: self.deliver_from,
            shadow_days: self.shadow_days,
            time_zone: self.time_zone.clone(),
            retry_hours: EventKind::ALL.into_iter().map(|kind| (kind, self.retry_hours_of(kind))).collect(),
            enabled_events: EventKind::ALL.into_iter().filter(|kind| self.is_enabled(*kind)).collect(),
            stale_ticket_days: autotask.stale_ticket_days,
            unknown_write_wait_seconds: autotask.unknown_write_wait_seconds,
            note: autotask.note.settings(),
            time_entry: autotask.time_entry.settings(),
            ticket_creation: autotask.ticket.create,
            templates: self.templates.clone(),
        }
    }

    /// Whether events of that kind are processed; others are ignored.
    #[must_use]
    pub fn is_enabled(&self, kind: EventKind) -> bool {
        match self.events.of(kind) {
            Some(EventSetting::Off) => false,
            Some(EventSetting::On | EventSetting::With(_)) => true,
            None => match kind {
                EventKind::SupportConferenceEnd
                | EventKind::SupportConferenceCustomerExitSurveyCompleted
                | EventKind::SupportConferenceRepExitSurveyCompleted => true,
                EventKind::SupportConferenceMemberAdded => self.autotask.ticket.create != TicketCreation::Off,
                EventKind::SupportConferenceBegin
                | EventKind::SupportConferenceOwnerChanged
                | EventKind::SupportConferenceMemberDeparted => false,
            },
        }
    }

    fn retry_hours_of(&self, kind: EventKind) -> u32 {
        match self.events.of(kind) {
            Some(EventSetting::With(options)) => options.retry_hours.unwrap_or(self.retry_hours),
            _ => self.retry_hours,
        }
    }
}
