//! Two hundred sessions, while worker and receiver processes are killed with SIGKILL at random points, Autotask and the appliance
//! lose answers, the appliance resends and operators replay: in the end one note and one time entry each, and empty queues.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use simulators::{Fault, FaultAction};

use crate::harness::{Harness, Session, TICKET, TICKET_ID};
use crate::local_aws::{attention, system};
use crate::processes;
use crate::queues;

const APPLIANCES: usize = 5;
const SESSIONS_PER_APPLIANCE: usize = 40;
/// How many events are on their way to the receiver at the same time.
const SENDERS: usize = 3;
/// Kills that hit a worker at work: the test goes on posting and killing until there were as many.
const KILLS_AT_WORK_MIN: usize = 30;
/// Between two kills, in milliseconds: some lives end within their first session, others after a dozen.
const KILL_AFTER: std::ops::Range<u64> = 50..1_500;
/// When all must be over. Usually it takes three minutes.
const TIME_LIMIT: Duration = Duration::from_secs(600);
/// An appliance gives up much later; here a failure to store would only hide.
const RESENDS_MAX: usize = 50;

#[tokio::test]
#[ignore = "takes minutes and a local system of its own: make prove"]
async fn killed_workers_and_lost_answers_leave_one_note_and_one_time_entry_per_session() {
    crate::seed();
    let started = Instant::now();
    let benches =
        join_all((0..APPLIANCES).map(|_| Harness::with(json!({ "autotask": { "unknown_write_wait_seconds": 2 } })))).await;
    let sessions = sessions_of(&benches).await;
    for session in &sessions {
        harm_some_calls(session).await;
    }
    let ended = Cell::new(false);
    let (kills, calls) = tokio::join!(kill_until(&ended, started), async {
        let calls = announce(&sessions).await;
        wait_for_empty_queues(started).await;
        ended.set(true);
        calls
    });
    let report = verify(&benches, &sessions).await;
    print(started, &kills, &calls, &report);
    assert!(kills.workers_at_work >= KILLS_AT_WORK_MIN, "too few kills hit a worker at work to show anything");
}

struct Scene<'a> {
    harness: &'a Harness,
    session: Session<'a>,
}

async fn sessions_of(benches: &[Harness]) -> Vec<Scene<'_>> {
    let mut sessions = Vec::new();
    for harness in benches {
        for _ in 0..SESSIONS_PER_APPLIANCE {
            let options: &[_] = if fastrand::u8(..100) < 15 { &[("not_ready_asks", "1")] } else { &[] };
            let session = harness.session_with("printer-without-surveys", TICKET, options).await;
            sessions.push(Scene { harness, session });
        }
    }
    sessions
}

/// About a third of the notes and of the time entries lose their answer, in every way there is, and some never arrive.
async fn harm_some_calls(scene: &Scene<'_>) {
    let lsid = &scene.session.lsid;
    for path in ["/Notes", "/TimeEntries"] {
        if let Some(action) = lost_answer() {
            // The look-ups by marker go to `/query` below other paths, and may be harmed, too: they are reads.
            scene.harness.autotask.fault(Fault::new(action).on("POST", path).with_body(lsid).times(1)).await;
        }
    }
    if fastrand::u8(..100) < 10 {
        let action = if fastrand::bool() { FaultAction::HalfBody } else { FaultAction::Reset };
        scene.harness.appliance.fault(Fault::new(action).on("POST", "/api/reporting").with_body(lsid).times(1)).await;
    }
}

fn lost_answer() -> Option<FaultAction> {
    Some(match fastrand::u8(..100) {
        0..8 => FaultAction::AnswerLost { reset: true },
        8..16 => FaultAction::AnswerLost { reset: false },
        16..21 => FaultAction::StatusAfterEffect { status: 502, headers: BTreeMap::new(), body: "Bad Gateway".to_owned() },
        21..25 => FaultAction::HalfBody,
        25..28 => FaultAction::Garbage,
        28..31 => FaultAction::LateEffect { milliseconds: 1_500 },
        31..33 => FaultAction::Reset,
        _ => return None,
    })
}

/// What is sent about a session, once: the end, resends of the same bytes, another event of the same kind, a replay.
#[derive(Clone, Copy)]
enum Sent {
    End,
    AnotherEnd(i64),
    Replay,
}

#[derive(Default)]
struct Calls {
    events: usize,
    answers: HashMap<u16, usize>,
    replays: usize,
}

async fn announce(sessions: &[Scene<'_>]) -> Calls {
    let mut plan: Vec<(usize, Sent)> = Vec::new();
    for index in 0..sessions.len() {
        plan.push((index, Sent::End));
        for _ in 0..3 {
            match fastrand::u8(..100) {
                0..15 => plan.push((index, Sent::End)),
                15..22 => plan.push((index, Sent::AnotherEnd(fastrand::i64(1..60)))),
                22..28 => plan.push((index, Sent::Replay)),
                _ => {}
            }
        }
    }
    fastrand::shuffle(&mut plan);
    let plan = std::cell::RefCell::new(plan);
    let parts = join_all((0..SENDERS).map(|_| async {
        let mut calls = Calls::default();
        while let Some((index, sent)) = next(&plan) {
            send(&sessions[index], sent, &mut calls).await;
        }
        calls
    }));
    parts.await.into_iter().fold(Calls::default(), |mut sum, part| {
        sum.events += part.events;
        sum.replays += part.replays;
        part.answers.into_iter().for_each(|(status, count)| *sum.answers.entry(status).or_default() += count);
        sum
    })
}

fn next(plan: &std::cell::RefCell<Vec<(usize, Sent)>>) -> Option<(usize, Sent)> {
    plan.borrow_mut().pop()
}

/// As the appliance does: what is not answered 200 is sent again.
async fn send(scene: &Scene<'_>, sent: Sent, calls: &mut Calls) {
    let body = match sent {
        Sent::Replay => {
            calls.replays += 1;
            return scene.session.replay().await;
        }
        Sent::End => scene.session.end_event(),
        Sent::AnotherEnd(seconds) => scene.session.end_event_later(seconds),
    };
    calls.events += 1;
    for _ in 0..RESENDS_MAX {
        let (status, _) = scene.harness.post(&body).await;
        *calls.answers.entry(status).or_default() += 1;
        if status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the receiver did not store the event");
}

#[derive(Default)]
struct Kills {
    workers: usize,
    receivers: usize,
    workers_at_work: usize,
}

async fn kill_until(ended: &Cell<bool>, started: Instant) -> Kills {
    let before = deaths_at_work();
    let mut kills = Kills::default();
    while !ended.get() && started.elapsed() < TIME_LIMIT {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(KILL_AFTER))).await;
        let receiver_too = fastrand::u8(..100) < 10;
        for pid in processes::of_function("worker") {
            processes::kill(pid);
            kills.workers += 1;
        }
        for pid in processes::of_function("receiver").into_iter().filter(|_| receiver_too) {
            processes::kill(pid);
            kills.receivers += 1;
        }
        kills.workers_at_work = deaths_at_work() - before;
    }
    kills
}

/// How often the local AWS has seen a worker end amid an invocation.
fn deaths_at_work() -> usize {
    let log = std::fs::read_to_string(system().state.join("ministack.log")).unwrap_or_default();
    let worker = &system().functions["worker"];
    let death = format!("Lambda {worker}: Runtime exited before returning");
    log.lines().filter(|line| line.contains(&death)).count()
}

async fn wait_for_empty_queues(started: Instant) {
    while queues::depth(&system().events_queue_url).await > 0 {
        assert!(started.elapsed() < TIME_LIMIT, "events are left after {TIME_LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[derive(Default)]
struct Report {
    claims: u64,
    found_by_look_up: usize,
    sent: usize,
}

/// Every session, not a sample: one note, one time entry, nothing open, nothing for a person to look at.
async fn verify(benches: &[Harness], sessions: &[Scene<'_>]) -> Report {
    assert_eq!(queues::depth(&system().dead_letter_queue_url).await, 0, "dead letters");
    assert_eq!(queues::depth(&system().quarantine_queue_url).await, 0, "quarantine");
    let mut report = Report::default();
    for harness in benches {
        assert_eq!(attention(&harness.id).await, Vec::<Value>::new(), "nothing needs a person");
        let (notes, entries) = (harness.autotask.notes(TICKET_ID).await, harness.autotask.time_entries(TICKET_ID).await);
        for scene in sessions.iter().filter(|scene| scene.harness.id == harness.id) {
            let lsid = &scene.session.lsid;
            let own = |rows: &[Value], member: &str| {
                rows.iter().filter(|row| row[member].as_str().is_some_and(|text| text.contains(lsid.as_str()))).count()
            };
            let written = (own(&notes, "title"), own(&entries, "internalNotes"));
            let item = scene.session.settled().await;
            assert_eq!(written, (1, 1), "session {lsid} of {}: {item:#}", harness.id);
            report.claims += item["fence"].as_u64().unwrap_or(0);
            let writes = item["record"]["writes"].as_object().cloned().unwrap_or_default();
            report.found_by_look_up += writes.values().filter(|write| write["found"] == true).count();
        }
        report.sent += harness.sent("/Notes").await + harness.sent("/TimeEntries").await;
    }
    report
}

fn print(started: Instant, kills: &Kills, calls: &Calls, report: &Report) {
    let sessions = APPLIANCES * SESSIONS_PER_APPLIANCE;
    eprintln!("sessions                      {sessions}, each with one note and one time entry; all queues empty");
    eprintln!("posted                        {} events, {} replays; answers {:?}", calls.events, calls.replays, calls.answers);
    eprintln!(
        "killed with SIGKILL           {} workers ({} at work), {} receivers",
        kills.workers, kills.workers_at_work, kills.receivers
    );
    eprintln!("claims                        {}", report.claims);
    eprintln!("writes sent, found by look-up {}, {}", report.sent, report.found_by_look_up);
    eprintln!("took                          {:.0} s", started.elapsed().as_secs_f64());
}
