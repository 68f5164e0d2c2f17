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
    help_of_migrate => ["connection", "migrate", "--help"],
    migration_without_an_integration_code => ["connection", "migrate", "events/plugin-settings/whole.txt", "--out", "nowhere.json", "--time-zone", "Europe/Berlin"],
    migration_of_something_else => ["connection", "migrate", "events/reports/printer.xml", "--out", "nowhere.json"],
);

/// The old plugin's settings as a document: what is told of it, and what the program's own check says of the document.
fn migrated(settings: &str, more: &[&str]) -> String {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("migrated_{:016x}", fastrand::u64(..)));
    std::fs::create_dir_all(&folder).unwrap();
    let (document, code) = (folder.join("connection.json"), folder.join("tracking-identifier"));
    std::fs::write(&code, "INVENTEDINTEGRATIONCODE0001\n").unwrap();
    let (out, code) = (document.display().to_string(), code.display().to_string());
    let options = ["--out", &out, "--time-zone", "Europe/Berlin", "--integration-code-file", &code];
    let told = ran(&[&["connection", "migrate", settings], &options[..], more].concat());
    assert!(std::fs::read_to_string(&document).unwrap().contains("INVENTEDINTEGRATIONCODE0001"));
    for secret in ["INVENTED", "invented$", "invented-client-secret", "invented&"] {
        assert!(!told.contains(secret), "a secret is shown: {told}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&document).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let checked = ran(&["connection", "check", &out]);
    std::fs::remove_dir_all(&folder).unwrap();
    format!("{told}\n{checked}").replace(&folder.display().to_string(), "<folder>")
}

#[test]
fn old_plugins_settings_become_a_document_and_each_is_accounted_for() {
    insta::assert_snapshot!(migrated("events/plugin-settings/whole.txt", &[]));
}

#[test]
fn old_plugins_settings_as_json_are_accounted_for_as_json() {
    insta::assert_snapshot!(migrated("events/plugin-settings/minimal.json", &["--json"]));
}

#[test]
fn document_that_is_there_is_not_overwritten_without_a_word() {
    let told = ran(&["connection", "migrate", "events/plugin-settings/minimal.json", "--out", "events/connection/full.json"]);
    assert!(told.contains("--yes") && told.ends_with("exit code 2\n"), "{told}");
}
