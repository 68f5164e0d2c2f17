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
}
