//! Tickets: from names to ids, what is refused before anything is sent, and finding them again.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use session::content::{TicketDraft, TicketReference, TicketWish};
use session::failure::Failure;
use session::ids::{RemoteId, TicketId};
use session::write_id::WriteId;
use ticketing::autotask::TicketFields;

use crate::fixtures::{LSID, Tenant, marker, soon, tenant_with};

fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn wish(fields: Value) -> TicketWish {
    TicketWish {
        session: LSID.parse().unwrap(),
        title: "Remote session 48213: Jörg Müller".to_owned(),
        description: "Remote session 48213.".to_owned(),
        fields: map(fields),
        now: "2026-03-18T13:02:00Z".parse().unwrap(),
    }
}

async fn tenant_of(defaults: Value) -> Tenant {
    let defaults: BTreeMap<String, Value> = map(defaults).into_iter().collect();
    tenant_with(|config| config.ticket = TicketFields { defaults, due_hours: 24 }).await
}

/// A tenant whose document says enough for every ticket.
async fn acme() -> Tenant {
    tenant_of(json!({ "accountName": "Acme & Sons", "queueName": "level i support", "priority": "Medium" })).await
}

async fn drafted(tenant: &Tenant, fields: Value) -> Result<Map<String, Value>, Failure> {
    tenant.client.draft_ticket(&wish(fields), soon()).await.map(|draft| draft.fields)
}

#[track_caller]
fn sentence(refused: Result<Map<String, Value>, Failure>) -> String {
    match refused {
        Err(Failure::Refused { sentence }) => sentence.as_str().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn ticket_has_what_autotask_asks_for_and_no_null() {
    let draft = drafted(&acme().await, json!({ "accountName": null })).await.unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&draft).unwrap());
}

#[tokio::test]
async fn every_name_becomes_an_id() {
    let fields = json!({
        "accountName": "acme & sons", "title": "Label printer \"Lab 2\"", "description": "offline", "statusName": "In Progress", "priority": "high",
        "queueID": "202", "ticketCategoryName": "Standard", "ticketType": "Incident", "source": "Phone", "issueType": "Printer",
        "contactName": "Jörg Müller", "installedProductName": "lab 2, label printing", "assignedResourceName": "dana.whitfield@acme.example",
        "assignedResourceRoleName": "Engineer", "allocationCodeName": "Remote Support", "purchaseOrderNumber": 4711,
        "estimatedHours": "1.5", "dueDateTime": "2026-03-20T12:00:00+01:00",
    });
    let acme = acme().await;
    let draft = acme.client.draft_ticket(&wish(fields), soon()).await.unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&draft.fields).unwrap());
    // And Autotask takes all of it.
    let id = acme.client.create_ticket(&draft, soon()).await.unwrap();
    let row = &acme.tenant.rows("Tickets").await.into_iter().find(|row| row["id"] == id.0).unwrap();
    assert_eq!((&row["externalID"], &row["companyID"], &row["contactID"]), (&json!(LSID), &json!(501), &json!(801)));
}

#[tokio::test]
async fn contact_and_device_are_found_by_their_other_names() {
    let names = json!({ "contactEmail": "J.Mueller@acme.example", "configurationItemName": "LAB2-PC07.acme.example" });
    let draft = drafted(&acme().await, names).await.unwrap();
    assert_eq!((&draft["contactID"], &draft["configurationItemID"]), (&json!(801), &json!(1001)));
}

#[tokio::test]
async fn what_the_key_says_beside_fields_of_a_ticket_stands_in_the_description() {
    let draft = drafted(&acme().await, json!({ "floor": 3, "asset": "LAB2" })).await.unwrap();
    assert_eq!(draft["description"], "Remote session 48213.\n\nAlso in the external key:\nasset: LAB2\nfloor: 3");
}

#[tokio::test]
async fn title_of_10_000_characters_is_cut() {
    let acme = acme().await;
    let draft = acme.client.draft_ticket(&wish(json!({ "title": "x".repeat(10_000) })), soon()).await.unwrap();
    assert_eq!(draft.fields["title"].as_str().map(str::len), Some(255));
    acme.client.create_ticket(&draft, soon()).await.unwrap();
}

#[tokio::test]
async fn company_that_is_nobodys_or_several_ones_is_refused() {
    let acme = acme().await;
    acme.tenant.put_row("Companies", 777, json!({ "id": 777, "companyName": "Kestrel \"Logistics\"", "isActive": true })).await;
    acme.tenant.put_row("Companies", 778, json!({ "id": 778, "companyName": "KESTREL \"LOGISTICS\"", "isActive": true })).await;
    let refusals = [
        json!({ "accountName": "Nobody" }),
        json!({ "accountName": "Old Harbour Ltd" }),
        json!({ "accountName": "Kestrel \"Logistics\"" }),
        json!({ "accountName": ["Acme"] }),
        json!({ "accountName": "x".repeat(300) }),
    ];
    let mut told = Vec::new();
    for fields in refusals {
        told.push(sentence(drafted(&acme, fields).await));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn unknown_labels_and_people_are_refused_with_what_fits_and_no_name_of_a_person() {
    let acme = acme().await;
    let refusals = [
        json!({ "priority": "Urgent" }),
        json!({ "priority": 99 }),
        json!({ "queueName": "Level IX" }),
        json!({ "contactName": "Priya Raman" }),
        json!({ "assignedResourceName": "shared@acme.example" }),
        json!({ "assignedResourceName": "nobody@acme.example" }),
        json!({ "assignedResourceName": "norole" }),
        json!({ "assignedResourceName": "dwhitfield", "assignedResourceRoleName": "Wizard" }),
        json!({ "installedProductName": "LAB2-PC07 (retired)" }),
        json!({ "allocationCodeName": "Phone Support" }),
        json!({ "dueDateTime": "soon" }),
        json!({ "estimatedHours": "many" }),
        json!({ "contractID": "Gold" }),
    ];
    let mut told = Vec::new();
    for fields in refusals {
        told.push(sentence(drafted(&acme, fields).await));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn ticket_without_a_company_is_refused() {
    let nobody = tenant_of(json!({ "queueID": 201, "priority": 2 })).await;
    assert!(sentence(drafted(&nobody, json!({})).await).contains("no company for the ticket"));
    assert!(sentence(drafted(&nobody, json!({ "contactName": "Jörg Müller" })).await).contains("within a company"));
    let draft = drafted(&nobody, json!({ "companyID": 0 })).await.unwrap();
    assert_eq!(draft["companyID"], json!(0), "the tenant itself is a company");
}

#[tokio::test]
async fn resource_without_a_role_has_its_default_one_and_a_role_alone_is_left_out() {
    let acme = acme().await;
    let draft = drafted(&acme, json!({ "assignedResourceName": "dwhitfield" })).await.unwrap();
    assert_eq!((&draft["assignedResourceID"], &draft["assignedResourceRoleID"]), (&json!(101), &json!(301)));
    let draft = drafted(&acme, json!({ "assignedResourceRoleName": "Engineer" })).await.unwrap();
    assert!(!draft.contains_key("assignedResourceRoleID"));
}

#[tokio::test]
async fn second_ticket_asks_for_the_tenants_lists_no_more() {
    let acme = acme().await;
    for _ in 0..2 {
        drafted(&acme, json!({})).await.unwrap();
    }
    let lists =
        acme.tenant.calls().await.iter().filter(|call| call["path"].as_str().unwrap().contains("entityInformation")).count();
    assert_eq!(lists, 1);
}

#[tokio::test]
async fn created_ticket_is_found_by_its_session_and_read_by_its_id() {
    let acme = acme().await;
    let marker = marker(&WriteId::Ticket);
    assert_eq!(acme.client.find_created_ticket(&marker, soon()).await.unwrap(), []);
    let draft = acme.client.draft_ticket(&wish(json!({})), soon()).await.unwrap();
    let id = acme.client.create_ticket(&draft, soon()).await.unwrap();
    assert_eq!(acme.client.find_created_ticket(&marker, soon()).await.unwrap(), [id]);
    let ticket = acme.client.ticket(&TicketReference::Id(TicketId(id.0)), soon()).await.unwrap().unwrap();
    assert!(ticket.number.as_str().starts_with('T'));
}

#[tokio::test]
async fn session_whose_id_does_not_fit_into_the_ticket_is_refused_before_it_is_sent() {
    let acme = acme().await;
    let draft = TicketDraft { session: "x".repeat(64).parse().unwrap(), fields: Map::new() };
    let refused: Result<RemoteId, Failure> = acme.client.create_ticket(&draft, soon()).await;
    assert!(matches!(refused, Err(Failure::Refused { .. })));
    assert!(acme.tenant.calls().await.is_empty());
}

#[tokio::test]
async fn missing_right_to_create_tickets_is_blocked_with_the_right_to_grant() {
    let acme = acme().await;
    let draft = acme.client.draft_ticket(&wish(json!({})), soon()).await.unwrap();
    acme.tenant.settings(json!({ "permissions": { "Tickets": { "create": false } } })).await;
    let Err(Failure::Blocked { remedy, .. }) = acme.client.create_ticket(&draft, soon()).await else { panic!("not blocked") };
    assert!(remedy.as_str().contains("add tickets"), "{remedy}");
}
