//! The policies of those who operate the stack: what the program calls, what its documents say that it needs, and what is allowed are the
//! same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex_lite::Regex;
use serde_json::Value;

use crate::template;

/// Where the program's calls of AWS are. The functions share most of these crates; whatever they call there, the program calls too.
const SOURCES: [&str; 5] = ["operator/src", "shared/connection/src", "shared/ledger/src", "shared/link/src", "shared/queue/src"];

/// The right that a call needs; `None`: it is none of AWS.
///
/// # Panics
///
/// If the call is not known here: its right belongs into the template, the documents and this table.
fn right_of(call: &str) -> Option<&'static str> {
    Some(match call {
        "describe_stacks" => "cloudformation:DescribeStacks",
        "get_item" => "dynamodb:GetItem",
        "batch_get_item" => "dynamodb:BatchGetItem",
        "query" => "dynamodb:Query",
        "update_item" => "dynamodb:UpdateItem",
        "send_message" => "sqs:SendMessage",
        "receive_message" => "sqs:ReceiveMessage",
        "change_message_visibility" | "change_message_visibility_batch" => "sqs:ChangeMessageVisibility",
        "delete_message" => "sqs:DeleteMessage",
        "invoke" => "lambda:InvokeFunction",
        "get_secret_value" => "secretsmanager:GetSecretValue",
        "create_secret" => "secretsmanager:CreateSecret",
        "put_secret_value" => "secretsmanager:PutSecretValue",
        // Of the appliance's client.
        "uses_tokens" => return None,
        unknown => panic!("which right does {unknown} need?"),
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn calls_below(folder: &Path, calls: &mut BTreeSet<String>) {
    let call = Regex::new(r"\bclient\s*\.(\w+)\(\)").unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            calls_below(&path, calls);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            calls.extend(call.captures_iter(&text).map(|found| found[1].to_owned()));
        }
    }
}

/// The rights that the program's own code needs.
fn needed() -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for source in SOURCES {
        calls_below(&root().join(source), &mut calls);
    }
    calls.iter().filter_map(|call| right_of(call)).map(str::to_owned).collect()
}

/// The rights that the template gives by that policy. What is only there with a key of one's own counts.
fn allowed(policy: &str) -> BTreeSet<String> {
    let document = template()["Resources"][policy]["Properties"]["PolicyDocument"].clone();
    let mut actions = BTreeSet::new();
    for statement in document["Statement"].as_array().unwrap() {
        let statement = statement.get("Fn::If").map_or(statement, |either| &either[1]);
        assert_eq!(statement["Effect"], "Allow");
        match &statement["Action"] {
            Value::String(action) => _ = actions.insert(action.clone()),
            several => actions.extend(several.as_array().unwrap().iter().map(|action| action.as_str().unwrap().to_owned())),
        }
    }
    actions
}

fn of_keys(rights: &BTreeSet<String>) -> BTreeSet<String> {
    rights.iter().filter(|right| right.starts_with("kms:")).cloned().collect()
}

#[test]
fn each_call_that_the_program_makes_is_allowed_to_the_operator_and_nothing_else_is() {
    let allowed = allowed("OperatorPolicy");
    let expected: BTreeSet<String> = needed().union(&of_keys(&allowed)).cloned().collect();
    assert_eq!(allowed, expected);
    assert!(allowed.len() > 10, "is this test still looking in the right place? {allowed:?}");
}

#[test]
fn documents_name_the_rights_of_the_operators_policy() {
    let text = std::fs::read_to_string(root().join("docs/operator-sessions.md")).unwrap();
    let (_, rights) = text.split_once("## Rights").unwrap();
    let named = Regex::new(r"`([a-z]+:[A-Z][A-Za-z]+)`").unwrap();
    let named: BTreeSet<String> = named.captures_iter(rights).map(|found| found[1].to_owned()).collect();
    assert_eq!(named, allowed("OperatorPolicy"));
}

#[test]
fn reader_can_change_nothing_and_read_no_secret() {
    let allowed: Vec<String> = allowed("ReaderPolicy").into_iter().collect();
    let reads = ["cloudformation:DescribeStacks", "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"];
    assert_eq!(allowed, reads);
}

#[test]
fn both_policies_are_about_the_stack_alone_and_told_by_it() {
    let template = template();
    for policy in ["ReaderPolicy", "OperatorPolicy"] {
        let text = template["Resources"][policy].to_string();
        assert!(!text.contains("\"Resource\":\"*\""), "{policy}");
        assert_eq!(template["Outputs"][format!("{policy}Arn")]["Value"]["Ref"], policy);
    }
}
