//! What `--write` writes on a ticket, and finds again by its marker.

use connection::Document;
use delivery::{Marker, WriteId};
use jiff::{SignedDuration, Timestamp};
use session::content::{Author, Note, Ticket, TimeEntry};
use session::settings::Visibility;
use session::time_entry::date_worked;
use session::{Failure, Lsid, ResourceId};
use ticketing::AutotaskClient;

use super::List;
use super::of_autotask::{LEVEL, refused_by_autotask, soon};

/// How long the time entry is.
const ENTRY_SECONDS: SignedDuration = SignedDuration::from_secs(60);

/// How far the time entry's end lies back, so that no clock takes it for the future.
const ENTRY_AGE: SignedDuration = SignedDuration::from_mins(5);

/// What `--write` writes, and finds again.
pub(super) struct Trial<'a> {
    pub(super) client: &'a AutotaskClient,
    pub(super) document: &'a Document,
    pub(super) ticket: &'a Ticket,
    pub(super) now: Timestamp,
}

impl Trial<'_> {
    /// Internal, whatever the document says: a customer must not read of a test.
    pub(super) async fn write_note(&self, list: &mut List<'_>) {
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

    /// As the worker would, one minute long.
    pub(super) async fn write_time_entry(&self, author: Option<&Author>, list: &mut List<'_>) {
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

/// Like no session's: those are hexadecimal digits.
pub(super) fn trial_lsid(now: Timestamp) -> Lsid {
    format!("connection_test_{}", now.as_second()).parse().expect("letters, digits and underscores")
}
