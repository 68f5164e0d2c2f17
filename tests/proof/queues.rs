//! Queues of the local system as an operator looks at them: how much is in them, seen and unseen.

use serde_json::{Value, json};

use crate::harness::{Harness, Session};
use crate::local_aws::{self, HTTP, system};

/// All messages of a queue: those that can be received, those in somebody's hands, and those that are delayed.
pub(crate) async fn depth(queue_url: &str) -> u64 {
    let answer = call("GetQueueAttributes", json!({ "QueueUrl": queue_url, "AttributeNames": ["All"] })).await;
    let count = |name: &str| answer["Attributes"][name].as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    count("ApproximateNumberOfMessages")
        + count("ApproximateNumberOfMessagesNotVisible")
        + count("ApproximateNumberOfMessagesDelayed")
}

/// Makes an event queue like the template's, with a name that no other has, and returns its URL.
pub(crate) async fn make(purpose: &str) -> String {
    let attributes = json!({
        "FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId",
        "ContentBasedDeduplication": "false",
    });
    let name = format!("{purpose}-{:08x}.fifo", fastrand::u32(..));
    let answer = call("CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
    answer["QueueUrl"].as_str().expect("a queue has a URL").to_owned()
}

/// Puts the end of a session into a queue, as the receiver does; returns its message group.
pub(crate) async fn put_end(queue_url: &str, harness: &Harness, session: &Session<'_>) -> String {
    #[expect(clippy::disallowed_methods, reason = "the receiver would say when it took the event")]
    let now = jiff::Timestamp::now();
    let message = json!({ "v": 1, "appliance": harness.id, "received_at": now, "source": "event", "body": session.end_event() });
    let group = format!("{}:{}", harness.id, session.lsid);
    local_aws::send(queue_url, &group, &message.to_string()).await;
    group
}

/// Calls SQS.
pub(crate) async fn call(operation: &str, arguments: Value) -> Value {
    try_call(operation, arguments).await.unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
}

/// Calls SQS, which may refuse; the requests are not really signed, which only a local AWS accepts.
pub(crate) async fn try_call(operation: &str, arguments: Value) -> Result<Value, String> {
    let scope = format!("local/20250101/{}/sqs/aws4_request", system().region);
    let request = HTTP
        .post(&system().endpoint)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("AmazonSQS.{operation}"))
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"));
    let answer = request.body(arguments.to_string()).send().await.map_err(|error| error.to_string())?;
    let (status, text) = (answer.status(), answer.text().await.map_err(|error| error.to_string())?);
    if status.is_success() { Ok(serde_json::from_str(&text).unwrap_or(Value::Null)) } else { Err(text) }
}
