//! Autotask: zone, credentials, rights, lists of the tenant, look-ups; a ticket and a person, if they are named.

use connection::Document;
use delivery::{Marker, WriteId};
use jiff::{SignedDuration, Timestamp};
use link::from_document::{autotask_client, key_rules};
use session::Failure;
use session::content::{Author, NoAuthor, Ticket, TicketReference};
use session::settings::Visibility;
use session::time_entry::login;
use ticketing::AutotaskClient;
use ticketing::autotask::{Access, Extent, Subject};
use tokio::time::Instant;

use super::new_ticket::new_ticket;
use super::trial::{Trial, trial_lsid};
use super::{CALL_TIME, List, Wanted};

/// How far back the test looks for notes.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(1);

/// Where the tenant is, who we are to it, what we may, and what it calls things.
pub(super) async fn of_autotask(document: &Document, wanted: &Wanted, now: Timestamp, list: &mut List<'_>) {
    let client = match autotask_client(document) {
        Ok(client) => client,
        Err(error) => return list.fails("zone", error.to_string(), "correct the section autotask of the document"),
    };
    let source = if document.autotask.zone_url.is_some() { "as configured" } else { "as Autotask says" };
    match client.zone_url(soon()).await {
        Ok(url) => list.ok("zone", format!("{url}, {source}")),
        Err(failure) => {
            return list.fails(
                "zone",
                failure.to_string(),
                "is autotask.username the API user's whole name? If it is, set autotask.zone_url",
            );
        }
    }
    match client.threshold(soon()).await {
        Ok(budget) => {
            list.ok(
                "credentials",
                format!("the API user is let in; {} of {} calls of this hour are used", budget.calls, budget.calls_max),
            );
        }
        Err(failure) => return list.fails("credentials", failure.to_string(), refused_by_autotask(&failure)),
    }
    rights(&client, document, list).await;
    note_settings(&client, document, list).await;
    look_ups(&client, now, list).await;
    new_ticket(&client, document, now, list).await;
    let ticket = match &wanted.ticket {
        Some(text) => find_ticket(&client, document, text, list).await,
        None => None,
    };
    let author = match &wanted.representative {
        Some(user) => find_author(&client, document, user, ticket.as_ref(), list).await,
        None => None,
    };
    if let (true, Some(ticket)) = (wanted.write, ticket) {
        let trial = Trial { client: &client, document, ticket: &ticket, now };
        trial.write_note(list).await;
        if document.autotask.time_entry.enabled {
            trial.write_time_entry(author.as_ref(), list).await;
        }
    }
}

/// When one question must be answered.
pub(super) fn soon() -> Instant {
    Instant::now() + CALL_TIME
}

/// Where to look when a question was refused.
pub(super) fn refused_by_autotask(failure: &Failure) -> String {
    match failure {
        Failure::Blocked { remedy, .. } | Failure::WriteBlocked { remedy, .. } => remedy.to_string(),
        Failure::CredentialsRefused { .. } => {
            "look at the API user at Admin > Resources (Users): is it active, are autotask.username (Username), autotask.secret (Password) \
             and autotask.integration_code (Tracking Identifier) its own? A tenant that has moved needs another autotask.zone_url"
                .to_owned()
        }
        Failure::NotTaken { throttled: true, .. } => "Autotask asks to slow down: try again in a minute".to_owned(),
        Failure::NotTaken { .. } => "look at the network and at autotask.zone_url, then try again".to_owned(),
        _ => "try again; if it stays so, look at the security level of the API user (Admin > Account Settings & Users > Security Levels)".to_owned(),
    }
}

/// Where what is seen is granted.
pub(super) const LEVEL: &str = "the security level of the API user (Admin > Account Settings & Users > Security Levels); the system's own level \
                     \"API User\" has it";

async fn rights(client: &AutotaskClient, document: &Document, list: &mut List<'_>) {
    match client.access(Subject::Tickets, soon()).await {
        Ok(Access { query: Extent::All, .. }) => list.ok("ticket_view", "all tickets can be seen"),
        Ok(Access { query: Extent::Restricted, .. }) => {
            list.fails(
                "ticket_view",
                "some tickets are hidden, and a session on one of them would be unmatched",
                format!("set Ticket View to All in {LEVEL}"),
            );
        }
        Ok(Access { query: Extent::None, .. }) => {
            list.fails("ticket_view", "tickets cannot be seen", format!("grant the view of tickets in {LEVEL}"));
        }
        Err(failure) => list.fails("ticket_view", failure.to_string(), refused_by_autotask(&failure)),
    }
    for (name, subject, things) in
        [("note_right", Subject::Notes, "notes"), ("attachment_right", Subject::Attachments, "attachments")]
    {
        write_right(client, name, subject, things, list).await;
    }
    if document.autotask.time_entry.enabled {
        write_right(client, "time_entry_right", Subject::TimeEntries, "time entries", list).await;
    } else {
        list.ok("time_entry_right", "not needed: autotask.time_entry.enabled is false");
    }
}

/// Making them and seeing them all: what cannot be seen again cannot be written exactly once.
pub(super) async fn write_right(
    client: &AutotaskClient,
    name: &'static str,
    subject: Subject,
    things: &str,
    list: &mut List<'_>,
) {
    match client.access(subject, soon()).await {
        Ok(Access { create: Extent::None, .. }) => {
            list.fails(name, format!("{things} cannot be created"), format!("grant adding {things} in {LEVEL}"));
        }
        Ok(Access { query: Extent::All, .. }) => list.ok(name, format!("{things} can be created, and all can be seen")),
        Ok(_) => list.fails(
            name,
            format!("{things} can be created, but not all can be seen: exactly once cannot be kept for them"),
            format!("grant the view of all {things} in {LEVEL}"),
        ),
        Err(failure) => list.fails(name, failure.to_string(), refused_by_autotask(&failure)),
    }
}

async fn note_settings(client: &AutotaskClient, document: &Document, list: &mut List<'_>) {
    let note = document.autotask.note;
    match client.choices(Subject::Notes, "noteType", soon()).await {
        Ok(choices) => match choices.iter().find(|choice| choice.value == i64::from(note.note_type)) {
            Some(choice) if choice.is_active => list.ok("note_type", format!("{} is \"{}\"", choice.value, choice.label)),
            found => {
                let is = if found.is_some() { "is not active any more" } else { "is no note type of this tenant" };
                let known =
                    choices.iter().filter(|choice| choice.is_active).map(|choice| format!("{} {}", choice.value, choice.label));
                let known: Vec<String> = known.collect();
                list.fails(
                    "note_type",
                    format!("{} {is}", note.note_type),
                    format!("set autotask.note.type to one of: {}", known.join(", ")),
                );
            }
        },
        Err(failure) => list.fails("note_type", failure.to_string(), refused_by_autotask(&failure)),
    }
    let (value, who) = match note.visibility {
        Visibility::Customer => (1, "customers see it in the Client Portal"),
        Visibility::Internal => (2, "customers do not see it"),
        Visibility::InternalAndComanaged => (4, "customers do not see it, co-managed colleagues do"),
    };
    match client.choices(Subject::Notes, "publish", soon()).await {
        Ok(choices) => match choices.iter().find(|choice| choice.value == value && choice.is_active) {
            Some(choice) => list.ok("publish_label", format!("{value} is \"{}\" in this tenant: {who}", choice.label)),
            None => list.fails(
                "publish_label",
                format!("this tenant has no publish value {value}, which autotask.note.visibility asks for"),
                "set autotask.note.visibility to internal or customer",
            ),
        },
        Err(failure) => list.fails("publish_label", failure.to_string(), refused_by_autotask(&failure)),
    }
}

/// A marker that nothing bears: the answer must be empty, and must not be everything.
async fn look_ups(client: &AutotaskClient, now: Timestamp, list: &mut List<'_>) {
    let marker = Marker::new(&trial_lsid(now), &WriteId::SessionNote);
    let since = now.checked_sub(LOOK_BACK).unwrap_or(now);
    match client.find_note_anywhere(&marker, since, now, soon()).await {
        Ok(_) => list.ok("look_ups", "notes can be looked up by their marker"),
        Err(failure) => list.fails("look_ups", failure.to_string(), refused_by_autotask(&failure)),
    }
}

async fn find_ticket(client: &AutotaskClient, document: &Document, text: &str, list: &mut List<'_>) -> Option<Ticket> {
    let reference: TicketReference = match key_rules(Some(document)).ticket(Some(text)) {
        Ok(reference) => reference,
        Err(_) => {
            list.fails("ticket", format!("{text} names no ticket"), "give its number, as in T20250318.0042, or its id");
            return None;
        }
    };
    match client.ticket(&reference, soon()).await {
        Ok(Some(ticket)) => {
            list.ok("ticket", format!("{} is found (id {})", ticket.number, ticket.id));
            return Some(ticket);
        }
        Ok(None) => list.fails(
            "ticket",
            format!("{text} is not found, or the API user may not see it"),
            format!("look whether it exists in Autotask; if it does, set Ticket View to All in {LEVEL}"),
        ),
        Err(failure) => list.fails("ticket", failure.to_string(), refused_by_autotask(&failure)),
    }
    None
}

async fn find_author(
    client: &AutotaskClient,
    document: &Document,
    user: &str,
    ticket: Option<&Ticket>,
    list: &mut List<'_>,
) -> Option<Author> {
    let settings = document.autotask.time_entry.settings();
    let Some(login) = login(user, &settings) else {
        list.fails(
            "resource",
            format!("{user} is a domain without a user name"),
            "name a user of the appliance with --representative",
        );
        return None;
    };
    let role_name = settings.role_name.as_deref();
    let role_of_ticket = ticket.and_then(|ticket| ticket.assigned_role);
    match client.author(&login, role_name, role_of_ticket, soon()).await {
        Ok(Ok(author)) => {
            list.ok("resource", format!("{user} is looked for as {login}: resource {}", author.resource));
            match author.roles.first() {
                Some(role) => list.ok("role", format!("role {} is tried first, of {} that may fit", role.role, author.roles.len())),
                None => list.fails(
                    "role",
                    format!("no role is known to enter the time of {user} in"),
                    "set autotask.time_entry.defaults.roleName, or give the resource a default service desk role (Admin > Resources)",
                ),
            }
            return Some(author);
        }
        Ok(Err(NoAuthor::RoleNotFound)) => list.fails(
            "role",
            NoAuthor::RoleNotFound.to_string(),
            "correct autotask.time_entry.defaults.roleName; roles are at Admin > Resources (Users) > Roles",
        ),
        Ok(Err(problem)) => list.fails(
            "resource",
            format!("{user} is looked for as {login}: {problem}"),
            "add the user to autotask.time_entry.resources with the resource's e-mail address or user name, or correct default_domain",
        ),
        Err(failure) => list.fails("resource", failure.to_string(), refused_by_autotask(&failure)),
    }
    None
}
