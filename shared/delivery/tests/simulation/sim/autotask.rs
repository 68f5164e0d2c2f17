//! Autotask: tickets, rows, rights and refusals. What a call that arrives does; whether it arrives is decided in `worker`.

use delivery::NoAuthor;
use delivery::{Content, LookUp, Marker, Place, WriteId, WriteKind};
use session::content::{Author, RoleCandidate, RoleReason, Ticket, TicketReference};
use session::failure::Failure;
use session::ids::{Lsid, RemoteId, ResourceId, RoleId, TicketId};
use session::support_session::SurveyKind;
use session::time_entry::date_worked;

use super::appliance::CHAT_LENGTH;
use super::chance::Millis;
use super::schedule::{Hopeless, OTHER_TICKET, Reception, TICKET, Tenant, View};
use super::world::{BEFORE, stamp};

const TICKETS: [(i64, &str); 2] = [(42, TICKET), (43, OTHER_TICKET)];

/// The number of a ticket that was created.
pub(crate) fn created_number(id: RemoteId) -> String {
    format!("T20250318.{}", id.0)
}

/// Something that was written.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: RemoteId,
    pub(crate) session: usize,
    pub(crate) write: WriteId,
    pub(crate) kind: WriteKind,
    /// The text that bears the marker.
    marked: String,
    /// Where it is; a merge moves notes.
    ticket: TicketId,
    /// Where it was written.
    pub(crate) written_to: TicketId,
    place: RowPlace,
    visible_from: Millis,
    /// Which API user has written it, and when.
    by: u8,
    pub(crate) landed_at: Millis,
    /// A note's text.
    pub(crate) text: String,
    /// It says that the complete text is elsewhere.
    pub(crate) shortened: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum RowPlace {
    Ticket,
    Day(ResourceId, jiff::civil::Date),
    Note(RemoteId),
}

#[derive(Debug)]
pub(crate) struct Autotask {
    tenant: Tenant,
    pub(crate) rows: Vec<Row>,
}

impl Autotask {
    pub(crate) fn new(tenant: Tenant) -> Self {
        Self { tenant, rows: Vec::new() }
    }

    pub(crate) fn ticket(&self, reference: &TicketReference, now: Millis) -> Option<Ticket> {
        let is_it = |(id, number): &&(i64, &str)| match reference {
            TicketReference::Number(wanted) => wanted.as_str() == *number,
            TicketReference::Id(wanted) | TicketReference::BareDigits(wanted) => wanted.0 == *id,
        };
        let created = self.rows.iter().filter(|row| row.kind == WriteKind::Ticket && row.visible_from <= now);
        let created: Vec<(i64, String)> = created.map(|row| (row.id.0, created_number(row.id))).collect();
        let created = created.iter().map(|(id, number)| (*id, number.as_str()));
        let (id, number) = TICKETS.into_iter().chain(created).find(|ticket| is_it(&ticket))?;
        Some(Ticket {
            id: TicketId(id),
            number: number.parse().unwrap(),
            company: 0,
            status: 5,
            assigned_role: Some(RoleId(9)),
            last_activity: Some(stamp(now)),
        })
    }

    pub(crate) fn author(&self, login: &str, now: Millis) -> Result<Author, NoAuthor> {
        if now < self.tenant.author_from {
            return Err(NoAuthor::NotFound);
        }
        let role = |id, reason| RoleCandidate { role: RoleId(id), reason };
        let roles = vec![role(9, RoleReason::TicketAssignment), role(11, RoleReason::ResourceDefault)];
        Ok(Author { resource: ResourceId(if login.starts_with("dwhitfield") { 29 } else { 30 }), roles })
    }

    /// The rows that the API user sees there.
    pub(crate) fn look_up(&self, look_up: &LookUp, user: u8, now: Millis) -> Vec<RemoteId> {
        if look_up.marker.as_str().starts_with(BEFORE) {
            return if self.shows((look_up.write.kind(), 0), user, now) { vec![RemoteId(1)] } else { Vec::new() };
        }
        let is_there = |row: &&Row| {
            let in_place = match look_up.place {
                Place::Note { ticket, .. } => row.kind == WriteKind::Note && (look_up.wide || row.ticket == ticket),
                Place::Time { resource, start } => {
                    row.place == RowPlace::Day(resource, date_worked(start, &jiff::tz::TimeZone::UTC))
                }
                Place::Attachment { note } => row.place == RowPlace::Note(note),
                Place::Ticket => row.kind == WriteKind::Ticket,
                Place::Overlap { .. } => return is_other_time(row, look_up) && row.visible_from <= now,
            };
            in_place && row.visible_from <= now && look_up.marker.is_in(&row.marked) && self.shows((row.kind, row.by), user, now)
        };
        self.rows.iter().filter(is_there).map(|row| row.id).collect()
    }

    /// Whether a row of that kind, written by one API user, is shown to another.
    fn shows(&self, (kind, by): (WriteKind, u8), user: u8, now: Millis) -> bool {
        match self.tenant.view(kind, user, now) {
            View::All => true,
            View::Nothing => false,
            View::Own => by == user,
        }
    }

    /// Whether it would be refused.
    pub(crate) fn refusal(&self, content: &Content, hopeless: Option<Hopeless>, now: Millis) -> Option<Failure> {
        let (reception, role) = match content {
            Content::Note { note, .. } => {
                if note.description.chars().count() > self.tenant.note_characters_max {
                    return Some(Failure::TooLong { sentence: "description exceeds maximum length".into() });
                }
                (self.tenant.notes, None)
            }
            Content::TimeEntry { entry, .. } => (self.tenant.time_entries, Some(entry.role)),
            Content::Attachment(_) => (self.tenant.attachments, None),
            Content::Ticket(_) => (self.tenant.notes, None),
        };
        if hopeless.is_some_and(|hopeless| hopeless.kind == kind_of(content) && now < hopeless.until) {
            let sentence = "time cannot be added to a timesheet that is submitted".into();
            return Some(Failure::WriteBlocked { sentence, remedy: "have the timesheet reopened".into() });
        }
        match reception {
            Reception::Refused => Some(Failure::Refused { sentence: "not valid".into() }),
            Reception::BlockedUntil(until) if now < until => {
                Some(Failure::Blocked { sentence: "no permission".into(), remedy: "grant it".into() })
            }
            Reception::UnfamiliarUntil(until) if now < until => Some(Failure::Unrecognised { sentence: "kaboom".into() }),
            Reception::FirstRoleRefused if role == Some(RoleId(9)) => {
                Some(Failure::RoleRefused { sentence: "role not valid".into() })
            }
            _ => None,
        }
    }

    /// Writes it. An error is a broken promise: the row does not bear its marker.
    pub(crate) fn insert(
        &mut self,
        session: (usize, &Lsid, u8),
        write: &WriteId,
        content: &Content,
        (now, visible_from): (Millis, Millis),
    ) -> Result<RemoteId, String> {
        let id = RemoteId(1000 + i64::try_from(self.rows.len()).unwrap());
        let (marked, ticket, place) = match content {
            Content::Note { ticket, note } => (&note.title, *ticket, RowPlace::Ticket),
            Content::TimeEntry { ticket, entry } => {
                let day = date_worked(entry.start, &jiff::tz::TimeZone::UTC);
                (&entry.internal_notes, *ticket, RowPlace::Day(entry.resource, day))
            }
            Content::Attachment(attachment) => (&attachment.title, TicketId(0), RowPlace::Note(attachment.note)),
            Content::Ticket(draft) => {
                (&Marker::new(&draft.session, &WriteId::Ticket).to_string(), TicketId(id.0), RowPlace::Ticket)
            }
        };
        if !Marker::new(session.1, write).is_in(marked) {
            return Err(format!("{write} was written without its marker"));
        }
        let shortened = matches!(content, Content::Note { note, .. } if note.description.len() < CHAT_LENGTH)
            && *write == WriteId::SessionNote;
        let marked = marked.clone();
        let text = if let Content::Note { note, .. } = content { note.description.clone() } else { String::new() };
        let kind = write.kind();
        self.rows.push(Row {
            id,
            session: session.0,
            write: write.clone(),
            kind,
            marked,
            ticket,
            written_to: ticket,
            place,
            visible_from,
            by: session.2,
            landed_at: now,
            text,
            shortened,
        });
        Ok(id)
    }

    /// One ticket is merged into the other: its notes move, its time entries keep their resource and day.
    pub(crate) fn merge(&mut self) {
        for row in self.rows.iter_mut().filter(|row| row.kind == WriteKind::Note && row.ticket == TicketId(42)) {
            row.ticket = TicketId(43);
        }
    }

    pub(crate) fn rows_of(&self, session: usize, write: &WriteId) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.session == session && row.write == *write)
    }

    /// The surveys of that kind of a session that were written; `None`: none.
    pub(crate) fn rows_of_kind(&self, session: usize, kind: Option<SurveyKind>) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| {
            let own = match row.write {
                WriteId::CustomerSurvey(_) => Some(SurveyKind::Customer),
                WriteId::RepresentativeSurvey(_) => Some(SurveyKind::Representative),
                _ => None,
            };
            row.session == session && own.is_some() && own == kind
        })
    }

    /// Whether rows of that kind are hidden from any API user of the schedule.
    pub(crate) fn is_blind(&self, kind: WriteKind) -> bool {
        self.tenant.sights.iter().any(|sight| sight.view(kind) != View::All)
    }
}

const fn kind_of(content: &Content) -> WriteKind {
    match content {
        Content::Note { .. } => WriteKind::Note,
        Content::TimeEntry { .. } => WriteKind::TimeEntry,
        Content::Attachment(_) => WriteKind::Attachment,
        Content::Ticket(_) => WriteKind::Ticket,
    }
}

/// Whether it is another time entry of that person's day.
fn is_other_time(row: &Row, look_up: &LookUp) -> bool {
    let Place::Overlap { resource, start, .. } = look_up.place else { return false };
    let day = RowPlace::Day(resource, date_worked(start, &jiff::tz::TimeZone::UTC));
    row.place == day && !look_up.marker.is_in(&row.marked)
}
