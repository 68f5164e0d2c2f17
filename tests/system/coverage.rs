//! Nothing is missed: polls, backfills and statements, asked for as the operator's program asks.
//!
//! Sessions here ended minutes or hours ago by the clock of this machine, for a source is asked by time.

use serde_json::{Map, Value, json};
use simulators::{Fault, FaultAction, ended_at};

use crate::harness::{Harness, Session, TICKET, TICKET_ID, sample, with_key};
use crate::local_aws;

const HOUR: i64 = 3600;

#[expect(clippy::disallowed_methods, reason = "a source is asked by the time of day")]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn text(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

/// A connection that is polled, and whose sessions are ours since yesterday.
async fn polled_connection() -> Harness {
    let changes = json!({ "deliver_from": text(now() - 26 * HOUR), "polling": { "enabled": true } });
    Harness::with(changes).await
}

/// The sample report, moved so that its session ended so many seconds ago.
fn ended_ago(report: &str, key: &str, seconds: i64) -> String {
    ended_at(&with_key(&sample(&format!("reports/{report}.xml")), key), now() - seconds)
}

/// A session of which no event ever came.
async fn silent_session<'a>(harness: &'a Harness, key: &str, seconds_ago: i64) -> Session<'a> {
    let session = harness.unknown_session();
    session.put_report(&ended_ago("printer-without-surveys", key, seconds_ago)).await;
    session
}

async fn poll(harness: &Harness) -> Value {
    local_aws::invoke("poller", &json!({ "poll": { "appliance": harness.id } })).await
}

async fn statement(harness: &Harness, from: i64, to: i64) -> Value {
    let range = json!({ "appliance": harness.id, "from": text(from), "to": text(to) });
    let statement = local_aws::invoke("poller", &json!({ "statement": range })).await;
    let states = ["delivered", "skipped", "ignored", "unmatched", "refused", "in_doubt", "waiting", "given_up", "missing"];
    let sum: u64 = states.iter().map(|state| statement[state].as_u64().unwrap()).sum();
    assert_eq!(statement["listed"], sum, "{statement:#}");
    statement
}

async fn mark(harness: &Harness) -> Value {
    local_aws::ledger_item(&harness.id, "#poll").await.map_or(Value::Null, |item| item["value"]["mark"].clone())
}

#[tokio::test]
async fn session_whose_events_were_all_lost_is_written_by_a_poll_and_once_however_often_it_is_polled() {
    let harness = polled_connection().await;
    let session = silent_session(&harness, TICKET, 600).await;
    let polled = poll(&harness).await;
    assert_eq!((&polled["enqueued"], &polled["ended"]), (&json!(1), &json!("complete")), "{polled:#}");
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
    for _ in 0..2 {
        let polled = poll(&harness).await;
        assert_eq!(polled["enqueued"], 0, "{polled:#}");
        assert!(polled["listed"].as_u64() >= Some(1), "it is listed again, and known: {polled:#}");
    }
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn poll_beside_an_event_doubles_nothing() {
    let harness = polled_connection().await;
    let session = silent_session(&harness, TICKET, 600).await;
    let (_, polled, again) = tokio::join!(session.ends(), poll(&harness), poll(&harness));
    assert!(polled.get("failure").is_none() && again.get("failure").is_none(), "{polled:#} {again:#}");
    session.settled().await;
    poll(&harness).await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn appliance_that_is_down_moves_no_mark_and_loses_nothing() {
    let harness = polled_connection().await;
    poll(&harness).await;
    let before = mark(&harness).await;
    assert!(before.is_string(), "{before}");

    let session = silent_session(&harness, TICKET, 60).await;
    harness.appliance.fault(Fault::new(FaultAction::Reset)).await;
    let failed = poll(&harness).await;
    assert_eq!(failed["failure"]["cause"], "source", "{failed:#}");
    assert_eq!(mark(&harness).await, before);

    harness.appliance.clear_faults().await;
    assert_eq!(poll(&harness).await["enqueued"], 1);
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));
}

#[tokio::test]
async fn survey_that_comes_after_the_poll_is_found_by_looking_again() {
    let harness = polled_connection().await;
    // It is looked at again an hour after its end, which is in a while.
    let session = silent_session(&harness, TICKET, HOUR - 45).await;
    poll(&harness).await;
    session.settled().await;
    assert_eq!(session.notes_on(TICKET_ID).await.len(), 1);

    session.put_report(&ended_ago("printer", TICKET, HOUR - 20)).await;
    session
        .until_some("the survey is written", async || {
            poll(&harness).await;
            Some(session.notes_on(TICKET_ID).await.len()).filter(|notes| *notes == 3)
        })
        .await;
    assert_eq!(session.time_entries_on(TICKET_ID).await.len(), 1);
}

#[tokio::test]
async fn connection_that_is_not_polled_is_left_alone_and_says_so() {
    let harness = Harness::new().await;
    let refused = poll(&harness).await;
    assert_eq!(refused["failure"]["cause"], "document", "{refused:#}");
    assert_eq!(local_aws::ledger_item(&harness.id, "#poll").await, None);
}

#[tokio::test]
async fn backfill_over_a_day_brings_what_is_not_known_slice_by_slice_and_counts_it() {
    let harness = Harness::new().await;
    let known = silent_session(&harness, TICKET, 3 * HOUR).await;
    known.ends().await;
    known.settled().await;
    let missed = [silent_session(&harness, TICKET, 2 * HOUR).await, silent_session(&harness, TICKET, 20 * HOUR).await];
    let to = now();
    let job = json!({
        "id": "day", "appliance": harness.id, "from": text(to - 24 * HOUR), "to": text(to), "windows": 24, "windows_done": 0,
        "listed": 0, "enqueued": 0, "already_known": 0, "state": "running",
    });
    local_aws::put_ledger_value(&harness.id, "#backfill/day", &json!({ "version": 1, "dry_run": false, "job": job })).await;
    let done = missed[0]
        .until_some("the backfill is done", async || {
            let job = local_aws::invoke("poller", &json!({ "backfill": { "appliance": harness.id, "id": "day" } })).await;
            Some(job).filter(|job| job["state"] == "done")
        })
        .await;
    let counts: Map<String, Value> = ["windows_done", "listed", "enqueued", "already_known"]
        .into_iter()
        .map(|name| (name.to_owned(), done[name].clone()))
        .collect();
    assert_eq!(Value::Object(counts), json!({ "windows_done": 24, "listed": 3, "enqueued": 2, "already_known": 1 }));
    for session in &missed {
        session.settled().await;
        assert_eq!(session.written().await, (1, 1));
    }
    assert_eq!(known.written().await, (1, 1));
}

#[tokio::test]
async fn statement_adds_up_and_what_was_missing_is_healed_once_it_is_delivered() {
    let harness = polled_connection().await;
    let delivered = silent_session(&harness, TICKET, 3 * HOUR).await;
    let unmatched = silent_session(&harness, "no ticket at all", 2 * HOUR).await;
    for session in [&delivered, &unmatched] {
        session.ends().await;
        session
            .until("it is settled", |item| item["record"]["settled_at"].is_string() || !item["record"]["unmatched"].is_null())
            .await;
    }
    let missing = silent_session(&harness, TICKET, HOUR).await;
    let (from, to) = (now() - 6 * HOUR, now());
    let first = statement(&harness, from, to).await;
    let numbers = |statement: &Value| {
        ["listed", "delivered", "unmatched", "missing", "healed"].map(|name| statement[name].as_u64().unwrap())
    };
    assert_eq!(numbers(&first), [3, 1, 1, 1, 0], "{first:#}");

    missing.settled().await;
    assert_eq!(missing.written().await, (1, 1));
    let second = statement(&harness, from, to).await;
    assert_eq!(numbers(&second), [3, 2, 1, 0, 1], "{second:#}");
    let exceptions = second["exceptions"].as_array().unwrap();
    assert!(exceptions.len() == 1 && exceptions[0]["lsid"] == unmatched.lsid && exceptions[0]["state"] == "unmatched");
}
