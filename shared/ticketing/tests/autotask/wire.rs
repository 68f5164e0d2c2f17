//! What exactly is sent, and answers that no honest tenant gives.

use std::fmt::Write;

use serde_json::{Value, json};
use session::content::TicketReference;
use session::failure::Failure;
use session::ids::{RemoteId, RoleId, TicketId};
use session::write_id::WriteId;
use ticketing::{AutotaskClient, Config};

use crate::fixtures::{DANA, TICKET, attachment, config, marker, note, number, soon, time_entry};
use crate::scripted::{Recorded, Scripted, Server, ok};

/// A client of the server, which is configured as its zone.
fn client_of(server: &Server) -> AutotaskClient {
    AutotaskClient::new(Config { zone_url: Some(server.url.parse().unwrap()), ..config(&server.url) }).unwrap()
}

/// The shortest honest answer to everything that the client asks.
fn tenant(request: &Recorded) -> Scripted {
    let path = request.path.as_str();
    ok(&match (request.method.as_str(), path) {
        ("GET", "/ATServicesRest/V1.0/Tickets/7001") => json!({ "item": null }),
        ("GET", "/ATServicesRest/V1.0/ThresholdInformation") => {
            json!({ "externalRequestThreshold": 10000, "requestThresholdTimeframe": 60, "currentTimeframeRequestCount": "124" })
        }
        ("POST", "/ATServicesRest/V1.0/Resources/query") => {
            json!({ "items": [{ "id": 101, "isActive": true, "userName": "dwhitfield", "defaultServiceDeskRoleID": null }] })
        }
        ("POST", "/ATServicesRest/V1.0/Roles/query") => {
            json!({ "items": [{ "id": 301, "name": "Engineer", "isActive": true }] })
        }
        ("POST", _) if !path.ends_with("/query") => json!({ "itemId": 30001 }),
        _ => json!({ "items": [], "pageDetails": { "count": 0, "nextPageUrl": null } }),
    })
}

#[tokio::test]
async fn calls_as_sent() {
    let server = Server::start(tenant).await;
    let client = client_of(&server);
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    client.ticket(&TicketReference::Id(TICKET), soon()).await.unwrap();
    client.ticket(&number("T20250318.0042"), soon()).await.unwrap();
    client.author("dwhitfield", Some("Engineer"), Some(RoleId(302)), soon()).await.unwrap().unwrap();
    client.create_note(TICKET, &note(), soon()).await.unwrap();
    client.create_attachment(&attachment(RemoteId(30001)), soon()).await.unwrap();
    client.create_time_entry(TICKET, &time_entry(), soon()).await.unwrap();
    client.find_note(TICKET, &marker(&WriteId::SessionNote), at("2025-03-18T13:02:00Z"), soon()).await.unwrap();
    let (since, until) = (at("2025-03-18T13:02:00Z"), at("2025-03-18T14:02:00.5Z"));
    client.find_note_anywhere(&marker(&WriteId::SessionNote), since, until, soon()).await.unwrap();
    let day = "2025-03-01".parse().unwrap();
    client.find_time_entries(DANA, day, &marker(&WriteId::Time(DANA)), soon()).await.unwrap();
    client.find_attachment(RemoteId(30001), &marker(&WriteId::Attachment(1)), soon()).await.unwrap();
    client.threshold(soon()).await.unwrap();
    let mut sent = String::new();
    for request in server.requests() {
        writeln!(sent, "{} {}", request.method, request.path).unwrap();
        if !request.body.is_null() {
            writeln!(sent, "{}", serde_json::to_string_pretty(&request.body).unwrap()).unwrap();
        }
    }
    insta::assert_snapshot!(sent);
}

#[tokio::test]
async fn every_call_carries_the_three_headers_but_zone_discovery_none_of_them() {
    let zone = |url: &str| json!({ "zoneName": "Invented", "url": url, "webUrl": "https://ww99.autotask.net/", "ci": 99 });
    let server = Server::start(move |request| {
        let host = request.headers["host"].to_str().unwrap();
        if request.path.contains("zoneInformation") {
            ok(&zone(&format!("http://{host}/ATServicesRest")))
        } else {
            tenant(request)
        }
    })
    .await;
    let client = AutotaskClient::new(config(&server.url)).unwrap();
    client.create_note(TICKET, &note(), soon()).await.unwrap();
    let requests = server.requests();
    let [discovery, write] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(discovery.path, "/ATServicesRest/V1.0/zoneInformation?user=bridge%40acme.example");
    for (name, value) in [
        ("apiintegrationcode", "TRACKINGIDENTIFIER000000001"),
        ("username", "bridge@acme.example"),
        ("secret", "autotask-secret$#"),
    ] {
        assert_eq!(write.headers[name], value);
        assert!(!discovery.headers.contains_key(name), "{name}");
    }
    assert_eq!(write.headers["content-type"], "application/json");
    assert!(!write.headers.contains_key("impersonationresourceid"));
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let elsewhere = Server::start(tenant).await;
    for status in [301, 302, 307, 308] {
        let location = elsewhere.url.clone();
        let server = Server::start(move |_| (status, vec![("location", location.clone())], Vec::new())).await;
        let failure = client_of(&server).create_note(TICKET, &note(), soon()).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown { .. }), "{status}: {failure:?}");
        let failure = AutotaskClient::new(config(&server.url)).unwrap().create_note(TICKET, &note(), soon()).await.unwrap_err();
        assert!(matches!(failure, Failure::NotTaken { .. }), "{status}: {failure:?}");
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn credentials_are_not_sent_to_the_host_that_discovery_names_unless_it_is_the_vendors() {
    let server = Server::start(|_| ok(&json!({ "url": "http://192.0.2.1/ATServicesRest/" }))).await;
    let client = AutotaskClient::new(config(&server.url)).unwrap();
    let failure = client.create_note(TICKET, &note(), soon()).await.unwrap_err();
    let what = "zone discovery: the answer names a host outside autotask.net".into();
    assert_eq!(failure, Failure::NotTaken { what, throttled: false, retry_after: None });
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn answer_without_bound_is_not_read_to_its_end() {
    let server = Server::start(|_| (200, Vec::new(), vec![b' '; 17 * 1024 * 1024])).await;
    let failure = client_of(&server).ticket(&TicketReference::Id(TICKET), soon()).await.unwrap_err();
    assert_eq!(failure, Failure::Unknown { what: "an answer of more than 16 MiB".into() });
}

#[tokio::test]
async fn row_that_was_not_asked_for_is_never_taken_for_the_right_one() {
    let stranger = json!({ "id": 9, "ticketNumber": "T20250101.0009", "companyID": 0, "status": 1, "ticketID": 9, "resourceID": 9,
                           "title": marker(&WriteId::SessionNote).as_str(), "internalNotes": marker(&WriteId::Time(DANA)).as_str() });
    let server = Server::start(move |_| ok(&json!({ "item": stranger, "items": [stranger] }))).await;
    let client = client_of(&server);
    let unknown = |failure: Option<Failure>| assert!(matches!(failure, Some(Failure::Unknown { .. })), "{failure:?}");
    unknown(client.ticket(&TicketReference::Id(TICKET), soon()).await.err());
    unknown(client.ticket(&number("T20250318.0042"), soon()).await.err());
    unknown(client.find_note(TICKET, &marker(&WriteId::SessionNote), jiff::Timestamp::UNIX_EPOCH, soon()).await.err());
    let day = "2025-03-18".parse().unwrap();
    unknown(client.find_time_entries(DANA, day, &marker(&WriteId::Time(DANA)), soon()).await.err());
}

#[tokio::test]
async fn look_up_whose_filter_is_ignored_ends_and_says_that_it_failed() {
    // A table without end in which the filter for the marker does nothing.
    let server = Server::start(|request| {
        let filter = request.body["filter"].as_array().unwrap();
        let after = filter.last().filter(|last| last["field"] == "id").map_or(0, |last| last["value"].as_i64().unwrap());
        let rows = request.body["maxRecords"].as_i64().unwrap();
        let row = |id: i64| json!({ "id": id, "ticketID": 7001, "title": "another note" });
        ok(&json!({ "items": (after + 1..=after + rows).map(row).collect::<Vec<Value>>() }))
    })
    .await;
    let client = client_of(&server);
    let since = jiff::Timestamp::UNIX_EPOCH;
    let failure = client.find_note(TICKET, &marker(&WriteId::SessionNote), since, soon()).await.unwrap_err();
    assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
    assert_eq!(server.requests().len(), 20);
}

#[tokio::test]
async fn short_page_that_announces_another_is_not_the_last() {
    let server = Server::start(|request| {
        let continues = request.body["filter"].as_array().unwrap().iter().any(|condition| condition["field"] == "id");
        let title = if continues { marker(&WriteId::SessionNote).to_string() } else { "another note".to_owned() };
        let next = if continues { Value::Null } else { json!("https://webservices.autotask.net/next") };
        let id = if continues { 2 } else { 1 };
        ok(&json!({ "items": [{ "ID": id, "TicketID": 7001, "Title": title }], "pageDetails": { "nextPageUrl": next } }))
    })
    .await;
    let since = jiff::Timestamp::UNIX_EPOCH;
    let found = client_of(&server).find_note(TICKET, &marker(&WriteId::SessionNote), since, soon()).await;
    assert_eq!(found, Ok(vec![RemoteId(2)]));
}

#[tokio::test]
async fn json_of_another_shape_is_unknown_and_never_means_that_nothing_is_there() {
    for body in [json!({}), json!({ "item": [] }), json!({ "items": {} }), json!({ "items": null, "item": { "id": 7001 } })] {
        let answer = body.clone();
        let server = Server::start(move |_| ok(&answer)).await;
        let client = client_of(&server);
        let failures = [
            client.ticket(&TicketReference::Id(TicketId(7001)), soon()).await.err(),
            client.ticket(&number("T20250318.0042"), soon()).await.err(),
            client.author("dwhitfield", None, None, soon()).await.err(),
            client.create_note(TICKET, &note(), soon()).await.err(),
            client.find_attachment(RemoteId(1), &marker(&WriteId::Attachment(1)), soon()).await.err(),
            client.threshold(soon()).await.err(),
        ];
        for failure in failures {
            assert!(matches!(failure, Some(Failure::Unknown { .. })), "{body}: {failure:?}");
        }
    }
}
