//! The local system under test, as `infra/local/system.py` describes it in `system.json`. Whoever starts it (`make test`, `make
//! prove`) says in `SESSION_BRIDGE_SYSTEM` where the description is. Nothing is called here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Deserialize;

/// The variable that names the description.
const VARIABLE: &str = "SESSION_BRIDGE_SYSTEM";

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
    /// `worker` and `receiver` -> what they are called in Lambda.
    pub functions: BTreeMap<String, String>,
    /// `worker` and `receiver` -> where their logs are.
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
    /// The system that the tests run against; its description is read once.
    ///
    /// # Panics
    /// If none is named, or its description cannot be read: a test that needs it cannot begin.
    #[must_use]
    pub fn get() -> &'static Self {
        static SYSTEM: OnceLock<LocalSystem> = OnceLock::new();
        SYSTEM.get_or_init(|| {
            #[expect(clippy::disallowed_methods, reason = "tests have no other way to learn where the local system is")]
            let path = std::env::var(VARIABLE)
                .unwrap_or_else(|_| panic!("{VARIABLE} is not set: these tests need a local system, run `make test`"));
            Self::read(Path::new(&path)).unwrap_or_else(|error| panic!("{path}: {error}; run `make test`"))
        })
    }

    fn read(path: &Path) -> std::io::Result<Self> {
        let mut system: Self = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        system.state = path.parent().unwrap_or(path).to_owned();
        Ok(system)
    }
}
