//! The state of one simulated Autotask tenant, and the way of a call: threads, path, credentials, hourly threshold, rights,
//! then the entity.

use std::collections::{BTreeMap, VecDeque};

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::attachments::AttachmentWindow;
use super::input::Row;
use super::route::Route;
use super::schema::{self, Entity, Root};
use super::settings::{Credentials, Permission, Restriction, Settings};
use super::wire::{Outcome, instant_text, no_permission, no_such_path, no_such_verb, not_simulated, ok, refused, refused_for};
use super::{attachments, control, default_data, metadata, notes, reads, tickets, time_entries};
use crate::serving::exchange::{Answer, Call};
use crate::serving::gateway::{Subject, Vendor};

/// The resource of the API user.
pub(crate) const API_RESOURCE: i64 = 100;
/// Ids given to new rows begin here, well above the default data.
const FIRST_NEW_ID: i64 = 30_001;

/// Rows of an entity by id.
pub(crate) type Table = BTreeMap<i64, Row>;

/// One tenant.
#[derive(Debug)]
pub(crate) struct Autotask {
    pub(crate) credentials: Credentials,
    pub(crate) settings: Settings,
    pub(crate) attachment_window: AttachmentWindow,
    tables: BTreeMap<&'static str, Table>,
    next_id: i64,
    /// When the calls of the last hour came.
    calls: VecDeque<Timestamp>,
}

impl Vendor for Autotask {
    fn with_default_data(now: Timestamp) -> Self {
        Self {
            credentials: Credentials::default(),
            settings: Settings::default(),
            attachment_window: AttachmentWindow::default(),
            tables: default_data::tables(now),
            next_id: FIRST_NEW_ID,
            calls: VecDeque::new(),
        }
    }

    fn subject(&self, call: &Call) -> Subject {
        let route = Route::of(&call.segments());
        let entity = match route {
            None => "unknown",
            Some(Route::Versions) => "versioninformation",
            Some(Route::Zone) => "zoneInformation",
            Some(route) => route.counted_as().unwrap_or("unknown"),
        };
        Subject { entity: entity.to_owned(), detail: None }
    }

    fn refuse_crowd(&self, subject: &Subject, concurrent: usize) -> Option<Answer> {
        let limit = self.settings.thread_limit;
        let counted = !matches!(subject.entity.as_str(), "unknown" | "versioninformation" | "zoneInformation");
        (counted && concurrent > limit).then(|| {
            let sentence = format!(
                "The thread threshold of {limit} threads has been exceeded for this combination of tracking identifier and object endpoint."
            );
            refused_for(self.settings.thread_limit_status, &[sentence])
        })
    }

    fn answer(&mut self, call: &Call, now: Timestamp) -> Answer {
        self.outcome(call, now).unwrap_or_else(|refusal| refusal)
    }

    fn control(&mut self, call: &Call, segments: &[&str], _now: Timestamp) -> Answer {
        control::answer(self, call, segments)
    }
}

impl Autotask {
    fn outcome(&mut self, call: &Call, now: Timestamp) -> Outcome {
        let route = Route::of(&call.segments()).ok_or_else(no_such_path)?;
        match route {
            Route::Versions => return Ok(ok(&json!({ "apiVersions": ["V1.0", "V2.0"] }))),
            Route::Zone => return self.zone(call),
            _ => {}
        }
        self.authenticate(call)?;
        self.count_call(now)?;
        self.dispatch(route, call, now)
    }

    fn zone(&self, call: &Call) -> Outcome {
        let user = call.query_variables().remove("user").unwrap_or_default();
        if user != self.credentials.username {
            return Err(refused("Zone information could not be determined"));
        }
        let own = || format!("{}/ATServicesRest/", call.tenant_url);
        let url = self.settings.zone_url.clone().unwrap_or_else(own);
        Ok(ok(&json!({ "zoneName": "Simulated Zone", "url": url, "webUrl": "https://ww99.autotask.example/", "ci": 99 })))
    }

    fn authenticate(&self, call: &Call) -> Result<(), Answer> {
        let fits = |header: &str, expected: &str| call.header(header) == Some(expected);
        let credentials = &self.credentials;
        if self.settings.moved || !fits("username", &credentials.username) || !fits("secret", &credentials.secret) {
            // No body: none is documented.
            return Err(Answer::empty(401));
        }
        if !fits("apiintegrationcode", &credentials.integration_code) {
            return Err(refused("IntegrationCode is invalid."));
        }
        Ok(())
    }

    fn count_call(&mut self, now: Timestamp) -> Result<(), Answer> {
        let hour_ago = now.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
        while self.calls.front().is_some_and(|moment| *moment <= hour_ago) {
            self.calls.pop_front();
        }
        if self.calls.len() >= self.settings.hourly_threshold {
            // Status and text are not sourced; clients assume 429.
            let sentence = "The number of requests allowed in an hour has been exceeded for this database.";
            return Err(refused_for(429, &[sentence.to_owned()]));
        }
        self.calls.push_back(now);
        Ok(())
    }

    fn dispatch(&mut self, route: Route, call: &Call, now: Timestamp) -> Outcome {
        let wrong_verb = || Err(no_such_verb(call.method.as_str()));
        match (&call.method, route) {
            (&Method::GET, Route::Threshold) => Ok(self.threshold()),
            (&Method::GET, Route::EntityInformation(entity)) => Ok(metadata::entity_information(self, entity)),
            (&Method::GET, Route::Fields(entity)) => Ok(metadata::fields(entity)),
            (&Method::GET, Route::UserDefinedFields(entity)) => Ok(metadata::user_defined_fields(entity)),
            (&Method::GET | &Method::POST, Route::Query(entity)) => reads::query(self, entity, call),
            (&Method::GET | &Method::POST, Route::NextPage(entity)) => reads::next_page(self, entity, call),
            (&Method::GET | &Method::POST, Route::Count(entity)) => reads::count(self, entity, call),
            (_, Route::Root(entity)) => self.dispatch_root(entity, call, now),
            (&Method::GET, Route::Item(entity, id)) => reads::item(self, entity, id, call),
            (&Method::DELETE, Route::Item(entity, id)) if entity.root == Root::CreateUpdateDelete => {
                time_entries::delete(self, id)
            }
            (&Method::POST, Route::Children(child, parent)) if child.entity.path == schema::TICKET_NOTES.path => {
                notes::create(self, parent, call, now)
            }
            (&Method::PATCH, Route::Children(child, parent)) if child.entity.path == schema::TICKET_NOTES.path => {
                notes::update(self, parent, call, now)
            }
            (&Method::POST, Route::Children(child, parent)) => attachments::create(self, child, parent, call, now),
            (&Method::GET, Route::Children(child, parent)) => reads::children(self, child, parent, call),
            (&Method::GET, Route::ChildItem(child, parent, id)) => reads::child_item(self, child, parent, id, call),
            (&Method::DELETE, Route::ChildItem(child, parent, id)) if child.entity.path != schema::TICKET_NOTES.path => {
                attachments::delete(self, child, parent, id)
            }
            _ => wrong_verb(),
        }
    }

    fn dispatch_root(&mut self, entity: &'static Entity, call: &Call, now: Timestamp) -> Outcome {
        let ticket = entity.path == schema::TICKETS.path;
        match (&call.method, entity.root) {
            (_, Root::ReadOnly) => Err(no_such_path()),
            (_, Root::NotSimulated) => Err(not_simulated("writes to this entity")),
            (&Method::PUT, _) => Err(not_simulated("PUT, which empties the fields it does not name")),
            (&Method::POST, _) if ticket => tickets::create(self, call, now),
            (&Method::PATCH, _) if ticket => tickets::update(self, call, now),
            (&Method::POST, _) => time_entries::create(self, call, now),
            (&Method::PATCH, _) => time_entries::update(self, call, now),
            _ => Err(no_such_verb(call.method.as_str())),
        }
    }

    fn threshold(&self) -> Answer {
        ok(&json!({
            "externalRequestThreshold": self.settings.hourly_threshold,
            "requestThresholdTimeframe": 60,
            "currentTimeframeRequestCount": self.calls.len(),
        }))
    }

    /// The rights on an entity.
    pub(crate) fn permission(&self, entity: &Entity) -> Permission {
        self.settings.permissions.get(entity.path).copied().unwrap_or_default()
    }

    /// Who a write is made by: the impersonated resource, else the API user.
    pub(crate) fn writer(&self, call: &Call) -> Result<Writer, Answer> {
        let Some(header) = call.header("impersonationresourceid") else {
            return Ok(Writer { creator: API_RESOURCE, impersonator: None });
        };
        let creator: i64 = header.trim().parse().map_err(|_| refused("ImpersonationResourceId is invalid."))?;
        let active = self.row(&schema::RESOURCES, creator).is_some_and(|row| row["isActive"] == true);
        if !self.settings.impersonation || !active || creator == API_RESOURCE {
            return Err(no_permission("create"));
        }
        Ok(Writer { creator, impersonator: Some(API_RESOURCE) })
    }

    /// The rows of an entity, hidden ones included. `AttachmentInfo` has none of its own.
    pub(crate) fn table(&self, entity: &Entity) -> &Table {
        static NO_ROWS: Table = Table::new();
        self.tables.get(entity.path).unwrap_or(&NO_ROWS)
    }

    /// The rows of an entity, to change them.
    pub(crate) fn table_mut(&mut self, entity: &'static Entity) -> &mut Table {
        self.tables.entry(entity.path).or_default()
    }

    /// All tables, for the state dump.
    pub(crate) fn tables(&self) -> &BTreeMap<&'static str, Table> {
        &self.tables
    }

    /// A row, hidden or not.
    pub(crate) fn row(&self, entity: &Entity, id: i64) -> Option<&Row> {
        self.table(entity).get(&id)
    }

    /// Whether the API user can see a row: the others silently disappear.
    pub(crate) fn sees(&self, entity: &Entity, row: &Row) -> bool {
        match self.settings.restricted.get(entity.path) {
            None => true,
            Some(Restriction::All) => false,
            Some(Restriction::Inactive) => row.get("isActive").is_none_or(|active| *active == true || *active == 1),
            Some(Restriction::Own) => !["creatorResourceID", "creatorUserID", "attachedByResourceID"]
                .iter()
                .any(|creator| row.get(*creator).and_then(Value::as_i64) == Some(API_RESOURCE)),
        }
    }

    /// Adds a row under a new id.
    pub(crate) fn insert(&mut self, entity: &'static Entity, mut row: Row) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        row.insert("id".to_owned(), id.into());
        self.table_mut(entity).insert(id, row);
        id
    }

    /// Notes on a ticket that something has happened to it.
    pub(crate) fn touch_ticket(&mut self, ticket: i64, by: i64, now: Timestamp) {
        if let Some(row) = self.table_mut(&schema::TICKETS).get_mut(&ticket) {
            row.insert("lastActivityDate".to_owned(), instant_text(now).into());
            row.insert("lastActivityResourceID".to_owned(), by.into());
        }
    }

    /// Whether an id refers to a row of an entity.
    pub(crate) fn exists(&self, entity: &Entity, id: i64) -> bool {
        self.table(entity).contains_key(&id)
    }

    /// Whether a resource holds a role, by either of the two entities that say so.
    pub(crate) fn holds_role(&self, resource: i64, role: i64) -> bool {
        [&schema::RESOURCE_ROLES, &schema::RESOURCE_SERVICE_DESK_ROLES].into_iter().any(|entity| {
            self.table(entity).values().any(|row| {
                row["resourceID"] == resource && row["roleID"] == role && row.get("isActive").is_none_or(|active| *active == true)
            })
        })
    }
}

/// Who a write is made by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    /// The resource that will stand there as the creator.
    pub(crate) creator: i64,
    /// The API user, if the creator is another.
    pub(crate) impersonator: Option<i64>,
}

/// The whole number in a field of a row.
pub(crate) fn int(row: &Row, field: &str) -> Option<i64> {
    row.get(field).and_then(Value::as_i64)
}

/// The text in a field of a row.
pub(crate) fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field).and_then(Value::as_str)
}
