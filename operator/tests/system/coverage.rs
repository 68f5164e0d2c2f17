//! A day whose events were all lost is made whole by the program alone, and it says so: statement, backfill, statement.

use serde_json::{Value, json};
use simulators::ended_at;

use crate::harness::{Desk, TICKET, TICKET_ID, now};

const SESSIONS: usize = 3;

/// The connection of somebody who lost a day: sessions that ended from two hours ago on, and no event of any.
async fn desk_with_silent_sessions() -> Desk {
    let since = now() - jiff::SignedDuration::from_hours(26);
    let desk = Desk::connected(json!({ "deliver_from": since.to_string(), "polling": { "enabled": true } })).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/reports/printer-without-surveys.xml");
    let report = std::fs::read_to_string(path).unwrap();
    assert!(report.contains(TICKET));
    for n in 0..SESSIONS {
        let second = now().as_second() - 7200 + i64::try_from(n).unwrap() * 600;
        let lsid = format!("{:032x}", fastrand::u128(..));
        desk.appliance.put_session(&lsid, &ended_at(&report, second)).await;
    }
    desk
}

async fn statement(desk: &Desk) -> (i32, Value) {
    let ran = desk.run(&["statement", &desk.id, "--from", "6h", "--json"]).await;
    let numbers = ran.json();
    let states = ["delivered", "skipped", "ignored", "unmatched", "refused", "in_doubt", "waiting", "given_up", "missing"];
    let sum: u64 = states.iter().map(|state| numbers[state].as_u64().unwrap()).sum();
    assert_eq!(numbers["listed"], sum, "{numbers:#}");
    (ran.code, numbers)
}

/// Asks until all are delivered, for two minutes at most.
async fn until_delivered(desk: &Desk) -> Value {
    for _ in 0..120 {
        let (code, numbers) = statement(desk).await;
        if numbers["delivered"] == SESSIONS {
            assert_eq!(code, 0, "{numbers:#}");
            return numbers;
        }
        assert_eq!(code, 1, "{numbers:#}");
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("not delivered in two minutes: {:#}", statement(desk).await.1);
}

async fn each_is_written_once(desk: &Desk) {
    let notes = desk.autotask.notes(TICKET_ID).await;
    let bridged = notes.iter().filter(|note| note["title"].as_str().unwrap().contains("/note.session]")).count();
    assert_eq!((bridged, desk.autotask.time_entries(TICKET_ID).await.len()), (SESSIONS, SESSIONS));
}

#[tokio::test]
async fn lost_day_is_told_by_a_statement_which_has_it_written_and_then_says_so() {
    let desk = desk_with_silent_sessions().await;
    let (code, first) = statement(&desk).await;
    assert_eq!((code, &first["missing"]), (1, &json!(SESSIONS)), "{first:#}");
    let whole = until_delivered(&desk).await;
    assert_eq!(whole["exceptions"], json!([]), "{whole:#}");
    each_is_written_once(&desk).await;
}

#[tokio::test]
async fn backfill_counts_first_then_has_the_range_written_and_knows_it_afterwards() {
    let desk = desk_with_silent_sessions().await;
    let backfill = async |more: &[&str]| {
        let arguments = [&["backfill", desk.id.as_str(), "--from", "6h", "--json"], more].concat();
        let ran = desk.run(&arguments).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.json()
    };
    let counted = backfill(&["--dry-run"]).await;
    assert_eq!((&counted["listed"], &counted["enqueued"]), (&json!(SESSIONS), &json!(0)), "{counted:#}");
    assert!(desk.autotask.time_entries(TICKET_ID).await.is_empty(), "it only counts");

    let done = backfill(&["--yes"]).await;
    assert_eq!((&done["enqueued"], &done["state"]), (&json!(SESSIONS), &json!("done")), "{done:#}");
    until_delivered(&desk).await;
    each_is_written_once(&desk).await;

    let again = backfill(&["--yes"]).await;
    assert_eq!((&again["already_known"], &again["enqueued"]), (&json!(SESSIONS), &json!(0)), "{again:#}");
    let listed = desk.run(&["backfill", "list", "--json", "--appliance", &desk.id]).await.json();
    assert_eq!(listed["backfills"].as_array().map(Vec::len), Some(3), "{listed:#}");
}

#[tokio::test]
async fn neither_an_ended_backfill_nor_an_unknown_one_can_be_cancelled() {
    let desk = desk_with_silent_sessions().await;
    let done = desk.run(&["backfill", &desk.id, "--from", "1h", "--dry-run", "--json"]).await.json();
    let ended = desk.run(&["backfill", "cancel", done["id"].as_str().unwrap(), "--appliance", &desk.id]).await;
    assert_eq!(ended.code, 2, "{ended:?}");
    let unknown = desk.run(&["backfill", "cancel", "nothing-of-that-name", "--appliance", &desk.id]).await;
    assert_eq!(unknown.code, 3, "{unknown:?}");
}
