//! Serves both simulators until SIGTERM or ctrl-c. Once both listen, one JSON line on stdout tells their base URLs.
//!
//! `simulators [--appliance 127.0.0.1:4580] [--autotask 127.0.0.1:4581]`; port 0 means any free port.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;

use serde_json::json;
use simulators::{ApplianceSimulator, AutotaskSimulator};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: simulators [--appliance <address>:<port>] [--autotask <address>:<port>]";

struct Addresses {
    appliance: SocketAddr,
    autotask: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addresses = addresses(std::env::args().skip(1))?;
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
