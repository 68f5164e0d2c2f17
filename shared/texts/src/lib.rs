//! Every text that a person will read: notes, survey notes, the texts of time entries, attachments.
//!
//! Values in, texts out; what to write and where is decided in `delivery`. The words are in Handlebars
//! templates, the data they are given is documented in `docs/templates.md`. What must not depend on a template is done
//! by the code: markers, lengths, and that a customer's note holds nothing that is not for customers.
//!
//! # Markers
//!
//! By its [`Marker`](session::write_id::Marker), `[<lsid>/<write id>]`, each write is found again. Each stands in one place, exactly:
//!
//! - Notes (of the session, its continuations, surveys) and attachments: at the very end of the title, behind one blank. No other
//!   square bracket is in a title.
//! - Time entries: the internal notes begin with it, and a line feed follows. It is all of the first line.
//!
//! Nowhere else does anything read as the marker of any write of any session. Whatever comes from outside (names, chat, keys, custom
//! attributes, templates) may hold such texts; in what is rendered their square brackets are round ones.
//!
//! - `templates`: built-in ones and overrides; `steps`: how long they may take. `model`, `timeline`, `participants`: the data that they are given.
//! - `session_note`: the note of a session, fitted to its length; `customer_note`: the shorter one. `survey_note`, `time_texts`,
//!   `ticket_texts`: the other texts.
//! - `redact`: what is taken out of a session before anything is made of it.
//! - `overflow`: where the rest of a long note goes. `text`: how times and foreign texts are written.

use jiff::tz::TimeZone;

use session::support_session::{Ended, SupportSession};

mod customer_note;
mod model;
mod overflow;
mod participants;
mod redact;
mod session_note;
mod steps;
mod survey_note;
mod templates;
mod text;
mod ticket_texts;
mod time_texts;
mod timeline;

pub use overflow::{CONTINUATIONS_MAX, attachment, continuations};
pub use redact::{BadPattern, PATTERN_CHARACTERS_MAX, PATTERNS_MAX, Redactor, TakenOut, own_pattern};
pub use session_note::SessionNote;
pub use templates::{TemplateProblem, Templates};
pub use ticket_texts::{TicketTexts, ticket};
pub use time_texts::{TimeContext, TimeTexts};

/// The longest body of a note. The vendor takes 32,000 characters (vendor reference); the distance is for line breaks,
/// should it count each as two.
pub const NOTE_CHARACTERS_MAX: usize = 30_000;

/// The shortest body that a note is fitted to, however little is asked for: enough for a heading and for where the
/// rest is.
pub const NOTE_CHARACTERS_MIN: usize = 1_000;

/// The longest title of a note (vendor reference).
pub const NOTE_TITLE_CHARACTERS_MAX: usize = 250;

/// The longest title of an attachment (vendor reference).
pub const ATTACHMENT_TITLE_CHARACTERS_MAX: usize = 255;

/// The largest attachment (vendor reference: "6 to 7 MB"; clients that work stop here).
pub const ATTACHMENT_BYTES_MAX: usize = 6_000_000;

/// How long the appliance keeps a session and what its links lead to (vendor reference).
pub(crate) const APPLIANCE_KEEPS_DAYS: u32 = 90;

/// A session as one connection looks at it.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// What the appliance reports.
    pub session: &'a SupportSession,
    /// The zone in which times are written.
    pub time_zone: &'a TimeZone,
    /// When it ended.
    pub ended: Ended,
}

/// A text, and the templates that could not be used for it (built-in ones were used instead).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered<T> {
    /// The text.
    pub value: T,
    /// What was wrong with templates; usually nothing.
    pub problems: Vec<TemplateProblem>,
}

#[cfg(test)]
mod tests;
