//! Where an Autotask tenant is and how we log in there; checked once, when the client is made. Reads nothing from anywhere.

use std::collections::BTreeMap;
use std::fmt;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::zone;

/// The host that tells which zone a user belongs to (vendor reference). Every zone host does; this one is not tied to a zone.
const DISCOVERY_URL: &str = "https://webservices.autotask.net/";

/// One Autotask tenant and the API user that we are there.
#[derive(Clone)]
pub struct Config {
    /// The tenant's own address, as in `https://webservices19.autotask.net/ATServicesRest/`; with or without the path, the
    /// version and the slash at the end. `None`: found by zone discovery, and found again when the tenant moves.
    pub zone_url: Option<Url>,
    /// Whom to ask for the zone, instead of the vendor's host. For tests.
    pub discovery_url: Option<Url>,
    /// The API user's name.
    pub username: String,
    /// What Autotask calls Password (Secret).
    pub secret: SecretString,
    /// What Autotask calls Tracking Identifier.
    pub integration_code: SecretString,
    /// Whether an address may be `http:`, in trials. The credentials are then readable on the way.
    pub allow_plain_http: bool,
    /// The tenant's id of the type that every note gets. 1, 2 and 3 are safe for an integration (vendor reference).
    pub note_type: i32,
    /// Fields of every time entry that nobody but Autotask knows of.
    pub time_entry: TimeEntryFields,
    /// What new tickets have in common.
    pub ticket: TicketFields,
}

/// What new tickets have in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TicketFields {
    /// Fields by name: the old plugin's and the REST names both work; what a session's key says comes first.
    pub defaults: BTreeMap<String, Value>,
    /// How long after its creation a ticket is due; hours.
    pub due_hours: u32,
}

/// Fields of every time entry; `None`: not sent, and Autotask decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeEntryFields {
    /// Work type.
    pub billing_code_id: Option<i64>,
    /// Contract.
    pub contract_id: Option<i64>,
    /// Not to be billed.
    pub is_non_billable: Option<bool>,
    /// Shown on the invoice.
    pub show_on_invoice: Option<bool>,
}

/// Names the addresses and no credential.
impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("zone_url", &self.zone_url.as_ref().and_then(Url::host_str))
            .field("discovery_url", &self.discovery_url.as_ref().and_then(Url::host_str))
            .field("allow_plain_http", &self.allow_plain_http)
            .finish_non_exhaustive()
    }
}

/// Why no client can be made of a [`Config`]. Names the key of the connection document, never its value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Plain http without leave.
    #[error("{key} is plain http: use https, or set allow_plain_http for a trial")]
    PlainHttp {
        /// Which key.
        key: &'static str,
    },
    /// Not an address of a web server at all.
    #[error("{key} is not an https address")]
    NotAnAddress {
        /// Which key.
        key: &'static str,
    },
    /// Nothing where a credential should be.
    #[error("{key} is empty")]
    Empty {
        /// Which key.
        key: &'static str,
    },
    /// A control character, a line break at the end for instance: cannot be sent in a header.
    #[error("{key} holds a line break or another character that cannot be sent")]
    NotSendable {
        /// Which key.
        key: &'static str,
    },
    /// The HTTP client could not be set up, for example without any certificate authorities on this machine.
    #[error("the HTTP client cannot be set up")]
    HttpClient(#[source] reqwest::Error),
}

impl Config {
    /// The tenant's address, in the form that [`zone::normalised`] gives.
    pub(super) fn zone(&self) -> Result<Option<Url>, ConfigError> {
        let Some(url) = &self.zone_url else { return Ok(None) };
        self.check_address("zone_url", url)?;
        Ok(Some(zone::normalised(url)))
    }

    /// Whom to ask for the zone, in the same form.
    pub(super) fn discovery(&self) -> Result<Url, ConfigError> {
        let Some(url) = &self.discovery_url else {
            return Ok(zone::normalised(&Url::parse(DISCOVERY_URL).expect("a constant that is an address")));
        };
        self.check_address("discovery_url", url)?;
        Ok(zone::normalised(url))
    }

    fn check_address(&self, key: &'static str, url: &Url) -> Result<(), ConfigError> {
        match url.scheme() {
            _ if url.host_str().is_none() => Err(ConfigError::NotAnAddress { key }),
            "https" => Ok(()),
            "http" if self.allow_plain_http => Ok(()),
            "http" => Err(ConfigError::PlainHttp { key }),
            _ => Err(ConfigError::NotAnAddress { key }),
        }
    }

    /// The three headers that every call but zone discovery carries, marked so that no debug output shows them.
    pub(super) fn credentials(&self) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("username"), header("username", &self.username)?);
        headers.insert(HeaderName::from_static("secret"), header("secret", self.secret.expose_secret())?);
        let code = header("integration_code", self.integration_code.expose_secret())?;
        headers.insert(HeaderName::from_static("apiintegrationcode"), code);
        Ok(headers)
    }
}

fn header(key: &'static str, text: &str) -> Result<HeaderValue, ConfigError> {
    if text.trim().is_empty() {
        return Err(ConfigError::Empty { key });
    }
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| ConfigError::NotSendable { key })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn config() -> Config {
        Config {
            zone_url: None,
            discovery_url: None,
            username: "api@acme.example".to_owned(),
            secret: "pa$$#w~rd*@".into(),
            integration_code: "INVENTEDCODE".into(),
            allow_plain_http: false,
            note_type: 1,
            time_entry: TimeEntryFields::default(),
            ticket: TicketFields::default(),
        }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn plain_http_is_refused_unless_allowed() {
        let mut config = Config { zone_url: Some(url("http://192.0.2.7/ATServicesRest/")), ..config() };
        let error = config.zone().unwrap_err();
        assert_eq!(error.to_string(), "zone_url is plain http: use https, or set allow_plain_http for a trial");
        config.allow_plain_http = true;
        assert_eq!(config.zone().unwrap(), Some(url("http://192.0.2.7/ATServicesRest/")));
    }

    #[test]
    fn other_schemes_are_no_addresses() {
        for text in ["ftp://example.com/", "mailto:api@acme.example", "file:///etc/hosts"] {
            let config = Config { discovery_url: Some(url(text)), allow_plain_http: true, ..config() };
            assert!(matches!(config.discovery(), Err(ConfigError::NotAnAddress { key: "discovery_url" })), "{text}");
        }
    }

    #[test]
    fn discovery_asks_the_vendor_by_default() {
        assert_eq!(config().discovery().unwrap().as_str(), "https://webservices.autotask.net/ATServicesRest/");
    }

    #[test]
    fn credentials_that_cannot_be_sent_are_named_by_key() {
        let broken = Config { secret: "abc\n".into(), ..config() };
        assert!(matches!(broken.credentials(), Err(ConfigError::NotSendable { key: "secret" })));
        let empty = Config { integration_code: "  ".into(), ..config() };
        assert!(matches!(empty.credentials(), Err(ConfigError::Empty { key: "integration_code" })));
    }

    #[test]
    fn no_debug_output_shows_a_credential() {
        let config = config();
        let shown = format!("{config:?} {:?}", config.credentials().unwrap());
        for secret in ["acme", "pa$$", "INVENTEDCODE"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
