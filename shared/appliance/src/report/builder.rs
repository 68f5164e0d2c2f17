//! The part of the reader that knows XML: takes one event after the other, wherever they come from, minds nesting, references
//! and bounds, and hands elements and texts that count to the [`SessionDraft`].

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::escape::EscapeError;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use session::{Lsid, Sentence, SupportSession};

use super::ReportError;
use super::draft::{Leaf, SessionDraft};
use super::element::{Field, Place, child};
use super::limits::{ATTRIBUTES_MAX, DEPTH_MAX, Limit, NAME_BYTES_MAX};

/// What is wrong with a document, before it is known where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Foreign,
    DocumentType,
    Entity,
    Malformed(&'static str),
    Limit(Limit),
}

/// Builds a session from XML events. One for each document.
pub(super) struct Builder {
    /// The places of all open elements.
    open: Vec<Place>,
    root_closed: bool,
    leaf: Leaf,
    error: Option<String>,
    draft: SessionDraft,
}

impl Builder {
    pub(super) fn new(wanted: &Lsid) -> Self {
        Self {
            open: Vec::with_capacity(16),
            root_closed: false,
            leaf: Leaf::default(),
            error: None,
            draft: SessionDraft::new(wanted.clone()),
        }
    }

    /// Takes the next event. `Eof` means nothing here; call [`Self::finish`] then.
    pub(super) fn push(&mut self, event: &Event<'_>) -> Result<(), Problem> {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::Empty(tag) => {
                self.start(tag)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => match self.place() {
                Place::Leaf(_) => {
                    self.leaf.push(&text.xml10_content());
                    Ok(())
                }
                Place::Document => only_blank(text),
                _ => Ok(()),
            },
            Event::CData(text) => match self.place() {
                Place::Leaf(_) => {
                    self.leaf.push(&text.xml10_content());
                    Ok(())
                }
                Place::Document => Err(Problem::Foreign),
                _ => Ok(()),
            },
            Event::GeneralRef(reference) => self.reference(reference),
            Event::Decl(declaration) => readable_encoding(declaration),
            // Entity bombs and external entities live in these. No report has one.
            Event::DocType(_) => Err(Problem::DocumentType),
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    /// The document has ended, after so many bytes.
    pub(super) fn finish(self, position: u64) -> Result<SupportSession, ReportError> {
        if !self.root_closed {
            return Err(ReportError::Truncated { position });
        }
        match (self.error, self.draft.finish()) {
            // An error beside a session says that the answer is not whole.
            (Some(text), _) => Err(answered(&text)),
            (None, Ok(session)) => Ok(session),
            (None, Err(sentence)) => Err(ReportError::NotReady { sentence }),
        }
    }

    fn place(&self) -> Place {
        self.open.last().copied().unwrap_or(Place::Document)
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), Problem> {
        if self.open.len() == DEPTH_MAX {
            return Err(Problem::Limit(Limit::Depth));
        }
        if tag.name().as_ref().len() > NAME_BYTES_MAX {
            return Err(Problem::Limit(Limit::NameBytes));
        }
        let place = match (self.place(), child(self.place(), tag.local_name().as_ref())) {
            (Place::Document, _) if self.root_closed => return Err(Problem::Malformed("more than one root element")),
            (Place::Document, Place::Skipped) => return Err(Problem::Foreign),
            (_, Place::Leaf(field)) => {
                let [first, second] = attributes(tag, field.attributes())?;
                self.leaf.begin(field, [first, second], self.draft.text_bytes_max(field));
                Place::Leaf(field)
            }
            (_, Place::Skipped) => Place::Skipped,
            (_, place) => self.draft.open(place, attributes(tag, place.attributes())?),
        };
        self.open.push(place);
        Ok(())
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Place::Leaf(Field::Error)) => self.error = Some(self.leaf.text().to_owned()),
            Some(Place::Leaf(field)) => {
                let parent = self.place();
                self.draft.fill(parent, field, &mut self.leaf);
            }
            Some(Place::Skipped) | None => {}
            Some(place) => self.draft.close(place),
        }
        self.root_closed |= self.open.is_empty();
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Problem> {
        let character = resolve(reference)?;
        match self.place() {
            Place::Leaf(_) => self.leaf.push(character.encode_utf8(&mut [0; 4])),
            Place::Document => return Err(Problem::Foreign),
            _ => {}
        }
        Ok(())
    }
}

/// The vendor's wrong-login answer (observed by clients: an error with status 200) or any other error.
fn answered(text: &str) -> ReportError {
    match text.trim() {
        "" => ReportError::NotReady { sentence: Sentence::new("an error without a text") },
        text if text.to_ascii_lowercase().contains("login failed") => ReportError::LoginFailed { sentence: Sentence::new(text) },
        text => ReportError::NotReady { sentence: Sentence::new(text) },
    }
}

fn only_blank(text: &str) -> Result<(), Problem> {
    // The byte order mark stays in the text if the first bytes came one by one.
    if text.trim_start_matches('\u{FEFF}').trim().is_empty() { Ok(()) } else { Err(Problem::Foreign) }
}

/// Reports are UTF-8; another declared encoding would be read wrongly without anybody noticing.
fn readable_encoding(declaration: &BytesDecl<'_>) -> Result<(), Problem> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii") => Ok(()),
        Some(Ok(_)) => Err(Problem::Malformed("an encoding other than UTF-8")),
        Some(Err(_)) => Err(Problem::Malformed("an XML declaration that cannot be read")),
    }
}

/// The five predefined entities and numbers of characters; whatever else is defined nowhere, for definitions are refused.
fn resolve(reference: &BytesRef<'_>) -> Result<char, Problem> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character),
        Ok(None) => match &**reference {
            "amp" => Ok('&'),
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "quot" => Ok('"'),
            "apos" => Ok('\''),
            _ => Err(Problem::Entity),
        },
        Err(_) => Err(Problem::Malformed("a character reference that names no character")),
    }
}

/// The values of those two attributes, by local name, references resolved. An empty name stands for "none wanted".
fn attributes(tag: &BytesStart<'_>, names: [&str; 2]) -> Result<[Option<String>; 2], Problem> {
    let mut values = [None, None];
    if names == ["", ""] {
        return Ok(values);
    }
    // Uniqueness is not checked: of two attributes with the same name the first counts.
    for (count, attribute) in tag.attributes().with_checks(false).enumerate() {
        if count == ATTRIBUTES_MAX {
            return Err(Problem::Limit(Limit::Attributes));
        }
        let attribute = attribute.map_err(|_| Problem::Malformed("an attribute that cannot be read"))?;
        let (name, prefix) = attribute.key.decompose();
        if prefix.is_some_and(|prefix| prefix.as_ref() == "xmlns") {
            continue;
        }
        let wanted = names.iter().position(|wanted| *wanted == name.as_ref());
        if let Some(value) = wanted.map(|index| &mut values[index])
            && value.is_none()
        {
            let resolved = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| match error {
                quick_xml::Error::Escape(EscapeError::UnrecognizedEntity(..)) => Problem::Entity,
                _ => Problem::Malformed("an attribute value that cannot be read"),
            })?;
            *value = Some(Cow::into_owned(resolved));
        }
    }
    Ok(values)
}
