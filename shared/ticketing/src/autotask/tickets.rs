//! Reading the ticket that a session belongs to.

use serde_json::Value;
use session::content::{Ticket, TicketReference};
use session::failure::{Failure, Sentence};
use session::ids::{RoleId, TicketId, TicketNumber};
use tokio::time::Instant;

use super::answer::{Purpose, unexpected};
use super::client::AutotaskClient;
use super::lookups::query_call;
use super::query::{Condition, Query};
use super::row::Row;
use super::transport::{Call, Entity};

/// What is read of a ticket.
const FIELDS: &[&str] = &["id", "ticketNumber", "companyID", "status", "assignedResourceRoleID", "lastActivityDate"];
/// A ticket number has one row. Asking for a few shows when it has more, or when the condition was dropped.
const ROWS_MAX: u32 = 5;

impl AutotaskClient {
    /// The ticket of that number or id; none if there is none, or none that the API user may see.
    ///
    /// A reference by bare digits is read as an id; whether it is too stale to count is for the caller to say, by
    /// `last_activity`.
    ///
    /// # Errors
    /// `Refused` when several tickets bear the number. `Unknown` also when a row comes back that was not asked for: then the
    /// absence of the right one proves nothing. Otherwise any [`Failure`] of a read.
    pub async fn ticket(&self, reference: &TicketReference, deadline: Instant) -> Result<Option<Ticket>, Failure> {
        match reference {
            TicketReference::Id(id) | TicketReference::BareDigits(id) => self.ticket_by_id(*id, deadline).await,
            TicketReference::Number(number) => self.ticket_by_number(number, deadline).await,
        }
    }

    async fn ticket_by_id(&self, id: TicketId, deadline: Instant) -> Result<Option<Ticket>, Failure> {
        let call = Call::get(Entity::Tickets, Purpose::ReadById, format!("Tickets/{id}"));
        let answer = match self.transport.call(&call, deadline).await {
            Err(Failure::NotFound) => return Ok(None),
            answer => answer?,
        };
        let row = Row::new(&answer).filter(|row| row.has("item")).ok_or_else(|| unexpected("an answer without a ticket"))?;
        let ticket = row.get("item").map(ticket).transpose()?;
        match ticket {
            Some(ticket) if ticket.id != id => Err(unexpected("a ticket came back that was not asked for")),
            ticket => Ok(ticket),
        }
    }

    async fn ticket_by_number(&self, number: &TicketNumber, deadline: Instant) -> Result<Option<Ticket>, Failure> {
        let query = Query::new(vec![Condition::equal("ticketNumber", number.as_str())], FIELDS, ROWS_MAX);
        let page = self.page(&query_call(Entity::Tickets, &query), deadline).await?;
        let tickets: Vec<Ticket> = page.rows.iter().map(ticket).collect::<Result<_, _>>()?;
        if tickets.iter().any(|ticket| !ticket.number.as_str().eq_ignore_ascii_case(number.as_str())) {
            return Err(unexpected("a ticket came back that was not asked for"));
        }
        match <[Ticket; 1]>::try_from(tickets) {
            Ok([ticket]) => Ok(Some(ticket)),
            Err(none) if none.is_empty() => Ok(None),
            Err(_) => Err(Failure::Refused { sentence: Sentence::new("more than one ticket bears this number") }),
        }
    }
}

/// Reads a ticket. A company id of 0 is a real company, the tenant itself.
pub(super) fn ticket(value: &Value) -> Result<Ticket, Failure> {
    let read = |row: Row<'_>| {
        Some(Ticket {
            id: TicketId(row.integer("id")?),
            number: row.text("ticketNumber")?.trim().parse().ok()?,
            company: row.integer("companyID")?,
            status: row.integer("status")?.try_into().ok()?,
            assigned_role: row.integer("assignedResourceRoleID").map(RoleId),
            last_activity: row.timestamp("lastActivityDate"),
        })
    };
    Row::new(value).and_then(read).ok_or_else(|| unexpected("a ticket without id, number, company or status"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn ticket_without_what_it_must_have_is_unknown() {
        let whole = json!({ "id": 7001, "ticketNumber": "T20250318.0042", "companyID": 0, "status": 8 });
        assert!(ticket(&whole).is_ok());
        for field in ["id", "ticketNumber", "companyID", "status"] {
            let mut part = whole.clone();
            part[field] = Value::Null;
            assert!(matches!(ticket(&part), Err(Failure::Unknown { .. })), "{field}");
        }
    }

    #[test]
    fn ticket_without_assignment_and_activity_is_a_ticket() {
        let read = ticket(&json!({ "ID": "7001", "TicketNumber": "T20250318.0042", "CompanyID": 0, "Status": 8 }));
        assert!(matches!(read, Ok(Ticket { id: TicketId(7001), company: 0, assigned_role: None, last_activity: None, .. })));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,60}".prop_map(Value::from),
            "[0-9]{1,25}|-?[0-9]{1,5}-[0-9]{2}-[0-9]{2}T[0-9:.]{0,12}Z?".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-z]{1,8}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_row_panics(values in prop::collection::vec(any_json(), FIELDS.len()), whole in any_json()) {
            let row: Value = FIELDS.iter().map(|field| (*field).to_owned()).zip(values).collect();
            for value in [row, whole] {
                if let Ok(ticket) = ticket(&value) {
                    prop_assert!(value["id"] == ticket.id.0 || value["id"].as_str().is_some());
                }
            }
        }
    }
}
