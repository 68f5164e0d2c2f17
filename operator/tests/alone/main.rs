//! The real program without any system: what needs no network.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Stdio};

/// What the program said, and how it ended; it runs at the root of the repository and knows no AWS.
fn ran(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_session-bridge"));
    command.args(arguments).stdin(Stdio::null()).env_clear().env("COLUMNS", "120");
    let output = command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    format!("{out}--- standard error\n{err}--- exit code {}\n", output.status.code().unwrap())
}

macro_rules! snapshots {
    ($($test:ident => $arguments:expr),* $(,)?) => {$(
        #[test]
        fn $test() {
            insta::assert_snapshot!(ran(&$arguments));
        }
    )*};
}

snapshots!(
    usable_document => ["connection", "check", "events/connection/full.json"],
    misspelt_key => ["connection", "check", "events/connection/with-typo.json"],
    misspelt_key_as_json => ["connection", "check", "events/connection/with-typo.json", "--json"],
    missing_key => ["connection", "check", "events/connection/missing-key.json"],
    bad_time_zone => ["connection", "check", "events/connection/bad-time-zone.json"],
    no_document_at_all => ["connection", "check", "events/reports/printer.xml"],
    no_such_file => ["connection", "check", "nowhere.json"],
    wrong_appliance_id => ["connection", "show", "a b"],
    unknown_mode => ["connection", "mode", "default", "pause"],
    preview_of_a_session => ["preview", "events/reports/printer.xml"],
    preview_with_the_settings_of_a_connection => ["preview", "events/reports/silent.xml", "--connection", "events/connection/full.json"],
    preview_of_something_else => ["preview", "events/connection/full.json"],
    preview_with_an_unknown_template => ["preview", "events/reports/printer.xml", "--template", "sesion_note=note.hbs"],
    preview_with_a_template_that_is_not_there => ["preview", "events/reports/no-external-key.xml", "--template", "session_note=nowhere.hbs"],
    help_of_new => ["connection", "new", "--help"],
    help_of_test => ["connection", "test", "--help"],
    write_without_a_ticket => ["connection", "test", "default", "--write"],
    help_of_check => ["connection", "check", "--help"],
    help_of_put => ["connection", "put", "--help"],
);
