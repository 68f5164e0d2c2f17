//! Rights and picklists, as a person asks for them who sets up a connection.

use serde_json::json;
use session::failure::Failure;
use ticketing::autotask::{Access, Extent, Subject};

use crate::fixtures::{soon, tenant, tenant_with};

const EVERYTHING: Access = Access { create: Extent::All, query: Extent::All };

#[tokio::test]
async fn rights_are_those_of_the_api_user() {
    let acme = tenant().await;
    for subject in [Subject::Tickets, Subject::Notes, Subject::Attachments, Subject::TimeEntries] {
        assert_eq!(acme.client.access(subject, soon()).await, Ok(EVERYTHING), "{subject:?}");
    }
    acme.tenant
        .settings(json!({ "restricted": { "Tickets": "own" }, "permissions": { "TimeEntries": { "create": false } } }))
        .await;
    assert_eq!(acme.client.access(Subject::Tickets, soon()).await.unwrap().query, Extent::Restricted);
    let time_entries = acme.client.access(Subject::TimeEntries, soon()).await.unwrap();
    assert_eq!(time_entries, Access { create: Extent::None, query: Extent::All });
}

#[tokio::test]
async fn choices_have_the_labels_of_the_tenant() {
    let acme = tenant().await;
    let publish = acme.client.choices(Subject::Notes, "publish", soon()).await.unwrap();
    assert!(
        publish.iter().any(|choice| choice.value == 2 && choice.label == "Internal Project Team" && choice.is_active),
        "{publish:?}"
    );
    assert_eq!(acme.client.choices(Subject::Notes, "title", soon()).await, Ok(Vec::new()));
    assert!(matches!(acme.client.choices(Subject::Notes, "nonsense", soon()).await, Err(Failure::Unknown { .. })));
}

#[tokio::test]
async fn zone_is_the_discovered_one() {
    let acme = tenant().await;
    assert_eq!(acme.client.zone_url(soon()).await.unwrap().as_str(), acme.tenant.zone_url());
    let stranger = tenant_with(|config| config.username = "nobody@acme.example".to_owned()).await;
    assert!(matches!(stranger.client.zone_url(soon()).await, Err(Failure::CredentialsRefused { .. })));
}
