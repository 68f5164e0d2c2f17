//! The hourly budget of Autotask: the worker slows down before a tenant has used three quarters of it, says so in its log, and
//! slows down nobody else. When the hour has passed, the rest is delivered. Short enough for `make test`.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::functions_log::FunctionsLog;
use crate::harness::{Harness, TICKET, until};
use crate::local_aws::ledger_item;
use crate::mapping::Mapping;
use crate::queues;

/// The template's `WorkerConcurrency`.
const WORKERS: usize = 2;
/// A tenth of the real waiting times: a rest is six seconds, and a look is due every minute at the latest.
const PACE_PERCENT: &str = "10";
/// The small tenant's budget: too small by a quarter for its sessions, and large enough for what is left of them in the next hour.
const SMALL_BUDGET: u64 = 160;
const SESSIONS: usize = 40;
const WORKER_TIMEOUT: Duration = Duration::from_secs(20);
const VISIBILITY_SECONDS: u32 = 120;
const TIME_LIMIT: Duration = Duration::from_secs(120);

#[tokio::test]
async fn worker_slows_down_before_three_quarters_of_the_hourly_budget_are_used() {
    let benches = join_all((0..2).map(|_| Harness::new())).await;
    let [small, usual] = &benches[..] else { unreachable!("two were made") };
    small.autotask.settings(json!({ "hourly_threshold": SMALL_BUDGET })).await;
    let (queue, dead_letters) = (queues::make("budget").await, queues::make("budget-dead").await);
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        for harness in &benches {
            let session = harness.session("printer-without-surveys", TICKET).await;
            queues::put_end(&queue, harness, &session).await;
            sessions.push((harness, session));
        }
    }
    let log = FunctionsLog::from_now();
    let mapping =
        Mapping::new(&queue, &dead_letters, WORKER_TIMEOUT, VISIBILITY_SECONDS).with("RETRY_PACE_PERCENT", PACE_PERCENT);

    tokio::join!(mapping.work_off(WORKERS, TIME_LIMIT), async {
        until("all of the tenant with the usual budget is delivered", async || {
            let delivered = usual.autotask.rows("TimeEntries").await.len();
            (delivered == SESSIONS).then_some(())
        })
        .await;
        until("the tenant with the small budget is left alone", async || left_alone(small).await).await;
        let delivered = small.autotask.rows("TimeEntries").await.len();
        let used_percent = calls(small).await * 100 / SMALL_BUDGET;
        eprintln!("small budget        {used_percent} % used by {delivered} of {SESSIONS} sessions, then left alone");
        assert!((60..75).contains(&used_percent), "{used_percent} % of the small budget are used");
        assert!(delivered < SESSIONS, "nobody slowed down");
        small.autotask.advance_clock(Duration::from_secs(3600)).await;
    });

    assert_eq!((queues::depth(&queue).await, queues::depth(&dead_letters).await), (0, 0), "messages left, dead letters");
    for (_, session) in &sessions {
        assert_eq!(session.written().await, (1, 1), "session {}: {:#?}", session.lsid, session.ledger().await);
    }
    eprintln!("usual budget        {} calls by {SESSIONS} sessions, nothing waited", calls(usual).await);
    assert_eq!(left_alone(usual).await, None);
    for (harness, expected) in [(small, 60..75), (usual, 0..60)] {
        let highest = used_percent_in(&log.lines_about(&harness.id)).into_iter().max();
        assert!(highest.is_some_and(|percent| expected.contains(&percent)), "in the log of {}: {highest:?}", harness.id);
    }
    let waits = log.lines_about(&usual.id).into_iter().filter(|line| line["outcome"] == "waits");
    assert_eq!(waits.collect::<Vec<Value>>(), Vec::<Value>::new(), "nobody had to wait");
}

/// What the ledger says of the pause for the tenant's Autotask.
async fn left_alone(harness: &Harness) -> Option<String> {
    let pauses = ledger_item(&harness.id, "#pauses").await?;
    let sentence = pauses["pause_ticketing"]["sentence"].as_str()?;
    sentence.contains("hourly budget").then(|| sentence.to_owned())
}

async fn calls(harness: &Harness) -> u64 {
    harness.autotask.counters().await["total"].as_u64().unwrap_or_default()
}

/// The values of the metric in these lines; a member is a metric if `_aws` says so.
fn used_percent_in(lines: &[Value]) -> Vec<u64> {
    let is_metric = |line: &&Value| {
        let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array();
        metrics.is_some_and(|metrics| metrics.iter().any(|metric| metric["Name"] == "budget_used_percent"))
    };
    lines.iter().filter(is_metric).filter_map(|line| line["budget_used_percent"].as_u64()).collect()
}
