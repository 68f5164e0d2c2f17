//! How the texts read, as snapshots, and what holds for every session.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::sample::*;
use crate::settings::{NoteSettings, Visibility};

fn view<'a>(session: &'a SupportSession, time_zone: &'a TimeZone) -> View<'a> {
    View { session, time_zone, ended: session.ended_at.map_or(Ended::Unknown, Ended::Reported) }
}

fn note_text(session: &SupportSession, visibility: Visibility) -> String {
    let time_zone = berlin();
    let settings = NoteSettings { visibility, ..NoteSettings::default() };
    let rendered = Templates::default().session_note(&view(session, &time_zone), &settings, NOTE_CHARACTERS_MAX);
    assert_eq!(rendered.problems, []);
    assert_eq!(rendered.value.overflow, None);
    format!("{}\n\n{}\n", rendered.value.note.title, rendered.value.note.description)
}

#[test]
fn note_for_colleagues() {
    insta::assert_snapshot!(note_text(&printer(), Visibility::Internal));
}

#[test]
fn note_for_customers() {
    insta::assert_snapshot!(note_text(&printer(), Visibility::Customer));
}
