//! The Autotask simulator as a client meets it: credentials, reads, writes and what is refused.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{AutotaskSimulator, AutotaskTenant, Fault, FaultAction};

/// Longest a test waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(10);
const ROLE_MISSING: &str = "TimeEntries for Tickets must have a roleID.";

struct Caller {
    client: Client,
    tenant: AutotaskTenant,
    _simulator: AutotaskSimulator,
}

impl Caller {
    async fn start() -> Self {
        let simulator = AutotaskSimulator::start().await;
        Self { client: Client::builder().no_proxy().build().unwrap(), tenant: simulator.tenant("a"), _simulator: simulator }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}V1.0/{path}", self.tenant.zone_url()))
            .header("ApiIntegrationCode", "TRACKINGIDENTIFIER000000001")
            .header("UserName", "bridge@acme.example")
            .header("Secret", "autotask-secret$#")
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    /// The ids that a query finds.
    async fn ids(&self, entity: &str, filter: Value) -> Vec<i64> {
        let (status, body) = self.post(&format!("{entity}/query"), json!({ "filter": filter })).await;
        assert_eq!(status, 200, "{body}");
        body["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    /// The sentence that refuses a time entry with these changes; none if it is taken.
    async fn time_entry_refusal(&self, changes: Value) -> Option<String> {
        let mut entry = time_entry();
        entry.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let (status, body) = self.post("TimeEntries", entry).await;
        (status != 200).then(|| {
            assert_eq!(status, 500, "{body}");
            body["errors"][0].as_str().unwrap().to_owned()
        })
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn note() -> Value {
    json!({ "title": "Remote session", "description": "line 1\nline 2", "noteType": 1, "publish": 2 })
}

fn time_entry() -> Value {
    json!({
        "ticketID": 7001, "resourceID": 101, "roleID": 301, "startDateTime": "2025-03-18T13:03:46Z", "endDateTime": "2025-03-18T13:27:20Z",
        "dateWorked": "2025-03-18", "summaryNotes": "Remote support session", "internalNotes": "lsid/time.101",
    })
}

fn everything() -> Value {
    json!([{ "op": "gte", "field": "id", "value": 0 }])
}

fn errors(sentence: &str) -> Value {
    json!({ "errors": [sentence] })
}

#[tokio::test]
async fn wrong_credentials_are_401_and_a_wrong_integration_code_alone_is_500() {
    let caller = Caller::start().await;
    caller.tenant.credentials(json!({ "secret": "changed" })).await;
    assert_eq!(caller.get("Tickets/7001").await.0, 401);
    caller.tenant.credentials(json!({ "secret": "autotask-secret$#", "integration_code": "other" })).await;
    assert_eq!(caller.get("Tickets/7001").await, (500, errors("IntegrationCode is invalid.")));
}

#[tokio::test]
async fn zone_is_told_for_the_known_user_alone_and_without_credentials() {
    let caller = Caller::start().await;
    let zone = async |user: &str| {
        let url = format!("{}/atservicesrest/v1.0/zoneInformation", caller.tenant.url());
        answer(caller.client.get(url).query(&[("user", user)])).await
    };
    assert_eq!(zone("nobody@acme.example").await, (500, errors("Zone information could not be determined")));
    let (status, body) = zone("bridge@acme.example").await;
    assert_eq!((status, &body["url"]), (200, &json!(caller.tenant.zone_url())));
    caller.tenant.settings(json!({ "moved": true, "zone_url": "http://elsewhere.example/ATServicesRest/" })).await;
    assert_eq!(zone("bridge@acme.example").await.1["url"], "http://elsewhere.example/ATServicesRest/");
    assert_eq!(caller.get("Tickets/7001").await.0, 401);
}

#[tokio::test]
async fn v2_is_announced_and_does_not_exist() {
    let caller = Caller::start().await;
    let get = async |path: &str| answer(caller.client.get(format!("{}/atservicesrest/{path}", caller.tenant.url()))).await;
    assert_eq!(get("versioninformation").await, (200, json!({ "apiVersions": ["V1.0", "V2.0"] })));
    assert_eq!(get("V2.0/zoneInformation?user=bridge@acme.example").await.0, 404);
}

#[tokio::test]
async fn misspelt_operator_returns_everything_and_a_misspelt_field_is_500() {
    let caller = Caller::start().await;
    let all = caller.ids("Tickets", everything()).await;
    assert!(all.len() >= 7);
    assert_eq!(caller.ids("Tickets", json!([{ "op": "equals", "field": "id", "value": 7001 }])).await, all);
    let filter = json!({ "filter": [{ "op": "eq", "field": "number", "value": 1 }] });
    assert_eq!(caller.post("Tickets/query", filter).await, (500, errors("Unable to find number in the Ticket Entity.")));
}

#[tokio::test]
async fn pages_follow_the_method_of_the_first_call() {
    let caller = Caller::start().await;
    let body = json!({ "filter": everything(), "maxRecords": 3, "includeFields": ["id", "ticketNumber"] });
    let mut ids = Vec::new();
    let (_, mut page) = caller.post("Tickets/query", body.clone()).await;
    let first_next = page["pageDetails"]["nextPageUrl"].as_str().unwrap().to_owned();
    loop {
        ids.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
        let Some(next) = page["pageDetails"]["nextPageUrl"].as_str() else { break };
        let path = next.strip_prefix(&format!("{}V1.0/", caller.tenant.zone_url())).unwrap().to_owned();
        page = caller.post(&path, body.clone()).await.1;
    }
    assert_eq!(ids, caller.ids("Tickets", everything()).await);
    let path = first_next.rsplit("V1.0/").next().unwrap();
    assert_eq!(caller.get(path).await.0, 405);
    let (status, body) = answer(caller.request(Method::POST, path)).await;
    assert!(status == 500 && body.to_string().contains("Parameter name: filters"), "{body}");
}

#[tokio::test]
async fn get_query_finds_the_same_and_a_long_url_is_404() {
    let caller = Caller::start().await;
    let search = |value: &str| json!({ "filter": [{ "op": "eq", "field": "ticketNumber", "value": value }] }).to_string();
    let (_, body) = answer(caller.request(Method::GET, "Tickets/query").query(&[("search", search("t20250318.0042"))])).await;
    assert_eq!(body["items"][0]["id"], 7001);
    let long = caller.request(Method::GET, "Tickets/query").query(&[("search", search(&"x".repeat(2100)))]);
    assert_eq!(answer(long).await.0, 404);
    assert_eq!(caller.post("Tickets/query/count", json!({ "filter": everything() })).await.1, json!({ "queryCount": 8 }));
}

#[tokio::test]
async fn missing_row_is_a_null_item_or_404_by_setting() {
    let caller = Caller::start().await;
    assert_eq!(caller.get("Tickets/1").await, (200, json!({ "item": null })));
    caller.tenant.settings(json!({ "missing_row": "not_found" })).await;
    assert_eq!(caller.get("Tickets/1").await.0, 404);
}

#[tokio::test]
async fn fourth_parallel_call_on_an_entity_gets_429_and_other_entities_do_not() {
    let caller = Caller::start().await;
    caller.tenant.fault(Fault::new(FaultAction::Stall { milliseconds: 60_000 }).on("GET", "/Tickets/7001").times(3)).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(tokio::spawn(caller.request(Method::GET, "Tickets/7001").send()));
    }
    let all_held = async { while caller.tenant.calls().await.len() < 3 {} };
    tokio::time::timeout(PATIENCE, all_held).await.expect("three calls are held within the test's patience");
    let (status, body) = caller.get("Tickets/7002").await;
    assert!(status == 429 && body.to_string().contains("thread threshold of 3 threads has been exceeded"), "{status} {body}");
    assert_eq!(caller.post("Tickets/7001/Notes", note()).await.0, 200);
    assert_eq!(caller.tenant.counters().await["most_at_once"]["Tickets"], 4);
    for call in held {
        call.abort();
    }
}

#[tokio::test]
async fn hourly_threshold_refuses_until_the_hour_has_passed() {
    let caller = Caller::start().await;
    caller.tenant.settings(json!({ "hourly_threshold": 2 })).await;
    let (_, body) = caller.get("ThresholdInformation").await;
    assert_eq!(
        body,
        json!({ "externalRequestThreshold": 2, "requestThresholdTimeframe": 60, "currentTimeframeRequestCount": 1 })
    );
    assert_eq!(caller.get("Tickets/7001").await.0, 200);
    assert_eq!(caller.get("Tickets/7001").await.0, 429);
    caller.tenant.advance_clock(Duration::from_secs(3600)).await;
    assert_eq!(caller.get("Tickets/7001").await.0, 200);
}

#[tokio::test]
async fn note_is_made_below_its_ticket_and_nowhere_else() {
    let caller = Caller::start().await;
    assert_eq!(caller.post("TicketNotes", note()).await.0, 404);
    assert_eq!(caller.post("Tickets/1/Notes", note()).await.0, 404);
    let before = caller.get("Tickets/7001").await.1["item"]["lastActivityDate"].clone();
    let (status, body) = caller.post("Tickets/7001/Notes", note()).await;
    assert_eq!(status, 200, "{body}");
    let filter =
        json!([{ "op": "eq", "field": "ticketID", "value": 7001 }, { "op": "contains", "field": "title", "value": "session" }]);
    assert_eq!(caller.ids("TicketNotes", filter).await, [body["itemId"].as_i64().unwrap()]);
    let (_, read) = caller.get(&format!("TicketNotes/{}", body["itemId"])).await;
    assert_eq!((&read["item"]["description"], &read["item"]["creatorResourceID"]), (&json!("line 1\nline 2"), &json!(100)));
    assert_ne!(caller.get("Tickets/7001").await.1["item"]["lastActivityDate"], before);
}

#[tokio::test]
async fn faulty_notes_are_refused() {
    let caller = Caller::start().await;
    let refusal = async |name: &str, value: Value| {
        let mut note = note();
        note[name] = value;
        let (status, body) = caller.post("Tickets/7001/Notes", note).await;
        assert_eq!(status, 500);
        body["errors"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refusal("description", json!("x".repeat(32_001))).await,
        "String value exceeds maximum length (field:description)."
    );
    assert_eq!(refusal("title", json!(null)).await, "Missing Required Field: title");
    assert_eq!(refusal("publish", json!(3)).await, "Picklist value [3] does not exist for publish");
    assert!(refusal("notify", json!(true)).await.contains("Could not find member 'notify'"));
    assert!(refusal("noteType", json!("1")).await.contains("Could not convert"));
    assert!(caller.tenant.notes(7001).await.is_empty());
    let (status, _) = answer(caller.request(Method::POST, "Tickets/7001/Notes").body("{}")).await;
    assert_eq!(status, 415);
}

#[tokio::test]
async fn time_entry_is_completed_from_its_times() {
    let caller = Caller::start().await;
    let (status, body) = caller.post("TimeEntries", time_entry()).await;
    assert_eq!(status, 200, "{body}");
    let text =
        caller.request(Method::GET, &format!("TimeEntries/{}", body["itemId"])).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("\"hoursWorked\":0.3928,") && text.contains("\"hoursToBill\":0.5000,"), "{text}");
    assert!(text.contains("\"dateWorked\":\"2025-03-18T00:00:00Z\"") && text.contains("\"timeEntryType\":2"), "{text}");
    assert_eq!(caller.get("Tickets/7001/TimeEntries").await.0, 404);
}

#[tokio::test]
async fn faulty_time_entries_are_refused_with_the_vendors_sentence() {
    let caller = Caller::start().await;
    let cases = [
        (json!({ "roleID": null }), ROLE_MISSING),
        (json!({ "roleID": 304 }), "There is no row at position 0."),
        (json!({ "resourceID": null }), "Value does not exist for the required field resourceID"),
        (json!({ "resourceID": 106 }), "Value does not exist for the required field resourceID"),
        (json!({ "endDateTime": null, "hoursWorked": 1 }), "TimeEntries for Service tickets require a start and stop time."),
        (
            json!({ "startDateTime": null, "dateWorked": null }),
            "dateWorked is required when no value is supplied for startDateTime",
        ),
        (json!({ "endDateTime": "2025-03-18T13:03:46Z" }), "hoursWorked greater than 24 hours or less than zero hours"),
        (json!({ "endDateTime": "2025-03-19T13:03:46Z" }), "hoursWorked greater than 24 hours or less than zero hours"),
        (json!({ "billingCodeID": 403 }), "The given allocation code is not an active general allocation code"),
        (json!({ "billingCodeID": 404 }), "The given allocation code is not an active general allocation code"),
        (json!({ "summaryNotes": "x".repeat(32_001) }), "String value exceeds maximum length (field:summaryNotes)."),
    ];
    for (changes, sentence) in cases {
        assert_eq!(caller.time_entry_refusal(changes).await.as_deref(), Some(sentence));
    }
    assert!(caller.tenant.time_entries(7001).await.is_empty());
    assert_eq!(caller.time_entry_refusal(json!({ "billingCodeID": 401, "contractID": 601 })).await, None);
}

#[tokio::test]
async fn system_settings_decide_about_time_entries() {
    let caller = Caller::start().await;
    let over_midnight = json!({ "startDateTime": "2025-03-18T23:50:00Z", "endDateTime": "2025-03-19T00:10:00Z" });
    let other_role = json!({ "roleID": 302 });
    let complete = json!({ "ticketID": 7006 });
    let no_summary = json!({ "summaryNotes": "" });
    let cases = [
        (json!({ "proxy_time_entry": "disabled" }), json!({}), "adequate permissions"),
        (json!({ "span_over_midnight": false }), over_midnight, "span over midnight"),
        (json!({ "modify_role": false }), other_role, "There is no row at position 0."),
        (json!({ "time_on_complete_tickets": false }), complete, "complete ticket"),
        (json!({ "summary_notes_required": true }), no_summary, "Missing Required Field: summaryNotes"),
        (json!({ "timesheets_submitted_until": "2025-03-18" }), json!({}), "timesheet"),
        (json!({ "permissions": { "TimeEntries": { "create": false } } }), json!({}), "to create this entity type"),
    ];
    for (setting, changes, sentence) in cases {
        caller.tenant.reset().await;
        assert_eq!(caller.time_entry_refusal(changes.clone()).await, None, "{setting}");
        caller.tenant.settings(setting.clone()).await;
        let refusal = caller.time_entry_refusal(changes).await;
        assert!(refusal.as_ref().is_some_and(|refusal| refusal.contains(sentence)), "{setting}: {refusal:?}");
    }
}

#[tokio::test]
async fn submitted_timesheet_of_one_resource_refuses_that_one_alone() {
    let caller = Caller::start().await;
    caller.tenant.settings(json!({ "timesheets_submitted": { "101": "2025-03-18" } })).await;
    let refusal = caller.time_entry_refusal(json!({})).await;
    assert!(refusal.as_ref().is_some_and(|refusal| refusal.contains("timesheet")), "{refusal:?}");
    assert_eq!(caller.time_entry_refusal(json!({ "resourceID": 102, "roleID": 302 })).await, None);
}

#[tokio::test]
async fn write_that_a_rule_is_about_is_refused_and_no_other() {
    let caller = Caller::start().await;
    let rules = json!([
        { "entity": "TimeEntries", "resource": 101, "ticket": 7002, "because": "locked_contract" },
        { "entity": "TicketNotes", "holds": "<SCRIPT", "because": "filter_page" },
        { "holds": "forbidden word", "because": "filter_message" },
        { "entity": "TicketNotes", "ticket": 7003, "because": { "sentence": "The flux capacitor is cold." } },
    ]);
    caller.tenant.settings(json!({ "refusals": rules })).await;
    assert_eq!(caller.time_entry_refusal(json!({ "ticketID": 7002 })).await.as_deref(), Some("The contract is locked."));
    assert_eq!(caller.time_entry_refusal(json!({})).await, None);
    let written = async |path: &str, text: &str| {
        let mut note = note();
        note["description"] = json!(text);
        caller.post(path, note).await
    };
    assert_eq!(written("Tickets/7001/Notes", "fine").await.0, 200);
    let (status, page) = written("Tickets/7001/Notes", "<script>").await;
    assert!(status == 403 && page.as_str().is_some_and(|page| page.starts_with("<html>")), "{status} {page}");
    let (status, body) = written("Tickets/7001/Notes", "a Forbidden word").await;
    assert!(status == 403 && body["errors"][0].is_string(), "{status} {body}");
    let (status, body) = written("Tickets/7003/Notes", "fine").await;
    assert_eq!((status, &body["errors"][0]), (500, &json!("The flux capacitor is cold.")));
    let note = caller.tenant.notes(7001).await[0]["id"].clone();
    let file = json!({ "attachmentType": "FILE_ATTACHMENT", "fullPath": "chat.txt", "title": "Chat", "publish": 2,
                       "data": STANDARD.encode("one forbidden WORD") });
    assert_eq!(caller.post(&format!("TicketNotes/{note}/Attachments"), file).await.0, 403);
}

#[tokio::test]
async fn inactive_rows_disappear_where_they_are_hidden() {
    let caller = Caller::start().await;
    let all = json!([{ "op": "gte", "field": "id", "value": 0 }]);
    assert!(caller.ids("Roles", all.clone()).await.contains(&305));
    caller.tenant.settings(json!({ "restricted": { "Roles": "inactive" } })).await;
    assert_eq!(caller.ids("Roles", all).await, [301, 302, 303, 304]);
}

#[tokio::test]
async fn patch_of_a_time_entry_ignores_ticket_and_hours() {
    let caller = Caller::start().await;
    let id = caller.post("TimeEntries", time_entry()).await.1["itemId"].clone();
    let changes = json!({ "id": id, "ticketID": 7002, "hoursWorked": 9.0, "summaryNotes": "changed" });
    assert_eq!(caller.patch("TimeEntries", changes).await.0, 200);
    let entry = &caller.tenant.time_entries(7001).await[0];
    assert_eq!((&entry["summaryNotes"], entry["hoursWorked"].as_f64().unwrap() < 1.0), (&json!("changed"), true));
    assert_eq!(answer(caller.request(Method::DELETE, &format!("TimeEntries/{id}"))).await.0, 200);
    assert!(caller.tenant.time_entries(7001).await.is_empty());
}

#[tokio::test]
async fn restricted_rows_disappear_without_a_word() {
    let caller = Caller::start().await;
    caller.post("TimeEntries", time_entry()).await;
    caller.post("Tickets/7001/Notes", note()).await;
    caller.tenant.settings(json!({ "restricted": { "TimeEntries": "own", "TicketNotes": "all" } })).await;
    for entity in ["TimeEntries", "TicketNotes"] {
        assert!(caller.ids(entity, everything()).await.is_empty(), "{entity}");
        let (_, body) = caller.get(&format!("{entity}/entityInformation")).await;
        assert_eq!(body["info"]["userAccessForQuery"], 2);
    }
    assert_eq!((caller.tenant.notes(7001).await.len(), caller.tenant.time_entries(7001).await.len()), (1, 1));
}

#[tokio::test]
async fn missing_right_to_query_is_500() {
    let caller = Caller::start().await;
    caller.tenant.settings(json!({ "permissions": { "TicketNotes": { "query": false } } })).await;
    let (status, body) = caller.post("TicketNotes/query", json!({ "filter": everything() })).await;
    assert!(status == 500 && body.to_string().contains("to query this entity type."), "{body}");
}

#[tokio::test]
async fn ticket_create_obeys_the_rules() {
    let caller = Caller::start().await;
    let ticket = |changes: Value| {
        let mut ticket = json!({
            "companyID": 501, "title": "From a session", "status": 1, "priority": 2, "queueID": 201, "dueDateTime": "2025-03-20T10:00:00Z",
            "externalID": "7d1f0c52a9be4e6f8a3b90d4c6e21f57",
        });
        ticket.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        ticket
    };
    let cases = [
        (json!({ "queueID": null }), "assignedResourceID, assignedResourceRoleID, and queueID cannot all be empty"),
        (
            json!({ "assignedResourceID": 101 }),
            "When assigning a Resource, you must assign both a assignedResourceID and assignedResourceRoleID",
        ),
        (
            json!({ "assignedResourceID": 101, "assignedResourceRoleID": 304 }),
            "The specified AssignedResourceID and AssignedRoleID combination is not currently defined",
        ),
        (json!({ "priority": 9 }), "Picklist value [9] does not exist for priority"),
        (json!({ "contactID": 802 }), "contactID is not associated to the companyID or its Parent Company"),
        (json!({ "title": null }), "Missing Required Field: title"),
        (json!({ "externalID": "x".repeat(51) }), "String value exceeds maximum length (field:externalID)."),
    ];
    for (changes, sentence) in cases {
        assert_eq!(caller.post("Tickets", ticket(changes)).await, (500, errors(sentence)));
    }
    caller.tenant.stop_clock_at("2025-03-18T15:00:00Z".parse().unwrap()).await;
    let (status, body) = caller.post("Tickets", ticket(json!({ "companyID": 504, "contactID": 803 }))).await;
    assert_eq!(status, 200, "{body}");
    let (_, read) = caller.get(&format!("Tickets/{}", body["itemId"])).await;
    assert_eq!(read["item"]["ticketNumber"], "T20250318.0044");
}

#[tokio::test]
async fn ticket_is_changed_at_the_root_and_never_deleted() {
    let caller = Caller::start().await;
    assert_eq!(caller.patch("Tickets/7001", json!({ "id": 7001, "status": 5 })).await.0, 405);
    assert_eq!(answer(caller.request(Method::DELETE, "Tickets/7001")).await.0, 405);
    assert_eq!(answer(caller.request(Method::PUT, "Tickets").json(&json!({ "id": 7001 }))).await.0, 501);
    assert_eq!(caller.patch("Tickets", json!({ "id": 7001, "status": 5, "resolution": "Done." })).await.0, 200);
    let (_, read) = caller.get("Tickets/7001").await;
    assert_eq!((&read["item"]["status"], &read["item"]["title"]), (&json!(5), &json!("Label printer offline")));
    assert!(read["item"]["completedDate"].is_string());
}

#[tokio::test]
async fn attachment_is_listed_without_data_and_read_with_it() {
    let caller = Caller::start().await;
    let note_id = caller.post("Tickets/7001/Notes", note()).await.1["itemId"].clone();
    let path = format!("TicketNotes/{note_id}/Attachments");
    let file = |name: &str, bytes: usize| {
        let data = STANDARD.encode("a".repeat(bytes));
        json!({ "attachmentType": "FILE_ATTACHMENT", "fullPath": name, "title": "Transcript", "publish": 2, "data": data })
    };
    let (status, body) = caller.post(&path, file("transcript.txt", 5)).await;
    assert_eq!(status, 200, "{body}");
    let (_, list) = caller.get(&path).await;
    assert_eq!((&list["items"][0]["title"], &list["items"][0]["data"]), (&json!("Transcript"), &Value::Null));
    let (_, read) = caller.get(&format!("TicketNoteAttachments/{}", body["itemId"])).await;
    assert_eq!((&read["items"][0]["data"], &read["items"][0]["fileSize"]), (&json!(STANDARD.encode("aaaaa")), &json!(5)));
    let info = json!([{ "op": "eq", "field": "ticketID", "value": 7001 }]);
    assert_eq!(caller.ids("AttachmentInfo", info).await.len(), 1);
    assert_eq!(caller.tenant.note_attachments(note_id.as_i64().unwrap()).await[0]["text"], "aaaaa");

    assert!(caller.post(&path, file("tool.exe", 5)).await.1.to_string().contains("not an allowed attachment type"));
    assert!(caller.post(&path, file("big.txt", 6_000_001)).await.1.to_string().contains("maximum file size"));
    assert_eq!(caller.post(&path, file("big.txt", 6_000_000)).await.0, 200);
    assert!(caller.post(&path, file("big.txt", 6_000_000)).await.1.to_string().contains("within 5 minutes"));
    assert_eq!(caller.get("TicketNoteAttachments/1").await, (500, errors("Attachment could not be found.")));
}

#[tokio::test]
async fn metadata_tells_limits_and_picklists() {
    let caller = Caller::start().await;
    let (_, body) = caller.get("TicketNotes/entityInformation/fields").await;
    let field = |name: &str| body["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap().clone();
    assert_eq!(field("description")["length"], 32_000);
    assert_eq!((&field("publish")["isPickList"], &field("publish")["picklistValues"][1]["value"]), (&json!(true), &json!("2")));
    let (_, body) = caller.get("Tickets/entityInformation").await;
    assert_eq!((&body["info"]["canDelete"], &body["info"]["userAccessForQuery"]), (&json!(false), &json!(1)));
}

#[tokio::test]
async fn representatives_of_the_reference_example_match_one_resource_each() {
    let caller = Caller::start().await;
    for (user, id) in [("dwhitfield", 101), ("tokafor", 102)] {
        let address = format!("{user}@acme.example");
        let by = |field: &str| json!({ "op": "eq", "field": field, "value": address });
        let filter = json!([{ "op": "eq", "field": "isActive", "value": true },
            { "op": "or", "items": [by("email"), by("email2"), by("email3"), by("userName")] }]);
        assert_eq!(caller.ids("Resources", filter).await, [id]);
    }
}

#[tokio::test]
async fn impersonation_needs_the_setting_and_names_the_impersonated() {
    let caller = Caller::start().await;
    let as_dana = || caller.request(Method::POST, "Tickets/7001/Notes").header("ImpersonationResourceId", "101").json(&note());
    assert_eq!(answer(as_dana()).await.0, 500);
    caller.tenant.settings(json!({ "impersonation": true })).await;
    assert_eq!(answer(as_dana()).await.0, 200);
    let written = &caller.tenant.notes(7001).await[0];
    assert_eq!((&written["creatorResourceID"], &written["impersonatorCreatorResourceID"]), (&json!(101), &json!(100)));
}

#[tokio::test]
async fn rows_are_put_changed_and_removed_by_a_test() {
    let caller = Caller::start().await;
    caller
        .tenant
        .put_row("Tickets", 9001, json!({ "ticketNumber": "T20250401.0001", "companyID": 501, "title": "New", "status": 1 }))
        .await;
    caller.tenant.patch_row("Tickets", 9001, json!({ "status": 5 })).await;
    assert_eq!(caller.get("Tickets/9001").await.1["item"]["status"], 5);
    caller.tenant.delete_row("Tickets", 9001).await;
    assert_eq!(caller.get("Tickets/9001").await.1["item"], Value::Null);
}

#[tokio::test]
async fn ticket_reads_as_a_technician_would_read_it() {
    let caller = Caller::start().await;
    caller.tenant.stop_clock_at("2025-03-18T13:28:00Z".parse().unwrap()).await;
    let note_id = caller.post("Tickets/7001/Notes", note()).await.1["itemId"].clone();
    let file = json!({ "attachmentType": "FILE_ATTACHMENT", "fullPath": "transcript.txt", "title": "Transcript", "publish": 2, "data": "YWJj" });
    caller.post(&format!("TicketNotes/{note_id}/Attachments"), file).await;
    let mut entry = time_entry();
    entry["billingCodeID"] = json!(401);
    caller.post("TimeEntries", entry).await;
    insta::assert_snapshot!(caller.tenant.ticket_text("T20250318.0042").await);
}

#[tokio::test]
async fn every_default_ticket_can_be_changed_as_it_is() {
    let caller = Caller::start().await;
    for id in caller.ids("Tickets", everything()).await {
        assert_eq!(caller.patch("Tickets", json!({ "id": id, "priority": 2 })).await, (200, json!({ "itemId": id })));
    }
}
