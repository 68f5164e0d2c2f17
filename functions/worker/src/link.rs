//! A connection, ready to be used: its document turned into rules and clients, kept as long as the document stays the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use appliance::client::{ApplianceClient, ApplianceConfig, Credentials};
use connection::{
    ApplianceConnection, ApplianceCredentials, AutotaskConnection, Connections, Document, LoadError, Loaded, Version,
};
use jiff::Timestamp;
use ledger::Ledger;
use session::ApplianceId;
use session::delivery::Rules;
use session::delivery::{ApiUser, DocumentVersion, NoticeSubject, Pace};
use session::external_key;
use session::render::{TemplateProblem, Templates};
use ticketing::autotask::AutotaskClient;

use crate::notify::ConnectionName;
use crate::shared_token;

/// One connection, ready to be used.
pub struct Link {
    document: Arc<Loaded>,
    /// What the delivery decides by.
    pub rules: Arc<Rules>,
    /// The appliance.
    pub appliance: ApplianceClient,
    /// The ticketing system.
    pub autotask: AutotaskClient,
    /// What a person should correct in the document, although it serves.
    pub complaints: Vec<Complaint>,
}

/// Something in a document that serves and should be corrected all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What sort of thing.
    pub subject: NoticeSubject,
    /// What is wrong; names the key.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}

/// Why a connection cannot be used now. The events wait.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no document that could serve.
    #[error(transparent)]
    Document(#[from] LoadError),
    /// A client cannot be made from the document.
    #[error("{key}: {problem}")]
    Client {
        /// Which part of the document.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Link {
    /// What people are told the connection is.
    #[must_use]
    pub fn name_of<'a>(&'a self, appliance: &'a ApplianceId) -> ConnectionName<'a> {
        ConnectionName { appliance, name: &self.document.document.name }
    }
}

/// All connections of this process.
pub struct Links {
    connections: Connections,
    ledger: Ledger,
    pace: Pace,
    made: Mutex<HashMap<ApplianceId, Arc<Link>>>,
}

impl Links {
    /// The links of the connections whose documents are found there.
    #[must_use]
    pub fn new(connections: Connections, ledger: Ledger, pace: Pace) -> Self {
        Self { connections, ledger, pace, made: Mutex::default() }
    }

    /// How fast time runs.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// The link of that appliance, made anew when its document has changed.
    ///
    /// # Errors
    ///
    /// [`LinkError`]: the event waits, and somebody must be told which key is wrong.
    pub async fn get(&self, appliance: &ApplianceId, now: Timestamp) -> Result<Arc<Link>, LinkError> {
        let document = self.connections.get(appliance, now).await?;
        self.of(appliance, document).await
    }

    /// The link after its document has been read again; `None` if it has not changed, or cannot be read.
    pub async fn renewed(&self, appliance: &ApplianceId, old: &Link, now: Timestamp) -> Option<Arc<Link>> {
        let document = self.connections.refresh(appliance, now).await.ok()?;
        if Arc::ptr_eq(&document, &old.document) {
            return None;
        }
        self.of(appliance, document).await.ok()
    }

    async fn of(&self, appliance: &ApplianceId, document: Arc<Loaded>) -> Result<Arc<Link>, LinkError> {
        if let Some(link) = self.made_from(appliance, &document) {
            return Ok(link);
        }
        let link = Arc::new(make(document, self.pace)?);
        shared_token::adopt(&link.appliance, &self.ledger, appliance).await;
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(appliance.clone(), Arc::clone(&link));
        Ok(link)
    }

    fn made_from(&self, appliance: &ApplianceId, document: &Arc<Loaded>) -> Option<Arc<Link>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(appliance).filter(|link| Arc::ptr_eq(&link.document, document)).cloned()
    }
}

fn make(loaded: Arc<Loaded>, pace: Pace) -> Result<Link, LinkError> {
    let document = &loaded.document;
    let version = DocumentVersion(loaded.version_id().to_owned());
    let (rules, template_problems) = rules(document, version, pace)?;
    let appliance = ApplianceClient::new(appliance_config(&document.appliance))
        .map_err(|error| LinkError::Client { key: "appliance", problem: error.to_string() })?;
    let autotask = AutotaskClient::new(autotask_config(&document.autotask))
        .map_err(|error| LinkError::Client { key: "autotask", problem: error.to_string() })?;
    let complaints = complaints(&loaded, template_problems);
    Ok(Link { rules: Arc::new(rules), appliance, autotask, complaints, document: loaded })
}

fn complaints(loaded: &Loaded, template_problems: Vec<TemplateProblem>) -> Vec<Complaint> {
    let of_document = match &loaded.version {
        Version::Current => None,
        Version::Previous { problem } => {
            Some(Complaint { subject: NoticeSubject::Connection, problem: problem.to_string(), remedy: loaded.remedy() })
        }
    };
    let of_templates = template_problems.into_iter().map(|TemplateProblem { template, what }| Complaint {
        subject: NoticeSubject::TemplateFailed,
        problem: format!("template {template}: {what}"),
        remedy: "correct the template in the connection document; the built-in one is used",
    });
    of_document.into_iter().chain(of_templates).collect()
}

fn rules(document: &Document, version: DocumentVersion, pace: Pace) -> Result<(Rules, Vec<TemplateProblem>), LinkError> {
    let settings = document.settings();
    let api_user = ApiUser(document.autotask.identity());
    let (templates, template_problems) = Templates::new(&settings.templates);
    let refused = || LinkError::Client {
        key: "autotask.external_key_pattern",
        problem: "expected a regular expression, and not so large a one".to_owned(),
    };
    let key_pattern = settings.external_key_pattern.as_deref().map(|text| external_key::pattern(text).ok_or_else(refused));
    let key_pattern = key_pattern.transpose()?;
    Ok((Rules { settings, templates, key_pattern, pace, document: version, api_user }, template_problems))
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
        url: connection.url.to_string(),
        credentials,
        locale: Some(connection.locale.clone()),
        ca_certificate: connection.ca_certificate.clone(),
        allow_invalid_certificates: connection.allow_invalid_certificates,
        allow_plain_http: connection.allow_plain_http,
    }
}

fn autotask_config(connection: &AutotaskConnection) -> ticketing::autotask::Config {
    ticketing::autotask::Config {
        zone_url: connection.zone_url.clone(),
        discovery_url: None,
        username: connection.username.clone(),
        secret: connection.secret.clone(),
        integration_code: connection.integration_code.clone(),
        allow_plain_http: connection.allow_plain_http,
    }
}
