//! What is made of a connection document, and when it is made again.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use aws::{Environment, Timeouts};
use axum::extract::State;
use axum::{Json, Router};
use connection::Connections;
use delivery::{NoticeSubject, Pace};
use jiff::{SignedDuration, Timestamp};
use ledger::Ledger;
use link::{LinkError, Links};
use serde_json::{Value, json};
use session::ApplianceId;
use session::content::TicketReference;
use session::ids::TicketId;

/// The one secret of a Secrets Manager; each text is a version of its own.
type Secret = Arc<Mutex<String>>;

async fn current(State(secret): State<Secret>) -> Json<Value> {
    let text = secret.lock().unwrap().clone();
    Json(json!({ "Name": "connection", "VersionId": format!("v{}", text.len()), "SecretString": text }))
}

async fn links(document: &Value) -> (Secret, Links) {
    let secret = Arc::new(Mutex::new(document.to_string()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(current).with_state(Arc::clone(&secret));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let variable = |name: &str| Some(if name == "AWS_ENDPOINT_URL" { endpoint.clone() } else { "local".to_owned() });
    let aws = Environment::from_variables(variable).unwrap().sdk_config(&Timeouts::WORKER);
    // Nobody asks the ledger: with a user's password there is no token to share.
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws), "ledger", 400);
    let connections = Connections::new(aws_sdk_secretsmanager::Client::new(&aws), "connections/");
    (secret, Links::new(connections, ledger, Pace::default()))
}

fn document() -> Value {
    json!({
        "version": 1,
        "name": "Acme, production",
        "time_zone": "Europe/Berlin",
        "appliance": { "url": "https://support.example.com", "password": { "username": "reporter", "password": "hidden" } },
        "autotask": {
            "username": "bridge@acme.example", "secret": "hidden", "integration_code": "hidden",
            "external_key_pattern": "CASE-(\\d+)",
        },
    })
}

fn acme() -> ApplianceId {
    "acme".parse().unwrap()
}

fn at(minutes: i64) -> Timestamp {
    "2026-11-22T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn document_becomes_rules_clients_and_a_name() {
    let (_, links) = links(&document()).await;
    let link = links.get(&acme(), at(0)).await.unwrap();
    assert_eq!(link.name_of(&acme()).to_string(), "Acme, production (acme)");
    assert_eq!(link.rules.settings.time_zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(link.rules.keys.ticket(Some("CASE-4711")), Ok(TicketReference::Id(TicketId(4711))));
    assert!(link.rules.document.0.starts_with('v') && link.warnings.is_empty());
    assert!(!link.appliance.uses_tokens() && !link.document().polling.enabled);
}

#[tokio::test]
async fn link_is_made_again_only_when_its_document_has_changed() {
    let (secret, links) = links(&document()).await;
    let first = links.get(&acme(), at(0)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &links.get(&acme(), at(60)).await.unwrap()));
    assert!(links.renewed(&acme(), &first, at(120)).await.is_none(), "nothing has changed");

    let mut changed = document();
    changed["autotask"]["secret"] = "another".into();
    *secret.lock().unwrap() = changed.to_string();
    let renewed = links.renewed(&acme(), &first, at(180)).await.unwrap();
    assert_ne!(renewed.rules.document, first.rules.document);
    assert!(Arc::ptr_eq(&renewed, &links.get(&acme(), at(181)).await.unwrap()));
}

#[tokio::test]
async fn template_that_cannot_be_used_is_a_warning_and_a_certificate_that_cannot_an_error() {
    let mut with_template = document();
    with_template["templates"] = json!({ "session_note": "{{#if" });
    let (_, serving) = links(&with_template).await;
    let link = serving.get(&acme(), at(0)).await.unwrap();
    let [warning] = &link.warnings[..] else { panic!("{:?}", link.warnings) };
    assert_eq!(warning.subject, NoticeSubject::TemplateFailed);
    assert!(warning.problem.starts_with("template session_note: "), "{}", warning.problem);

    let mut with_certificate = document();
    with_certificate["appliance"]["ca_certificate"] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".into();
    let (_, failing) = links(&with_certificate).await;
    let refused = failing.get(&acme(), at(0)).await.err().unwrap();
    assert!(matches!(&refused, LinkError::Client { key: "appliance", .. }), "{refused}");
    assert!(!refused.to_string().contains("AAAA"), "{refused}");
}
