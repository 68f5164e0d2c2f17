//! The document's section `autotask`: how the tenant is reached, and how notes, time entries and tickets are written there. Its doc
//! comments are the descriptions of the JSON Schema, so they speak to the administrator; the schema's defaults are these types, serialised.
//!
//! What any ticketing system has goes to the delivery as [`NoteSettings`] and [`TimeEntrySettings`]; what Autotask alone knows goes to
//! its client.

use std::collections::BTreeMap;

use regex_lite::Regex;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use session::settings::{Beneficiary, NoteSettings, Overlap, Rounding, Span, TicketCreation, TimeEntrySettings, Visibility};
use url::Url;

use crate::value;

/// How Autotask is reached, and what is written there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct AutotaskConnection {
    /// The tenant's own address, as in `https://webservices19.autotask.net/ATServicesRest/`. Default: Autotask is asked for it.
    #[serde(default, deserialize_with = "value::optional_http_url")]
    #[schemars(with = "Option<String>", extend("format" = "uri"))]
    pub zone_url: Option<Url>,
    /// The API user's name (Username, Key).
    #[serde(deserialize_with = "value::text")]
    pub username: String,
    /// What Autotask calls Password (Secret).
    #[serde(deserialize_with = "value::secret")]
    #[schemars(with = "String")]
    pub secret: SecretString,
    /// What Autotask calls Tracking Identifier.
    #[serde(deserialize_with = "value::secret")]
    #[schemars(with = "String")]
    pub integration_code: SecretString,
    /// Accept an `http:` address. Everything, credentials too, can then be read on the way: for trials only.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// Regular expression whose first group is the ticket in an external key. Default: the first `T` with eight digits, a
    /// dot and digits; else a key of digits alone is a ticket id.
    #[serde(default, deserialize_with = "value::pattern")]
    #[schemars(with = "Option<String>", extend("format" = "regex", "default" = null))]
    pub external_key_pattern: Option<Regex>,
    /// A ticket found by bare digits and without activity for so long is unmatched, since digits may be a phone number; days.
    #[serde(default = "stale_ticket_days_default")]
    pub stale_ticket_days: u32,
    /// How long Autotask may still finish a call whose answer was lost, before the write is looked up for good; seconds.
    #[serde(default = "unknown_write_wait_seconds_default")]
    pub unknown_write_wait_seconds: u32,
    /// How notes are written.
    #[serde(default)]
    pub note: AutotaskNote,
    /// How time entries are written.
    #[serde(default)]
    pub time_entry: AutotaskTimeEntry,
    /// How tickets are created.
    #[serde(default)]
    pub ticket: AutotaskTicket,
}

/// How tickets are created.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AutotaskTicket {
    /// Which sessions without a ticket get one when a representative joins: `off` (or `false`): none; `json_key` (or `true`): those
    /// whose external key is a JSON object; `always`: all whose key names no ticket.
    #[serde(deserialize_with = "value::ticket_creation")]
    #[schemars(with = "value::TicketCreationChoice")]
    pub create: TicketCreation,
    /// How long after its creation a ticket is due, where neither `defaults` nor the key says so; hours.
    pub due_hours: u32,
    /// Fields of every ticket: the old plugin's names and the REST names both work; `null` means not set. Values in the
    /// external key come first.
    #[serde(deserialize_with = "value::scalars")]
    #[schemars(with = "BTreeMap<String, Option<value::Scalar>>")]
    pub defaults: BTreeMap<String, Value>,
}

impl Default for AutotaskTicket {
    fn default() -> Self {
        Self { create: TicketCreation::Off, due_hours: 24, defaults: BTreeMap::new() }
    }
}

/// How notes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AutotaskNote {
    /// The tenant's note type id. 1, 2 and 3 are safe for an integration.
    #[serde(rename = "type")]
    pub note_type: i32,
    /// Who can see the session note. Survey notes are always internal.
    pub visibility: Visibility,
    /// Whether a second, shorter note that the customer can see goes beside the session note.
    pub also_customer: bool,
}

impl Default for AutotaskNote {
    fn default() -> Self {
        Self { note_type: 1, visibility: Visibility::default(), also_customer: false }
    }
}

impl AutotaskNote {
    /// What any ticketing system has of it.
    #[must_use]
    pub const fn settings(self) -> NoteSettings {
        NoteSettings { visibility: self.visibility, also_customer: self.also_customer }
    }
}

/// How time entries are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AutotaskTimeEntry {
    /// Whether they are written at all.
    pub enabled: bool,
    /// Appended to an appliance user name without `@` to make the e-mail address of an Autotask resource.
    pub default_domain: Option<String>,
    /// Appliance user name -> Autotask e-mail or user name; compared without case.
    pub resources: BTreeMap<String, String>,
    /// Which time counts.
    pub span: Span,
    /// For whom.
    #[serde(rename = "for")]
    pub beneficiary: Beneficiary,
    /// Shorter: no entry; seconds.
    pub minimum_seconds: u32,
    /// Longer: refused, for a person to look at; hours, at most 24.
    pub maximum_hours: u32,
    /// How the billed time is rounded; start and end of an entry stay true. Default: it is not.
    pub rounding: Option<Rounding>,
    /// What is billed at least; minutes.
    pub minimum_billed_minutes: u32,
    /// What becomes of an entry that overlaps with other time of the same resource.
    pub overlap: Overlap,
    /// Fields of every entry.
    pub defaults: TimeEntryDefaults,
}

/// Fields of every time entry: the old plugin's names and the REST names both work. `null` means "not set".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TimeEntryDefaults {
    /// The role tried first, by name.
    pub role_name: Option<String>,
    /// The invoice line, the same for every entry.
    pub summary_notes: Option<String>,
    /// Work type.
    #[serde(rename = "billingCodeID", alias = "allocationCodeID")]
    pub billing_code_id: Option<i64>,
    /// Contract.
    #[serde(rename = "contractID")]
    pub contract_id: Option<i64>,
    /// Added to the billable time; hours, may be negative.
    pub offset_hours: Option<f64>,
    /// Not to be billed.
    pub is_non_billable: Option<bool>,
    /// Shown on the invoice.
    pub show_on_invoice: Option<bool>,
}

/// As the delivery has it where nothing is said.
impl Default for AutotaskTimeEntry {
    fn default() -> Self {
        let settings = TimeEntrySettings::default();
        Self {
            enabled: settings.enabled,
            default_domain: settings.default_domain,
            resources: settings.resources,
            span: settings.span,
            beneficiary: settings.beneficiary,
            minimum_seconds: settings.minimum_seconds,
            maximum_hours: settings.maximum_hours,
            rounding: settings.rounding,
            minimum_billed_minutes: settings.minimum_billed_minutes,
            overlap: settings.overlap,
            defaults: TimeEntryDefaults::default(),
        }
    }
}

impl AutotaskTimeEntry {
    /// What any ticketing system has of it.
    #[must_use]
    pub fn settings(&self) -> TimeEntrySettings {
        TimeEntrySettings {
            enabled: self.enabled,
            default_domain: self.default_domain.clone(),
            resources: self.resources.clone(),
            span: self.span,
            beneficiary: self.beneficiary,
            minimum_seconds: self.minimum_seconds,
            maximum_hours: self.maximum_hours,
            role_name: self.defaults.role_name.clone(),
            summary: self.defaults.summary_notes.clone(),
            offset_hours: self.defaults.offset_hours,
            rounding: self.rounding,
            minimum_billed_minutes: self.minimum_billed_minutes,
            overlap: self.overlap,
        }
    }
}

fn stale_ticket_days_default() -> u32 {
    90
}

fn unknown_write_wait_seconds_default() -> u32 {
    300
}
