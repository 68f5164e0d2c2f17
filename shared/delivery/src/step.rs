//! What the delivery asks for, and what it is told: the whole interface between thinking and doing.
//!
//! The worker performs a [`Step`] with its clients and hands back the [`Answer`]; a simulation does the same with
//! simulated ones. Neither decides anything.

use jiff::Timestamp;
use serde::Serialize;

use crate::notice::Notice;
use crate::pause::{Pause, PauseScope};
use crate::trust::Proof;
use crate::verdict::{DeadLetterReason, Ignored, Unmatched};
use crate::waiting::WaitReason;
use session::content::{Author, Content, LookUp, NoAuthor, Ticket, TicketDraft, TicketReference, TicketWish};
use session::failure::Failure;
use session::ids::{RemoteId, RoleId, TicketNumber};
use session::support_session::SupportSession;
use session::write_id::{WriteId, WriteKind};

/// What is to be done next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Store the record under the fence; answer [`Answer::Recorded`]. If that fails, or the fence is lost, the run is over and nothing more may be done.
    Record {
        /// Whether this ends the claim with an outcome, so that claims without any start from zero again.
        outcome: bool,
    },
    /// Fetch the report; answer [`Answer::Report`].
    FetchReport,
    /// Read the ticket; answer [`Answer::Ticket`].
    FindTicket(TicketReference),
    /// Find the resource of that login and its roles; answer [`Answer::Author`].
    FindAuthor {
        /// What to look for. Names a person: not for logs.
        login: String,
        /// The configured role.
        role_name: Option<String>,
        /// The role of the ticket's assignment.
        ticket_role: Option<RoleId>,
    },
    /// Make ids of the names in the wish for a ticket; answer [`Answer::Draft`].
    DraftTicket(Box<TicketWish>),
    /// Give the running session this ticket's number as its external key; answer [`Answer::KeySet`].
    SetExternalKey(TicketNumber),
    /// Look a write up by its marker; answer [`Answer::Found`].
    LookUp(LookUp),
    /// Send a write, to be over when the invocation ends; answer [`Answer::Sent`].
    Send {
        /// Which.
        write: WriteId,
        /// What.
        content: Content,
    },
    /// Remember whether look-ups of that kind work; answer [`Answer::Noted`].
    Prove {
        /// The kind.
        kind: WriteKind,
        /// What came of looking.
        proof: Proof,
    },
    /// Open or prolong a pause; answer [`Answer::Noted`].
    Pause(Pause),
    /// Close a pause, for a call has succeeded; answer [`Answer::Noted`].
    Resume(PauseScope),
    /// Tell a person; answer [`Answer::Noted`].
    Tell(Notice),
    /// Keep what would have been written; answer [`Answer::Noted`].
    Keep(Vec<Kept>),
    /// The run is over.
    End(Ending),
}

impl Step {
    /// Whether a neighbour is called for it, which takes time.
    #[must_use]
    pub const fn calls_a_neighbour(&self) -> bool {
        matches!(
            self,
            Self::FetchReport
                | Self::FindTicket(_)
                | Self::FindAuthor { .. }
                | Self::DraftTicket(_)
                | Self::SetExternalKey(_)
                | Self::LookUp(_)
                | Self::Send { .. }
        )
    }
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The record is stored.
    Recorded,
    /// The report, or why there is none.
    Report(Result<Box<SupportSession>, Failure>),
    /// The ticket; `None`: there is none of that reference.
    Ticket(Result<Option<Ticket>, Failure>),
    /// The resource, or why there is none that we could be sure of.
    Author(Result<Result<Author, NoAuthor>, Failure>),
    /// The ticket as it can be sent; `Refused`: a name in it is nobody's, or several people's.
    Draft(Result<Box<TicketDraft>, Failure>),
    /// The session has the external key, or why not.
    KeySet(Result<(), Failure>),
    /// The ids of the rows that bear the marker.
    Found(Result<Vec<RemoteId>, Failure>),
    /// The id of what was written.
    Sent(Result<RemoteId, Failure>),
    /// A side effect was done, or could not be done and was logged: nothing rests on it.
    Noted,
}

/// What would have been written, in shadow mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kept {
    /// Which write.
    pub write: WriteId,
    /// On which ticket.
    pub ticket: TicketNumber,
    /// Its title, or whose time in which role.
    pub heading: String,
    /// Its text.
    pub text: String,
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The event is done with: its message can go.
    Finished(Outcome),
    /// The message stays, invisible until then.
    Wait {
        /// Until when.
        until: Timestamp,
        /// For what.
        why: WaitReason,
    },
    /// The message goes to the dead letters, with the reason.
    DeadLetter(DeadLetterReason),
}

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Something was written, refused, skipped or found in doubt in this run, and nothing is left to do.
    Delivered,
    /// Nothing was left to do when it came.
    AlreadyDelivered,
    /// The session has no ticket.
    Unmatched(Unmatched),
    /// The configuration says so.
    Ignored(Ignored),
    /// A survey before the end of its session: the end will bring it.
    SurveyNoted,
    /// The session runs and its ticket cannot be created now: the end of the session will see to it.
    LeftToTheEnd,
    /// An event that calls for nothing.
    NothingToDo,
    /// Everything was decided and kept, nothing written.
    Shadowed,
}

impl Outcome {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::AlreadyDelivered => "already_delivered",
            Self::Unmatched(_) => "unmatched",
            Self::Ignored(_) => "ignored",
            Self::SurveyNoted => "survey_noted",
            Self::LeftToTheEnd => "left_to_the_end",
            Self::NothingToDo => "nothing_to_do",
            Self::Shadowed => "shadowed",
        }
    }
}
