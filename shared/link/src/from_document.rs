//! The parts of a connection, made from its document. Pure but for the certificate authorities of the machine, which the clients
//! read; nobody is called.
//!
//! What the document's types have checked is handed over as it is: addresses as addresses, the key's pattern compiled.

use appliance::client::{ApplianceClient, ApplianceConfig, Credentials};
use connection::{ApplianceConnection, ApplianceCredentials, AutotaskConnection, Document};
use delivery::{ApiUser, DocumentVersion, Pace, Rules, Words};
use session::external_key::KeyRules;
use texts::{TemplateProblem, Templates};
use ticketing::autotask::{self, AutotaskClient};

use crate::links::LinkError;

/// What the delivery decides by, and which templates cannot be used (the built-in ones are, in their place).
#[must_use]
pub fn rules(document: &Document, version: DocumentVersion, pace: Pace) -> (Rules, Vec<TemplateProblem>) {
    let settings = document.settings();
    let (templates, problems) = Templates::new(&settings.templates);
    let api_user = ApiUser(document.autotask.identity());
    let words = Words {
        ticketing: autotask::NAME,
        source_credentials: appliance::client::CREDENTIALS_REMEDY,
        ticketing_credentials: autotask::CREDENTIALS_REMEDY,
    };
    let (keys, redactor) = (key_rules(Some(document)), document.redact.redactor());
    (Rules { settings, templates, redactor, keys, pace, document: version, api_user, words }, problems)
}

/// How to find the ticket in an external key; without a document, as one finds it that says nothing of keys.
#[must_use]
pub fn key_rules(document: Option<&Document>) -> KeyRules {
    let pattern = document.and_then(|document| document.autotask.external_key_pattern.clone());
    KeyRules::new(autotask::TICKET_NUMBER, pattern)
}

/// The fields of `autotask.ticket.defaults` that are no fields of a ticket, or cannot be given: they have no effect.
pub fn ticket_fields_without_effect(document: &Document) -> impl Iterator<Item = &str> {
    autotask::unknown_ticket_fields(&document.autotask.ticket.defaults)
}

/// The client of the appliance.
///
/// # Errors
///
/// [`LinkError::Client`], naming what only the HTTP library can judge, such as a certificate. Not retryable.
pub fn appliance_client(document: &Document) -> Result<ApplianceClient, LinkError> {
    let client = ApplianceClient::new(appliance_config(&document.appliance));
    client.map_err(|error| LinkError::Client { key: "appliance", problem: error.to_string() })
}

/// The client of Autotask.
///
/// # Errors
///
/// [`LinkError::Client`], as [`appliance_client`].
pub fn autotask_client(document: &Document) -> Result<AutotaskClient, LinkError> {
    let client = AutotaskClient::new(autotask_config(&document.autotask));
    client.map_err(|error| LinkError::Client { key: "autotask", problem: error.to_string() })
}

fn appliance_config(connection: &ApplianceConnection) -> ApplianceConfig {
    let credentials = match connection.credentials() {
        ApplianceCredentials::OAuth(oauth) => {
            Credentials::OAuth { client_id: oauth.client_id.clone(), client_secret: oauth.client_secret.clone() }
        }
        ApplianceCredentials::Password(user) => {
            Credentials::Password { username: user.username.clone(), password: user.password.clone() }
        }
    };
    ApplianceConfig {
        url: connection.url.clone(),
        credentials,
        locale: Some(connection.locale.clone()),
        ca_certificate: connection.ca_certificate.clone(),
        allow_invalid_certificates: connection.allow_invalid_certificates,
        allow_plain_http: connection.allow_plain_http,
    }
}

fn autotask_config(connection: &AutotaskConnection) -> autotask::Config {
    let defaults = &connection.time_entry.defaults;
    autotask::Config {
        zone_url: connection.zone_url.clone(),
        discovery_url: None,
        username: connection.username.clone(),
        secret: connection.secret.clone(),
        integration_code: connection.integration_code.clone(),
        allow_plain_http: connection.allow_plain_http,
        note_type: connection.note.note_type,
        time_entry: autotask::TimeEntryFields {
            billing_code_id: defaults.billing_code_id,
            contract_id: defaults.contract_id,
            is_non_billable: defaults.is_non_billable,
            show_on_invoice: defaults.show_on_invoice,
        },
        ticket: autotask::TicketFields { defaults: connection.ticket.defaults.clone(), due_hours: connection.ticket.due_hours },
    }
}
