//! A simulated Autotask tenant behind its REST API V1.0: stateful, as strict as the real one, with its error texts. Written
//! from the vendor reference, not from our client, and sharing no types with it.
//!
//! What the real one has and this one has not answers 501, so that no test passes by accident.

mod attachments;
mod control;
mod default_data;
mod input;
mod metadata;
mod notes;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod over_http;
mod print;
mod query;
mod reads;
mod refusals;
mod route;
mod schema;
mod settings;
mod tenant;
mod tickets;
mod time_entries;
mod windows_1252;
mod wire;

use std::io;
use std::net::SocketAddr;

use self::tenant::Autotask;
use crate::control::AutotaskTenant;
use crate::serving::server::{ANY_LOCAL_PORT, Listening};

/// A running Autotask simulator with any number of tenants. Ends when dropped.
#[derive(Debug)]
pub struct AutotaskSimulator(Listening);

impl AutotaskSimulator {
    /// Starts on a free port of this machine.
    ///
    /// # Panics
    /// If the machine has no free port: no test could go on.
    pub async fn start() -> Self {
        Self::start_at(ANY_LOCAL_PORT).await.expect("a free local port is all that a simulator needs")
    }

    /// Starts on this address; port 0 means any.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start_at(address: SocketAddr) -> io::Result<Self> {
        Ok(Self(Listening::start::<Autotask>(address).await?))
    }

    /// `http://<address>`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// The control of a tenant; the tenant itself is made by the first call.
    #[must_use]
    pub fn tenant(&self, name: &str) -> AutotaskTenant {
        AutotaskTenant::at(&self.base_url(), name)
    }
}
