//! The attributes of a tag: finds the two at most that count for an element.
//!
//! Apart from the texts, attributes are most of what a report says, and most of what reading one takes. So they are split here, in
//! one pass that makes nothing; the tokeniser's own iterator takes twice as long, and the tests hold the two against each other.

use std::borrow::Cow;

use quick_xml::events::attributes::Attribute;
use quick_xml::name::QName;
use quick_xml::{Error, XmlVersion, escape::EscapeError};

use super::builder::Problem;
use super::limits::{ATTRIBUTES_MAX, Limit};

/// The values of those two attributes, by local name, references resolved. An empty name stands for "none wanted". `attributes` is
/// what stands in the tag behind the element's name.
pub(super) fn values<'tag>(attributes: &'tag str, names: [&str; 2]) -> Result<[Option<Cow<'tag, str>>; 2], Problem> {
    let mut values = [None, None];
    if names.iter().all(|name| name.is_empty()) {
        return Ok(values);
    }
    // Uniqueness is not checked: of two attributes with the same name the first counts.
    for (count, attribute) in Split(attributes).enumerate() {
        if count == ATTRIBUTES_MAX {
            return Err(Problem::Limit(Limit::Attributes));
        }
        let (name, value) = attribute?;
        let wanted = names.iter().position(|wanted| !wanted.is_empty() && is_named(name, wanted));
        if let Some(found) = wanted.map(|index| &mut values[index])
            && found.is_none()
        {
            *found = Some(resolved(name, value)?);
        }
    }
    Ok(values)
}

/// Names and values as they stand in the tag.
struct Split<'tag>(&'tag str);

impl<'tag> Iterator for Split<'tag> {
    type Item = Result<(&'tag str, &'tag str), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let attributes = self.0.trim_ascii_start();
        if attributes.is_empty() {
            return None;
        }
        Some(match split(attributes) {
            Some((name, value, rest)) => {
                self.0 = rest;
                Ok((name, value))
            }
            None => Err(Problem::Malformed("an attribute that cannot be read")),
        })
    }
}

/// Name and value of the first attribute, and what follows it.
fn split(attributes: &str) -> Option<(&str, &str, &str)> {
    // A name has one byte at least, whatever that is.
    let name_end = 1 + attributes.bytes().skip(1).position(|byte| byte == b'=' || byte.is_ascii_whitespace())?;
    let (name, rest) = attributes.split_at(name_end);
    let quoted = rest.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
    let quote = *quoted.as_bytes().first().filter(|quote| matches!(quote, b'"' | b'\''))?;
    let value_end = 1 + quoted.bytes().skip(1).position(|byte| byte == quote)?;
    Some((name, &quoted[1..value_end], &quoted[value_end + 1..]))
}

/// Whether that is the name without its prefix; a namespace is no attribute.
fn is_named(name: &str, local_name: &str) -> bool {
    match name.strip_suffix(local_name) {
        None => false,
        Some("") => true,
        Some(prefix) => prefix.strip_suffix(':').is_some_and(|prefix| prefix != "xmlns" && !prefix.contains(':')),
    }
}

/// The value with its references resolved and its line breaks made blanks.
fn resolved<'tag>(name: &'tag str, value: &'tag str) -> Result<Cow<'tag, str>, Problem> {
    if !value.bytes().any(|byte| matches!(byte, b'&' | b'\t' | b'\r' | b'\n')) {
        return Ok(Cow::Borrowed(value));
    }
    let attribute = Attribute { key: QName(name), value: Cow::Borrowed(value) };
    attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| match error {
        Error::Escape(EscapeError::UnrecognizedEntity(..)) => Problem::Entity,
        _ => Problem::Malformed("an attribute value that cannot be read"),
    })
}
