//! What an entity says about itself: rights, fields, picklists.

use serde_json::{Value, json};

use super::schema::{
    Entity, Field, Kind, Root, TICKET_ATTACHMENTS, TICKET_NOTE_ATTACHMENTS, TICKET_NOTES, TICKETS, TIME_ENTRY_ATTACHMENTS,
};
use super::tenant::Autotask;
use super::wire::ok;
use crate::serving::exchange::Answer;

/// `GET /{Entity}/entityInformation`
pub(crate) fn entity_information(autotask: &Autotask, entity: &Entity) -> Answer {
    let permission = autotask.permission(entity);
    let restricted = autotask.settings.restricted.contains_key(entity.path);
    let access = |allowed: bool| match (allowed, restricted) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    };
    let can_create = entity.root != Root::ReadOnly || is_child(entity);
    let can_update = matches!(entity.root, Root::CreateUpdate | Root::CreateUpdateDelete) || entity.path == TICKET_NOTES.path;
    ok(&json!({ "info": {
        "name": entity.name,
        "canCreate": can_create,
        "canUpdate": can_update,
        "canQuery": true,
        "canDelete": entity.root == Root::CreateUpdateDelete,
        "userAccessForCreate": access(permission.create),
        "userAccessForUpdate": access(permission.update),
        "userAccessForQuery": access(permission.query),
        "userAccessForDelete": access(permission.delete),
        "hasUserDefinedFields": entity.field("userDefinedFields").is_some(),
        "supportsWebhookCallouts": false,
    } }))
}

fn is_child(entity: &Entity) -> bool {
    [&TICKET_NOTES, &TICKET_ATTACHMENTS, &TICKET_NOTE_ATTACHMENTS, &TIME_ENTRY_ATTACHMENTS]
        .iter()
        .any(|child| child.path == entity.path)
}

/// `GET /{Entity}/entityInformation/fields`
pub(crate) fn fields(entity: &Entity) -> Answer {
    let fields: Vec<Value> =
        entity.fields.iter().filter(|field| field.kind != Kind::UserDefined).map(field_information).collect();
    ok(&json!({ "fields": fields }))
}

fn field_information(field: &Field) -> Value {
    let (data_type, length) = match field.kind {
        Kind::Integer if field.name == "id" => ("long", 0),
        Kind::Integer => ("integer", 0),
        Kind::Decimal => ("decimal", 0),
        Kind::Boolean => ("boolean", 0),
        Kind::Text(characters_max) => ("string", characters_max),
        Kind::DateTime | Kind::Date => ("datetime", 0),
        Kind::Base64 => ("byte[]", 0),
        Kind::UserDefined => ("array", 0),
    };
    json!({
        "name": field.name,
        "dataType": data_type,
        "length": length,
        "isRequired": field.required,
        "isReadOnly": field.read_only,
        "isQueryable": field.queryable,
        "isReference": field.reference.is_some(),
        "referenceEntityType": field.reference.unwrap_or_default(),
        "isPickList": field.picklist.is_some(),
        "picklistValues": field.picklist.map(picklist_values),
        "picklistParentValueField": if field.name == "subIssueType" { "issueType" } else { "" },
        "isSupportedWebhookField": false,
    })
}

/// Values are strings here, and integers in rows.
fn picklist_values(picklist: &[(i64, &str, bool)]) -> Vec<Value> {
    let entry = |(order, (value, label, is_system)): (usize, &(i64, &str, bool))| {
        json!({
            "value": value.to_string(),
            "label": label,
            "isDefaultValue": order == 0,
            "sortOrder": order + 1,
            "parentValue": "",
            "isActive": true,
            "isSystem": is_system,
        })
    };
    picklist.iter().enumerate().map(entry).collect()
}

/// `GET /{Entity}/entityInformation/userDefinedFields`: tickets have one.
pub(crate) fn user_defined_fields(entity: &Entity) -> Answer {
    let field = json!({
        "name": "Asset Tag", "label": "Asset Tag", "type": "Text", "length": 8000, "isRequired": false,
        "isPickList": false, "picklistValues": null,
    });
    let fields = if entity.path == TICKETS.path { vec![field] } else { Vec::new() };
    ok(&json!({ "fields": fields }))
}
