//! The old plugin's settings as a connection document, and what became of each: carried over, done otherwise here, or lost.
//!
//! Values are not judged here: what the document's own check refuses is taken out again and told with the reason that the check gives.

mod draft;
mod fields;
mod form;

use serde::Serialize;
use session::ApplianceId;

use self::draft::Draft;
use self::form::Entry;
pub(crate) use self::form::read;
use super::document::{self, Remark};

/// What the old plugin did not ask for, and a document needs.
pub(crate) struct Added<'a> {
    /// IANA name.
    pub(crate) time_zone: &'a str,
    /// What today's API of the ticketing system wants beside name and password.
    pub(crate) integration_code: &'a str,
}

/// Settings in their new place.
#[derive(Debug)]
pub(crate) struct Migrated {
    /// The document, with its secrets.
    pub(crate) text: String,
    /// Which appliance it is for, if the settings say so.
    pub(crate) appliance: Option<ApplianceId>,
    pub(crate) report: Report,
}

/// What became of each field. Names fields and keys, and no value that could be a secret.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    pub(crate) carried: Vec<Carried>,
    pub(crate) replaced: Vec<Replaced>,
    pub(crate) lost: Vec<Lost>,
    /// What somebody should know of the document.
    pub(crate) warnings: Vec<Remark>,
}

/// A field that is a key now.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Carried {
    pub(crate) field: String,
    pub(crate) key: String,
}

/// A field that is not needed here.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Replaced {
    pub(crate) field: String,
    /// By what.
    pub(crate) by: String,
}

/// A field whose value is nowhere.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Lost {
    pub(crate) field: String,
    pub(crate) why: String,
}

/// Why there is no document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotMigrated {
    /// A field is there more than once.
    Twice(String),
    /// Fields are missing, or empty, without which there is no connection.
    Missing(Vec<&'static str>),
    /// They do not make a document that can be used: what is wrong with it.
    Unusable(Vec<Remark>),
}

/// The document that those settings ([`read`]) make.
///
/// # Errors
///
/// As [`NotMigrated`] says.
pub(crate) fn migrate(settings: Vec<Entry>, added: &Added<'_>) -> Result<Migrated, NotMigrated> {
    let (known, unknown) = fields::sorted(settings);
    let mut draft = Draft::of(known, added)?;
    for entry in unknown {
        draft.lose(&entry.name, "the old plugin's form has no field of this name");
    }
    loop {
        let text = draft.text();
        let mistakes = match document::check(&text) {
            Ok((_, warnings)) => {
                // Where they stand is of no use: nobody has the text yet.
                let warnings = warnings.into_iter().map(|warning| Remark { line: None, column: None, ..warning });
                let (appliance, report) = draft.told(warnings.collect());
                return Ok(Migrated { text, appliance, report });
            }
            Err(mistakes) => mistakes,
        };
        // Each turn takes a setting away, or is the last one.
        let mut taken = false;
        for mistake in &mistakes {
            taken |= mistake.key.as_deref().is_some_and(|key| draft.take_out(key, &mistake.problem));
        }
        if !taken {
            return Err(NotMigrated::Unusable(mistakes));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::fmt::Write as _;

    use super::*;

    const WHOLE: &str = include_str!("../../../events/plugin-settings/whole.txt");
    const MINIMAL: &str = include_str!("../../../events/plugin-settings/minimal.json");
    const ADDED: Added<'static> = Added { time_zone: "Europe/Berlin", integration_code: "INVENTEDINTEGRATIONCODE0001" };

    fn shown(text: &str) -> String {
        let migrated = migrate(read(text).unwrap(), &ADDED).unwrap();
        document::check(&migrated.text).unwrap();
        let mut shown = format!("{}\nappliance: {:?}\n", migrated.text, migrated.appliance.map(|id| id.to_string()));
        let Report { carried, replaced, lost, warnings } = migrated.report;
        let carried = carried.into_iter().map(|carried| format!("carried: {} -> {}", carried.field, carried.key));
        let replaced = replaced.into_iter().map(|replaced| format!("replaced: {}: {}", replaced.field, replaced.by));
        let lost = lost.into_iter().map(|lost| format!("lost: {}: {}", lost.field, lost.why));
        let warnings = warnings.into_iter().map(|warning| format!("warning: {}: {}", warning.key.unwrap(), warning.problem));
        for line in carried.chain(replaced).chain(lost).chain(warnings) {
            let _ = writeln!(shown, "{line}");
        }
        shown
    }

    fn migrated(changes: &str) -> serde_json::Value {
        let base = "Bomgar Appliance Host Name: support.example.com\nAutotask Username: a@acme.example\nAutotask Password: b\n";
        let credentials = "Bomgar Integration API OAuth Client ID: c\nBomgar Integration API OAuth Client Secret: d\n";
        let settings = read(&format!("{base}{credentials}{changes}")).unwrap();
        serde_json::from_str(&migrate(settings, &ADDED).unwrap().text).unwrap()
    }

    #[test]
    fn whole_form_with_its_json_blocks_becomes_a_document_that_can_be_used() {
        insta::assert_snapshot!(shown(WHOLE));
    }

    #[test]
    fn settings_of_an_old_appliance_as_json_become_a_document_that_can_be_used() {
        insta::assert_snapshot!(shown(MINIMAL));
    }

    #[test]
    fn connection_writes_nothing_until_somebody_says_so_and_a_disabled_one_not_at_all() {
        for (disabled, mode) in [("", "shadow"), ("no", "shadow"), ("false", "shadow"), ("yes", "off"), ("true", "off")] {
            assert_eq!(migrated(&format!("Disabled: {disabled}\n"))["mode"], mode, "{disabled}");
        }
    }

    #[test]
    fn connection_that_only_polls_takes_what_a_poll_finds() {
        let polled = migrated("Outbound Event Types:\nPolling Event Types: Support Session End\n");
        assert_eq!((&polled["polling"]["enabled"], &polled["events"]), (&true.into(), &serde_json::Value::Null));
        let without_surveys = migrated("Outbound Event Types: Support Session End\n");
        assert_eq!(without_surveys["events"]["support_conference_rep_exit_survey_completed"], false);
        assert_eq!(without_surveys["events"].get("support_conference_end"), None);
    }

    #[test]
    fn settings_without_what_a_connection_needs_or_with_a_field_twice_make_no_document() {
        let not_migrated = |text: &str| migrate(read(text).unwrap(), &ADDED).unwrap_err();
        let missing = not_migrated("Bomgar Integration API User Name: integration\nAutotask Username: a\nAutotask Password:\n");
        let expected = ["Appliance Host Name", "Integration API Password", "Autotask Password"];
        assert_eq!(missing, NotMigrated::Missing(expected.to_vec()));
        let twice = not_migrated("Use Non-TLS Connections: no\nUse Non-TLS Connectors: yes\n");
        assert_eq!(twice, NotMigrated::Twice("Use Non-TLS Connectors".to_owned()));
    }
}
