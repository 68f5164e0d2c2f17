//! What the appliance says of its API and of our account: the answer to the command `get_api_info`, which needs no right of its own.
//! Pure. Small, and asked for by people only; so it is read as a whole, unlike reports.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use session::{Failure, Sentence};

use crate::report::refusal;

/// More than any answer has; an attribute of each permission is kept.
const PERMISSIONS_MAX: usize = 500;

/// Versions and rights, as the appliance names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiInformation {
    /// The version of the API, as in `1.24.1` (an appliance of release 24.x); none if it does not say.
    pub api_version: Option<String>,
    /// Permission -> its value, as in `perm_command` -> `full_access`.
    pub permissions: BTreeMap<String, String>,
}

/// What an account may do with the command API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandRight {
    /// Everything: session keys and external keys, too.
    Full,
    /// Reading.
    ReadOnly,
    /// Nothing.
    None,
    /// The appliance does not say, or in words that are not known here.
    Unsaid,
}

impl ApiInformation {
    /// What the account may do with the command API.
    #[must_use]
    pub fn command_right(&self) -> CommandRight {
        match self.permissions.get("perm_command").map(String::as_str) {
            Some("full_access" | "1") => CommandRight::Full,
            Some("read_only") => CommandRight::ReadOnly,
            Some("0" | "deny" | "none" | "") => CommandRight::None,
            _ => CommandRight::Unsaid,
        }
    }

    /// Whether the account may read reports of support sessions; none if the appliance does not say.
    #[must_use]
    pub fn may_report(&self) -> Option<bool> {
        // The second name is that of newer releases (vendor reference).
        let names = ["perm_reporting_support", "perm_reporting_session"];
        let values: Vec<&String> = names.iter().filter_map(|name| self.permissions.get(*name)).collect();
        if values.is_empty() { None } else { Some(values.iter().any(|value| matches!(value.as_str(), "1" | "true"))) }
    }
}

/// What the answer says.
///
/// # Errors
///
/// What the appliance's own `<error>` means, or `Unreadable`.
pub(super) fn read(body: &[u8]) -> Result<ApiInformation, Failure> {
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(&text);
    let (mut information, mut error) = (ApiInformation::default(), None);
    let (mut depth, mut is_known) = (0_usize, false);
    let mut leaf = Leaf::Other;
    loop {
        match reader.read_event().map_err(|_| unreadable())? {
            Event::Start(tag) => {
                leaf = Leaf::of(&tag);
                is_known |= depth == 0 && matches!(tag.local_name().as_ref(), "api_information" | "error");
                depth += 1;
            }
            Event::Text(content) => keep(&mut information, &mut error, &leaf, content.xml10_content().trim()),
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                leaf = Leaf::Other;
            }
            Event::DocType(_) => return Err(unreadable()),
            Event::Eof => break,
            _ => {}
        }
    }
    match error {
        Some(text) => Err(refusal(&text).into()),
        None if is_known && depth == 0 => Ok(information),
        None => Err(unreadable()),
    }
}

/// The element that is open, if its text counts.
enum Leaf {
    Version,
    Permission(String),
    Error,
    Other,
}

impl Leaf {
    fn of(tag: &BytesStart<'_>) -> Self {
        match tag.local_name().as_ref() {
            "api_version" => Self::Version,
            "error" => Self::Error,
            "permission" => match tag.try_get_attribute("name") {
                Ok(Some(name)) => Self::Permission(name.value.into_owned()),
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

fn keep(information: &mut ApiInformation, error: &mut Option<String>, leaf: &Leaf, text: &str) {
    match leaf {
        Leaf::Version => information.api_version = Some(Sentence::new(text).into()),
        Leaf::Permission(name) if information.permissions.len() < PERMISSIONS_MAX => {
            information.permissions.insert(name.clone(), text.to_owned());
        }
        Leaf::Error => *error = Some(text.to_owned()),
        Leaf::Permission(_) | Leaf::Other => {}
    }
}

fn unreadable() -> Failure {
    Failure::Unreadable { what: Sentence::new("the answer to get_api_info is none of the command API") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// As recorded from an appliance of release 19.1, shortened.
    const ANSWER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<api_information xmlns=\"http://www.bomgar.com/namespaces/API/command\">\n\
        \t<api_version>1.19.0</api_version>\n\t<permissions>\n\t\t<permission name=\"perm_command\">full_access</permission>\n\
        \t\t<permission name=\"perm_reporting_support\">1</permission>\n\t\t<permission name=\"perm_other\"/>\n\t</permissions>\n</api_information>";

    #[test]
    fn version_and_rights_are_read() {
        let information = read(ANSWER.as_bytes()).unwrap();
        assert_eq!(information.api_version.as_deref(), Some("1.19.0"));
        assert_eq!((information.command_right(), information.may_report()), (CommandRight::Full, Some(true)));
    }

    #[test]
    fn what_is_not_said_is_not_made_up() {
        let information = read(b"<api_information/>").unwrap_or_default();
        assert_eq!((information.command_right(), information.may_report()), (CommandRight::Unsaid, None));
    }

    #[test]
    fn error_of_the_appliance_has_its_meaning() {
        let failure = read(b"<error>You do not have permission.</error>").unwrap_err();
        assert!(matches!(failure, Failure::Blocked { .. }), "{failure}");
        assert!(matches!(read(b"<error>Login failed</error>"), Err(Failure::CredentialsRefused { .. })));
    }

    #[test]
    fn other_answers_are_unreadable() {
        for body in [
            "",
            "<html><body>Login</body></html>",
            "<api_information>",
            "{\"error\":\"access_denied\"}",
            "<!DOCTYPE a><error>x</error>",
        ] {
            assert!(matches!(read(body.as_bytes()), Err(Failure::Unreadable { .. })), "{body}");
        }
    }
}
