//! The fields of the old plugin's form, by the names that it shows and its guide uses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::form::Entry;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    ConfigurationName,
    ApplianceId,
    HostName,
    ClientId,
    ClientSecret,
    UserName,
    Password,
    Locale,
    Disabled,
    AllowInvalidCertificates,
    PlainHttp,
    OutboundEvents,
    PollingEvents,
    PollingInterval,
    RetryLimit,
    RetryOutboundEvents,
    RetryPollingEvents,
    ServicesUrl,
    AutotaskUserName,
    AutotaskPassword,
    NoteType,
    UpdateTimeEntry,
    PublicNotes,
    TimeEntryData,
    DefaultDomain,
    CreateTickets,
    TicketData,
}

/// Letters and digits of each name, without the vendor's: form and guide differ in blanks, dashes and his name.
const NAMES: [(&str, Field); 32] = [
    ("pluginconfigurationname", Field::ConfigurationName),
    ("applianceid", Field::ApplianceId),
    ("appliancehostname", Field::HostName),
    ("integrationapioauthclientid", Field::ClientId),
    ("integrationapioauthclientsecret", Field::ClientSecret),
    ("integrationapiusername", Field::UserName),
    ("integrationapipassword", Field::Password),
    ("localeusedforapicalls", Field::Locale),
    ("disabled", Field::Disabled),
    ("allowinvalidcertificates", Field::AllowInvalidCertificates),
    ("usenontlsconnectors", Field::PlainHttp),
    ("usenontlsconnections", Field::PlainHttp),
    ("outboundeventtypes", Field::OutboundEvents),
    ("outboundeventstypes", Field::OutboundEvents),
    ("pollingeventtypes", Field::PollingEvents),
    ("pollingintervalinminutes", Field::PollingInterval),
    ("pollinginterval", Field::PollingInterval),
    ("retryattemptlimit", Field::RetryLimit),
    ("retryoutboundeventtypes", Field::RetryOutboundEvents),
    ("retrypollingeventtypes", Field::RetryPollingEvents),
    ("autotaskservicesurl", Field::ServicesUrl),
    ("autotaskusername", Field::AutotaskUserName),
    ("autotaskpassword", Field::AutotaskPassword),
    ("autotasknotetype", Field::NoteType),
    ("autotaskupdatetimeentry", Field::UpdateTimeEntry),
    ("autotaskpublishnotesaspublic", Field::PublicNotes),
    ("timeentrydefaultdata", Field::TimeEntryData),
    ("defaultdomain", Field::DefaultDomain),
    ("enableautomaticticketcreationonsessionstart", Field::CreateTickets),
    ("enableautomaticticketcreation", Field::CreateTickets),
    ("automaticticketcreation", Field::CreateTickets),
    ("ticketdefaultdata", Field::TicketData),
];

const VENDOR: [&str; 2] = ["bomgar", "beyondtrust"];

impl Field {
    /// The field of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let name = VENDOR.iter().fold(letters.to_lowercase(), |name, vendor| name.replace(vendor, ""));
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }
}

/// What is not known here, and what is.
pub(crate) fn sorted(entries: Vec<Entry>) -> (Vec<(Field, Entry)>, Vec<Entry>) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for entry in entries {
        match Field::named(&entry.name) {
            Some(field) => known.push((field, entry)),
            None => unknown.push(entry),
        }
    }
    (known, unknown)
}

/// The fields that were filled in and not dealt with yet.
#[derive(Default)]
pub(super) struct Form(BTreeMap<Field, Entry>);

impl Form {
    /// Whether the field was not filled in before.
    pub(super) fn fill_in(&mut self, field: Field, entry: Entry) -> bool {
        self.0.insert(field, entry).is_none()
    }

    /// The field, unless it is empty. A box or a list that is empty says something.
    pub(super) fn take(&mut self, field: Field) -> Option<Entry> {
        let says_something = matches!(field, Field::OutboundEvents | Field::PollingEvents);
        self.0.remove(&field).filter(|entry| says_something || !is_empty(&entry.value))
    }

    /// Which fields a connection cannot do without, and are not filled in.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let login = if self.has(Field::UserName) && !self.has(Field::ClientId) {
            [(Field::UserName, "Integration API User Name"), (Field::Password, "Integration API Password")]
        } else {
            [(Field::ClientId, "Integration API OAuth Client ID"), (Field::ClientSecret, "Integration API OAuth Client Secret")]
        };
        let host = [(Field::HostName, "Appliance Host Name")];
        let ticketing = [(Field::AutotaskUserName, "Autotask Username"), (Field::AutotaskPassword, "Autotask Password")];
        let needed = host.into_iter().chain(login).chain(ticketing);
        needed.filter(|(field, _)| !self.has(*field)).map(|(_, name)| name).collect()
    }

    /// Whether the field says something.
    pub(super) fn has(&self, field: Field) -> bool {
        self.0.get(&field).is_some_and(|entry| !is_empty(&entry.value))
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_is_known_by_the_names_of_the_form_and_of_the_guide() {
        for (name, field) in [
            ("Bomgar Appliance Host Name", Field::HostName),
            ("BeyondTrust Appliance Host Name", Field::HostName),
            ("Locale Used for Bomgar API Calls", Field::Locale),
            ("Use Non-TLS Connectors", Field::PlainHttp),
            ("use non-tls connections", Field::PlainHttp),
            ("Polling Interval (in minutes)", Field::PollingInterval),
            ("Outbound Events Types", Field::OutboundEvents),
        ] {
            assert_eq!(Field::named(name), Some(field), "{name}");
        }
        assert_eq!(Field::named("Appliance"), None);
        assert_eq!(Field::named(""), None);
    }
}
