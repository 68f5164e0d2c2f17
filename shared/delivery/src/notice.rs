//! What a person is told, and every word of it: what was seen, and what to do about it. Where it goes is the worker's business.

use crate::case::Words;
use crate::pause::PauseScope;
use crate::verdict::{DeadLetterReason, LeftOpen};
use session::content::NoAuthor;
use session::failure::Sentence;
use session::ids::TicketNumber;
use session::write_id::{WriteId, WriteKind};
use texts::TemplateProblem;

/// Something that a person should know, in words that need no other source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What sort of thing: with the sentence, what messages are grouped by.
    pub subject: NoticeSubject,
    /// The ticket, if there is one.
    pub ticket: Option<TicketNumber>,
    /// The write, if it is about one.
    pub write: Option<WriteId>,
    /// What the neighbour said or what was seen.
    pub sentence: Sentence,
    /// What to do.
    pub remedy: Sentence,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeSubject {
    /// A write was refused for good.
    Refused,
    /// A right is missing.
    Blocked,
    /// The vendor objects to one write, for now.
    WriteBlocked,
    /// A time entry overlaps with other time of the same person.
    Overlap,
    /// A write is in doubt.
    InDoubt,
    /// Credentials are refused.
    CredentialsRefused,
    /// Look-ups do not work for this connection: exactly-once cannot be kept.
    LookUpsUntrusted,
    /// Writing was switched off while a write was open.
    LeftOpen,
    /// An announced survey does not show.
    SurveyMissing,
    /// Nobody knows when a session ended, so that its time is not written.
    EndUnknown,
    /// The appliance answers with something that we do not know, for a while now.
    ReportRefused,
    /// An event was given up.
    DeadLettered,
    /// A template of the connection failed, and the built-in one was used.
    TemplateFailed,
    /// The connection document is missing or cannot be used.
    Connection,
}

impl NoticeSubject {
    /// The word for logs and grouping.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Blocked => "blocked",
            Self::WriteBlocked => "write_blocked",
            Self::Overlap => "overlap",
            Self::InDoubt => "in_doubt",
            Self::CredentialsRefused => "credentials_refused",
            Self::LookUpsUntrusted => "look_ups_untrusted",
            Self::LeftOpen => "left_open",
            Self::SurveyMissing => "survey_missing",
            Self::EndUnknown => "end_unknown",
            Self::ReportRefused => "report_refused",
            Self::DeadLettered => "dead_lettered",
            Self::TemplateFailed => "template_failed",
            Self::Connection => "connection",
        }
    }
}

fn notice(subject: NoticeSubject, write: Option<&WriteId>, sentence: Sentence, remedy: &str) -> Notice {
    Notice { subject, ticket: None, write: write.cloned(), sentence, remedy: Sentence::new(remedy) }
}

impl Notice {
    /// The notice, about that ticket.
    #[must_use]
    pub fn of_ticket(self, ticket: Option<TicketNumber>) -> Self {
        Self { ticket, ..self }
    }
}

/// A write was refused for good, in the vendor's words or ours.
pub(crate) fn refused(write: &WriteId, sentence: Sentence) -> Notice {
    let remedy = "correct what the sentence names, then replay the session: only what is missing will be written";
    notice(NoticeSubject::Refused, Some(write), sentence, remedy)
}

/// A time entry that no replay can bring.
pub(crate) fn time_refused(write: &WriteId, sentence: Sentence) -> Notice {
    notice(NoticeSubject::Refused, Some(write), sentence, "write this time entry by hand")
}

/// A time entry is written where the same person has time already.
pub(crate) fn overlap(write: &WriteId, sentence: Sentence) -> Notice {
    let remedy = "compare the entries and correct one of them; time_entry.overlap says whether such an entry is written";
    notice(NoticeSubject::Overlap, Some(write), sentence, remedy)
}

/// A right is missing: for that write's kind, or for a neighbour as a whole.
pub(crate) fn blocked(write: Option<&WriteId>, sentence: Sentence, remedy: &Sentence) -> Notice {
    notice(NoticeSubject::Blocked, write, sentence, remedy.as_str())
}

pub(crate) fn blocked_alone(write: &WriteId, sentence: Sentence, remedy: &Sentence) -> Notice {
    notice(NoticeSubject::WriteBlocked, Some(write), sentence, remedy.as_str())
}

pub(crate) fn in_doubt(write: &WriteId, sentence: Sentence) -> Notice {
    let remedy =
        "look at the ticket: if it is missing there, write it by hand; give the API user the right to see its own entries";
    notice(NoticeSubject::InDoubt, Some(write), sentence, remedy)
}

/// The appliance does not let us give a session the number of its ticket.
pub(crate) fn key_not_set(sentence: Sentence, remedy: &Sentence) -> Notice {
    notice(NoticeSubject::Blocked, None, sentence, remedy.as_str())
}

/// Why a write is in doubt.
pub(crate) fn doubt() -> Sentence {
    Sentence::new("sent without an answer, and look-ups cannot tell whether it arrived")
}

pub(crate) fn end_unknown(write: &WriteId) -> Notice {
    let sentence = Sentence::new("neither the report nor an event of the appliance says when the session ended");
    let remedy = "write this time entry by hand, or replay the session when the report has its end";
    notice(NoticeSubject::EndUnknown, Some(write), sentence, remedy)
}

pub(crate) fn report_refused(sentence: Sentence) -> Notice {
    let remedy = "look up what the appliance says; the session waits for its report and goes on by itself";
    notice(NoticeSubject::ReportRefused, None, sentence, remedy)
}

pub(crate) fn survey_missing() -> Notice {
    let sentence = Sentence::new("an exit survey was announced and is not in the report after an hour");
    let remedy = "look at the session on the appliance: it may have been submitted empty; else replay the session later";
    notice(NoticeSubject::SurveyMissing, None, sentence, remedy)
}

pub(crate) fn left_open(write: Option<&WriteId>, why: LeftOpen) -> Notice {
    let sentence = Sentence::new(&format!("not written yet, and it will not be: {why}"));
    let remedy = "when writing is switched on again, replay the session: only what is missing will be written";
    notice(NoticeSubject::LeftOpen, write, sentence, remedy)
}

pub(crate) fn dead_lettered(reason: &DeadLetterReason) -> Notice {
    let remedy = "look at the reason, mend what it names, then replay the message from the dead-letter queue";
    notice(NoticeSubject::DeadLettered, None, Sentence::new(&reason.to_string()), remedy)
}

pub(crate) fn template_failed(problem: &TemplateProblem) -> Notice {
    let sentence = Sentence::new(&format!("template {}: {}", problem.template, problem.what));
    let remedy = "correct the template in the connection document; the built-in one was used";
    notice(NoticeSubject::TemplateFailed, None, sentence, remedy)
}

/// A write of that kind is surely there and cannot be seen; `which` says how we know of it.
pub(crate) fn lookups_untrusted(kind: WriteKind, which: &str) -> Notice {
    let sentence = Sentence::new(&format!("a {kind} {which} cannot be found again"));
    let remedy = "exactly-once cannot be kept for this connection: give the API user the system's own API user security level, which sees everything";
    notice(NoticeSubject::LookUpsUntrusted, None, sentence, remedy)
}

pub(crate) fn credentials_refused(words: &Words, scope: PauseScope, sentence: Sentence) -> Notice {
    let remedy = match scope {
        PauseScope::Appliance => words.source_credentials,
        PauseScope::Ticketing | PauseScope::Kind(_) => words.ticketing_credentials,
    };
    notice(NoticeSubject::CredentialsRefused, None, sentence, remedy)
}

/// Why a time entry has nobody to be written for.
pub(crate) fn no_author(words: &Words, problem: NoAuthor) -> Sentence {
    let ticketing = words.ticketing;
    Sentence::new(&match problem {
        NoAuthor::NotFound => format!(
            "no active {ticketing} resource has the representative's e-mail address or user name: map the appliance user in time_entry.resources"
        ),
        NoAuthor::Ambiguous => format!(
            "several {ticketing} resources have the representative's e-mail address: map the appliance user to a user name in time_entry.resources"
        ),
        NoAuthor::RoleNotFound => format!(
            "no active {ticketing} role has the name in time_entry.defaults.roleName, or the API user cannot see it: nothing is billed at another rate; correct the name"
        ),
    })
}

/// An entry would go to somebody else than the one it was first sent for.
pub(crate) fn resource_changed(words: &Words) -> Sentence {
    Sentence::new(&format!("the representative's {} resource has changed since the entry was first sent", words.ticketing))
}

/// Two representatives of one session are one person in the ticketing system.
pub(crate) fn same_resource(words: &Words) -> Sentence {
    Sentence::new(&format!("another representative of this session has the same {} resource", words.ticketing))
}
