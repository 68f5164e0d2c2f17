//! The hand of a test on the simulators: one value per tenant, with methods that read like the test's sentences.
//!
//! A control call that fails is a mistake in the test, never an outcome to handle, so these methods panic with what was wrong.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::serving::fault::Fault;

/// Longest a control call may take: a report of 100 MB is put within it.
const CONTROL_TIME_LIMIT: Duration = Duration::from_secs(60);

/// One client for all tenants. It keeps no connections, for they would belong to the runtime of whichever test made them; and it
/// trusts no authority, which spares every test the reading of the machine's certificates: control calls are plain HTTP.
static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::builder().no_proxy().tls_certs_only([]).pool_max_idle_per_host(0).timeout(CONTROL_TIME_LIMIT).build();
    client.expect("a client without certificates and proxy needs nothing of the machine")
});

/// What both kinds of tenants have: faults, the call log, the clock, reset.
#[derive(Clone, Debug)]
pub struct TenantControl {
    client: Client,
    url: String,
}

impl TenantControl {
    /// The control of a tenant below the base URL of a simulator.
    #[must_use]
    pub fn at(base_url: &str, tenant: &str) -> Self {
        Self { client: CLIENT.clone(), url: format!("{}/t/{tenant}", base_url.trim_end_matches('/')) }
    }

    /// The URL of the tenant, without a slash at the end: what a client takes for the vendor's host.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds a rule for faults.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn fault(&self, fault: Fault) {
        self.call(Method::POST, "faults", &json!(fault)).await;
    }

    /// Forgets all rules for faults.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn clear_faults(&self) {
        self.call(Method::DELETE, "faults", &Value::Null).await;
    }

    /// The rules for faults, with how many calls each has `seen` and `harmed`.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn faults(&self) -> Vec<Value> {
        items(self.get("faults").await, "faults")
    }

    /// The vendor calls so far, oldest first; README of this package lists their members.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn calls(&self) -> Vec<Value> {
        items(self.get("calls").await, "calls")
    }

    /// How many vendor calls of this method there were on this entity, report or action.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn count(&self, method: &str, entity: &str) -> u64 {
        let counters = self.get("counters").await;
        counters["calls"][format!("{method} {entity}")].as_u64().unwrap_or_default()
    }

    /// Counts by kind and status, and the most calls at once by entity.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn counters(&self) -> Value {
        self.get("counters").await
    }

    /// Empties the call log and its counters.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn clear_calls(&self) {
        self.call(Method::DELETE, "calls", &Value::Null).await;
    }

    /// Stops the tenant's clock at this moment.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn stop_clock_at(&self, moment: Timestamp) {
        self.call(Method::PUT, "clock", &json!({ "stop_at": moment })).await;
    }

    /// Moves the tenant's clock forward.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn advance_clock(&self, by: Duration) {
        self.call(Method::PUT, "clock", &json!({ "advance": by.as_secs() })).await;
    }

    /// Changes the named settings; README of this package lists them.
    ///
    /// # Panics
    /// If a setting is unknown or the control call fails.
    pub async fn settings(&self, changes: Value) {
        self.call(Method::PATCH, "settings", &changes).await;
    }

    /// Changes the named credentials.
    ///
    /// # Panics
    /// If a credential is unknown or the control call fails.
    pub async fn credentials(&self, changes: Value) {
        self.call(Method::PATCH, "credentials", &changes).await;
    }

    /// Everything that the tenant knows, without credentials.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn state(&self) -> Value {
        self.get("state").await
    }

    /// Back to the default data, without faults, calls and settings.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn reset(&self) {
        self.call(Method::POST, "reset", &Value::Null).await;
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &Value::Null).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/_sim/{path}", self.url))
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.request(method, path);
        let text = done(if body.is_null() { request } else { request.json(body) }).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("control answered no JSON at {path}: {error}"))
    }
}

/// Sends a control call and returns its text.
async fn done(request: RequestBuilder) -> String {
    let answer = request.send().await.unwrap_or_else(|error| panic!("the simulator cannot be reached: {error}"));
    let (status, url) = (answer.status(), answer.url().clone());
    let text = answer.text().await.unwrap_or_else(|error| panic!("the simulator broke off: {error}"));
    assert!(status.is_success(), "control call {url} was refused with {status}: {text}");
    text
}

fn items(mut value: Value, member: &str) -> Vec<Value> {
    match value[member].take() {
        Value::Array(items) => items,
        other => panic!("control answered {other} for {member}"),
    }
}

/// A tenant of the appliance simulator. What both kinds have is reached by dereferencing.
#[derive(Clone, Debug)]
pub struct ApplianceTenant(TenantControl);

impl ApplianceTenant {
    /// The control of a tenant below the base URL of an appliance simulator.
    #[must_use]
    pub fn at(base_url: &str, tenant: &str) -> Self {
        Self(TenantControl::at(base_url, tenant))
    }

    /// Makes this session known: any report that holds a `<session>`; its lsid is replaced by this one.
    ///
    /// # Panics
    /// If the report holds no session or the control call fails.
    pub async fn put_session(&self, lsid: &str, report: &str) {
        self.put_session_with(lsid, report, &[]).await;
    }

    /// The same with options: `not_ready_asks`, `not_ready_as`, `ready_after_seconds`, `namespace`, `pad_messages`,
    /// `pad_characters`, `verbatim`.
    ///
    /// # Panics
    /// If an option is unknown, the report holds no session, or the control call fails.
    pub async fn put_session_with(&self, lsid: &str, report: &str, options: &[(&str, &str)]) {
        let request = self.request(Method::PUT, &format!("sessions/{lsid}")).query(options).body(report.to_owned());
        done(request).await;
    }

    /// Makes this session unknown.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn delete_session(&self, lsid: &str) {
        self.call(Method::DELETE, &format!("sessions/{lsid}"), &Value::Null).await;
    }

    /// Invalidates all tokens, as when the account is disabled for a moment.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn invalidate_tokens(&self) {
        self.call(Method::DELETE, "tokens", &Value::Null).await;
    }
}

impl std::ops::Deref for ApplianceTenant {
    type Target = TenantControl;

    fn deref(&self) -> &TenantControl {
        &self.0
    }
}

/// A tenant of the Autotask simulator. What both kinds have is reached by dereferencing.
#[derive(Clone, Debug)]
pub struct AutotaskTenant(TenantControl);

impl AutotaskTenant {
    /// The control of a tenant below the base URL of an Autotask simulator.
    #[must_use]
    pub fn at(base_url: &str, tenant: &str) -> Self {
        Self(TenantControl::at(base_url, tenant))
    }

    /// What zoneInformation answers: the URL before `V1.0`, with a slash at the end.
    #[must_use]
    pub fn zone_url(&self) -> String {
        format!("{}/ATServicesRest/", self.url())
    }

    /// All rows of an entity (`TicketNotes`), hidden ones included; attachments with their data.
    ///
    /// # Panics
    /// If there is no such entity or the control call fails.
    pub async fn rows(&self, entity: &str) -> Vec<Value> {
        items(self.get(&format!("rows/{entity}")).await, "rows")
    }

    /// The notes of a ticket, oldest first.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn notes(&self, ticket: i64) -> Vec<Value> {
        self.rows_of("TicketNotes", "ticketID", ticket).await
    }

    /// The time entries of a ticket, oldest first.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn time_entries(&self, ticket: i64) -> Vec<Value> {
        self.rows_of("TimeEntries", "ticketID", ticket).await
    }

    /// The attachments of a note, oldest first, with their `data` decoded into `text`.
    ///
    /// # Panics
    /// If the control call fails.
    pub async fn note_attachments(&self, note: i64) -> Vec<Value> {
        let mut attachments = self.rows_of("TicketNoteAttachments", "ticketNoteID", note).await;
        for attachment in &mut attachments {
            let data = STANDARD.decode(attachment["data"].as_str().unwrap_or_default()).unwrap_or_default();
            attachment["text"] = String::from_utf8_lossy(&data).into();
        }
        attachments
    }

    async fn rows_of(&self, entity: &str, link: &str, parent: i64) -> Vec<Value> {
        self.rows(entity).await.into_iter().filter(|row| row[link] == parent).collect()
    }

    /// Puts a row, whether or not there is one of this id.
    ///
    /// # Panics
    /// If a field is unknown or the control call fails.
    pub async fn put_row(&self, entity: &str, id: i64, row: Value) {
        self.call(Method::PUT, &format!("rows/{entity}/{id}"), &row).await;
    }

    /// Changes the named fields of a row.
    ///
    /// # Panics
    /// If there is no such row or field or the control call fails.
    pub async fn patch_row(&self, entity: &str, id: i64, changes: Value) {
        self.call(Method::PATCH, &format!("rows/{entity}/{id}"), &changes).await;
    }

    /// Removes a row.
    ///
    /// # Panics
    /// If there is no such row or the control call fails.
    pub async fn delete_row(&self, entity: &str, id: i64) {
        self.call(Method::DELETE, &format!("rows/{entity}/{id}"), &Value::Null).await;
    }

    /// The ticket of this number as a technician would read it.
    ///
    /// # Panics
    /// If there is no such ticket or the control call fails.
    pub async fn ticket_text(&self, number: &str) -> String {
        done(self.request(Method::GET, &format!("tickets/{number}.txt"))).await
    }
}

impl std::ops::Deref for AutotaskTenant {
    type Target = TenantControl;

    fn deref(&self) -> &TenantControl {
        &self.0
    }
}
