//! How large the functions are: binaries, zips, crates in their trees; and which crates the bytes of a binary come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::figures::table;
use crate::{Error, Places};

const FUNCTIONS: [&str; 2] = ["receiver", "worker"];
/// Parts that are listed one by one.
const PARTS: usize = 20;

/// Sizes of binaries, zips and trees.
///
/// # Errors
///
/// If a function is not built, or a tool is missing: cargo, python3.
pub(crate) fn tables(places: &Places) -> Result<String, Error> {
    let mut rows = Vec::new();
    for function in FUNCTIONS {
        let binary = places.built.join(function);
        let bytes =
            fs::metadata(&binary).map_err(|error| format!("{}: {error}; build it with `make size`", binary.display()))?.len();
        let zipped = zipped_bytes(&binary, &places.logs)?;
        rows.push(vec![
            function.to_owned(),
            megabytes(bytes),
            megabytes(zipped),
            crates(&places.root, function)?.len().to_string(),
        ]);
    }
    Ok(table(&["function", "binary", "zip", "crates"], &rows))
}

/// The largest parts of each binary. They need a build of their own, which keeps its symbols: minutes.
///
/// # Errors
///
/// If a function cannot be built, or a tool is missing: cargo, and nm of the binutils.
pub(crate) fn largest_parts(places: &Places) -> Result<String, Error> {
    let mut text = String::new();
    let symbols = with_symbols(places)?;
    for function in FUNCTIONS {
        text += &format!(
            "\nThe largest parts of the {function}, by the crate that a symbol is of:\n\n{}",
            parts(&symbols.join(function))?
        );
    }
    Ok(text)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// As it is deployed: one file, `bootstrap`, deflated.
fn zipped_bytes(binary: &Path, directory: &Path) -> Result<u64, Error> {
    let (bootstrap, zip) = (directory.join("bootstrap"), directory.join("bootstrap.zip"));
    fs::copy(binary, &bootstrap)?;
    output(Command::new("python3").args(["-m", "zipfile", "-c"]).arg(&zip).arg(&bootstrap))?;
    Ok(fs::metadata(&zip)?.len())
}

/// Names and versions of what a function is linked from, itself included.
fn crates(root: &Path, function: &str) -> Result<BTreeSet<String>, Error> {
    let tree =
        output(Command::new("cargo").current_dir(root).args(["tree", "-e", "normal", "--prefix", "none", "-p", function]))?;
    let named = tree.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?))
    });
    Ok(named.collect())
}

/// Builds the functions as they ship, but for their symbols. Says where they are.
fn with_symbols(places: &Places) -> Result<PathBuf, Error> {
    eprintln!("size: building the functions with their symbols");
    let target = places.built.join("with-symbols");
    // One by one: built together, they would share features.
    for function in FUNCTIONS {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&places.root).args(["build", "--release", "--quiet", "-p", function, "--target-dir"]).arg(&target);
        output(cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none"))?;
    }
    Ok(target.join("release"))
}

fn parts(binary: &Path) -> Result<String, Error> {
    let symbols = output(Command::new("nm").args(["--print-size", "--radix=d", "--demangle"]).arg(binary))?;
    let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
    for (bytes, name) in symbols.lines().filter_map(symbol) {
        *parts.entry(crate_of(name)).or_default() += bytes;
    }
    let all: u64 = parts.values().sum();
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let row = |name: &str, bytes: u64| {
        vec![name.to_owned(), format!("{} KB", bytes / 1000), format!("{:.1} %", bytes as f64 * 100.0 / all as f64)]
    };
    let mut rows: Vec<_> = parts.iter().take(PARTS).map(|(name, bytes)| row(name, *bytes)).collect();
    rows.push(row("all others", parts.iter().skip(PARTS).map(|(_, bytes)| bytes).sum()));
    rows.push(row("all symbols", all));
    Ok(table(&["crate", "size", "part"], &rows))
}

/// Size and name in a line such as `0000000000012345 0000000000000678 t alloc::vec::Vec<T>::push`; none where there is no size.
fn symbol(line: &str) -> Option<(u64, &str)> {
    let mut words = line.splitn(4, ' ');
    let (_address, bytes, kind, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
    // What is zero at the start takes no bytes of the file.
    let in_file = kind.len() == 1 && !kind.eq_ignore_ascii_case("b");
    bytes.parse().ok().filter(|_| in_file).map(|bytes| (bytes, name))
}

/// The crate of a symbol's path: of the type, where a trait is implemented for one. What has no path is not of Rust.
fn crate_of(name: &str) -> &str {
    let path = name.trim_start_matches(|character: char| !character.is_alphanumeric() && character != '_');
    let path = ["mut ", "dyn ", "const "].iter().fold(path, |path, word| path.strip_prefix(word).unwrap_or(path));
    let end = path.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(path.len());
    match &path[end..] {
        rest if rest.starts_with("::") => &path[..end],
        _ if name.starts_with("aws_lc_") => "aws-lc (C and assembler)",
        _ if name.starts_with('<') => "core, for built-in types",
        _ => "other C and data without a path",
    }
}

fn output(command: &mut Command) -> Result<String, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}; is it installed?"))?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbol_belongs_to_the_crate_of_its_type() {
        for (name, expected) in [
            ("alloc::vec::Vec<T,A>::push", "alloc"),
            ("<aws_sdk_sqs::Client as core::fmt::Debug>::fmt", "aws_sdk_sqs"),
            ("<&mut serde_json::Value as core::fmt::Debug>::fmt", "serde_json"),
            ("<u8 as core::fmt::Display>::fmt", "core, for built-in types"),
            ("aws_lc_0_45_0_SHA256_Init", "aws-lc (C and assembler)"),
            ("main", "other C and data without a path"),
        ] {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }

    #[test]
    fn only_symbols_with_a_size_in_the_file_count() {
        assert_eq!(
            symbol("0000000000012345 0000000000000678 t alloc::vec::Vec<T, A>::push"),
            Some((678, "alloc::vec::Vec<T, A>::push"))
        );
        assert_eq!(symbol("0000000000012345 0000000000000678 b zeroes"), None);
        assert_eq!(symbol("                 U malloc"), None);
        assert_eq!(symbol("0000000000012345 T _start"), None);
    }
}
