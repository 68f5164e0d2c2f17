//! One call to Autotask: where to, with which credentials, for how long, how many at once and how big an answer. What the call
//! means is with the operations, what the answer means in `answer`.
//!
//! Redirects are never followed, for they would carry the credentials to another host. Nothing is sent twice, but for one case:
//! the credentials were refused (so nothing was done) and zone discovery names another host than the one that refused.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Response, redirect, retry};
use serde::Serialize;
use serde_json::Value;
use session::failure::{Failure, Sentence};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::answer::{Answer, Purpose, unexpected};
use super::config::{Config, ConfigError};
use super::row::Row;
use super::zone;

/// For name resolution, TCP and TLS together. One client saw 11 s once; then the call is not taken and tried again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For a whole call, its answer included. Autotask itself lets a call run 300 s (observed by clients).
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// For zone discovery, which reads one row.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was idle for longer is not used again: a frozen process may not have noticed that it was closed.
const IDLE_CONNECTION_MAX: Duration = Duration::from_secs(15);
/// Autotask takes three calls at a time per integration and entity (vendor reference); one is left for another process.
const CALLS_PER_ENTITY: usize = 2;
/// More than the largest honest answer: a page of 100 time entries whose notes are full, in UTF-8.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What Autotask counts parallel calls by. The path of a child counts for the child (vendor reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entity {
    Tickets,
    BillingCodes,
    TicketNotes,
    TicketNoteAttachments,
    TimeEntries,
    Resources,
    Roles,
    ResourceServiceDeskRoles,
    Companies,
    Contacts,
    ConfigurationItems,
    ThresholdInformation,
}

impl Entity {
    const COUNT: usize = Self::ThresholdInformation as usize + 1;

    /// The entity's name, as in paths at the root of the API.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tickets => "Tickets",
            Self::BillingCodes => "BillingCodes",
            Self::TicketNotes => "TicketNotes",
            Self::TicketNoteAttachments => "TicketNoteAttachments",
            Self::TimeEntries => "TimeEntries",
            Self::Resources => "Resources",
            Self::Roles => "Roles",
            Self::ResourceServiceDeskRoles => "ResourceServiceDeskRoles",
            Self::Companies => "Companies",
            Self::Contacts => "Contacts",
            Self::ConfigurationItems => "ConfigurationItems",
            Self::ThresholdInformation => "ThresholdInformation",
        }
    }
}

/// A call to be made. Not `Debug`, like all that holds a body.
pub(super) struct Call<'a> {
    entity: Entity,
    purpose: Purpose,
    /// Below the version.
    path: String,
    /// JSON to post; none: a GET.
    body: Option<Vec<u8>>,
    /// A text of the request that must not come back in a sentence.
    private: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// Reading what is at that path.
    pub(super) fn get(entity: Entity, purpose: Purpose, path: String) -> Self {
        Self { entity, purpose, path, body: None, private: None }
    }

    /// Posting JSON to that path.
    pub(super) fn post(entity: Entity, purpose: Purpose, path: String, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("our own wire types have text keys and finite numbers");
        Self { entity, purpose, path, body: Some(body), private: None }
    }

    /// The same call, whose failures will not show this text.
    pub(super) fn hiding(self, private: &'a str) -> Self {
        Self { private: Some(private), ..self }
    }
}

/// Makes the calls of one tenant.
pub(super) struct Transport {
    http: reqwest::Client,
    credentials: HeaderMap,
    username: String,
    zones: Zones,
    slots: [Semaphore; Entity::COUNT],
}

/// Where the tenant lives, as far as known.
enum Zones {
    /// The connection document says where; it is believed, also when the tenant moved.
    Configured(Url),
    /// Found by discovery.
    Discovered { ask: Url, allow_plain_http: bool, found: Mutex<Option<Url>> },
}

impl Transport {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let zones = match config.zone()? {
            Some(url) => Zones::Configured(url),
            None => {
                Zones::Discovered { ask: config.discovery()?, allow_plain_http: config.allow_plain_http, found: Mutex::new(None) }
            }
        };
        Ok(Self {
            http: http_client().map_err(ConfigError::HttpClient)?,
            credentials: config.credentials()?,
            username: config.username.clone(),
            zones,
            slots: std::array::from_fn(|_| Semaphore::new(CALLS_PER_ENTITY)),
        })
    }

    /// Makes the call and reads its answer.
    ///
    /// # Errors
    /// As [`Answer::read`]; `NotTaken` for whatever went wrong before the call was sent, the wait for a free slot included.
    pub(super) async fn call(&self, call: &Call<'_>, deadline: Instant) -> Result<Value, Failure> {
        let _slot = self.slot(call.entity, deadline).await?;
        let zone = self.zone(deadline).await?;
        let outcome = self.send(&zone, call, deadline).await;
        if !matches!(outcome, Err(Failure::CredentialsRefused { .. })) {
            return outcome;
        }
        match self.zone_after_refusal(&zone, deadline).await {
            Some(moved_to) => self.send(&moved_to, call, deadline).await,
            None => outcome,
        }
    }

    async fn slot(&self, entity: Entity, deadline: Instant) -> Result<SemaphorePermit<'_>, Failure> {
        let slot = self.slots[entity as usize].acquire();
        match timeout_at(deadline, slot).await {
            Ok(permit) => Ok(permit.expect("the semaphores are never closed")),
            Err(_) => Err(not_sent("no time left while other calls to the same entity were under way")),
        }
    }

    /// Where the tenant lives.
    pub(super) async fn zone(&self, deadline: Instant) -> Result<Url, Failure> {
        let (ask, allow_plain_http, found) = match &self.zones {
            Zones::Configured(url) => return Ok(url.clone()),
            Zones::Discovered { ask, allow_plain_http, found } => (ask, *allow_plain_http, found),
        };
        let Ok(mut found) = timeout_at(deadline, found.lock()).await else {
            return Err(not_sent("no time left while the zone was being discovered"));
        };
        if let Some(zone) = &*found {
            return Ok(zone.clone());
        }
        let zone = self.discover(ask, allow_plain_http, deadline).await?;
        *found = Some(zone.clone());
        Ok(zone)
    }

    /// The zone to try instead of the one that refused us: none if the tenant has not moved, or nobody can tell.
    async fn zone_after_refusal(&self, refused_by: &Url, deadline: Instant) -> Option<Url> {
        let Zones::Discovered { ask, allow_plain_http, found } = &self.zones else { return None };
        let mut found = timeout_at(deadline, found.lock()).await.ok()?;
        if found.as_ref() == Some(refused_by) {
            *found = Some(self.discover(ask, *allow_plain_http, deadline).await.ok()?);
        }
        found.clone().filter(|zone| zone != refused_by)
    }

    /// Asks where the user's tenant lives; carries no credentials. Whatever goes wrong here, the call itself was not sent.
    async fn discover(&self, ask: &Url, allow_plain_http: bool, deadline: Instant) -> Result<Url, Failure> {
        let request = self.http.get(zone::question(ask, &self.username));
        let answer = self.exchange(request, Purpose::ZoneDiscovery, None, deadline.min(Instant::now() + DISCOVERY_TIMEOUT)).await;
        let answer = answer.map_err(discovery_failed)?;
        let named = Row::new(&answer).ok_or("the answer is no object");
        named
            .and_then(|row| zone::from_answer(&row, ask, allow_plain_http))
            .map_err(|why| not_sent(&format!("zone discovery: {why}")))
    }

    async fn send(&self, zone: &Url, call: &Call<'_>, deadline: Instant) -> Result<Value, Failure> {
        let path = format!("{}/{}", zone::VERSION, call.path);
        let url = zone.join(&path).expect("constant names and numbers below an address");
        let request = match &call.body {
            Some(json) => self
                .http
                .request(Method::POST, url)
                .header(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(json.clone()),
            None => self.http.get(url),
        };
        self.exchange(request.headers(self.credentials.clone()), call.purpose, call.private, deadline).await
    }

    async fn exchange(
        &self,
        request: reqwest::RequestBuilder,
        purpose: Purpose,
        private: Option<&str>,
        deadline: Instant,
    ) -> Result<Value, Failure> {
        let time_left = deadline.saturating_duration_since(Instant::now()).min(CALL_TIMEOUT);
        if time_left.is_zero() {
            return Err(not_sent("no time left"));
        }
        let response = request.timeout(time_left).send().await.map_err(|error| sending_failed(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = body_of(response).await?;
        let private: Vec<&str> = private.into_iter().chain([self.username.as_str()]).collect();
        tracing::debug!(?purpose, status, bytes = body.len(), "Autotask answered");
        Answer { status, headers: &headers, body: &body, private: &private }.read(purpose)
    }
}

fn http_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        // The environment names no proxy for us: whoever can set a variable would be sent every credential (and Lambda sets none).
        .no_proxy()
        .user_agent(concat!("session-bridge/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .http1_only()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_CONNECTION_MAX)
        .build()
}

/// The whole body, bounded.
async fn body_of(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reading_failed(&error))? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(unexpected(&format!("an answer of more than {} MiB", ANSWER_BYTES_MAX / 1024 / 1024)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Without a connection nothing was sent; after that nobody knows.
fn sending_failed(error: &reqwest::Error) -> Failure {
    if error.is_connect() || error.is_builder() {
        not_sent(&format!("no connection to Autotask: {}", root_cause(error)))
    } else if error.is_timeout() {
        unexpected("no answer in time")
    } else {
        unexpected("the connection broke before the answer")
    }
}

fn reading_failed(error: &reqwest::Error) -> Failure {
    unexpected(if error.is_timeout() { "the answer did not end in time" } else { "the answer broke off" })
}

/// The innermost cause: what the operating system or the TLS library said, without the URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if cause.is::<reqwest::Error>() { "unknown cause".to_owned() } else { cause.to_string() }
}

fn not_sent(what: &str) -> Failure {
    Failure::NotTaken { what: Sentence::new(what), throttled: false, retry_after: None }
}

/// As the failure of the call that needed the zone: an unknown fate of the question is none of the call.
fn discovery_failed(failure: Failure) -> Failure {
    match failure {
        Failure::NotTaken { .. } | Failure::CredentialsRefused { .. } => failure,
        other => not_sent(&format!("zone discovery: {other}")),
    }
}
