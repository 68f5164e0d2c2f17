//! The local system under test, as `infra/local/system.py` describes it in `system.json`. Whoever starts it (`make test`, `make
//! prove`) says in `SESSION_BRIDGE_SYSTEM` where the description is; `make unit` says `none`. Nothing is called here.
//!
//! Either all tests of a binary need the local system or none does: without one the whole binary ends here, with one message
//! instead of a panic for each test.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::OnceLock;

use serde::Deserialize;

/// The variable that names the description.
const VARIABLE: &str = "SESSION_BRIDGE_SYSTEM";
/// What it holds when there is none on purpose.
const NONE: &str = "none";

/// A local system, as far as tests need to know it.
#[derive(Debug, Deserialize)]
pub struct LocalSystem {
    /// Base URL of the local AWS.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Where events are posted to, without appliance and token.
    pub outbound_event_url: String,
    /// The queue of the events.
    pub events_queue_url: String,
    /// The queue of what was given up.
    pub dead_letter_queue_url: String,
    /// The queue of what is malformed.
    pub quarantine_queue_url: String,
    /// The ledger's table.
    pub ledger_table: String,
    /// What the names of connection documents begin with.
    pub connection_prefix: String,
    /// The topic that people are told through.
    pub alarm_topic_arn: String,
    /// `receiver`, `worker` and `poller` -> what they are called in Lambda.
    pub functions: BTreeMap<String, String>,
    /// `receiver`, `worker` and `poller` -> where their logs are.
    pub log_groups: BTreeMap<String, String>,
    /// Where the simulators of the neighbours listen.
    pub simulators: SimulatorUrls,
    /// Appliance id -> token of its URL.
    pub appliances: BTreeMap<String, String>,
    /// The directory with its logs and builds.
    #[serde(skip)]
    pub state: PathBuf,
}

/// Base URLs of running simulators.
#[derive(Debug, Deserialize)]
pub struct SimulatorUrls {
    /// Of the appliance's.
    pub appliance: String,
    /// Of Autotask's.
    pub autotask: String,
}

impl LocalSystem {
    /// The system that the tests run against; its description is read once. Without one no test of this process can begin, so the
    /// process ends: as a success if that is what was asked for (`make unit`), else as a failure, both with a message.
    #[must_use]
    pub fn get() -> &'static Self {
        static SYSTEM: OnceLock<LocalSystem> = OnceLock::new();
        SYSTEM.get_or_init(|| {
            #[expect(clippy::disallowed_methods, reason = "tests have no other way to learn where the local system is")]
            let named = std::env::var(VARIABLE);
            let Ok(path) = named else {
                end(1, "These tests need the local system: `make test` starts it and runs them. `make unit` runs all tests that need none.");
            };
            if path == NONE {
                end(0, "Left out: these tests need the local system; `make test` runs them.");
            }
            Self::read(Path::new(&path)).unwrap_or_else(|error| end(1, &format!("{path}: {error}. `make test` starts a local system.")))
        })
    }

    fn read(path: &Path) -> std::io::Result<Self> {
        let mut system: Self = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        system.state = path.parent().unwrap_or(path).to_owned();
        Ok(system)
    }
}

/// Ends the test process with a message, past the capture of the test harness.
fn end(status: i32, message: &str) -> ! {
    let _ = writeln!(std::io::stderr(), "\n{message}\n");
    exit(status)
}
