//! `/api/command`: the self-test calls, session keys and session attributes. Shapes follow answers recorded from a real
//! appliance (namespace, blank lines); whatever is not simulated is `<error>Invalid action</error>`, as for a misspelt action.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::report::{document, error_element};
use super::settings::CommandRight;
use super::tenant::Appliance;
use super::xml::escape;
use crate::serving::exchange::{Answer, Call};

const COMMAND_NAMESPACE: &str = "http://www.bomgar.com/namespaces/API/command";
/// Longest external key and custom field, in characters (vendor reference).
const FIELD_CHARACTERS_MAX: usize = 1024;
/// All fields of one call together, in bytes (vendor reference).
const FIELDS_BYTES_MAX: usize = 10 * 1024;
/// Life of a session key, in seconds, unless the call gives one (measured by others on a real appliance).
const KEY_LIFE_SECONDS: i64 = 86_400;
const CUSTOM_PREFIX: &str = "session.custom.";

/// A session key that was handed out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SessionKey {
    short_key: String,
    queue: String,
    external_key: Option<String>,
    expires: i64,
}

/// Answers a command call that is already known to come from the account.
pub(crate) fn answer(appliance: &mut Appliance, call: &Call, parameters: &BTreeMap<String, String>, now: Timestamp) -> Answer {
    let action = parameters.get("action").map_or("", String::as_str);
    if !allowed(appliance.settings.may_command, action) {
        return refused(appliance, "You do not have permission to execute this command.");
    }
    let outcome = match action {
        "get_api_info" => Ok(api_information(appliance, now)),
        "check_health" => Ok(health(call)),
        "generate_session_key" => generate_session_key(appliance, call, parameters, now),
        "get_support_teams" => Ok(support_teams(appliance)),
        "set_session_attributes" => set_session_attributes(appliance, parameters),
        "get_session_attributes" => get_session_attributes(appliance, parameters),
        _ => Err("Invalid action"),
    };
    outcome.map_or_else(|text| refused(appliance, text), |body| document(&body))
}

fn allowed(right: CommandRight, action: &str) -> bool {
    match right {
        CommandRight::FullAccess => true,
        CommandRight::ReadOnly => !matches!(action, "generate_session_key" | "set_session_attributes"),
        CommandRight::None => action == "get_api_info",
    }
}

fn refused(appliance: &Appliance, text: &str) -> Answer {
    document(&error_element(appliance.settings.error_style, COMMAND_NAMESPACE, text))
}

fn api_information(appliance: &Appliance, now: Timestamp) -> String {
    let command = match appliance.settings.may_command {
        CommandRight::FullAccess => "full_access",
        CommandRight::ReadOnly => "read_only",
        CommandRight::None => "0",
    };
    let report = u8::from(appliance.settings.may_report);
    format!(
        "<api_information xmlns=\"{COMMAND_NAMESPACE}\">\n\t<api_version>1.19.0</api_version>\n\t<company_name>acme</company_name>\n\
         \t<timestamp>{}</timestamp>\n\t<permissions>\n\t\t<permission name=\"perm_command\">{command}</permission>\n\
         \t\t<permission name=\"perm_reporting_support\">{report}</permission>\n\
         \t\t<permission name=\"perm_reporting_presentation\">0</permission>\n\n\t</permissions>\n</api_information>",
        now.as_second()
    )
}

fn health(call: &Call) -> String {
    let host = call.tenant_url.trim_start_matches("http://").split('/').next().unwrap_or_default();
    format!(
        "<health_check xmlns=\"{COMMAND_NAMESPACE}\">\n\t<appliance id=\"0123456789abcdef0123456789abcdef\">{}</appliance>\n\
         \t<version>19.1.8 (37380-simulated)</version>\n\t<success>1</success>\n\t\t<failover_role>none</failover_role>\n</health_check>",
        escape(host)
    )
}

fn support_teams(appliance: &Appliance) -> String {
    let team = |(id, name): (&u64, &String)| {
        format!("\t<support_team id=\"{id}\">\n\t\t<name>{}</name>\n\t</support_team>\n", escape(name))
    };
    let teams: String = appliance.settings.teams.iter().map(team).collect();
    format!("<support_teams xmlns=\"{COMMAND_NAMESPACE}\">\n{teams}</support_teams>")
}

fn generate_session_key(
    appliance: &mut Appliance,
    call: &Call,
    parameters: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<String, &'static str> {
    if parameters.get("type").is_none_or(|kind| kind != "support") {
        return Err("A required parameter is missing or invalid: type.");
    }
    let queue = parameters.get("queue_id").ok_or("A required parameter is missing: queue_id.")?;
    let (queue_name, queue_id) = queue_parts(queue)?;
    // What a real one says is not documented, only that it refuses.
    match (queue_name, queue_id) {
        ("rep_username", Some(login))
            if appliance.settings.logins.as_ref().is_some_and(|known| !known.iter().any(|one| one == login)) =>
        {
            return Err("There is no such representative.");
        }
        ("team", Some(id)) if !id.parse().is_ok_and(|id: u64| appliance.settings.teams.contains_key(&id)) => {
            return Err("There is no such team.");
        }
        _ => {}
    }
    check_fields(parameters)?;
    let life: i64 = match parameters.get("ttl") {
        Some(ttl) => ttl.parse().ok().filter(|ttl| *ttl > 0).ok_or("The ttl is invalid.")?,
        None => KEY_LIFE_SECONDS,
    };
    let external_key = parameters.get("session.custom.external_key").filter(|key| !key.is_empty()).cloned();
    let key = SessionKey {
        short_key: format!("{:07}", fastrand::u32(1_000_000..10_000_000)),
        queue: queue.clone(),
        external_key,
        expires: now.as_second() + life,
    };
    let body = session_key_element(call, &key, (queue_name, queue_id), appliance.settings.somebody_available);
    appliance.session_keys.push(key);
    Ok(body)
}

fn queue_parts(queue: &str) -> Result<(&str, Option<&str>), &'static str> {
    match queue.split_once(':') {
        None if queue == "general" => Ok(("general", None)),
        Some((name @ ("rep" | "team" | "rep_username" | "issue"), id)) if !id.is_empty() => Ok((name, Some(id))),
        _ => Err("The queue_id is invalid."),
    }
}

fn session_key_element(call: &Call, key: &SessionKey, (queue, queue_id): (&str, Option<&str>), available: bool) -> String {
    let optional = |name: &str, value: Option<&str>| {
        value.map(|value| format!("\t<{name}>{}</{name}>\n", escape(value))).unwrap_or_default()
    };
    let link: String = (0..16).map(|_| format!("{:02x}", fastrand::u8(..))).collect();
    let url = escape(&format!("{}/?ak={link}", call.tenant_url));
    format!(
        "<session_key xmlns=\"{COMMAND_NAMESPACE}\">\n\n\t<type>support</type>\n\t<expires>{}</expires>\n\t<queue available=\"{}\">{queue}</queue>\n\
         {}{}\t<short_key>{}</short_key>\n\t<key_url>{url}</key_url>\n\t<mail_subject>Remote Support Invitation</mail_subject>\n\
         \t<mail_body>\nClick on the link below and follow the directions.\n\n{url}\n\t</mail_body>\n</session_key>",
        key.expires,
        u8::from(available),
        optional("queue_id", queue_id),
        optional("external_key", key.external_key.as_deref()),
        key.short_key,
    )
}

fn custom_fields(parameters: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    parameters.iter().filter_map(|(name, value)| Some((name.strip_prefix(CUSTOM_PREFIX)?, value.as_str())))
}

fn check_fields(parameters: &BTreeMap<String, String>) -> Result<(), &'static str> {
    if custom_fields(parameters).any(|(_, value)| value.chars().count() > FIELD_CHARACTERS_MAX) {
        return Err("A session attribute is too long.");
    }
    let total: usize = custom_fields(parameters).map(|(_, value)| value.len()).sum();
    if total > FIELDS_BYTES_MAX { Err("The session attributes are too long.") } else { Ok(()) }
}

fn set_session_attributes(appliance: &mut Appliance, parameters: &BTreeMap<String, String>) -> Result<String, &'static str> {
    check_fields(parameters)?;
    let lsid = parameters.get("lsid").ok_or("A required parameter is missing: lsid.")?;
    let session = appliance.sessions.get_mut(lsid).filter(|session| session.is_active());
    let session = session.ok_or("The session is not active.")?;
    for (name, value) in custom_fields(parameters) {
        if name == "external_key" {
            session.set_external_key(value);
        } else {
            session.set_custom_attribute(name, value);
        }
    }
    Ok(format!("<success xmlns=\"{COMMAND_NAMESPACE}\">Session attributes were set</success>"))
}

fn get_session_attributes(appliance: &Appliance, parameters: &BTreeMap<String, String>) -> Result<String, &'static str> {
    let lsid = parameters.get("lsid").ok_or("A required parameter is missing: lsid.")?;
    let session = appliance.sessions.get(lsid).filter(|session| session.is_active());
    let session = session.ok_or("The session is not active.")?;
    let attributes = session.custom_attributes();
    Ok(attributes.replacen("<custom_attributes", &format!("<custom_attributes xmlns=\"{COMMAND_NAMESPACE}\""), 1))
}
