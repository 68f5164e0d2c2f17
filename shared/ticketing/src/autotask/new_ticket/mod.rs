//! Creating a ticket: from what is wished to what Autotask takes, and finding it again.
//!
//! What Autotask asks of a new ticket (live clients, and the vendor reference): company, title, status and priority; a queue, or a
//! resource with a role; a due date; and no member with `null`. Names become ids here, and a name that is nobody's or several people's is
//! refused with what fits: a ticket at the wrong company is worse than none. `externalID` is the session, by which the ticket is
//! found again.

mod fields;
mod names;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use session::content::{TicketDraft, TicketWish};
use session::failure::{Failure, Sentence};
use session::ids::RemoteId;
use session::write_id::Marker;
use tokio::time::Instant;

use self::fields::{FIELDS, Kind, Said, said};
use self::names::Resolver;
use super::answer::{Purpose, created_id, unexpected};
use super::client::AutotaskClient;
use super::lookups::query_call;
use super::query::{Condition, Query};
use super::row::Row;
use super::transport::{Call, Entity};
use super::writes::utc;

pub(crate) use self::fields::unknown_names;

/// The field that holds the session, and how many characters it takes (vendor reference). Real lsids have 32.
const EXTERNAL_ID: &str = "externalID";
const EXTERNAL_ID_LENGTH_MAX: usize = 50;
/// The id of the status "New" in every tenant (observed by clients).
const STATUS_NEW: i64 = 1;
/// A session has one ticket; a few rows show when it has more, or when the condition was dropped.
const ROWS_MAX: u32 = 5;
/// How much of what the key says beside a ticket's fields goes into the description.
const FOREIGN_LENGTH_MAX: usize = 2_000;

impl AutotaskClient {
    /// The ticket as it can be sent: every name in the wish, and in what the connection says of every ticket, has become an id. Nothing is
    /// written. Lists of the tenant, resources and roles are remembered for 15 minutes.
    ///
    /// # Errors
    /// `Refused` when a name is nobody's or several people's, or when something is missing, saying which and what fits: another wish or
    /// another document cures it. Otherwise any [`Failure`] of a read.
    pub async fn draft_ticket(&self, wish: &TicketWish, deadline: Instant) -> Result<TicketDraft, Failure> {
        let Said { mut values, foreign } = said(&self.ticket.defaults, &wish.fields);
        values.entry("title").or_insert_with(|| wish.title.as_str().into());
        let description = values.remove("description").and_then(|text| text.as_str().map(str::to_owned));
        values.insert("description", with_foreign(description.unwrap_or_else(|| wish.description.clone()), &foreign).into());
        values.entry("status").or_insert_with(|| STATUS_NEW.into());
        let resolver = Resolver::new(self, deadline);
        let mut draft = Map::new();
        for field in &FIELDS {
            let value = match (values.get(field.name), field.kind) {
                (Some(value), _) => Some(resolver.resolve(field, value, &draft).await?),
                (None, Kind::Picklist) if field.name == "priority" => Some(resolver.default_of(field).await?),
                (None, Kind::Picklist) if field.name == "queueID" => resolver.queue_of_the_tenant().await?,
                (None, _) => None,
            };
            if let Some(value) = value {
                draft.insert(field.name.to_owned(), value);
            }
        }
        resolver.complete_assignment(&mut draft).await?;
        demand_company(&draft)?;
        demand_queue_or_resource(&draft)?;
        draft.entry("dueDateTime").or_insert_with(|| due(wish.now, self.ticket.due_hours).into());
        Ok(TicketDraft { session: wish.session.clone(), fields: draft })
    }

    /// Creates the ticket and returns its id.
    ///
    /// # Errors
    /// Any [`Failure`] of a write; `Refused` also for a session whose id does not fit into the field by which it would be found again.
    pub async fn create_ticket(&self, draft: &TicketDraft, deadline: Instant) -> Result<RemoteId, Failure> {
        let session = draft.session.as_str();
        if session.len() > EXTERNAL_ID_LENGTH_MAX {
            return Err(refused(&format!(
                "a session id of {} characters does not fit into the ticket's {EXTERNAL_ID}",
                session.len()
            )));
        }
        let mut body = draft.fields.clone();
        body.insert(EXTERNAL_ID.to_owned(), session.into());
        let call = Call::post(Entity::Tickets, Purpose::CreateTicket, Entity::Tickets.name().to_owned(), &body);
        created_id(&self.transport.call(&call, deadline).await?).map(RemoteId)
    }

    /// The tickets whose `externalID` is the marker's session.
    ///
    /// # Errors
    /// Any [`Failure`] of a read; `Unknown` also when a row comes back that was not asked for.
    pub async fn find_created_ticket(&self, marker: &Marker, deadline: Instant) -> Result<Vec<RemoteId>, Failure> {
        let session = marker.session().ok_or_else(|| unexpected("a marker without a session"))?;
        let query = Query::new(vec![Condition::equal(EXTERNAL_ID, session)], &["id", EXTERNAL_ID], ROWS_MAX);
        let page = self.page(&query_call(Entity::Tickets, &query), deadline).await?;
        let id = |row: &Value| {
            let row = Row::new(row)?;
            let is_it = row.text(EXTERNAL_ID).is_some_and(|text| text.trim().eq_ignore_ascii_case(session));
            is_it.then(|| row.integer("id"))?
        };
        let ids: Option<Vec<RemoteId>> = page.rows.iter().map(|row| id(row).map(RemoteId)).collect();
        ids.ok_or_else(|| unexpected("a ticket came back that was not asked for"))
    }
}

/// Refused by us, before anything is sent.
fn refused(sentence: &str) -> Failure {
    Failure::Refused { sentence: Sentence::new(sentence) }
}

fn demand_company(draft: &Map<String, Value>) -> Result<(), Failure> {
    if draft.contains_key("companyID") {
        return Ok(());
    }
    Err(refused("no company for the ticket: set companyID or accountName in autotask.ticket.defaults or in the session's key"))
}

fn demand_queue_or_resource(draft: &Map<String, Value>) -> Result<(), Failure> {
    if draft.contains_key("queueID") || draft.contains_key("assignedResourceID") {
        return Ok(());
    }
    Err(refused("no queue for the ticket: set queueID or queueName in autotask.ticket.defaults"))
}

fn due(now: Timestamp, hours: u32) -> String {
    utc(now.saturating_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(now))
}

/// What the key says and no field takes is not lost.
fn with_foreign(mut description: String, foreign: &[(String, String)]) -> String {
    if foreign.is_empty() {
        return description;
    }
    let pairs: Vec<String> = foreign.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let text: String = pairs.join("\n").chars().take(FOREIGN_LENGTH_MAX).collect();
    description.push_str("\n\nAlso in the external key:\n");
    description.push_str(&text);
    description
}

/// A text as Autotask takes it: at most so many characters, and no control characters but line breaks.
fn text_of(value: &Value, length_max: usize, is_one_line: bool) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text: String = if is_one_line {
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
    };
    // Counted as the vendor's platform does.
    let mut length = 0;
    let fits = |character: &char| {
        length += character.len_utf16();
        length <= length_max
    };
    json!(text.chars().take_while(fits).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_their_fields() {
        assert_eq!(text_of(&json!("a".repeat(10_000)), 255, true), json!("a".repeat(255)));
        assert_eq!(text_of(&json!("😀".repeat(200)), 255, true), json!("😀".repeat(127)));
        assert_eq!(text_of(&json!(" a\r\n\u{7}b\tc "), 255, true), json!("a b c"));
        assert_eq!(text_of(&json!("a\r\nb\u{0}"), 8000, false), json!("a\nb"));
        assert_eq!(text_of(&json!(4711), 50, true), json!("4711"));
    }

    #[test]
    fn due_date_counts_from_the_wish() {
        let now: Timestamp = "2025-03-18T13:02:00Z".parse().unwrap_or_default();
        assert_eq!(due(now, 24), "2025-03-19T13:02:00Z");
    }

    #[test]
    fn what_no_field_takes_stands_in_the_description() {
        let foreign = vec![("asset".to_owned(), "LAB2".to_owned()), ("floor".to_owned(), "3".to_owned())];
        assert_eq!(with_foreign("Printer.".to_owned(), &foreign), "Printer.\n\nAlso in the external key:\nasset: LAB2\nfloor: 3");
        assert_eq!(with_foreign("Printer.".to_owned(), &[]), "Printer.");
    }
}
