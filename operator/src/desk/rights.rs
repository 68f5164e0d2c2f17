//! Whether a connection can do what it is for: every right named one by one, asked of both neighbours as the worker would ask them.
//!
//! Each [`Check`] says what was seen, and if it fails, where the right is granted. Asked from the machine that it runs on: whether
//! the worker's own address is let in shows only its first call.

use std::time::Duration;

use appliance::{ApplianceClient, CommandRight};
use connection::Document;
use delivery::{Marker, WriteId};
use jiff::{SignedDuration, Timestamp};
use link::from_document::{appliance_client, autotask_client, key_rules};
use serde::Serialize;
use session::content::{Author, NoAuthor, Note, Ticket, TicketReference, TimeEntry};
use session::settings::{TicketCreation, Visibility};
use session::time_entry::{date_worked, login};
use session::{Failure, Lsid, ResourceId, Window};
use ticketing::AutotaskClient;
use ticketing::autotask::{Access, Extent, Subject};
use tokio::time::Instant;

/// Longer than either neighbour needs for one question.
const CALL_TIME: Duration = Duration::from_secs(30);

/// How far back the test looks for sessions.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(1);

/// How long the time entry of `--write` is.
const ENTRY_SECONDS: SignedDuration = SignedDuration::from_secs(60);

/// How far the time entry's end lies back, so that no clock takes it for the future.
const ENTRY_AGE: SignedDuration = SignedDuration::from_mins(5);

/// One right, and whether it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What is checked, as a word that programs can rely on.
    pub(crate) name: &'static str,
    /// Whether it is as it should be.
    pub(crate) ok: bool,
    /// What was seen.
    pub(crate) detail: String,
    /// What to do, and where, if it is not.
    pub(crate) remedy: Option<String>,
}

/// What a person adds to the document for the test.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// A user of the appliance, whose resource and role are looked for.
    pub(crate) representative: Option<String>,
    /// A ticket's number or id.
    pub(crate) ticket: Option<String>,
    /// Whether a note and a time entry are written on that ticket.
    pub(crate) write: bool,
}

/// Checks everything, telling each result as soon as it is there. `now` is when it begins.
pub(crate) async fn test(document: &Document, wanted: &Wanted, now: Timestamp, tell: &mut dyn FnMut(&Check)) -> Vec<Check> {
    let mut list = List { checks: Vec::new(), tell };
    of_appliance(document, now, &mut list).await;
    of_autotask(document, wanted, now, &mut list).await;
    list.checks
}

struct List<'a> {
    checks: Vec<Check>,
    tell: &'a mut dyn FnMut(&Check),
}

impl List<'_> {
    fn ok(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(Check { name, ok: true, detail: detail.into(), remedy: None });
    }

    fn fails(&mut self, name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) {
        self.add(Check { name, ok: false, detail: detail.into(), remedy: Some(remedy.into()) });
    }

    fn add(&mut self, check: Check) {
        (self.tell)(&check);
        self.checks.push(check);
    }
}

async fn of_appliance(document: &Document, now: Timestamp, list: &mut List<'_>) {
    let url = document.appliance.url.as_str().trim_end_matches('/');
    let client = match appliance_client(document) {
        Ok(client) => client,
        Err(error) => return list.fails("tls", error.to_string(), "correct the section appliance of the document"),
    };
    match client.reach(CALL_TIME).await {
        Ok(()) if document.appliance.url.scheme() == "http" => {
            list.ok("tls", format!("{url} answers, but without TLS: credentials and sessions can be read on the way"));
        }
        Ok(()) if document.appliance.allow_invalid_certificates => {
            list.ok("tls", format!("{url} answers, but any certificate is accepted (appliance.allow_invalid_certificates)"));
        }
        Ok(()) => list.ok("tls", format!("{url} answers with a certificate that is trusted")),
        // Nothing else can be asked of somebody who does not answer.
        Err(failure) => return list.fails("tls", format!("{url}: {failure}"), unreachable_appliance(&failure)),
    }
    match client.authenticate(CALL_TIME).await {
        Ok(()) if client.uses_tokens() => list.ok("token", "the API account is given a token"),
        Ok(()) => list.ok("token", "not used: appliance.password is sent with each call"),
        Err(failure) => return list.fails("token", failure.to_string(), refused_by_appliance(&failure)),
    }
    reporting_right(&client, now, list).await;
    command_right(&client, document, list).await;
}

async fn reporting_right(client: &ApplianceClient, now: Timestamp, list: &mut List<'_>) {
    let said = client.api_information(CALL_TIME).await.ok().and_then(|information| information.may_report());
    let Some(window) = now.checked_sub(LOOK_BACK).ok().and_then(|from| Window::new(from, now)) else { return };
    match client.ended_between(window, CALL_TIME).await {
        // Whoever lacks the right may be told that there is nothing.
        Ok(listing) if listing.sessions.is_empty() && said == Some(false) => {
            list.fails(
                "reporting_right",
                "the appliance says that the account has no right to session reports",
                REPORTING_REMEDY,
            );
        }
        Ok(listing) => {
            list.ok("reporting_right", format!("sessions can be listed: {} ended within the last hour", listing.sessions.len()));
        }
        Err(failure) => list.fails("reporting_right", failure.to_string(), refused_by_appliance(&failure)),
    }
}

const REPORTING_REMEDY: &str = "tick \"Reporting API: Support Session Reports\" for the API account, at /login > Management > API \
                                Configuration; a user of an older appliance needs \"Allowed to Use Reporting API\" and \"View All Sessions\"";
const COMMAND_REMEDY: &str =
    "choose \"Command API: Full Access\" for the API account, at /login > Management > API Configuration";

async fn command_right(client: &ApplianceClient, document: &Document, list: &mut List<'_>) {
    let information = match client.api_information(CALL_TIME).await {
        Ok(information) => information,
        Err(failure) => return list.fails("command_right", failure.to_string(), refused_by_appliance(&failure)),
    };
    let version = information.api_version.clone().map_or_else(String::new, |version| format!("; API version {version}"));
    let has = match information.command_right() {
        CommandRight::Full => return list.ok("command_right", format!("full access{version}")),
        CommandRight::ReadOnly => "read only",
        CommandRight::None => "none",
        CommandRight::Unsaid => "not told by the appliance",
    };
    if document.autotask.ticket.create != TicketCreation::Off {
        let detail = format!("{has}, and the number of a ticket that was created is written back to the session{version}");
        list.fails("command_right", detail, COMMAND_REMEDY);
    } else {
        list.ok("command_right", format!("{has}: enough for notes and time entries; session keys need full access{version}"));
    }
}

/// The right place to look when there is no connection.
fn unreachable_appliance(failure: &Failure) -> &'static str {
    let said = failure.to_string().to_lowercase();
    if said.contains("certificate") || said.contains("issuer") {
        "the certificate is not trusted: is it expired, or made for another name? If an authority of your own has issued it, put that \
         authority's certificate (PEM) into appliance.ca_certificate"
    } else {
        "look at appliance.url, at the name's address and at the firewall: the appliance must be reachable from AWS, not only from here"
    }
}

fn refused_by_appliance(failure: &Failure) -> String {
    match failure {
        Failure::Blocked { remedy, .. } => remedy.to_string(),
        Failure::CredentialsRefused { .. } => {
            "look at the API account at /login > Management > API Configuration: is it enabled, is client_id its client id, is our \
             address allowed? A new client secret is shown once; put it into the document"
                .to_owned()
        }
        Failure::NotTaken { throttled: true, .. } => "the appliance takes 20 calls a second: try again in a minute".to_owned(),
        _ => "is \"Enable XML API\" ticked at /login > Management > API Configuration? If it is, try again".to_owned(),
    }
}

async fn of_autotask(document: &Document, wanted: &Wanted, now: Timestamp, list: &mut List<'_>) {
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

fn soon() -> Instant {
    Instant::now() + CALL_TIME
}

fn refused_by_autotask(failure: &Failure) -> String {
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

const LEVEL: &str = "the security level of the API user (Admin > Account Settings & Users > Security Levels); the system's own level \
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
async fn write_right(client: &AutotaskClient, name: &'static str, subject: Subject, things: &str, list: &mut List<'_>) {
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

/// Like no session's: those are hexadecimal digits.
fn trial_lsid(now: Timestamp) -> Lsid {
    format!("connection_test_{}", now.as_second()).parse().expect("letters, digits and underscores")
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

/// What `--write` writes, and finds again.
struct Trial<'a> {
    client: &'a AutotaskClient,
    document: &'a Document,
    ticket: &'a Ticket,
    now: Timestamp,
}

impl Trial<'_> {
    /// Internal, whatever the document says: a customer must not read of a test.
    async fn write_note(&self, list: &mut List<'_>) {
        const NAME: &str = "written_note";
        let marker = Marker::new(&trial_lsid(self.now), &WriteId::SessionNote);
        let note = Note {
            title: format!("Session Bridge: connection test {marker}"),
            description: "Written by session-bridge connection test. It can be deleted.".to_owned(),
            visibility: Visibility::Internal,
        };
        let written = match self.client.create_note(self.ticket.id, &note, soon()).await {
            Ok(id) => id,
            Err(failure) => return list.fails(NAME, failure.to_string(), refused_by_autotask(&failure)),
        };
        let found = self.client.find_note(self.ticket.id, &marker, self.now, soon()).await;
        self.tell_found(NAME, &format!("note {written}"), found.map(|found| found.contains(&written)), list);
    }

    async fn write_time_entry(&self, author: Option<&Author>, list: &mut List<'_>) {
        const NAME: &str = "written_time_entry";
        let Some(author) = author else {
            return list.fails(NAME, "not tried: nobody to enter time for", "add --representative with a user of the appliance");
        };
        let marker = Marker::new(&trial_lsid(self.now), &WriteId::Time(author.resource));
        let Some(entry) = self.entry(author, &marker) else {
            return list.fails(NAME, "not tried: no role is known", "see the check role");
        };
        let written = match self.first_taken(author, entry.clone()).await {
            Ok(id) => id,
            Err(failure) => return list.fails(NAME, failure.to_string(), refused_by_autotask(&failure)),
        };
        let found = self.client.find_time_entries(author.resource, entry.date_worked, &marker, soon()).await;
        self.tell_found(NAME, &format!("time entry {written}"), found.map(|found| found.contains(&written)), list);
    }

    fn entry(&self, author: &Author, marker: &Marker) -> Option<TimeEntry> {
        let end = self.now.checked_sub(ENTRY_AGE).ok()?;
        let start = end.checked_sub(ENTRY_SECONDS).ok()?;
        let resource: ResourceId = author.resource;
        Some(TimeEntry {
            resource,
            role: author.roles.first()?.role,
            start,
            end,
            date_worked: date_worked(start, &self.document.time_zone),
            summary_notes: "Connection test; can be deleted".to_owned(),
            internal_notes: format!("{marker}\nWritten by session-bridge connection test. It can be deleted."),
            offset_hours: None,
        })
    }

    /// With the next role only where one was refused, as the worker does it.
    async fn first_taken(&self, author: &Author, mut entry: TimeEntry) -> Result<session::RemoteId, Failure> {
        let mut refusal = Failure::NotFound;
        for candidate in &author.roles {
            entry.role = candidate.role;
            match self.client.create_time_entry(self.ticket.id, &entry, soon()).await {
                Err(failure @ Failure::RoleRefused { .. }) => refusal = failure,
                other => return other,
            }
        }
        Err(refusal)
    }

    fn tell_found(&self, name: &'static str, what: &str, found: Result<bool, Failure>, list: &mut List<'_>) {
        let number = &self.ticket.number;
        let removal = format!("To remove it: open {number} in Autotask, and delete \"connection test\" from its activity");
        match found {
            Ok(true) => list.ok(name, format!("{what} is written on {number} and found again by its marker. {removal}")),
            Ok(false) => list.fails(
                name,
                format!("{what} is written on {number}, and not found again: exactly once cannot be kept. {removal}"),
                format!("let the API user see all of them in {LEVEL}"),
            ),
            Err(failure) => {
                list.fails(
                    name,
                    format!("{what} is written on {number}, and cannot be looked up: {failure}. {removal}"),
                    refused_by_autotask(&failure),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
