//! The connection document: the settings of one appliance and its ticketing system, and how it is read.
//!
//! - [`Document`] is the document, checked: what [`Document::parse`] returns can be worked with as it is.
//! - [`Connections`] reads documents from Secrets Manager, one secret per appliance, and remembers them for a while.
//! - [`json_schema`] describes the document for editors; `connection.schema.json` beside this crate's manifest is its
//!   checked-in copy, `docs/connection.md` the same for people.
//!
//! What the settings mean for a session is decided in the `session` crate, from [`Document::settings`]. No value of a secret
//! is ever part of an error, a warning or a `Debug` form.

mod autotask;
mod check;
mod document;
mod events;
mod identity;
mod loader;
mod mode;
mod parse;
mod problem;
mod redact;
mod schema;
mod value;

pub use autotask::{AutotaskConnection, AutotaskNote, AutotaskTicket, AutotaskTimeEntry, TimeEntryDefaults};
pub use document::{ApplianceConnection, ApplianceCredentials, Document, OAuth, Password, Polling, StatementNotice};
pub use events::{EventOptions, EventSetting};
pub use loader::{CACHE_TTL, Connections, LoadError, Loaded, REFRESH_INTERVAL_MIN, Version};
pub use problem::{DocumentError, Warning, WarningKind};
pub use redact::{Pattern, Redact};
pub use schema::json_schema;
