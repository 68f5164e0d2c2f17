//! A client of the Autotask PSA REST API, version 1.0: what Session Bridge reads and writes there, and nothing else.
//!
//! Reading order: [`AutotaskClient`] and its operations, a file per subject (`tickets`, `authors`, `writes`, `new_ticket`, `lookups`,
//! `threshold`, `rights`, `picklists`, `suggest`, `activity`); below them `transport` (one HTTP call: address, credentials, bounds, the slots per entity) with `zone` (which
//! host) and `answer` with `vendor_texts` (what came back, pure); beside them `query` and `row`, the two shapes of the wire.
//!
//! Three rules hold everywhere. A row that a query returns is checked again here, because Autotask drops an operator that it does
//! not know and then returns everything. A call is never repeated by the client, but for one case: the tenant moved to another
//! zone, which Autotask tells by a refusal. And no sentence holds a body, a secret or a login.
//!
//! Facts marked "vendor reference" come from Autotask's published documentation, "observed by clients" from other clients of the
//! same API.

mod activity;
mod answer;
mod authors;
mod cache;
mod client;
mod config;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod lookups;
mod new_ticket;
mod picklists;
mod query;
mod rights;
mod row;
mod suggest;
mod threshold;
mod tickets;
mod transport;
mod vendor_texts;
mod writes;
mod zone;

pub use client::AutotaskClient;
pub use config::{Config, ConfigError, TicketFields, TimeEntryFields};
pub use rights::{Access, Choice, Extent, Subject};
pub use threshold::ThresholdInformation;

/// What people call the system.
pub const NAME: &str = "Autotask";

/// What a ticket's number looks like in any case, as a regular expression: `T20250318.0042`. A tenant may have chosen another prefix
/// (vendor reference); then the connection's own pattern says so.
pub const TICKET_NUMBER: &str = r"[Tt]\d{8}\.\d+";

/// The names in `autotask.ticket.defaults` that are no fields of a ticket: they have no effect.
pub fn unknown_ticket_fields(defaults: &std::collections::BTreeMap<String, serde_json::Value>) -> impl Iterator<Item = &str> {
    new_ticket::unknown_names(defaults)
}

/// What to do when Autotask refuses the credentials.
pub const CREDENTIALS_REMEDY: &str =
    "check autotask.username, secret and integration_code in the connection document against the API user in Autotask";
