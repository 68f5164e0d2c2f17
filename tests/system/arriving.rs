//! What the appliance, or anybody else, posts: who is let in, what is answered, and where it is kept.

use serde_json::{Value, json};

use crate::harness::{Harness, TICKET, post, until};
use crate::local_aws::{self, Message, system};

#[tokio::test]
async fn wrong_token_and_unknown_appliance_are_refused_alike_and_nothing_is_stored() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    let refused = (401, String::new());
    assert_eq!(harness.post_with_token("local-token-wrong", &session.end_event()).await, refused);
    assert_eq!(harness.post_with_token("", &session.end_event()).await, refused);
    assert_eq!(post("nobody", "local-token-nobody", &session.end_event()).await, refused);

    // Whatever had been stored for this session would have been worked on before what comes now.
    session.announce(&session.end_event_later(1)).await;
    let item = session.settled().await;
    assert_eq!(item["fence"], 1, "one event has arrived: {item:#}");
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn malformed_form_is_answered_200_and_kept_in_quarantine() {
    let harness = Harness::new().await;
    let session = harness.unknown_session();
    let body = format!("event=support_conference_end&version=1&lsid={}/../x", session.lsid);
    assert_eq!(harness.post(&body).await, (200, "quarantined".to_owned()));

    let kept = message_with(&system().quarantine_queue_url, &session.lsid).await;
    let kept: Value = serde_json::from_str(&kept.body).unwrap();
    assert_eq!(kept["appliance"], harness.id);
    assert_eq!(kept["body"], body);
    assert!(kept["reason"].as_str().is_some_and(|reason| reason.contains("lsid")), "{kept:#}");
}

#[tokio::test]
async fn unknown_event_is_answered_200_and_ignored() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    assert_eq!(harness.post(&session.event("unknown-event")).await, (200, "ignored".to_owned()));

    session.ends().await;
    assert_eq!(session.settled().await["fence"], 1, "only the end has been worked on");
}

#[tokio::test]
async fn queue_message_that_cannot_be_read_goes_to_the_dead_letters_with_its_reason() {
    let harness = Harness::new().await;
    let session = harness.unknown_session();
    let not_json = format!("no JSON about {}", session.lsid);
    session.enqueue(&not_json).await;
    let dead = message_with(&system().dead_letter_queue_url, &not_json).await;
    assert_eq!(dead.body, not_json);
    assert!(dead.attributes["reason"].starts_with("unreadable message: not a queue message"), "{dead:?}");

    let later_version = json!({ "v": 2, "appliance": harness.id, "received_at": "2026-01-01T00:00:00Z", "source": "event", "body": session.end_event() });
    session.enqueue(&later_version.to_string()).await;
    let dead = message_with(&system().dead_letter_queue_url, &session.lsid).await;
    assert!(dead.attributes["reason"].contains("version 2 is not read"), "{dead:?}");
}

/// Waits for a message with this text in its body, and takes it out of the queue.
async fn message_with(queue_url: &str, text: &str) -> Message {
    let message = until(&format!("a message with {text}"), async || {
        local_aws::messages(queue_url).await.into_iter().find(|message| message.body.contains(text))
    })
    .await;
    local_aws::delete(queue_url, &message).await;
    message
}
