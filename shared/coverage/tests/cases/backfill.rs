//! Backfills: planned, worked on, cancelled, dry.

use coverage::{Answer, Backfill, Ending, JobState, Known, KnownSessions, Order, PlanError, SessionState, Step, StoredJob};
use jiff::SignedDuration;
use session::{ApplianceId, Origin, Window};

use crate::{at, ended, listing, lsid, polled};

const NOON: &str = "12:00:00";

fn plan(from: &str, to: &str, dry_run: bool) -> Result<StoredJob, PlanError> {
    StoredJob::plan("b1".parse().unwrap(), ApplianceId::default(), (at(from), at(to)), dry_run, at(NOON))
}

/// Three windows; a session in each of the first two, and one on the edge between them that is listed by both.
fn source(window: Window) -> session::Listing {
    let sessions = [ended("first", "08:30:00"), ended("edge", "09:00:00"), ended("second", "09:30:00")];
    let inside = |session: &&session::EndedSession| {
        let ended_at = session.ended_at.unwrap();
        window.contains(ended_at) || window.until() == ended_at
    };
    listing(&sessions.iter().filter(inside).cloned().collect::<Vec<_>>(), NOON)
}

fn answer(step: Step<StoredJob>, known: &KnownSessions, orders: &mut Vec<Order>) -> Option<Answer> {
    Some(match step {
        Step::List(window) => Answer::Listed(source(window)),
        Step::LookUp(_) => Answer::Known(known.clone()),
        Step::Enqueue(some) => {
            orders.extend(some);
            Answer::Enqueued
        }
        Step::Save(_) => Answer::Saved(true),
        Step::Done(_) => return None,
    })
}

fn run(stored: StoredJob, known: &KnownSessions) -> (Backfill, Vec<Order>) {
    let (mut backfill, mut orders) = (Backfill::new(stored), Vec::new());
    while let Some(answer) = answer(backfill.next(), known, &mut orders) {
        backfill.take(answer);
    }
    (backfill, orders)
}

#[test]
fn range_is_cut_at_now_and_at_whole_seconds_and_has_a_horizon() {
    let stored = plan("08:00:00.5", "23:00:00", false).unwrap();
    assert_eq!((stored.job.from, stored.job.to, stored.job.windows), (at("08:00:00"), at(NOON), 4));
    assert_eq!(plan("12:00:00", "13:00:00", false), Err(PlanError::Empty));
    assert_eq!(plan("08:00:00", "08:00:00", false), Err(PlanError::Empty));
    let earliest = at(NOON) - SignedDuration::from_hours(90 * 24);
    let range = (earliest - SignedDuration::from_secs(1), at(NOON));
    let planned = StoredJob::plan("b1".parse().unwrap(), ApplianceId::default(), range, false, at(NOON));
    assert_eq!(planned, Err(PlanError::BeyondHorizon { earliest }));
    assert_eq!(
        planned.unwrap_err().to_string(),
        "the appliance keeps sessions for 90 days: the range can begin at 2026-08-27T12:00:00Z or later"
    );
}

#[test]
fn each_session_is_counted_once_and_the_counts_add_up() {
    let known = [(lsid("first"), polled(SessionState::Unmatched))].into();
    let (backfill, orders) = run(plan("08:00:00", "11:00:00", false).unwrap(), &known);
    let job = backfill.job();
    assert_eq!((job.windows, job.windows_done, job.state), (3, 3, JobState::Done));
    assert_eq!((job.listed, job.enqueued, job.already_known), (3, 2, 1));
    assert_eq!(orders.len(), 2);
}

#[test]
fn dry_run_enqueues_nothing_and_says_what_it_would() {
    let (backfill, orders) = run(plan("08:00:00", "11:00:00", true).unwrap(), &KnownSessions::new());
    assert!(orders.is_empty());
    assert_eq!((backfill.job().listed, backfill.job().enqueued, backfill.job().outstanding()), (3, 0, 3));
}

#[test]
fn what_others_were_to_write_is_enqueued_as_a_persons_replay() {
    let known = [
        (lsid("first"), polled(SessionState::Ignored)),
        (lsid("edge"), Known { end_seen: false, ..polled(SessionState::Waiting) }),
        (lsid("second"), polled(SessionState::GivenUp)),
    ]
    .into();
    let (_, orders) = run(plan("08:00:00", "11:00:00", false).unwrap(), &known);
    let expected = [("first", Origin::Replay), ("edge", Origin::Poll)];
    assert_eq!(orders, expected.map(|(id, source)| Order { lsid: lsid(id), source }));
}

#[test]
fn run_goes_on_where_the_one_before_was_kept() {
    let (mut backfill, mut orders) = (Backfill::new(plan("08:00:00", "11:00:00", false).unwrap()), Vec::new());
    let kept = loop {
        let step = backfill.next();
        if let Step::Save(kept) = step {
            break kept;
        }
        backfill.take(answer(step, &KnownSessions::new(), &mut orders).unwrap());
    };
    assert_eq!((kept.version, kept.job.windows_done, kept.job.enqueued), (2, 1, 1));
    let (rest, more) = run(kept, &KnownSessions::new());
    assert_eq!((rest.job().windows_done, rest.job().enqueued, more.len()), (3, 3, 2));
}

#[test]
fn cancelled_job_does_nothing_more_and_a_run_under_way_stops_when_it_would_save() {
    let stored = plan("08:00:00", "11:00:00", false).unwrap();
    let cancelled = stored.cancelled().unwrap();
    assert_eq!((cancelled.version, cancelled.job.state), (2, JobState::Cancelled));
    assert_eq!(cancelled.cancelled(), None);
    assert_eq!(Backfill::new(cancelled).next(), Step::Done(Ending::Complete));

    let (mut backfill, mut orders) = (Backfill::new(stored), Vec::new());
    while !matches!(backfill.next(), Step::Save(_)) {
        let step = backfill.next();
        backfill.take(answer(step, &KnownSessions::new(), &mut orders).unwrap());
    }
    backfill.take(Answer::Saved(false));
    assert_eq!(backfill.next(), Step::Done(Ending::Overtaken));
}

#[test]
fn job_is_printed_with_the_fields_that_others_build_on() {
    let stored = plan("08:00:00", "11:00:00", true).unwrap();
    let json = serde_json::json!({
        "id": "b1", "appliance": "default", "from": "2026-11-25T08:00:00Z", "to": "2026-11-25T11:00:00Z", "windows": 3,
        "windows_done": 0, "listed": 0, "enqueued": 0, "already_known": 0, "state": "running"
    });
    assert_eq!(serde_json::to_value(&stored.job).unwrap(), json);
    let kept = serde_json::to_value(&stored).unwrap();
    assert_eq!(kept, serde_json::json!({ "version": 1, "dry_run": true, "job": json }));
    assert_eq!(serde_json::from_value::<StoredJob>(kept).unwrap(), stored);
}

#[test]
fn id_of_a_job_is_a_short_word() {
    for wrong in ["", "A", "a b", "a#b", &"x".repeat(41)] {
        assert!(wrong.parse::<coverage::JobId>().is_err(), "{wrong}");
    }
}
