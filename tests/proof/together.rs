//! Several workers on the same session at the same time: the queue hands a message out again while the worker that has it is slow
//! or frozen, and some are killed. On AWS that takes a visibility time-out that is too short; the local AWS cannot do it at all.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use simulators::{Fault, FaultAction};

use crate::harness::{Harness, Session, TICKET, TICKET_ID};
use crate::local_aws::attention;
use crate::mapping::Mapping;
use crate::processes;
use crate::queues;

const SESSIONS: usize = 100;
const WORKERS: usize = 4;
const WORKER_TIMEOUT: Duration = Duration::from_secs(10);
/// Far less than the worker's time-out, against the template's advice: so a slow worker gets company.
const VISIBILITY_SECONDS: u32 = 1;
/// Longer than the slowest call below takes effect after its worker gave it up.
const UNKNOWN_WRITE_WAIT_SECONDS: u32 = 4;
const TIME_LIMIT: Duration = Duration::from_secs(600);

#[tokio::test]
#[ignore = "takes minutes and a local system of its own: make prove"]
async fn workers_that_meet_on_a_session_write_one_note_and_one_time_entry() {
    crate::seed();
    let changes = json!({ "autotask": { "unknown_write_wait_seconds": UNKNOWN_WRITE_WAIT_SECONDS } });
    let harness = Harness::with(changes).await;
    let (queue, dead_letters) = (queues::make("together").await, queues::make("together-dead").await);
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let session = harness.session("printer-without-surveys", TICKET).await;
        slow_down(&harness, &session).await;
        queues::put_end(&queue, &harness, &session).await;
        sessions.push(session);
    }
    let mapping = Mapping::new(&queue, &dead_letters, WORKER_TIMEOUT, VISIBILITY_SECONDS);

    let signals = Signals::default();
    let trouble = join_all((0..WORKERS).map(|_| signals.send(&mapping)));
    let (took, _) = tokio::join!(mapping.work_off(WORKERS, TIME_LIMIT), trouble);

    eprintln!("sessions          {SESSIONS} by {WORKERS} workers in {:.0} s", took.as_secs_f64());
    eprintln!("invocations       {} ({} failed)", mapping.invocations.get(), mapping.failed.get());
    eprintln!("on one session    {} workers at once", mapping.most_on_one_session.get());
    eprintln!("frozen, killed    {}, {}", signals.frozen.get(), signals.killed.get());
    eprintln!("writes sent       {}", harness.sent("/Notes").await + harness.sent("/TimeEntries").await);
    eprintln!("Autotask          answers {}", harness.autotask.counters().await["statuses"]);
    assert_eq!((queues::depth(&queue).await, queues::depth(&dead_letters).await), (0, 0), "messages left, dead letters");
    let signals_sent = (signals.frozen.get(), signals.killed.get());
    assert!(
        mapping.most_on_one_session.get() > 1 && signals_sent.0 > 10 && signals_sent.1 > 3,
        "too little trouble: {signals_sent:?}"
    );
    assert_eq!(attention(&harness.id).await, Vec::<Value>::new(), "nothing needs a person");
    for session in &sessions {
        assert_eq!(session.written().await, (1, 1), "session {}: {:#?}", session.lsid, session.ledger().await);
    }
    assert_eq!(harness.autotask.notes(TICKET_ID).await.len(), SESSIONS);
}

/// Some calls to Autotask take longer than the message stays invisible.
async fn slow_down(harness: &Harness, session: &Session<'_>) {
    for path in ["/Notes", "/TimeEntries"] {
        let slow = match fastrand::u8(..100) {
            0..50 => FaultAction::Delay { milliseconds: fastrand::u64(300..3_000) },
            50..60 => FaultAction::AnswerLost { reset: true },
            60..65 => FaultAction::LateEffect { milliseconds: fastrand::u64(500..3_000) },
            _ => continue,
        };
        harness.autotask.fault(Fault::new(slow).on("POST", path).with_body(&session.lsid).times(1)).await;
    }
}

/// What was done to the workers.
#[derive(Default)]
struct Signals {
    frozen: Cell<usize>,
    killed: Cell<usize>,
}

impl Signals {
    /// Freezes workers amid their work, for less or for more than their time, and kills some.
    async fn send(&self, mapping: &Mapping) {
        while !mapping.has_ended() {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(5..400))).await;
            let at_work = mapping.at_work.borrow().clone();
            let Some(pid) = at_work.get(fastrand::usize(..at_work.len().max(1))).copied() else { continue };
            if fastrand::u8(..100) < 30 {
                processes::kill(pid);
                self.killed.set(self.killed.get() + 1);
            } else {
                processes::freeze(pid);
                self.frozen.set(self.frozen.get() + 1);
                tokio::time::sleep(Duration::from_millis(fastrand::u64(100..4_000))).await;
                processes::thaw(pid);
            }
        }
    }
}
