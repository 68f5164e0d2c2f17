//! What the ledger remembers of a session: which writes it calls for, how far each is, and what was frozen when the
//! first of them was sent.
//!
//! Plain data with a serialised form that outlives releases: fields may be added, never renamed. The fence, the nonce
//! and the count of claims are the ledger's own and not here. What to do with it is decided in [`crate::machine`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::notice::{self, Notice};
use crate::verdict::{DeadLetterReason, Ignored, LeftOpen, Unmatched};
use crate::waiting::Waiting;
use crate::write::{Skip, Write, WriteState};
use session::ids::{RemoteId, TicketId, TicketNumber};
use session::write_id::WriteId;
use texts::TakenOut;

/// What the ledger remembers of a session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What lists show of the session, as its newest report said.
    pub facts: Option<Facts>,
    /// How much was taken out of the texts of its newest report, by kind.
    #[serde(skip_serializing_if = "TakenOut::is_nothing")]
    pub taken_out: TakenOut,
    /// Every write the session called for so far.
    pub writes: BTreeMap<WriteId, Write>,
    /// The ticket, frozen by the first sending; later writes of the session use it whatever the key says by then.
    pub target: Option<Target>,
    /// The ticket an operator assigned; counts for writes that were never sent.
    pub assigned: Option<TicketId>,
    /// The ledger first heard of the session from something else than a fresh event of its end: it may have known it once
    /// and lost its memory.
    pub unremembered: bool,
    /// Why the session has no ticket, when that is its end so far.
    pub unmatched: Option<Unmatched>,
    /// When the end of the session was announced.
    pub end: Option<EndSeen>,
    /// The survey events seen: a resend is no second survey.
    pub surveys_seen: SurveysSeen,
    /// When everything that the session's end calls for had come to its end.
    pub settled_at: Option<Timestamp>,
    /// Why it is ignored, when that is its end.
    pub ignored: Option<Ignored>,
    /// Writes that were begun or due stay open, for writing was switched off: a person should know of them.
    pub left_open: Option<LeftOpen>,
    /// Since when everything but announced surveys is final.
    pub surveys_awaited_since: Option<Timestamp>,
    /// Announced surveys that did not show in the report in time.
    pub surveys_missing: SurveysMissing,
    /// Since when, and how often, the event in hand has been waiting.
    pub waiting: Option<Waiting>,
    /// The newest operator's replay that has been taken up: a redelivery of it does not turn refusals back twice.
    pub replayed_at: Option<Timestamp>,
    /// Why its event was given up, if it was.
    pub dead_lettered: Option<DeadLetterReason>,
}

/// What lists show of a session beside its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The appliance's running number of the session.
    pub sequence: Option<u64>,
    /// When it ended, as far as the report or an event says.
    pub ended_at: Option<Timestamp>,
    /// The primary representative's user name on the appliance.
    pub technician: Option<String>,
    /// The external key that it ended with.
    pub external_key: Option<String>,
}

/// The frozen ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its id.
    pub ticket: TicketId,
    /// Its number, for people.
    pub number: TicketNumber,
}

/// Who writes what an event announces. The mode in force when the event is first heard of decides for good; only an
/// operator's replay hands over what others were to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// We do.
    Us,
    /// Whoever wrote while the connection was in shadow or off: we must not write it a second time.
    Others,
}

/// The end of a session, as it was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSeen {
    /// When the session ended by the appliance's own event: its time, else when it was received. `None`: only a poll or a replay told
    /// of the end, which date nothing.
    pub at: Option<Timestamp>,
    /// When the first word of the end was received.
    pub received_at: Timestamp,
    /// Who writes note and time entry.
    pub writer: Writer,
}

/// The survey events seen, by the second at which they originated, and who writes the survey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurveysSeen {
    /// Customer exit surveys.
    pub customer: BTreeMap<i64, Writer>,
    /// Representative exit surveys.
    pub representative: BTreeMap<i64, Writer>,
}

/// How many announced surveys did not show in the report in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurveysMissing {
    /// Customer exit surveys.
    pub customer: usize,
    /// Representative exit surveys.
    pub representative: usize,
}

impl SurveysMissing {
    /// Whether any is missing.
    #[must_use]
    pub const fn any(self) -> bool {
        self.customer + self.representative > 0
    }
}

/// Whether a record is on the list of what a person should look at, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// A survey that was announced did not show.
    SurveyMissing,
    /// It has no ticket.
    Unmatched,
    /// A right is missing, or the vendor objects to a write for now.
    Blocked,
    /// Writing was switched off while a write was open.
    LeftOpen,
    /// A write was refused.
    Refused,
    /// A write is in doubt.
    InDoubt,
    /// Its event was given up.
    DeadLettered,
}

impl Attention {
    /// The word for logs and table items.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SurveyMissing => "survey_missing",
            Self::Unmatched => "unmatched",
            Self::Blocked => "blocked",
            Self::LeftOpen => "left_open",
            Self::Refused => "refused",
            Self::InDoubt => "in_doubt",
            Self::DeadLettered => "dead_lettered",
        }
    }
}

impl Record {
    /// Remembers that the event in hand is given up; returns what a person should know. The delivery does this by itself; whoever
    /// cannot begin one (without a connection document) does it here.
    pub fn give_up(&mut self, reason: DeadLetterReason) -> Notice {
        self.waiting = None;
        let notice = notice::dead_lettered(&reason).of_ticket(self.target.as_ref().map(|target| target.number.clone()));
        self.dead_lettered = Some(reason);
        notice
    }

    /// Whether a write may have been made by a call whose fate is unknown.
    #[must_use]
    pub fn has_unresolved(&self) -> bool {
        self.writes.values().any(Write::is_unresolved)
    }

    /// Whether a write is wanted or on its way.
    #[must_use]
    pub fn has_open(&self) -> bool {
        self.writes.values().any(|write| !write.state.is_final())
    }

    /// When the session ended, as well as anybody knows: lists are sorted by it. `None`: nobody has heard of its end.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        let reported = self.facts.as_ref().and_then(|facts| facts.ended_at);
        reported.or_else(|| self.end.map(|end| end.at.unwrap_or(end.received_at)))
    }

    /// Why a person should look at the session: the gravest reason, or `None`.
    #[must_use]
    pub fn attention(&self) -> Option<Attention> {
        let of_write = |write: &Write| match write.state {
            WriteState::InDoubt { .. } => Some(Attention::InDoubt),
            WriteState::Refused { .. } => Some(Attention::Refused),
            _ if write.is_blocked() => Some(Attention::Blocked),
            _ => None,
        };
        self.dead_lettered
            .as_ref()
            .map(|_| Attention::DeadLettered)
            .into_iter()
            .chain(self.unmatched.map(|_| Attention::Unmatched))
            .chain(self.left_open.map(|_| Attention::LeftOpen))
            .chain(self.surveys_missing.any().then_some(Attention::SurveyMissing))
            .chain(self.writes.values().filter_map(of_write))
            .max()
    }

    /// The writes that are not final, in their order.
    pub(crate) fn open_writes(&self) -> impl Iterator<Item = (&WriteId, &Write)> {
        self.writes.iter().filter(|(_, write)| !write.state.is_final())
    }

    /// Adds the write unless the record knows it.
    pub(crate) fn add(&mut self, id: WriteId, write: Write) {
        self.writes.entry(id).or_insert(write);
    }

    /// The ticket that was created for the session, once it is.
    #[must_use]
    pub fn created_ticket(&self) -> Option<TicketId> {
        match self.writes.get(&WriteId::Ticket)?.state {
            WriteState::Done { id, .. } => Some(TicketId(id.0)),
            _ => None,
        }
    }

    /// The session's ticket was named by its key or by a person: none is created any more. What may have been created stays, to be looked up.
    pub(crate) fn drop_unsent_ticket(&mut self) {
        let unsent =
            |write: &Write| !write.is_unresolved() && matches!(write.state, WriteState::Wanted(_) | WriteState::Refused { .. });
        if self.writes.get(&WriteId::Ticket).is_some_and(unsent) {
            self.writes.remove(&WriteId::Ticket);
        }
    }

    /// The session note's id, once it is written.
    pub(crate) fn session_note(&self) -> Option<RemoteId> {
        match self.writes.get(&WriteId::SessionNote)?.state {
            WriteState::Done { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Whether the end of the session is ours to write.
    pub(crate) fn is_end_ours(&self) -> bool {
        self.end.is_some_and(|end| end.writer == Writer::Us)
    }

    /// What others were to write is ours from now on, on the operator's word.
    pub(crate) fn take_over(&mut self) {
        if let Some(end) = &mut self.end {
            end.writer = Writer::Us;
        }
        let SurveysSeen { customer, representative } = &mut self.surveys_seen;
        for writer in customer.values_mut().chain(representative.values_mut()) {
            *writer = Writer::Us;
        }
    }

    /// What is kept instead of written in shadow mode is others' to write, so the record forgets it, also while the event waits: the mode
    /// may change meanwhile. It stays wanted where it is ours: the session was first heard of while we wrote, or what is over of a note
    /// that we wrote is missing on the ticket.
    pub(crate) fn forget_shadowed(&mut self) {
        let has_note = self.session_note().is_some();
        let end_is_ours = self.is_end_ours();
        self.writes.retain(|id, write| {
            let rest_of_note = has_note && matches!(id, WriteId::Attachment(_) | WriteId::Continuation(_));
            let ours = end_is_ours && !matches!(id, WriteId::CustomerSurvey(_) | WriteId::RepresentativeSurvey(_));
            let empty = matches!(write.state, WriteState::Skipped { reason: Skip::EmptySurvey });
            let decided = write.state.is_final() && !empty;
            decided || write.is_unresolved() || rest_of_note || ours
        });
    }
}
