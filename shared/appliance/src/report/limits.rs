//! How much of a report is read and how much of it is kept.
//!
//! What exceeds a bound on reading makes the report unreadable: no real one comes near. What exceeds a bound on keeping is left
//! out and counted, because a session with too much of one thing still has a note to be written.

use std::fmt;
use std::mem::size_of;

use session::support_session::{SessionEvent, SessionEventKind};

const MIB: usize = 1024 * 1024;

/// The most bytes of one answer. The largest reports known to be fetched this way are a few tens of MB; the time-out of a call
/// allows little more.
pub const TOTAL_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most bytes of one tag, text or comment. A chat line or a note is far below; it has to fit in memory as a whole.
pub const TOKEN_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The deepest nesting. Reports need nine levels.
pub const DEPTH_MAX: usize = 64;

/// The longest element name, because the names of all open elements are in memory.
pub const NAME_BYTES_MAX: usize = 256;

/// The most attributes of one element. Reports need three.
pub const ATTRIBUTES_MAX: usize = 64;

/// The most memory that a parsed session may take, in bytes. What is written of it is a note of 30,000 characters and an
/// attachment of 6 MB at most; the process reading it should stay within 32 MiB.
pub const KEPT_BYTES_MAX: usize = 16 * MIB;

/// The most sessions of one list. An hour has a few hundred of them where a day has thousands; what is kept of so many stays below 16 MiB.
pub const SESSIONS_MAX: usize = 50_000;

/// A bound on reading that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`TOTAL_BYTES_MAX`].
    TotalBytes,
    /// [`TOKEN_BYTES_MAX`].
    TokenBytes,
    /// [`DEPTH_MAX`].
    Depth,
    /// [`NAME_BYTES_MAX`].
    NameBytes,
    /// [`ATTRIBUTES_MAX`].
    Attributes,
    /// [`SESSIONS_MAX`].
    Sessions,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TotalBytes => write!(formatter, "more than {TOTAL_BYTES_MAX} bytes"),
            Self::TokenBytes => write!(formatter, "a tag or text of more than {TOKEN_BYTES_MAX} bytes"),
            Self::Depth => write!(formatter, "more than {DEPTH_MAX} nested elements"),
            Self::NameBytes => write!(formatter, "an element name of more than {NAME_BYTES_MAX} bytes"),
            Self::Attributes => write!(formatter, "more than {ATTRIBUTES_MAX} attributes in one element"),
            Self::Sessions => write!(formatter, "more than {SESSIONS_MAX} sessions in one list"),
        }
    }
}

/// The parts of a session that have a share of [`KEPT_BYTES_MAX`] each, so that no flood of one thing (window changes, a
/// machine that pastes into the chat) pushes out another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// All that is not an event: participants, links, attributes, surveys.
    Header,
    /// Start, end, joins and leaves: the times rest on them.
    Presence,
    /// The chat.
    Chat,
    /// What technicians noted: the heart of most notes.
    Notes,
    /// Files, shells, special actions.
    Actions,
    /// System information.
    SystemInformation,
    /// Events of kinds without a treatment of their own: registry, credentials, whatever comes.
    Other,
    /// Events about windows and clicks, of which a long session has tens of thousands and nothing is written.
    Noise,
}

impl Share {
    const ALL: [Self; 8] =
        [Self::Header, Self::Presence, Self::Chat, Self::Notes, Self::Actions, Self::SystemInformation, Self::Other, Self::Noise];

    const fn bytes(self) -> usize {
        match self {
            Self::Chat => 8 * MIB,
            Self::Notes | Self::Actions => 2 * MIB,
            Self::Header | Self::Presence | Self::SystemInformation => MIB,
            Self::Other | Self::Noise => MIB / 2,
        }
    }

    pub(super) fn of(kind: &SessionEventKind) -> Self {
        use SessionEventKind as Kind;
        match kind {
            Kind::SessionStart | Kind::SessionEnd | Kind::MemberAdded | Kind::MemberDeparted => Self::Presence,
            Kind::ChatMessage => Self::Chat,
            Kind::SessionNoteAdded => Self::Notes,
            Kind::FilesShared
            | Kind::FileUpload
            | Kind::FileUploadFailed
            | Kind::FileDownload
            | Kind::FileDownloadFailed
            | Kind::FileMoved
            | Kind::FileDeleted
            | Kind::DirectoryCreated
            | Kind::CommandShellStarted
            | Kind::SpecialAction => Self::Actions,
            Kind::SystemInformationRetrieved => Self::SystemInformation,
            Kind::Other(name) if is_noise(name) => Self::Noise,
            Kind::Other(_) => Self::Other,
        }
    }
}

/// `Session Foreground Window Changed`, `Session Window Closed`, `Session Mouse Left Clicked` and their like.
fn is_noise(name: &str) -> bool {
    name.starts_with("Session ") && (name.contains("Window") || name.contains("Mouse"))
}

const _: () = {
    let (mut sum, mut index) = (0, 0);
    while index < Share::ALL.len() {
        sum += Share::ALL[index].bytes();
        index += 1;
    }
    assert!(sum == KEPT_BYTES_MAX, "the shares are all there is");
};

/// What one event takes besides its texts.
pub(super) const EVENT_BYTES: usize = size_of::<SessionEvent>();

/// What one text takes besides its bytes: the allocator's own, and half a minimal block.
const STRING_BYTES: usize = 16;

/// The room that is left of each share.
pub(super) struct Room([usize; Share::ALL.len()]);

impl Room {
    pub(super) fn new() -> Self {
        Self(Share::ALL.map(Share::bytes))
    }

    pub(super) fn left(&self, share: Share) -> usize {
        self.0[share as usize]
    }

    /// Takes room for something of that size; `false` if there is not enough, and then the share is closed for good: what
    /// is kept of a flood is its beginning, not its smallest parts.
    pub(super) fn take(&mut self, share: Share, bytes: usize) -> bool {
        let left = &mut self.0[share as usize];
        match left.checked_sub(bytes) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => {
                *left = 0;
                false
            }
        }
    }

    /// As much from the beginning of a text as there is room for, taken.
    pub(super) fn take_text<'text>(&mut self, share: Share, text: &'text str) -> &'text str {
        let left = self.left(share).saturating_sub(STRING_BYTES);
        let kept = &text[..text.floor_char_boundary(left.min(text.len()))];
        self.0[share as usize] = if kept.len() < text.len() { 0 } else { left - kept.len() };
        kept
    }
}
