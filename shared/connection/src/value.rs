//! How single values of the document are read and checked.
//!
//! All messages begin with "expected", say what is expected, and never what was found: it could be a secret in the
//! wrong place. `parse` relies on both.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex_lite::Regex;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;
use session::external_key;
use session::settings::TicketCreation;
use url::Url;

/// The only version of the document so far.
const VERSION: u32 = 1;

pub(crate) fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        _ => Err(D::Error::custom("expected 1, the only version that this release knows")),
    }
}

/// A text that is not blank.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("expected a text that is not blank")) } else { Ok(text) }
}

pub(crate) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    text(deserializer).map(SecretString::from)
}

pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let expected = || D::Error::custom("expected a moment with its offset from UTC, as in 2026-11-22T00:00:00Z");
    Option::<String>::deserialize(deserializer)?.map(|text| text.parse().map_err(|_| expected())).transpose()
}

pub(crate) fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| D::Error::custom("expected the IANA name of a time zone, as in Europe/Berlin"))
}

/// A choice, or the yes or no of the first releases' documents.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum TicketCreationChoice {
    /// `true`: by a JSON key.
    YesOrNo(bool),
    /// By name.
    Named(TicketCreation),
}

pub(crate) fn ticket_creation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TicketCreation, D::Error> {
    match TicketCreationChoice::deserialize(deserializer) {
        Ok(TicketCreationChoice::YesOrNo(false)) => Ok(TicketCreation::Off),
        Ok(TicketCreationChoice::YesOrNo(true)) => Ok(TicketCreation::JsonKey),
        Ok(TicketCreationChoice::Named(creation)) => Ok(creation),
        Err(_) => Err(D::Error::custom("expected off, json_key or always")),
    }
}

/// An address that paths can be appended to. Whether plain `http:` is allowed is checked later.
pub(crate) fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    parsed_http_url(&String::deserialize(deserializer)?)
}

pub(crate) fn optional_http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(|text| parsed_http_url(&text)).transpose()
}

fn parsed_http_url<E: Error>(text: &str) -> Result<Url, E> {
    let expected = || E::custom("expected an address without user, query and fragment, as in https://support.example.com");
    let url: Url = text.trim().parse().map_err(|_| expected())?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if is_bare && url.has_host() && matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(expected()) }
}

pub(crate) fn locale<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    const LENGTH_MAX: usize = 16;
    let text = String::deserialize(deserializer)?;
    let is_locale = (2..=LENGTH_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_locale { Ok(text) } else { Err(D::Error::custom("expected a language of the appliance, as in en-us")) }
}

/// Only the frame is checked here; the TLS library reads the content when the client is made.
pub(crate) fn certificate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    if text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----") {
        return Ok(Some(text));
    }
    Err(D::Error::custom("expected a certificate in PEM form, with its BEGIN and END lines, line breaks written as \\n"))
}

pub(crate) fn pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let expected = || D::Error::custom("expected a regular expression with a group, as in CASE-(\\d+)");
    let too_large = || D::Error::custom("expected a smaller regular expression: to look for this one could take seconds");
    let is_one = || Regex::new(&text).is_ok();
    let regex = external_key::pattern(&text).ok_or_else(|| if is_one() { too_large() } else { expected() })?;
    // The whole match counts as a group, too.
    if regex.captures_len() < 2 { Err(expected()) } else { Ok(Some(regex)) }
}

/// Texts, numbers, true and false by name; `null` means not set.
pub(crate) fn scalars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Value>, D::Error> {
    let mut values = BTreeMap::<String, Value>::deserialize(deserializer)?;
    values.retain(|_, value| !value.is_null());
    if values.values().any(|value| value.is_object() || value.is_array()) {
        return Err(D::Error::custom("expected only texts, numbers, true, false and null in it"));
    }
    Ok(values)
}

/// A text, a number, true or false.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used: what `scalars` takes")]
pub(crate) enum Scalar {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
}
