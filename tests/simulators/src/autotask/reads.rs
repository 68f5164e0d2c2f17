//! Reading: rows by id, queries and their pages, children of a row.

use axum::http::Method;
use serde_json::{Value, json};

use super::input::{Row, require_json};
use super::query::{PagingToken, Query};
use super::route::Child;
use super::schema::{self, Entity};
use super::settings::MissingRow;
use super::tenant::{Autotask, int};
use super::wire::{Outcome, no_permission, no_such_path, no_such_verb, ok, refused};
use crate::serving::exchange::{Answer, Call};

/// Longest URL that the web server takes; a longer one is a 404 (observed by clients).
const URL_CHARACTERS_MAX: usize = 2048;

/// `GET /{Entity}/{id}`. Attachments answer a list with their data, everything else one item.
pub(crate) fn item(autotask: &Autotask, entity: &'static Entity, id: i64, call: &Call) -> Outcome {
    may_query(autotask, entity, call)?;
    if entity.path == schema::ATTACHMENT_INFO.path {
        return Err(no_such_path());
    }
    let row = autotask.row(entity, id).filter(|row| autotask.sees(entity, row));
    if is_attachment(entity) {
        let row = row.ok_or_else(|| refused("Attachment could not be found."))?;
        let mut whole = shown(entity, row);
        for field in ["data", "fileSize"] {
            whole.insert(field.to_owned(), row.get(field).cloned().unwrap_or_default());
        }
        return Ok(ok(&json!({ "items": [whole] })));
    }
    Ok(one_item(autotask, entity, row))
}

fn one_item(autotask: &Autotask, entity: &'static Entity, row: Option<&Row>) -> Answer {
    match (row, autotask.settings.missing_row) {
        (Some(row), _) => ok(&json!({ "item": shown(entity, row) })),
        (None, MissingRow::NullItem) => ok(&json!({ "item": null })),
        (None, MissingRow::NotFound) => no_such_path(),
    }
}

/// `GET|POST /{Entity}/query`
pub(crate) fn query(autotask: &Autotask, entity: &'static Entity, call: &Call) -> Outcome {
    may_query(autotask, entity, call)?;
    let search = search(call)?;
    page(autotask, entity, call, &search, None)
}

/// `GET|POST /{Entity}/query/next`: the method of the first call again, and after a POST its body again.
pub(crate) fn next_page(autotask: &Autotask, entity: &'static Entity, call: &Call) -> Outcome {
    may_query(autotask, entity, call)?;
    let token = call.query_variables().get("paging").and_then(|token| PagingToken::decode(token));
    let token = token.ok_or_else(|| refused("The paging information is invalid."))?;
    if token.method != call.method.as_str() {
        return Err(no_such_verb(call.method.as_str()));
    }
    let search = match &token.search {
        Some(search) => search.clone(),
        None => search(call)?,
    };
    page(autotask, entity, call, &search, Some(token.after))
}

/// `GET|POST /{Entity}/query/count`
pub(crate) fn count(autotask: &Autotask, entity: &'static Entity, call: &Call) -> Outcome {
    may_query(autotask, entity, call)?;
    let query = Query::parse(entity, &search(call)?).map_err(refused)?;
    let rows = visible(autotask, entity).into_iter().filter(|(_, row)| query.matches(row)).count();
    Ok(ok(&json!({ "queryCount": rows })))
}

/// `GET /{Parent}/{id}/{Child}`
pub(crate) fn children(autotask: &Autotask, child: Child, parent: i64, call: &Call) -> Outcome {
    may_query(autotask, child.entity, call)?;
    if !autotask.exists(child.parent, parent) {
        return Err(no_such_path());
    }
    let rows = visible(autotask, child.entity).into_iter().filter(|(_, row)| belongs_to(row, child, parent));
    let items: Vec<Row> = rows.map(|(_, row)| shown(child.entity, row)).collect();
    Ok(ok(&list(&items, None, None)))
}

/// `GET /{Parent}/{id}/{Child}/{id}`. Attachments come without their data, which only their root path has.
pub(crate) fn child_item(autotask: &Autotask, child: Child, parent: i64, id: i64, call: &Call) -> Outcome {
    may_query(autotask, child.entity, call)?;
    let row = autotask.row(child.entity, id);
    let row = row.filter(|row| autotask.sees(child.entity, row) && belongs_to(row, child, parent));
    if is_attachment(child.entity) {
        let row = row.ok_or_else(|| refused("Attachment could not be found."))?;
        return Ok(ok(&json!({ "items": [shown(child.entity, row)] })));
    }
    Ok(one_item(autotask, child.entity, row))
}

/// Whether a row is a child of this parent.
pub(crate) fn belongs_to(row: &Row, child: Child, parent: i64) -> bool {
    let link = if is_attachment(child.entity) { "parentID" } else { "ticketID" };
    int(row, link) == Some(parent)
}

fn is_attachment(entity: &Entity) -> bool {
    entity.path.ends_with("Attachments")
}

fn may_query(autotask: &Autotask, entity: &Entity, call: &Call) -> Result<(), Answer> {
    // A read under the impersonation header runs with the other person's rights, and fails without the setting.
    let impersonates = call.header("impersonationresourceid").is_some();
    if !autotask.permission(entity).query || (impersonates && !autotask.settings.impersonation) {
        return Err(no_permission("query"));
    }
    Ok(())
}

/// The JSON of a query: the body of a POST, the variable `search` of a GET.
fn search(call: &Call) -> Result<Value, Answer> {
    if call.method == Method::GET {
        if call.tenant_url.len() + call.path.len() + call.query.len() > URL_CHARACTERS_MAX {
            return Err(no_such_path());
        }
        let search = call.query_variables().remove("search").unwrap_or_default();
        return Ok(serde_json::from_str(&search).unwrap_or(Value::Null));
    }
    if call.body.is_empty() {
        return Ok(Value::Null);
    }
    require_json(call)?;
    Ok(serde_json::from_slice(&call.body).unwrap_or(Value::Null))
}

fn page(autotask: &Autotask, entity: &'static Entity, call: &Call, search: &Value, after: Option<i64>) -> Outcome {
    let query = Query::parse(entity, search).map_err(refused)?;
    let wanted: Vec<(i64, &Row)> = visible(autotask, entity)
        .into_iter()
        .filter(|(id, row)| after.is_none_or(|after| *id > after) && query.matches(row))
        .collect();
    let more = wanted.len() > query.records_max;
    if more && query.lacks_id() {
        return Err(refused("The id field must be included for queries of more records than one page."));
    }
    let shown_rows = &wanted[..wanted.len().min(query.records_max)];
    let next = shown_rows.last().filter(|_| more).map(|(last, _)| next_page_url(call, entity, *last, search));
    let items: Vec<Row> = shown_rows.iter().map(|(_, row)| query.project(shown(entity, row))).collect();
    Ok(ok(&list(&items, Some(query.records_max), next.as_deref())))
}

fn next_page_url(call: &Call, entity: &Entity, after: i64, search: &Value) -> String {
    let search = (call.method == Method::GET).then(|| search.clone());
    let token = PagingToken { after, method: call.method.to_string(), search };
    format!("{}/ATServicesRest/V1.0/{}/query/next?paging={}", call.tenant_url, entity.path, token.encode())
}

fn list(items: &[Row], requested: Option<usize>, next_page_url: Option<&str>) -> Value {
    let details = json!({
        "count": items.len(),
        "requestCount": requested.unwrap_or(500),
        "prevPageUrl": null,
        "nextPageUrl": next_page_url,
    });
    json!({ "items": items, "pageDetails": details })
}

/// The rows that the API user sees, in the order of their ids.
fn visible<'a>(autotask: &'a Autotask, entity: &'static Entity) -> Vec<(i64, &'a Row)> {
    let mut rows: Vec<(i64, &Row)> = sources(entity)
        .iter()
        .flat_map(|source| autotask.table(source).iter().filter(|(_, row)| autotask.sees(source, row)))
        .map(|(id, row)| (*id, row))
        .collect();
    rows.sort_unstable_by_key(|(id, _)| *id);
    rows
}

/// The tables that an entity shows.
fn sources(entity: &'static Entity) -> Vec<&'static Entity> {
    if entity.path == schema::ATTACHMENT_INFO.path {
        return vec![&schema::TICKET_ATTACHMENTS, &schema::TICKET_NOTE_ATTACHMENTS, &schema::TIME_ENTRY_ATTACHMENTS];
    }
    vec![entity]
}

/// A row with every field of its entity, null where it has none. Never the data of an attachment, nor its size.
fn shown(entity: &'static Entity, row: &Row) -> Row {
    let value = |field: &schema::Field| match field.name {
        "data" | "fileSize" => Value::Null,
        "userDefinedFields" => row.get(field.name).cloned().unwrap_or_else(|| json!([])),
        name => row.get(name).cloned().unwrap_or_default(),
    };
    entity.fields.iter().filter(|field| field.name != "data").map(|field| (field.name.to_owned(), value(field))).collect()
}
