//! Faults on the line to SQS, each as long as it lasts: 503, and once all is well the resent event is stored, once. That it takes less than two
//! seconds follows from the time-outs (`aws::Timeouts::RECEIVER`), not from a clock in a test.

use simulators::sqs::FakeSqs;
use simulators::{FaultyWire, WireFault};

use crate::answers::{post, receiver};
use crate::payload;

/// What goes wrong; `None`: nobody listens.
fn faults(elsewhere: &str) -> Vec<Option<WireFault>> {
    let answer = |status, headers: &[(&'static str, &str)], body| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Some(WireFault::Answer { status, headers, body })
    };
    vec![
        None,
        Some(WireFault::ResetBefore),
        Some(WireFault::ResetAfter),
        Some(WireFault::AnswerLost),
        Some(WireFault::Stall),
        Some(WireFault::HalfBody),
        Some(WireFault::Garbage),
        answer(200, &[("content-type", "text/html")], "<!DOCTYPE html><html></html>"),
        answer(302, &[("location", elsewhere)], ""),
        answer(401, &[], ""),
        answer(403, &[], ""),
        answer(404, &[], ""),
        answer(429, &[], ""),
        answer(429, &[("retry-after", "30")], ""),
        answer(503, &[], ""),
        answer(500, &[("content-type", "application/x-amz-json-1.0")], r#"{"__type":"com.amazonaws.sqs#InternalFailure"}"#),
    ]
}

#[tokio::test]
async fn every_fault_of_the_queue_is_503_and_the_resent_event_is_stored_once() {
    let elsewhere = FakeSqs::start().await;
    for fault in faults(&elsewhere.url) {
        for name in ["support_conference_end", "malformed-no-event"] {
            let sqs = FakeSqs::start().await;
            let wire = FaultyWire::to(&sqs.url).await;
            let receiver = receiver(&wire.url());
            match &fault {
                None => wire.refuse().await,
                Some(fault) => wire.harm(fault.clone(), "", usize::MAX),
            }
            let answer = post(&receiver, &payload(name)).await;
            assert_eq!(answer.shown(), (503, "unavailable"), "{name}: {fault:?}");

            wire.calm().await;
            let expected = if name == "support_conference_end" { "queued" } else { "quarantined" };
            assert_eq!(post(&receiver, &payload(name)).await.shown(), (200, expected), "{name}: {fault:?}");
            let effects =
                if matches!(fault, Some(WireFault::AnswerLost | WireFault::HalfBody | WireFault::Garbage)) { 3 } else { 1 };
            // Quarantine has no memory of what it was sent: of a malformed event each copy is kept, for a person to see.
            let stored = if name == "support_conference_end" { 1..=1 } else { 1..=effects };
            assert!(stored.contains(&sqs.messages().len()), "{name}: {fault:?} stored {}", sqs.messages().len());
        }
    }
    assert_eq!(elsewhere.calls(), 0, "a redirect was followed");
}
