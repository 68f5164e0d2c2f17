//! What a connection needs that gives sessions tickets of their own: the right, and defaults that Autotask takes. Creates none.

use connection::Document;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use session::Failure;
use session::content::TicketWish;
use session::settings::TicketCreation;
use ticketing::AutotaskClient;
use ticketing::autotask::Subject;

use super::List;
use super::of_autotask::{refused_by_autotask, soon, write_right};
use super::trial::trial_lsid;

/// Nothing where no tickets are created.
pub(super) async fn new_ticket(client: &AutotaskClient, document: &Document, now: Timestamp, list: &mut List<'_>) {
    let creation = document.autotask.ticket.create;
    if creation == TicketCreation::Off {
        return;
    }
    write_right(client, "ticket_right", Subject::Tickets, "tickets", list).await;
    const NAME: &str = "ticket_defaults";
    match (drafted(client, &Map::new(), now).await, creation) {
        (Ok(draft), _) => list.ok(NAME, said(&draft)),
        // A key may bring what the document does not say: which company it is.
        (Err(Failure::Refused { sentence }), TicketCreation::JsonKey) => {
            let company = Map::from_iter([("companyID".to_owned(), json!(0))]);
            match drafted(client, &company, now).await {
                Ok(draft) => list.ok(NAME, format!("{}; each session's key must name the company", said(&draft))),
                Err(_) => list.fails(NAME, sentence.as_str(), "correct autotask.ticket.defaults in the document"),
            }
        }
        (Err(Failure::Refused { sentence }), _) => {
            list.fails(NAME, sentence.as_str(), "correct autotask.ticket.defaults in the document");
        }
        (Err(failure), _) => list.fails(NAME, failure.to_string(), refused_by_autotask(&failure)),
    }
}

async fn drafted(client: &AutotaskClient, fields: &Map<String, Value>, now: Timestamp) -> Result<Map<String, Value>, Failure> {
    let wish = TicketWish {
        session: trial_lsid(now),
        title: "Connection test".to_owned(),
        description: String::new(),
        fields: fields.clone(),
        now,
    };
    client.draft_ticket(&wish, soon()).await.map(|draft| draft.fields)
}

/// The fields that come from the document and the tenant, by name and id.
fn said(draft: &Map<String, Value>) -> String {
    let texts = ["title", "description", "dueDateTime"];
    let ids = draft.iter().filter(|(name, _)| !texts.contains(&name.as_str())).map(|(name, value)| format!("{name} {value}"));
    format!("a ticket would have {}", ids.collect::<Vec<_>>().join(", "))
}
