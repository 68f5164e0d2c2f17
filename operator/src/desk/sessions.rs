//! What the ledger knows of sessions. Changes nothing.
//!
//! - here: a session, and the one word for how it stands.
//! - `row`: a session as lists show it.
//! - `search`: which sessions are meant, by a filter or by a name.

mod row;
mod search;

use std::cmp::Reverse;

use clap::ValueEnum;
use delivery::{Record, Write, WriteState, Writer};
use jiff::Timestamp;
use ledger::{Listed, Remembered};
use serde::Serialize;
use session::{ApplianceId, Lsid};

pub(crate) use self::row::{Row, sentence, ticket};
pub(crate) use self::search::{After, Filter, by_name, find};

/// How a session stands: the one word that says what it needs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum State {
    /// All that it calls for is written, or by a rule not to be written.
    Delivered,
    /// It is on its way, and goes on by itself.
    Waiting,
    /// It has no ticket.
    Unmatched,
    /// Something of it was refused.
    Refused,
    /// A right is missing, or the vendor objects to a write for now.
    Blocked,
    /// Something of it may be written or not.
    InDoubt,
    /// Its event was given up.
    GivenUp,
    /// What would have been written was kept, nothing written.
    Shadowed,
    /// Not ours to write, by settings.
    Ignored,
    /// Writing was switched off while a write was open.
    LeftOpen,
    /// A survey that was announced did not show.
    SurveyMissing,
}

impl State {
    /// The word for it, as in JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Waiting => "waiting",
            Self::Unmatched => "unmatched",
            Self::Refused => "refused",
            Self::Blocked => "blocked",
            Self::InDoubt => "in_doubt",
            Self::GivenUp => "given_up",
            Self::Shadowed => "shadowed",
            Self::Ignored => "ignored",
            Self::LeftOpen => "left_open",
            Self::SurveyMissing => "survey_missing",
        }
    }

    /// Whether a person has to do something.
    pub(crate) const fn needs_person(self) -> bool {
        !matches!(self, Self::Delivered | Self::Waiting | Self::Shadowed | Self::Ignored)
    }

    /// How the session stands that the record tells of, in the order of what is gravest.
    pub(crate) fn of(record: &Record) -> Self {
        let any = |is: fn(&Write) -> bool| record.writes.values().any(is);
        if record.dead_lettered.is_some() {
            Self::GivenUp
        } else if any(|write| matches!(write.state, WriteState::InDoubt { .. })) {
            Self::InDoubt
        } else if any(|write| matches!(write.state, WriteState::Refused { .. })) {
            Self::Refused
        } else if record.left_open.is_some() {
            Self::LeftOpen
        } else if record.unmatched.is_some() {
            Self::Unmatched
        } else if any(Write::is_blocked) {
            Self::Blocked
        } else if record.waiting.is_some() || record.has_open() {
            Self::Waiting
        } else if record.surveys_missing.any() {
            Self::SurveyMissing
        } else {
            Self::of_settled(record)
        }
    }

    fn of_settled(record: &Record) -> Self {
        if record.ignored.is_some() {
            Self::Ignored
        } else if record.writes.is_empty() && record.end.is_some_and(|end| end.writer == Writer::Others) {
            Self::Shadowed
        } else if record.settled_at.is_some() || !record.writes.is_empty() {
            Self::Delivered
        } else {
            Self::Waiting
        }
    }
}

/// A session of the ledger, with the appliance that it is of.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) appliance: ApplianceId,
    pub(crate) listed: Listed,
}

impl Session {
    /// What is remembered of it, if anything was recorded and can be read.
    pub(crate) const fn record(&self) -> Option<&Record> {
        match &self.listed.remembered {
            Remembered::Recorded(record) => Some(record),
            Remembered::Claimed | Remembered::Unreadable => None,
        }
    }

    /// How it stands. What cannot be read is a doubt: nobody can tell what was written.
    pub(crate) fn state(&self) -> State {
        match &self.listed.remembered {
            Remembered::Recorded(record) => State::of(record),
            Remembered::Claimed => State::Waiting,
            Remembered::Unreadable => State::InDoubt,
        }
    }

    /// Where it is in a list: what has no end first, then the newest.
    fn place(&self) -> (Reverse<Timestamp>, &Lsid) {
        (Reverse(self.listed.ended_at.unwrap_or(Timestamp::MAX)), &self.listed.lsid)
    }
}
