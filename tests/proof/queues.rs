//! Queues of the local system as an operator looks at them: how much is in them, seen and unseen.

use serde_json::{Value, json};

use crate::local::LOCAL;
use crate::local_aws::HTTP;

/// All messages of a queue: those that can be received, those in somebody's hands, and those that are delayed.
pub(crate) async fn depth(queue_url: &str) -> u64 {
    let answer = call("GetQueueAttributes", json!({ "QueueUrl": queue_url, "AttributeNames": ["All"] })).await;
    let count = |name: &str| answer["Attributes"][name].as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    count("ApproximateNumberOfMessages")
        + count("ApproximateNumberOfMessagesNotVisible")
        + count("ApproximateNumberOfMessagesDelayed")
}

/// Calls SQS; the requests are not really signed, which only a local AWS accepts.
pub(crate) async fn call(operation: &str, arguments: Value) -> Value {
    let request = HTTP
        .post(&LOCAL.endpoint)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("AmazonSQS.{operation}"))
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20250101/eu-central-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
        );
    let answer = request.body(arguments.to_string()).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{operation}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}
