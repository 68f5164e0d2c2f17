//! The template against the functions that it deploys: each alarm is fired once by lines that they really print, each
//! parameter takes what they take, policies allow what is called, and what would be refused late is refused early. Needs no running system; that the template can be deployed is shown by `make up`.

#![allow(clippy::unwrap_used, reason = "tests")]

mod alarm;
mod alarms;
mod deployment;
mod lines;
mod parameters;
mod policies;
mod protection;
mod yaml;

use std::path::Path;

use serde_json::Value;

/// `infra/template.yaml`, with the short forms of CloudFormation's functions written out.
fn template() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
    yaml::read(&std::fs::read_to_string(path).unwrap())
}
