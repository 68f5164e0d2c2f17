//! Documents as administrators write them, with their mistakes, and what they are told.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use connection::{ApplianceCredentials, Document, DocumentError, Warning, json_schema};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use session::EventKind;
use session::settings::{Beneficiary, Mode, Span, TicketCreation, Visibility};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(workspace().join("events/connection").join(name)).unwrap()
}

/// The smallest document that can be used, with `value` at that path.
fn document_with(path: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(&sample("minimal.json")).unwrap();
    let mut place = &mut document;
    for key in path.split('.') {
        place = &mut place[key];
    }
    *place = value;
    document.to_string()
}

fn parse(json: &str) -> Document {
    Document::parse(json).unwrap().0
}

fn refusal(json: &str) -> String {
    Document::parse(json).map(|_| "nothing is wrong").unwrap_err().to_string()
}

fn warnings(json: &str) -> Vec<String> {
    Document::parse(json).unwrap().1.iter().map(Warning::to_string).collect()
}

#[test]
fn every_mistake_is_named_with_its_key_and_what_is_expected() {
    let plain = json!("http://support.example.com");
    let mistakes = [
        ("version", json!(2)),
        ("mode", json!("delivery")),
        ("deliver_from", json!("yesterday")),
        ("deliver_from", json!("2026-11-22")),
        ("time_zone", json!("Berlin")),
        ("shadow_days", json!(0)),
        ("shadow_days", json!(401)),
        ("retry_hours", json!(0)),
        ("retry_hours", json!(-1)),
        ("retry_hours", json!("72")),
        ("events.support_conference_end", json!("on")),
        ("events.support_conference_end", json!({ "retry_hours": 400 })),
        ("events.support_conference_end", json!({ "retry_hours": "24" })),
        ("events", json!([])),
        ("appliance", json!("support.example.com")),
        ("appliance.url", json!("support.example.com")),
        ("appliance.url", json!("ftp://support.example.com")),
        ("appliance.url", json!("https://user:password@support.example.com")),
        ("appliance.url", json!("https://support.example.com/?a=b")),
        ("appliance.url", plain.clone()),
        ("appliance.oauth", json!(null)),
        ("appliance.oauth.client_secret", json!(" ")),
        ("appliance.oauth.client_secret", json!(12_345_678)),
        ("appliance.password", json!({ "username": "a", "password": "b" })),
        ("appliance.password", json!({ "username": "a" })),
        ("appliance.locale", json!("German, please")),
        ("appliance.ca_certificate", json!("MIIB")),
        ("appliance.allow_plain_http", json!("yes")),
        ("polling.overlap_hours", json!(10_000)),
        ("polling.look_again_hours", json!(6)),
        ("polling.look_again_hours", json!([1, "6"])),
        ("polling.look_again_hours", json!([1, 0])),
        ("polling.look_again_hours", json!([1, 2, 3, 4, 5, 6, 7, 8, 9])),
        ("autotask.zone_url", plain),
        ("autotask.username", json!("")),
        ("autotask.secret", json!(null)),
        ("autotask.external_key_pattern", json!("CASE-(\\d+")),
        ("autotask.external_key_pattern", json!("CASE-\\d+")),
        ("autotask.external_key_pattern", json!("(?:a?){600}(b)")),
        ("autotask.stale_ticket_days", json!(0)),
        ("autotask.unknown_write_wait_seconds", json!(100_000)),
        ("autotask.note.type", json!("1")),
        ("autotask.note.visibility", json!("public")),
        ("autotask.time_entry.default_domain", json!("@acme.example")),
        ("autotask.time_entry.resources", json!({ "dwhitfield": "" })),
        ("autotask.time_entry.resources", json!({ "dwhitfield": 4711 })),
        ("autotask.time_entry.span", json!("all")),
        ("autotask.time_entry.for", json!("everybody")),
        ("autotask.time_entry.minimum_seconds", json!(90_000)),
        ("autotask.time_entry.maximum_hours", json!(25)),
        ("autotask.time_entry.rounding", json!({ "minutes": 0, "direction": "up" })),
        ("autotask.time_entry.rounding", json!({ "minutes": 15, "direction": "down" })),
        ("autotask.time_entry.rounding", json!({ "minutes": 15 })),
        ("autotask.time_entry.rounding", json!(15)),
        ("autotask.time_entry.overlap", json!("warn")),
        ("autotask.time_entry.minimum_billed_minutes", json!(1_441)),
        ("autotask.time_entry.defaults", json!({ "contractID": "29683" })),
        ("autotask.time_entry.defaults", json!({ "billingCodeID": 1, "allocationCodeID": 2 })),
        ("autotask.ticket.defaults", json!({ "userDefinedFields": [] })),
        ("redact.cards", json!("yes")),
        ("redact.patterns", json!("KD-.*")),
        ("redact.patterns", json!(["KD-\\d{6}", "KD-("])),
        ("redact.patterns", json!(["x*"])),
        ("redact.patterns", json!(["(?:a?){600}b"])),
        ("redact.patterns", json!(["x".repeat(201)])),
        ("redact.patterns", json!(vec!["x"; 11])),
        ("templates", json!({ "session_note": 1 })),
    ];
    let told: Vec<_> = mistakes
        .into_iter()
        .map(|(path, value)| format!("{path} = {value}\n    {}", refusal(&document_with(path, value.clone()))))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn text_that_is_no_document_is_refused_with_its_place() {
    assert_eq!(refusal(""), "line 1, column 0: not JSON");
    assert_eq!(refusal("{\n  \"version\": 1,\n}"), "line 3, column 1: not JSON");
    assert_eq!(refusal("\"a password\""), "`the document`: expected an object");
    assert_eq!(refusal("{}"), "`version`: is missing");
    assert_eq!(refusal(&format!("{} {{}}", sample("minimal.json"))), "line 17, column 2: not JSON");
    assert_eq!(refusal(&" ".repeat(70_000)), "the document is larger than 65536 bytes");
}

#[test]
fn missing_keys_are_named_wherever_they_are() {
    assert_eq!(refusal(&sample("missing-key.json")), "`time_zone`: is missing");
    assert_eq!(
        refusal(&document_with("appliance.oauth", json!({ "client_id": "a" }))),
        "`appliance.oauth.client_secret`: is missing"
    );
    assert_eq!(refusal(&document_with("autotask", json!({}))), "`autotask.username`: is missing");
}

#[test]
fn bad_time_zone_names_its_key() {
    let error = Document::parse(&sample("bad-time-zone.json")).unwrap_err();
    assert_eq!(error.path(), Some("time_zone"));
    assert_eq!(error.to_string(), "`time_zone`: expected the IANA name of a time zone, as in Europe/Berlin");
}

#[test]
fn typing_error_is_a_warning_for_the_worker_and_a_refusal_for_tools() {
    let json = sample("with-typo.json");
    assert_eq!(warnings(&json), ["`autotask.time_entry.enbled`: unknown key"]);
    assert!(!parse(&json).settings().time_entry.enabled);
    let error = Document::parse_strictly(&json).unwrap_err();
    assert_eq!(error.to_string(), "`autotask.time_entry.enbled`: unknown key");
}

#[test]
fn all_unknown_keys_are_named_at_once() {
    let mut document: Value = serde_json::from_str(&sample("minimal.json")).unwrap();
    document["retry_hour"] = json!(3);
    document["appliance"]["oauth"]["scope"] = json!("all");
    document["events"] = json!({ "support_conference_ended": true, "support_conference_end": { "retry": 1 } });
    document["templates"] = json!({ "note": "{{lsid}}" });
    document["autotask"]["note"] = json!({ "kind": 1 });
    insta::assert_snapshot!(Document::parse_strictly(&document.to_string()).unwrap_err().to_string().replace("; ", "\n"));
}

#[test]
fn template_that_cannot_be_used_is_a_warning() {
    let told = warnings(&document_with("templates", json!({ "session_note": "{{#if duration}}" })));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("`templates.session_note`: the built-in template is used instead, "), "{told:?}");
}

#[test]
fn which_sessions_get_tickets_is_chosen_by_name_or_by_the_first_releases_yes_and_no() {
    let cases = [
        (json!(false), TicketCreation::Off),
        (json!("off"), TicketCreation::Off),
        (json!(true), TicketCreation::JsonKey),
        (json!("json_key"), TicketCreation::JsonKey),
        (json!("always"), TicketCreation::Always),
    ];
    for (written, meant) in cases {
        let (document, warnings) =
            Document::parse_strictly(&document_with("autotask.ticket", json!({ "create": written }))).unwrap();
        assert_eq!(document.settings().ticket_creation, meant);
        assert_eq!(warnings, [], "{written}");
        let joins = document.is_enabled(EventKind::SupportConferenceMemberAdded);
        assert_eq!(joins, meant != TicketCreation::Off, "joins are heard of where they matter, without another setting");
    }
}

#[test]
fn tickets_that_are_created_without_hearing_of_joins_are_warned_of() {
    let mut document: Value = serde_json::from_str(&sample("minimal.json")).unwrap();
    document["autotask"]["ticket"] = json!({ "create": "always" });
    document["events"] = json!({ "support_conference_member_added": false });
    let told = warnings(&document.to_string());
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("created only at the end of sessions"), "{told:?}");
}

#[test]
fn given_up_protection_is_warned_of_and_accepted_by_tools() {
    let mut document: Value = serde_json::from_str(&sample("minimal.json")).unwrap();
    document["appliance"]["url"] = json!("http://127.0.0.1:4571/t/default");
    document["appliance"]["allow_plain_http"] = json!(true);
    document["appliance"]["allow_invalid_certificates"] = json!(true);
    document["autotask"]["zone_url"] = json!("http://127.0.0.1:4572/t/default/ATServicesRest/");
    document["autotask"]["allow_plain_http"] = json!(true);
    let (_, decisions) = Document::parse_strictly(&document.to_string()).unwrap();
    insta::assert_snapshot!(decisions.iter().map(Warning::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn old_plugins_data_can_be_pasted_with_all_its_nulls() {
    let (document, warnings) = Document::parse_strictly(&sample("full.json")).unwrap();
    assert!(warnings.is_empty());
    let time_entry = document.settings().time_entry;
    assert_eq!(time_entry.role_name.as_deref(), Some("Engineer"));
    assert_eq!(time_entry.summary.as_deref(), Some("Remote support session"));
    let defaults = document.autotask.time_entry.defaults;
    assert_eq!(defaults.billing_code_id, Some(29683));
    assert_eq!((defaults.contract_id, time_entry.offset_hours), (None, None));
    let ticket = document.autotask.ticket.defaults;
    assert_eq!(ticket["accountName"], "Acme, Inc.");
    assert!(!ticket.contains_key("userAgentID"), "null means not set");
}

#[test]
fn old_plugins_value_that_would_be_lost_is_named() {
    let data = json!({ "roleName": "Engineer", "taskId": 4711, "internalRepID": null, "date": "today" });
    assert_eq!(
        warnings(&document_with("autotask.time_entry", json!({ "defaults": data }))),
        [
            "`autotask.time_entry.defaults.date`: has no effect, the day is that of the session's start",
            "`autotask.time_entry.defaults.taskId`: has no effect, time is written on tickets, not on tasks",
        ]
    );
}

#[test]
fn defaults_are_those_of_the_table() {
    let (document, warnings) = Document::parse_strictly(&sample("minimal.json")).unwrap();
    assert!(warnings.is_empty());
    let settings = document.settings();
    assert_eq!((settings.mode, settings.deliver_from, settings.shadow_days), (Mode::Deliver, None, 30));
    assert_eq!(settings.time_zone.iana_name(), Some("Europe/Berlin"));
    assert!(settings.retry_hours.values().all(|hours| *hours == 72) && settings.retry_hours.len() == EventKind::ALL.len());
    assert_eq!(
        settings.enabled_events,
        [
            EventKind::SupportConferenceEnd,
            EventKind::SupportConferenceCustomerExitSurveyCompleted,
            EventKind::SupportConferenceRepExitSurveyCompleted
        ]
    );
    assert!(document.autotask.external_key_pattern.is_none());
    assert_eq!((settings.stale_ticket_days, settings.unknown_write_wait_seconds), (90, 300));
    assert_eq!((document.autotask.note.note_type, settings.note.visibility), (1, Visibility::Internal));
    let time_entry = settings.time_entry;
    assert_eq!((time_entry.enabled, time_entry.minimum_seconds, time_entry.maximum_hours), (false, 60, 8));
    assert_eq!((time_entry.span, time_entry.beneficiary), (Span::Session, Beneficiary::Primary));
    assert!(settings.templates.is_empty());
    assert_eq!(document.appliance.locale, "en-us");
    assert!(!document.polling.enabled && document.polling.overlap_hours == 2);
    assert_eq!((document.autotask.ticket.create, document.autotask.ticket.due_hours), (TicketCreation::Off, 24));
    assert_eq!(document.polling.look_again_hours, [1, 6, 24, 72]);
    assert!(parse(&document_with("polling", json!({ "look_again_hours": [] }))).polling.look_again_hours.is_empty());
}

#[test]
fn events_are_switched_and_tried_as_the_document_says() {
    let settings = parse(&sample("full.json")).settings();
    assert_eq!(settings.deliver_from, Some("2025-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(settings.retry_hours[&EventKind::SupportConferenceEnd], 24);
    assert_eq!(settings.retry_hours[&EventKind::SupportConferenceBegin], 72);

    let mut document: Value = serde_json::from_str(&sample("minimal.json")).unwrap();
    document["retry_hours"] = json!(10);
    document["events"] = json!({
        "support_conference_end": false,
        "support_conference_begin": { "retry_hours": 5 },
        "support_conference_owner_changed": {},
    });
    let settings = parse(&document.to_string()).settings();
    assert!(!settings.enabled_events.contains(&EventKind::SupportConferenceEnd));
    assert!(settings.enabled_events.contains(&EventKind::SupportConferenceBegin));
    assert!(settings.enabled_events.contains(&EventKind::SupportConferenceOwnerChanged));
    assert_eq!(settings.retry_hours[&EventKind::SupportConferenceBegin], 5);
    assert_eq!(settings.retry_hours[&EventKind::SupportConferenceOwnerChanged], 10);
}

#[test]
fn member_added_is_on_when_tickets_are_created_unless_it_is_switched_off() {
    let kind = EventKind::SupportConferenceMemberAdded;
    let mut document: Value = serde_json::from_str(&sample("minimal.json")).unwrap();
    document["autotask"]["ticket"] = json!({ "create": true });
    assert!(parse(&document.to_string()).is_enabled(kind));
    document["events"] = json!({ "support_conference_member_added": false });
    assert!(!parse(&document.to_string()).is_enabled(kind));
}

#[test]
fn either_credential_serves() {
    match parse(&sample("minimal.json")).appliance.credentials() {
        ApplianceCredentials::OAuth(oauth) => assert_eq!(oauth.client_secret.expose_secret(), "invented-client-secret"),
        ApplianceCredentials::Password(_) => panic!("the document has an OAuth account"),
    }
    match parse(&sample("legacy-password.json")).appliance.credentials() {
        ApplianceCredentials::Password(password) => assert_eq!(password.username, "session-bridge"),
        ApplianceCredentials::OAuth(_) => panic!("the document has a user"),
    }
}

#[test]
fn identity_is_of_the_tenant_and_the_user_and_never_of_a_secret() {
    let identity = |path: &str, value: Value| parse(&document_with(path, value)).autotask.identity();
    let own = parse(&sample("minimal.json")).autotask.identity();
    assert_eq!(own, parse(&sample("minimal.json")).autotask.identity());
    assert!(own.len() == 32 && own.bytes().all(|byte| byte.is_ascii_hexdigit()), "{own}");
    for (path, value) in [
        ("autotask.secret", json!("renewed")),
        ("autotask.integration_code", json!("RENEWED")),
        ("autotask.note", json!({ "type": 3 })),
        ("autotask.time_entry", json!({ "enabled": true, "defaults": { "isNonBillable": false, "summaryNotes": "other" } })),
        ("name", json!("Acme")),
    ] {
        assert_eq!(identity(path, value), own, "{path}");
    }
    let zone = |url: &str| identity("autotask.zone_url", json!(url));
    let others = [
        identity("autotask.username", json!("restricted@acme.example")),
        zone("https://webservices19.autotask.net/ATServicesRest/"),
        zone("https://webservices6.autotask.net/ATServicesRest/"),
        identity("autotask.time_entry", json!({ "defaults": { "isNonBillable": true } })),
        identity("autotask.time_entry", json!({ "defaults": { "contractID": 4711 } })),
        identity("autotask.time_entry", json!({ "defaults": { "billingCodeID": 4711 } })),
    ];
    let all: BTreeSet<_> = others.iter().chain([&own]).collect();
    assert_eq!(all.len(), 7, "each is another one: {others:?}");
    assert_eq!(zone("https://webservices19.autotask.net/ATServicesRest"), others[1], "with and without a slash");
}

/// What the samples keep secret; in none of them it is an ordinary word.
const SECRETS: [&str; 4] =
    ["invented-client-secret", "invented$Secret#with~odd*signs@", "INVENTEDINTEGRATIONCODE0001", "invented&password=with%signs"];

#[test]
fn secrets_are_never_printed() {
    for name in ["minimal.json", "full.json", "legacy-password.json"] {
        let printed = format!("{:?}", parse(&sample(name)));
        assert!(SECRETS.iter().all(|secret| !printed.contains(secret)), "{name}: {printed}");
    }
}

#[test]
fn secret_in_the_wrong_place_is_not_told() {
    let paths = leaf_paths(&serde_json::from_str(&sample("full.json")).unwrap(), "");
    for path in paths.iter().filter(|path| !path.contains("resources")) {
        for value in [json!("a-secret, expected nowhere"), json!(["a-secret"]), json!({ "a": "a-secret" }), json!(73_737_373)] {
            let told = match Document::parse(&document_with(path, value)) {
                Ok((document, warnings)) if !path.contains("name") => {
                    format!("{warnings:?} {:?}", document.appliance.credentials())
                }
                Ok((_, warnings)) => format!("{warnings:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            let is_told = told.contains("a-secret") || told.contains("73737373");
            assert!(!is_told || path.ends_with("client_id"), "{path}: {told}");
        }
    }
}

#[test]
fn names_of_users_are_not_told() {
    let told = refusal(&document_with("autotask.time_entry", json!({ "resources": { "dwhitfield": 1 } })));
    assert_eq!(told, "`autotask.time_entry.resources`: expected a text");
}

/// The paths of all values that are not objects.
fn leaf_paths(value: &Value, path: &str) -> Vec<String> {
    let Value::Object(members) = value else { return vec![path.to_owned()] };
    let separator = if path.is_empty() { "" } else { "." };
    members.iter().flat_map(|(key, value)| leaf_paths(value, &format!("{path}{separator}{key}"))).collect()
}

#[test]
fn checked_in_schema_is_current() {
    let checked_in = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("connection.schema.json")).unwrap();
    let current = format!("{:#}\n", json_schema());
    assert!(checked_in == current, "run: cargo run -p connection --example schema > shared/connection/connection.schema.json");
}

/// All keys that the schema knows, as paths; `*` stands for keys that the administrator chooses.
fn schema_paths(schema: &Value, part: &Value, path: &str) -> BTreeSet<String> {
    let part = match part["$ref"].as_str() {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap(),
        None => part,
    };
    let separator = if path.is_empty() { "" } else { "." };
    let mut paths = BTreeSet::from([path.to_owned()]);
    if let Some(properties) = part["properties"].as_object() {
        for (key, part) in properties {
            paths.extend(schema_paths(schema, part, &format!("{path}{separator}{key}")));
        }
    } else if part["additionalProperties"].is_object() {
        paths.insert(format!("{path}{separator}*"));
    }
    for choice in part["anyOf"].as_array().into_iter().flatten() {
        paths.extend(schema_paths(schema, choice, path));
    }
    paths
}

#[test]
fn schema_knows_every_key_of_the_samples_but_the_misspelt_one() {
    let schema = json_schema();
    let known = schema_paths(&schema, &schema, "");
    let mut unknown = Vec::new();
    for file in std::fs::read_dir(workspace().join("events/connection")).unwrap() {
        let document: Value = serde_json::from_str(&std::fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        let paths = leaf_paths(&document, "");
        let is_known = |path: &str| {
            let (parent, _) = path.rsplit_once('.').unwrap_or_default();
            known.contains(path) || known.contains(&format!("{parent}.*"))
        };
        unknown.extend(paths.into_iter().filter(|path| !is_known(path)));
    }
    assert_eq!(unknown, ["autotask.time_entry.enbled"]);
}

#[test]
fn full_sample_has_every_key_that_the_old_plugin_had_and_every_section() {
    let schema = json_schema();
    let used: BTreeSet<_> = leaf_paths(&serde_json::from_str(&sample("full.json")).unwrap(), "").into_iter().collect();
    let is_used = |path: &String| used.iter().any(|leaf| leaf == path || leaf.starts_with(&format!("{path}.")));
    let missing: Vec<_> = schema_paths(&schema, &schema, "")
        .into_iter()
        .filter(|path| !path.is_empty() && !path.ends_with('*'))
        .filter(|path| !is_used(path))
        .collect();
    insta::assert_snapshot!(missing.join("\n"));
}

#[test]
fn manual_explains_every_key() {
    let manual = std::fs::read_to_string(workspace().join("docs/connection.md")).unwrap();
    let schema = json_schema();
    let is_explained = |path: &String| {
        let key = path.trim_end_matches(".*");
        manual.lines().any(|line| line.starts_with('|') && line.contains(&format!("`{key}`")))
    };
    let missing: Vec<_> =
        schema_paths(&schema, &schema, "").into_iter().filter(|path| !path.is_empty() && !is_explained(path)).collect();
    assert!(missing.is_empty(), "docs/connection.md lacks {missing:?}");
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        let _ = Document::parse(&text);
    }

    #[test]
    fn no_value_at_any_key_makes_the_parser_panic(index in any::<prop::sample::Index>(), value in any_value()) {
        let document: Value = serde_json::from_str(&sample("full.json")).unwrap();
        let paths = leaf_paths(&document, "");
        match Document::parse(&document_with(&paths[index.index(paths.len())], value)) {
            Ok((document, _)) => prop_assert_eq!(document.settings().retry_hours.len(), EventKind::ALL.len()),
            Err(error) => prop_assert!(!matches!(error, DocumentError::Rejected(_))),
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({ "": {} })),
    ]
}
