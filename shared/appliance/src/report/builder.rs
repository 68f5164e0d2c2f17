//! The part of the reader that knows XML: takes one token after the other, wherever they come from, minds nesting, references
//! and bounds, and hands elements and texts that count to the [`SessionDraft`].

use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};

use super::draft::Leaf;
use super::element::{Field, Names, Place, child};
use super::limits::{DEPTH_MAX, Limit, NAME_BYTES_MAX};
use super::{ReportError, attributes};

/// What is wrong with a document, before it is known where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Foreign,
    DocumentType,
    Entity,
    Malformed(&'static str),
    Limit(Limit),
}

/// What a document is read into: keeps what counts, within bounds of its own.
pub(super) trait Draft {
    /// What it becomes.
    type Whole;

    /// What the report calls its elements.
    const NAMES: Names;

    /// The most bytes of that element's text that could be kept.
    fn text_bytes_max(&self, field: Field) -> usize;

    /// An element with content was opened. Says where the reader is then: there, or in something to be skipped.
    fn open(&mut self, place: Place, first: Option<&str>, second: Option<&str>) -> Place;

    /// An element with content, not skipped, was closed.
    fn close(&mut self, place: Place);

    /// An element whose text counts was closed, within that other one.
    fn fill(&mut self, parent: Place, field: Field, leaf: &mut Leaf);

    /// The document has ended well, after so many bytes, perhaps with the appliance's own error, and with so many replacements for bytes
    /// that are not UTF-8.
    fn finish(self, error: Option<&str>, replaced: u32, position: u64) -> Result<Self::Whole, ReportError>;
}

/// Fills a draft from XML events. One for each document.
pub(super) struct Builder<D> {
    /// The places of all open elements, and where their names begin in `names`.
    open: Vec<(Place, usize)>,
    names: String,
    root_closed: bool,
    leaf: Leaf,
    error: Option<String>,
    draft: D,
}

impl<D: Draft> Builder<D> {
    pub(super) fn new(draft: D) -> Self {
        Self { open: Vec::with_capacity(16), names: String::new(), root_closed: false, leaf: Leaf::default(), error: None, draft }
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

    /// The document has ended, after so many bytes and with so many replacements.
    pub(super) fn finish(self, replaced: u32, position: u64) -> Result<D::Whole, ReportError> {
        if !self.root_closed {
            return Err(ReportError::Truncated { position });
        }
        self.draft.finish(self.error.as_deref(), replaced, position)
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
        let place = match (self.place(), child(self.place(), tag.local_name().as_ref(), &D::NAMES)) {
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
