//! A week of an ordinary help desk, brought to "n of n, and these are the exceptions" by the program alone: 200 sessions, the events of
//! one day lost, ten sessions without a key, five of a technician whom Autotask does not know. Prints each command and what a person
//! reads: `cargo test -p operator --test system week -- --nocapture`, on a local system (`make up`).

#![allow(clippy::print_stdout, reason = "what a person reads is what this shows")]

use serde_json::{Value, json};
use simulators::ended_at;

use crate::harness::{Desk, Ran, TICKET, TICKET_ID, enqueue, now};

const SESSIONS: i64 = 200;
const DAYS: i64 = 7;
const DAY: i64 = 86_400;
/// The day whose events were all lost, counted from the first.
const LOST_DAY: i64 = 3;
/// How often a number is asked for until it is so: the worker has some hundred sessions to write.
const ASKS_MAX: u32 = 300;
/// The technician whom Autotask does not know.
const NEWCOMER: &str = "lnewcomer";

/// One session of the week.
struct Session {
    number: i64,
    lsid: String,
    ended_at: i64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ordinary,
    WithoutKey,
    OfNewcomer,
}

impl Session {
    fn of(number: i64, week: i64) -> Self {
        let kind = match number {
            n if n % 20 == 7 => Kind::WithoutKey,
            n if n % 40 == 13 => Kind::OfNewcomer,
            _ => Kind::Ordinary,
        };
        let lsid = format!("{:032x}", fastrand::u128(..));
        Self { number, lsid, ended_at: week + number * DAYS * DAY / SESSIONS, kind }
    }

    fn report(&self, usual: &str) -> String {
        let report = ended_at(usual, self.ended_at).replace("48213", &(50_000 + self.number).to_string());
        match self.kind {
            Kind::Ordinary => report,
            Kind::WithoutKey => report.replace(&format!("<external_key>{TICKET}"), "<external_key>"),
            Kind::OfNewcomer => report.replace("dwhitfield", NEWCOMER),
        }
    }

    /// What the receiver puts into the queue when the appliance announces its end.
    fn event(&self, appliance: &str) -> Value {
        let body = format!("event=support_conference_end&version=1&timestamp={}&lsid={}", self.ended_at, self.lsid);
        json!({ "v": 1, "appliance": appliance, "received_at": now(), "source": "event", "body": body })
    }
}

/// What somebody types, and what they read.
async fn typed(desk: &Desk, arguments: &[&str]) -> Ran {
    let ran = desk.run(arguments).await;
    let command = arguments.iter().map(|text| if text.contains(' ') { format!("'{text}'") } else { (*text).to_owned() });
    println!("\n$ session-bridge {}\n{}{}(exit code {})", command.collect::<Vec<_>>().join(" "), ran.out, ran.err, ran.code);
    ran
}

/// Waits until that many sessions are known, and nothing of them waits.
async fn until_events_are_done(desk: &Desk, count: usize) {
    for _ in 0..ASKS_MAX {
        let limit = SESSIONS.to_string();
        let listed = desk.run(&["sessions", "list", "--appliance", &desk.id, "--limit", &limit, "--json"]).await.json();
        let sessions = listed["sessions"].as_array().unwrap();
        if sessions.len() == count && sessions.iter().all(|session| session["state"] != "waiting") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("the events are not done: {:?}", desk.run(&["sessions", "list", "--appliance", &desk.id]).await);
}

/// The statement, once it is so.
async fn until(desk: &Desk, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut numbers = Value::Null;
    for _ in 0..ASKS_MAX {
        numbers = desk.run(&["statement", &desk.id, "--from", "8d", "--json"]).await.json();
        if is_so(&numbers) {
            return numbers;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("{what}: {numbers:#}");
}

#[tokio::test]
async fn week_of_sessions_is_brought_to_its_end_by_the_program_alone() {
    let week = now().as_second() - DAYS * DAY - 3600;
    let since = jiff::Timestamp::from_second(week - 60).unwrap();
    let desk = Desk::connected(json!({ "deliver_from": since.to_string() })).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/reports/printer-without-surveys.xml");
    let usual = std::fs::read_to_string(path).unwrap();
    let sessions: Vec<Session> = (0..SESSIONS).map(|number| Session::of(number, week)).collect();
    let is_lost = |session: &&Session| (session.ended_at - week) / DAY == LOST_DAY;
    let lost = sessions.iter().filter(is_lost).count();
    for session in &sessions {
        desk.appliance.put_session(&session.lsid, &session.report(&usual)).await;
    }
    for session in sessions.iter().filter(|session| !is_lost(session)) {
        enqueue(&format!("{}:{}", desk.id, session.lsid), &session.event(&desk.id).to_string()).await;
    }
    println!("{SESSIONS} sessions in {DAYS} days; the events of one day ({lost} sessions) were lost");

    // The week as the events alone have made it.
    until_events_are_done(&desk, sessions.len() - lost).await;
    let counted = typed(&desk, &["backfill", &desk.id, "--from", "8d", "--dry-run"]).await;
    assert!(counted.out.contains(&format!("{lost} would be enqueued")), "{counted:?}");

    // The statement says what is missing, and has it written; a backfill would have done the same.
    assert_eq!(typed(&desk, &["statement", &desk.id, "--from", "8d"]).await.code, 1, "sessions are missing");
    let whole = until(&desk, "nothing is missing", |numbers| numbers["waiting"] == 0 && numbers["missing"] == 0).await;
    let expected = json!([SESSIONS, SESSIONS - 15, 10, 5]);
    assert_eq!(json!([whole["listed"], whole["delivered"], whole["unmatched"], whole["refused"]]), expected, "{whole:#}");
    assert_eq!(whole["exceptions"].as_array().map(Vec::len), Some(15));
    assert_eq!(typed(&desk, &["statement", &desk.id, "--from", "8d"]).await.code, 1, "15 sessions need a person");

    // Who was refused, and why; somebody sets the technician up in Autotask, and the five are done again.
    let refused = desk.run(&["sessions", "list", "--appliance", &desk.id, "--state", "refused", "--json"]).await.json();
    let one = refused["sessions"][0]["lsid"].as_str().unwrap();
    typed(&desk, &["why", one, "--appliance", &desk.id]).await;
    let resource = json!({ "id": 120, "userName": NEWCOMER, "email": format!("{NEWCOMER}@acme.example"), "firstName": "Lee",
                           "lastName": "Newcomer", "isActive": true, "defaultServiceDeskRoleID": 301 });
    desk.autotask.put_row("Resources", 120, resource).await;
    let role = json!({ "id": 920, "resourceID": 120, "roleID": 301, "queueID": 201, "isActive": true });
    desk.autotask.put_row("ResourceRoles", 920, role).await;
    let replayed = typed(&desk, &["replay", "--appliance", &desk.id, "--state", "refused", "--yes"]).await;
    assert_eq!(replayed.code, 0);

    // The ten without a key, one by one, as their technicians say.
    typed(&desk, &["unmatched", "list", "--appliance", &desk.id]).await;
    for session in sessions.iter().filter(|session| session.kind == Kind::WithoutKey) {
        let ran = desk.run(&["unmatched", "assign", &session.lsid, TICKET, "--appliance", &desk.id, "--yes"]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    until(&desk, "all of them are delivered", |numbers| numbers["delivered"] == SESSIONS).await;
    assert_eq!(typed(&desk, &["statement", &desk.id, "--from", "8d"]).await.code, 0);

    let notes = desk.autotask.notes(TICKET_ID).await;
    let own = notes.iter().filter(|note| note["title"].as_str().unwrap().contains("/note.session]")).count();
    let entries = desk.autotask.time_entries(TICKET_ID).await.len();
    assert_eq!(json!([own, entries]), json!([SESSIONS, SESSIONS]), "each once, on its ticket");
}
