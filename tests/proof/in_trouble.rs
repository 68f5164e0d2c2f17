//! Four tenants at the same two workers: the appliance of one stalls, the Autotask of the second throttles, that of the third
//! refuses the credentials, and each of the three has a backlog. The fourth's sessions are delivered meanwhile; the neighbours in
//! trouble get few calls, one at a time once they have been paused; and when the trouble is over, everything of theirs is delivered
//! exactly once.
//!
//! All waiting times are 6 % of the real ones, and so are stall and `Retry-After`, so that their ratio is the real one. Short enough
//! for `make test`.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use simulators::{Fault, FaultAction, TenantControl};

use crate::harness::{Harness, Session, TICKET, until};
use crate::local_aws::attention;
use crate::mapping::Mapping;
use crate::queues;

/// The template's `WorkerConcurrency`: the fewer there are, the sooner one tenant could take them all.
const WORKERS: usize = 2;
const PACE_PERCENT: &str = "6";
/// The appliance's client waits 30 s for an answer.
const STALL: FaultAction = FaultAction::Stall { milliseconds: 1_800 };
/// About a minute.
const RETRY_AFTER_SECONDS: &str = "4";
/// Sessions that each tenant in trouble has in the queue before the first of the others.
const BACKLOG: usize = 15;
/// Sessions of the tenant that has no trouble, and how often one ends.
const UNDISTURBED: usize = 24;
const ENDS_EVERY: Duration = Duration::from_millis(400);
/// No more often a pause can end and be opened anew while the trouble lasts: its ladder is 10 s, 30 s, 1, 2, 5 and 10 minutes.
const PAUSES_MAX: usize = 6;
/// What each worker may ask a neighbour before its first pause is seen: a session's call, and a look at the hourly budget before it.
const FIRST_CALLS_MAX: usize = 2;
/// What a neighbour in trouble may be asked: that, and one try of one worker when a pause ends. Without pauses it would be asked again
/// and again for each session of the backlog.
const CALLS_MAX: usize = WORKERS * FIRST_CALLS_MAX + PAUSES_MAX;
/// Calls that may begin while another is at work: those of the other workers that begin before the first pause, and one for each
/// of these, should it be so slow that a first try begins beside it. From then on there is one at a time.
const BESIDE_ANOTHER_MAX: usize = 2 * (WORKERS - 1);
const WORKER_TIMEOUT: Duration = Duration::from_secs(20);
const VISIBILITY_SECONDS: u32 = 120;
const TIME_LIMIT: Duration = Duration::from_secs(120);

#[tokio::test]
async fn tenants_in_trouble_do_not_hold_up_another_and_are_left_alone() {
    let benches = join_all((0..4).map(|_| Harness::new())).await;
    let [undisturbed, stalls, throttles, refuses] = &benches[..] else { unreachable!("four were made") };
    let troubles = [Trouble::Stalls(stalls), Trouble::Throttles(throttles), Trouble::Refuses(refuses)];
    let (queue, dead_letters) = (queues::make("trouble").await, queues::make("trouble-dead").await);
    let mut waiting = Vec::new();
    for trouble in &troubles {
        trouble.begin().await;
        waiting.push(backlog(trouble.harness(), &queue).await);
    }
    let mapping =
        Mapping::new(&queue, &dead_letters, WORKER_TIMEOUT, VISIBILITY_SECONDS).with("RETRY_PACE_PERCENT", PACE_PERCENT);

    let (took, (delivered, times)) = tokio::join!(mapping.work_off(WORKERS, TIME_LIMIT), async {
        let (sessions, times) = deliver_undisturbed(undisturbed, &queue, &mapping).await;
        for (trouble, sessions) in troubles.iter().zip(&waiting) {
            let calls = trouble.calls().await;
            eprintln!("{:<24}{calls} calls, {} sessions waiting", trouble.name(), sessions.len());
            assert!(calls <= CALLS_MAX, "{}: {calls} calls are a storm", trouble.name());
            let beside_another = trouble.calls_beside_another().await;
            assert!(beside_another <= BESIDE_ANOTHER_MAX, "{}: {beside_another} calls beside another", trouble.name());
            assert_eq!(written(sessions).await, Vec::<String>::new(), "{}: the trouble was none", trouble.name());
            trouble.end().await;
        }
        (sessions, times)
    });
    print(&times, took);

    assert_eq!((queues::depth(&queue).await, queues::depth(&dead_letters).await), (0, 0), "messages left, dead letters");
    for session in waiting.iter().flatten().chain(&delivered) {
        assert_eq!(session.written().await, (1, 1), "session {}: {:#?}", session.lsid, session.ledger().await);
    }
    for harness in &benches {
        assert_eq!(attention(&harness.id).await.len(), 0, "nothing needs a person");
    }
}

/// What is wrong with a tenant's neighbour.
enum Trouble<'a> {
    Stalls(&'a Harness),
    Throttles(&'a Harness),
    Refuses(&'a Harness),
}

impl Trouble<'_> {
    const fn name(&self) -> &'static str {
        match self {
            Self::Stalls(_) => "appliance stalls",
            Self::Throttles(_) => "Autotask throttles",
            Self::Refuses(_) => "Autotask refuses",
        }
    }

    const fn harness(&self) -> &Harness {
        match self {
            Self::Stalls(harness) | Self::Throttles(harness) | Self::Refuses(harness) => harness,
        }
    }

    async fn begin(&self) {
        match self {
            Self::Stalls(harness) => harness.appliance.fault(Fault::new(STALL)).await,
            Self::Throttles(harness) => {
                let body = json!({ "errors": ["The thread threshold of 3 threads has been exceeded for this combination."] });
                let headers = [("Retry-After".to_owned(), RETRY_AFTER_SECONDS.to_owned())].into();
                let answer = FaultAction::Status { status: 429, headers, body: body.to_string() };
                harness.autotask.fault(Fault::new(answer)).await;
            }
            Self::Refuses(harness) => harness.autotask.credentials(json!({ "secret": "another" })).await,
        }
    }

    async fn end(&self) {
        match self {
            Self::Stalls(harness) => harness.appliance.clear_faults().await,
            Self::Throttles(harness) => harness.autotask.clear_faults().await,
            Self::Refuses(harness) => harness.autotask.credentials(json!({ "secret": "autotask-secret$#" })).await,
        }
    }

    fn neighbour(&self) -> &TenantControl {
        match self {
            Self::Stalls(harness) => &harness.appliance,
            Self::Throttles(harness) | Self::Refuses(harness) => &harness.autotask,
        }
    }

    /// How many calls the neighbour in trouble has got.
    async fn calls(&self) -> usize {
        self.neighbour().calls().await.len()
    }

    /// How many of them began while another one was at work.
    async fn calls_beside_another(&self) -> usize {
        let calls = self.neighbour().calls().await;
        calls.iter().filter(|call| call["concurrency"].as_u64().is_some_and(|at_once| at_once > 1)).count()
    }
}

async fn backlog<'a>(harness: &'a Harness, queue: &str) -> Vec<Session<'a>> {
    let mut sessions = Vec::new();
    for _ in 0..BACKLOG {
        let session = harness.session("printer-without-surveys", TICKET).await;
        queues::put_end(queue, harness, &session).await;
        sessions.push(session);
    }
    sessions
}

/// The tenant without trouble: its sessions end one after the other. Returns them when all are delivered, with how long each took.
async fn deliver_undisturbed<'a>(harness: &'a Harness, queue: &str, mapping: &Mapping) -> (Vec<Session<'a>>, Vec<Duration>) {
    let (mut sessions, mut ended) = (Vec::new(), Vec::new());
    for _ in 0..UNDISTURBED {
        let session = harness.session("printer-without-surveys", TICKET).await;
        let begun = Instant::now();
        ended.push((queues::put_end(queue, harness, &session).await, begun));
        sessions.push(session);
        tokio::time::sleep(ENDS_EVERY).await;
    }
    let delivered = ended.into_iter().map(async |(group, begun)| {
        until("an undisturbed session is delivered", async || mapping.deleted_at(&group)).await.duration_since(begun)
    });
    (sessions, join_all(delivered).await)
}

/// The sessions of which anything is on the ticket.
async fn written(sessions: &[Session<'_>]) -> Vec<String> {
    let mut written = Vec::new();
    for session in sessions {
        if session.written().await != (0, 0) {
            written.push(session.lsid.clone());
        }
    }
    written
}

fn print(times: &[Duration], took: Duration) {
    let mut times = times.to_vec();
    times.sort_unstable();
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    eprintln!(
        "undisturbed tenant      {} sessions, median {:.2} s, slowest {:.2} s",
        times.len(),
        median.as_secs_f64(),
        slowest.as_secs_f64()
    );
    eprintln!("all of all four         {} sessions in {:.0} s", UNDISTURBED + 3 * BACKLOG, took.as_secs_f64());
}
