//! The few calls of AWS that the tests make themselves, as plain JSON over HTTP: no SDK, so that nothing of what is under test
//! is trusted to test itself. Requests are not really signed, which only a local AWS accepts.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Map, Value, json};
use simulators::LocalSystem;

/// Longest that one call may take.
const CALL_TIME_LIMIT: Duration = Duration::from_secs(30);

/// The system under test.
pub(crate) fn system() -> &'static LocalSystem {
    LocalSystem::get()
}

/// Keeps no connections, for they would belong to the runtime of whichever test made them.
pub(crate) static HTTP: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::builder().no_proxy().tls_certs_only([]).pool_max_idle_per_host(0).timeout(CALL_TIME_LIMIT);
    client.build().expect("a client without certificates and proxy needs nothing of the machine")
});

/// Calls a service that speaks JSON; an error is its code and message.
async fn try_call(service: &str, target: &str, arguments: Value) -> Result<Value, String> {
    let request =
        HTTP.post(&system().endpoint).header("content-type", "application/x-amz-json-1.0").header("x-amz-target", target);
    let answer = authorized(request, service).body(arguments.to_string()).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    if status.is_success() { Ok(serde_json::from_str(&text).unwrap_or(Value::Null)) } else { Err(text) }
}

async fn call(service: &str, target: &str, arguments: Value) -> Value {
    try_call(service, target, arguments).await.unwrap_or_else(|error| panic!("{target}: {error}"))
}

fn authorized(request: RequestBuilder, service: &str) -> RequestBuilder {
    let scope = format!("local/20250101/{}/{service}/aws4_request", system().region);
    request.header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
}

// --- Secrets Manager -----------------------------------------------------------------------------------------------

/// Sets a secret, making it when it is new.
pub(crate) async fn put_secret(name: &str, text: &str) {
    let new = json!({ "Name": name, "SecretString": text });
    if try_call("secretsmanager", "secretsmanager.CreateSecret", new).await.is_err() {
        call("secretsmanager", "secretsmanager.PutSecretValue", json!({ "SecretId": name, "SecretString": text })).await;
    }
}

/// Removes a secret with all its versions; returns whether there was one.
pub(crate) async fn delete_secret(name: &str) -> bool {
    let exists = try_call("secretsmanager", "secretsmanager.DescribeSecret", json!({ "SecretId": name })).await.is_ok();
    if exists {
        let arguments = json!({ "SecretId": name, "ForceDeleteWithoutRecovery": true });
        call("secretsmanager", "secretsmanager.DeleteSecret", arguments).await;
    }
    exists
}

// --- Queues --------------------------------------------------------------------------------------------------------

/// A message, as it was received.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) body: String,
    pub(crate) attributes: BTreeMap<String, String>,
    receipt: String,
}

/// Puts a message into a FIFO queue, with a deduplication id that no other has.
pub(crate) async fn send(queue_url: &str, group: &str, body: &str) {
    let deduplication = format!("{:032x}", fastrand::u128(..));
    let message = json!({
        "QueueUrl": queue_url, "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": deduplication,
    });
    call("sqs", "AmazonSQS.SendMessage", message).await;
}

/// What can be received now; it stays visible, for others look as well.
pub(crate) async fn messages(queue_url: &str) -> Vec<Message> {
    let arguments = json!({
        "QueueUrl": queue_url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "MessageAttributeNames": ["All"],
        "AttributeNames": ["All"],
    });
    let answer = call("sqs", "AmazonSQS.ReceiveMessage", arguments).await;
    answer["Messages"].as_array().map(|messages| messages.iter().map(message).collect()).unwrap_or_default()
}

fn message(received: &Value) -> Message {
    let attributes = received["MessageAttributes"].as_object().cloned().unwrap_or_default();
    let texts = attributes.into_iter().map(|(name, value)| (name, text(&value["StringValue"])));
    Message { body: text(&received["Body"]), attributes: texts.collect(), receipt: text(&received["ReceiptHandle"]) }
}

/// Removes a message that was received.
pub(crate) async fn delete(queue_url: &str, message: &Message) {
    call("sqs", "AmazonSQS.DeleteMessage", json!({ "QueueUrl": queue_url, "ReceiptHandle": message.receipt })).await;
}

/// Makes a queue that receives whatever the topic is told, and returns its URL.
pub(crate) async fn subscribe(topic_arn: &str, queue_name: &str) -> String {
    let queue_url = text(&call("sqs", "AmazonSQS.CreateQueue", json!({ "QueueName": queue_name })).await["QueueUrl"]);
    let wanted = json!({ "QueueUrl": queue_url, "AttributeNames": ["QueueArn"] });
    let queue_arn = text(&call("sqs", "AmazonSQS.GetQueueAttributes", wanted).await["Attributes"]["QueueArn"]);
    let form = [
        ("Action", "Subscribe"),
        ("Version", "2010-03-31"),
        ("TopicArn", topic_arn),
        ("Protocol", "sqs"),
        ("Endpoint", &queue_arn),
    ];
    let answer = authorized(HTTP.post(&system().endpoint), "sns").form(&form).send().await.unwrap();
    assert!(answer.status().is_success(), "the alarm topic takes no subscription: {}", answer.text().await.unwrap());
    queue_url
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

// --- Ledger --------------------------------------------------------------------------------------------------------

/// An item of the ledger as plain JSON; `None` if there is none.
pub(crate) async fn ledger_item(appliance: &str, sort_key: &str) -> Option<Value> {
    let key = json!({ "appliance": { "S": appliance }, "lsid": { "S": sort_key } });
    let arguments = json!({ "TableName": system().ledger_table, "Key": key, "ConsistentRead": true });
    plain_item(&call("dynamodb", "DynamoDB_20120810.GetItem", arguments).await["Item"])
}

/// The sessions of an appliance that are listed for a person to look at.
pub(crate) async fn attention(appliance: &str) -> Vec<Value> {
    query("attention = :appliance", Some("attention"), appliance).await
}

/// Keeps a value in the ledger under a name that is no session's, as the operator's program does.
pub(crate) async fn put_ledger_value(appliance: &str, sort_key: &str, value: &Value) {
    let item = json!({
        "appliance": { "S": appliance }, "lsid": { "S": sort_key }, "value": attribute(value), "version": attribute(&value["version"]),
    });
    call("dynamodb", "DynamoDB_20120810.PutItem", json!({ "TableName": system().ledger_table, "Item": item })).await;
}

/// `1` becomes `{"N": "1"}`.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(values) => json!({ "L": values.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), attribute(value)));
            json!({ "M": Value::Object(members.collect()) })
        }
    }
}

/// Forgets all that the ledger knows of an appliance, as only a test may.
pub(crate) async fn forget(appliance: &str) {
    for item in query("appliance = :appliance", None, appliance).await {
        let key = json!({ "appliance": { "S": appliance }, "lsid": { "S": item["lsid"] } });
        call("dynamodb", "DynamoDB_20120810.DeleteItem", json!({ "TableName": system().ledger_table, "Key": key })).await;
    }
}

async fn query(condition: &str, index: Option<&str>, appliance: &str) -> Vec<Value> {
    let mut arguments = json!({
        "TableName": system().ledger_table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": { ":appliance": { "S": appliance } },
    });
    if let Some(index) = index {
        arguments["IndexName"] = index.into();
    }
    let answer = call("dynamodb", "DynamoDB_20120810.Query", arguments).await;
    answer["Items"].as_array().map(|items| items.iter().filter_map(plain_item).collect()).unwrap_or_default()
}

fn plain_item(item: &Value) -> Option<Value> {
    item.as_object().map(|attributes| Value::Object(plain_members(attributes)))
}

fn plain_members(members: &Map<String, Value>) -> Map<String, Value> {
    members.iter().map(|(name, attribute)| (name.clone(), plain(attribute))).collect()
}

/// `{"N": "1"}` becomes `1`.
fn plain(attribute: &Value) -> Value {
    let (kind, value) = attribute.as_object().and_then(|typed| typed.iter().next()).expect("an attribute has a type");
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => serde_json::from_str(number).expect("a number of the table is one of JSON"),
        ("L", Value::Array(values)) => values.iter().map(plain).collect(),
        ("M", Value::Object(members)) => Value::Object(plain_members(members)),
        ("NULL", _) => Value::Null,
        _ => value.clone(),
    }
}

// --- Lambda --------------------------------------------------------------------------------------------------------

/// Calls a function (`receiver`, `worker`, `poller`) with that payload, and waits for its answer, which is no error of Lambda.
pub(crate) async fn invoke(function: &str, payload: &Value) -> Value {
    let url = format!("{}/2015-03-31/functions/{}/invocations", system().endpoint, system().functions[function]);
    let answer = authorized(HTTP.post(url), "lambda").body(payload.to_string()).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    let failed = answer.headers().contains_key("x-amz-function-error");
    let text = answer.text().await.unwrap();
    assert!(!failed, "{text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// The variables that a function (`receiver`, `worker`) was deployed with.
pub(crate) async fn function_environment(function: &str) -> BTreeMap<String, String> {
    let url = format!("{}/2015-03-31/functions/{}/configuration", system().endpoint, system().functions[function]);
    let answer = authorized(HTTP.get(url), "lambda").send().await.unwrap().text().await.unwrap();
    let configuration: Value = serde_json::from_str(&answer).unwrap();
    let variables = configuration["Environment"]["Variables"].as_object().unwrap();
    variables.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

// --- Logs ----------------------------------------------------------------------------------------------------------

/// The lines of a function's log (`receiver`, `worker`) that hold all of these texts, oldest first.
pub(crate) async fn log_lines(function: &str, texts: &[&str]) -> Vec<String> {
    // The local AWS knows quoted terms, but no escape in them; and it looks through the oldest lines only, unless they are few.
    let pattern: Vec<String> = texts.iter().map(|wanted| format!("\"{wanted}\"")).collect();
    let arguments = json!({ "logGroupName": system().log_groups[function], "filterPattern": pattern.join(" ") });
    let answer = call("logs", "Logs_20140328.FilterLogEvents", arguments).await;
    let events = answer["events"].as_array().cloned().unwrap_or_default();
    events.iter().map(|event| text(&event["message"])).filter(|line| texts.iter().all(|wanted| line.contains(wanted))).collect()
}
