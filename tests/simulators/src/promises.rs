//! What `events/README.md` promises about the samples: the answer that stands in the line of each. Reads the tables only; whether a
//! promise is kept is what the tests find out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Stands in a table for any text in the name of a sample.
const ANY: &str = "<…>";

/// A sample, and the answer that is promised for it.
#[derive(Debug, Clone)]
pub struct Promise {
    /// Name of the sample: of its file, without the extension.
    pub name: String,
    /// Its content.
    pub payload: Vec<u8>,
    /// The last cell of its line.
    pub answer: String,
}

/// The promises for all samples of a folder of `events` (`function-url`, `queue`), by name.
///
/// # Panics
/// If a sample has no line, or a line no sample.
#[must_use]
pub fn of(folder: &str) -> Vec<Promise> {
    let text = std::fs::read_to_string(events().join("README.md")).expect("events/README.md is there");
    let lines = lines(&text, folder);
    let samples = samples(&events().join(folder));
    for name in lines.keys() {
        assert!(samples.keys().any(|sample| fits(sample, name)), "events/README.md names {folder}/{name}, which does not exist");
    }
    let promise = |(name, payload): (String, Vec<u8>)| {
        let answer = answer(&lines, &name).unwrap_or_else(|| panic!("events/README.md has no line for {folder}/{name}"));
        Promise { name, payload, answer }
    };
    samples.into_iter().map(promise).collect()
}

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// The lines of the folder's section: each name in its first cell, and the last cell.
fn lines(text: &str, folder: &str) -> BTreeMap<String, String> {
    let section =
        text.split("\n## ").find(|section| section.starts_with(&format!("`{folder}/`"))).expect("a section for the folder");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let names = cells[0].split('`').skip(1).step_by(2);
        let answer = cells.last().copied().unwrap_or_default();
        names.map(|name| (name.to_owned(), answer.to_owned())).collect::<Vec<_>>()
    })
    .collect()
}

/// The files of the folder, by their names up to the first dot.
fn samples(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("a file").path());
    let named = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.split('.').next()?.to_owned();
        Some((name, std::fs::read(&path).expect("a file")))
    };
    files.filter_map(named).collect()
}

/// The line that says most about the name.
fn answer(lines: &BTreeMap<String, String>, sample: &str) -> Option<String> {
    let fitting = lines.iter().filter(|(name, _)| fits(sample, name));
    fitting.max_by_key(|(name, _)| (*name == sample, name.len())).map(|(_, answer)| answer.clone())
}

fn fits(sample: &str, name: &str) -> bool {
    match name.split_once(ANY) {
        None => sample == name,
        Some((begin, end)) => sample.len() >= begin.len() + end.len() && sample.starts_with(begin) && sample.ends_with(end),
    }
}
