//! Statements: that they add up, and what they say.

use std::collections::BTreeSet;

use coverage::{Answer, Known, KnownSessions, SessionState, Statement, StatementRun, StatementSettings, Step};
use proptest::prelude::*;
use session::{ApplianceId, EndedSession, Listing, Lsid, Sentence, Window};

use crate::{at, ended, lsid, polled};

const STATES: [SessionState; 8] = [
    SessionState::Delivered,
    SessionState::Skipped,
    SessionState::Ignored,
    SessionState::Unmatched,
    SessionState::Refused,
    SessionState::InDoubt,
    SessionState::Waiting,
    SessionState::GivenUp,
];

fn settings() -> StatementSettings {
    StatementSettings {
        appliance: ApplianceId::default(),
        from: at("08:00:00"),
        to: at("12:00:00"),
        ours_since: at("08:30:00"),
        heals: true,
        missed_before: BTreeSet::new(),
    }
}

/// A statement at noon about these sessions, and what it enqueues.
fn statement(settings: StatementSettings, sessions: &[EndedSession], known: &KnownSessions) -> (Statement, Vec<Lsid>) {
    let (mut run, mut enqueued) = (StatementRun::new(settings, at("12:00:00")), Vec::new());
    loop {
        let answer = match run.next() {
            Step::List(window) => Answer::Listed(Listing { sessions: listed(sessions, window), source_now: None }),
            Step::LookUp(_) => Answer::Known(known.clone()),
            Step::Enqueue(orders) => {
                enqueued.extend(orders.into_iter().map(|order| order.lsid));
                Answer::Enqueued
            }
            Step::Save(_) => Answer::Saved(true),
            Step::Done(_) => return (run.into_statement(), enqueued),
        };
        run.take(answer);
    }
}

/// A source that counts the window's end in.
fn listed(sessions: &[EndedSession], window: Window) -> Vec<EndedSession> {
    let inside = |session: &&EndedSession| (window.from()..=window.until()).contains(&session.ended_at.unwrap());
    sessions.iter().filter(inside).cloned().collect()
}

#[test]
fn statement_says_of_each_session_how_it_stands() {
    let sessions = [
        ended("before", "08:10:00"),
        ended("edge", "09:00:00"),
        ended("refused", "09:30:00"),
        ended("missing", "10:00:00"),
        ended("just", "11:50:00"),
    ];
    let refused = Known { sentence: Some(Sentence::new("The timesheet is submitted.")), ..polled(SessionState::Refused) };
    let known = [(lsid("edge"), polled(SessionState::Delivered)), (lsid("refused"), refused)].into();
    let missed_before = BTreeSet::from([lsid("edge"), lsid("other")]);
    let (statement, enqueued) = statement(StatementSettings { missed_before, ..settings() }, &sessions, &known);
    assert_eq!(enqueued, [lsid("missing")]);
    assert!(!statement.is_clean());
    assert_eq!(
        serde_json::to_value(&statement).unwrap(),
        serde_json::json!({
            "appliance": "default", "from": "2026-11-25T08:00:00Z", "to": "2026-11-25T12:00:00Z",
            "listed": 5, "delivered": 1, "skipped": 0, "ignored": 1, "unmatched": 0, "refused": 1, "in_doubt": 0, "waiting": 1,
            "given_up": 0, "missing": 1, "healed": 1,
            "exceptions": [
                { "lsid": "refused", "sequence": 48213, "ended_at": "2026-11-25T09:30:00Z", "state": "refused",
                  "sentence": "The timesheet is submitted." },
                { "lsid": "missing", "sequence": 48213, "ended_at": "2026-11-25T10:00:00Z", "state": "missing",
                  "sentence": "no event of its end has come, or none was kept" },
                { "lsid": "just", "sequence": 48213, "ended_at": "2026-11-25T11:50:00Z", "state": "waiting",
                  "sentence": "it has just ended, and its event may be on its way" }
            ]
        })
    );
}

#[test]
fn session_that_is_listed_twice_is_counted_once() {
    let (statement, enqueued) = statement(settings(), &[ended("a", "10:00:00"), ended("a", "10:00:00")], &KnownSessions::new());
    assert_eq!((statement.listed, statement.missing, enqueued.len()), (1, 1, 1));
}

#[test]
fn statement_that_does_not_heal_tells_all_the_same() {
    let (statement, enqueued) =
        statement(StatementSettings { heals: false, ..settings() }, &[ended("a", "10:00:00")], &KnownSessions::new());
    assert_eq!((statement.missing, enqueued.len()), (1, 0));
}

#[test]
fn statement_of_very_many_exceptions_is_kept_with_the_missing_ones_first() {
    let sessions: Vec<EndedSession> = (0..20_000).map(|number| ended(&format!("s{number}"), "10:00:00")).collect();
    let refused = |number: &usize| !number.is_multiple_of(40);
    let known = Known { sentence: Some(Sentence::new(&"ü".repeat(300))), ..polled(SessionState::Refused) };
    let known = (0..20_000).filter(refused).map(|number| (lsid(&format!("s{number}")), known.clone())).collect();
    let (statement, _) = statement(settings(), &sessions, &known);
    assert_eq!((statement.listed, statement.missing, statement.exceptions.len()), (20_000, 500, 20_000));
    let kept = statement.to_keep();
    assert_eq!(kept.listed, 20_000);
    assert!((600..1_000).contains(&kept.exceptions.len()), "{}", kept.exceptions.len());
    assert_eq!(kept.exceptions.iter().filter(|exception| exception.state == SessionState::Missing).count(), 500);
    assert!(serde_json::to_vec(&kept).unwrap().len() < 300_000);
}

#[test]
fn statement_goes_back_to_the_horizon_at_most() {
    let all = StatementSettings { from: "2020-01-01T00:00:00Z".parse().unwrap(), to: at("23:00:00"), ..settings() };
    let (statement, _) = statement(all, &[], &KnownSessions::new());
    assert_eq!((statement.from, statement.to), ("2026-08-27T12:00:00Z".parse().unwrap(), at("12:00:00")));
    assert!(statement.is_clean());
}

proptest! {
    #[test]
    fn numbers_add_up_whatever_is_listed_and_known(
        sessions in prop::collection::vec((0_u32..30, 0_u32..15_000, 0_usize..12), 0..60),
        missed in prop::collection::btree_set(0_u32..30, 0..10),
    ) {
        let name = |number: u32| lsid(&format!("s{number}"));
        let mut known = KnownSessions::new();
        let listed: Vec<EndedSession> = sessions.iter().map(|(number, second, state)| {
            if let Some(state) = STATES.get(*state) {
                known.insert(name(*number), Known { end_seen: second % 5 > 0, ..polled(*state) });
            }
            let ended_at = at("08:00:00") + jiff::SignedDuration::from_secs(i64::from(*second));
            EndedSession { lsid: name(*number), sequence: None, ended_at: Some(ended_at), external_key: None }
        }).collect();
        let missed_before = missed.into_iter().map(name).collect();
        let (statement, enqueued) = statement(StatementSettings { missed_before, ..settings() }, &listed, &known);
        let sum = STATES.iter().map(|state| statement.count(*state)).sum::<u64>() + statement.missing;
        prop_assert_eq!(sum, statement.listed);
        let settled = statement.delivered + statement.skipped + statement.ignored;
        prop_assert_eq!(statement.exceptions.len() as u64, statement.listed - settled);
        for state in STATES.into_iter().chain([SessionState::Missing]) {
            let told = statement.exceptions.iter().filter(|exception| exception.state == state).count() as u64;
            prop_assert!(told == 0 || told == statement.count(state));
        }
        prop_assert_eq!(enqueued.len() as u64, statement.missing);
        prop_assert!(statement.healed <= statement.delivered);
    }
}
