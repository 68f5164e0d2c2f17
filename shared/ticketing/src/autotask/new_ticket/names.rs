//! From the names in a wish to ids. A name is asked for once for each ticket; what the tenant's lists hold is remembered (`picklists`).
//!
//! Never a guess: a name that nobody has, or several have, is refused. Names of people appear in no error; labels of lists and names of
//! companies do, for without them nobody could correct the wish.

use serde_json::{Map, Value};
use session::failure::Failure;
use tokio::time::Instant;

use super::fields::{Field, Kind};
use super::{refused, text_of};
use crate::autotask::answer::unexpected;
use crate::autotask::client::AutotaskClient;
use crate::autotask::lookups::query_call;
use crate::autotask::query::{Condition, Query};
use crate::autotask::rights::Choice;
use crate::autotask::row::Row;
use crate::autotask::transport::Entity;

/// Rows with one name; a full page means that the conditions were dropped.
const NAMESAKES_MAX: u32 = 50;
/// How many labels or ids an error names.
const NAMED_MAX: usize = 12;
/// The longest name that is asked for; the fields have 100 to 254 characters (vendor reference).
const NAME_LENGTH_MAX: usize = 254;

/// Resolves the names of one ticket.
pub(super) struct Resolver<'a> {
    client: &'a AutotaskClient,
    deadline: Instant,
}

/// What is searched by name.
struct Search {
    entity: Entity,
    /// The fields that may hold the name.
    names: &'static [&'static str],
    fields: &'static [&'static str],
    /// Further conditions.
    conditions: Vec<Condition>,
    /// What people call it, for errors.
    what: &'static str,
    /// How to name it without doubt.
    instead: &'static str,
}

impl<'a> Resolver<'a> {
    pub(super) const fn new(client: &'a AutotaskClient, deadline: Instant) -> Self {
        Self { client, deadline }
    }

    /// The value as Autotask takes it. `draft`: what has become of the fields before it.
    pub(super) async fn resolve(&self, field: &Field, value: &Value, draft: &Map<String, Value>) -> Result<Value, Failure> {
        let company = draft.get("companyID").and_then(Value::as_i64);
        match field.kind {
            Kind::Text(length_max) => return Ok(text_of(value, length_max, field.name != "description")),
            Kind::Moment => return moment(field, value),
            Kind::Number => return number(field, value),
            Kind::Picklist => return self.picklist(field, value, draft).await,
            Kind::Id | Kind::Company | Kind::Contact | Kind::ConfigurationItem | Kind::Resource | Kind::Role | Kind::WorkType => {
            }
        }
        if let Some(id) = id(value) {
            return Ok(id.into());
        }
        let name = name(field, value)?;
        let id = match field.kind {
            Kind::Company => self.only_one(company_search(), name).await?,
            Kind::Contact => self.only_one(contact_search(company, name)?, name).await?,
            Kind::ConfigurationItem => self.only_one(item_search(company)?, name).await?,
            Kind::WorkType => self.only_one(work_type_search(), name).await?,
            Kind::Resource => self.client.resource(name, self.deadline).await?,
            Kind::Role => self.client.role(name, self.deadline).await?,
            _ => return Err(refused(&format!("{} of the ticket must be a number", field.name))),
        };
        Ok(id.into())
    }

    /// The value that the tenant's list marks as its default.
    pub(super) async fn default_of(&self, field: &Field) -> Result<Value, Failure> {
        let choices = self.client.ticket_choices(field.name, self.deadline).await?;
        let default = choices.iter().find(|choice| choice.is_default && choice.is_active);
        default.map(|choice| choice.value.into()).ok_or_else(|| {
            let labels = labels(&choices);
            refused(&format!("no {} for the ticket: set it in autotask.ticket.defaults; there are {labels}", field.name))
        })
    }

    /// The queue that the tenant's list marks as its default, if there is one.
    pub(super) async fn queue_of_the_tenant(&self) -> Result<Option<Value>, Failure> {
        let choices = self.client.ticket_choices("queueID", self.deadline).await?;
        Ok(choices.iter().find(|choice| choice.is_default && choice.is_active).map(|choice| choice.value.into()))
    }

    /// Resource and role go together (vendor reference): a resource alone has its default role; a role alone is nobody's, and is left out.
    pub(super) async fn complete_assignment(&self, draft: &mut Map<String, Value>) -> Result<(), Failure> {
        let resource = draft.get("assignedResourceID").and_then(Value::as_i64);
        match resource {
            None => {
                draft.remove("assignedResourceRoleID");
            }
            Some(resource) if !draft.contains_key("assignedResourceRoleID") => {
                let role = self.client.default_role_of(resource, self.deadline).await?;
                draft.insert("assignedResourceRoleID".to_owned(), role.into());
            }
            Some(_) => {}
        }
        Ok(())
    }

    async fn picklist(&self, field: &Field, value: &Value, draft: &Map<String, Value>) -> Result<Value, Failure> {
        let choices = self.client.ticket_choices(field.name, self.deadline).await?;
        let parent = draft.get("issueType").and_then(Value::as_i64).filter(|_| field.name == "subIssueType");
        let offered: Vec<&Choice> =
            choices.iter().filter(|choice| choice.is_active && (parent.is_none() || choice.parent == parent)).collect();
        let fits: Vec<&&Choice> = match id(value) {
            Some(id) => offered.iter().filter(|choice| choice.value == id).collect(),
            None => {
                let name = name(field, value)?.to_lowercase();
                offered.iter().filter(|choice| choice.label.trim().to_lowercase() == name).collect()
            }
        };
        match fits.as_slice() {
            [one] => Ok(one.value.into()),
            [] => Err(refused(&format!(
                "no active value of {} has that name or id; there are {}",
                field.name,
                labels(offered.iter().copied())
            ))),
            several => {
                let ids = listed(several.iter().map(|choice| choice.value.to_string()));
                Err(refused(&format!("more than one value of {} has that name: give one of the ids {ids}", field.name)))
            }
        }
    }

    /// The one active row of that name.
    async fn only_one(&self, search: Search, name: &str) -> Result<i64, Failure> {
        let Search { entity, names, fields, mut conditions, what, instead } = search;
        let is_named = names.iter().map(|field| Condition::equal(field, searched(field, name))).collect();
        conditions.push(Condition::Any(is_named));
        let query = Query::new(conditions, fields, NAMESAKES_MAX);
        let page = self.client.page(&query_call(entity, &query).hiding(name), self.deadline).await?;
        let ids = matching(&page.rows, names, name);
        match ids.as_slice() {
            _ if page.rows.len() == query.rows_max() => Err(unexpected("rows came back that were not asked for")),
            [] => Err(refused(&format!("no active {what} has that name: correct it, or give {instead}"))),
            [one] => Ok(*one),
            several => {
                let ids = listed(several.iter().map(ToString::to_string));
                Err(refused(&format!("more than one active {what} has that name: give {instead}, one of {ids}")))
            }
        }
    }
}

fn company_search() -> Search {
    Search {
        entity: Entity::Companies,
        names: &["companyName"],
        fields: &["id", "companyName", "isActive"],
        conditions: vec![Condition::equal("isActive", true)],
        what: "company",
        instead: "companyID",
    }
}

/// By e-mail address, else by first and last name. The whole name is no field: the last word is asked for, and rows are checked.
fn contact_search(company: Option<i64>, name: &str) -> Result<Search, Failure> {
    let names: &'static [&'static str] =
        if name.contains('@') { &["emailAddress", "emailAddress2", "emailAddress3"] } else { &["lastName"] };
    Ok(Search {
        entity: Entity::Contacts,
        names,
        fields: &["id", "companyID", "firstName", "lastName", "emailAddress", "emailAddress2", "emailAddress3", "isActive"],
        conditions: vec![within(company)?, Condition::equal("isActive", 1)],
        what: "contact of the company",
        instead: "contactID",
    })
}

fn item_search(company: Option<i64>) -> Result<Search, Failure> {
    Ok(Search {
        entity: Entity::ConfigurationItems,
        names: &["referenceTitle", "rmmDeviceAuditHostname"],
        fields: &["id", "companyID", "referenceTitle", "rmmDeviceAuditHostname", "isActive"],
        conditions: vec![within(company)?, Condition::equal("isActive", true)],
        what: "configuration item of the company",
        instead: "configurationItemID",
    })
}

/// Work types are the billing codes of use 1 (vendor reference); names repeat across uses.
fn work_type_search() -> Search {
    Search {
        entity: Entity::BillingCodes,
        names: &["name"],
        fields: &["id", "name", "useType", "isActive"],
        conditions: vec![Condition::equal("useType", 1), Condition::equal("isActive", true)],
        what: "work type",
        instead: "billingCodeID",
    }
}

fn within(company: Option<i64>) -> Result<Condition, Failure> {
    let company =
        company.ok_or_else(|| refused("contacts and configuration items are found by name within a company: name it, too"))?;
    Ok(Condition::equal("companyID", company))
}

fn searched<'a>(field: &str, name: &'a str) -> &'a str {
    if field == "lastName" { name.split_whitespace().next_back().unwrap_or(name) } else { name }
}

/// The ids of the rows that bear the name, each once. A database may take accented letters for plain ones: rows are compared here.
fn matching(rows: &[Value], names: &[&str], name: &str) -> Vec<i64> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let bears = |row: &Row<'_>| {
        names.iter().any(|field| {
            let text = if *field == "lastName" {
                Some(
                    [row.text("firstName"), row.text("lastName")]
                        .into_iter()
                        .flatten()
                        .map(str::trim)
                        .collect::<Vec<_>>()
                        .join(" "),
                )
            } else {
                row.text(field).map(str::to_owned)
            };
            text.is_some_and(|text| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase() == name)
        })
    };
    let active = |row: &Row<'_>| row.boolean("isActive") != Some(false);
    let mut ids: Vec<i64> =
        rows.iter().filter_map(Row::new).filter(|row| active(row) && bears(row)).filter_map(|row| row.integer("id")).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// A number, or digits alone. Filters want numbers: an id given as text finds nothing, without a word (observed by clients).
fn id(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let text = text.trim();
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse().ok() } else { None }
        }
        _ => None,
    }
}

fn name<'a>(field: &Field, value: &'a Value) -> Result<&'a str, Failure> {
    let text = value.as_str().map(str::trim).filter(|text| text.chars().count() <= NAME_LENGTH_MAX);
    text.ok_or_else(|| {
        refused(&format!("{} of the ticket must be an id or a name of at most {NAME_LENGTH_MAX} characters", field.name))
    })
}

fn number(field: &Field, value: &Value) -> Result<Value, Failure> {
    let read = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let read = read.filter(|number: &f64| number.is_finite());
    read.map(Value::from).ok_or_else(|| refused(&format!("{} of the ticket must be a number", field.name)))
}

fn moment(field: &Field, value: &Value) -> Result<Value, Failure> {
    let read = value.as_str().and_then(|text| text.trim().parse::<jiff::Timestamp>().ok());
    let read = read.ok_or_else(|| {
        refused(&format!("{} of the ticket must be a moment with its zone, as in 2026-03-18T16:00:00Z", field.name))
    })?;
    Ok(super::utc(read).into())
}

fn labels<'a>(choices: impl IntoIterator<Item = &'a Choice>) -> String {
    listed(choices.into_iter().filter(|choice| choice.is_active).map(|choice| choice.label.clone()))
}

/// The first of them, with how many more there are.
fn listed(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    let named = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED_MAX) {
        0 if all.is_empty() => "none".to_owned(),
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_numbers_or_digits_alone() {
        let ids = [json!(0), json!("501"), json!(" 7 "), json!("5a"), json!(""), json!(1.5), json!(true)].map(|value| id(&value));
        assert_eq!(ids, [Some(0), Some(501), Some(7), None, None, None, None]);
    }

    #[test]
    fn rows_count_only_by_their_whole_name_in_any_case() {
        let rows = [
            json!({ "id": 1, "companyName": "Acme" }),
            json!({ "id": 2, "companyName": "ACME  & Sons " }),
            json!({ "id": 3, "companyName": "Acmé & Sons" }),
            json!({ "id": 4, "companyName": "Acme & Sons", "isActive": false }),
            json!({ "id": 2, "companyName": "Acme & Sons" }),
        ];
        assert_eq!(matching(&rows, &["companyName"], "acme & sons"), [2]);
    }

    #[test]
    fn contact_is_first_and_last_name_or_an_address() {
        let rows = [
            json!({ "id": 1, "firstName": "Jörg", "lastName": "Müller", "emailAddress": "j.mueller@acme.example" }),
            json!({ "id": 2, "firstName": "Ina", "lastName": "Müller" }),
        ];
        assert_eq!(matching(&rows, &["lastName"], "jörg  müller"), [1]);
        assert_eq!(matching(&rows, &["lastName"], "Müller"), [] as [i64; 0]);
        assert_eq!(matching(&rows, &["emailAddress"], "J.Mueller@acme.example"), [1]);
        assert_eq!((searched("lastName", "Ina von Müller"), searched("emailAddress", "a b")), ("Müller", "a b"));
    }

    #[test]
    fn lists_in_errors_are_short() {
        assert_eq!(listed(std::iter::empty()), "none");
        assert_eq!(listed((1..=14).map(|n| n.to_string())), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more");
    }
}
