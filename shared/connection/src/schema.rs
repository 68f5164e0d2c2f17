//! The JSON Schema of the document, for editors and for whoever generates documents.
//!
//! It comes from the types; what they cannot say (limits, old names, that other keys are mistakes) is added here.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use session::settings::TEMPLATE_NAMES;

use crate::check::{LIMITS, OBSOLETE_TIME_ENTRY_KEYS, RETRY_HOURS};
use crate::document::Document;

/// The JSON Schema (draft 2020-12) of the document. Stricter than the worker, as tools are: unknown keys do not pass.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document>().to_value();
    for limit in &LIMITS {
        set_limits(property(&mut schema, limit.path), *limit.range.start(), *limit.range.end());
    }
    set_limits(&mut schema["$defs"]["EventOptions"]["properties"]["retry_hours"], *RETRY_HOURS.start(), *RETRY_HOURS.end());
    allow_exactly_one_credential(&mut schema["$defs"]["ApplianceConnection"]);
    name_the_templates(&mut schema);
    add_old_names(&mut schema["$defs"]["TimeEntryDefaults"]["properties"]);
    refuse_other_keys(&mut schema);
    schema
}

/// The schema of the key at that path, through the definitions.
fn property<'a>(schema: &'a mut Value, path: &str) -> &'a mut Value {
    let (parents, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut pointer = String::new();
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        let definition = schema.pointer(&format!("{pointer}/properties/{parent}/$ref")).and_then(Value::as_str);
        pointer = definition.expect("sections of the document are definitions").trim_start_matches('#').to_owned();
    }
    schema.pointer_mut(&format!("{pointer}/properties/{key}")).expect("limits are set for keys of the document")
}

fn set_limits(number: &mut Value, minimum: u32, maximum: u32) {
    number["minimum"] = minimum.into();
    number["maximum"] = maximum.into();
}

fn allow_exactly_one_credential(appliance: &mut Value) {
    appliance["oneOf"] = json!([{ "required": ["oauth"] }, { "required": ["password"] }]);
    // Or `null` would count as one.
    for key in ["oauth", "password"] {
        let definition = appliance["properties"][key]["anyOf"][0]["$ref"].clone();
        let description = appliance["properties"][key]["description"].clone();
        appliance["properties"][key] = json!({ "$ref": definition, "description": description });
    }
}

fn name_the_templates(schema: &mut Value) {
    let text = json!({ "type": "string" });
    let properties: Map<_, _> = TEMPLATE_NAMES.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
    schema["properties"]["templates"]["properties"] = Value::Object(properties);
    if let Some(templates) = schema["properties"]["templates"].as_object_mut() {
        templates.remove("additionalProperties");
    }
}

fn add_old_names(properties: &mut Value) {
    let mut work_type = properties["billingCodeID"].clone();
    work_type["description"] = "Work type, under the old plugin's name.".into();
    properties["allocationCodeID"] = work_type;
    for (key, why) in OBSOLETE_TIME_ENTRY_KEYS {
        properties[key] = json!({ "type": "null", "description": format!("Of the old plugin; {why}.") });
    }
}

/// Every object with named keys takes no others.
fn refuse_other_keys(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && members.get("type") == Some(&json!("object")) {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            members.values_mut().for_each(refuse_other_keys);
        }
        Value::Array(values) => values.iter_mut().for_each(refuse_other_keys),
        _ => {}
    }
}
