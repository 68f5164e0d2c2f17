//! The notes and time entries of a ticket in a span of time, by whomever. For comparison alone: whether a write of ours is there is for
//! `lookups` to say.

use jiff::Timestamp;
use serde_json::Value;
use session::failure::Failure;
use session::ids::{RemoteId, ResourceId, RoleId, TicketId};
use tokio::time::Instant;

use super::answer::unexpected;
use super::client::AutotaskClient;
use super::query::{Condition, Query};
use super::row::Row;
use super::transport::Entity;
use super::writes::utc;
use crate::activity::{Activity, WrittenNote, WrittenTime};

/// Rows per page: each may hold 32,000 characters twice, and an answer is bounded.
const ROWS_PER_PAGE: u32 = 50;

impl AutotaskClient {
    /// The notes that were made on a ticket, and the time entries that lie, in that span, both ends included.
    ///
    /// # Errors
    /// Any [`Failure`] of a read; `Unknown` also when the answer cannot be complete.
    pub async fn activity(
        &self,
        ticket: TicketId,
        (since, until): (Timestamp, Timestamp),
        deadline: Instant,
    ) -> Result<Activity, Failure> {
        let of_ticket = || Condition::equal("ticketID", ticket.0);
        let notes = Query::new(
            vec![
                of_ticket(),
                Condition::at_least("createDateTime", utc(since)),
                Condition::at_most("createDateTime", utc(until)),
            ],
            &["id", "ticketID", "title", "description", "createDateTime"],
            ROWS_PER_PAGE,
        );
        let times = Query::new(
            vec![of_ticket(), Condition::at_least("endDateTime", utc(since)), Condition::at_most("startDateTime", utc(until))],
            &["id", "ticketID", "resourceID", "roleID", "startDateTime", "endDateTime", "summaryNotes", "internalNotes"],
            ROWS_PER_PAGE,
        );
        let notes = self.all_rows(Entity::TicketNotes, &notes, deadline).await?;
        let times = self.all_rows(Entity::TimeEntries, &times, deadline).await?;
        Ok(Activity { notes: of(&notes, ticket, note)?, times: of(&times, ticket, time)? })
    }
}

fn of<T>(rows: &[Value], ticket: TicketId, read: fn(&Row<'_>) -> Option<T>) -> Result<Vec<T>, Failure> {
    let row = |value| {
        let row = Row::new(value).ok_or_else(|| unexpected("a row that is no object"))?;
        if row.integer("ticketID") != Some(ticket.0) {
            return Err(unexpected("a row came back that was not asked for"));
        }
        read(&row).ok_or_else(|| unexpected("a row without an id"))
    };
    rows.iter().map(row).collect()
}

fn text(row: &Row<'_>, field: &str) -> String {
    row.text(field).unwrap_or_default().to_owned()
}

fn note(row: &Row<'_>) -> Option<WrittenNote> {
    Some(WrittenNote {
        id: RemoteId(row.integer("id")?),
        title: text(row, "title"),
        text: text(row, "description"),
        created_at: row.timestamp("createDateTime"),
    })
}

fn time(row: &Row<'_>) -> Option<WrittenTime> {
    Some(WrittenTime {
        id: RemoteId(row.integer("id")?),
        resource: row.integer("resourceID").map(ResourceId),
        role: row.integer("roleID").map(RoleId),
        start: row.timestamp("startDateTime"),
        end: row.timestamp("endDateTime"),
        summary: text(row, "summaryNotes"),
        internal: text(row, "internalNotes"),
    })
}
