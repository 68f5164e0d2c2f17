//! Creating and changing tickets: the rules between fields.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::input::{Row, fields, is_blank, object, require};
use super::schema::{
    BILLING_CODES, COMPANIES, CONFIGURATION_ITEMS, CONTACTS, CONTRACTS, Entity, RESOURCES, STATUS_COMPLETE, TICKETS,
};
use super::tenant::{Autotask, int, text};
use super::wire::{Outcome, instant_text, no_permission, refused, written};
use crate::serving::exchange::{Answer, Call};

/// `POST /Tickets`
pub(crate) fn create(autotask: &mut Autotask, call: &Call, now: Timestamp) -> Outcome {
    if !autotask.permission(&TICKETS).create {
        return Err(no_permission("create"));
    }
    let writer = autotask.writer(call)?;
    let mut row = fields(&TICKETS, &object(call)?, autotask.settings.windows_1252)?;
    require(&TICKETS, &row)?;
    if is_blank(row.get("queueID")) && is_blank(row.get("assignedResourceID")) {
        return Err(refused("assignedResourceID, assignedResourceRoleID, and queueID cannot all be empty"));
    }
    if is_blank(row.get("dueDateTime")) {
        return Err(refused(super::input::missing_field("dueDateTime")));
    }
    check(autotask, &row)?;
    let at = Value::from(instant_text(now));
    for field in ["createDate", "lastActivityDate", "lastTrackedModificationDateTime"] {
        row.insert(field.to_owned(), at.clone());
    }
    row.insert("creatorResourceID".to_owned(), writer.creator.into());
    row.insert("impersonatorCreatorResourceID".to_owned(), writer.impersonator.into());
    if is_blank(row.get("ticketNumber")) {
        row.insert("ticketNumber".to_owned(), next_number(autotask, now).into());
    }
    note_completion(&mut row, writer.creator, now);
    Ok(written(autotask.insert(&TICKETS, row)))
}

/// `PATCH /Tickets`
pub(crate) fn update(autotask: &mut Autotask, call: &Call, now: Timestamp) -> Outcome {
    if !autotask.permission(&TICKETS).update {
        return Err(no_permission("update"));
    }
    let writer = autotask.writer(call)?;
    let members = object(call)?;
    let changes = fields(&TICKETS, &members, autotask.settings.windows_1252)?;
    let id = id_of(&members)?;
    let before = autotask.row(&TICKETS, id).cloned().ok_or_else(|| no_such_row(&TICKETS, id))?;
    let mut row = before.clone();
    row.extend(changes);
    require(&TICKETS, &row)?;
    check(autotask, &row)?;
    if int(&before, "status") != int(&row, "status") {
        note_completion(&mut row, writer.creator, now);
    }
    row.insert("lastTrackedModificationDateTime".to_owned(), instant_text(now).into());
    autotask.table_mut(&TICKETS).insert(id, row);
    autotask.touch_ticket(id, writer.creator, now);
    Ok(written(id))
}

/// The id in the body of an update.
pub(crate) fn id_of(members: &Row) -> Result<i64, Answer> {
    let id = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("id")).and_then(|(_, value)| value.as_i64());
    id.ok_or_else(|| refused("Missing Required Field: id"))
}

/// The refusal of an id that refers to nothing. The text is not sourced.
pub(crate) fn no_such_row(entity: &Entity, id: i64) -> Answer {
    refused(format!("{} with id [{id}] does not exist.", entity.name))
}

fn check(autotask: &Autotask, row: &Row) -> Result<(), Answer> {
    check_references(autotask, row)?;
    check_assignment(autotask, row)?;
    check_contact(autotask, row)?;
    check_configuration_item(autotask, row)
}

fn check_references(autotask: &Autotask, row: &Row) -> Result<(), Answer> {
    let references = [
        ("companyID", &COMPANIES),
        ("contractID", &CONTRACTS),
        ("billingCodeID", &BILLING_CODES),
        ("configurationItemID", &CONFIGURATION_ITEMS),
    ];
    for (field, entity) in references {
        if let Some(id) = int(row, field).filter(|id| !autotask.exists(entity, *id)) {
            return Err(refused(no_such_reference(field, entity, id)));
        }
    }
    Ok(())
}

/// The sentence for an id that refers to nothing (wording of the older API; not sourced for this one).
pub(crate) fn no_such_reference(field: &str, entity: &Entity, id: i64) -> String {
    format!("Reference value on field: {field} of type: {} does not exist or is invalid. Value: {id}", entity.name)
}

fn check_assignment(autotask: &Autotask, row: &Row) -> Result<(), Answer> {
    match (int(row, "assignedResourceID"), int(row, "assignedResourceRoleID")) {
        (None, None) => Ok(()),
        (Some(resource), Some(role)) if autotask.exists(&RESOURCES, resource) && autotask.holds_role(resource, role) => Ok(()),
        (Some(_), Some(_)) => {
            Err(refused("The specified AssignedResourceID and AssignedRoleID combination is not currently defined"))
        }
        _ => Err(refused("When assigning a Resource, you must assign both a assignedResourceID and assignedResourceRoleID")),
    }
}

fn check_contact(autotask: &Autotask, row: &Row) -> Result<(), Answer> {
    let Some(contact) = int(row, "contactID") else { return Ok(()) };
    let company = int(row, "companyID");
    let parent = company.and_then(|company| int(autotask.row(&COMPANIES, company)?, "parentCompanyID"));
    let of = autotask.row(&CONTACTS, contact).and_then(|contact| int(contact, "companyID"));
    if of.is_some() && (of == company || of == parent) {
        return Ok(());
    }
    Err(refused("contactID is not associated to the companyID or its Parent Company"))
}

fn check_configuration_item(autotask: &Autotask, row: &Row) -> Result<(), Answer> {
    let (Some(item), Some(company)) = (int(row, "configurationItemID"), int(row, "companyID")) else { return Ok(()) };
    if autotask.row(&CONFIGURATION_ITEMS, item).and_then(|item| int(item, "companyID")) == Some(company) {
        return Ok(());
    }
    Err(refused(format!("The configurationItemID [{item}] is not associated with Company [{company}]")))
}

fn note_completion(row: &mut Row, by: i64, now: Timestamp) {
    let complete = int(row, "status") == Some(STATUS_COMPLETE);
    let (date, resource) = if complete { (Value::from(instant_text(now)), Value::from(by)) } else { (Value::Null, Value::Null) };
    row.insert("completedDate".to_owned(), date);
    row.insert("completedByResourceID".to_owned(), resource);
}

/// The next free number of today: `T20250318.0043`.
fn next_number(autotask: &Autotask, now: Timestamp) -> String {
    let day = now.to_zoned(TimeZone::UTC).strftime("T%Y%m%d.").to_string();
    let numbers =
        autotask.table(&TICKETS).values().filter_map(|row| text(row, "ticketNumber")?.strip_prefix(&day)?.parse::<u32>().ok());
    format!("{day}{:04}", numbers.max().unwrap_or(0) + 1)
}
