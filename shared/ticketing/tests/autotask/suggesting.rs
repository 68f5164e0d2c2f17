//! Open tickets for a session that names none.

use serde_json::json;
use session::failure::Failure;
use ticketing::suggestion::{ReasonKind, Suggestions, Traces};

use crate::fixtures::{Tenant, soon, tenant};

#[expect(clippy::disallowed_methods, reason = "the simulated tickets were worked on two days before the machine's time")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// As the canonical report tells.
fn traces() -> Traces {
    let of = |text: &str| vec![text.to_owned()];
    Traces {
        people: of("Jörg Müller <Lab 2>"), companies: of("acme & sons"), company_codes: vec![], computers: of("LAB2-PC07")
    }
}

async fn suggested(acme: &Tenant, traces: &Traces) -> Suggestions {
    acme.client.suggest(traces, now(), soon()).await.unwrap()
}

fn told(suggestions: &Suggestions) -> Vec<(i64, String, Vec<String>)> {
    let reason = |reason: &ticketing::suggestion::Reason| format!("{:?} {}", reason.kind, reason.name);
    let tickets = suggestions.tickets.iter();
    tickets.map(|ticket| (ticket.ticket.0, ticket.status.clone(), ticket.reasons.iter().map(reason).collect())).collect()
}

fn ids(suggestions: &Suggestions) -> Vec<i64> {
    suggestions.tickets.iter().map(|ticket| ticket.ticket.0).collect()
}

#[tokio::test]
async fn open_tickets_of_device_contact_and_company_fit_each_with_its_reasons() {
    let acme = tenant().await;
    let suggestions = suggested(&acme, &traces()).await;
    let company = "Company Acme & Sons".to_owned();
    let expected = [
        (7003, "Waiting Customer".to_owned(), vec!["Device Lab 2, label printing".to_owned(), company.clone()]),
        (7001, "In Progress".to_owned(), vec!["Contact Jörg Müller".to_owned(), company]),
    ];
    assert_eq!(told(&suggestions), expected);
    assert!(suggestions.unsearched.is_empty() && suggestions.more == 0);
}

#[tokio::test]
async fn what_is_complete_or_forgotten_fits_nothing() {
    let acme = tenant().await;
    let brightwater = Traces { companies: vec!["Brightwater Dental".to_owned()], ..Traces::default() };
    assert_eq!(ids(&suggested(&acme, &brightwater).await), [7002], "7006 is complete");
    let kestrel = Traces { company_codes: vec!["kes".to_owned()], ..Traces::default() };
    assert_eq!(ids(&suggested(&acme, &kestrel).await), [7004], "7005 is stale");
}

#[tokio::test]
async fn part_of_a_name_fits_only_where_no_name_is_the_same() {
    let acme = tenant().await;
    let of = |name: &str| Traces { companies: vec![name.to_owned()], ..Traces::default() };
    assert_eq!(ids(&suggested(&acme, &of("Kestrel Logistics")).await), [7004]);
    assert_eq!(ids(&suggested(&acme, &of("kestrel")).await), [7004, 7008]);
    assert_eq!(ids(&suggested(&acme, &of("Kes")).await), [0; 0], "too short for a part");
}

#[tokio::test]
async fn person_fits_by_mail_address_and_not_by_one_name_alone() {
    let acme = tenant().await;
    let of = |name: &str| Traces { people: vec![name.to_owned()], ..Traces::default() };
    assert_eq!(ids(&suggested(&acme, &of("Priya@Brightwater.example")).await), [7002]);
    assert_eq!(ids(&suggested(&acme, &of("Raman, Priya")).await), [7002]);
    assert_eq!(ids(&suggested(&acme, &of("Priya")).await), [0; 0]);
    assert_eq!(ids(&suggested(&acme, &of("Wiebke Stark")).await), [0; 0], "not active");
}

#[tokio::test]
async fn name_that_half_the_table_bears_is_no_hint() {
    let acme = tenant().await;
    for id in 2000..2020 {
        let row = json!({ "id": id, "companyName": format!("Branch {id} GmbH"), "companyType": 1, "isActive": true });
        acme.tenant.put_row("Companies", id, row).await;
    }
    let suggestions = suggested(&acme, &Traces { companies: vec!["GmbH".to_owned()], ..Traces::default() }).await;
    assert!(suggestions.tickets.is_empty());
}

#[tokio::test]
async fn search_without_the_right_is_left_out_and_told() {
    let acme = tenant().await;
    acme.tenant.settings(json!({ "permissions": { "Contacts": { "query": false } } })).await;
    let suggestions = suggested(&acme, &traces()).await;
    assert_eq!(ids(&suggestions), [7003, 7001]);
    assert!(matches!(suggestions.unsearched.as_slice(), [(ReasonKind::Contact, Failure::Blocked { .. })]));
}

#[tokio::test]
async fn nothing_is_asked_about_nothing() {
    let acme = tenant().await;
    assert!(suggested(&acme, &Traces::default()).await.tickets.is_empty());
    assert!(acme.tenant.calls().await.is_empty());
}
