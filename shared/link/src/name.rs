//! What people know a connection by.

use std::fmt;

use session::{ApplianceId, Sentence};

/// A connection as people are told of it: `Acme, production (default)`, or the appliance id alone where no name is known.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionName<'a> {
    /// The appliance id: what grouping, table and log know the connection by.
    pub appliance: &'a ApplianceId,
    /// The connection document's `name`; may be empty, which means none.
    pub name: &'a str,
}

/// Amazon SNS takes subjects of less than 100 characters.
const SUBJECT_CHARACTERS_MAX: usize = 99;

impl ConnectionName<'_> {
    /// The subject of a mail to people about the connection: what has happened, and to which one. ASCII, on one line, short enough for
    /// the alarm topic; the name gives way, for what has happened must be read.
    #[must_use]
    pub fn subject(self, what: &str) -> String {
        let around = "Session Bridge: : ".len() + what.len();
        let name = self.short(SUBJECT_CHARACTERS_MAX.saturating_sub(around));
        format!("Session Bridge: {name}: {what}").chars().take(SUBJECT_CHARACTERS_MAX).collect()
    }

    /// The name and the id in so many characters. Mail subjects are ASCII; the text has the name as it is.
    fn short(self, room: usize) -> String {
        const CUT: &str = "...";
        let ascii = |character: char| if character.is_ascii() { character } else { '?' };
        let whole: String = self.to_string().chars().map(ascii).collect();
        let id = self.appliance.as_str();
        // The cut name, a blank and the parentheses around the id.
        let for_name = room.saturating_sub(CUT.len() + id.len() + " ()".len());
        match whole.len() {
            length if length <= room => whole,
            _ if for_name == 0 => id.to_owned(),
            _ => format!("{}{CUT} ({id})", whole.chars().take(for_name).collect::<String>()),
        }
    }
}

/// On one line, whatever the document's name holds.
impl fmt::Display for ConnectionName<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Sentence::new(self.name);
        match name.as_str() {
            "" => self.appliance.fmt(formatter),
            name => write!(formatter, "{name} ({})", self.appliance),
        }
    }
}

impl<'a> From<&'a ApplianceId> for ConnectionName<'a> {
    /// Without a name: its document could not be read.
    fn from(appliance: &'a ApplianceId) -> Self {
        Self { appliance, name: "" }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn connection_without_a_name_is_told_by_its_id() {
        let appliance: ApplianceId = "acme".parse().unwrap();
        assert_eq!(ConnectionName::from(&appliance).to_string(), "acme");
        assert_eq!(ConnectionName { appliance: &appliance, name: " \n " }.to_string(), "acme");
        assert_eq!(ConnectionName { appliance: &appliance, name: "Acme,\nproduction" }.to_string(), "Acme, production (acme)");
    }

    #[test]
    fn subject_is_short_ascii_of_one_line_and_says_what_happened_whatever_the_name_is() {
        let long: ApplianceId = "a".repeat(60).parse().unwrap();
        for appliance in [&ApplianceId::default(), &long] {
            for name in ["Acme, production", "", "Jörg\r\nMüller ✓", &"long ".repeat(100)] {
                let told = ConnectionName { appliance, name }.subject("a write is in doubt");
                assert!(told.len() <= 99 && told.is_ascii() && !told.contains('\n'), "{told}");
                assert!(told.ends_with(": a write is in doubt") && told.contains(appliance.as_str()), "{told}");
            }
        }
        let named = ConnectionName { appliance: &ApplianceId::default(), name: &"long ".repeat(100) };
        let expected = "Session Bridge: long long long long long long long long lo... (default): look-ups cannot be trusted";
        assert_eq!(named.subject("look-ups cannot be trusted"), expected);
    }
}
