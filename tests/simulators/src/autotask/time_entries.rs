//! Time entries on tickets: roles, times, hours, timesheets, and whose time it may be. Entries on tasks and internal codes are
//! not simulated.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::input::{Row, fields, is_blank, missing_field, object};
use super::refusals;
use super::schema::{BILLING_CODES, CONTRACTS, RESOURCES, STATUS_COMPLETE, TICKETS, TIME_ENTRIES};
use super::settings::ProxyTimeEntry;
use super::tenant::{API_RESOURCE, Autotask, int, text};
use super::tickets::{id_of, no_such_reference, no_such_row};
use super::wire::{
    Outcome, date_text, day_of, hours_between, instant, instant_text, no_permission, not_simulated, refused, written,
};
use crate::serving::exchange::{Answer, Call};

/// `timeEntryType` of an entry on a ticket.
const ON_A_TICKET: i64 = 2;
/// `useType` of a work type.
const WORK_TYPE: i64 = 1;
/// An entry is shorter than this.
const HOURS_MAX: f64 = 24.0;
/// Hours are billed in quarters, rounded up.
const QUARTERS_PER_HOUR: f64 = 4.0;

/// `POST /TimeEntries`
pub(crate) fn create(autotask: &mut Autotask, call: &Call, now: Timestamp) -> Outcome {
    if !autotask.permission(&TIME_ENTRIES).create {
        return Err(no_permission("create"));
    }
    let writer = autotask.writer(call)?;
    let mut row = fields(&TIME_ENTRIES, &object(call)?, autotask.settings.windows_1252)?;
    check(autotask, &row, writer.creator)?;
    complete(&mut row);
    let at = Value::from(instant_text(now));
    row.insert("timeEntryType".to_owned(), ON_A_TICKET.into());
    row.insert("createDateTime".to_owned(), at.clone());
    row.insert("creatorUserID".to_owned(), writer.creator.into());
    row.insert("impersonatorCreatorResourceID".to_owned(), writer.impersonator.into());
    row.insert("lastModifiedDateTime".to_owned(), at);
    row.insert("lastModifiedUserID".to_owned(), writer.creator.into());
    let ticket = int(&row, "ticketID");
    let id = autotask.insert(&TIME_ENTRIES, row);
    if let Some(ticket) = ticket {
        autotask.touch_ticket(ticket, writer.creator, now);
    }
    Ok(written(id))
}

/// `PATCH /TimeEntries`. Another ticket is ignored with 200, and so are hours without times (observed by clients).
pub(crate) fn update(autotask: &mut Autotask, call: &Call, now: Timestamp) -> Outcome {
    if !autotask.permission(&TIME_ENTRIES).update {
        return Err(no_permission("update"));
    }
    if call.header("impersonationresourceid").is_some() {
        return Err(refused("User not authorized to change Show On Invoice values for Ticket time entries"));
    }
    let members = object(call)?;
    let mut changes = fields(&TIME_ENTRIES, &members, autotask.settings.windows_1252)?;
    for ignored in ["ticketID", "taskID", "internalBillingCodeID", "hoursWorked"] {
        changes.remove(ignored);
    }
    let id = id_of(&members)?;
    let mut row = autotask.row(&TIME_ENTRIES, id).cloned().ok_or_else(|| no_such_row(&TIME_ENTRIES, id))?;
    row.extend(changes);
    check(autotask, &row, API_RESOURCE)?;
    complete(&mut row);
    row.insert("lastModifiedDateTime".to_owned(), instant_text(now).into());
    row.insert("lastModifiedUserID".to_owned(), API_RESOURCE.into());
    let ticket = int(&row, "ticketID");
    autotask.table_mut(&TIME_ENTRIES).insert(id, row);
    if let Some(ticket) = ticket {
        autotask.touch_ticket(ticket, API_RESOURCE, now);
    }
    Ok(written(id))
}

/// `DELETE /TimeEntries/{id}`
pub(crate) fn delete(autotask: &mut Autotask, id: i64) -> Outcome {
    if !autotask.permission(&TIME_ENTRIES).delete {
        return Err(no_permission("delete"));
    }
    autotask.table_mut(&TIME_ENTRIES).remove(&id).map(|_| written(id)).ok_or_else(|| no_such_row(&TIME_ENTRIES, id))
}

/// All rules; the first that is broken refuses.
fn check(autotask: &Autotask, row: &Row, writer: i64) -> Result<(), Answer> {
    let ticket = checked_ticket(autotask, row)?;
    let resource = checked_resource(autotask, row, writer)?;
    check_role(autotask, row, resource, ticket)?;
    let (start, end) = checked_times(row)?;
    check_timesheet(autotask, row, resource, start, end)?;
    refusals::check(&autotask.settings.refusals, &TIME_ENTRIES, int(row, "ticketID"), row)?;
    check_references(autotask, row)?;
    if autotask.settings.summary_notes_required && is_blank(row.get("summaryNotes")) {
        return Err(refused(missing_field("summaryNotes")));
    }
    Ok(())
}

fn checked_ticket<'a>(autotask: &'a Autotask, row: &Row) -> Result<&'a Row, Answer> {
    let Some(id) = int(row, "ticketID") else {
        if is_blank(row.get("taskID")) && is_blank(row.get("internalBillingCodeID")) {
            return Err(refused("TimeEntries must have one of ticketID, taskID or internalBillingCodeID."));
        }
        return Err(not_simulated("time entries on tasks and internal codes"));
    };
    let ticket = autotask.row(&TICKETS, id).ok_or_else(|| refused(no_such_reference("ticketID", &TICKETS, id)))?;
    if int(ticket, "status") == Some(STATUS_COMPLETE) && !autotask.settings.time_on_complete_tickets {
        return Err(refused(refusals::COMPLETE));
    }
    Ok(ticket)
}

fn checked_resource(autotask: &Autotask, row: &Row, writer: i64) -> Result<i64, Answer> {
    let resource = int(row, "resourceID");
    let active = |id: &i64| autotask.row(&RESOURCES, *id).is_some_and(|resource| resource["isActive"] == true);
    let resource = resource.filter(active).ok_or_else(|| refused("Value does not exist for the required field resourceID"))?;
    let proxy_allowed = autotask.settings.proxy_time_entry == ProxyTimeEntry::Administrators;
    if resource != writer && !proxy_allowed {
        return Err(no_permission("create"));
    }
    Ok(resource)
}

fn check_role(autotask: &Autotask, row: &Row, resource: i64, ticket: &Row) -> Result<(), Answer> {
    let role = int(row, "roleID").ok_or_else(|| refused("TimeEntries for Tickets must have a roleID."))?;
    let on_ticket = int(ticket, "assignedResourceRoleID");
    let fits_ticket = autotask.settings.modify_role || on_ticket.is_none_or(|on_ticket| on_ticket == role);
    if autotask.holds_role(resource, role) && fits_ticket {
        return Ok(());
    }
    Err(refused(autotask.settings.role_refusal.clone()))
}

fn moment(row: &Row, field: &str) -> Option<Timestamp> {
    text(row, field).and_then(instant)
}

fn checked_times(row: &Row) -> Result<(Timestamp, Timestamp), Answer> {
    let start = moment(row, "startDateTime");
    if start.is_none() && is_blank(row.get("dateWorked")) {
        return Err(refused("dateWorked is required when no value is supplied for startDateTime"));
    }
    let (Some(start), Some(end)) = (start, moment(row, "endDateTime")) else {
        return Err(refused("TimeEntries for Service tickets require a start and stop time."));
    };
    let hours = hours_between(start, end);
    if hours <= 0.0 || hours >= HOURS_MAX {
        return Err(refused("hoursWorked greater than 24 hours or less than zero hours"));
    }
    Ok((start, end))
}

fn check_timesheet(autotask: &Autotask, row: &Row, resource: i64, start: Timestamp, end: Timestamp) -> Result<(), Answer> {
    // An end at midnight sharp still belongs to the day before.
    let last_moment = end.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(end);
    if !autotask.settings.span_over_midnight && day_of(start) != day_of(last_moment) {
        // The setting is documented, its sentence is not.
        return Err(refused(refusals::MIDNIGHT));
    }
    let worked = text(row, "dateWorked").and_then(|date| date.get(..10)?.parse().ok()).unwrap_or_else(|| day_of(start));
    if autotask.settings.timesheets_submitted_until.is_some_and(|until| worked <= until) {
        return Err(refused(refusals::SUBMITTED));
    }
    refusals::check_timesheet(&autotask.settings.timesheets_submitted, resource, worked)
}

fn check_references(autotask: &Autotask, row: &Row) -> Result<(), Answer> {
    if let Some(code) = int(row, "billingCodeID") {
        let is_work_type = autotask
            .row(&BILLING_CODES, code)
            .is_some_and(|code| int(code, "useType") == Some(WORK_TYPE) && code["isActive"] == true);
        if !is_work_type {
            return Err(refused("The given allocation code is not an active general allocation code"));
        }
    }
    if let Some(contract) = int(row, "contractID").filter(|id| !autotask.exists(&CONTRACTS, *id)) {
        return Err(refused(no_such_reference("contractID", &CONTRACTS, contract)));
    }
    Ok(())
}

/// Fills in what follows from the times: hours, what is billed of them, the day.
fn complete(row: &mut Row) {
    let (Some(start), Some(end)) = (moment(row, "startDateTime"), moment(row, "endDateTime")) else { return };
    let hours = hours_between(start, end);
    let offset = row.get("offsetHours").and_then(Value::as_f64).unwrap_or_default();
    let billed = ((hours + offset) * QUARTERS_PER_HOUR).ceil() / QUARTERS_PER_HOUR;
    row.insert("hoursWorked".to_owned(), hours.into());
    row.insert("hoursToBill".to_owned(), billed.max(0.0).into());
    if is_blank(row.get("dateWorked")) {
        row.insert("dateWorked".to_owned(), date_text(&instant_text(start)).into());
    }
}
