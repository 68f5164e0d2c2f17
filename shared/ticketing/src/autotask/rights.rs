//! What the API user may do, and what the tenant calls things: Autotask's own description of its entities. For a person who sets up
//! a connection; the delivery asks none of it, since Autotask says for certain when it is asked to write.

use serde_json::Value;
use session::failure::Failure;
use tokio::time::Instant;
use url::Url;

use super::answer::{Purpose, unexpected};
use super::client::AutotaskClient;
use super::row::Row;
use super::transport::{Call, Entity};

/// What rights are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Tickets.
    Tickets,
    /// Notes on tickets.
    Notes,
    /// Attachments of notes.
    Attachments,
    /// Time entries.
    TimeEntries,
}

impl Subject {
    const fn entity(self) -> Entity {
        match self {
            Self::Tickets => Entity::Tickets,
            Self::Notes => Entity::TicketNotes,
            Self::Attachments => Entity::TicketNoteAttachments,
            Self::TimeEntries => Entity::TimeEntries,
        }
    }
}

/// What the API user may do with all rows of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Making new ones.
    pub create: Extent,
    /// Seeing those that are there.
    pub query: Extent,
}

/// How far a right reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Nothing.
    None,
    /// Everything.
    All,
    /// Some rows only; the others are left out of answers without a word.
    Restricted,
}

/// A value of a list that the tenant keeps, and what people read for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: i64,
    /// What people read.
    pub label: String,
    /// Whether it can be chosen still.
    pub is_active: bool,
    /// Whether it is the one that is chosen where nobody chooses.
    pub is_default: bool,
    /// The value of another list to which it belongs (an issue type's sub-issue types).
    pub parent: Option<i64>,
}

impl AutotaskClient {
    /// The address of the tenant: as configured, else as discovery finds it.
    ///
    /// # Errors
    /// `CredentialsRefused` when discovery does not know the user, `NotTaken` when it fails otherwise.
    pub async fn zone_url(&self, deadline: Instant) -> Result<Url, Failure> {
        self.transport.zone(deadline).await
    }

    /// What the API user may do with these.
    ///
    /// # Errors
    /// Any [`Failure`] of a read.
    pub async fn access(&self, subject: Subject, deadline: Instant) -> Result<Access, Failure> {
        let answer = self.entity_information(subject, "", deadline).await?;
        let access = || {
            let info = Row::new(Row::new(&answer)?.get("info")?)?;
            Some(Access {
                create: extent(info.boolean("canCreate"), info.integer("userAccessForCreate")?)?,
                query: extent(info.boolean("canQuery"), info.integer("userAccessForQuery")?)?,
            })
        };
        access().ok_or_else(|| unexpected("a description of an entity without its rights"))
    }

    /// The values that the tenant has for a field of these, in the order of the answer; empty if the field is free.
    ///
    /// # Errors
    /// Any [`Failure`] of a read; `Unknown` also when there is no such field.
    pub async fn choices(&self, subject: Subject, field: &str, deadline: Instant) -> Result<Vec<Choice>, Failure> {
        let answer = self.entity_information(subject, "/fields", deadline).await?;
        choices_of(&answer, field).ok_or_else(|| unexpected("a description of an entity without the field"))
    }

    pub(super) async fn entity_information(&self, subject: Subject, what: &str, deadline: Instant) -> Result<Value, Failure> {
        let entity = subject.entity();
        let path = format!("{}/entityInformation{what}", entity.name());
        self.transport.call(&Call::get(entity, Purpose::Query, path), deadline).await
    }
}

/// The values of a field in Autotask's description of an entity's fields; `None`: there is no such field.
pub(super) fn choices_of(described: &Value, field: &str) -> Option<Vec<Choice>> {
    let fields = Row::new(described)?.get("fields")?.as_array()?;
    let is_wanted = |row: &Row<'_>| row.text("name").is_some_and(|name| name.eq_ignore_ascii_case(field));
    let described = fields.iter().filter_map(Row::new).find(is_wanted)?;
    let values = described.get("picklistValues").and_then(Value::as_array);
    Some(values.into_iter().flatten().filter_map(choice).collect())
}

/// 0 none, 1 all, 2 restricted (vendor reference). What the entity cannot do at all, nobody may.
fn extent(can: Option<bool>, access: i64) -> Option<Extent> {
    match (can, access) {
        (Some(false), _) | (_, 0) => Some(Extent::None),
        (_, 1) => Some(Extent::All),
        (_, 2) => Some(Extent::Restricted),
        _ => None,
    }
}

/// Values are texts here, and numbers in rows.
fn choice(value: &Value) -> Option<Choice> {
    let row = Row::new(value)?;
    Some(Choice {
        value: row.integer("value")?,
        label: row.text("label").unwrap_or_default().to_owned(),
        is_active: row.boolean("isActive").unwrap_or(true),
        is_default: row.boolean("isDefaultValue").unwrap_or(false),
        parent: row.integer("parentValue"),
    })
}
