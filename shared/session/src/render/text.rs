//! What is done to texts that came from outside before they stand in a note: as little as possible.
//!
//! Line breaks are made the same, control characters are dropped, names are put on one line, further lines are
//! indented. Beyond that nothing is changed: what a customer wrote in any script stays as written.

use crate::delivery::Marker;
use crate::ids::Lsid;

/// What stands where a text was cut.
pub(crate) const ELLIPSIS: &str = "...";

/// The length of a text as the vendor counts it: in UTF-16 code units, the measure of the platform that Autotask is
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

/// The text on one line: white space and control characters become single blanks.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

/// [`one_line`], or nothing if nothing is left.
pub(crate) fn one_line_or_none(text: Option<&str>) -> Option<String> {
    text.map(one_line).filter(|line| !line.is_empty())
}

/// A text of several lines, each but the first indented by so many blanks: nothing that somebody writes into a chat
/// can look like a heading of the note. Control characters other than tabs are dropped, blank lines at the end too.
pub(crate) fn paragraph(text: &str, indent: usize) -> String {
    let mut paragraph = String::with_capacity(text.len());
    for line in text.trim_end().lines().flat_map(|line| line.split('\r')) {
        let mut visible = line.trim_end().chars().filter(|character| *character == '\t' || !character.is_control()).peekable();
        if !paragraph.is_empty() {
            paragraph.push('\n');
            paragraph.extend(std::iter::repeat_n(' ', if visible.peek().is_some() { indent } else { 0 }));
        }
        paragraph.extend(visible);
    }
    paragraph
}

/// A title that ends with the marker, whole, and is at most so long, by [`length`]. The words give way.
pub(crate) fn title(words: &str, marker: &Marker, length_max: usize) -> String {
    let words = one_line(words).replace('[', "(").replace(']', ")");
    let room = length_max.saturating_sub(length(marker.as_str()) + 1);
    format!("{} {marker}", shortened(&words, room))
}

/// The text without anything that could be taken for a marker of this session: look-ups must find only what the code
/// put there, whatever a name or a template says.
pub(crate) fn without_markers(text: &str, lsid: &Lsid) -> String {
    let beginning = format!("[{lsid}/").to_ascii_lowercase();
    let mut safe = text.to_owned();
    // ASCII lower case keeps every byte offset.
    for (position, _) in text.to_ascii_lowercase().match_indices(&beginning) {
        safe.replace_range(position..=position, "(");
    }
    safe
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::WriteId;

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
    fn marker_in_a_name_is_disarmed() {
        let lsid: Lsid = "aB1".parse().unwrap();
        let marker = Marker::new(&lsid, &WriteId::SessionNote);
        assert!(!marker.is_in(&without_markers("x [ab1/note.session] [AB1/NOTE.SESSION]", &lsid)));
        assert_eq!(without_markers("[other] İ[ab1/x]", &lsid), "[other] İ(ab1/x]");
        assert_eq!(
            title("Dana [aB1/note.session]", &Marker::new(&lsid, &WriteId::Ticket), 250),
            "Dana (aB1/note.session) [aB1/ticket]"
        );
    }

    proptest! {
        #[test]
        fn title_keeps_its_marker_whole_and_its_limit(words in "[\\s\\S]{0,400}", lsid in "[0-9A-Za-z_-]{1,64}") {
            let marker = Marker::new(&lsid.parse().unwrap(), &WriteId::SessionNote);
            let title = title(&words, &marker, 250);
            prop_assert!(length(&title) <= 250);
            prop_assert!(title.ends_with(marker.as_str()));
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
