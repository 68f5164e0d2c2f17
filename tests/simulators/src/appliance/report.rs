//! The XML documents around sessions: lists, summaries, errors.

use super::session::REPORTING_NAMESPACE;
use super::settings::{ErrorStyle, ListingDetail};
use super::xml::{self, DECLARATION};
use crate::serving::exchange::Answer;

/// The elements of a session that its summary repeats.
const SUMMARY_ELEMENTS: [&str; 7] =
    ["session_type", "lseq", "start_time", "end_time", "duration", "external_key", "primary_customer"];

/// An XML document with the content type of the appliance.
pub(crate) fn document(body: &str) -> Answer {
    Answer::new(200, "text/xml; charset=UTF-8", format!("{DECLARATION}{body}\n"))
}

fn namespace_declaration(namespace: Option<&str>) -> String {
    namespace.map(|uri| format!(" xmlns=\"{}\"", xml::escape(uri))).unwrap_or_default()
}

/// A list element around its children.
pub(crate) fn list(root: &str, namespace: Option<&str>, children: &str) -> Answer {
    document(&format!("<{root}{}>\n{children}\n</{root}>", namespace_declaration(namespace)))
}

/// An `<error>` document: HTTP 200 like everything else.
pub(crate) fn error(style: ErrorStyle, text: &str) -> Answer {
    document(&error_element(style, REPORTING_NAMESPACE, text))
}

/// An `<error>` element.
pub(crate) fn error_element(style: ErrorStyle, namespace: &str, text: &str) -> String {
    let text = xml::escape(text);
    match style {
        ErrorStyle::Plain => format!("<error>{text}</error>"),
        ErrorStyle::Attributes => format!("<error code=\"1\" type='report'>{text}</error>"),
        ErrorStyle::Namespace => format!("<error xmlns=\"{namespace}\">{text}</error>"),
    }
}

/// A `<session_summary>`.
pub(crate) fn summary(detail: ListingDetail, lsid: &str, element: &str) -> String {
    let recorded = u8::from(xml::element(element, "session_recording_view_url").is_some());
    let elements: &[&str] = match detail {
        ListingDetail::Summary => &SUMMARY_ELEMENTS,
        ListingDetail::Bare => &["external_key"],
    };
    let children: String =
        elements.iter().filter_map(|name| xml::element(element, name)).map(|span| format!("  {}\n", &element[span])).collect();
    format!("<session_summary lsid=\"{lsid}\" has_recording=\"{recorded}\">\n{children}</session_summary>\n")
}
