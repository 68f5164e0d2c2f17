//! What a test may change about an appliance: credentials and settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Who may call. `PATCH _sim/credentials` changes the given ones and invalidates all tokens, as regenerating a secret does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            client_id: "bridge".to_owned(),
            client_secret: "appliance-secret".to_owned(),
            username: "integration".to_owned(),
            password: "legacy-secret".to_owned(),
        }
    }
}

/// How the appliance behaves. `PATCH _sim/settings` changes the given ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Life of a token.
    pub(crate) token_lifetime_seconds: i64,
    /// Valid tokens per account; one more silently invalidates the oldest.
    pub(crate) tokens_max: usize,
    /// How the answer spells it; consumers have seen `bearer` too.
    pub(crate) token_type: String,
    /// What a report says when it has found nothing.
    pub(crate) nothing_found: NothingFound,
    /// Whether lists hold more of a session than the vendor's reference names.
    pub(crate) listing: ListingDetail,
    /// Whether the second in which a window ends belongs to it.
    pub(crate) window_end: WindowEnd,
    /// What every report says instead of itself: an `<error>` with this text; none: nothing.
    pub(crate) report_error: Option<String>,
    /// How an `<error>` element looks.
    pub(crate) error_style: ErrorStyle,
    /// Whether user and password as parameters are accepted.
    pub(crate) legacy_login: bool,
    /// The account's right to support session reports.
    pub(crate) may_report: bool,
    /// The account's right to the command API.
    pub(crate) may_command: CommandRight,
    /// Whether somebody is there to take a session of a key.
    pub(crate) somebody_available: bool,
    /// The logins for which a key can be made; none: any.
    pub(crate) logins: Option<Vec<String>>,
    /// The teams, number -> name.
    pub(crate) teams: BTreeMap<u64, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_lifetime_seconds: 3600,
            tokens_max: 30,
            token_type: "Bearer".to_owned(),
            nothing_found: NothingFound::ErrorRoot,
            listing: ListingDetail::Summary,
            window_end: WindowEnd::Excluded,
            report_error: None,
            error_style: ErrorStyle::Plain,
            legacy_login: true,
            may_report: true,
            may_command: CommandRight::FullAccess,
            somebody_available: false,
            logins: None,
            teams: BTreeMap::from([(4, "Service Desk".to_owned()), (9, "Field Service".to_owned())]),
        }
    }
}

/// What a report says when it has found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NothingFound {
    /// An `<error>` root (observed by clients).
    ErrorRoot,
    /// The list root with an `<error>` child.
    ErrorChild,
    /// The list root alone (vendor's text).
    EmptyList,
}

/// What a list holds of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListingDetail {
    /// Number and times too, named as in reports (assumed).
    Summary,
    /// Lsid, whether there is a recording, and the external key: what the vendor's reference names.
    Bare,
}

/// Whether a window's last second belongs to it, which the vendor's reference does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WindowEnd {
    /// It does not.
    Excluded,
    /// It does.
    Included,
}

/// How an `<error>` element looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorStyle {
    /// `<error>`
    Plain,
    /// With attributes; they broke a client that searched for the literal `<error>`.
    Attributes,
    /// In the namespace of the API.
    Namespace,
}

/// The right to the command API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CommandRight {
    /// Everything.
    FullAccess,
    /// Reading.
    ReadOnly,
    /// Nothing but `get_api_info`.
    None,
}
