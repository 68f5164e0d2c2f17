//! One session that the appliance knows: the report as the test put it, when it is ready, and how it is served.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::xml;

/// The namespace of today's documentation (vendor reference); real appliances differ, so a session may have another or none.
pub(crate) const REPORTING_NAMESPACE: &str = "https://www.beyondtrust.com/namespaces/API/reporting";

/// Characters of a generated chat message, unless told otherwise.
const PAD_CHARACTERS: usize = 120;

/// How a session looks while its report is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotReadyAs {
    /// As if the session did not exist.
    Missing,
    /// A list without sessions.
    EmptyList,
    /// The report with an empty end time.
    NoEndTime,
}

/// One stored session.
#[derive(Clone, Debug)]
pub(crate) struct StoredSession {
    /// The `<session>` element; or any bytes at all, if `verbatim`.
    xml: String,
    /// Served exactly as it is, without a list around it.
    verbatim: bool,
    /// None: the list declares no namespace.
    pub(crate) namespace: Option<String>,
    not_ready_as: NotReadyAs,
    not_ready_asks: u64,
    ready_at: Option<Timestamp>,
    listed_at: Option<Timestamp>,
    pad_messages: usize,
    pad_characters: usize,
    /// How often its report was asked for by lsid.
    pub(crate) asks: u64,
}

/// What the appliance has to say about a session at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Nothing at all.
    Missing,
    /// An empty list.
    EmptyList,
    /// This `<session>` element.
    Element(String),
    /// Exactly these bytes.
    Verbatim(String),
}

impl StoredSession {
    /// A session from a `PUT` of the control API: the body, and the options of the query string (README of this package).
    ///
    /// # Errors
    /// What is wrong with the options, or that the body holds no `<session lsid="…">`.
    pub(crate) fn from_put(lsid: &str, body: &str, options: &BTreeMap<String, String>, now: Timestamp) -> Result<Self, String> {
        let mut session = Self {
            xml: String::new(),
            verbatim: false,
            namespace: Some(REPORTING_NAMESPACE.to_owned()),
            not_ready_as: NotReadyAs::Missing,
            not_ready_asks: 0,
            ready_at: None,
            listed_at: None,
            pad_messages: 0,
            pad_characters: PAD_CHARACTERS,
            asks: 0,
        };
        for (name, value) in options {
            session.set_option(name, value, now)?;
        }
        session.xml = if session.verbatim { body.to_owned() } else { session_element(lsid, body)? };
        Ok(session)
    }

    fn set_option(&mut self, name: &str, value: &str, now: Timestamp) -> Result<(), String> {
        let number = || value.parse::<i64>().map_err(|_| format!("{name} wants a number"));
        let after = |seconds| now.saturating_add(SignedDuration::from_secs(seconds)).map_err(|error| error.to_string());
        let count = || value.parse::<usize>().map_err(|_| format!("{name} wants a number that is not negative"));
        match name {
            "verbatim" => self.verbatim = value == "true",
            "namespace" => self.namespace = (value != "none").then(|| value.to_owned()),
            "not_ready_asks" => self.not_ready_asks = count()? as u64,
            "not_ready_as" => {
                self.not_ready_as = match value {
                    "missing" => NotReadyAs::Missing,
                    "empty_list" => NotReadyAs::EmptyList,
                    "no_end_time" => NotReadyAs::NoEndTime,
                    _ => return Err("not_ready_as is missing, empty_list or no_end_time".to_owned()),
                }
            }
            "ready_after_seconds" => self.ready_at = Some(after(number()?)?),
            "listed_after_seconds" => self.listed_at = Some(after(number()?)?),
            "pad_messages" => self.pad_messages = count()?,
            "pad_characters" => self.pad_characters = count()?,
            _ => return Err(format!("no such option: {name}")),
        }
        Ok(())
    }

    /// The report as it is served now, for a call that asked by lsid. Counts the asking.
    pub(crate) fn ask(&mut self, now: Timestamp) -> View {
        self.asks += 1;
        self.look(self.asks, now)
    }

    /// The report as the next asking would find it, without counting.
    pub(crate) fn peek(&self, now: Timestamp) -> View {
        self.look(self.asks + 1, now)
    }

    /// Whether windows find it; by its lsid it may be found before.
    pub(crate) fn is_listed(&self, now: Timestamp) -> bool {
        self.listed_at.is_none_or(|moment| now >= moment)
    }

    fn look(&self, asks: u64, now: Timestamp) -> View {
        let ready = asks > self.not_ready_asks && self.ready_at.is_none_or(|moment| now >= moment);
        if ready {
            return if self.verbatim { View::Verbatim(self.xml.clone()) } else { View::Element(self.padded()) };
        }
        match self.not_ready_as {
            NotReadyAs::Missing => View::Missing,
            NotReadyAs::EmptyList => View::EmptyList,
            NotReadyAs::NoEndTime => View::Element(xml::with_element(&self.xml, "session", "end_time", "<end_time></end_time>")),
        }
    }

    /// The element with the generated chat messages, if any are wanted.
    fn padded(&self) -> String {
        let Some(end) = self.xml.find("</session_details>").filter(|_| self.pad_messages > 0) else {
            return self.xml.clone();
        };
        let mut long = String::with_capacity(self.xml.len() + self.pad_messages * (self.pad_characters + 260));
        long.push_str(&self.xml[..end]);
        let start = unix_time(&self.xml, "start_time").unwrap_or_default();
        for number in 1..=self.pad_messages {
            push_generated_message(&mut long, start, number, self);
        }
        long.push_str(&self.xml[end..]);
        long
    }

    /// True while the session has no end: only then its attributes may be set.
    pub(crate) fn is_active(&self) -> bool {
        unix_time(&self.xml, "end_time").is_none()
    }

    /// The external key; empty if none.
    pub(crate) fn external_key(&self) -> String {
        xml::text(&self.xml, "external_key").unwrap_or_default()
    }

    /// Sets the external key.
    pub(crate) fn set_external_key(&mut self, key: &str) {
        let element = format!("<external_key>{}</external_key>", xml::escape(key));
        self.xml = xml::with_element(&self.xml, "session", "external_key", &element);
    }

    /// The `<custom_attributes>` element; an empty one if there is none.
    pub(crate) fn custom_attributes(&self) -> String {
        match xml::element(&self.xml, "custom_attributes") {
            Some(span) => self.xml[span].to_owned(),
            None => "<custom_attributes></custom_attributes>".to_owned(),
        }
    }

    /// Sets the text of the custom attribute of this code name, adding it if need be.
    pub(crate) fn set_custom_attribute(&mut self, code_name: &str, value: &str) {
        let code_name = xml::escape(code_name);
        let attributes = self.custom_attributes();
        let inner = xml::element(&attributes, "custom_attributes")
            .and_then(|_| Some(&attributes[attributes.find('>')? + 1..attributes.rfind("</custom_attributes>")?]))
            .unwrap_or_default();
        let kept: String = inner
            .split_inclusive("</custom_attribute>")
            .filter(|attribute| !attribute.contains(&format!(" code_name=\"{code_name}\"")))
            .collect();
        let element = format!(
            "<custom_attributes>{kept}<custom_attribute display_name=\"{code_name}\" code_name=\"{code_name}\">{}</custom_attribute></custom_attributes>",
            xml::escape(value)
        );
        self.xml = xml::with_element(&self.xml, "session", "custom_attributes", &element);
    }

    /// The session without its text, for the state dump.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "asks": self.asks,
            "active": self.is_active(),
            "external_key": self.external_key(),
            "bytes": self.xml.len(),
        })
    }
}

/// The `timestamp` attribute of a time element.
pub(crate) fn unix_time(xml: &str, name: &str) -> Option<i64> {
    xml::attribute(xml, name, "timestamp")?.parse().ok()
}

/// Cuts `<session …>…</session>` out of a document and gives it this lsid, wherever the old one stood.
fn session_element(lsid: &str, document: &str) -> Result<String, String> {
    let span = xml::element(document, "session").ok_or("the body holds no <session> element")?;
    let element = &document[span];
    let old = xml::attribute(element, "session", "lsid").ok_or("the <session> element has no lsid")?;
    if old.is_empty() {
        return Err("the lsid of the <session> element is empty".to_owned());
    }
    Ok(element.replace(&old, lsid))
}

fn push_generated_message(report: &mut String, start: i64, number: usize, session: &StoredSession) {
    let mut body = format!("Generated message {number} of {}. ", session.pad_messages);
    while body.len() < session.pad_characters {
        body.push_str("The quick brown fox jumps over the lazy dog. ");
    }
    body.truncate(session.pad_characters.max(1));
    let (kind, gsnumber, name) =
        if number.is_multiple_of(2) { ("representative", 302, "Dana Whitfield") } else { ("customer", 311, "Jörg Müller") };
    let at = start + i64::try_from(number).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = writeln!(
        report,
        "<event timestamp=\"{at}\" event_type=\"Chat Message\"><performed_by type=\"{kind}\" gsnumber=\"{gsnumber}\">{name}</performed_by>\
         <destination type=\"everyone\" gsnumber=\"0\">Everyone</destination><body>{body}</body></event>"
    );
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const REPORT: &str = r#"<session_list><session lsid="old"><start_time timestamp="100">a</start_time><end_time timestamp="200">b</end_time>
<external_key>T1</external_key><session_details></session_details></session></session_list>"#;

    fn put(options: &[(&str, &str)]) -> Result<StoredSession, String> {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        StoredSession::from_put("new", REPORT, &options, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn unknown_option_is_refused() {
        assert!(put(&[("not_ready_ask", "1")]).is_err());
        assert!(put(&[("not_ready_as", "later")]).is_err());
    }

    #[test]
    fn body_without_a_session_is_refused_unless_verbatim() {
        let none = BTreeMap::new();
        assert!(StoredSession::from_put("x", "<a/>", &none, Timestamp::UNIX_EPOCH).is_err());
        let verbatim = BTreeMap::from([("verbatim".to_owned(), "true".to_owned())]);
        let mut session = StoredSession::from_put("x", "<a/>", &verbatim, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(session.ask(Timestamp::UNIX_EPOCH), View::Verbatim("<a/>".to_owned()));
    }

    #[test]
    fn lsid_of_the_path_replaces_the_one_in_the_report() {
        let View::Element(element) = put(&[]).unwrap().peek(Timestamp::UNIX_EPOCH) else { panic!("not ready") };
        assert!(element.starts_with("<session lsid=\"new\">"), "{element}");
    }

    #[test]
    fn report_is_not_ready_for_so_many_asks() {
        let mut session = put(&[("not_ready_asks", "2"), ("not_ready_as", "no_end_time")]).unwrap();
        let ended = |view: View| matches!(view, View::Element(xml) if unix_time(&xml, "end_time").is_some());
        let answers: Vec<bool> = (0..3).map(|_| ended(session.ask(Timestamp::UNIX_EPOCH))).collect();
        assert_eq!(answers, [false, false, true]);
    }

    #[test]
    fn report_is_not_ready_before_its_time() {
        let session = put(&[("ready_after_seconds", "60")]).unwrap();
        assert_eq!(session.peek(Timestamp::from_second(59).unwrap()), View::Missing);
        assert!(matches!(session.peek(Timestamp::from_second(60).unwrap()), View::Element(_)));
    }

    #[test]
    fn padding_adds_so_many_messages() {
        let session = put(&[("pad_messages", "100"), ("pad_characters", "2000")]).unwrap();
        let View::Element(element) = session.peek(Timestamp::UNIX_EPOCH) else { panic!("not ready") };
        assert_eq!(element.matches("Chat Message").count(), 100);
        assert!(element.len() > 200_000, "{}", element.len());
    }

    #[test]
    fn custom_attribute_is_added_once_and_replaced() {
        let mut session = put(&[]).unwrap();
        session.set_custom_attribute("asset", "1");
        session.set_custom_attribute("site", "<x>");
        session.set_custom_attribute("asset", "2");
        let attributes = session.custom_attributes();
        assert_eq!(attributes.matches("code_name=\"asset\"").count(), 1, "{attributes}");
        assert!(attributes.contains(">2<") && attributes.contains("&lt;x&gt;"), "{attributes}");
    }
}
