//! In whose name, and in which role, time is written: from a login to a resource and the roles to try.
//!
//! Never a guess: a login that several people answer to, or nobody, is a problem for a person to solve. Logins appear in no error
//! and no log line.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use session::content::{Author, RoleCandidate, RoleReason};
use session::failure::Failure;
use session::ids::{ResourceId, RoleId};
use tokio::time::Instant;

use super::answer::unexpected;
use super::client::AutotaskClient;
use super::lookups::query_call;
use super::query::{Condition, PAGE_ROWS_MAX, Query};
use super::row::Row;
use super::transport::Entity;

/// How long people and roles are remembered. Joining and leaving take days; a role that was taken away is refused and the next
/// one is tried.
pub(super) const ROLES_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// The longest e-mail address that a resource can have (vendor reference); a longer login is nobody's.
const LOGIN_LENGTH_MAX: usize = 254;
/// Rows of people with one login; a full page means that the conditions were dropped.
const NAMESAKES_MAX: u32 = 50;
/// The fields that a login is compared with.
const LOGIN_FIELDS: [&str; 4] = ["email", "email2", "email3", "userName"];

/// Why a login leads to no one author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorProblem {
    /// No active resource has it as an e-mail address or user name, or none that the API user may see.
    #[error("no active Autotask resource has this e-mail address or user name")]
    NotFound,
    /// Several active resources have it.
    #[error("{0} active Autotask resources have this e-mail address or user name")]
    Ambiguous(usize),
}

/// An active resource, as far as remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownResource {
    id: ResourceId,
    default_role: Option<RoleId>,
}

/// The active roles that a resource holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HeldRoles {
    roles: BTreeSet<RoleId>,
    default: Option<RoleId>,
}

impl AutotaskClient {
    /// The resource with this login and the roles to try for it, in order: the one of that name, the ticket's, the resource's
    /// default service desk role, each once, with the reason why it came first.
    ///
    /// Roles that the resource is known to hold come before those that it is not known to hold; the latter stay candidates, since a
    /// restricted API user sees only some of what people hold. A role name that no active role has is left out with a warning in
    /// the log; the reasons of the candidates then show that it was not used. The list may be empty.
    ///
    /// Remembered for 15 minutes; what was not found is asked for again each time.
    ///
    /// # Errors
    /// Any [`Failure`] of a read. The inner error is no failure of a call: [`AuthorProblem`].
    pub async fn author(
        &self,
        login: &str,
        role_name: Option<&str>,
        ticket_role: Option<RoleId>,
        deadline: Instant,
    ) -> Result<Result<Author, AuthorProblem>, Failure> {
        let resource = match self.resource(login, deadline).await? {
            Ok(resource) => resource,
            Err(problem) => return Ok(Err(problem)),
        };
        let held = self.held_roles(resource.id, deadline).await?;
        let named = match role_name.map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => self.roles_named(name, deadline).await?,
            None => Vec::new(),
        };
        let default_role = resource.default_role.or(held.default);
        Ok(Ok(Author { resource: resource.id, roles: candidates(&named, ticket_role, default_role, &held.roles) }))
    }

    async fn resource(&self, login: &str, deadline: Instant) -> Result<Result<KnownResource, AuthorProblem>, Failure> {
        let login = login.trim();
        // An empty login would match everybody without a second address.
        if login.is_empty() || login.len() > LOGIN_LENGTH_MAX {
            return Ok(Err(AuthorProblem::NotFound));
        }
        let key = login.to_lowercase();
        if let Some(known) = self.resources.get(&key) {
            return Ok(Ok(known));
        }
        let query = resource_query(login);
        let page = self.page(&query_call(Entity::Resources, &query).hiding(login), deadline).await?;
        let known = only_one(&page.rows, &key, page.rows.len() == query.rows_max())?;
        if let Ok(known) = known {
            self.resources.put(key, known);
        }
        Ok(known)
    }

    /// The active roles of a resource, from both tables that tell: one has a row per department and queue too, the other says which
    /// is the default. Autotask shows a restricted API user fewer rows in either.
    async fn held_roles(&self, resource: ResourceId, deadline: Instant) -> Result<HeldRoles, Failure> {
        if let Some(held) = self.held_roles.get(&resource) {
            return Ok(held);
        }
        let mut held = HeldRoles::default();
        for (entity, fields) in [
            (Entity::ResourceRoles, &["id", "resourceID", "roleID", "isActive"] as &[&str]),
            (Entity::ResourceServiceDeskRoles, &["id", "resourceID", "roleID", "isActive", "isDefault"]),
        ] {
            let query = Query::new(vec![Condition::equal("resourceID", resource.0)], fields, PAGE_ROWS_MAX);
            let page = self.page(&query_call(entity, &query), deadline).await?;
            held.add(&page.rows, resource);
        }
        if !held.roles.is_empty() {
            self.held_roles.put(resource, held.clone());
        }
        Ok(held)
    }

    async fn roles_named(&self, name: &str, deadline: Instant) -> Result<Vec<RoleId>, Failure> {
        let key = name.to_lowercase();
        if let Some(roles) = self.roles.get(&key) {
            return Ok(roles);
        }
        let query = Query::new(
            vec![Condition::equal("name", name), Condition::equal("isActive", true)],
            &["id", "name", "isActive"],
            NAMESAKES_MAX,
        );
        let page = self.page(&query_call(Entity::Roles, &query), deadline).await?;
        let is_it = |row: &Row<'_>| {
            row.boolean("isActive") != Some(false) && row.text("name").is_some_and(|name| name.trim().to_lowercase() == key)
        };
        let roles: Vec<RoleId> =
            page.rows.iter().filter_map(Row::new).filter(is_it).filter_map(|row| row.integer("id").map(RoleId)).collect();
        if roles.is_empty() {
            tracing::warn!("Autotask has no active role of the configured name; the next candidate is used");
        } else {
            self.roles.put(key, roles.clone());
        }
        Ok(roles)
    }
}

fn resource_query(login: &str) -> Query {
    Query::new(
        vec![Condition::equal("isActive", true), Condition::Any(LOGIN_FIELDS.map(|field| Condition::equal(field, login)).into())],
        // All fields: the default role is one that "cannot be queried" (vendor reference), which may mean asked for as well.
        &[],
        NAMESAKES_MAX,
    )
}

/// The one active resource among rows that has this login (in lower case).
///
/// A foreign row alone proves nothing, since a database may take accented letters for plain ones; a full page of rows that hides
/// the right one does.
fn only_one(rows: &[Value], login: &str, is_full_page: bool) -> Result<Result<KnownResource, AuthorProblem>, Failure> {
    let mut found: Vec<KnownResource> = Vec::new();
    for row in rows.iter().filter_map(Row::new).filter(|row| has_login(row, login)) {
        let id = ResourceId(row.integer("id").ok_or_else(|| unexpected("a resource without an id"))?);
        if !found.iter().any(|known| known.id == id) {
            let default_role = row.integer("defaultServiceDeskRoleID").filter(|id| *id != 0).map(RoleId);
            found.push(KnownResource { id, default_role });
        }
    }
    match found.as_slice() {
        _ if is_full_page => Err(unexpected("resources came back that were not asked for")),
        [] => Ok(Err(AuthorProblem::NotFound)),
        [one] => Ok(Ok(*one)),
        several => Ok(Err(AuthorProblem::Ambiguous(several.len()))),
    }
}

fn has_login(row: &Row<'_>, login: &str) -> bool {
    row.boolean("isActive") != Some(false)
        && LOGIN_FIELDS.iter().any(|field| row.text(field).is_some_and(|text| text.trim().to_lowercase() == login))
}

impl HeldRoles {
    fn add(&mut self, rows: &[Value], resource: ResourceId) {
        let is_held = |row: &Row<'_>| row.integer("resourceID") == Some(resource.0) && row.boolean("isActive") != Some(false);
        for row in rows.iter().filter_map(Row::new).filter(is_held) {
            let Some(role) = row.integer("roleID").map(RoleId) else { continue };
            self.roles.insert(role);
            if row.boolean("isDefault") == Some(true) {
                self.default = Some(role);
            }
        }
    }
}

/// The roles to try, held ones first, else in the order of their reasons; each once, with its first reason.
fn candidates(
    named: &[RoleId],
    ticket_role: Option<RoleId>,
    default_role: Option<RoleId>,
    held: &BTreeSet<RoleId>,
) -> Vec<RoleCandidate> {
    let configured = named.iter().map(|role| (*role, RoleReason::Configured));
    let of_the_ticket = ticket_role.map(|role| (role, RoleReason::TicketAssignment));
    let of_the_resource = default_role.map(|role| (role, RoleReason::ResourceDefault));
    let mut candidates: Vec<RoleCandidate> = Vec::new();
    for (role, reason) in configured.chain(of_the_ticket).chain(of_the_resource) {
        if !candidates.iter().any(|candidate| candidate.role == role) {
            candidates.push(RoleCandidate { role, reason });
        }
    }
    candidates.sort_by_key(|candidate| !held.contains(&candidate.role));
    candidates
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn reasons(candidates: &[RoleCandidate]) -> Vec<(i64, RoleReason)> {
        candidates.iter().map(|candidate| (candidate.role.0, candidate.reason)).collect()
    }

    fn held(roles: &[i64]) -> BTreeSet<RoleId> {
        roles.iter().copied().map(RoleId).collect()
    }

    #[test]
    fn roles_are_tried_as_configured_then_of_the_ticket_then_of_the_resource() {
        let candidates = candidates(&[RoleId(1)], Some(RoleId(2)), Some(RoleId(3)), &held(&[1, 2, 3]));
        assert_eq!(
            reasons(&candidates),
            [(1, RoleReason::Configured), (2, RoleReason::TicketAssignment), (3, RoleReason::ResourceDefault)]
        );
    }

    #[test]
    fn roles_that_are_held_are_tried_before_those_that_are_not() {
        let candidates = candidates(&[RoleId(1)], Some(RoleId(2)), Some(RoleId(3)), &held(&[3]));
        assert_eq!(
            reasons(&candidates),
            [(3, RoleReason::ResourceDefault), (1, RoleReason::Configured), (2, RoleReason::TicketAssignment)]
        );
    }

    #[test]
    fn role_is_tried_once_for_its_first_reason() {
        let candidates = candidates(&[RoleId(1)], Some(RoleId(1)), Some(RoleId(1)), &held(&[]));
        assert_eq!(reasons(&candidates), [(1, RoleReason::Configured)]);
    }

    #[test]
    fn nobody_has_no_roles() {
        assert_eq!(candidates(&[], None, None, &held(&[1])), []);
    }

    #[test]
    fn rows_that_do_not_bear_the_login_are_nobody() {
        let rows = [
            json!({ "id": 1, "isActive": true, "email": "jane@acme.example" }),
            json!({ "id": 2, "isActive": false, "email": "j.roe@acme.example" }),
            json!({ "id": 3, "isActive": true, "email": null, "userName": "j.roe@acme.example.org" }),
        ];
        assert_eq!(only_one(&rows, "j.roe@acme.example", false), Ok(Err(AuthorProblem::NotFound)));
    }

    #[test]
    fn login_is_found_in_each_of_its_fields_without_regard_to_case() {
        for field in ["Email", "email2", "email3", "username"] {
            let rows = [json!({ "id": 7, "isActive": true, field: "J.Roe@ACME.example", "defaultServiceDeskRoleID": 301 })];
            let known = only_one(&rows, "j.roe@acme.example", false).unwrap().unwrap();
            assert_eq!(known, KnownResource { id: ResourceId(7), default_role: Some(RoleId(301)) }, "{field}");
        }
    }

    #[test]
    fn namesakes_are_counted_and_not_chosen_from() {
        let rows = [1, 2, 2].map(|id| json!({ "id": id, "isActive": true, "email": "shared@acme.example" }));
        assert_eq!(only_one(&rows, "shared@acme.example", false), Ok(Err(AuthorProblem::Ambiguous(2))));
    }

    #[test]
    fn full_page_proves_nothing() {
        let rows = [json!({ "id": 1, "isActive": true, "email": "jane@acme.example" })];
        assert!(matches!(only_one(&rows, "jane@acme.example", true), Err(Failure::Unknown { .. })));
    }

    #[test]
    fn roles_of_others_and_inactive_ones_are_not_held() {
        let mut held = HeldRoles::default();
        held.add(
            &[
                json!({ "resourceID": 7, "roleID": 1, "isActive": true }),
                json!({ "resourceID": 7, "roleID": 2, "isActive": false, "isDefault": true }),
                json!({ "resourceID": 8, "roleID": 3, "isActive": true, "isDefault": true }),
                json!({ "resourceID": 7, "roleID": null, "queueID": 201, "isActive": true }),
                json!({ "resourceID": 7, "roleID": 4, "isActive": true, "isDefault": true }),
            ],
            ResourceId(7),
        );
        assert_eq!(held, HeldRoles { roles: [RoleId(1), RoleId(4)].into(), default: Some(RoleId(4)) });
    }

    #[test]
    fn question_for_a_person_as_sent() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&resource_query("j.roe@acme.example")).unwrap());
    }
}
