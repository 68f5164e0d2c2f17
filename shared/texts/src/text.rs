//! What is done to texts that came from outside before they stand in a note: as little as possible.
//!
//! Line breaks are made the same, control characters are dropped, names are put on one line and lose what cannot be seen, further
//! lines are indented; what turns the order of other people's letters around is dropped, and what reads as a marker is
//! disarmed. Beyond that nothing is changed: what a customer wrote in any script stays as written.

use session::write_id::Marker;

/// What stands where a text was cut.
pub(crate) const ELLIPSIS: &str = "...";

/// The length of a text as the vendor counts it: in UTF-16 code units, the measure of the platform that the vendor is
/// built on. Never less than the number of characters, so a limit kept in these is kept either way.
pub(crate) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The longest beginning of the text that is at most so long, by [`length`].
pub(crate) fn beginning(text: &str, length_max: usize) -> &str {
    let mut length = 0;
    for (index, character) in text.char_indices() {
        length += character.len_utf16();
        if length > length_max {
            return &text[..index];
        }
    }
    text
}

/// The text, or its beginning and three dots, at most so long altogether.
pub(crate) fn shortened(text: &str, length_max: usize) -> String {
    if length(text) <= length_max {
        return text.to_owned();
    }
    format!("{}{ELLIPSIS}", beginning(text, length_max.saturating_sub(ELLIPSIS.len())).trim_end())
}

/// Characters that make a reader see something else than what is there: embeddings, overrides and isolates turn around whatever
/// follows, names and times of other lines too; the two separators look like a line break to some programs only. Scripts that
/// are written from right to left do without them: their letters and the marks U+200E, U+200F and U+061C set the direction.
const fn is_misleading(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Format characters that take no room: with them two names look the same, or a name like nothing. In a chat they stay, for there
/// joiners belong to the spelling (Persian, Hindi, composed emoji); in a name, a title or a path on one line a missing joiner costs
/// a ligature, and what it could hide costs more.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// The text on one line: white space and control characters become single blanks, and what cannot be seen is dropped.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut blank = false;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            blank = !line.is_empty();
        } else if !is_invisible(character) && !is_misleading(character) {
            if std::mem::take(&mut blank) {
                line.push(' ');
            }
            line.push(character);
        }
    }
    line
}

/// [`one_line`], or nothing if nothing is left.
pub(crate) fn one_line_or_none(text: Option<&str>) -> Option<String> {
    text.map(one_line).filter(|line| !line.is_empty())
}

/// A text of several lines, each but the first indented by so many blanks: nothing that somebody writes into a chat
/// can look like a heading of the note. Control characters other than tabs and misleading ones are dropped, blank lines at the
/// end too. The separators U+2028 and U+2029 are line breaks like any other.
pub(crate) fn paragraph(text: &str, indent: usize) -> String {
    let mut paragraph = String::with_capacity(text.len());
    let is_shown = |character: &char| *character == '\t' || !(character.is_control() || is_misleading(*character));
    for line in text.trim_end().lines().flat_map(|line| line.split(['\r', '\u{2028}', '\u{2029}'])) {
        let mut visible = line.trim_end().chars().filter(is_shown).peekable();
        if !paragraph.is_empty() {
            paragraph.push('\n');
            paragraph.extend(std::iter::repeat_n(' ', if visible.peek().is_some() { indent } else { 0 }));
        }
        paragraph.extend(visible);
    }
    paragraph
}

/// A title that ends with the marker, whole, behind one blank, and is at most so long, by [`length`]. The words give way; they have no
/// square brackets.
pub(crate) fn title(words: &str, marker: &Marker, length_max: usize) -> String {
    let words = one_line(words).replace(is_opening_bracket, "(").replace(is_closing_bracket, ")");
    let room = length_max.saturating_sub(length(marker.as_str()) + 1);
    format!("{} {marker}", shortened(&words, room))
}

/// The square brackets, and those that become square ones where a text is squeezed into Windows-1252 or compared without width.
const fn is_opening_bracket(character: char) -> bool {
    matches!(character, '[' | '\u{FF3B}' | '\u{301A}' | '\u{FE47}')
}

const fn is_closing_bracket(character: char) -> bool {
    matches!(character, ']' | '\u{FF3D}' | '\u{301B}' | '\u{FE48}')
}

const fn is_slash(character: char) -> bool {
    matches!(character, '/' | '\u{FF0F}' | '\u{2044}' | '\u{2215}')
}

/// The text without misleading characters, and without anything that could be taken for a marker of any session: look-ups must find
/// only what the code put there, whatever a name, a chat or a template says. Square brackets are round ones where something
/// like `[7d1f/note` stands, with whatever characters between that a ticketing system might drop or replace.
pub(crate) fn harmless(text: String) -> String {
    if !text.contains(|character| is_opening_bracket(character) || is_misleading(character)) {
        return text;
    }
    let mut harmless = String::with_capacity(text.len());
    let mut opened = false;
    for (position, character) in text.char_indices() {
        if is_misleading(character) {
            continue;
        }
        let replacement = if is_opening_bracket(character) {
            opened = begins_like_a_marker(&text[position + character.len_utf8()..]);
            opened.then_some('(')
        } else if is_closing_bracket(character) {
            std::mem::take(&mut opened).then_some(')')
        } else {
            None
        };
        harmless.push(replacement.unwrap_or(character));
    }
    harmless
}

/// Whether an lsid, a slash and a letter follow, as every marker has them behind its bracket. What is neither ASCII nor a slash may
/// become anything on its way, so it counts as either. White space ends it.
fn begins_like_a_marker(text: &str) -> bool {
    let is_in_an_lsid = |character: char| {
        let is_odd = !character.is_ascii() || (character.is_ascii_control() && !matches!(character, '\t' | '\n'));
        is_odd || character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
    };
    let mut characters = text.char_indices();
    let slash =
        characters.find(|(_, character)| is_slash(*character) || is_opening_bracket(*character) || !is_in_an_lsid(*character));
    slash.is_some_and(|(position, character)| {
        let mut behind = characters.map(|(_, character)| character).filter(|character| !character.is_ascii_control());
        position > 0 && is_slash(character) && behind.next().is_some_and(|next| !next.is_ascii() || next.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use session::write_id::WriteId;

    #[test]
    fn lines_of_a_chat_cannot_look_like_a_heading() {
        assert_eq!(
            paragraph("Hello\r\nWORK DONE\rall\u{0}\u{1b}[0m paid\n\n", 9),
            "Hello\n         WORK DONE\n         all[0m paid"
        );
        assert_eq!(paragraph(" \n\n", 4), "");
        assert_eq!(paragraph("a\n\nb", 2), "a\n\n  b");
    }

    #[test]
    fn name_of_several_lines_is_put_on_one() {
        assert_eq!(one_line(" Jörg\r\n\tMüller\u{7} "), "Jörg Müller");
        assert_eq!(one_line_or_none(Some("\n")), None);
    }

    #[test]
    fn whatever_looks_like_a_marker_is_disarmed_and_nothing_else() {
        for (text, expected) in [
            ("x [ab1/note.session] [AB1/NOTE.SESSION]", "x (ab1/note.session) (AB1/NOTE.SESSION)"),
            ("[7d1f0c52-a_9/time.4711]: [x] [y]", "(7d1f0c52-a_9/time.4711): [x] [y]"),
            ("[a\u{200B}b1\u{0}/\u{FEFF}note.session]", "(a\u{200B}b1\u{0}/\u{FEFF}note.session)"),
            ("\u{FF3B}ab1\u{FF0F}note.session\u{FF3D}", "(ab1\u{FF0F}note.session)"),
            ("[[ab1/ticket]]", "[(ab1/ticket)]"),
            ("[ab1/ticket", "(ab1/ticket"),
            ("[ab1\u{202E}/ticket]", "(ab1/ticket)"),
            // What people write.
            ("[1] see [2], a[i/2] = b[i]", "[1] see [2], a[i/2] = b[i]"),
            ("[see http://a/b] [b]bold[/b] [ ] [x] a/b [", "[see http://a/b] [b]bold[/b] [ ] [x] a/b ["),
            ("İ[other] [a b/c] [a.b/c] [日本語]", "İ[other] [a b/c] [a.b/c] [日本語]"),
        ] {
            assert_eq!(harmless(text.to_owned()), expected);
        }
        let lsid = "aB1".parse().unwrap();
        assert_eq!(
            title("Dana [aB1/note.session] \u{FF3B}x\u{FF3D}", &Marker::new(&lsid, &WriteId::Ticket), 250),
            "Dana (aB1/note.session) (x) [aB1/ticket]"
        );
    }

    #[test]
    fn every_write_id_begins_with_a_letter_by_which_markers_are_known() {
        use session::ids::{Gsnumber, ResourceId};
        use session::write_id::RepresentativeKey;
        for write in [
            WriteId::Ticket,
            WriteId::SessionNote,
            WriteId::Continuation(2),
            WriteId::Attachment(1),
            WriteId::CustomerNote,
            WriteId::Time(ResourceId(-1)),
            WriteId::TimeOf(RepresentativeKey::new(None, None)),
            WriteId::TimeOfNobody,
            WriteId::CustomerSurvey(Gsnumber(-1)),
            WriteId::RepresentativeSurvey(Gsnumber(0)),
        ] {
            let marker = Marker::new(&"-".parse().unwrap(), &write);
            assert!(begins_like_a_marker(&marker.as_str()[1..]), "{marker}");
        }
    }

    #[test]
    fn characters_that_mislead_the_reader_are_dropped_everywhere() {
        let override_ = "\u{202E}gnp.exe\u{202C} \u{2066}x\u{2069}";
        assert_eq!(one_line(override_), "gnp.exe x");
        assert_eq!(paragraph(override_, 2), "gnp.exe x");
        assert_eq!(harmless(override_.to_owned()), "gnp.exe x");
        assert_eq!(one_line("Dana\u{2028}WORK DONE"), "Dana WORK DONE");
        assert_eq!(paragraph("Hello\u{2028}WORK DONE\u{2029}\u{2029}paid", 2), "Hello\n  WORK DONE\n\n  paid");
    }

    #[test]
    fn joiners_stay_in_a_chat_and_are_dropped_from_a_name() {
        let persian = "\u{645}\u{6CC}\u{200C}\u{62E}\u{648}\u{627}\u{647}\u{645}\u{200F}";
        assert_eq!(paragraph(persian, 0), persian);
        assert_eq!(one_line(persian), "\u{645}\u{6CC}\u{62E}\u{648}\u{627}\u{647}\u{645}");
        assert_eq!(one_line("Da\u{200B}na\u{FEFF} \u{AD}W\u{2060}. \u{E0041}"), "Dana W.");
        assert_eq!(one_line_or_none(Some("\u{200B} \u{200D}")), None);
    }

    proptest! {
        #[test]
        fn title_keeps_its_marker_whole_and_its_limit(words in "[\\s\\S]{0,400}", lsid in "[0-9A-Za-z_-]{1,64}") {
            let marker = Marker::new(&lsid.parse().unwrap(), &WriteId::SessionNote);
            let title = title(&words, &marker, 250);
            prop_assert!(length(&title) <= 250);
            let end = format!(" {marker}");
            prop_assert!(title.ends_with(&end));
            prop_assert_eq!(title.matches(['[', ']']).count(), 2);
            prop_assert!(!title.contains(char::is_control));
        }

        #[test]
        fn beginning_is_as_long_as_it_may_be(text in "\\PC{0,60}", length_max in 0..70_usize) {
            let cut = beginning(&text, length_max);
            prop_assert!(text.starts_with(cut));
            prop_assert!(length(cut) <= length_max);
            prop_assert!(cut == text || length(cut) + 2 > length_max);
            prop_assert!(length(&shortened(&text, length_max)) <= length_max.max(3));
        }
    }
}
