//! Against both simulators: a connection that may do everything, and each right that is missing.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use simulators::{ApplianceSimulator, ApplianceTenant, AutotaskSimulator, AutotaskTenant, connection_document};

use super::*;

const TICKET: i64 = 7001;

struct World {
    appliance: ApplianceTenant,
    autotask: AutotaskTenant,
    changes: Value,
    _serving: (ApplianceSimulator, AutotaskSimulator),
}

impl World {
    async fn new() -> Self {
        let (appliance, autotask) = (ApplianceSimulator::start().await, AutotaskSimulator::start().await);
        let tenants = (appliance.tenant("acme"), autotask.tenant("acme"));
        Self { appliance: tenants.0, autotask: tenants.1, changes: json!({}), _serving: (appliance, autotask) }
    }

    async fn test(&self, wanted: Wanted) -> Vec<Check> {
        let usual = connection_document::usual(self.appliance.url(), &self.autotask.zone_url());
        let text = connection_document::changed(usual, self.changes.clone()).to_string();
        let (document, _) = Document::parse_strictly(&text).unwrap();
        let mut told = Vec::new();
        let now = Timestamp::from_second(1_764_000_000).unwrap();
        let checks = test(&document, &wanted, now, &mut |check| told.push(check.clone())).await;
        assert_eq!(told, checks);
        checks
    }

    /// As a person reads it, without the addresses of this run.
    async fn shown(&self, wanted: Wanted) -> String {
        let checks = self.test(wanted).await;
        let lines = checks.iter().map(|check| {
            let remedy = check.remedy.as_ref().map(|remedy| format!("\n    -> {remedy}")).unwrap_or_default();
            format!("{} {}: {}{remedy}", if check.ok { "ok  " } else { "FAIL" }, check.name, check.detail)
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let text = text.replace(self.appliance.url(), "<appliance>").replace(self.autotask.url(), "<autotask>");
        assert!(
            !["appliance-secret", "autotask-secret", "TRACKINGIDENTIFIER"].iter().any(|secret| text.contains(secret)),
            "{text}"
        );
        text
    }

    /// The checks that fail without anything asked for beside the document.
    async fn failing(&self) -> Vec<&'static str> {
        self.test(Wanted::default()).await.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
    }
}

fn everything() -> Wanted {
    Wanted { representative: Some("dwhitfield".to_owned()), ticket: Some("T20250318.0042".to_owned()), write: true }
}

#[tokio::test]
async fn everything_that_is_there_is_said_to_be() {
    let world = World::new().await;
    insta::assert_snapshot!(world.shown(everything()).await);
    assert_eq!((world.autotask.notes(TICKET).await.len(), world.autotask.time_entries(TICKET).await.len()), (1, 1));
    assert_eq!(world.autotask.notes(TICKET).await[0]["publish"], 2, "a customer must not read of a test");
}

#[tokio::test]
async fn nothing_is_written_unless_asked_for() {
    let world = World::new().await;
    world.test(Wanted { write: false, ..everything() }).await;
    assert_eq!((world.autotask.notes(TICKET).await.len(), world.autotask.time_entries(TICKET).await.len()), (0, 0));
}

#[tokio::test]
async fn rights_that_are_missing_are_named_with_where_to_grant_them() {
    let mut world = World::new().await;
    world.changes = json!({ "autotask": { "note": { "type": 77 } } });
    world.appliance.settings(json!({ "may_report": false, "may_command": "none" })).await;
    let permissions = json!({ "TicketNoteAttachments": { "create": false }, "TimeEntries": { "create": false } });
    let restricted = json!({ "Tickets": "own", "TicketNotes": "own" });
    world.autotask.settings(json!({ "permissions": permissions, "restricted": restricted })).await;
    insta::assert_snapshot!(
        world.shown(Wanted { representative: Some("shared".to_owned()), ticket: Some("T1".to_owned()), write: false }).await
    );
}

#[tokio::test]
async fn command_right_is_asked_for_only_where_it_is_needed() {
    let world = World::new().await;
    world.appliance.settings(json!({ "may_command": "read_only" })).await;
    assert_eq!(world.failing().await, Vec::<&str>::new());
}

#[tokio::test]
async fn refused_credentials_end_the_questions_to_who_refused_them() {
    let world = World::new().await;
    world.appliance.credentials(json!({ "client_secret": "renewed" })).await;
    world.autotask.credentials(json!({ "secret": "renewed" })).await;
    insta::assert_snapshot!(world.shown(Wanted::default()).await);
}

#[tokio::test]
async fn nobody_there_is_said_of_the_one_who_is_not() {
    let mut world = World::new().await;
    world.changes = json!({ "appliance": { "url": "http://127.0.0.1:9/" }, "autotask": { "zone_url": "http://127.0.0.1:9/ATServicesRest/" } });
    assert_eq!(world.failing().await, ["tls", "credentials"]);
}

#[tokio::test]
async fn proxy_time_entry_shows_only_when_something_is_written() {
    let world = World::new().await;
    world.autotask.settings(json!({ "proxy_time_entry": "disabled" })).await;
    let checks = world.test(everything()).await;
    let failing: Vec<_> = checks.iter().filter(|check| !check.ok).collect();
    let [check] = failing.as_slice() else { panic!("{failing:?}") };
    assert_eq!(check.name, "written_time_entry");
    assert!(check.remedy.as_deref().unwrap().contains("Proxy Time Entry"), "{check:?}");
}
