//! The client of one Autotask tenant. Here is only what all its operations share; each operation is in the file of its subject.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use session::ids::RoleId;

use super::authors::{KnownResource, ROLES_LIFETIME};
use super::cache::Cache;
use super::config::{Config, ConfigError, TicketFields, TimeEntryFields};
use super::transport::Transport;

/// A client of one Autotask tenant. Share it (behind a reference or an `Arc`): connections, the slots for parallel calls and what
/// is known of people and roles are kept in it.
///
/// Every operation takes a `deadline`, the moment at which the caller must have its answer; a call runs 60 s at most whatever
/// the deadline is. An operation of several calls shares one deadline. When it passes, the connection is dropped: a write that had been
/// sent by then is `Failure::Unknown`, one that had not is `Failure::NotTaken`.
pub struct AutotaskClient {
    pub(super) transport: Transport,
    pub(super) note_type: i32,
    pub(super) time_entry: TimeEntryFields,
    pub(super) ticket: TicketFields,
    pub(super) resources: Cache<String, KnownResource>,
    pub(super) roles: Cache<String, Vec<RoleId>>,
    /// Autotask's description of a ticket's fields, as it came.
    pub(super) ticket_fields: Cache<(), Arc<Value>>,
}

/// Shows nothing: inside are credentials and the logins of people.
impl fmt::Debug for AutotaskClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AutotaskClient").finish_non_exhaustive()
    }
}

impl AutotaskClient {
    /// A client that has not called anybody yet.
    ///
    /// # Errors
    /// When the configuration cannot work, naming the key of the connection document.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self {
            transport: Transport::new(&config)?,
            note_type: config.note_type,
            time_entry: config.time_entry,
            ticket: config.ticket,
            resources: Cache::new(ROLES_LIFETIME),
            roles: Cache::new(ROLES_LIFETIME),
            ticket_fields: Cache::new(ROLES_LIFETIME),
        })
    }
}
