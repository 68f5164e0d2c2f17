//! A backlog of 2,000 sessions for the worker, with the neighbours' rate limits on: nothing lost, nothing doubled; how fast it is
//! worked off, how long the slowest session took, and how much memory that needs.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use simulators::{Fault, FaultAction};

use crate::harness::{Harness, Session, TICKET, TICKET_ID};
use crate::mapping::Mapping;
use crate::queues;

const APPLIANCES: usize = 2;
const SESSIONS_PER_APPLIANCE: usize = 1_000;
/// As many as the simulated Autotask takes calls at a time per entity, and one more: so that its limit is met.
const WORKERS: usize = 4;
/// What each call to Autotask takes here; without it no two would ever meet.
const AUTOTASK_TAKES: FaultAction = FaultAction::Delay { milliseconds: 20 };
/// The worker's own default.
const WORKER_TIMEOUT: Duration = Duration::from_secs(90);
const VISIBILITY_SECONDS: u32 = 540;
/// Far below the 512 MiB of the template: it must not depend on how much there is to do.
const MEMORY_MAX_KIB: u64 = 48 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(900);

#[tokio::test]
#[ignore = "takes minutes and a local system of its own: make prove"]
async fn backlog_of_2000_sessions_is_worked_off_without_loss_or_double() {
    crate::seed();
    let benches = join_all((0..APPLIANCES).map(|_| Harness::new())).await;
    let (queue, dead_letters) = (queues::make("backlog").await, queues::make("backlog-dead").await);
    let sessions = join_all(benches.iter().map(|harness| fill(harness, &queue))).await;
    let mapping = Mapping::new(&queue, &dead_letters, WORKER_TIMEOUT, VISIBILITY_SECONDS);

    let took = mapping.work_off(WORKERS, TIME_LIMIT).await;

    print(took, &mapping, &benches).await;
    assert_eq!((queues::depth(&queue).await, queues::depth(&dead_letters).await), (0, 0), "messages left, dead letters");
    for (harness, sessions) in benches.iter().zip(&sessions) {
        let notes = harness.autotask.notes(TICKET_ID).await;
        let entries = harness.autotask.time_entries(TICKET_ID).await;
        assert_eq!((notes.len(), entries.len()), (sessions.len(), sessions.len()), "as many as sessions");
        for Session { lsid, .. } in sessions {
            for (rows, member) in [(&notes, "title"), (&entries, "internalNotes")] {
                let is_own = |row: &&Value| row[member].as_str().is_some_and(|text| text.contains(lsid.as_str()));
                assert_eq!(rows.iter().filter(is_own).count(), 1, "{member} of {lsid}");
            }
        }
    }
    assert!(mapping.peak_memory.get() < MEMORY_MAX_KIB, "{} KiB", mapping.peak_memory.get());
}

/// Makes the sessions known to the appliance and puts their ends into the queue.
async fn fill<'a>(harness: &'a Harness, queue: &str) -> Vec<Session<'a>> {
    harness.autotask.fault(Fault::new(AUTOTASK_TAKES)).await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS_PER_APPLIANCE {
        let session = harness.session("printer-without-surveys", TICKET).await;
        queues::put_end(queue, harness, &session).await;
        sessions.push(session);
    }
    sessions
}

async fn print(took: Duration, mapping: &Mapping, benches: &[Harness]) {
    let mut times: Vec<Duration> = mapping.sessions.borrow().values().map(|(_, took)| *took).collect();
    times.sort_unstable();
    let part = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64();
    eprintln!("sessions                {} by {WORKERS} workers in {:.0} s", times.len(), took.as_secs_f64());
    eprintln!("drain rate              {:.1} sessions a second", times.len() as f64 / took.as_secs_f64());
    eprintln!("one session             median {:.3} s, 99 % {:.3} s, slowest {:.3} s", part(50), part(99), part(100));
    eprintln!("invocations             {} ({} failed)", mapping.invocations.get(), mapping.failed.get());
    eprintln!("peak memory of a worker {:.1} MiB", mapping.peak_memory.get() as f64 / 1024.0);
    for harness in benches {
        let counters = harness.autotask.counters().await;
        eprintln!(
            "Autotask of {}         statuses {}, most at once {}",
            harness.id, counters["statuses"], counters["most_at_once"]
        );
    }
}
