//! Connection documents that lead to the simulators: the one that README tells a new user to start from
//! (`events/connection/minimal.json`), only pointed at the simulated neighbours, and what a test changes in it. So no test sets what
//! a new user would leave out. Whether a document is a good one is the business of the crate `connection`, which is not asked here.

use serde_json::{Map, Value, json};

const MINIMAL: &str = include_str!("../../../events/connection/minimal.json");

/// The minimal document for these tenants: `appliance_url` as the control of the tenant has it, `zone_url` with the slash at its
/// end. Besides the addresses it has the credentials that the simulators know, and leave to call them without TLS.
///
/// # Panics
/// If the sample is no JSON.
#[must_use]
pub fn minimal(appliance_url: &str, zone_url: &str) -> Value {
    let document = serde_json::from_str(MINIMAL).expect("events/connection/minimal.json is JSON");
    let mut simulated = json!({
        "appliance": {
            "url": appliance_url,
            "oauth": { "client_id": "bridge", "client_secret": "appliance-secret" },
        },
        "autotask": {
            "zone_url": zone_url,
            "username": "bridge@acme.example",
            "secret": "autotask-secret$#",
            "integration_code": "TRACKINGIDENTIFIER000000001",
        },
    });
    for (neighbour, url) in [("appliance", appliance_url), ("autotask", zone_url)] {
        if url.starts_with("http:") {
            simulated[neighbour]["allow_plain_http"] = true.into();
        }
    }
    changed(document, simulated)
}

/// The minimal document with time entries switched on, which most tests are about.
#[must_use]
pub fn usual(appliance_url: &str, zone_url: &str) -> Value {
    let time_entry = json!({
        "enabled": true,
        "default_domain": "acme.example",
        "defaults": { "roleName": "Engineer", "summaryNotes": "Remote support session" },
    });
    changed(minimal(appliance_url, zone_url), json!({ "autotask": { "time_entry": time_entry } }))
}

/// The document changed like this (RFC 7396: objects are merged, `null` removes, everything else replaces).
#[must_use]
pub fn changed(document: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { return changes };
    let mut members = match document {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, change) in changes {
        let before = members.remove(&name).unwrap_or_default();
        if !change.is_null() {
            members.insert(name, changed(before, change));
        }
    }
    Value::Object(members)
}
