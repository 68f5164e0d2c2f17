//! Documents name tests as their proof; this is what keeps such a name true. Looks at names only, not at what a test shows.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A name of a behaviour is longer than this; what is shorter in backquotes is code.
const NAME_LENGTH_MIN: usize = 30;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names of all functions in the project's code.
fn functions() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in ["functions", "operator", "shared", "tests"] {
        rust_files(&root().join(folder), &mut files);
    }
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    texts.flat_map(|text| text.split("fn ").skip(1).map(name).collect::<Vec<_>>()).collect()
}

fn name(text: &str) -> String {
    text.chars().take_while(|character| character.is_ascii_alphanumeric() || *character == '_').collect()
}

#[test]
fn every_test_that_a_document_names_exists() {
    let functions = functions();
    assert!(functions.contains("every_test_that_a_document_names_exists"));
    let mut named = 0;
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let quoted = text.split('`').skip(1).step_by(2).map(str::to_owned);
        let names = quoted.filter(|code| code.len() >= NAME_LENGTH_MIN && name(code) == *code && code.contains('_'));
        for wanted in names.filter(|wanted| !wanted.starts_with("support_conference") && !wanted.starts_with("events.")) {
            named += 1;
            assert!(functions.contains(&wanted), "{} names {wanted}, which does not exist", path.display());
        }
    }
    assert!(named > 80, "only {named} names were found: is this test still looking in the right place?");
}
