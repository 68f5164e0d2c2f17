//! Creating notes, attachments and time entries, and the wire format of each. No wire type is ever updated or deleted here.
//!
//! Which path creates what is the vendor's contract: a note only below its ticket, an attachment only below its note, a time entry
//! only at the root. A 404 is never answered by trying another path.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use session::content::{Attachment, Note, TimeEntry};
use session::failure::Failure;
use session::ids::{RemoteId, TicketId};
use session::settings::Visibility;
use tokio::time::Instant;

use super::answer::{Purpose, created_id};
use super::client::AutotaskClient;
use super::config::TimeEntryFields;
use super::transport::{Call, Entity};

impl AutotaskClient {
    /// Writes a note on a ticket and returns its id.
    ///
    /// # Errors
    /// Any [`Failure`] of a write; `NotFound` when there is no such ticket.
    pub async fn create_note(&self, ticket: TicketId, note: &Note, deadline: Instant) -> Result<RemoteId, Failure> {
        let path = format!("Tickets/{ticket}/Notes");
        let body = NoteBody::new(ticket, note, self.note_type);
        self.create(&Call::post(Entity::TicketNotes, Purpose::CreateNote, path, &body), deadline).await
    }

    /// Attaches a text file to a note and returns the attachment's id.
    ///
    /// # Errors
    /// Any [`Failure`] of a write; `NotFound` when there is no such note.
    pub async fn create_attachment(&self, attachment: &Attachment, deadline: Instant) -> Result<RemoteId, Failure> {
        let path = format!("TicketNotes/{}/Attachments", attachment.note);
        // The encoded text is dropped before the call: it can have 8 MB.
        let call = Call::post(Entity::TicketNoteAttachments, Purpose::CreateAttachment, path, &AttachmentBody::new(attachment));
        self.create(&call, deadline).await
    }

    /// Writes a time entry on a ticket and returns its id.
    ///
    /// # Errors
    /// Any [`Failure`] of a write; `RoleRefused` when the role does not fit the resource or the ticket, but `Refused` when it is the
    /// one that [`Self::author`] found by its name and is not active any more.
    pub async fn create_time_entry(&self, ticket: TicketId, entry: &TimeEntry, deadline: Instant) -> Result<RemoteId, Failure> {
        let path = Entity::TimeEntries.name().to_owned();
        let body = TimeEntryBody::new(ticket, entry, &self.time_entry);
        let created = self.create(&Call::post(Entity::TimeEntries, Purpose::CreateTimeEntry, path, &body), deadline).await;
        match created {
            Err(Failure::RoleRefused { sentence }) => {
                Err(self.role_refused(entry.resource, entry.role, sentence, deadline).await)
            }
            other => other,
        }
    }

    async fn create(&self, call: &Call<'_>, deadline: Instant) -> Result<RemoteId, Failure> {
        created_id(&self.transport.call(call, deadline).await?).map(RemoteId)
    }
}

#[derive(Serialize)]
struct NoteBody<'a> {
    /// The parent in the path is what counts; clients send both.
    #[serde(rename = "ticketID")]
    ticket_id: i64,
    title: &'a str,
    description: &'a str,
    #[serde(rename = "noteType")]
    note_type: i32,
    publish: i32,
}

impl<'a> NoteBody<'a> {
    fn new(ticket: TicketId, note: &'a Note, note_type: i32) -> Self {
        Self {
            ticket_id: ticket.0,
            title: &note.title,
            description: &note.description,
            note_type,
            publish: publish(note.visibility),
        }
    }
}

/// The content type is not sent: Autotask derives it from the extension of the file name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttachmentBody<'a> {
    attachment_type: &'static str,
    full_path: &'a str,
    title: &'a str,
    publish: i32,
    data: String,
}

impl<'a> AttachmentBody<'a> {
    fn new(attachment: &'a Attachment) -> Self {
        Self {
            attachment_type: "FILE_ATTACHMENT",
            full_path: &attachment.file_name,
            title: &attachment.title,
            publish: publish(attachment.visibility),
            data: STANDARD.encode(&attachment.text),
        }
    }
}

/// Hours are not sent: Autotask computes them from start and end.
#[derive(Serialize)]
struct TimeEntryBody<'a> {
    #[serde(rename = "ticketID")]
    ticket_id: i64,
    #[serde(rename = "resourceID")]
    resource_id: i64,
    #[serde(rename = "roleID")]
    role_id: i64,
    #[serde(rename = "dateWorked")]
    date_worked: String,
    #[serde(rename = "startDateTime")]
    start: String,
    #[serde(rename = "endDateTime")]
    end: String,
    #[serde(rename = "summaryNotes")]
    summary_notes: &'a str,
    #[serde(rename = "internalNotes")]
    internal_notes: &'a str,
    #[serde(rename = "billingCodeID", skip_serializing_if = "Option::is_none")]
    billing_code_id: Option<i64>,
    #[serde(rename = "contractID", skip_serializing_if = "Option::is_none")]
    contract_id: Option<i64>,
    #[serde(rename = "offsetHours", skip_serializing_if = "Option::is_none")]
    offset_hours: Option<f64>,
    #[serde(rename = "isNonBillable", skip_serializing_if = "Option::is_none")]
    is_non_billable: Option<bool>,
    #[serde(rename = "showOnInvoice", skip_serializing_if = "Option::is_none")]
    show_on_invoice: Option<bool>,
}

impl<'a> TimeEntryBody<'a> {
    fn new(ticket: TicketId, entry: &'a TimeEntry, fields: &TimeEntryFields) -> Self {
        Self {
            ticket_id: ticket.0,
            resource_id: entry.resource.0,
            role_id: entry.role.0,
            date_worked: midnight(entry.date_worked),
            start: utc(entry.start),
            end: utc(entry.end),
            summary_notes: &entry.summary_notes,
            internal_notes: &entry.internal_notes,
            billing_code_id: fields.billing_code_id,
            contract_id: fields.contract_id,
            offset_hours: entry.offset_hours,
            is_non_billable: fields.is_non_billable,
            show_on_invoice: fields.show_on_invoice,
        }
    }
}

/// Autotask's publish values (vendor reference): 1 is the one that customers see, although its label reads "All Autotask Users".
const fn publish(visibility: Visibility) -> i32 {
    match visibility {
        Visibility::Customer => 1,
        Visibility::Internal => 2,
        Visibility::InternalAndComanaged => 4,
    }
}

/// A moment as Autotask takes it: UTC with `Z`, to the millisecond, which is all that it keeps.
pub(super) fn utc(at: Timestamp) -> String {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at).to_string()
}

/// A date as Autotask takes it: midnight, taken as given without any zone shift (vendor reference).
pub(super) fn midnight(date: Date) -> String {
    date.strftime("%Y-%m-%dT00:00:00Z").to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use session::ids::{ResourceId, RoleId};

    fn shown(body: &impl Serialize) -> String {
        serde_json::to_string_pretty(body).unwrap()
    }

    fn note(visibility: Visibility) -> Note {
        Note {
            title: "Remote session 48213, 25 min, Dana Whitfield [7d1f0c52a9be4e6f8a3b90d4c6e21f57/note.session]".to_owned(),
            description: "Customer     Jörg Müller, Acme & Sons\nThe label printer says \"offline\".".to_owned(),
            visibility,
        }
    }

    fn entry() -> TimeEntry {
        TimeEntry {
            resource: ResourceId(101),
            role: RoleId(301),
            start: "2025-03-18T23:30:00.1239Z".parse().unwrap(),
            end: "2025-03-18T23:55:00Z".parse().unwrap(),
            date_worked: "2025-03-19".parse().unwrap(),
            summary_notes: "Remote support session".to_owned(),
            internal_notes: "Session 48213 [7d1f0c52a9be4e6f8a3b90d4c6e21f57/time.101]".to_owned(),
            offset_hours: None,
        }
    }

    #[test]
    fn note_as_sent() {
        insta::assert_snapshot!(shown(&NoteBody::new(TicketId(7001), &note(Visibility::Internal), 3)));
    }

    #[test]
    fn only_customer_notes_are_published_to_customers() {
        let published = |visibility| NoteBody::new(TicketId(7001), &note(visibility), 3).publish;
        assert_eq!(published(Visibility::Customer), 1);
        assert_eq!(published(Visibility::Internal), 2);
        assert_eq!(published(Visibility::InternalAndComanaged), 4);
    }

    #[test]
    fn attachment_as_sent() {
        let attachment = Attachment {
            note: RemoteId(30001),
            title: "Chat [7d1f0c52a9be4e6f8a3b90d4c6e21f57/attachment.1]".to_owned(),
            file_name: "session-48213.txt".to_owned(),
            text: "Jörg Müller: ✓ printed >>> \n".to_owned(),
            visibility: Visibility::InternalAndComanaged,
        };
        insta::assert_snapshot!(shown(&AttachmentBody::new(&attachment)));
    }

    #[test]
    fn time_entry_as_sent_without_what_is_not_set() {
        insta::assert_snapshot!(shown(&TimeEntryBody::new(TicketId(7001), &entry(), &TimeEntryFields::default())));
    }

    #[test]
    fn time_entry_as_sent_with_everything() {
        let entry = TimeEntry { offset_hours: Some(-0.25), ..entry() };
        let fields = TimeEntryFields {
            billing_code_id: Some(601),
            contract_id: Some(701),
            is_non_billable: Some(false),
            show_on_invoice: Some(true),
        };
        insta::assert_snapshot!(shown(&TimeEntryBody::new(TicketId(7001), &entry, &fields)));
    }
}
