//! Appliances as they are met: of an old release, in another language, with a certificate of the company's own, without TLS, and two of
//! them with a tenant each.

use serde_json::{Value, json};

use crate::harness::{Harness, Session, TICKET, TICKET_ID, until};
use crate::local_aws;
use crate::tls::TlsFront;

/// A front with TLS for the harness's appliance, and its address there.
async fn with_tls(harness: &Harness) -> (TlsFront, String) {
    let url = harness.appliance.url().to_owned();
    let rest = url.strip_prefix("http://").expect("the simulator speaks plain HTTP");
    let (server, path) = rest.split_once('/').map_or((rest, String::new()), |(server, path)| (server, format!("/{path}")));
    let front = TlsFront::of(server).await;
    let address = format!("https://{}{path}", front.address);
    (front, address)
}

async fn ends_on_its_ticket(session: &Session<'_>) {
    session.ends().await;
    session.until_some("note and time entry", async || (session.written().await == (1, 1)).then_some(())).await;
}

/// The worker has warned of that key of this connection's document.
async fn is_warned_of(harness: &Harness, key: &str) {
    let own = format!("\"{}\"", harness.id);
    until("the log warns of it", async || local_aws::log_lines("worker", &[&own, key]).await.pop()).await;
}

#[tokio::test]
async fn appliance_whose_certificate_is_of_the_companys_own_authority_is_trusted_once_the_document_has_it() {
    let harness = Harness::new().await;
    let (front, url) = with_tls(&harness).await;
    let on_tls = |more: Value| {
        let mut document = harness.document_with(json!({ "appliance": { "url": url, "allow_plain_http": null } }));
        for (key, value) in more.as_object().unwrap() {
            document["appliance"][key] = value.clone();
        }
        document
    };
    harness.put_document(&on_tls(json!({}))).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    let waiting = session.waits_for("appliance").await;
    assert_eq!(session.written().await, (0, 0), "{waiting:#}");

    harness.put_document(&on_tls(json!({ "ca_certificate": front.authority }))).await;
    session.until_some("note and time entry", async || (session.written().await == (1, 1)).then_some(())).await;
}

#[tokio::test]
async fn certificate_that_nobody_trusts_is_accepted_where_the_document_says_so_and_warned_of() {
    let harness = Harness::without_document().await;
    let (_front, url) = with_tls(&harness).await;
    let appliance = json!({ "url": url, "allow_plain_http": null, "allow_invalid_certificates": true });
    harness.put_document(&harness.document_with(json!({ "appliance": appliance }))).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    ends_on_its_ticket(&session).await;
    is_warned_of(&harness, "appliance.allow_invalid_certificates").await;
}

#[tokio::test]
async fn appliance_without_tls_is_spoken_to_where_the_document_says_so_and_warned_of() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    ends_on_its_ticket(&session).await;
    is_warned_of(&harness, "appliance.allow_plain_http").await;
}

#[tokio::test]
async fn appliance_of_an_old_release_is_spoken_to_with_a_users_password_and_in_its_language() {
    let password = json!({ "username": "integration", "password": "legacy-secret" });
    let harness = Harness::with(json!({ "appliance": { "oauth": null, "password": password, "locale": "de-de" } })).await;
    harness.appliance.settings(json!({ "legacy_login": true })).await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    ends_on_its_ticket(&session).await;
    let calls = harness.appliance.calls().await;
    assert!(calls.iter().all(|call| !call["path"].as_str().unwrap().contains("oauth2")), "no token is asked for: {calls:#?}");
}

#[tokio::test]
async fn two_appliances_of_one_stack_write_to_a_tenant_each() {
    let (one, other) = (Harness::new().await, Harness::new().await);
    let sessions = (one.session("printer-without-surveys", TICKET).await, other.session("printer-without-surveys", TICKET).await);
    ends_on_its_ticket(&sessions.0).await;
    ends_on_its_ticket(&sessions.1).await;
    for harness in [&one, &other] {
        assert_eq!(harness.autotask.time_entries(TICKET_ID).await.len(), 1);
    }
}
