//! What is really sent to SQS, and what comes of it: a small SQS behind real HTTP, which refuses what the real one refuses.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use aws::{Environment, Timeouts};
use jiff::Timestamp;
use queue::{
    DeadLetterQueue, EventsQueue, GivenUp, InvalidMessage, NotSentBack, QuarantineQueue, Quarantined, QueueMessage, WaitingRoom,
};
use session::{ApplianceId, Lsid, Origin};
use simulators::sqs::{DEAD_LETTERS, EVENTS, FakeSqs, Fault, QUARANTINE};

struct Queues {
    sqs: FakeSqs,
    events: EventsQueue,
    dead_letters: DeadLetterQueue,
    quarantine: QuarantineQueue,
    dead_room: WaitingRoom,
    quarantine_room: WaitingRoom,
}

async fn queues() -> Queues {
    let sqs = FakeSqs::start().await;
    let environment = Environment::from_variables(|variable| {
        Some(match variable {
            "AWS_REGION" => "eu-central-1".to_owned(),
            "AWS_ENDPOINT_URL" => sqs.url.clone(),
            _ => "invented".to_owned(),
        })
    });
    let client = aws_sdk_sqs::Client::new(&environment.unwrap().sdk_config(&Timeouts::RECEIVER));
    Queues {
        events: EventsQueue::new(client.clone(), sqs.queue_url(EVENTS)),
        dead_letters: DeadLetterQueue::new(client.clone(), sqs.queue_url(DEAD_LETTERS)),
        quarantine: QuarantineQueue::new(client.clone(), sqs.queue_url(QUARANTINE)),
        dead_room: WaitingRoom::new(client.clone(), sqs.queue_url(DEAD_LETTERS)),
        quarantine_room: WaitingRoom::new(client, sqs.queue_url(QUARANTINE)),
        sqs,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn lsid(text: &str) -> Lsid {
    text.parse().unwrap()
}

fn message(origin: Origin, lsid: &str) -> QueueMessage {
    let body = format!("event=support_conference_end&lsid={lsid}").into_bytes();
    QueueMessage { appliance: ApplianceId::default(), received_at: at("2025-03-18T13:27:21Z"), origin, body }
}

impl Queues {
    /// Gives up the end of that session, as the worker does.
    async fn give_up(&self, lsid: &str, id: &str) {
        let (body, group) = (message(Origin::Event, lsid).to_json(), format!("default:{lsid}"));
        let given_up = GivenUp { body: &body, group: Some(&group), id: Some(id), reason: "the report is missing" };
        self.dead_letters.put(given_up).await.unwrap();
    }

    fn in_queue(&self, queue: &str) -> Vec<simulators::sqs::Message> {
        self.sqs.messages().into_iter().filter(|message| message.queue == queue).collect()
    }
}

#[tokio::test]
async fn event_is_stored_once_and_polls_and_replays_as_often_as_they_are_sent() {
    for (origin, stored) in [(Origin::Event, 1), (Origin::Poll, 3), (Origin::Replay, 3)] {
        let queues = queues().await;
        for _ in 0..3 {
            queues.events.send(&message(origin, "7d1f"), &lsid("7d1f"), None).await.unwrap();
        }
        let messages = queues.in_queue(EVENTS);
        assert_eq!(messages.len(), stored, "{origin:?}");
        assert_eq!(messages[0].group.as_deref(), Some("default:7d1f"));
        assert_eq!(QueueMessage::from_json(&messages[0].body).unwrap(), message(origin, "7d1f"));
    }
}

#[tokio::test]
async fn queue_that_does_not_answer_is_named_by_one_word() {
    let queues = queues().await;
    for (fault, cause) in
        [(Fault::NoSuchQueue, "QueueDoesNotExist"), (Fault::InternalError, "InternalFailure"), (Fault::Stall, "timeout")]
    {
        queues.sqs.fail(fault);
        let error = queues.events.send(&message(Origin::Poll, "7d1f"), &lsid("7d1f"), None).await.unwrap_err();
        assert_eq!(error.cause(), cause, "{error}");
        assert!(!error.to_string().contains("Response"), "no raw answer: {error}");
        assert!(queues.dead_room.list(10).await.is_err());
    }
}

#[tokio::test]
async fn looking_at_dead_letters_takes_none_away() {
    let queues = queues().await;
    for session in 0..25 {
        queues.give_up(&format!("{session:04x}"), &format!("id-{session}")).await;
    }
    for _ in 0..2 {
        let seen = queues.dead_room.list(usize::MAX).await.unwrap();
        let groups: BTreeSet<_> = seen.iter().map(|message| message.group.clone().unwrap()).collect();
        assert_eq!((seen.len(), groups.len()), (25, 25));
        assert_eq!(seen[0].reason.as_deref(), Some("the report is missing"));
        assert_eq!(seen[0].sent_at, Some(at("2025-03-18T13:27:21Z")));
        assert_eq!(seen[0].message().unwrap().origin, Origin::Event);
    }
    assert_eq!(queues.dead_room.list(7).await.unwrap().len(), 7);
    assert!(queues.sqs.messages().iter().all(|message| !message.is_hidden()));
    assert!(queues.sqs.refusals().is_empty(), "{:?}", queues.sqs.refusals());
}

#[tokio::test]
async fn one_dead_letter_is_removed_and_the_others_stay() {
    let queues = queues().await;
    for session in ["aa", "bb", "cc"] {
        queues.give_up(session, session).await;
    }
    let id = queues.dead_room.list(10).await.unwrap()[1].id.clone();
    let found = queues.dead_room.find(&id).await.unwrap().unwrap();
    assert_eq!(queues.dead_room.list(10).await.unwrap().len(), 2, "what is found is held");
    queues.dead_room.remove(&found).await.unwrap();
    assert_eq!(queues.in_queue(DEAD_LETTERS).iter().filter(|message| message.id == id).count(), 0);
    assert_eq!(queues.in_queue(DEAD_LETTERS).len(), 2);
    assert_eq!(queues.dead_room.find(&id).await.unwrap(), None);
}

#[tokio::test]
async fn dead_letter_goes_back_as_a_replay_that_begins_now() {
    let queues = queues().await;
    queues.give_up("7d1f", "id").await;
    let held = queues.dead_room.hold(10).await.unwrap().remove(0);
    let now = at("2025-04-01T08:00:00Z");
    queues.dead_room.send_back(&held, &queues.events, now).await.unwrap();
    assert!(queues.in_queue(DEAD_LETTERS).is_empty());
    let [sent] = &queues.in_queue(EVENTS)[..] else { panic!("one message") };
    assert_eq!(sent.group.as_deref(), Some("default:7d1f"));
    let expected = QueueMessage { origin: Origin::Replay, received_at: now, ..message(Origin::Event, "7d1f") };
    assert_eq!(QueueMessage::from_json(&sent.body).unwrap(), expected);
}

#[tokio::test]
async fn what_cannot_be_read_or_was_never_an_event_is_not_sent_back() {
    let queues = queues().await;
    let given_up = GivenUp { body: "{", group: Some("default:7d1f"), id: Some("id"), reason: "unreadable" };
    queues.dead_letters.put(given_up).await.unwrap();
    let held = queues.dead_room.hold(10).await.unwrap().remove(0);
    let result = queues.dead_room.send_back(&held, &queues.events, held.sent_at.unwrap()).await;
    assert!(matches!(result, Err(NotSentBack::Unreadable(InvalidMessage::Shape { .. }))));

    let message = message(Origin::Event, "7d1f");
    let body = Quarantined { message, reason: "no form".to_owned(), full_length: 9, content_type: Some("text/plain".to_owned()) };
    queues.quarantine.put(&body, None).await.unwrap();
    let held = queues.quarantine_room.hold(10).await.unwrap().remove(0);
    assert_eq!(Quarantined::from_json(&held.body).unwrap(), body);
    let result = queues.quarantine_room.send_back(&held, &queues.events, held.sent_at.unwrap()).await;
    assert!(matches!(result, Err(NotSentBack::NoGroup)));
    queues.quarantine_room.release(&[held]).await.unwrap();
    assert_eq!(
        (queues.in_queue(EVENTS).len(), queues.in_queue(QUARANTINE).len(), queues.in_queue(DEAD_LETTERS).len()),
        (0, 1, 1)
    );
    assert!(!queues.in_queue(QUARANTINE)[0].is_hidden());
}

#[tokio::test]
async fn message_is_hidden_until_the_moment_asked_for() {
    let queues = queues().await;
    queues.events.send(&message(Origin::Event, "7d1f"), &lsid("7d1f"), None).await.unwrap();
    let now = at("2025-03-18T13:27:21Z");
    let error = queues.events.hide(Some("no such receipt"), now, now).await.unwrap_err();
    assert_eq!(error.cause(), "ReceiptHandleIsInvalid");
}
