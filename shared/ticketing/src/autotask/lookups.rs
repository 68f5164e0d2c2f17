//! Finding again what was written, by its marker: whether a write whose answer was lost has arrived.
//!
//! "Not found" lets the delivery write again, so it is said only when every row that could bear the marker was seen. Each query
//! is narrowed by Autotask as far as that is safe, read to its end by id, and every row is checked here. When the end is
//! not reached within a bound, the look-up has failed.
//!
//! "Found" ends a write for good, so a row counts only if the marker stands where our code puts it: a marker that somebody typed
//! (a name, a question about an earlier note) finds nothing. Autotask is asked for rows that hold it anywhere; the place is
//! checked here.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use session::failure::Failure;
use session::ids::{RemoteId, ResourceId, TicketId};
use session::write_id::Marker;
use tokio::time::Instant;

use super::answer::{Purpose, unexpected};
use super::client::AutotaskClient;
use super::query::{Condition, PAGE_ROWS_MAX, Query};
use super::row::Row;
use super::transport::{Call, Entity};
use super::writes::{midnight, utc};

/// The most pages of one look-up. Filters leave a handful of rows; whoever needs more is reading a table whose filter was dropped.
const PAGES_MAX: usize = 20;
/// Time entries per page: their internal notes have up to 32,000 characters each, and an answer is bounded.
const TIME_ENTRIES_PER_PAGE: u32 = 100;
/// Windows of creation times are widened by this on both sides: Autotask's clock is not ours, and one tenant compares only the
/// days (observed by clients).
const CREATION_SLACK: SignedDuration = SignedDuration::from_hours(24);

impl AutotaskClient {
    /// The notes of a ticket whose title ends with the marker, created at `since` or later (with a day of slack).
    ///
    /// A note that moved to another ticket when tickets were merged is not among them: see [`Self::find_note_anywhere`].
    ///
    /// # Errors
    /// Any [`Failure`] of a read; `Unknown` also when the answer cannot be complete.
    pub async fn find_note(
        &self,
        ticket: TicketId,
        marker: &Marker,
        since: Timestamp,
        deadline: Instant,
    ) -> Result<Vec<RemoteId>, Failure> {
        let query = Query::new(
            vec![
                Condition::equal("ticketID", ticket.0),
                Condition::contains("title", searched(marker)),
                Condition::at_least("createDateTime", utc(earlier(since))),
            ],
            &["id", "ticketID", "title"],
            PAGE_ROWS_MAX,
        );
        let rows = self.all_rows(Entity::TicketNotes, &query, deadline).await?;
        marked(&rows, |row| {
            belongs(row, "ticketID", ticket.0)?;
            Ok(title_bears(row, marker))
        })
    }

    /// The notes of any ticket whose title ends with the marker, created from `since` to `until` (with a day of slack on both sides).
    ///
    /// # Errors
    /// As [`Self::find_note`].
    pub async fn find_note_anywhere(
        &self,
        marker: &Marker,
        since: Timestamp,
        until: Timestamp,
        deadline: Instant,
    ) -> Result<Vec<RemoteId>, Failure> {
        let query = Query::new(
            vec![
                Condition::contains("title", searched(marker)),
                Condition::at_least("createDateTime", utc(earlier(since))),
                Condition::at_most("createDateTime", utc(later(until))),
            ],
            &["id", "title"],
            PAGE_ROWS_MAX,
        );
        let rows = self.all_rows(Entity::TicketNotes, &query, deadline).await?;
        marked(&rows, |row| Ok(title_bears(row, marker)))
    }

    /// The time entries of a resource whose internal notes begin with the marker, with that date worked, the day before or the day
    /// after (Autotask may take the date in another zone). On whatever ticket: tickets are merged.
    ///
    /// # Errors
    /// As [`Self::find_note`].
    pub async fn find_time_entries(
        &self,
        resource: ResourceId,
        date_worked: Date,
        marker: &Marker,
        deadline: Instant,
    ) -> Result<Vec<RemoteId>, Failure> {
        let query = of_days_about(resource, date_worked, &["id", "resourceID", "internalNotes"]);
        let rows = self.all_rows(Entity::TimeEntries, &query, deadline).await?;
        marked(&rows, |row| {
            belongs(row, "resourceID", resource.0)?;
            Ok(row.text("internalNotes").is_some_and(|notes| marker.is_in_internal_notes(notes)))
        })
    }

    /// The time entries of a resource, on whatever ticket, which overlap with that time, but for the one that bears the marker: with that
    /// date worked, the day before or the day after. Entries of hours alone, without a start, overlap with nothing.
    ///
    /// # Errors
    /// As [`Self::find_note`].
    pub async fn find_overlapping_time_entries(
        &self,
        resource: ResourceId,
        date_worked: Date,
        (start, end): (Timestamp, Timestamp),
        marker: &Marker,
        deadline: Instant,
    ) -> Result<Vec<RemoteId>, Failure> {
        let query = of_days_about(resource, date_worked, &["id", "resourceID", "startDateTime", "endDateTime", "internalNotes"]);
        let rows = self.all_rows(Entity::TimeEntries, &query, deadline).await?;
        marked(&rows, |row| {
            belongs(row, "resourceID", resource.0)?;
            let is_own = row.text("internalNotes").is_some_and(|notes| marker.is_in_internal_notes(notes));
            let times = row.timestamp("startDateTime").zip(row.timestamp("endDateTime"));
            Ok(!is_own && times.is_some_and(|(from, to)| from < end && start < to))
        })
    }

    /// The attachments of a note whose title ends with the marker.
    ///
    /// # Errors
    /// As [`Self::find_note`]; `NotFound` when the note itself is not there.
    pub async fn find_attachment(&self, note: RemoteId, marker: &Marker, deadline: Instant) -> Result<Vec<RemoteId>, Failure> {
        let path = format!("TicketNotes/{note}/Attachments");
        let answer = self.transport.call(&Call::get(Entity::TicketNoteAttachments, Purpose::ReadById, path), deadline).await?;
        let page = Page::new(&answer)?;
        if page.more {
            return Err(unexpected("a note has more attachments than one answer holds"));
        }
        marked(&page.rows, |row| Ok(title_bears(row, marker)))
    }

    /// All rows of a query, page by page.
    pub(super) async fn all_rows(&self, entity: Entity, query: &Query, deadline: Instant) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        let mut next = query.clone();
        for _ in 0..PAGES_MAX {
            let page = self.page(&query_call(entity, &next), deadline).await?;
            let last_page = !page.more && page.rows.len() < query.rows_max();
            let last_id = page.rows.iter().filter_map(|row| Row::new(row)?.integer("id")).max();
            all.extend(page.rows);
            match last_id {
                Some(id) if !last_page => next = query.after(id),
                None if !last_page => return Err(unexpected("a page of rows without ids")),
                _ => return Ok(all),
            }
        }
        Err(unexpected("more rows than a look-up may read: was the filter ignored?"))
    }

    /// One page of a query.
    pub(super) async fn page(&self, call: &Call<'_>, deadline: Instant) -> Result<Page, Failure> {
        Page::new(&self.transport.call(call, deadline).await?)
    }
}

/// What asks for the time entries of a resource with that date worked, the day before or the day after.
fn of_days_about(resource: ResourceId, date_worked: Date, fields: &'static [&'static str]) -> Query {
    let conditions = vec![
        Condition::equal("resourceID", resource.0),
        Condition::at_least("dateWorked", midnight(date_worked.yesterday().unwrap_or(date_worked))),
        Condition::at_most("dateWorked", midnight(date_worked.tomorrow().unwrap_or(date_worked))),
    ];
    Query::new(conditions, fields, TIME_ENTRIES_PER_PAGE)
}

/// The call that asks a query.
pub(super) fn query_call<'a>(entity: Entity, query: &Query) -> Call<'a> {
    Call::post(entity, Purpose::Query, format!("{}/query", entity.name()), query)
}

/// Rows as they came. Not `Debug`: they hold what people wrote.
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    /// Whether Autotask says that there is another page.
    pub(super) more: bool,
}

impl Page {
    /// # Errors
    /// `Unknown` when the answer holds no list of rows: that is not the same as an empty one.
    pub(super) fn new(answer: &Value) -> Result<Self, Failure> {
        let answer = Row::new(answer).ok_or_else(|| unexpected("an answer without rows"))?;
        let rows = answer.get("items").and_then(Value::as_array).ok_or_else(|| unexpected("an answer without rows"))?;
        let more = answer.get("pageDetails").and_then(Row::new).is_some_and(|details| details.get("nextPageUrl").is_some());
        Ok(Self { rows: rows.clone(), more })
    }
}

/// The ids of the rows that a check lets through.
fn marked(rows: &[Value], check: impl Fn(&Row<'_>) -> Result<bool, Failure>) -> Result<Vec<RemoteId>, Failure> {
    let mut found = Vec::new();
    for row in rows {
        let row = Row::new(row).ok_or_else(|| unexpected("a row that is no object"))?;
        if check(&row)? {
            found.push(RemoteId(row.integer("id").ok_or_else(|| unexpected("a row without an id"))?));
        }
    }
    Ok(found)
}

fn title_bears(row: &Row<'_>, marker: &Marker) -> bool {
    row.text("title").is_some_and(|title| marker.is_in_title(title))
}

/// A row of somebody else shows that the condition was dropped; then a full table may hide the row that we look for.
fn belongs(row: &Row<'_>, field: &str, owner: i64) -> Result<(), Failure> {
    if row.integer(field) == Some(owner) { Ok(()) } else { Err(unexpected("a row came back that was not asked for")) }
}

/// What Autotask is asked to find: the marker without its brackets, which a database may take for a class of characters. The rows
/// are then checked for the whole marker.
fn searched(marker: &Marker) -> &str {
    marker.as_str().trim_matches(['[', ']'])
}

fn earlier(at: Timestamp) -> Timestamp {
    at.saturating_sub(CREATION_SLACK).unwrap_or(at)
}

fn later(at: Timestamp) -> Timestamp {
    at.saturating_add(CREATION_SLACK).unwrap_or(at)
}
