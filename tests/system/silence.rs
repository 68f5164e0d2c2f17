//! An appliance that is not heard of any more. Business hours are all hours here (infra/local/system.py).

use serde_json::{Value, json};

use crate::harness::until;
use crate::local_aws::{self, system};

/// An id that no other test or run has: what the worker remembers of an appliance outlives a test.
fn appliance() -> String {
    format!("silent.{:016x}", fastrand::u64(..))
}

/// An event of that appliance arrives in the queue; of a kind that nobody knows, so that nothing else comes of it.
async fn event_comes(group: &str, appliance: &str, source: &str, received_at: &str) {
    let body = "event=support_conference_unknown&lsid=7d1f0c52a9be4e6f8a3b90d4c6e21f57";
    let message = json!({ "v": 1, "appliance": appliance, "received_at": received_at, "source": source, "body": body });
    local_aws::send(&system().events_queue_url, group, &message.to_string()).await;
}

/// What the worker says when it is asked as the schedule asks it: the silent ones of these, and since when.
async fn silent(appliances: &[&str]) -> Vec<(String, String)> {
    let tokens: Vec<String> = appliances.iter().map(|appliance| format!("{appliance}={}", "ab".repeat(32))).collect();
    local_aws::invoke("worker", &json!({ "task": "silence", "appliance_tokens": tokens.join(",") })).await;
    // Whoever is not silent is not named: so one that certainly is comes along, and its line is awaited.
    let line =
        until("a line about silence", async || local_aws::log_lines("worker", &["silent_appliances", appliances[0]]).await.pop())
            .await;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["silent_appliances"], line["appliances"].as_array().unwrap().len());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let named = line["appliances"].as_array().unwrap().iter();
    named.map(|silent| (text(&silent["appliance"]), text(&silent["last_event_at"]))).collect()
}

#[tokio::test]
async fn appliance_whose_last_event_is_long_ago_is_named_and_a_new_or_busy_one_is_not() {
    let (long_ago, busy, new) = (appliance(), appliance(), appliance());
    let far_ahead = "2120-01-01T00:00:00Z";
    event_comes(&long_ago, &long_ago, "event", "2025-03-18T08:00:00Z").await;
    event_comes(&busy, &busy, "event", far_ahead).await;
    for (appliance, at) in [(&long_ago, "2025-03-18T08:00:00.000Z"), (&busy, "2120-01-01T00:00:00.000Z")] {
        let seen = until("the event is remembered", async || local_aws::ledger_item(appliance, "#seen").await).await;
        assert_eq!(seen["last_event_at"], at);
    }
    assert_eq!(silent(&[&long_ago, &busy, &new]).await, [(long_ago, "2025-03-18T08:00:00Z".to_owned())]);
}

#[tokio::test]
async fn replay_is_no_sign_of_life() {
    let (replayed, heard) = (appliance(), appliance());
    // One group, so the second message is worked on after the first.
    event_comes(&heard, &replayed, "replay", "2025-03-18T08:00:00Z").await;
    event_comes(&heard, &heard, "event", "2025-03-18T09:00:00Z").await;
    until("the event is remembered", async || local_aws::ledger_item(&heard, "#seen").await).await;
    assert_eq!(local_aws::ledger_item(&replayed, "#seen").await, None);
}
