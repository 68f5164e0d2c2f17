//! A first connection document, made from the answers of a person.

use serde::Serialize;
use session::settings::Mode;

/// What a person answers; everything else has a default, and can be added to the document later.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) time_zone: String,
    pub(crate) appliance_url: String,
    pub(crate) client_id: String,
    pub(crate) ca_certificate: Option<String>,
    pub(crate) autotask_username: String,
    pub(crate) zone_url: Option<String>,
    /// None: no time entries.
    pub(crate) time_entries: Option<TimeEntries>,
    pub(crate) allow_plain_http: bool,
}

/// How time is entered.
#[derive(Debug, Clone)]
pub(crate) struct TimeEntries {
    pub(crate) default_domain: String,
    pub(crate) role_name: Option<String>,
}

/// Not `Debug`.
pub(crate) struct Secrets {
    pub(crate) client_secret: String,
    pub(crate) autotask_secret: String,
    pub(crate) integration_code: String,
}

/// The document as text, in the order in which people read it.
pub(crate) fn document(answers: &Answers, secrets: &Secrets) -> String {
    let document = Document {
        version: 1,
        name: &answers.name,
        mode: answers.mode,
        time_zone: &answers.time_zone,
        appliance: Appliance {
            url: &answers.appliance_url,
            oauth: OAuth { client_id: &answers.client_id, client_secret: &secrets.client_secret },
            ca_certificate: answers.ca_certificate.as_deref(),
            allow_plain_http: answers.allow_plain_http,
        },
        autotask: Autotask {
            zone_url: answers.zone_url.as_deref(),
            username: &answers.autotask_username,
            secret: &secrets.autotask_secret,
            integration_code: &secrets.integration_code,
            allow_plain_http: answers.allow_plain_http,
            time_entry: TimeEntry::of(answers.time_entries.as_ref()),
        },
    };
    let mut text = serde_json::to_string_pretty(&document).expect("texts, numbers and flags are JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    mode: Mode,
    time_zone: &'a str,
    appliance: Appliance<'a>,
    autotask: Autotask<'a>,
}

#[derive(Serialize)]
struct Appliance<'a> {
    url: &'a str,
    oauth: OAuth<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_certificate: Option<&'a str>,
    #[serde(skip_serializing_if = "is_off")]
    allow_plain_http: bool,
}

#[derive(Serialize)]
struct OAuth<'a> {
    client_id: &'a str,
    client_secret: &'a str,
}

#[derive(Serialize)]
struct Autotask<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    zone_url: Option<&'a str>,
    username: &'a str,
    secret: &'a str,
    integration_code: &'a str,
    #[serde(skip_serializing_if = "is_off")]
    allow_plain_http: bool,
    time_entry: TimeEntry<'a>,
}

#[derive(Serialize)]
struct TimeEntry<'a> {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    defaults: Option<Defaults<'a>>,
}

#[derive(Serialize)]
struct Defaults<'a> {
    #[serde(rename = "roleName")]
    role_name: &'a str,
}

impl<'a> TimeEntry<'a> {
    fn of(wanted: Option<&'a TimeEntries>) -> Self {
        Self {
            enabled: wanted.is_some(),
            default_domain: wanted.map(|wanted| wanted.default_domain.as_str()),
            defaults: wanted.and_then(|wanted| wanted.role_name.as_deref()).map(|role_name| Defaults { role_name }),
        }
    }
}

fn is_off(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn secrets() -> Secrets {
        Secrets {
            client_secret: "invented-client-secret".to_owned(),
            autotask_secret: "invented$\"Secret\\".to_owned(),
            integration_code: "INVENTED".to_owned(),
        }
    }

    fn answers() -> Answers {
        Answers {
            name: "Acme, production".to_owned(),
            mode: Mode::Shadow,
            time_zone: "Europe/Berlin".to_owned(),
            appliance_url: "https://support.example.com".to_owned(),
            client_id: "invented-client-id".to_owned(),
            ca_certificate: None,
            autotask_username: "session-bridge@acme.example".to_owned(),
            zone_url: None,
            time_entries: Some(TimeEntries { default_domain: "acme.example".to_owned(), role_name: Some("Engineer".to_owned()) }),
            allow_plain_http: false,
        }
    }

    #[test]
    fn document_can_be_used_and_reads_as_a_person_would_write_it() {
        let text = document(&answers(), &secrets());
        connection::Document::parse_strictly(&text).unwrap();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn document_without_time_entries_can_be_used() {
        let answers = Answers { name: String::new(), time_entries: None, ..answers() };
        let (parsed, _) = connection::Document::parse_strictly(&document(&answers, &secrets())).unwrap();
        assert!(!parsed.autotask.time_entry.enabled && parsed.mode == Mode::Shadow);
    }
}
