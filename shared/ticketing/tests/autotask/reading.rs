//! Tickets, people and their roles, the hourly budget.

use session::content::NoAuthor;
use session::content::{Author, RoleReason, TicketReference};
use session::failure::Failure;
use session::ids::{ResourceId, RoleId, TicketId};

use crate::fixtures::{DANA, ENGINEER, number, soon, tenant};

#[tokio::test]
async fn ticket_is_found_by_number_and_by_id() {
    let acme = tenant().await;
    let by_number = acme.client.ticket(&number("t20250318.0042"), soon()).await.unwrap().unwrap();
    for reference in [TicketReference::Id(TicketId(7001)), TicketReference::BareDigits(TicketId(7001))] {
        assert_eq!(acme.client.ticket(&reference, soon()).await.unwrap().as_ref(), Some(&by_number));
    }
    assert_eq!((by_number.id, by_number.number.as_str()), (TicketId(7001), "T20250318.0042"));
    assert_eq!((by_number.company, by_number.status, by_number.assigned_role), (501, 8, Some(ENGINEER)));
    assert!(by_number.last_activity.is_some());
}

#[tokio::test]
async fn missing_ticket_is_none_however_autotask_says_so() {
    let acme = tenant().await;
    for spelling in ["null_item", "not_found"] {
        acme.tenant.settings(serde_json::json!({ "missing_row": spelling })).await;
        for reference in [TicketReference::Id(TicketId(1)), number("T20250101.9999")] {
            assert_eq!(acme.client.ticket(&reference, soon()).await, Ok(None), "{spelling} {reference:?}");
        }
    }
}

#[tokio::test]
async fn company_0_is_a_company() {
    let acme = tenant().await;
    let ticket = acme.client.ticket(&TicketReference::Id(TicketId(7007)), soon()).await.unwrap().unwrap();
    assert_eq!(ticket.company, 0);
}

#[tokio::test]
async fn number_of_two_tickets_is_refused() {
    let acme = tenant().await;
    acme.tenant.patch_row("Tickets", 7002, serde_json::json!({ "ticketNumber": "T20250318.0042" })).await;
    let failure = acme.client.ticket(&number("T20250318.0042"), soon()).await.unwrap_err();
    assert_eq!(failure, Failure::Refused { sentence: "more than one ticket bears this number".into() });
}

#[tokio::test]
async fn author_is_found_by_each_address_and_by_user_name() {
    let acme = tenant().await;
    for login in ["dana.whitfield@acme.example", "DWhitfield@Acme.example", "dwhitfield", " dwhitfield "] {
        let author = acme.client.author(login, None, None, soon()).await.unwrap().unwrap();
        assert_eq!(author.resource, DANA, "{login}");
    }
}

#[tokio::test]
async fn nobody_and_several_are_problems_and_never_a_guess() {
    let acme = tenant().await;
    for (login, problem) in [
        ("nobody@acme.example", NoAuthor::NotFound),
        ("ivega@acme.example", NoAuthor::NotFound),
        ("", NoAuthor::NotFound),
        ("shared@acme.example", NoAuthor::Ambiguous),
    ] {
        assert_eq!(acme.client.author(login, None, None, soon()).await, Ok(Err(problem)), "{login}");
    }
}

#[tokio::test]
async fn roles_come_in_order_with_their_reasons() {
    let acme = tenant().await;
    for (role_name, ticket_role, expected) in [
        (Some("senior engineer"), Some(ENGINEER), vec![(302, RoleReason::Configured), (301, RoleReason::TicketAssignment)]),
        (None, None, vec![(301, RoleReason::ResourceDefault)]),
        (None, Some(RoleId(303)), vec![(303, RoleReason::TicketAssignment), (301, RoleReason::ResourceDefault)]),
        // Dana is no field technician as far as we see: it is Autotask's to say so.
        (Some("Field Technician"), None, vec![(303, RoleReason::Configured), (301, RoleReason::ResourceDefault)]),
    ] {
        let author = acme.client.author("dwhitfield", role_name, ticket_role, soon()).await.unwrap().unwrap();
        assert_eq!(roles(&author), expected, "{role_name:?} {ticket_role:?}");
    }
}

fn roles(author: &Author) -> Vec<(i64, RoleReason)> {
    author.roles.iter().map(|candidate| (candidate.role.0, candidate.reason)).collect()
}

#[tokio::test]
async fn configured_role_that_is_misspelt_or_inactive_or_hidden_is_a_problem_and_no_other_role_takes_its_place() {
    let acme = tenant().await;
    for role_name in ["Enginer", "Engineer (old)"] {
        let author = acme.client.author("dwhitfield", Some(role_name), Some(ENGINEER), soon()).await;
        assert_eq!(author, Ok(Err(NoAuthor::RoleNotFound)), "{role_name}");
    }
    acme.tenant.settings(serde_json::json!({ "restricted": { "Roles": "all" } })).await;
    let author = acme.client.author("dwhitfield", Some("Engineer"), Some(ENGINEER), soon()).await;
    assert_eq!(author, Ok(Err(NoAuthor::RoleNotFound)));
    assert_eq!(acme.client.author("dwhitfield", Some(" "), None, soon()).await.unwrap().map(|author| author.resource), Ok(DANA));
}

#[tokio::test]
async fn role_that_was_just_made_visible_is_seen_at_once() {
    let acme = tenant().await;
    let ask = async || acme.client.author("dwhitfield", Some("Engineer (old)"), Some(ENGINEER), soon()).await.unwrap();
    assert_eq!(ask().await, Err(NoAuthor::RoleNotFound));
    acme.tenant.patch_row("Roles", 305, serde_json::json!({ "isActive": true })).await;
    let author = ask().await.unwrap();
    assert_eq!(roles(&author), [(305, RoleReason::Configured), (301, RoleReason::TicketAssignment)]);
}

#[tokio::test]
async fn default_role_that_was_just_granted_is_seen_before_an_entry_is_refused_for_want_of_one() {
    let acme = tenant().await;
    let ask = async || acme.client.author("norole", None, None, soon()).await.unwrap().unwrap();
    assert_eq!(ask().await.roles, []);
    let row = serde_json::json!({ "resourceID": 107, "roleID": 303, "isDefault": true, "isActive": true });
    acme.tenant.put_row("ResourceServiceDeskRoles", 999, row).await;
    assert_eq!(roles(&ask().await), [(303, RoleReason::ResourceDefault)]);
}

#[tokio::test]
async fn full_page_of_other_roles_does_not_say_that_the_configured_one_is_missing() {
    let acme = tenant().await;
    let rows: Vec<_> = (1..=50).map(|id| serde_json::json!({ "id": id, "name": "Other", "isActive": true })).collect();
    let body = serde_json::json!({ "items": rows }).to_string();
    let fault = simulators::FaultAction::Status { status: 200, headers: std::collections::BTreeMap::new(), body };
    acme.tenant.fault(simulators::Fault::new(fault).on("POST", "/Roles/query")).await;
    let failure = acme.client.author("dwhitfield", Some("Engineer"), None, soon()).await.unwrap_err();
    assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
}

#[tokio::test]
async fn author_without_any_role_has_no_candidates() {
    let acme = tenant().await;
    let author = acme.client.author("norole", None, None, soon()).await.unwrap().unwrap();
    assert_eq!((author.resource, author.roles), (ResourceId(107), Vec::new()));
}

#[tokio::test]
async fn people_and_roles_are_remembered_but_not_that_somebody_is_missing() {
    let acme = tenant().await;
    for _ in 0..3 {
        acme.client.author("dwhitfield", Some("Engineer"), None, soon()).await.unwrap().unwrap();
        acme.client.author("nobody", None, None, soon()).await.unwrap().unwrap_err();
    }
    assert_eq!(acme.tenant.count("POST", "Resources").await, 1 + 3);
    assert_eq!(acme.tenant.count("POST", "Roles").await, 1);
    assert_eq!(acme.tenant.count("POST", "ResourceServiceDeskRoles").await, 0, "the resource says its default role itself");
}

#[tokio::test]
async fn restricted_user_still_gets_the_candidates() {
    let acme = tenant().await;
    acme.tenant
        .settings(serde_json::json!({ "restricted": { "ResourceRoles": "all", "ResourceServiceDeskRoles": "all" } }))
        .await;
    let author = acme.client.author("dwhitfield", Some("Engineer"), Some(RoleId(302)), soon()).await.unwrap().unwrap();
    let roles: Vec<i64> = author.roles.iter().map(|candidate| candidate.role.0).collect();
    assert_eq!(roles, [301, 302]);
}

#[tokio::test]
async fn login_is_in_no_failure() {
    let acme = tenant().await;
    let fault = simulators::Fault::new(simulators::FaultAction::Status {
        status: 500,
        headers: std::collections::BTreeMap::new(),
        body: r#"{"errors":["Cannot look up DWhitfield for bridge@acme.example or bridge"]}"#.to_owned(),
    });
    acme.tenant.fault(fault.on("POST", "Resources")).await;
    let failure = acme.client.author("dwhitfield", None, None, soon()).await.unwrap_err();
    assert_eq!(failure, Failure::Unrecognised { sentence: "Cannot look up … for … or bridge".into() });
}

#[tokio::test]
async fn hourly_budget_is_read() {
    let acme = tenant().await;
    acme.client.ticket(&TicketReference::Id(TicketId(7001)), soon()).await.unwrap();
    let budget = acme.client.threshold(soon()).await.unwrap();
    assert_eq!((budget.calls_max, budget.timeframe_minutes, budget.calls), (10_000, 60, 2));
}
