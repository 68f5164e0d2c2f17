//! The lists that the tenant keeps for fields of tickets, remembered for a while: one description of the entity holds them all.

use std::sync::Arc;

use session::failure::Failure;
use tokio::time::Instant;

use super::answer::unexpected;
use super::client::AutotaskClient;
use super::rights::{Choice, Subject, choices_of};

impl AutotaskClient {
    /// What can be chosen for that field of a ticket, inactive values included.
    ///
    /// # Errors
    /// Any [`Failure`] of a read; `Unknown` also when tickets have no such field.
    pub(super) async fn ticket_choices(&self, field: &str, deadline: Instant) -> Result<Vec<Choice>, Failure> {
        let fields = match self.ticket_fields.get(&()) {
            Some(fields) => fields,
            None => {
                let fields = Arc::new(self.entity_information(Subject::Tickets, "/fields", deadline).await?);
                self.ticket_fields.put((), Arc::clone(&fields));
                fields
            }
        };
        choices_of(&fields, field).ok_or_else(|| unexpected("a description of tickets without the field"))
    }
}
