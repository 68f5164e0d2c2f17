//! The names of what a session leaves behind, and the marker by which each is found again in the ticketing system.
//!
//! A write id is part of ledger items and of markers in customers' tickets: its text form never changes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{Gsnumber, InvalidId, Lsid, ResourceId};

/// One write that a session calls for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WriteId {
    /// `ticket`: the ticket itself, when it is created automatically.
    Ticket,
    /// `note.session`: the session note.
    SessionNote,
    /// `note.session.<n>`: continuation of the session note, from 2, where attachments are refused.
    Continuation(u32),
    /// `attachment.<n>`: text that did not fit into the note, from 1.
    Attachment(u32),
    /// `note.customer`: the shorter note that the customer sees, beside the session note.
    CustomerNote,
    /// `time.<resource>`: the time entry of that resource.
    Time(ResourceId),
    /// `time.rep-<key>`: a time entry whose resource is not known (yet).
    TimeOf(RepresentativeKey),
    /// `time.none`: the time entry that has nobody to be written for.
    TimeOfNobody,
    /// `note.customer_survey.<gsnumber>`.
    CustomerSurvey(Gsnumber),
    /// `note.rep_survey.<gsnumber>`.
    RepresentativeSurvey(Gsnumber),
}

/// A representative within one session: the permanent user id where the report has one, else the connection
/// (`gs<gsnumber>`). 1 to 40 letters, digits, `_` and `-`; other characters are replaced by `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepresentativeKey(String);

impl RepresentativeKey {
    const LENGTH_MAX: usize = 40;

    /// The key of the representative with that permanent id, else with that connection.
    #[must_use]
    pub fn new(id: Option<&str>, gsnumber: Option<Gsnumber>) -> Self {
        match (id.filter(|id| !id.is_empty()), gsnumber) {
            (Some(id), _) => Self::sanitised(id),
            (None, Some(gsnumber)) => Self(format!("gs{gsnumber}")),
            (None, None) => Self("unknown".to_owned()),
        }
    }

    fn sanitised(text: &str) -> Self {
        let safe = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
        Self(text.chars().take(Self::LENGTH_MAX).map(safe).collect())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepresentativeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What sort of thing a write makes: look-ups are proven, and rights are missing, per kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteKind {
    /// A ticket.
    Ticket,
    /// A note.
    Note,
    /// An attachment of a note.
    Attachment,
    /// A time entry.
    TimeEntry,
}

impl WriteKind {
    /// The kind's name, as in logs and table items.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Note => "note",
            Self::Attachment => "attachment",
            Self::TimeEntry => "time_entry",
        }
    }
}

impl fmt::Display for WriteKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl WriteId {
    /// What sort of thing it makes.
    #[must_use]
    pub const fn kind(&self) -> WriteKind {
        match self {
            Self::Ticket => WriteKind::Ticket,
            Self::SessionNote
            | Self::Continuation(_)
            | Self::CustomerNote
            | Self::CustomerSurvey(_)
            | Self::RepresentativeSurvey(_) => WriteKind::Note,
            Self::Attachment(_) => WriteKind::Attachment,
            Self::Time(_) | Self::TimeOf(_) | Self::TimeOfNobody => WriteKind::TimeEntry,
        }
    }
}

impl fmt::Display for WriteId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticket => formatter.write_str("ticket"),
            Self::SessionNote => formatter.write_str("note.session"),
            Self::Continuation(n) => write!(formatter, "note.session.{n}"),
            Self::Attachment(n) => write!(formatter, "attachment.{n}"),
            Self::CustomerNote => formatter.write_str("note.customer"),
            Self::Time(resource) => write!(formatter, "time.{resource}"),
            Self::TimeOf(representative) => write!(formatter, "time.rep-{representative}"),
            Self::TimeOfNobody => formatter.write_str("time.none"),
            Self::CustomerSurvey(gsnumber) => write!(formatter, "note.customer_survey.{gsnumber}"),
            Self::RepresentativeSurvey(gsnumber) => write!(formatter, "note.rep_survey.{gsnumber}"),
        }
    }
}

impl FromStr for WriteId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        fn number<T: FromStr>(text: &str) -> Result<T, InvalidId> {
            text.parse().map_err(|_| InvalidId::Character { position: 0 })
        }
        match text {
            "ticket" => return Ok(Self::Ticket),
            "note.session" => return Ok(Self::SessionNote),
            "note.customer" => return Ok(Self::CustomerNote),
            "time.none" => return Ok(Self::TimeOfNobody),
            _ => {}
        }
        if let Some(n) = text.strip_prefix("note.session.") {
            number(n).map(Self::Continuation)
        } else if let Some(n) = text.strip_prefix("attachment.") {
            number(n).map(Self::Attachment)
        } else if let Some(key) = text.strip_prefix("time.rep-") {
            Ok(Self::TimeOf(RepresentativeKey::sanitised(key)))
        } else if let Some(resource) = text.strip_prefix("time.") {
            number(resource).map(|id| Self::Time(ResourceId(id)))
        } else if let Some(gsnumber) = text.strip_prefix("note.customer_survey.") {
            number(gsnumber).map(|n| Self::CustomerSurvey(Gsnumber(n)))
        } else if let Some(gsnumber) = text.strip_prefix("note.rep_survey.") {
            number(gsnumber).map(|n| Self::RepresentativeSurvey(Gsnumber(n)))
        } else {
            Err(InvalidId::Character { position: 0 })
        }
    }
}

impl TryFrom<String> for WriteId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<WriteId> for String {
    fn from(id: WriteId) -> Self {
        id.to_string()
    }
}

/// The token by which a write is found again: `[<lsid>/<write id>]`, brackets included, for without them
/// `…/note.session` would also find `…/note.session.2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marker(String);

impl Marker {
    /// The marker of that write of that session.
    #[must_use]
    pub fn new(lsid: &Lsid, write: &WriteId) -> Self {
        Self(format!("[{lsid}/{write}]"))
    }

    /// The marker as text, brackets included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The session that it is of, as text. `None` in what is no marker of ours.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.0.strip_prefix('[')?.split_once('/').map(|(lsid, _)| lsid)
    }

    /// Whether the text bears the marker. Every row that a look-up returns is checked with this: a misspelt or ignored
    /// filter returns everything. Compared without case, as the vendor does.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        text.to_ascii_lowercase().contains(&self.0.to_ascii_lowercase())
    }

    /// Whether a title bears the marker where the code puts it: at its very end, after a blank. Anywhere else it is a text
    /// that somebody typed, and proves nothing. Compared without case; blanks at the end do not count.
    #[must_use]
    pub fn is_in_title(&self, title: &str) -> bool {
        let title = title.trim_end();
        let Some(start) = title.len().checked_sub(self.0.len()) else { return false };
        // Only then is the start known to lie between two characters: the marker is ASCII.
        let ends_with_it = title.as_bytes()[start..].eq_ignore_ascii_case(self.0.as_bytes());
        ends_with_it && title[..start].chars().next_back().is_none_or(char::is_whitespace)
    }

    /// Whether the internal notes of a time entry bear the marker where the code puts it: at the very beginning, but for
    /// blanks and line breaks. What follows does not count, since the vendor may append to notes. Compared without case.
    #[must_use]
    pub fn is_in_internal_notes(&self, notes: &str) -> bool {
        let beginning = notes.trim_start().as_bytes().get(..self.0.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(self.0.as_bytes()))
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn text_form_survives_the_ledger() {
        let representative = RepresentativeKey::new(Some("17"), None);
        for (id, text) in [
            (WriteId::Ticket, "ticket"),
            (WriteId::SessionNote, "note.session"),
            (WriteId::Continuation(2), "note.session.2"),
            (WriteId::Attachment(1), "attachment.1"),
            (WriteId::CustomerNote, "note.customer"),
            (WriteId::Time(ResourceId(4711)), "time.4711"),
            (WriteId::TimeOf(representative), "time.rep-17"),
            (WriteId::TimeOfNobody, "time.none"),
            (WriteId::CustomerSurvey(Gsnumber(311)), "note.customer_survey.311"),
            (WriteId::RepresentativeSurvey(Gsnumber(302)), "note.rep_survey.302"),
        ] {
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse::<WriteId>().unwrap(), id);
        }
        assert!("time.x".parse::<WriteId>().is_err());
        assert!("note.other".parse::<WriteId>().is_err());
    }

    #[test]
    fn marker_is_not_found_in_the_marker_of_another_write() {
        let lsid: Lsid = "ab".parse().unwrap();
        let marker = Marker::new(&lsid, &WriteId::SessionNote);
        assert!(marker.is_in("Remote session 1 [ab/note.session]"));
        assert!(!marker.is_in("Remote session 1 [ab/note.session.2]"));
        assert!(!marker.is_in("Remote session 1 [xab/note.session]"));
    }

    #[test]
    fn marker_counts_in_a_title_only_at_its_end() {
        let marker = Marker::new(&"ab".parse().unwrap(), &WriteId::SessionNote);
        for title in ["Remote session 1 [ab/note.session]", "É [AB/Note.Session] \r\n", " [ab/note.session]", "[ab/note.session]"]
        {
            assert!(marker.is_in_title(title), "{title}");
        }
        for title in [
            "",
            "é",
            "[ab/note.session",
            "Customer [ab/note.session], 25 min [cd/note.session]",
            "RE: Remote session 1 [ab/note.session] is not solved",
            "Remote session 1 [ab/note.session.2]",
            "Remote session 1 [xab/note.session]",
            "é[ab/note.session]",
            "Remote session 1 [ab/note.session]é",
        ] {
            assert!(!marker.is_in_title(title), "{title}");
        }
    }

    #[test]
    fn marker_counts_in_internal_notes_only_at_their_beginning() {
        let marker = Marker::new(&"ab".parse().unwrap(), &WriteId::Time(ResourceId(101)));
        for notes in
            ["[ab/time.101]", "[AB/TIME.101]\nSession 1", " \r\n\t[ab/time.101]\r\nSession 1", "[ab/time.101] (after-hours)"]
        {
            assert!(marker.is_in_internal_notes(notes), "{notes}");
        }
        for notes in [
            "",
            "é",
            "[ab/time.10",
            "[cd/time.101]\nAlso there: [ab/time.101], 3 min",
            "[cd/time.101]\n[ab/time.101]",
            "See [ab/time.101]",
            "[ab/time.1011]",
            "é[ab/time.101]",
        ] {
            assert!(!marker.is_in_internal_notes(notes), "{notes}");
        }
    }
}
