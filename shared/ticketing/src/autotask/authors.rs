//! In whose name, and in which role, time is written: from a login to a resource and the roles to try.
//!
//! Never a guess: a login that several people answer to, or nobody, is a problem for a person to solve, and so is a configured role
//! that does not exist, for another role may be billed at another rate. Whether a person holds a role is not asked: a restricted
//! API user sees only some of what people hold, and Autotask says for certain when it is asked to write. Logins appear in no error
//! and no log line.

use std::time::Duration;

use serde_json::Value;
use session::content::{Author, NoAuthor, RoleCandidate, RoleReason};
use session::failure::{Failure, Sentence};
use session::ids::{ResourceId, RoleId};
use tokio::time::Instant;

use super::answer::unexpected;
use super::client::AutotaskClient;
use super::lookups::query_call;
use super::query::{Condition, PAGE_ROWS_MAX, Query};
use super::row::Row;
use super::transport::Entity;

/// How long people and roles are remembered. Joining and leaving take days. Nothing is refused for what is remembered: it is read
/// again first.
pub(super) const ROLES_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// The longest e-mail address that a resource can have (vendor reference); a longer login is nobody's.
const LOGIN_LENGTH_MAX: usize = 254;
/// Rows of people with one login, or of roles with one name; a full page means that the conditions were dropped.
const NAMESAKES_MAX: u32 = 50;
/// The fields that a login is compared with.
const LOGIN_FIELDS: [&str; 4] = ["email", "email2", "email3", "userName"];
/// Said of a role that was the configured one when the entry was begun.
const ROLE_GONE: &str = "the role of time_entry.defaults.roleName is not active any more, or the API user cannot see it: nothing is \
                         billed at another rate; correct the name";

/// An active resource, as far as remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownResource {
    id: ResourceId,
    default_role: Option<RoleId>,
}

impl AutotaskClient {
    /// The resource with this login and the roles to try for it, in order: the one of that name, the ticket's, the resource's
    /// default service desk role, each once, with the reason why it came first. The next is to be tried only after Autotask has
    /// refused the one before with [`Failure::RoleRefused`]. The list may be empty if no role name is given.
    ///
    /// People and roles are remembered for 15 minutes. What was not found is asked for again each time, and nobody is left without a
    /// role for what was remembered.
    ///
    /// # Errors
    /// Any [`Failure`] of a read. The inner error is no failure of a call: [`NoAuthor`].
    pub async fn author(
        &self,
        login: &str,
        role_name: Option<&str>,
        ticket_role: Option<RoleId>,
        deadline: Instant,
    ) -> Result<Result<Author, NoAuthor>, Failure> {
        let login = login.trim();
        // An empty login would match everybody without a second address.
        if login.is_empty() || login.len() > LOGIN_LENGTH_MAX {
            return Ok(Err(NoAuthor::NotFound));
        }
        let remembered = self.resources.get(&login.to_lowercase());
        let resource = match remembered {
            Some(resource) => resource,
            None => match self.find_resource(login, deadline).await? {
                Ok(resource) => resource,
                Err(problem) => return Ok(Err(problem)),
            },
        };
        let named = match role_name.map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => self.roles_named(name, deadline).await?,
            None => Some(Vec::new()),
        };
        let Some(named) = named else { return Ok(Err(NoAuthor::RoleNotFound)) };
        let roles = candidates(&named, ticket_role, resource.default_role);
        if !roles.is_empty() || remembered.is_none() {
            return Ok(Ok(Author { resource: resource.id, roles }));
        }
        // An entry would be refused for want of a role: one may have been granted since.
        let found = self.find_resource(login, deadline).await?;
        Ok(found.map(|known| Author { resource: known.id, roles: candidates(&[], None, known.default_role) }))
    }

    async fn find_resource(&self, login: &str, deadline: Instant) -> Result<Result<KnownResource, NoAuthor>, Failure> {
        let key = login.to_lowercase();
        let query = resource_query(login);
        let page = self.page(&query_call(Entity::Resources, &query).hiding(login), deadline).await?;
        let mut known = match only_one(&page.rows, &key, page.rows.len() == query.rows_max())? {
            Ok(known) => known,
            Err(problem) => return Ok(Err(problem)),
        };
        if known.default_role.is_none() {
            known.default_role = self.default_role(known.id, deadline).await?;
        }
        self.resources.put(key, known);
        Ok(Ok(known))
    }

    /// The default service desk role, from the table that tells it as well: not every API user may read it of the resource.
    async fn default_role(&self, resource: ResourceId, deadline: Instant) -> Result<Option<RoleId>, Failure> {
        let fields = &["id", "resourceID", "roleID", "isActive", "isDefault"];
        let query = Query::new(vec![Condition::equal("resourceID", resource.0)], fields, PAGE_ROWS_MAX);
        let page = self.page(&query_call(Entity::ResourceServiceDeskRoles, &query), deadline).await?;
        Ok(default_among(&page.rows, resource))
    }

    /// The one active resource with this login, for an assignment.
    ///
    /// # Errors
    /// `Refused` when nobody or several have it; any [`Failure`] of a read.
    pub(super) async fn resource(&self, login: &str, deadline: Instant) -> Result<i64, Failure> {
        if let Some(known) = self.resources.get(&login.to_lowercase()) {
            return Ok(known.id.0);
        }
        match self.find_resource(login, deadline).await? {
            Ok(known) => Ok(known.id.0),
            Err(problem) => {
                Err(Failure::Refused { sentence: Sentence::new(&format!("assignedResourceName of the ticket: {problem}")) })
            }
        }
    }

    /// The one active role of that name, for an assignment.
    ///
    /// # Errors
    /// As [`Self::resource`].
    pub(super) async fn role(&self, name: &str, deadline: Instant) -> Result<i64, Failure> {
        match self.roles_named(name, deadline).await?.as_deref() {
            Some([one]) => Ok(one.0),
            Some(_) => Err(Failure::Refused {
                sentence: Sentence::new("several active roles have the name in assignedResourceRoleName"),
            }),
            None => Err(Failure::Refused { sentence: Sentence::new("no active role has the name in assignedResourceRoleName") }),
        }
    }

    /// The default service desk role of a resource, for an assignment that names none.
    ///
    /// # Errors
    /// `Refused` when it has none; any [`Failure`] of a read.
    pub(super) async fn default_role_of(&self, resource: i64, deadline: Instant) -> Result<i64, Failure> {
        let role = self.default_role(ResourceId(resource), deadline).await?;
        let none = "the assigned resource has no default service desk role: set assignedResourceRoleName, too";
        role.map(|role| role.0).ok_or_else(|| Failure::Refused { sentence: Sentence::new(none) })
    }

    /// The active roles of that name, one as a rule; none if there is none that we can see.
    async fn roles_named(&self, name: &str, deadline: Instant) -> Result<Option<Vec<RoleId>>, Failure> {
        let key = name.to_lowercase();
        if let Some(roles) = self.roles.get(&key) {
            return Ok(Some(roles));
        }
        let query = Query::new(
            vec![Condition::equal("name", name), Condition::equal("isActive", true)],
            &["id", "name", "isActive"],
            NAMESAKES_MAX,
        );
        let page = self.page(&query_call(Entity::Roles, &query), deadline).await?;
        let roles = active_named(&page.rows, &key);
        if !roles.is_empty() {
            self.roles.put(key, roles.clone());
            return Ok(Some(roles));
        }
        if page.rows.len() == query.rows_max() {
            return Err(unexpected("roles came back that were not asked for"));
        }
        Ok(None)
    }

    /// What it means that Autotask has refused a time entry for its role. What was remembered of person and role is forgotten, so
    /// that the next question sees what has been granted since. If the role was the configured one and is so no longer, the entry is
    /// refused for good: the next candidate may be billed at another rate, and nobody has decided that.
    pub(super) async fn role_refused(
        &self,
        resource: ResourceId,
        role: RoleId,
        sentence: Sentence,
        deadline: Instant,
    ) -> Failure {
        self.resources.forget(|_, known| known.id == resource);
        let Some(name) = self.roles.forget(|_, roles| roles.contains(&role)).pop() else {
            return Failure::RoleRefused { sentence };
        };
        match self.roles_named(&name, deadline).await {
            Ok(Some(roles)) if roles.contains(&role) => Failure::RoleRefused { sentence },
            Ok(_) => Failure::Refused { sentence: Sentence::new(ROLE_GONE) },
            Err(failure) => not_told_apart(failure),
        }
    }
}

/// The entry was certainly not taken, whatever became of the question that followed: as that question's failure, but never unknown.
fn not_told_apart(failure: Failure) -> Failure {
    match failure {
        Failure::NotTaken { .. } | Failure::CredentialsRefused { .. } => failure,
        other => Failure::NotTaken {
            what: Sentence::new(&format!("a role was refused, and whether it is still active cannot be read: {other}")),
            throttled: false,
            retry_after: None,
        },
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
pub(super) fn only_one(rows: &[Value], login: &str, is_full_page: bool) -> Result<Result<KnownResource, NoAuthor>, Failure> {
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
        [] => Ok(Err(NoAuthor::NotFound)),
        [one] => Ok(Ok(*one)),
        _ => Ok(Err(NoAuthor::Ambiguous)),
    }
}

fn has_login(row: &Row<'_>, login: &str) -> bool {
    row.boolean("isActive") != Some(false)
        && LOGIN_FIELDS.iter().any(|field| row.text(field).is_some_and(|text| text.trim().to_lowercase() == login))
}

/// The active role that is marked as this resource's default.
fn default_among(rows: &[Value], resource: ResourceId) -> Option<RoleId> {
    let is_it = |row: &Row<'_>| {
        row.integer("resourceID") == Some(resource.0)
            && row.boolean("isActive") != Some(false)
            && row.boolean("isDefault") == Some(true)
    };
    rows.iter().filter_map(Row::new).filter(is_it).find_map(|row| row.integer("roleID")).map(RoleId)
}

/// The active roles of that name (in lower case).
fn active_named(rows: &[Value], name: &str) -> Vec<RoleId> {
    let is_it = |row: &Row<'_>| {
        row.boolean("isActive") != Some(false) && row.text("name").is_some_and(|text| text.trim().to_lowercase() == name)
    };
    rows.iter().filter_map(Row::new).filter(is_it).filter_map(|row| row.integer("id").map(RoleId)).collect()
}

/// The roles to try, in the order of their reasons; each once, with its first reason.
fn candidates(named: &[RoleId], ticket_role: Option<RoleId>, default_role: Option<RoleId>) -> Vec<RoleCandidate> {
    let configured = named.iter().map(|role| (*role, RoleReason::Configured));
    let of_the_ticket = ticket_role.map(|role| (role, RoleReason::TicketAssignment));
    let of_the_resource = default_role.map(|role| (role, RoleReason::ResourceDefault));
    let mut candidates: Vec<RoleCandidate> = Vec::new();
    for (role, reason) in configured.chain(of_the_ticket).chain(of_the_resource) {
        if !candidates.iter().any(|candidate| candidate.role == role) {
            candidates.push(RoleCandidate { role, reason });
        }
    }
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

    #[test]
    fn roles_are_tried_as_configured_then_of_the_ticket_then_of_the_resource() {
        let candidates = candidates(&[RoleId(1)], Some(RoleId(2)), Some(RoleId(3)));
        assert_eq!(
            reasons(&candidates),
            [(1, RoleReason::Configured), (2, RoleReason::TicketAssignment), (3, RoleReason::ResourceDefault)]
        );
    }

    #[test]
    fn role_is_tried_once_for_its_first_reason() {
        let candidates = candidates(&[RoleId(1)], Some(RoleId(1)), Some(RoleId(1)));
        assert_eq!(reasons(&candidates), [(1, RoleReason::Configured)]);
    }

    #[test]
    fn nobody_has_no_roles() {
        assert_eq!(candidates(&[], None, None), []);
    }

    #[test]
    fn rows_that_do_not_bear_the_login_are_nobody() {
        let rows = [
            json!({ "id": 1, "isActive": true, "email": "jane@acme.example" }),
            json!({ "id": 2, "isActive": false, "email": "j.roe@acme.example" }),
            json!({ "id": 3, "isActive": true, "email": null, "userName": "j.roe@acme.example.org" }),
        ];
        assert_eq!(only_one(&rows, "j.roe@acme.example", false), Ok(Err(NoAuthor::NotFound)));
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
        assert_eq!(only_one(&rows, "shared@acme.example", false), Ok(Err(NoAuthor::Ambiguous)));
    }

    #[test]
    fn full_page_proves_nothing() {
        let rows = [json!({ "id": 1, "isActive": true, "email": "jane@acme.example" })];
        assert!(matches!(only_one(&rows, "jane@acme.example", true), Err(Failure::Unknown { .. })));
    }

    #[test]
    fn default_role_is_an_active_one_of_that_resource() {
        let rows = [
            json!({ "resourceID": 7, "roleID": 1, "isActive": true }),
            json!({ "resourceID": 7, "roleID": 2, "isActive": false, "isDefault": true }),
            json!({ "resourceID": 8, "roleID": 3, "isActive": true, "isDefault": true }),
            json!({ "resourceID": 7, "roleID": 4, "isActive": true, "isDefault": true }),
        ];
        assert_eq!(default_among(&rows, ResourceId(7)), Some(RoleId(4)));
        assert_eq!(default_among(&rows[..3], ResourceId(7)), None);
    }

    #[test]
    fn roles_of_another_name_and_inactive_ones_are_not_the_configured_one() {
        let rows = [
            json!({ "id": 1, "name": "Engineer (old)", "isActive": true }),
            json!({ "id": 2, "name": "Engineer", "isActive": false }),
            json!({ "id": 3, "name": " ENGINEER ", "isActive": true }),
        ];
        assert_eq!(active_named(&rows, "engineer"), [RoleId(3)]);
    }

    #[test]
    fn question_for_a_person_as_sent() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&resource_query("j.roe@acme.example")).unwrap());
    }
}
