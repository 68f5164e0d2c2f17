//! The note of a session, fitted to the length that the ticketing system takes.
//!
//! What does not fit is not lost: the complete text goes elsewhere (see `overflow`). From the note itself goes first
//! the system information, then the actions, then the middle of the chat: how it began says what the problem was, how
//! it ended says what became of it.

use crate::model::{SessionModel, session_name};
use crate::overflow::file_name;
use crate::participants::Audience;
use crate::redact::TakenOut;
use crate::templates::{TemplateName, TemplateProblem, Templates};
use crate::text::{beginning, length, shortened, title};
use crate::timeline::EntryModel;
use crate::{NOTE_CHARACTERS_MAX, NOTE_CHARACTERS_MIN, NOTE_TITLE_CHARACTERS_MAX, Rendered, View};
use session::content::Note;
use session::local_time::Clock;
use session::settings::{NoteSettings, Visibility};
use session::write_id::{Marker, WriteId};

/// Room for the last line, which says what was left out and where it is.
const SHORTENED_LINE_MAX: usize = 400;

/// A single message takes at most this part of the room for the chat, once the chat has to be cut.
const MESSAGE_SHARE: usize = 8;

/// How often the chat is cut further if a template makes more of a message than expected.
const CUTS_MAX: usize = 6;

/// The note of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionNote {
    /// What goes onto the ticket.
    pub note: Note,
    /// The complete text, if the note could not hold it; to be attached, or to follow in further notes.
    pub overflow: Option<String>,
}

impl Templates {
    /// The note of the session for whoever may see it by the settings: with a body of `characters_max` characters at
    /// most, within [`NOTE_CHARACTERS_MIN`] and [`NOTE_CHARACTERS_MAX`], and a title that ends with the marker.
    #[must_use]
    pub fn session_note(&self, view: &View<'_>, settings: &NoteSettings, characters_max: usize) -> Rendered<SessionNote> {
        let (audience, template) = match settings.visibility {
            Visibility::Customer => (Audience::Customer, TemplateName::SessionNoteCustomer),
            Visibility::Internal | Visibility::InternalAndComanaged => (Audience::Internal, TemplateName::SessionNote),
        };
        let model = SessionModel::new(view, audience);
        let title = session_title(view, &model, &WriteId::SessionNote);
        let mut problems = Vec::new();
        let mut fitting = Fitting {
            templates: self,
            template,
            view,
            characters_max: characters_max.clamp(NOTE_CHARACTERS_MIN, NOTE_CHARACTERS_MAX),
            problems: &mut problems,
        };
        let (description, overflow) = fitting.fit(model);
        let note = Note { title, description, visibility: settings.visibility };
        Rendered { value: SessionNote { note, overflow }, problems }
    }
}

/// `Remote session 48213, 25 min, Dana Whitfield [<marker>]`.
pub(crate) fn session_title(view: &View<'_>, model: &SessionModel, write: &WriteId) -> String {
    let primary = model.technicians.iter().find(|technician| technician.primary).map(|technician| technician.name.as_str());
    let words =
        [Some(session_name(view.session).as_str()), model.heading.duration.as_deref(), Some(primary.unwrap_or("nobody joined"))]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ");
    title(&words, &Marker::new(&view.session.lsid, write), NOTE_TITLE_CHARACTERS_MAX)
}

/// Brings one model to its length.
struct Fitting<'a> {
    templates: &'a Templates,
    template: TemplateName,
    view: &'a View<'a>,
    characters_max: usize,
    problems: &'a mut Vec<TemplateProblem>,
}

impl Fitting<'_> {
    fn render(&mut self, model: &SessionModel) -> String {
        self.templates.render(self.template, model, self.problems)
    }

    /// The text of the note, and the complete text if that is another.
    fn fit(&mut self, mut model: SessionModel) -> (String, Option<String>) {
        let complete = self.render(&model);
        let closing = TakenOut::said_in(&complete).closing_line();
        let characters_max = self.characters_max - length(&closing);
        if length(&complete) <= characters_max {
            return (complete + &closing, None);
        }
        let room = characters_max - SHORTENED_LINE_MAX;
        let mut left_out = Vec::new();
        let mut text = complete.clone();
        if model.drop_system_information() {
            left_out.push("system information".to_owned());
            text = self.render(&model);
        }
        if length(&text) > room && model.drop_actions() {
            left_out.push("actions".to_owned());
            text = self.render(&model);
        }
        if length(&text) > room && model.message_count > 0 {
            text = self.cut_chat(&mut model, &text, room, &mut left_out);
        }
        if length(&text) > room {
            text = beginning(&text, room).trim_end().to_owned();
            left_out.push("the end".to_owned());
        }
        text.push_str("\n\n");
        text.push_str(&shortened(&self.shortened_line(&left_out), SHORTENED_LINE_MAX - 2));
        (text + &closing, Some(complete + &closing))
    }

    /// The text with as much of the chat as there is room for. What a template makes of a message, and how much else it
    /// writes, is found out by trying: from one text to the next is measured what a character of chat takes.
    fn cut_chat(&mut self, model: &mut SessionModel, text: &str, room: usize, left_out: &mut Vec<String>) -> String {
        let whole = std::mem::take(&mut model.timeline);
        let (whole_chat, whole_text) = (entries_length(&whole), length(text));
        let mut chat_room = whole_chat * room / whole_text;
        let mut kept = 0;
        let mut cut_text = String::new();
        for _ in 0..CUTS_MAX {
            (model.timeline, kept) = middle_cut(&whole, chat_room);
            model.mark_days(&Clock::new(self.view.time_zone), self.view.session.started_at);
            cut_text = self.render(model);
            let excess = length(&cut_text).saturating_sub(room);
            if excess == 0 || chat_room == 0 {
                break;
            }
            let chat = entries_length(&model.timeline).min(chat_room);
            let (less_chat, less_text) = (whole_chat - chat.min(whole_chat), whole_text.saturating_sub(length(&cut_text)));
            chat_room = chat.saturating_sub(excess * less_chat / less_text.max(1) + chat / 50 + 1);
        }
        left_out.push(match whole.len() - kept {
            0 => "parts of long messages".to_owned(),
            dropped => format!("{dropped} of {} messages", whole.len()),
        });
        cut_text
    }

    fn shortened_line(&self, left_out: &[String]) -> String {
        format!(
            "Shortened; left out: {}. The complete text is in {}, attached to this note, or in the notes that follow it.",
            left_out.join(", "),
            file_name(self.view.session, 1)
        )
    }
}

/// About what the built-in template makes of the entry: time, name, punctuation, line break.
fn entry_length(entry: &EntryModel) -> usize {
    const BESIDES: usize = 4;
    const BEFORE_A_NAME: usize = 6;
    let to = entry.to.as_ref().map_or(0, |to| length(to) + BEFORE_A_NAME);
    length(&entry.time) + length(&entry.name) + to + length(&entry.text) + BESIDES
}

fn entries_length(entries: &[EntryModel]) -> usize {
    entries.iter().map(entry_length).sum()
}

/// The beginning (two thirds of the room) and the end of the entries, with a line for what is missing between them;
/// and how many were kept. Where single messages are out of proportion, they are cut first.
fn middle_cut(entries: &[EntryModel], room: usize) -> (Vec<EntryModel>, usize) {
    let longest = room / MESSAGE_SHARE;
    let clipped: Vec<EntryModel> =
        entries.iter().map(|entry| EntryModel { text: shortened(&entry.text, longest), ..entry.clone() }).collect();
    if entries_length(&clipped) <= room {
        let kept = clipped.len();
        return (clipped, kept);
    }
    let head = count_within(clipped.iter(), room / 3 * 2);
    let tail = count_within(clipped[head..].iter().rev(), room / 3);
    let kept = head + tail;
    let dropped = clipped.len() - kept;
    let mut cut: Vec<EntryModel> = clipped[..head].to_vec();
    cut.push(gap(dropped));
    cut.extend_from_slice(&clipped[clipped.len() - tail..]);
    (cut, kept)
}

fn count_within<'a>(entries: impl Iterator<Item = &'a EntryModel>, room: usize) -> usize {
    let mut used = 0;
    entries
        .take_while(|entry| {
            used += entry_length(entry);
            used <= room
        })
        .count()
}

fn gap(dropped: usize) -> EntryModel {
    let messages = if dropped == 1 { "message" } else { "messages" };
    EntryModel {
        at: None,
        day: None,
        time: String::new(),
        name: String::new(),
        to: None,
        text: String::new(),
        chat: false,
        gap: Some(format!("... {dropped} {messages} left out here; where the complete text is, is said at the end ...")),
    }
}
