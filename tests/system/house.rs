//! Walls of the house that no compiler holds: the core names no vendor, and no file of it has grown beyond reading. Says nothing of how
//! well the rooms are furnished.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

/// The crates that know no vendor: a second source or ticketing system must not change them.
const CORE: [&str; 4] = ["session", "texts", "delivery", "coverage"];

/// The vendors' words, in lower case.
const VENDORS: [&str; 4] = ["autotask", "beyondtrust", "bomgar", "connectwise"];

/// Fields that only one vendor has.
const VENDORS_FIELDS: [&str; 5] = ["note_type", "billing_code", "contract_id", "non_billable", "show_on_invoice"];

/// Lines of a file of the core, its tests apart.
const LINES_MAX: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every source file of the core by its path below the root, with its text.
fn core_files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for package in CORE {
        let mut folders = vec![root().join("shared").join(package).join("src")];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                // The tests of texts and the invented sessions name whom they like.
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("tests.rs") && !path.ends_with("sample.rs") {
                    let name = path.strip_prefix(root()).unwrap().display().to_string();
                    files.push((name, std::fs::read_to_string(path).unwrap()));
                }
            }
        }
    }
    assert!(files.len() > 50, "only {} files were found: is this test still looking in the right place?", files.len());
    files
}

/// The text before its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

#[test]
fn the_core_names_no_vendor() {
    for (name, text) in core_files() {
        let lower = code(&text).to_lowercase();
        let named = VENDORS.iter().chain(&VENDORS_FIELDS).find(|word| lower.contains(**word));
        assert!(named.is_none(), "{name} names {}", named.unwrap());
    }
}

#[test]
fn no_file_of_the_core_is_too_long_to_be_read() {
    for (name, text) in core_files() {
        let lines = code(&text).lines().count();
        assert!(lines <= LINES_MAX, "{name} has {lines} lines");
    }
}
