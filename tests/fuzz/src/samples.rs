//! The samples of `events/`, from which all targets begin, and the inputs that once found something.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of this checkout.
pub struct Samples {
    checkout: PathBuf,
}

impl Samples {
    /// Of the checkout at that path.
    #[must_use]
    pub fn of(checkout: &Path) -> Self {
        Self { checkout: checkout.to_owned() }
    }

    /// The contents of the files in a folder of `events/` with that ending, by name.
    #[must_use]
    pub fn in_folder(&self, folder: &str, ending: &str) -> Vec<Vec<u8>> {
        contents(&self.checkout.join("events").join(folder), ending)
    }

    /// What once broke that target, or nearly did; it must not again.
    #[must_use]
    pub fn found(&self, target: &str) -> Vec<Vec<u8>> {
        contents(&self.checkout.join("tests/fuzz/found").join(target), "")
    }
}

/// In the order of names, so that every run begins alike. A folder that is not there is empty.
fn contents(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let wanted = paths.iter().filter(|path| path.is_file() && path.to_string_lossy().ends_with(ending));
    wanted.map(|path| fs::read(path).expect("a file of the checkout can be read")).collect()
}
