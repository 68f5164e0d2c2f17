//! The control paths of the Autotask simulator: rows, credentials, settings, state, tickets as text. Rows that a test puts are
//! not checked against the rules, only against the names of the fields.

use axum::http::Method;
use serde_json::{Value, json};

use super::input::Row;
use super::print;
use super::schema::{self, Entity};
use super::tenant::Autotask;
use crate::serving::exchange::{Answer, Call};
use crate::serving::merge::merged;

/// Answers a control call.
pub(crate) fn answer(autotask: &mut Autotask, call: &Call, segments: &[&str]) -> Answer {
    if let (&Method::GET, ["tickets", file]) = (&call.method, segments) {
        let number = file.strip_suffix(".txt").unwrap_or(file);
        return print::ticket(autotask, number).map_or_else(Answer::no_such_control, |page| Answer::text(200, page));
    }
    let outcome = match (&call.method, segments) {
        (&Method::PATCH, ["credentials"]) => merged(&autotask.credentials, call).map(|credentials| {
            autotask.credentials = credentials;
            json!({})
        }),
        (&Method::GET, ["settings"]) => Ok(json!(autotask.settings)),
        (&Method::PATCH, ["settings"]) => merged(&autotask.settings, call).map(|settings| {
            autotask.settings = settings;
            json!(autotask.settings)
        }),
        (&Method::GET, ["rows", entity]) => rows(autotask, entity),
        (&Method::PUT, ["rows", entity, id]) => put_row(autotask, entity, id, call),
        (&Method::PATCH, ["rows", entity, id]) => patch_row(autotask, entity, id, call),
        (&Method::DELETE, ["rows", entity, id]) => delete_row(autotask, entity, id),
        (&Method::GET, ["state"]) => Ok(state(autotask)),
        _ => Err(Answer::no_such_control()),
    };
    outcome.map_or_else(|refusal| refusal, |value| Answer::json(200, &value))
}

fn entity(path: &str) -> Result<&'static Entity, Answer> {
    schema::entity(path).ok_or_else(|| Answer::control_refused(&format!("no such entity: {path}")))
}

fn id(text: &str) -> Result<i64, Answer> {
    text.parse().map_err(|_| Answer::control_refused("an id is a whole number"))
}

fn rows(autotask: &Autotask, path: &str) -> Result<Value, Answer> {
    let rows: Vec<&Row> = autotask.table(entity(path)?).values().collect();
    Ok(json!({ "rows": rows }))
}

/// The row of a control call; its fields must exist.
fn row(entity: &'static Entity, call: &Call) -> Result<Row, Answer> {
    let row: Row = call.control_json()?;
    match row.keys().find(|name| entity.fields.iter().all(|field| field.name != name.as_str())) {
        Some(unknown) => Err(Answer::control_refused(&format!("{} has no field {unknown}", entity.path))),
        None => Ok(row),
    }
}

fn put_row(autotask: &mut Autotask, path: &str, id_text: &str, call: &Call) -> Result<Value, Answer> {
    let (entity, id) = (entity(path)?, id(id_text)?);
    let mut row = row(entity, call)?;
    row.insert("id".to_owned(), id.into());
    autotask.table_mut(entity).insert(id, row);
    Ok(json!({ "id": id }))
}

fn patch_row(autotask: &mut Autotask, path: &str, id_text: &str, call: &Call) -> Result<Value, Answer> {
    let (entity, id) = (entity(path)?, id(id_text)?);
    let changes = row(entity, call)?;
    let row = autotask.table_mut(entity).get_mut(&id).ok_or_else(|| Answer::control_refused("no such row"))?;
    row.extend(changes);
    row.insert("id".to_owned(), id.into());
    Ok(json!({ "id": id }))
}

fn delete_row(autotask: &mut Autotask, path: &str, id_text: &str) -> Result<Value, Answer> {
    let (entity, id) = (entity(path)?, id(id_text)?);
    autotask.table_mut(entity).remove(&id).ok_or_else(|| Answer::control_refused("no such row"))?;
    Ok(json!({ "id": id }))
}

/// All rows and settings; no credentials.
fn state(autotask: &Autotask) -> Value {
    let tables: serde_json::Map<String, Value> =
        autotask.tables().iter().map(|(path, table)| ((*path).to_owned(), json!(table.values().collect::<Vec<_>>()))).collect();
    json!({ "settings": autotask.settings, "rows": tables })
}
