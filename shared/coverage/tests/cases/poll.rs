//! One poll after another.

use std::collections::BTreeMap;

use coverage::{Answer, Ending, Known, KnownSessions, Poll, PollSettings, PollState, SessionState, Step};
use jiff::Timestamp;
use session::{Listing, Lsid, Window};

use crate::{at, ended, listing, lsid, polled, window};

const NOON: &str = "12:00:00";

fn settings() -> PollSettings {
    PollSettings { deliver_from: None, overlap_hours: 2, look_again_hours: vec![] }
}

fn state(mark: &str) -> PollState {
    PollState { version: 7, start: at("00:00:00"), mark: at(mark), looks: BTreeMap::new(), recent: BTreeMap::new() }
}

/// What a poll did.
#[derive(Debug, Default)]
struct Done {
    windows: Vec<Window>,
    enqueued: Vec<Lsid>,
    saved: Option<PollState>,
}

/// Runs a poll against a source that answers each window alike, and a ledger.
fn run(
    stored: Option<PollState>,
    settings: PollSettings,
    now: Timestamp,
    source: impl Fn(Window) -> Listing,
    ledger: &KnownSessions,
) -> Done {
    let (mut poll, mut done) = (Poll::new(stored, settings, now), Done::default());
    loop {
        let answer = match poll.next() {
            Step::List(window) => {
                done.windows.push(window);
                Answer::Listed(source(window))
            }
            Step::LookUp(_) => Answer::Known(ledger.clone()),
            Step::Enqueue(orders) => {
                done.enqueued.extend(orders.into_iter().map(|order| order.lsid));
                Answer::Enqueued
            }
            Step::Save(state) => {
                done.saved = Some(state);
                Answer::Saved(true)
            }
            Step::Done(ending) => {
                assert_eq!(ending, Ending::Complete);
                return done;
            }
        };
        poll.take(answer);
    }
}

fn nothing(_: Window) -> Listing {
    listing(&[], NOON)
}

#[test]
fn poll_begins_an_overlap_before_the_mark_in_windows_of_an_hour() {
    let done = run(Some(state("11:30:00")), settings(), at(NOON), nothing, &KnownSessions::new());
    let expected = [window("09:30:00", "10:30:00"), window("10:30:00", "11:30:00"), window("11:30:00", NOON)];
    assert_eq!(done.windows, expected);
    assert_eq!(done.saved.unwrap(), PollState { version: 8, ..state(NOON) });
}

#[test]
fn first_poll_begins_at_the_sources_now_and_enqueues_nothing() {
    let source = |_: Window| listing(&[ended("a", "11:59:00")], "11:58:00");
    let done = run(None, settings(), at(NOON), source, &KnownSessions::new());
    let saved = done.saved.unwrap();
    assert_eq!((saved.start, saved.version), (at("11:58:00"), 2));
    assert_eq!(done.enqueued, [lsid("a")], "it ended after the start by the source's clock");

    let source = |_: Window| listing(&[ended("a", "11:57:00")], "11:58:00");
    assert!(run(None, settings(), at(NOON), source, &KnownSessions::new()).enqueued.is_empty());
}

#[test]
fn poll_begins_at_deliver_from_but_not_beyond_the_horizon() {
    let from = |deliver_from| PollSettings { deliver_from: Some(deliver_from), ..settings() };
    let done = run(None, from(at("10:15:00")), at(NOON), nothing, &KnownSessions::new());
    assert_eq!(done.windows[0], window("10:15:00", "11:15:00"));
    let done = run(None, from("2020-01-01T00:00:00Z".parse().unwrap()), at(NOON), nothing, &KnownSessions::new());
    assert_eq!(done.windows.len(), 90 * 24);
    let done = run(None, from(at("13:00:00")), at(NOON), nothing, &KnownSessions::new());
    assert!(done.windows.is_empty(), "it begins in an hour");
}

#[test]
fn what_the_ledger_knows_is_left_alone_and_a_survey_alone_is_no_knowledge() {
    let source = |window: Window| {
        let sessions = [ended("known", "11:40:00"), ended("new", "11:41:00"), ended("survey", "11:42:00")];
        listing(if window.contains(at("11:45:00")) { &sessions } else { &[] }, NOON)
    };
    let ledger = [(lsid("known"), polled(SessionState::Refused)), (lsid("survey"), Known::claimed())].into();
    let done = run(Some(state("11:30:00")), settings(), at(NOON), source, &ledger);
    assert_eq!(done.enqueued, [lsid("new"), lsid("survey")]);
}

#[test]
fn what_was_enqueued_and_is_not_claimed_yet_is_not_enqueued_by_the_next_poll() {
    let source = |window: Window| {
        let sessions = [ended("new", "11:40:00")];
        listing(if window.contains(at("11:40:00")) { &sessions } else { &[] }, "12:30:00")
    };
    let first = run(Some(state("11:30:00")), settings(), at(NOON), source, &KnownSessions::new());
    assert_eq!(first.enqueued, [lsid("new")]);
    let second = run(first.saved, settings(), at("12:05:00"), source, &KnownSessions::new());
    assert!(second.enqueued.is_empty());
    assert_eq!(second.saved.as_ref().unwrap().recent.len(), 1);
    let known = [(lsid("new"), polled(SessionState::Delivered))].into();
    let third = run(second.saved, settings(), at("12:10:00"), source, &known);
    assert!(third.saved.unwrap().recent.is_empty(), "the ledger remembers it now");
}

#[test]
fn polled_session_is_looked_at_again_at_its_times_and_an_announced_one_is_not() {
    let settings = PollSettings { look_again_hours: vec![6, 1], ..settings() };
    let mut before = state("11:55:00");
    before.looks = [(1, at("10:55:00")), (6, at("05:55:00"))].into();
    let source = |window: Window| {
        let sessions = [ended("polled", "10:58:00"), ended("announced", "10:58:00"), ended("waiting", "10:58:00")];
        listing(if window == self::window("10:55:00", "11:00:00") { &sessions } else { &[] }, NOON)
    };
    let ledger = [
        (lsid("polled"), polled(SessionState::Delivered)),
        (lsid("announced"), Known { announced: true, ..polled(SessionState::Delivered) }),
        (lsid("waiting"), polled(SessionState::Waiting)),
    ]
    .into();
    let done = run(Some(before), settings, at(NOON), source, &ledger);
    assert_eq!(done.windows[3..], [window("10:55:00", "11:00:00"), window("05:55:00", "06:00:00")]);
    assert_eq!(done.enqueued, [lsid("polled")]);
    assert_eq!(done.saved.unwrap().looks, [(1, at("11:00:00")), (6, at("06:00:00"))].into());
}

#[test]
fn new_look_begins_where_it_would_be_and_one_that_is_gone_is_forgotten() {
    let mut before = state(NOON);
    before.looks = [(24, at("00:00:00"))].into();
    let poll = Poll::new(Some(before), PollSettings { look_again_hours: vec![3, 0], ..settings() }, at(NOON));
    let Step::Save(saved) = poll.next() else { panic!("{:?}", poll.next()) };
    assert_eq!(saved.looks, [(3, at("09:00:00"))].into());
}

#[test]
fn clock_of_ours_that_is_ahead_or_behind_moves_no_mark_beyond_the_sources() {
    let source = |_: Window| listing(&[], NOON);
    let ahead = run(Some(state("11:55:00")), settings(), at("23:00:00"), source, &KnownSessions::new());
    assert_eq!(ahead.saved.unwrap().mark, at(NOON));
    assert_eq!(*ahead.windows.last().unwrap(), window("11:55:00", "12:55:00"), "what follows has not happened yet");
    let behind = run(Some(state("11:55:00")), settings(), at("03:00:00"), source, &KnownSessions::new());
    assert!(behind.windows.is_empty() && behind.saved.is_none());
}

#[test]
fn look_goes_no_further_than_its_distance_behind_the_clock_of_its_own_answer() {
    let settings = PollSettings { look_again_hours: vec![1], ..settings() };
    let mut before = state("11:55:00");
    before.looks = [(1, at("10:00:00"))].into();
    let source = |asked: Window| listing(&[], if asked == window("10:00:00", "11:00:00") { "11:30:00" } else { NOON });
    let done = run(Some(before), settings, at(NOON), source, &KnownSessions::new());
    assert_eq!(done.saved.unwrap().looks, [(1, at("10:30:00"))].into());
}

#[test]
fn what_no_poll_lists_again_is_forgotten() {
    let mut before = state("11:00:00");
    before.recent = [(lsid("old"), at("09:59:58")), (lsid("young"), at("10:00:00"))].into();
    let done = run(Some(before), settings(), at(NOON), nothing, &KnownSessions::new());
    assert_eq!(done.saved.unwrap().recent.into_keys().collect::<Vec<_>>(), [lsid("young")]);
}

#[test]
fn poll_that_was_overtaken_stops() {
    let mut poll = Poll::new(Some(state("11:55:00")), settings(), at(NOON));
    while !matches!(poll.next(), Step::Save(_)) {
        poll.take(Answer::Listed(nothing(window("00:00:00", NOON))));
    }
    poll.take(Answer::Saved(false));
    assert_eq!(poll.next(), Step::Done(Ending::Overtaken));
}

#[test]
fn answer_to_another_step_is_ignored() {
    let mut poll = Poll::new(Some(state("11:55:00")), settings(), at(NOON));
    let step = poll.next();
    for answer in [Answer::Enqueued, Answer::Saved(true), Answer::Known(KnownSessions::new())] {
        poll.take(answer);
        assert_eq!(poll.next(), step);
    }
}

#[test]
fn memory_of_what_was_enqueued_is_bounded() {
    let sessions: Vec<_> = (0..20_000).map(|number| ended(&format!("s{number}"), "11:56:00")).collect();
    let source = |window: Window| listing(if window.contains(at("11:56:00")) { &sessions } else { &[] }, NOON);
    let done = run(Some(state("11:55:00")), settings(), at(NOON), source, &KnownSessions::new());
    assert_eq!(done.enqueued.len(), 20_000);
    assert_eq!(done.saved.unwrap().recent.len(), coverage::poll::RECENT_MAX);
}

#[test]
fn state_is_kept_as_json() {
    let mut state = state(NOON);
    state.looks = [(6, at("05:55:00"))].into();
    state.recent = [(lsid("a"), at("11:40:00"))].into();
    let json = serde_json::to_value(&state).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "version": 7, "start": "2026-11-25T00:00:00Z", "mark": "2026-11-25T12:00:00Z",
            "looks": { "6": "2026-11-25T05:55:00Z" }, "recent": { "a": "2026-11-25T11:40:00Z" }
        })
    );
    assert_eq!(serde_json::from_value::<PollState>(json).unwrap(), state);
}
