//! A session as lists show it, for people and for programs.

use delivery::{Hold, Record, Skip, Write, WriteState};
use jiff::Timestamp;
use serde::Serialize;
use session::{ApplianceId, Lsid};

use super::{Session, State};

/// One session as lists show it. The members are fixed: other programs read them.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) appliance: ApplianceId,
    pub(crate) lsid: Lsid,
    pub(crate) sequence: Option<u64>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) ticket: Option<String>,
    pub(crate) technician: Option<String>,
    pub(crate) state: State,
    pub(crate) attention: Option<&'static str>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) next_attempt_at: Option<Timestamp>,
    pub(crate) waiting_for: Option<&'static str>,
    pub(crate) writes: Vec<WriteRow>,
    /// What the record says of the session as a whole; for people.
    #[serde(skip)]
    pub(crate) reason: Option<String>,
}

/// One write of a session.
#[derive(Debug, Serialize)]
pub(crate) struct WriteRow {
    pub(crate) id: String,
    pub(crate) state: &'static str,
    pub(crate) remote_id: Option<i64>,
    pub(crate) sentence: Option<String>,
    /// How often it was sent, as far as is remembered.
    pub(crate) attempts: u32,
}

impl From<&Session> for Row {
    fn from(session: &Session) -> Self {
        let empty = Record::default();
        let record = session.record().unwrap_or(&empty);
        let facts = record.facts.clone().unwrap_or_default();
        let waiting = record.waiting.as_ref();
        Self {
            appliance: session.appliance.clone(),
            lsid: session.listed.lsid.clone(),
            sequence: facts.sequence,
            ended_at: record.ended_at().or(session.listed.ended_at),
            ticket: ticket(record),
            technician: facts.technician,
            state: session.state(),
            attention: record.attention().map(|attention| attention.name()),
            since: session.listed.attention_at.or_else(|| waiting.map(|waiting| waiting.since)),
            next_attempt_at: waiting.and_then(|waiting| waiting.until),
            waiting_for: waiting.map(|waiting| waiting.why.name()),
            writes: record.writes.iter().map(|(id, write)| WriteRow::new(id.to_string(), write)).collect(),
            reason: reason(record),
        }
    }
}

impl WriteRow {
    fn new(id: String, write: &Write) -> Self {
        let (state, remote_id) = match &write.state {
            WriteState::Wanted(_) => ("wanted", None),
            WriteState::Sending { .. } => ("sending", None),
            // Nobody knows the id of what a person has found.
            WriteState::Done { id, .. } => ("done", Some(id.0).filter(|id| *id != 0)),
            WriteState::Skipped { .. } => ("skipped", None),
            WriteState::Refused { .. } => ("refused", None),
            WriteState::InDoubt { .. } => ("in_doubt", None),
        };
        Self { id, state, remote_id, sentence: sentence(write), attempts: attempts(write) }
    }
}

/// The ticket's number; of one that was assigned and not read yet its id.
pub(crate) fn ticket(record: &Record) -> Option<String> {
    let frozen = record.target.as_ref().map(|target| target.number.to_string());
    frozen.or_else(|| record.assigned.map(|ticket| ticket.to_string()))
}

/// Why the session as a whole is as it is, if there is a reason.
fn reason(record: &Record) -> Option<String> {
    let given_up = record.dead_lettered.as_ref().map(ToString::to_string);
    let left_open = record.left_open.map(|why| why.to_string());
    let unmatched = record.unmatched.map(|why| why.to_string());
    given_up.or(left_open).or(unmatched).or_else(|| record.ignored.map(|why| why.to_string()))
}

/// What the vendor, or a rule, said of the write.
pub(crate) fn sentence(write: &Write) -> Option<String> {
    match &write.state {
        WriteState::Refused { sentence, .. } | WriteState::InDoubt { sentence, .. } => Some(sentence.to_string()),
        WriteState::Skipped { reason } => Some(skipped(*reason)),
        _ => match write.hold() {
            Some(Hold::Right { sentence } | Hold::Alone { sentence, .. }) => Some(sentence.to_string()),
            _ => None,
        },
    }
}

fn skipped(reason: Skip) -> String {
    match reason {
        Skip::Continued => "the attachment was refused: its text went into further notes".to_owned(),
        Skip::EmptySurvey => "nobody filled in the survey".to_owned(),
        Skip::Time(reason) => reason.to_string(),
    }
}

fn attempts(write: &Write) -> u32 {
    match (&write.state, write.hold()) {
        (_, Some(Hold::Alone { tries, .. })) => tries + 1,
        (_, Some(Hold::Unfamiliar { refusals, .. })) => *refusals,
        (_, Some(Hold::Right { .. })) => 1,
        (WriteState::Wanted(_) | WriteState::Skipped { .. }, None) => u32::from(write.frozen.is_some()),
        _ => 1,
    }
}
