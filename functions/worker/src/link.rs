//! A connection, ready to be used: its document turned into rules and clients, kept as long as the document stays the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use appliance::client::ApplianceClient;
use connection::{Connections, LoadError, Loaded};
use jiff::Timestamp;
use ledger::{Ledger, LedgerError};
use session::ApplianceId;
use session::delivery::Pace;
use session::delivery::machine::Rules;
use session::render::Templates;
use ticketing::autotask::AutotaskClient;

/// One connection, ready to be used.
pub struct Link {
    document: Arc<Loaded>,
    /// What the delivery decides by.
    pub rules: Arc<Rules>,
    /// The appliance.
    pub appliance: ApplianceClient,
    /// The ticketing system.
    pub autotask: AutotaskClient,
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
    /// The ledger does not say when it first saw the connection.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
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
        self.of(appliance, document, now).await
    }

    /// The link after its document has been read again; `None` if it has not changed, or cannot be read.
    pub async fn renewed(&self, appliance: &ApplianceId, old: &Link, now: Timestamp) -> Option<Arc<Link>> {
        let document = self.connections.refresh(appliance, now).await.ok()?;
        if Arc::ptr_eq(&document, &old.document) {
            return None;
        }
        self.of(appliance, document, now).await.ok()
    }

    async fn of(&self, appliance: &ApplianceId, document: Arc<Loaded>, now: Timestamp) -> Result<Arc<Link>, LinkError> {
        if let Some(link) = self.made_from(appliance, &document) {
            return Ok(link);
        }
        let first_seen = self.ledger.first_seen(appliance, now).await?;
        let link = Arc::new(make(document, first_seen, self.pace)?);
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(appliance.clone(), Arc::clone(&link));
        Ok(link)
    }

    fn made_from(&self, appliance: &ApplianceId, document: &Arc<Loaded>) -> Option<Arc<Link>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(appliance).filter(|link| Arc::ptr_eq(&link.document, document)).cloned()
    }
}
