//! A ticket as a technician reads it in Autotask: header, notes, time entries, attachments. For `make demo` and for snapshots,
//! so nothing in it depends on ids that the tenant gave or on when the default data were made.

use std::fmt::Write as _;

use super::input::Row;
use super::schema::{
    BILLING_CODES, COMPANIES, CONTRACTS, Entity, PUBLISH_ALL, RESOURCES, ROLES, TICKET_ATTACHMENTS, TICKET_NOTE_ATTACHMENTS,
    TICKET_NOTES, TICKETS, TIME_ENTRIES, TIME_ENTRY_ATTACHMENTS,
};
use super::tenant::{Autotask, int, text};

/// The ticket of this number, or none.
pub(crate) fn ticket(autotask: &Autotask, number: &str) -> Option<String> {
    let (id, row) = autotask.table(&TICKETS).iter().find(|(_, row)| text(row, "ticketNumber") == Some(number))?;
    let mut page = header(autotask, number, row);
    let notes = rows_of(autotask, &TICKET_NOTES, "ticketID", *id);
    let _ = write!(page, "\nNOTES ({})\n", notes.len());
    for (note_id, note) in notes {
        page.push_str(&note_text(autotask, note_id, note));
    }
    let entries = rows_of(autotask, &TIME_ENTRIES, "ticketID", *id);
    let _ = write!(page, "\nTIME ENTRIES ({})\n", entries.len());
    for (entry_id, entry) in entries {
        page.push_str(&time_entry_text(autotask, entry_id, entry));
    }
    let attachments = attachment_lines(autotask, &TICKET_ATTACHMENTS, *id);
    if !attachments.is_empty() {
        let _ = write!(page, "\nATTACHMENTS\n{attachments}");
    }
    Some(page)
}

fn rows_of<'a>(autotask: &'a Autotask, entity: &'static Entity, link: &str, parent: i64) -> Vec<(i64, &'a Row)> {
    let rows = autotask.table(entity).iter();
    rows.filter(|(_, row)| int(row, link) == Some(parent)).map(|(id, row)| (*id, row)).collect()
}

fn header(autotask: &Autotask, number: &str, row: &Row) -> String {
    let label = |field: &str| int(row, field).and_then(|value| TICKETS.label(field, value)).unwrap_or("-");
    let company = named(autotask, &COMPANIES, int(row, "companyID"), "companyName");
    let mut page = format!("{number}  {}\n", text(row, "title").unwrap_or_default());
    let _ = writeln!(page, "Company    {company}");
    let _ = writeln!(page, "Status     {}, priority {}, queue {}", label("status"), label("priority"), label("queueID"));
    let _ = writeln!(
        page,
        "Assigned   {}",
        person_in_role(autotask, int(row, "assignedResourceID"), int(row, "assignedResourceRoleID"))
    );
    let _ = writeln!(page, "Created    {}", moment(row, "createDate"));
    page
}

fn note_text(autotask: &Autotask, id: i64, note: &Row) -> String {
    let label = |field: &str| int(note, field).and_then(|value| TICKET_NOTES.label(field, value)).unwrap_or("-");
    let audience = if int(note, "publish") == Some(PUBLISH_ALL) { "the customer sees it" } else { "internal" };
    let by = person(autotask, int(note, "creatorResourceID"));
    let mut page = format!("--- {}, {by}\n", moment(note, "createDateTime"));
    let _ = writeln!(page, "Title      {}", text(note, "title").unwrap_or_default());
    let _ = writeln!(page, "Type       {}; published to: {} ({audience})", label("noteType"), label("publish"));
    let _ = writeln!(page, "{}", indented(text(note, "description").unwrap_or_default()));
    page.push_str(&attachment_lines(autotask, &TICKET_NOTE_ATTACHMENTS, id));
    page
}

fn time_entry_text(autotask: &Autotask, id: i64, entry: &Row) -> String {
    let who = person_in_role(autotask, int(entry, "resourceID"), int(entry, "roleID"));
    let worked = text(entry, "dateWorked").and_then(|date| date.get(..10)).unwrap_or("-");
    let hours = |field: &str| entry.get(field).and_then(serde_json::Value::as_f64).unwrap_or_default();
    let mut page = format!("--- {who}\n");
    let _ = writeln!(page, "Worked on  {worked}");
    let _ = writeln!(page, "From, to   {} to {}", moment(entry, "startDateTime"), moment(entry, "endDateTime"));
    let _ = writeln!(page, "Hours      {:.4}, billed {:.2}", hours("hoursWorked"), hours("hoursToBill"));
    if let Some(code) = int(entry, "billingCodeID") {
        let _ = writeln!(page, "Work type  {}", named(autotask, &BILLING_CODES, Some(code), "name"));
    }
    if let Some(contract) = int(entry, "contractID") {
        let _ = writeln!(page, "Contract   {}", named(autotask, &CONTRACTS, Some(contract), "contractName"));
    }
    let _ = writeln!(page, "Summary notes\n{}", indented(text(entry, "summaryNotes").unwrap_or_default()));
    let _ = writeln!(page, "Internal notes\n{}", indented(text(entry, "internalNotes").unwrap_or_default()));
    page.push_str(&attachment_lines(autotask, &TIME_ENTRY_ATTACHMENTS, id));
    page
}

fn attachment_lines(autotask: &Autotask, entity: &'static Entity, parent: i64) -> String {
    rows_of(autotask, entity, "parentID", parent)
        .into_iter()
        .map(|(_, row)| {
            let name = text(row, "fullPath").unwrap_or_default();
            let title = text(row, "title").unwrap_or_default();
            format!("Attachment {name}, {} bytes, \"{title}\"\n", int(row, "fileSize").unwrap_or_default())
        })
        .collect()
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect();
    lines.join("\n")
}

/// `2025-03-18 13:03:46 UTC`
fn moment(row: &Row, field: &str) -> String {
    let instant = text(row, field).unwrap_or_default();
    match (instant.get(..10), instant.get(11..19)) {
        (Some(date), Some(time)) => format!("{date} {time} UTC"),
        _ => "-".to_owned(),
    }
}

fn named(autotask: &Autotask, entity: &'static Entity, id: Option<i64>, field: &str) -> String {
    id.and_then(|id| text(autotask.row(entity, id)?, field)).unwrap_or("-").to_owned()
}

fn person(autotask: &Autotask, id: Option<i64>) -> String {
    let Some(row) = id.and_then(|id| autotask.row(&RESOURCES, id)) else { return "nobody".to_owned() };
    format!("{} {}", text(row, "firstName").unwrap_or_default(), text(row, "lastName").unwrap_or_default())
}

fn person_in_role(autotask: &Autotask, resource: Option<i64>, role: Option<i64>) -> String {
    match role {
        None => person(autotask, resource),
        Some(role) => format!("{} ({})", person(autotask, resource), named(autotask, &ROLES, Some(role), "name")),
    }
}
