//! A session without a ticket gets one, with the document that a user writes for it: the ticket in Autotask, its number on the
//! running session, and note and time entry on it at the end.

use serde_json::{Value, json};

use crate::harness::{Harness, Session, sample, state, with_key};
use crate::local_aws;

/// What a user adds to the document: nothing but which sessions, and where their tickets go.
fn creating(which: &str) -> Value {
    json!({ "autotask": { "ticket": { "create": which, "defaults": { "accountName": "Acme & Sons", "queueName": "Level I Support" } } } })
}

fn running(key: &str) -> String {
    with_key(&sample("reports/still-running.xml"), key)
}

/// The tickets that were created for the session.
async fn tickets(harness: &Harness, session: &Session<'_>) -> Vec<Value> {
    let tickets = harness.autotask.rows("Tickets").await;
    tickets.into_iter().filter(|ticket| ticket["externalID"] == session.lsid.as_str()).collect()
}

/// Note and time entry are on that ticket, once.
async fn assert_is_on(session: &Session<'_>, ticket: &Value) {
    let id = ticket["id"].as_i64().unwrap();
    assert_eq!((session.notes_on(id).await.len(), session.time_entries_on(id).await.len()), (1, 1));
}

#[tokio::test]
async fn representative_who_joins_gives_the_session_a_ticket_and_its_number_and_the_end_writes_there() {
    let harness = Harness::with(creating("always")).await;
    let session = harness.unknown_session();
    session.put_report(&running("")).await;
    session.announce(&session.event("support_conference_member_added")).await;
    session.until("its ticket is there", |item| state(item, "ticket") == "done").await;
    let created = tickets(&harness, &session).await;
    let [ticket] = created.as_slice() else { panic!("{created:#?}") };
    assert_eq!((&ticket["companyID"], &ticket["queueID"], &ticket["status"]), (&json!(501), &json!(201), &json!(1)));
    let number = ticket["ticketNumber"].as_str().unwrap();
    let has_key = async || {
        let sessions = harness.appliance.state().await["sessions"].clone();
        Some(sessions).filter(|sessions| sessions.to_string().contains(number))
    };
    session.until_some("the running session has the ticket's number", has_key).await;

    // The same once more, as the appliance may say it; then the end.
    session
        .announce(&session.event("support_conference_member_added").replace("timestamp=1742303026", "timestamp=1742303027"))
        .await;
    session.put_report(&with_key(&sample("reports/printer-without-surveys.xml"), number)).await;
    session.ends().await;
    session.until("it is written", |item| state(item, "note.session") == "done" && state(item, "time.101") == "done").await;
    assert_is_on(&session, ticket).await;
    assert_eq!(tickets(&harness, &session).await.len(), 1);
}

#[tokio::test]
async fn session_whose_join_nobody_told_gets_its_ticket_at_the_end_from_its_json_key() {
    let harness = Harness::with(creating("json_key")).await;
    let key = r#"{"accountName":"Brightwater Dental","title":"Scanner \"2\"","priorityName":"critical","asset":"BRW-SC2"}"#;
    let session = harness.session("printer-without-surveys", key).await;
    session.ends().await;
    session.until("it is written", |item| state(item, "note.session") == "done").await;
    let created = tickets(&harness, &session).await;
    let [ticket] = created.as_slice() else { panic!("{created:#?}") };
    assert_eq!((&ticket["companyID"], &ticket["title"], &ticket["priority"]), (&json!(502), &json!("Scanner \"2\""), &json!(4)));
    assert!(ticket["description"].as_str().unwrap().ends_with("Also in the external key:\nasset: BRW-SC2"));
    assert_is_on(&session, ticket).await;
}

#[tokio::test]
async fn company_that_nobody_knows_is_told_and_a_replay_creates_the_ticket_once_it_is_there() {
    let harness = Harness::with(creating("json_key")).await;
    let mailbox = harness.mailbox().await;
    let session = harness.session("printer-without-surveys", r#"{"accountName":"Newcomer Ltd"}"#).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!((state(&item, "ticket"), &item["record"]["unmatched"]), ("refused", &json!("ticket_not_created")), "{item:#}");
    assert!(tickets(&harness, &session).await.is_empty());
    assert_eq!(local_aws::attention(&harness.id).await.len(), 1);
    harness.told(&mailbox, &["no active company has that name"]).await;

    harness.autotask.put_row("Companies", 901, json!({ "id": 901, "companyName": "Newcomer Ltd", "isActive": true })).await;
    session.replay_until("its ticket is there", |item| state(item, "note.session") == "done").await;
    let created = tickets(&harness, &session).await;
    assert_eq!((created.len(), &created[0]["companyID"]), (1, &json!(901)));
    assert_is_on(&session, &created[0]).await;
    assert!(local_aws::attention(&harness.id).await.is_empty());
}
