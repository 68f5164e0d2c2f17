//! The note of one exit survey. Always internal: what a customer thinks of a technician is not for the portal.

use serde::Serialize;

use crate::model::{HeadingModel, session_name};
use crate::participants::{Audience, Participants};
use crate::redact::TakenOut;
use crate::templates::{TemplateName, Templates};
use crate::text::{beginning, length, one_line, paragraph, title};
use crate::{APPLIANCE_KEEPS_DAYS, NOTE_CHARACTERS_MAX, NOTE_TITLE_CHARACTERS_MAX, Rendered, View};
use session::content::Note;
use session::ids::Gsnumber;
use session::settings::Visibility;
use session::support_session::{Survey, SurveyKind};
use session::write_id::{Marker, WriteId};

/// Further lines of an answer are indented by so much.
const ANSWER_INDENT: usize = 4;

/// What the template of a survey is given.
#[derive(Debug, Serialize)]
pub(crate) struct SurveyModel {
    #[serde(flatten)]
    heading: HeadingModel,
    from: Option<String>,
    technician: Option<String>,
    customer: Option<String>,
    answers: Vec<AnswerModel>,
}

#[derive(Debug, Serialize)]
struct AnswerModel {
    question: String,
    answer: String,
}

impl Templates {
    /// The note of the survey: internal, of that note type, at most [`NOTE_CHARACTERS_MAX`] characters long, with the
    /// marker of the survey in its title. Questions without an answer are left out.
    #[must_use]
    pub fn survey_note(&self, view: &View<'_>, kind: SurveyKind, survey: &Survey) -> Rendered<Note> {
        let (template, words, write) = kind_of(kind, survey.gsnumber.unwrap_or(Gsnumber(0)));
        let words = format!("{}, {words}", session_name(view.session));
        let mut problems = Vec::new();
        let text = self.render(template, &survey_model(view, kind, survey), &mut problems);
        let note = Note {
            title: title(&words, &Marker::new(&view.session.lsid, &write), NOTE_TITLE_CHARACTERS_MAX),
            description: within_a_note(text),
            visibility: Visibility::Internal,
        };
        Rendered { value: note, problems }
    }
}

fn kind_of(kind: SurveyKind, gsnumber: Gsnumber) -> (TemplateName, &'static str, WriteId) {
    match kind {
        SurveyKind::Customer => (TemplateName::CustomerSurvey, "customer survey", WriteId::CustomerSurvey(gsnumber)),
        SurveyKind::Representative => {
            (TemplateName::RepresentativeSurvey, "technician survey", WriteId::RepresentativeSurvey(gsnumber))
        }
    }
}

pub(crate) fn survey_model(view: &View<'_>, kind: SurveyKind, survey: &Survey) -> SurveyModel {
    let participants = Participants::new(view, Audience::Internal);
    let from = survey.gsnumber.and_then(|gsnumber| match kind {
        SurveyKind::Customer => participants.customer_name(gsnumber),
        SurveyKind::Representative => participants.representative_name(gsnumber),
    });
    let answers = survey.answers.iter().map(|(question, answer)| AnswerModel {
        question: one_line(question),
        answer: paragraph(answer.trim_start(), ANSWER_INDENT),
    });
    SurveyModel {
        heading: HeadingModel::new(view),
        from,
        technician: participants.primary_name(),
        customer: participants.primary_customer_name(),
        answers: answers.filter(|answer| !answer.answer.is_empty()).collect(),
    }
}

fn within_a_note(text: String) -> String {
    let closing = TakenOut::said_in(&text).closing_line();
    let characters_max = NOTE_CHARACTERS_MAX - length(&closing);
    if length(&text) <= characters_max {
        return text + &closing;
    }
    let last_line =
        format!("\n\nCut here: the survey is too long. The appliance keeps all of it for {APPLIANCE_KEEPS_DAYS} days.");
    format!("{}{last_line}{closing}", beginning(&text, characters_max - length(&last_line)).trim_end())
}
