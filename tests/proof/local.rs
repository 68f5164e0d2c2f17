//! What the description of the local system says beyond what the end-to-end tests need of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;

/// The description of the local system under test.
pub(crate) static LOCAL: LazyLock<Local> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "tests have no other way to learn where the local system is")]
    let path = std::env::var("SESSION_BRIDGE_SYSTEM")
        .expect("SESSION_BRIDGE_SYSTEM is not set: these tests need a local system of their own, run `make prove`");
    let json = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}; run `make prove`"));
    let mut local: Local = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{path}: {error}"));
    local.state = Path::new(&path).parent().expect("a file is somewhere").to_owned();
    local
});

/// A local system.
#[derive(Deserialize)]
pub(crate) struct Local {
    /// Base URL of the local AWS.
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) ledger_table: String,
    /// `worker` and `receiver` -> what they are called in Lambda.
    pub(crate) functions: BTreeMap<String, String>,
    /// The directory with its logs and builds.
    #[serde(skip)]
    pub(crate) state: PathBuf,
}
