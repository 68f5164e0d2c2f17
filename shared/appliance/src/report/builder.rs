//! The part of the reader that knows XML: takes one token after the other, wherever they come from, minds nesting, references
//! and bounds, and hands elements and texts that count to the [`SessionDraft`].

use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use session::{Lsid, SupportSession};

use super::draft::{Leaf, SessionDraft};
use super::element::{Field, Place, child};
use super::limits::{DEPTH_MAX, Limit, NAME_BYTES_MAX};
use super::{ReportError, attributes, error_texts};

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
    /// The places of all open elements, and where their names begin in `names`.
    open: Vec<(Place, usize)>,
    names: String,
    root_closed: bool,
    leaf: Leaf,
    error: Option<String>,
    draft: SessionDraft,
}

impl Builder {
    pub(super) fn new(wanted: &Lsid) -> Self {
        Self {
            open: Vec::with_capacity(16),
            names: String::new(),
            root_closed: false,
            leaf: Leaf::default(),
            error: None,
            draft: SessionDraft::new(wanted.clone()),
        }
    }

    /// Whether an element is open whose text counts.
    pub(super) fn is_in_text(&self) -> bool {
        matches!(self.place(), Place::Leaf(_))
    }

    /// Takes the next event. `Eof` means nothing here; call [`Self::finish`] then.
    pub(super) fn push(&mut self, event: &Event<'_>) -> Result<(), Problem> {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::Empty(tag) => {
                self.start(tag)?;
                self.end(tag.name().as_ref())
            }
            Event::End(tag) => self.end(tag.name().as_ref()),
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
            (Some(text), _) => Err(error_texts::meaning(&text)),
            (None, Ok(session)) => Ok(session),
            (None, Err(sentence)) => Err(ReportError::NotReady { sentence }),
        }
    }

    fn place(&self) -> Place {
        self.open.last().map_or(Place::Document, |(place, _)| *place)
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
                self.leaf.begin(
                    field,
                    &attributes::values(tag.attributes_raw(), field.attributes())?,
                    self.draft.text_bytes_max(field),
                );
                Place::Leaf(field)
            }
            (_, Place::Skipped) => Place::Skipped,
            (_, place) => {
                let [first, second] = attributes::values(tag.attributes_raw(), place.attributes())?;
                self.draft.open(place, first.as_deref(), second.as_deref())
            }
        };
        self.open.push((place, self.names.len()));
        self.names.push_str(tag.name().as_ref());
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Problem> {
        let Some((place, name_start)) = self.open.pop().filter(|(_, start)| self.names[*start..] == *name) else {
            return Err(Problem::Malformed("tags or references that do not match"));
        };
        self.names.truncate(name_start);
        match place {
            Place::Leaf(Field::Error) => self.error = Some(self.leaf.text().to_owned()),
            Place::Leaf(field) => {
                let parent = self.place();
                self.draft.fill(parent, field, &mut self.leaf);
            }
            Place::Skipped => {}
            place => self.draft.close(place),
        }
        self.root_closed |= self.open.is_empty();
        Ok(())
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
