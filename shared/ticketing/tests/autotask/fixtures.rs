//! What the tests have in common: a client of a simulated tenant and things to write. All invented.

use std::time::Duration;

use session::content::{Attachment, Note, TicketReference, TimeEntry};
use session::ids::{RemoteId, ResourceId, RoleId, TicketId};
use session::settings::Visibility;
use session::write_id::{Marker, WriteId};
use simulators::{AutotaskSimulator, AutotaskTenant};
use ticketing::autotask::{TicketFields, TimeEntryFields};
use ticketing::{AutotaskClient, Config};
use tokio::time::Instant;

pub(crate) const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";
pub(crate) const TICKET: TicketId = TicketId(7001);
pub(crate) const DANA: ResourceId = ResourceId(101);
pub(crate) const ENGINEER: RoleId = RoleId(301);

/// A simulated tenant and a client that is to find it.
pub(crate) struct Tenant {
    pub(crate) tenant: AutotaskTenant,
    pub(crate) client: AutotaskClient,
    /// Serves until it is dropped.
    pub(crate) simulator: AutotaskSimulator,
}

pub(crate) async fn tenant() -> Tenant {
    tenant_with(|_| {}).await
}

pub(crate) async fn tenant_with(change: impl FnOnce(&mut Config)) -> Tenant {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("acme");
    let mut config = config(&tenant.zone_url());
    change(&mut config);
    Tenant { tenant, client: AutotaskClient::new(config).unwrap(), simulator }
}

/// The default credentials of a simulated tenant, found by discovery there.
pub(crate) fn config(discovery_url: &str) -> Config {
    Config {
        zone_url: None,
        discovery_url: Some(discovery_url.parse().unwrap()),
        username: "bridge@acme.example".to_owned(),
        secret: "autotask-secret$#".into(),
        integration_code: "TRACKINGIDENTIFIER000000001".into(),
        allow_plain_http: true,
        note_type: 1,
        time_entry: TimeEntryFields { billing_code_id: Some(401), contract_id: Some(601), ..TimeEntryFields::default() },
        ticket: TicketFields { due_hours: 24, ..TicketFields::default() },
    }
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

pub(crate) fn marker(write: &WriteId) -> Marker {
    Marker::new(&LSID.parse().unwrap(), write)
}

pub(crate) fn note() -> Note {
    Note {
        title: format!("Remote session 48213, 25 min, Dana Whitfield {}", marker(&WriteId::SessionNote)),
        description: "Customer     Jörg Müller, Acme & Sons\nIssue        Label printer offline".to_owned(),
        visibility: Visibility::Internal,
    }
}

pub(crate) fn time_entry() -> TimeEntry {
    TimeEntry {
        resource: DANA,
        role: ENGINEER,
        start: "2025-03-18T13:02:00Z".parse().unwrap(),
        end: "2025-03-18T13:27:00Z".parse().unwrap(),
        date_worked: "2025-03-18".parse().unwrap(),
        summary_notes: "Remote support session".to_owned(),
        internal_notes: format!("{}\nSession 48213", marker(&WriteId::Time(DANA))),
        offset_hours: None,
    }
}

pub(crate) fn attachment(note: RemoteId) -> Attachment {
    Attachment {
        note,
        title: format!("Chat {}", marker(&WriteId::Attachment(1))),
        file_name: "session-48213.txt".to_owned(),
        text: "Jörg Müller: The label printer says \"offline\".\n".to_owned(),
        visibility: Visibility::Internal,
    }
}

pub(crate) fn number(text: &str) -> TicketReference {
    TicketReference::Number(text.parse().unwrap())
}
