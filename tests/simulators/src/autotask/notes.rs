//! Notes on tickets: made and changed at `/Tickets/{id}/Notes`, never deleted.

use jiff::Timestamp;
use serde_json::Value;

use super::input::{Row, fields, is_blank, missing_field, object, require};
use super::refusals;
use super::schema::{PUBLISH_ALL, TICKET_NOTES, TICKETS};
use super::tenant::{Autotask, int};
use super::tickets::{id_of, no_such_row};
use super::wire::{Outcome, instant_text, no_permission, no_such_path, refused, written};
use crate::serving::exchange::{Answer, Call};

/// `POST /Tickets/{id}/Notes`
pub(crate) fn create(autotask: &mut Autotask, ticket: i64, call: &Call, now: Timestamp) -> Outcome {
    if !autotask.exists(&TICKETS, ticket) {
        return Err(no_such_path());
    }
    if !autotask.permission(&TICKET_NOTES).create {
        return Err(no_permission("create"));
    }
    let writer = autotask.writer(call)?;
    let mut row = fields(&TICKET_NOTES, &object(call)?, autotask.settings.windows_1252)?;
    check(autotask, &row)?;
    refusals::check(&autotask.settings.refusals, &TICKET_NOTES, Some(ticket), &row)?;
    let at = Value::from(instant_text(now));
    // The parent of the path counts, whatever the body says.
    row.insert("ticketID".to_owned(), ticket.into());
    row.insert("createDateTime".to_owned(), at.clone());
    row.insert("lastActivityDate".to_owned(), at.clone());
    row.insert("creatorResourceID".to_owned(), writer.creator.into());
    row.insert("impersonatorCreatorResourceID".to_owned(), writer.impersonator.into());
    // Reported writable, and ignored.
    row.insert("createdByContactID".to_owned(), Value::Null);
    let customer_sees_it = int(&row, "publish") == Some(PUBLISH_ALL);
    let id = autotask.insert(&TICKET_NOTES, row);
    autotask.touch_ticket(ticket, writer.creator, now);
    if customer_sees_it && let Some(row) = autotask.table_mut(&TICKETS).get_mut(&ticket) {
        row.insert("lastCustomerVisibleActivityDateTime".to_owned(), at);
    }
    Ok(written(id))
}

/// `PATCH /Tickets/{id}/Notes`
pub(crate) fn update(autotask: &mut Autotask, ticket: i64, call: &Call, now: Timestamp) -> Outcome {
    if !autotask.permission(&TICKET_NOTES).update {
        return Err(no_permission("update"));
    }
    let writer = autotask.writer(call)?;
    let members = object(call)?;
    let mut changes = fields(&TICKET_NOTES, &members, autotask.settings.windows_1252)?;
    changes.remove("ticketID");
    let id = id_of(&members)?;
    let row = autotask.row(&TICKET_NOTES, id).filter(|row| int(row, "ticketID") == Some(ticket));
    let mut row = row.cloned().ok_or_else(|| no_such_row(&TICKET_NOTES, id))?;
    row.extend(changes);
    check(autotask, &row)?;
    row.insert("lastActivityDate".to_owned(), instant_text(now).into());
    autotask.table_mut(&TICKET_NOTES).insert(id, row);
    autotask.touch_ticket(ticket, writer.creator, now);
    Ok(written(id))
}

fn check(autotask: &Autotask, row: &Row) -> Result<(), Answer> {
    if autotask.settings.note_title_required && is_blank(row.get("title")) {
        return Err(refused(missing_field("title")));
    }
    require(&TICKET_NOTES, row)
}
