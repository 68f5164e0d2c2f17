//! What a test may change about an Autotask tenant: credentials, permissions and system settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::refusals::Refusal;

/// The API user. `PATCH _sim/credentials` changes the given ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) secret: String,
    pub(crate) integration_code: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            username: "bridge@acme.example".to_owned(),
            secret: "autotask-secret$#".to_owned(),
            integration_code: "TRACKINGIDENTIFIER000000001".to_owned(),
        }
    }
}

/// How the tenant behaves. `PATCH _sim/settings` changes the given ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// What zoneInformation answers instead of this tenant's own URL.
    pub(crate) zone_url: Option<String>,
    /// The tenant has moved to another zone: every call with credentials is answered 401.
    pub(crate) moved: bool,
    /// Calls at once per entity.
    pub(crate) thread_limit: usize,
    /// Status of the refusal of one call more; other texts than 429 have been seen.
    pub(crate) thread_limit_status: u16,
    /// Calls per rolling 60 minutes.
    pub(crate) hourly_threshold: usize,
    /// A row that does not exist, by id: `null_item` or `not_found`. Clients have seen both.
    pub(crate) missing_row: MissingRow,
    /// Rights by entity (its path); what is not listed is allowed.
    pub(crate) permissions: BTreeMap<String, Permission>,
    /// Rows that silently disappear from reads, by entity (its path).
    pub(crate) restricted: BTreeMap<String, Restriction>,
    /// Who may enter time for others.
    pub(crate) proxy_time_entry: ProxyTimeEntry,
    /// "Allow time entries to span over midnight".
    pub(crate) span_over_midnight: bool,
    /// "Allow users to modify Role when creating/editing time entries on tickets".
    pub(crate) modify_role: bool,
    /// Whether time may be entered on complete tickets.
    pub(crate) time_on_complete_tickets: bool,
    /// Whether `summaryNotes` may be left out.
    pub(crate) summary_notes_required: bool,
    /// Days (`2025-03-18`) up to this one belong to submitted timesheets.
    pub(crate) timesheets_submitted_until: Option<jiff::civil::Date>,
    /// The same for single resources, by id.
    pub(crate) timesheets_submitted: BTreeMap<i64, jiff::civil::Date>,
    /// Writes that are refused one by one.
    pub(crate) refusals: Vec<Refusal>,
    /// The sentence for a role that the resource does not hold; three are known.
    pub(crate) role_refusal: String,
    /// "Require titles on ticket notes".
    pub(crate) note_title_required: bool,
    /// Whether other resources may be impersonated.
    pub(crate) impersonation: bool,
    /// Texts lose what Windows-1252 does not have (seen at one tenant).
    pub(crate) windows_1252: bool,
    /// Extensions that attachments may have, in lower case.
    pub(crate) attachment_extensions: Vec<String>,
    /// Largest attachment, decoded.
    pub(crate) attachment_bytes_max: usize,
    /// Most bytes of attachments in five minutes; then none for five minutes.
    pub(crate) attachment_window_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone_url: None,
            moved: false,
            thread_limit: 3,
            thread_limit_status: 429,
            hourly_threshold: 10_000,
            missing_row: MissingRow::NullItem,
            permissions: BTreeMap::new(),
            restricted: BTreeMap::new(),
            proxy_time_entry: ProxyTimeEntry::Administrators,
            span_over_midnight: true,
            modify_role: true,
            time_on_complete_tickets: true,
            summary_notes_required: false,
            timesheets_submitted_until: None,
            timesheets_submitted: BTreeMap::new(),
            refusals: Vec::new(),
            role_refusal: "There is no row at position 0.".to_owned(),
            note_title_required: true,
            impersonation: false,
            windows_1252: false,
            attachment_extensions: ["txt", "log", "csv", "pdf", "png", "jpg", "zip"].map(str::to_owned).to_vec(),
            attachment_bytes_max: 6_000_000,
            attachment_window_bytes: 10_000_000,
        }
    }
}

/// How a row that does not exist is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingRow {
    /// 200 `{"item":null}`
    NullItem,
    /// 404
    NotFound,
}

/// Rights on an entity.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Permission {
    pub(crate) create: bool,
    pub(crate) query: bool,
    pub(crate) update: bool,
    pub(crate) delete: bool,
}

impl Default for Permission {
    fn default() -> Self {
        Self { create: true, query: true, update: true, delete: true }
    }
}

/// Which rows disappear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Restriction {
    /// All.
    All,
    /// Those that the API user itself has made.
    Own,
    /// Those that are not active.
    Inactive,
}

/// The system setting "Proxy Time Entry".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProxyTimeEntry {
    /// Everybody enters their own time only.
    Disabled,
    /// Timesheet approvers may; the API user is none.
    Approvers,
    /// Administrators may, too; the API user counts as one (observed by clients).
    Administrators,
}
