//! Where the complete text of a session goes when its note cannot hold it: into an attachment, or into further notes
//! where the tenant takes no attachments.

use crate::model::session_name;
use crate::text::{beginning, length, title};
use crate::{
    APPLIANCE_KEEPS_DAYS, ATTACHMENT_BYTES_MAX, ATTACHMENT_TITLE_CHARACTERS_MAX, NOTE_CHARACTERS_MAX, NOTE_CHARACTERS_MIN,
    NOTE_TITLE_CHARACTERS_MAX,
};
use session::content::{Attachment, Note};
use session::ids::RemoteId;
use session::settings::{NoteSettings, Visibility};
use session::support_session::SupportSession;
use session::write_id::{Marker, WriteId};

/// The most notes that continue a session note: a ticket with more of them would be of no use to anybody.
pub const CONTINUATIONS_MAX: u32 = 20;

/// The complete text as a file attached to the note. `n` is the number of the attachment, from 1.
///
/// Beyond [`ATTACHMENT_BYTES_MAX`] the text is cut, and its last line says so.
#[must_use]
pub fn attachment(note: RemoteId, session: &SupportSession, n: u32, overflow: &str, visibility: Visibility) -> Attachment {
    let words = format!("{}, complete text", session_name(session));
    let marker = Marker::new(&session.lsid, &WriteId::Attachment(n));
    Attachment {
        note,
        title: title(&words, &marker, ATTACHMENT_TITLE_CHARACTERS_MAX),
        file_name: file_name(session, n),
        text: within_bytes(overflow, ATTACHMENT_BYTES_MAX),
        visibility,
    }
}

/// `remote-session-48213.txt`; a second attachment is told apart by its number.
pub(crate) fn file_name(session: &SupportSession, n: u32) -> String {
    let name = session.sequence.map_or_else(|| session.lsid.to_string(), |sequence| sequence.to_string());
    match n {
        0 | 1 => format!("remote-session-{name}.txt"),
        n => format!("remote-session-{name}-{n}.txt"),
    }
}

fn within_bytes(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let last_line = cut_line();
    let end = text.floor_char_boundary(bytes_max - last_line.len());
    format!("{}{last_line}", &text[..end])
}

fn cut_line() -> String {
    format!("\n\nCut here: the session is too long. The appliance keeps all of it for {APPLIANCE_KEEPS_DAYS} days.\n")
}

/// The complete text as further notes, from write id `note.session.2` on, for tenants that refuse attachments. Each
/// body has `characters_max` characters at most, within [`NOTE_CHARACTERS_MIN`] and [`NOTE_CHARACTERS_MAX`]; one after
/// the other they are the complete text, character by character, up to [`CONTINUATIONS_MAX`] notes. If that does not
/// suffice, the last one says that it was cut.
#[must_use]
pub fn continuations(overflow: &str, session: &SupportSession, settings: &NoteSettings, characters_max: usize) -> Vec<Note> {
    let characters_max = characters_max.clamp(NOTE_CHARACTERS_MIN, NOTE_CHARACTERS_MAX);
    let bodies = bodies(overflow, characters_max);
    let count = bodies.len();
    let note = |(index, description): (u32, String)| {
        let words = format!("{}, complete text {} of {count}", session_name(session), index + 1);
        let marker = Marker::new(&session.lsid, &WriteId::Continuation(index + 2));
        Note { title: title(&words, &marker, NOTE_TITLE_CHARACTERS_MAX), description, visibility: settings.visibility }
    };
    (0..CONTINUATIONS_MAX).zip(bodies).map(note).collect()
}

fn bodies(text: &str, characters_max: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if bodies.len() + 1 == CONTINUATIONS_MAX as usize && length(rest) > characters_max {
            let last_line = cut_line();
            bodies.push(format!("{}{last_line}", beginning(rest, characters_max - length(&last_line))));
            break;
        }
        let (body, after) = rest.split_at(end_of_body(rest, characters_max));
        bodies.push(body.to_owned());
        rest = after;
    }
    bodies
}

/// Where the body ends: behind the last line that fits, or within a line that is longer than half of a note.
fn end_of_body(text: &str, characters_max: usize) -> usize {
    let body = beginning(text, characters_max);
    if body.len() == text.len() {
        return body.len();
    }
    match body.rfind('\n') {
        Some(line_break) if line_break >= body.len() / 2 => line_break + 1,
        _ => body.len(),
    }
}
