//! One write and how far it is. Every transition is a method here, and knows nothing but the write itself.
//!
//! ```text
//! wanted -> sending(send_by) -> done(id)
//!    |  <-certainly not taken-|-> refused(sentence)
//!    |                        |-> in doubt
//!    |-> skipped(reason)
//!
//! an operator's replay turns refused and in doubt back to wanted, with a lookup first
//! ```

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::frozen::Frozen;
use crate::trust::ApiUser;
use crate::wanted::{Check, Hold, Wanted};
use session::content::Content;
use session::failure::Sentence;
use session::ids::{RemoteId, RoleId};
use session::time_entry::SkipReason;
use session::write_id::RepresentativeKey;

/// One write and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// How far it is.
    #[serde(flatten)]
    pub state: WriteState,
    /// What only writes of its sort have.
    #[serde(default, skip_serializing_if = "Detail::is_none")]
    pub detail: Detail,
    /// Where lookups must look, frozen by the sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
    /// As whom it was sent last: what another API user cannot see may be there all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_as: Option<ApiUser>,
}

/// How far a write is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WriteState {
    /// To be written.
    Wanted(Wanted),
    /// Being sent, or sent with unknown fate.
    Sending {
        /// When the sending began.
        at: Timestamp,
        /// The deadline of the invocation that sends: after it, the platform has ended it.
        send_by: Timestamp,
        /// How often it has been looked up since.
        looks: u32,
        /// What it becomes again if it certainly was not taken.
        before: Wanted,
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
    /// It may be there or not, and lookups cannot tell: a person decides.
    InDoubt {
        /// What happened.
        sentence: Sentence,
        /// Since when.
        at: Timestamp,
    },
}

/// What only writes of one sort have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// A session note.
    SessionNote {
        /// How often it was rendered again at half the size.
        halvings: u32,
    },
    /// A time entry.
    Time {
        /// Whose time it is.
        representative: RepresentativeKey,
        /// Roles that were refused for it.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        roles_refused: BTreeSet<RoleId>,
        /// Other time entries of the same person that it overlaps with, of which a person was told; a few of them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        overlaps: Vec<RemoteId>,
    },
    /// A survey.
    Survey {
        /// A hash of what it says: its order in the report does not tell it from others.
        content: String,
    },
}

impl Detail {
    const fn is_none(&self) -> bool {
        matches!(self, Self::None)
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

impl WriteState {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Wanted(_) | Self::Sending { .. })
    }
}

// What it is, and what is known of it.
impl Write {
    /// A write that has not been tried.
    #[must_use]
    pub fn wanted(check: Option<Check>) -> Self {
        Self::of(WriteState::Wanted(Wanted { check, hold: None }))
    }

    /// A write in that state, with nothing else known.
    #[must_use]
    pub const fn of(state: WriteState) -> Self {
        Self { state, detail: Detail::None, frozen: None, sent_as: None }
    }

    /// The write, with what only its sort has.
    #[must_use]
    pub fn with(self, detail: Detail) -> Self {
        Self { detail, ..self }
    }

    /// Whose time it is; `None` for what is no time entry or nobody's.
    #[must_use]
    pub const fn representative(&self) -> Option<&RepresentativeKey> {
        match &self.detail {
            Detail::Time { representative, .. } => Some(representative),
            _ => None,
        }
    }

    /// The hash of the survey that it is.
    #[must_use]
    pub fn survey_content(&self) -> Option<&str> {
        match &self.detail {
            Detail::Survey { content } => Some(content),
            _ => None,
        }
    }

    /// Other time entries of the same person that it overlaps with; a few of them.
    #[must_use]
    pub fn overlaps(&self) -> &[RemoteId] {
        match &self.detail {
            Detail::Time { overlaps, .. } => overlaps,
            _ => &[],
        }
    }

    /// Whether that role was refused for it.
    #[must_use]
    pub fn has_refused(&self, role: RoleId) -> bool {
        matches!(&self.detail, Detail::Time { roles_refused, .. } if roles_refused.contains(&role))
    }

    /// Why it is looked up before it is sent.
    #[must_use]
    pub const fn check(&self) -> Option<Check> {
        match &self.state {
            WriteState::Wanted(wanted) => wanted.check,
            _ => None,
        }
    }

    /// Why it is not tried now.
    #[must_use]
    pub const fn hold(&self) -> Option<&Hold> {
        match &self.state {
            WriteState::Wanted(Wanted { hold, .. }) => hold.as_ref(),
            _ => None,
        }
    }

    /// Whether a call that may have written it has not been resolved: only a lookup can tell.
    #[must_use]
    pub const fn is_unresolved(&self) -> bool {
        matches!(self.state, WriteState::Sending { .. }) || matches!(self.check(), Some(Check::MaybeSent))
    }

    /// Whether it has certainly never been sent, and nothing makes one suspect that it is there.
    #[must_use]
    pub const fn is_untouched(&self) -> bool {
        matches!(self.state, WriteState::Wanted(Wanted { check: None, .. }))
    }

    /// Whether it is not to be tried now, and the vendor said why.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        matches!(self.hold(), Some(Hold::Right { .. } | Hold::Alone { .. }))
    }
}

// How it goes on.
impl Write {
    /// It is about to be sent, and the record that says so is stored before.
    pub fn begin_sending(&mut self, content: &Content, send_by: Timestamp, user: &ApiUser, now: Timestamp) {
        let before = match &mut self.state {
            WriteState::Wanted(wanted) => std::mem::take(wanted),
            _ => Wanted::default(),
        };
        self.state = WriteState::Sending { at: now, send_by, looks: 0, before };
        // Nothing that was sent before can be there or land any more, or it would not be sent again: lookups must
        // look where this one goes, although the report may have changed since.
        self.frozen = Some(Frozen::of(content));
        self.sent_as = Some(user.clone());
    }

    /// It was certainly not taken, or certainly is not there: as if it had never been begun.
    pub fn not_sent(&mut self) {
        if let WriteState::Sending { before, .. } = &mut self.state {
            self.state = WriteState::Wanted(std::mem::take(before));
        }
    }

    /// It was looked up early and not seen: it may still land.
    pub const fn not_seen_yet(&mut self) {
        if let WriteState::Sending { looks, .. } = &mut self.state {
            *looks += 1;
        }
    }

    /// It was looked up before it is sent, and is not there: no call of unknown fate is left.
    pub fn not_there(&mut self) {
        if let WriteState::Wanted(wanted) = &mut self.state {
            wanted.check = wanted.check.map(|_| Check::Precaution);
        }
    }

    /// It is there.
    pub fn done(&mut self, id: RemoteId, found: bool, now: Timestamp) {
        self.state = WriteState::Done { id, at: now, found };
    }

    /// It is not made.
    pub fn skipped(&mut self, reason: Skip) {
        self.state = WriteState::Skipped { reason };
    }

    /// It is refused for good.
    pub fn refused(&mut self, sentence: Sentence, now: Timestamp) {
        self.state = WriteState::Refused { sentence, at: now };
    }

    /// Nobody can tell whether it is there.
    pub fn in_doubt(&mut self, sentence: Sentence, now: Timestamp) {
        self.state = WriteState::InDoubt { sentence, at: now };
    }

    /// An operator's replay: what was refused or is in doubt is wanted again, with a lookup first; what waits is tried at once.
    pub fn reopen(&mut self) {
        let check = match self.state {
            WriteState::Refused { .. } => Some(Check::Precaution),
            WriteState::InDoubt { .. } => Some(Check::MaybeSent),
            WriteState::Wanted(Wanted { check, .. }) => {
                self.state = WriteState::Wanted(Wanted { check, hold: None });
                return;
            }
            WriteState::Sending { .. } | WriteState::Done { .. } | WriteState::Skipped { .. } => return,
        };
        self.state = WriteState::Wanted(Wanted { check, hold: None });
        match &mut self.detail {
            Detail::SessionNote { halvings } => *halvings = 0,
            Detail::Time { roles_refused, .. } => roles_refused.clear(),
            Detail::Survey { .. } | Detail::None => {}
        }
    }

    /// The right to write its kind is missing. What the vendor said of this write alone stays.
    pub fn lacks_right(&mut self, sentence: &Sentence) {
        if let WriteState::Wanted(Wanted { hold, .. }) = &mut self.state
            && !matches!(hold, Some(Hold::Alone { .. }))
        {
            *hold = Some(Hold::Right { sentence: sentence.clone() });
        }
    }

    /// The vendor objects to it alone; returns since when, and how often it was tried before. It is looked up before the next try:
    /// whatever stands before the vendor and says so may not know what was written behind it.
    pub fn blocked_alone(&mut self, now: Timestamp) -> (Timestamp, u32) {
        self.not_sent();
        self.look_before_next_try();
        match self.hold() {
            Some(Hold::Alone { since, tries, .. }) => (*since, tries + 1),
            _ => (now, 0),
        }
    }

    /// An unfamiliar text refused it; returns how often that has happened, this time included. It is looked up before the next try: a
    /// text that we do not know does not prove that nothing was written.
    pub fn refused_unfamiliarly(&mut self) -> u32 {
        self.not_sent();
        self.look_before_next_try();
        match self.hold() {
            Some(Hold::Unfamiliar { refusals, .. }) => refusals + 1,
            _ => 1,
        }
    }

    /// It is not tried for now.
    pub fn hold_back(&mut self, why: Hold) {
        if let WriteState::Wanted(Wanted { hold, .. }) = &mut self.state {
            *hold = Some(why);
        }
    }

    fn look_before_next_try(&mut self) {
        if let WriteState::Wanted(Wanted { check, .. }) = &mut self.state {
            check.get_or_insert(Check::Precaution);
        }
    }
}
