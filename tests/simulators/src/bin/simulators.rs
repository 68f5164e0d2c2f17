//! Serves both simulators until SIGTERM or ctrl-c. Once both listen, one JSON line on stdout tells their base URLs.
//!
//! `simulators [--appliance 127.0.0.1:4580] [--autotask 127.0.0.1:4581]`; port 0 means any free port.
//!
//! `simulators connection-document <base URL of the appliance> <base URL of Autotask> <tenant>` serves nothing: it prints the
//! connection document that leads to that tenant of running simulators.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;

use serde_json::json;
use simulators::{ApplianceSimulator, ApplianceTenant, AutotaskSimulator, AutotaskTenant, connection_document};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: simulators [--appliance <address>:<port>] [--autotask <address>:<port>]\n       \
                     simulators connection-document <base URL of the appliance> <base URL of Autotask> <tenant>";

struct Addresses {
    appliance: SocketAddr,
    autotask: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("connection-document") => print_connection_document(&arguments[1..]),
        _ => serve(addresses(arguments.into_iter())?).await,
    }
}

fn print_connection_document(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [appliance, autotask, tenant] = arguments else { return Err(USAGE.into()) };
    let appliance = ApplianceTenant::at(appliance, tenant);
    let document = connection_document::usual(appliance.url(), &AutotaskTenant::at(autotask, tenant).zone_url());
    writeln!(std::io::stdout(), "{document:#}")?;
    Ok(())
}

async fn serve(addresses: Addresses) -> Result<(), Box<dyn Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let appliance = ApplianceSimulator::start_at(addresses.appliance).await?;
    let autotask = AutotaskSimulator::start_at(addresses.autotask).await?;
    let line = json!({ "appliance": appliance.base_url(), "autotask": autotask.base_url() });
    writeln!(std::io::stdout(), "{line}")?;
    std::io::stdout().flush()?;
    tokio::select! {
        _ = terminated.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

fn addresses(mut arguments: impl Iterator<Item = String>) -> Result<Addresses, Box<dyn Error>> {
    let mut addresses =
        Addresses { appliance: SocketAddr::from(([127, 0, 0, 1], 4580)), autotask: SocketAddr::from(([127, 0, 0, 1], 4581)) };
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?.parse()?;
        match option.as_str() {
            "--appliance" => addresses.appliance = value,
            "--autotask" => addresses.autotask = value,
            _ => return Err(USAGE.into()),
        }
    }
    Ok(addresses)
}
