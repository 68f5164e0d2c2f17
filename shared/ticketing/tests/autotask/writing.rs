//! Notes, attachments and time entries, and the tenant's reasons to refuse them.

use serde_json::json;
use session::content::{Note, TimeEntry};
use session::failure::Failure;
use session::ids::{RemoteId, RoleId, TicketId};
use session::settings::Visibility;

use crate::fixtures::{TICKET, Tenant, attachment, note, soon, tenant, tenant_with, time_entry};

async fn time_entry_refused(acme: &Tenant, entry: &TimeEntry) -> Failure {
    acme.client.create_time_entry(TICKET, entry, soon()).await.unwrap_err()
}

#[tokio::test]
async fn note_arrives_as_it_was_written() {
    let acme = tenant().await;
    let id = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    let notes = acme.tenant.notes(TICKET.0).await;
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0]["id"], id.0);
    assert_eq!(notes[0]["title"], note().title);
    assert_eq!(notes[0]["description"], note().description);
    assert_eq!((&notes[0]["noteType"], &notes[0]["publish"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn attachment_arrives_as_it_was_written() {
    let acme = tenant().await;
    let note = acme.client.create_note(TICKET, &note(), soon()).await.unwrap();
    let written = Visibility::InternalAndComanaged;
    let attachment = session::content::Attachment { visibility: written, ..attachment(note) };
    let id = acme.client.create_attachment(&attachment, soon()).await.unwrap();
    let attachments = acme.tenant.note_attachments(note.0).await;
    assert_eq!(attachments.len(), 1);
    assert_eq!(attachments[0]["id"], id.0);
    assert_eq!(attachments[0]["text"], attachment.text);
    assert_eq!((&attachments[0]["fullPath"], &attachments[0]["publish"]), (&json!("session-48213.txt"), &json!(4)));
}

#[tokio::test]
async fn time_entry_arrives_as_it_was_written() {
    let acme = tenant().await;
    let id = acme.client.create_time_entry(TICKET, &time_entry(), soon()).await.unwrap();
    let entries = acme.tenant.time_entries(TICKET.0).await;
    assert_eq!(entries.len(), 1);
    let shown = ["id", "resourceID", "roleID", "dateWorked", "startDateTime", "endDateTime", "billingCodeID", "contractID"];
    let shown: Vec<_> = shown.iter().map(|field| entries[0][field].clone()).collect();
    let expected = json!([id.0, 101, 301, "2025-03-18T00:00:00Z", "2025-03-18T13:02:00Z", "2025-03-18T13:27:00Z", 401, 601]);
    assert_eq!(json!(shown), expected);
}

#[tokio::test]
async fn write_below_a_missing_parent_is_not_found_and_tried_nowhere_else() {
    let acme = tenant().await;
    assert_eq!(acme.client.create_note(TicketId(1), &note(), soon()).await, Err(Failure::NotFound));
    assert_eq!(acme.client.create_attachment(&attachment(RemoteId(1)), soon()).await, Err(Failure::NotFound));
    assert_eq!(acme.tenant.calls().await.len(), 3, "zone discovery and the two");
}

#[tokio::test]
async fn text_that_is_too_long_is_told_apart() {
    let acme = tenant().await;
    let long = Note { description: "x".repeat(32_001), ..note() };
    let failure = acme.client.create_note(TICKET, &long, soon()).await.unwrap_err();
    assert_eq!(failure, Failure::TooLong { sentence: "String value exceeds maximum length (field:description).".into() });
}

#[tokio::test]
async fn unknown_picklist_value_is_refused() {
    let acme = tenant_with(|config| config.note_type = 4711).await;
    let failure = acme.client.create_note(TICKET, &note(), soon()).await.unwrap_err();
    assert_eq!(failure, Failure::Refused { sentence: "Picklist value [4711] does not exist for noteType".into() });
}

#[tokio::test]
async fn role_that_does_not_fit_is_refused_as_a_role_in_each_known_wording() {
    let acme = tenant().await;
    for sentence in [
        "There is no row at position 0.",
        "Role does not exist or is invalid",
        "The specified AssignedResourceID and AssignedRoleID combination is not currently defined",
    ] {
        acme.tenant.settings(json!({ "role_refusal": sentence })).await;
        let failure = time_entry_refused(&acme, &TimeEntry { role: RoleId(303), ..time_entry() }).await;
        assert_eq!(failure, Failure::RoleRefused { sentence: sentence.into() });
    }
    assert!(acme.tenant.time_entries(TICKET.0).await.is_empty());
}

#[tokio::test]
async fn proxy_time_entry_that_is_off_blocks_all_time_entries_until_it_is_on() {
    let acme = tenant().await;
    acme.tenant.settings(json!({ "proxy_time_entry": "disabled" })).await;
    let failure = time_entry_refused(&acme, &time_entry()).await;
    let Failure::Blocked { remedy, .. } = failure else { panic!("{failure:?}") };
    assert!(remedy.as_str().contains("Proxy Time Entry"), "{remedy}");
    acme.tenant.settings(json!({ "proxy_time_entry": "administrators" })).await;
    acme.client.create_time_entry(TICKET, &time_entry(), soon()).await.unwrap();
}

#[tokio::test]
async fn what_concerns_one_time_entry_blocks_that_one_and_no_other() {
    let over_midnight = TimeEntry {
        start: "2025-03-18T23:40:00Z".parse().unwrap(),
        end: "2025-03-19T00:20:00Z".parse().unwrap(),
        ..time_entry()
    };
    let other_day = TimeEntry {
        start: "2025-03-24T13:02:00Z".parse().unwrap(),
        end: "2025-03-24T13:27:00Z".parse().unwrap(),
        date_worked: "2025-03-24".parse().unwrap(),
        ..time_entry()
    };
    let on_ticket = |ticket, entry: &TimeEntry| (TicketId(ticket), entry.clone());
    for (closed, open, (ticket, entry), names) in [
        (
            json!({ "span_over_midnight": false }),
            json!({ "span_over_midnight": true }),
            on_ticket(7001, &over_midnight),
            "span over midnight",
        ),
        (
            json!({ "timesheets_submitted_until": "2025-03-20" }),
            json!({ "timesheets_submitted_until": null }),
            on_ticket(7001, &time_entry()),
            "timesheet of that week",
        ),
        (
            json!({ "time_on_complete_tickets": false }),
            json!({ "time_on_complete_tickets": true }),
            on_ticket(7006, &time_entry()),
            "reopen the ticket",
        ),
    ] {
        let acme = tenant().await;
        acme.tenant.settings(closed).await;
        let failure = acme.client.create_time_entry(ticket, &entry, soon()).await.unwrap_err();
        let Failure::WriteBlocked { remedy, .. } = failure else { panic!("{names}: {failure:?}") };
        assert!(remedy.as_str().contains(names), "{remedy}");
        acme.client.create_time_entry(TICKET, &other_day, soon()).await.unwrap();
        acme.tenant.settings(open).await;
        acme.client.create_time_entry(ticket, &entry, soon()).await.unwrap();
    }
}

#[tokio::test]
async fn missing_right_blocks_and_names_it() {
    let acme = tenant().await;
    acme.tenant.settings(json!({ "permissions": { "TicketNotes": { "create": false } } })).await;
    let failure = acme.client.create_note(TICKET, &note(), soon()).await.unwrap_err();
    let Failure::Blocked { sentence, remedy } = failure else { panic!("{failure:?}") };
    assert_eq!(sentence.as_str(), "The logged in Resource does not have the adequate permissions to create this entity type.");
    assert!(remedy.as_str().contains("add notes to all tickets"), "{remedy}");
}

#[tokio::test]
async fn time_entry_with_a_wrong_work_type_is_refused() {
    let acme = tenant_with(|config| config.time_entry.billing_code_id = Some(404)).await;
    let failure = time_entry_refused(&acme, &time_entry()).await;
    assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
}

#[tokio::test]
async fn configured_role_that_was_deactivated_meanwhile_refuses_the_entry_and_a_held_back_one_is_a_role_refusal() {
    let acme = tenant().await;
    let author = acme.client.author("dwhitfield", Some("Field Technician"), None, soon()).await.unwrap().unwrap();
    let entry = TimeEntry { role: author.roles[0].role, ..time_entry() };
    let failure = time_entry_refused(&acme, &entry).await;
    assert!(matches!(failure, Failure::RoleRefused { .. }), "active, and Dana does not hold it: {failure:?}");
    acme.tenant.patch_row("Roles", 303, json!({ "isActive": false })).await;
    let failure = time_entry_refused(&acme, &entry).await;
    let Failure::Refused { sentence } = failure else { panic!("{failure:?}") };
    assert!(sentence.as_str().contains("nothing is billed at another rate"), "{sentence}");
}

#[tokio::test]
async fn entry_stays_untaken_when_nobody_can_tell_whether_its_role_is_active() {
    let acme = tenant().await;
    acme.client.author("dwhitfield", Some("Field Technician"), None, soon()).await.unwrap().unwrap();
    let fault = simulators::Fault::new(simulators::FaultAction::Reset).on("POST", "/Roles/query");
    acme.tenant.fault(fault).await;
    let failure = time_entry_refused(&acme, &TimeEntry { role: RoleId(303), ..time_entry() }).await;
    assert!(matches!(failure, Failure::NotTaken { throttled: false, .. }), "{failure:?}");
}

#[tokio::test]
async fn default_role_that_was_replaced_is_known_after_the_old_one_was_refused() {
    let acme = tenant().await;
    let ask = async || acme.client.author("dwhitfield", None, None, soon()).await.unwrap().unwrap().roles[0].role;
    assert_eq!(ask().await, RoleId(301));
    acme.tenant.patch_row("Resources", 101, json!({ "defaultServiceDeskRoleID": 302 })).await;
    for id in [901, 902] {
        acme.tenant.delete_row("ResourceRoles", id).await;
    }
    acme.tenant.delete_row("ResourceServiceDeskRoles", 951).await;
    assert_eq!(ask().await, RoleId(301), "remembered");
    let failure = time_entry_refused(&acme, &time_entry()).await;
    assert!(matches!(failure, Failure::RoleRefused { .. }), "{failure:?}");
    assert_eq!(ask().await, RoleId(302));
}

#[tokio::test]
async fn each_reason_to_refuse_one_write_blocks_that_write_and_lets_the_next_one_pass() {
    for because in [
        "submitted_timesheet",
        "spans_midnight",
        "complete_ticket",
        "ticket_status",
        "locked_contract",
        "expired_contract",
        "no_block",
        "ticket_not_permitted",
        "filter_message",
        "filter_page",
    ] {
        let acme = tenant().await;
        acme.tenant.settings(json!({ "refusals": [{ "ticket": 7001, "because": because }] })).await;
        let note_refused = acme.client.create_note(TICKET, &note(), soon()).await.unwrap_err();
        for failure in [note_refused, time_entry_refused(&acme, &time_entry()).await] {
            assert!(matches!(failure, Failure::WriteBlocked { .. }), "{because}: {failure:?}");
        }
        acme.client.create_note(TicketId(7002), &note(), soon()).await.unwrap();
        acme.client.create_time_entry(TicketId(7002), &time_entry(), soon()).await.unwrap();
    }
}
