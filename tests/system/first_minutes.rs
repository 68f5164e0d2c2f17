//! What README tells a new user to do, with the document that it tells them to start from: `events/connection/minimal.json`, only
//! pointed at the simulated neighbours. Nothing is set here that a new user would leave out.

use crate::harness::{Harness, TICKET, until};
use crate::local_aws;

#[tokio::test]
async fn first_session_of_a_new_connection_is_on_its_ticket() {
    let harness = Harness::without_document().await;
    harness.put_document(&harness.minimal_document()).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let item = session.settled().await;
    assert_eq!(session.written().await, (1, 0), "a note; time entries are off unless switched on: {item:#}");
}

#[tokio::test]
async fn session_that_ended_before_anybody_wrote_the_document_is_on_its_ticket_once_it_is_there() {
    let harness = Harness::without_document().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    until("it waits for a document", async || {
        local_aws::log_lines("worker", &[&session.lsid, "no_connection_document"]).await.pop()
    })
    .await;
    harness.put_document(&harness.minimal_document()).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 0));
}
