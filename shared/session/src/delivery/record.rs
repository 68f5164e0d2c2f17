//! What the ledger remembers of a session: which writes it calls for, how far each is, and what was frozen when the
//! first of them was sent.
//!
//! Plain data with a serialised form that outlives releases: fields may be added, never renamed. The fence, the nonce
//! and the count of claims are the ledger's own and not here. What to do with it is decided in [`super::machine`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::step::{Notice, NoticeSubject};
use super::trust::ApiUser;
use super::write_id::{RepresentativeKey, WriteId};
use crate::failure::Sentence;
use crate::ids::{RemoteId, ResourceId, RoleId, TicketId, TicketNumber};
use crate::time_entry::SkipReason;

/// What the ledger remembers of a session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
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

/// One write and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// How far it is.
    #[serde(flatten)]
    pub state: WriteState,
    /// Whose time it is, for time entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<RepresentativeKey>,
    /// What look-ups need, frozen by the first sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
    /// Whether a call of unknown fate was ever made for it and not resolved since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maybe_sent: bool,
    /// It must be looked up before it is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub look_first: bool,
    /// Why it is not tried now, although it is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// As whom it was sent last: what another API user cannot see may be there all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_as: Option<ApiUser>,
    /// A hash of what it says, for surveys: their order in the report does not tell them apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How often an unfamiliar refusal came back.
    #[serde(default)]
    pub unfamiliar_refusals: u32,
    /// How often it was rendered again at half the size.
    #[serde(default)]
    pub halvings: u32,
    /// Roles that were refused for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles_refused: BTreeSet<RoleId>,
}

impl Write {
    /// A write that has not been tried.
    #[must_use]
    pub fn wanted() -> Self {
        Self::of(WriteState::Wanted)
    }

    /// A write in that state, with nothing else known.
    #[must_use]
    pub fn of(state: WriteState) -> Self {
        Self {
            state,
            representative: None,
            frozen: None,
            maybe_sent: false,
            look_first: false,
            hold: None,
            sent_as: None,
            content: None,
            unfamiliar_refusals: 0,
            halvings: 0,
            roles_refused: BTreeSet::new(),
        }
    }

    /// Whether a call that may have written it has not been resolved: only a look-up can tell.
    #[must_use]
    pub const fn is_unresolved(&self) -> bool {
        matches!(self.state, WriteState::Sending { .. }) || (self.maybe_sent && matches!(self.state, WriteState::Wanted))
    }

    /// Whether it is not to be tried now, and the vendor said why.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        matches!(self.state, WriteState::Wanted) && matches!(self.hold, Some(Hold::Right { .. } | Hold::Alone { .. }))
    }

    /// The write, of that representative's time.
    #[must_use]
    pub fn for_representative(mut self, representative: Option<RepresentativeKey>) -> Self {
        self.representative = representative;
        self
    }
}

/// Why a write that is wanted is not tried now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// A right of the tenant is missing: all writes of its kind wait for the pause of the kind.
    Right {
        /// What the vendor said.
        sentence: Sentence,
    },
    /// The vendor objects to this write alone (a submitted timesheet): nobody else waits for it.
    Alone {
        /// What the vendor said.
        sentence: Sentence,
        /// Since when; after the event's retry time it is refused.
        since: Timestamp,
        /// How often it has been tried since.
        tries: u32,
        /// Not to be tried before.
        until: Timestamp,
    },
    /// The vendor refused it with a text that we do not know.
    Unfamiliar {
        /// Not to be tried before.
        until: Timestamp,
    },
}

/// How far a write is.
///
/// ```text
/// wanted -> sending(send_by) -> done(id)
///    |            |-> refused(sentence)
///    |            |-> in doubt
///    |-> skipped(reason)
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WriteState {
    /// To be written; certainly not written by us if `maybe_sent` is not set.
    Wanted,
    /// Being sent, or sent with unknown fate.
    Sending {
        /// When the sending began.
        at: Timestamp,
        /// The deadline of the invocation that sends: after it, the platform has ended it.
        send_by: Timestamp,
        /// How often it has been looked up since.
        looks: u32,
    },
    /// Written.
    Done {
        /// The id that the ticketing system gave it.
        id: RemoteId,
        /// When that became known.
        at: Timestamp,
        /// Found by its marker rather than answered.
        #[serde(default)]
        found: bool,
    },
    /// Not to be written.
    Skipped {
        /// Why.
        reason: Skip,
    },
    /// Refused for good, until an operator replays it.
    Refused {
        /// In the vendor's words.
        sentence: Sentence,
        /// When.
        at: Timestamp,
    },
    /// It may be there or not, and look-ups cannot tell: a person decides.
    InDoubt {
        /// What happened.
        sentence: Sentence,
        /// Since when.
        at: Timestamp,
    },
}

impl WriteState {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Wanted | Self::Sending { .. })
    }
}

/// Why a write is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// The attachment was refused; its text went into continuation notes.
    Continued,
    /// Nobody filled in the survey: there is nothing to write.
    EmptySurvey,
    /// A rule of time entries.
    #[serde(untagged)]
    Time(SkipReason),
}

/// What look-ups of a write need, kept as it was when it was first sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frozen {
    /// A note.
    Note {
        /// Its ticket.
        ticket: TicketId,
        /// Its title, marker included.
        title: String,
        /// First half of the SHA-256 of its text, in hex: tells whether a resend differs.
        body_hash: String,
    },
    /// A time entry.
    Time {
        /// Its ticket.
        ticket: TicketId,
        /// Whose.
        resource: ResourceId,
        /// When it starts.
        start: Timestamp,
    },
    /// An attachment.
    Attachment {
        /// The note it hangs on.
        note: RemoteId,
        /// Its title, marker included.
        title: String,
    },
}

/// The frozen ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its id.
    pub ticket: TicketId,
    /// Its number, for people.
    pub number: TicketNumber,
}

/// Why a session has no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// No external key.
    #[error("the session has no external key")]
    NoKey,
    /// A key in which no ticket can be found.
    #[error("no ticket can be found in the external key")]
    NoTicketInKey,
    /// A key that asks for a new ticket, which is not switched on.
    #[error("the external key asks for a new ticket, and automatic creation is off")]
    TicketWanted,
    /// The ticket does not exist (or cannot be seen by the API user).
    #[error("the ticket does not exist, or the API user cannot see it")]
    TicketNotFound,
    /// Found by bare digits, and without activity for too long: they may be a phone number.
    #[error("bare digits, and the ticket of that id has been without activity for long")]
    StaleTicket,
    /// Found by bare digits, and the note would be shown to the ticket's company: a customer can set such a key to any number.
    #[error("bare digits, and the note would be shown to the company of whatever ticket has that id")]
    DigitsShownToCustomer,
}

/// Why an event is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// The connection is off.
    #[error("the connection's mode is off")]
    ModeOff,
    /// The event is switched off.
    #[error("the event is switched off")]
    EventOff,
    /// The session ended before `deliver_from`.
    #[error("the session ended before deliver_from")]
    BeforeDeliverFrom,
    /// It was first heard of while the connection did not write (shadow, off): whoever wrote then has written it.
    #[error("first heard of while the connection did not write: it belongs to whoever wrote then")]
    WrittenByOthers,
}

/// What switched writing off while writes were open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum LeftOpen {
    /// Its events are ignored now.
    #[error(transparent)]
    Ignored(Ignored),
    /// The connection only decides now, and writes nothing.
    #[error("the connection's mode is shadow")]
    Shadow,
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

/// Since when an event waits, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Since when; `retry_hours` counts from here.
    pub since: Timestamp,
    /// For what, now.
    pub why: WaitReason,
    /// How often for the same since then.
    pub rounds: u32,
    /// How often for something else since then: what alternates does not begin its ladder anew each time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<WaitReason, u32>,
    /// A person has been told that it waits, which is done once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

impl Waiting {
    /// How often for that since then.
    #[must_use]
    pub fn rounds_of(&self, why: WaitReason) -> u32 {
        if self.why == why { self.rounds } else { self.others.get(&why).copied().unwrap_or_default() }
    }
}

/// What an event waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The appliance has no report yet, or none with an end or the surveys announced.
    #[error("the report is not ready")]
    ReportNotReady,
    /// The appliance cannot be reached, or answers unreadably.
    #[error("the appliance does not answer")]
    Appliance,
    /// The report of this session cannot be read; others can.
    #[error("the report cannot be read")]
    ReportUnreadable,
    /// Autotask refuses to answer a question about this session; it answers others.
    #[error("Autotask refuses a question about this session")]
    ReadRefused,
    /// The appliance refuses the credentials.
    #[error("the appliance refuses the credentials")]
    ApplianceCredentials,
    /// Autotask cannot be reached or asks to slow down.
    #[error("Autotask does not answer or asks to slow down")]
    Autotask,
    /// Autotask refuses the credentials.
    #[error("Autotask refuses the credentials")]
    AutotaskCredentials,
    /// Too much of the tenant's hourly budget of calls is used.
    #[error("too much of Autotask's hourly budget of calls is used")]
    HourlyBudget,
    /// A right is missing.
    #[error("a right is missing in Autotask")]
    Blocked,
    /// A right is missing on the appliance.
    #[error("a right is missing on the appliance")]
    ApplianceRight,
    /// The vendor objects to a write of this session alone.
    #[error("Autotask objects to a write of this session alone")]
    WriteBlocked,
    /// The connection is on hold.
    #[error("the connection is on hold")]
    OnHold,
    /// There is no connection document that could serve.
    #[error("there is no usable connection document")]
    NoConnectionDocument,
    /// The ledger does not answer.
    #[error("the ledger does not answer")]
    Ledger,
    /// A write of unknown fate is being looked for.
    #[error("a write of unknown fate is being looked for")]
    UnknownWrite,
    /// An unfamiliar refusal is being tried again.
    #[error("an unfamiliar refusal is being tried again")]
    UnfamiliarRefusal,
    /// Too little time was left in the invocation for the next call.
    #[error("the invocation's time was used up")]
    TimeUsedUp,
}

impl WaitReason {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReportNotReady => "report_not_ready",
            Self::Appliance => "appliance",
            Self::ReportUnreadable => "report_unreadable",
            Self::ReadRefused => "read_refused",
            Self::ApplianceCredentials => "appliance_credentials",
            Self::Autotask => "autotask",
            Self::AutotaskCredentials => "autotask_credentials",
            Self::HourlyBudget => "hourly_budget",
            Self::Blocked => "blocked",
            Self::ApplianceRight => "appliance_right",
            Self::WriteBlocked => "write_blocked",
            Self::OnHold => "on_hold",
            Self::NoConnectionDocument => "no_connection_document",
            Self::Ledger => "ledger",
            Self::UnknownWrite => "unknown_write",
            Self::UnfamiliarRefusal => "unfamiliar_refusal",
            Self::TimeUsedUp => "time_used_up",
        }
    }
}

/// Why an event was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// The report never came.
    #[error("report_missing: the appliance had no complete report within the retry time")]
    ReportMissing,
    /// What it waited for did not come about in `retry_hours`.
    #[error("retry time used up: {0}")]
    RetryTimeUsedUp(WaitReason),
    /// It has waited nearly as long as the queue keeps anything.
    #[error("waited for as long as the queue keeps events: {0}")]
    QueueTimeUsedUp(WaitReason),
    /// Too many claims without any outcome: processing it ends the process each time.
    #[error("claimed {0} times without any outcome")]
    ClaimsWithoutOutcome(u32),
}

impl DeadLetterReason {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ReportMissing => "report_missing",
            Self::RetryTimeUsedUp(_) => "retry_time_used_up",
            Self::QueueTimeUsedUp(_) => "queue_time_used_up",
            Self::ClaimsWithoutOutcome(_) => "claims_without_outcome",
        }
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
        let sentence = Sentence::new(&reason.to_string());
        self.dead_lettered = Some(reason);
        let ticket = self.target.as_ref().map(|target| target.number.clone());
        let remedy = "look at the reason, mend what it names, then replay the message from the dead-letter queue";
        Notice { subject: NoticeSubject::DeadLettered, ticket, write: None, sentence, remedy: Sentence::new(remedy) }
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
}
