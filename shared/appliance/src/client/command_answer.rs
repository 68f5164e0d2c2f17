//! An answer of the command API as a list of its elements: each small, asked for by people only, and read as a whole, unlike reports.
//! What an element means is for the command to say.

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use session::{Failure, Sentence};

use super::{ApplianceClient, answer, within};
use crate::report::refusal;

/// More than any answer has.
const ELEMENTS_MAX: usize = 20_000;
/// Deeper than any answer is.
const DEPTH_MAX: usize = 32;

/// One element, in the order of the document.
pub(super) struct Element {
    /// Its local name: namespaces differ from release to release.
    pub(super) name: String,
    /// The local name of what it is in; empty for the root.
    pub(super) parent: String,
    attributes: Vec<(String, String)>,
    /// Its own text, references resolved.
    pub(super) text: String,
}

impl Element {
    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl ApplianceClient {
    /// Gives a command, and returns the elements of its answer, whose root is called so. `form` has the action, too.
    ///
    /// # Errors
    ///
    /// As [`read`]; otherwise as [`fetch_report`](Self::fetch_report).
    pub(super) async fn command_answer(
        &self,
        action: &'static str,
        root: &str,
        form: &[(&str, &str)],
        time_left: Duration,
    ) -> Result<Vec<Element>, Failure> {
        let take = async |response| {
            answer::accepted(&response, action)?;
            read(&answer::read_bounded(response, action).await?, action, root)
        };
        within(time_left, self.ask(&self.command, form, take)).await
    }
}

/// The elements of the answer to that command, whose root is called so.
///
/// # Errors
///
/// What the appliance's own `<error>` means, or `Unreadable`.
pub(super) fn read(body: &[u8], command: &str, root: &str) -> Result<Vec<Element>, Failure> {
    let unreadable =
        || Failure::Unreadable { what: Sentence::new(&format!("the answer to {command} is none of the command API")) };
    let elements = elements(body).ok_or_else(unreadable)?;
    if let Some(error) = elements.iter().find(|element| element.name == "error") {
        return Err(refusal(error.text.trim()).into());
    }
    if elements.first().is_some_and(|first| first.name == root) { Ok(elements) } else { Err(unreadable()) }
}

/// All elements; none unless the text is one whole document without definitions.
fn elements(body: &[u8]) -> Option<Vec<Element>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader::from_str(text);
    let (mut elements, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        let add = |elements: &mut Vec<Element>, open: &[usize], text: &str| {
            if let Some(index) = open.last() {
                elements[*index].text.push_str(text);
            }
        };
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                let element = element(&tag, &elements, &open)?;
                open.push(elements.len());
                elements.push(element);
            }
            Event::Empty(tag) => {
                let element = element(&tag, &elements, &open)?;
                elements.push(element);
            }
            Event::Text(content) => add(&mut elements, &open, &content.xml10_content()),
            Event::CData(content) => add(&mut elements, &open, &content.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().ok()? {
                    Some(character) => character,
                    None => predefined(&reference)?,
                };
                add(&mut elements, &open, character.encode_utf8(&mut [0; 4]));
            }
            Event::End(_) => _ = open.pop()?,
            Event::DocType(_) => return None,
            Event::Eof => return open.is_empty().then_some(elements),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

fn element(tag: &BytesStart<'_>, elements: &[Element], open: &[usize]) -> Option<Element> {
    // Nothing stands beside the root.
    if elements.len() == ELEMENTS_MAX || open.len() == DEPTH_MAX || (open.is_empty() && !elements.is_empty()) {
        return None;
    }
    let attribute = |name: &str| Some((name.to_owned(), tag.try_get_attribute(name).ok()??.value.into_owned()));
    Some(Element {
        name: tag.local_name().as_ref().to_owned(),
        parent: open.last().map(|index| elements[*index].name.clone()).unwrap_or_default(),
        attributes: ["id", "available"].iter().filter_map(|name| attribute(name)).collect(),
        text: String::new(),
    })
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn failure_of(body: &str) -> Failure {
        read(body.as_bytes(), "a_command", "answer").err().unwrap()
    }

    #[test]
    fn error_of_the_appliance_has_its_meaning_with_or_without_attributes() {
        for body in
            ["<error>You do not have permission.</error>", "<error xmlns=\"x\" code=\"1\">You do not have permission.</error>"]
        {
            assert!(matches!(failure_of(body), Failure::Blocked { .. }), "{body}");
        }
        assert!(matches!(failure_of("<error>Login failed</error>"), Failure::CredentialsRefused { .. }));
    }

    #[test]
    fn other_answers_are_unreadable() {
        let deep = "<answer>".repeat(40);
        for body in [
            "",
            "<html><body>Login</body></html>",
            "<answer>",
            "<answer/><answer/>",
            "<answer>&unknown;</answer>",
            "<!DOCTYPE answer><answer/>",
            "{}",
            &deep,
        ] {
            assert!(matches!(failure_of(body), Failure::Unreadable { .. }), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body, "a_command", "answer");
        }

        #[test]
        fn any_document_like_text_is_read_or_refused(body in "(<[a-c/!?]{0,3}[a-c ='\"]{0,4}/?>|&[a-z#0-9]{0,4};|[a-c ]{0,3}){0,12}") {
            let _ = read(body.as_bytes(), "a_command", "answer");
        }
    }
}
