//! The connections of a process: each made once, and kept as long as its document stays the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use appliance::client::ApplianceClient;
use connection::{Connections, Document, LoadError, Loaded};
use delivery::Rules;
use delivery::{DocumentVersion, Pace};
use jiff::Timestamp;
use ledger::Ledger;
use session::ApplianceId;
use ticketing::Ticketing;

use crate::name::ConnectionName;
use crate::warning::{ConfigWarning, warnings};
use crate::{from_document, shared_token};

/// One connection, ready to be used.
pub struct Link {
    loaded: Arc<Loaded>,
    /// What the delivery decides by.
    pub rules: Arc<Rules>,
    /// The appliance.
    pub appliance: ApplianceClient,
    /// The ticketing system.
    pub ticketing: Ticketing,
    /// What a person should correct in the document, although it serves.
    pub warnings: Vec<ConfigWarning>,
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
        ConnectionName { appliance, name: &self.document().name }
    }

    /// The document that it was made from.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.loaded.document
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

    /// The link of that appliance, made again when its document has changed.
    ///
    /// # Errors
    ///
    /// [`LinkError`]: the event waits, and somebody must be told which key is wrong.
    pub async fn get(&self, appliance: &ApplianceId, now: Timestamp) -> Result<Arc<Link>, LinkError> {
        let document = self.connections.get(appliance, now).await?;
        self.of(appliance, document, now).await
    }

    /// The link after its document has been read again; `None` if it has not changed, or cannot be read.
    pub async fn renewed(&self, appliance: &ApplianceId, old: &Link, now: Timestamp) -> Option<Arc<Link>> {
        let document = self.connections.refresh(appliance, now).await.ok()?;
        if Arc::ptr_eq(&document, &old.loaded) {
            return None;
        }
        self.of(appliance, document, now).await.ok()
    }

    /// Keeps the token of the link's appliance for other processes, if it was issued since the last time. One write per issued token;
    /// that it fails costs a log line.
    pub async fn share_token(&self, link: &Link, appliance: &ApplianceId, now: Timestamp) {
        shared_token::keep(&link.appliance, &self.ledger, appliance, now).await;
    }

    async fn of(&self, appliance: &ApplianceId, document: Arc<Loaded>, now: Timestamp) -> Result<Arc<Link>, LinkError> {
        if let Some(link) = self.made_from(appliance, &document) {
            return Ok(link);
        }
        let link = Arc::new(make(document, self.pace)?);
        shared_token::adopt(&link.appliance, &self.ledger, appliance, now).await;
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(appliance.clone(), Arc::clone(&link));
        Ok(link)
    }

    fn made_from(&self, appliance: &ApplianceId, document: &Arc<Loaded>) -> Option<Arc<Link>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(appliance).filter(|link| Arc::ptr_eq(&link.loaded, document)).cloned()
    }
}

fn make(loaded: Arc<Loaded>, pace: Pace) -> Result<Link, LinkError> {
    let document = &loaded.document;
    let version = DocumentVersion(loaded.version_id().to_owned());
    let (rules, template_problems) = from_document::rules(document, version, pace);
    Ok(Link {
        rules: Arc::new(rules),
        appliance: from_document::appliance_client(document)?,
        ticketing: Ticketing::Autotask(from_document::autotask_client(document)?),
        warnings: warnings(&loaded, template_problems),
        loaded,
    })
}
