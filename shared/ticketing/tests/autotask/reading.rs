//! Tickets, people and their roles, the hourly budget.

use session::content::{RoleReason, TicketReference};
use session::failure::Failure;
use session::ids::{ResourceId, RoleId, TicketId};
use ticketing::AuthorProblem;

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
        ("nobody@acme.example", AuthorProblem::NotFound),
        ("ivega@acme.example", AuthorProblem::NotFound),
        ("", AuthorProblem::NotFound),
        ("shared@acme.example", AuthorProblem::Ambiguous(2)),
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
        // Held roles first: Dana is no field technician.
        (Some("Field Technician"), None, vec![(301, RoleReason::ResourceDefault), (303, RoleReason::Configured)]),
        // Neither an unknown name nor an inactive role is a candidate.
        (Some("No such role"), Some(RoleId(302)), vec![(302, RoleReason::TicketAssignment), (301, RoleReason::ResourceDefault)]),
        (Some("Engineer (old)"), None, vec![(301, RoleReason::ResourceDefault)]),
    ] {
        let author = acme.client.author("dwhitfield", role_name, ticket_role, soon()).await.unwrap().unwrap();
        let roles: Vec<_> = author.roles.iter().map(|candidate| (candidate.role.0, candidate.reason)).collect();
        assert_eq!(roles, expected, "{role_name:?} {ticket_role:?}");
    }
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
    for entity in ["Roles", "ResourceRoles", "ResourceServiceDeskRoles"] {
        assert_eq!(acme.tenant.count("POST", entity).await, 1, "{entity}");
    }
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
