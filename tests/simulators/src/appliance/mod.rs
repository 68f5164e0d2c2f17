//! A simulated BeyondTrust Remote Support appliance: tokens, the reporting API and the part of the command API that a
//! middleware needs. Written from the vendor reference and the recorded answers of a real appliance, not from our client.
//!
//! It does not post outbound events; a test does that itself, to our receiver.

mod command;
mod control;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod over_http;
mod report;
mod reporting;
mod session;
mod settings;
mod tenant;
mod token;
mod xml;

use std::io;
use std::net::SocketAddr;

use self::tenant::Appliance;
use crate::control::ApplianceTenant;
use crate::serving::server::{ANY_LOCAL_PORT, Listening};

/// A running appliance simulator with any number of tenants. Ends when dropped.
#[derive(Debug)]
pub struct ApplianceSimulator(Listening);

impl ApplianceSimulator {
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
        Ok(Self(Listening::start::<Appliance>(address).await?))
    }

    /// `http://<address>`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// The control of a tenant; the tenant itself is made by the first call.
    #[must_use]
    pub fn tenant(&self, name: &str) -> ApplianceTenant {
        ApplianceTenant::at(&self.base_url(), name)
    }
}
