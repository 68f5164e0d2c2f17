//! Attachments of tickets, notes and time entries: made, listed, read with their data, deleted, never changed.
//!
//! Limits are the vendor's; the sentences of their refusals are not sourced.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::input::{Row, fields, object, require};
use super::reads::belongs_to;
use super::refusals;
use super::route::Child;
use super::schema::{self, Entity};
use super::tenant::{Autotask, int, text};
use super::wire::{Outcome, instant_text, no_permission, no_such_path, refused, written};
use crate::serving::exchange::{Answer, Call};

/// Length of the window in which attachments are counted, and of the pause after too many.
const WINDOW_MINUTES: i64 = 5;

/// How much has been attached of late.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttachmentWindow {
    taken: VecDeque<(Timestamp, usize)>,
    closed_until: Option<Timestamp>,
}

impl AttachmentWindow {
    /// Takes these bytes into the window; false if it is full, or was full less than five minutes ago.
    fn admit(&mut self, bytes: usize, bytes_max: usize, now: Timestamp) -> bool {
        let window = SignedDuration::from_mins(WINDOW_MINUTES);
        if self.closed_until.is_some_and(|until| now < until) {
            return false;
        }
        while self.taken.front().is_some_and(|(at, _)| now.duration_since(*at) >= window) {
            self.taken.pop_front();
        }
        let taken: usize = self.taken.iter().map(|(_, bytes)| bytes).sum();
        if taken + bytes > bytes_max {
            self.closed_until = now.saturating_add(window).ok();
            return false;
        }
        self.taken.push_back((now, bytes));
        true
    }
}

/// `POST /{Parent}/{id}/Attachments`
pub(crate) fn create(autotask: &mut Autotask, child: Child, parent: i64, call: &Call, now: Timestamp) -> Outcome {
    let parent_row = autotask.row(child.parent, parent).cloned().ok_or_else(no_such_path)?;
    if !autotask.permission(child.entity).create {
        return Err(no_permission("create"));
    }
    let writer = autotask.writer(call)?;
    let mut row = fields(child.entity, &object(call)?, autotask.settings.windows_1252)?;
    require(child.entity, &row)?;
    refusals::check(&autotask.settings.refusals, child.entity, int(&parent_row, "ticketID"), &row)?;
    let size = checked_file(autotask, &row, now)?;
    row.extend(links(child, parent, &parent_row));
    row.insert("fileSize".to_owned(), size.into());
    row.insert("contentType".to_owned(), content_type(&row).into());
    row.insert("attachDate".to_owned(), instant_text(now).into());
    row.insert("attachedByResourceID".to_owned(), writer.creator.into());
    let ticket = int(&row, "ticketID");
    let id = autotask.insert(child.entity, row);
    if let Some(ticket) = ticket {
        autotask.touch_ticket(ticket, writer.creator, now);
    }
    Ok(written(id))
}

/// `DELETE /{Parent}/{id}/Attachments/{id}`
pub(crate) fn delete(autotask: &mut Autotask, child: Child, parent: i64, id: i64) -> Outcome {
    if !autotask.permission(child.entity).delete {
        return Err(no_permission("delete"));
    }
    if !autotask.row(child.entity, id).is_some_and(|row| belongs_to(row, child, parent)) {
        return Err(refused("Attachment could not be found."));
    }
    autotask.table_mut(child.entity).remove(&id);
    Ok(written(id))
}

/// The size of the file, if it may be attached.
fn checked_file(autotask: &mut Autotask, row: &Row, now: Timestamp) -> Result<usize, Answer> {
    if text(row, "attachmentType") != Some("FILE_ATTACHMENT") {
        return Err(refused("The attachmentType is invalid."));
    }
    let extension = extension(row);
    if !autotask.settings.attachment_extensions.contains(&extension) {
        return Err(refused(format!("The file extension [{extension}] is not an allowed attachment type.")));
    }
    let size = STANDARD.decode(text(row, "data").unwrap_or_default()).map(|data| data.len()).unwrap_or_default();
    if size == 0 || size > autotask.settings.attachment_bytes_max {
        return Err(refused("The attachment exceeds the maximum file size."));
    }
    let window_max = autotask.settings.attachment_window_bytes;
    if !autotask.attachment_window.admit(size, window_max, now) {
        return Err(refused(format!(
            "The attachment limit of {window_max} bytes within {WINDOW_MINUTES} minutes has been exceeded."
        )));
    }
    Ok(size)
}

fn extension(row: &Row) -> String {
    let path = text(row, "fullPath").unwrap_or_default();
    path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}

fn content_type(row: &Row) -> &'static str {
    match extension(row).as_str() {
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}

/// Where an attachment hangs: its parent, the parent's kind, and the ticket that they belong to.
fn links(child: Child, parent: i64, parent_row: &Row) -> Row {
    let kind = if is(child.entity, &schema::TICKET_NOTE_ATTACHMENTS) {
        ("ticketNoteID", 23)
    } else if is(child.entity, &schema::TIME_ENTRY_ATTACHMENTS) {
        ("timeEntryID", 18)
    } else {
        ("ticketID", 4)
    };
    let ticket = if kind.0 == "ticketID" { Some(parent) } else { int(parent_row, "ticketID") };
    let mut links = Row::new();
    links.insert("ticketID".to_owned(), json!(ticket));
    links.insert(kind.0.to_owned(), parent.into());
    links.insert("parentID".to_owned(), parent.into());
    links.insert("parentType".to_owned(), Value::from(kind.1));
    links
}

fn is(one: &Entity, other: &Entity) -> bool {
    one.path == other.path
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn full_window_refuses_for_five_minutes_and_then_takes_again() {
        let mut window = AttachmentWindow::default();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert!(window.admit(6, 10, at(0)));
        assert!(!window.admit(6, 10, at(60)));
        assert!(!window.admit(1, 10, at(300)));
        assert!(window.admit(6, 10, at(360)));
    }
}
