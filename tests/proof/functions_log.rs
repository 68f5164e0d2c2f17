//! What the functions print that run in a [`crate::sandbox::Sandbox`]: one file for all of them, to which each test adds.

use std::path::PathBuf;

use serde_json::Value;

use crate::local_aws::system;

/// Where it is.
pub(crate) fn path() -> PathBuf {
    system().state.join("proof-functions.log")
}

/// The log from some moment on.
pub(crate) struct FunctionsLog {
    begin: usize,
}

impl FunctionsLog {
    /// From now on.
    pub(crate) fn from_now() -> Self {
        Self { begin: std::fs::read(path()).unwrap_or_default().len() }
    }

    /// The lines so far that are about that appliance, oldest first.
    pub(crate) fn lines_about(&self, appliance: &str) -> Vec<Value> {
        let log = std::fs::read(path()).unwrap_or_default();
        let lines = log.get(self.begin..).unwrap_or_default().split(|byte| *byte == b'\n');
        // A function that is killed may leave half a line.
        let lines = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        lines.filter(|line| line["appliance"] == appliance).collect()
    }
}
