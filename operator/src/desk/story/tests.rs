//! Each state of a session, as it is told.

#![allow(clippy::unwrap_used, reason = "tests")]

use delivery::record::SurveysMissing;
use delivery::wanted::Wanted;
use delivery::{
    DeadLetterReason, EndSeen, Facts, Hold, Ignored, LeftOpen, Skip, Target, Unmatched, WaitReason, Waiting, Write, WriteState,
    Writer,
};
use ledger::Listed;
use session::time_entry::SkipReason;
use session::{RemoteId, TicketId};

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_742_304_440 + minute * 60).unwrap()
}

fn ended() -> Record {
    let facts = Facts {
        sequence: Some(48_213),
        ended_at: Some(at(0)),
        technician: Some("jmueller".to_owned()),
        external_key: Some("T20250318.0042".to_owned()),
    };
    let end = EndSeen { at: Some(at(0)), received_at: at(1), writer: Writer::Us };
    Record { facts: Some(facts), end: Some(end), ..Record::default() }
}

fn with(states: &[(&str, WriteState)]) -> Record {
    let writes = states.iter().map(|(id, state)| (id.parse().unwrap(), Write::of(state.clone())));
    let target = Target { ticket: TicketId(7001), number: "T20250318.0042".parse().unwrap() };
    Record { writes: writes.collect(), target: Some(target), ..ended() }
}

fn waiting(why: WaitReason) -> Option<Waiting> {
    let others = std::collections::BTreeMap::new();
    Some(Waiting { since: at(2), why, until: Some(at(32)), rounds: 1, others, told: false })
}

fn done(id: i64) -> WriteState {
    WriteState::Done { id: RemoteId(id), at: at(2), found: false }
}

fn held(hold: Hold) -> WriteState {
    WriteState::Wanted(Wanted { check: None, hold: Some(hold) })
}

fn session(remembered: Remembered<Record>) -> Session {
    let listed = Listed {
        lsid: "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap(),
        ended_at: Some(at(0)),
        remembered,
        attention_at: None,
        updated_at: Some(at(3)),
        fence: 2,
        claims_without_outcome: 0,
    };
    Session { appliance: "default".parse().unwrap(), listed }
}

/// One session in each state, and what else is told differently.
fn sessions() -> Vec<(&'static str, Session)> {
    let refused = WriteState::Refused { sentence: "The role is not valid for this resource.".into(), at: at(2) };
    let in_doubt =
        WriteState::InDoubt { sentence: "sent without an answer, and look-ups cannot tell whether it arrived".into(), at: at(9) };
    let blocked = held(Hold::Alone { sentence: "The timesheet is submitted.".into(), since: at(2), tries: 2, until: at(32) });
    let wanted = WriteState::Wanted(Wanted::default());
    let others = EndSeen { at: Some(at(0)), received_at: at(1), writer: Writer::Others };
    let skipped = WriteState::Skipped { reason: Skip::Time(SkipReason::TooShort) };
    let settled = Some(at(3));
    let records = [
        ("delivered", Record { settled_at: settled, ..with(&[("note.session", done(9001)), ("time.101", skipped)]) }),
        ("waiting", Record { waiting: waiting(WaitReason::ReportNotReady), ..ended() }),
        ("waiting for its end", Record::default()),
        ("unmatched", Record { unmatched: Some(Unmatched::NoKey), ..ended() }),
        ("refused", with(&[("note.session", done(9001)), ("time.101", refused)])),
        (
            "blocked",
            Record { waiting: waiting(WaitReason::WriteBlocked), ..with(&[("note.session", done(9001)), ("time.101", blocked)]) },
        ),
        ("in doubt", with(&[("note.session", in_doubt), ("time.101", done(9002))])),
        ("given up", Record { dead_lettered: Some(DeadLetterReason::ReportMissing), ..ended() }),
        ("shadowed", Record { end: Some(others), settled_at: settled, ..ended() }),
        ("ignored", Record { ignored: Some(Ignored::ModeOff), end: Some(others), ..ended() }),
        (
            "left open",
            Record { left_open: Some(LeftOpen::Shadow), ..with(&[("note.session", done(9001)), ("time.101", wanted)]) },
        ),
        (
            "survey missing",
            Record {
                surveys_missing: SurveysMissing { customer: 1, representative: 0 },
                settled_at: settled,
                ..with(&[("note.session", done(9001))])
            },
        ),
    ];
    let recorded = records.map(|(name, record)| (name, session(Remembered::Recorded(record))));
    let unrecorded = [("claimed", session(Remembered::Claimed)), ("unreadable", session(Remembered::Unreadable))];
    recorded.into_iter().chain(unrecorded).collect()
}

#[test]
fn each_state_is_told_in_plain_words() {
    let told: String = sessions().iter().map(|(name, session)| format!("=== {name}\n{}\n", why(session))).collect();
    insta::assert_snapshot!(told);
}

#[test]
fn all_that_the_ledger_has_is_shown() {
    let shown: String = sessions().iter().map(|(name, session)| format!("=== {name}\n{}\n", whole(session))).collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn states_are_those_that_the_names_say() {
    use clap::ValueEnum as _;
    for (name, session) in sessions() {
        let state = session.state();
        let name = name.replace(' ', "_");
        let expected = match name.as_str() {
            "waiting_for_its_end" | "claimed" => "waiting",
            "unreadable" => "in_doubt",
            name => name,
        };
        assert_eq!(state.name(), expected);
    }
    let names: Vec<String> =
        State::value_variants().iter().map(|state| state.to_possible_value().unwrap().get_name().to_owned()).collect();
    let own: Vec<&str> = State::value_variants().iter().map(|state| state.name()).collect();
    assert_eq!(names, own, "what is asked for is called as what is shown");
}

#[test]
fn what_comes_from_outside_cannot_move_the_cursor() {
    let mut record = with(&[("note.session", WriteState::Refused { sentence: "a".into(), at: at(2) })]);
    record.facts.as_mut().unwrap().technician = Some("j\u{1b}[2J\nmueller".to_owned());
    record.facts.as_mut().unwrap().external_key = Some("\u{1b}]0;x\u{7}".to_owned());
    let session = session(Remembered::Recorded(record));
    let bad = |text: String| text.chars().any(|character| character.is_control() && character != '\n');
    assert!(!bad(why(&session)) && !bad(whole(&session)));
}
