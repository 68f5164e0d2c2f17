//! What the ledger knows of a session, as far as it matters for coverage.
//!
//! This is the one place here that reads a delivery's [`Record`]. Several things may be said of one session; what needs a person
//! most says what it is.

use std::collections::BTreeMap;

use delivery::Ignored;
use delivery::{Record, WriteState, Writer};
use serde::{Deserialize, Serialize};
use session::{Lsid, Sentence};

/// What is known of sessions; those that are not known are not in it.
pub type KnownSessions = BTreeMap<Lsid, Known>;

/// What is known of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its end has been heard of. Without that only a survey or a join has: nothing of the session itself has been written.
    pub end_seen: bool,
    /// An event of the source told of its end, so that events tell of its surveys too.
    pub announced: bool,
    /// How it stands.
    pub state: SessionState,
    /// Why, if there is something to say.
    pub sentence: Option<Sentence>,
}

/// How a session stands in a statement. Each session is in one of these states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// All that it calls for is written.
    Delivered,
    /// All that it calls for is not to be written, by rules.
    Skipped,
    /// Not ours to write, by settings.
    Ignored,
    /// It has no ticket.
    Unmatched,
    /// Something of it was refused.
    Refused,
    /// Something of it may be written or not.
    InDoubt,
    /// It is on its way.
    Waiting,
    /// Its event was given up.
    GivenUp,
    /// Nobody knows of its end.
    Missing,
}

impl Known {
    /// What is known of a session that was claimed, and never recorded: it is on its way.
    #[must_use]
    pub const fn claimed() -> Self {
        Self { end_seen: false, announced: false, state: SessionState::Waiting, sentence: None }
    }

    /// What is known of a session whose record cannot be read: that there is one, and that a person must look.
    #[must_use]
    pub fn unreadable() -> Self {
        let sentence = Sentence::new("what the ledger remembers of it cannot be read");
        Self { end_seen: true, announced: true, state: SessionState::InDoubt, sentence: Some(sentence) }
    }

    /// What the record says.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let (state, sentence) = state(record);
        Self { end_seen: record.end.is_some(), announced: record.end.is_some_and(|end| end.at.is_some()), state, sentence }
    }
}

fn state(record: &Record) -> (SessionState, Option<Sentence>) {
    use SessionState as State;
    let say = |text: &dyn std::fmt::Display| Some(Sentence::new(&text.to_string()));
    let of_writes = |wanted: fn(&WriteState) -> Option<&Sentence>| record.writes.values().find_map(|write| wanted(&write.state));
    if let Some(reason) = &record.dead_lettered {
        return (State::GivenUp, say(reason));
    }
    if let Some(sentence) = of_writes(in_doubt) {
        return (State::InDoubt, Some(sentence.clone()));
    }
    if let Some(sentence) = of_writes(refused) {
        return (State::Refused, Some(sentence.clone()));
    }
    if let Some(why) = record.left_open {
        // Nothing goes on by itself. What may have been written is a doubt; what surely was not is left out by settings.
        return (if record.has_unresolved() { State::InDoubt } else { State::Ignored }, say(&why));
    }
    if let Some(why) = record.unmatched {
        return (State::Unmatched, say(&why));
    }
    if record.has_open() || record.waiting.is_some() {
        return (State::Waiting, record.waiting.as_ref().and_then(|waiting| say(&waiting.why)));
    }
    if record.writes.values().any(|write| matches!(write.state, WriteState::Done { .. })) {
        return (State::Delivered, None);
    }
    if let Some(why) = record.ignored {
        return (State::Ignored, say(&why));
    }
    if record.end.is_some_and(|end| end.writer == Writer::Others) {
        return (State::Ignored, say(&Ignored::WrittenByOthers));
    }
    if record.settled_at.is_some() || !record.writes.is_empty() { (State::Skipped, None) } else { (State::Waiting, None) }
}

const fn in_doubt(state: &WriteState) -> Option<&Sentence> {
    match state {
        WriteState::InDoubt { sentence, .. } => Some(sentence),
        _ => None,
    }
}

const fn refused(state: &WriteState) -> Option<&Sentence> {
    match state {
        WriteState::Refused { sentence, .. } => Some(sentence),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use delivery::{DeadLetterReason, Unmatched, Write, WriteId};
    use delivery::{EndSeen, LeftOpen, Skip, WaitReason, Waiting};
    use session::RemoteId;

    use super::*;

    fn at(second: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(second).unwrap()
    }

    fn ended() -> Record {
        Record { end: Some(EndSeen { at: Some(at(1)), received_at: at(2), writer: Writer::Us }), ..Record::default() }
    }

    fn with(state: WriteState) -> Record {
        Record { settled_at: Some(at(3)), writes: [(note(), Write::of(state))].into(), ..ended() }
    }

    fn note() -> WriteId {
        "note.session".parse().unwrap()
    }

    fn done() -> WriteState {
        WriteState::Done { id: RemoteId(7), at: at(3), found: false }
    }

    fn says(record: &Record) -> (SessionState, String) {
        let known = Known::of(record);
        (known.state, known.sentence.map_or_else(String::new, String::from))
    }

    #[test]
    fn each_record_has_one_state_and_says_why() {
        use SessionState as State;
        let sentence = Sentence::new("Because.");
        let waiting = Waiting {
            since: at(2),
            why: WaitReason::ReportNotReady,
            until: None,
            rounds: 1,
            others: BTreeMap::new(),
            told: false,
        };
        let refused = WriteState::Refused { sentence: sentence.clone(), at: at(3) };
        let in_doubt = WriteState::InDoubt { sentence, at: at(3) };
        let left_open = |record| Record { left_open: Some(LeftOpen::Shadow), ..record };
        let others = EndSeen { at: None, received_at: at(2), writer: Writer::Others };
        for (record, state, sentence) in [
            (with(done()), State::Delivered, ""),
            (with(WriteState::Skipped { reason: Skip::Continued }), State::Skipped, ""),
            (Record { settled_at: Some(at(3)), ..ended() }, State::Skipped, ""),
            (with(WriteState::Wanted(Default::default())), State::Waiting, ""),
            (ended(), State::Waiting, ""),
            (Record { waiting: Some(waiting), ..ended() }, State::Waiting, "the report is not ready"),
            (Record { unmatched: Some(Unmatched::NoKey), ..ended() }, State::Unmatched, "the session has no external key"),
            (with(refused), State::Refused, "Because."),
            (with(in_doubt), State::InDoubt, "Because."),
            (left_open(with(WriteState::Wanted(Default::default()))), State::Ignored, "the connection's mode is shadow"),
            (
                left_open(with(WriteState::Sending { at: at(2), send_by: at(3), looks: 0, before: Default::default() })),
                State::InDoubt,
                "the connection's mode is shadow",
            ),
            (Record { ignored: Some(Ignored::ModeOff), ..ended() }, State::Ignored, "the connection's mode is off"),
            (Record { end: Some(others), ..ended() }, State::Ignored, &Ignored::WrittenByOthers.to_string()),
            (
                Record { dead_lettered: Some(DeadLetterReason::ClaimsWithoutOutcome(20)), ..with(done()) },
                State::GivenUp,
                "claimed 20 times without any outcome",
            ),
        ] {
            assert_eq!(says(&record), (state, sentence.to_owned()), "{record:?}");
        }
    }

    #[test]
    fn end_is_announced_only_by_an_event_that_dates_it() {
        let known = Known::of(&ended());
        assert!(known.end_seen && known.announced);
        let polled = EndSeen { at: None, received_at: at(2), writer: Writer::Us };
        let known = Known::of(&Record { end: Some(polled), ..Record::default() });
        assert!(known.end_seen && !known.announced);
        assert!(!Known::of(&Record::default()).end_seen);
    }
}
