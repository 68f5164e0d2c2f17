//! Just enough XML to change a stored report in place and to write small answers: spans of elements, texts, escapes.
//!
//! On purpose no parser: reports are served byte for byte as the test wrote them, oddities included. An element is found by
//! its first opening tag; nested elements of the same name are not supported, and reports have none among those we touch.

use std::ops::Range;

/// The declaration and the blank line after it, as recorded from a real appliance.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n";

/// Text with the characters escaped that XML gives a meaning.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Where the opening tag of the first element of this name lies, brackets included.
fn opening_tag(xml: &str, name: &str) -> Option<Range<usize>> {
    let mut from = 0;
    loop {
        let start = from + xml[from..].find(&format!("<{name}"))?;
        let after = start + 1 + name.len();
        match xml.as_bytes().get(after)? {
            b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n' => {
                let end = after + xml[after..].find('>')? + 1;
                return Some(start..end);
            }
            _ => from = after,
        }
    }
}

/// Where the first element of this name lies, tags included.
pub(crate) fn element(xml: &str, name: &str) -> Option<Range<usize>> {
    let tag = opening_tag(xml, name)?;
    if xml[tag.clone()].ends_with("/>") {
        return Some(tag);
    }
    let closing = format!("</{name}>");
    let end = tag.end + xml[tag.end..].find(&closing)? + closing.len();
    Some(tag.start..end)
}

/// The text of the first element of this name, unescaped.
pub(crate) fn text(xml: &str, name: &str) -> Option<String> {
    let whole = element(xml, name)?;
    let tag = opening_tag(xml, name)?;
    let end = whole.end.checked_sub(name.len() + 3).filter(|end| *end >= tag.end)?;
    Some(unescape(&xml[tag.end..end]))
}

/// An attribute of the first element of this name, unescaped.
pub(crate) fn attribute(xml: &str, name: &str, attribute: &str) -> Option<String> {
    let tag = &xml[opening_tag(xml, name)?];
    for quote in ['"', '\''] {
        let Some(position) = tag.find(&format!(" {attribute}={quote}")) else { continue };
        let value = &tag[position + attribute.len() + 3..];
        return Some(unescape(&value[..value.find(quote)?]));
    }
    None
}

/// The same with the first element of this name replaced, or put at the end of `parent` if there is none.
pub(crate) fn with_element(xml: &str, parent: &str, name: &str, replacement: &str) -> String {
    if let Some(span) = element(xml, name) {
        return format!("{}{replacement}{}", &xml[..span.start], &xml[span.end..]);
    }
    match xml.rfind(&format!("</{parent}>")) {
        Some(end) => format!("{}{replacement}\n{}", &xml[..end], &xml[end..]),
        None => xml.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = r#"<session lsid="ab"><start_time timestamp="7">x</start_time><external_key>A &amp; B</external_key><jumpoint/></session>"#;

    #[test]
    fn element_of_a_longer_name_is_not_taken_for_a_shorter_one() {
        assert_eq!(text("<start_times>1</start_times><start>2</start>", "start").as_deref(), Some("2"));
    }

    #[test]
    fn texts_and_attributes_come_unescaped() {
        assert_eq!(text(SESSION, "external_key").as_deref(), Some("A & B"));
        assert_eq!(attribute(SESSION, "start_time", "timestamp").as_deref(), Some("7"));
        assert_eq!(attribute(SESSION, "session", "lsid").as_deref(), Some("ab"));
        assert_eq!(text(SESSION, "jumpoint"), None);
        assert_eq!(text(SESSION, "end_time"), None);
    }

    #[test]
    fn element_is_replaced_or_added() {
        let replaced = with_element(SESSION, "session", "external_key", "<external_key>C</external_key>");
        assert_eq!(text(&replaced, "external_key").as_deref(), Some("C"));
        let added = with_element(SESSION, "session", "end_time", "<end_time>now</end_time>");
        assert_eq!(text(&added, "end_time").as_deref(), Some("now"));
    }
}
