//! The shorter note for the customer, beside the one for colleagues: who helped, with what, how long.
//!
//! It is given what a customer's note is ever given, and no more. It has no attachment: what is over is cut, for the whole session stands in
//! the other note.

use crate::model::SessionModel;
use crate::participants::Audience;
use crate::redact::TakenOut;
use crate::session_note::session_title;
use crate::templates::{TemplateName, Templates};
use crate::text::{beginning, length};
use crate::{Rendered, View};
use session::content::Note;
use session::settings::Visibility;
use session::write_id::WriteId;

/// The longest body: a page, also where a template of one's own shows the chat.
pub(crate) const CUSTOMER_NOTE_CHARACTERS_MAX: usize = 4_000;

const CUT_LINE: &str = "\n\nShortened.";

impl Templates {
    /// The note that customers see beside the internal one. Its title ends with a marker of its own.
    #[must_use]
    pub fn customer_note(&self, view: &View<'_>) -> Rendered<Note> {
        let model = SessionModel::new(view, Audience::Customer);
        let mut problems = Vec::new();
        let text = self.render(TemplateName::CustomerNote, &model, &mut problems);
        let note = Note {
            title: session_title(view, &model, &WriteId::CustomerNote),
            description: within_a_page(text),
            visibility: Visibility::Customer,
        };
        Rendered { value: note, problems }
    }
}

fn within_a_page(text: String) -> String {
    let closing = TakenOut::said_in(&text).closing_line();
    let characters_max = CUSTOMER_NOTE_CHARACTERS_MAX - length(&closing);
    if length(&text) <= characters_max {
        return text + &closing;
    }
    format!("{}{CUT_LINE}{closing}", beginning(&text, characters_max - length(CUT_LINE)).trim_end())
}
