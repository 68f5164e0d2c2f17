//! The samples in `events/reports/`, hostile documents, and properties over any bytes.
#![allow(clippy::unwrap_used, reason = "tests")]

mod answers;
mod bounds;
mod elements;
mod foreign_bytes;
mod listings;
mod properties;

use std::path::PathBuf;

use session::{Lsid, SupportSession};

use super::{ReportError, read_report};

/// The canonical session's.
const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";

fn lsid() -> Lsid {
    LSID.parse().unwrap()
}

fn sample_bytes(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/reports").join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sample(file: &str) -> String {
    String::from_utf8(sample_bytes(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The id of the first session in a report.
fn lsid_in(report: &str) -> Lsid {
    let start = report.find("session lsid=\"").unwrap() + "session lsid=\"".len();
    let length = report[start..].find('"').unwrap();
    report[start..start + length].parse().unwrap()
}

fn read(report: &str) -> Result<SupportSession, ReportError> {
    read_report(report.as_bytes(), &lsid())
}

/// A report with those children of the wanted session.
fn report_of(children: &str) -> String {
    format!("<session_list><session lsid=\"{LSID}\">{children}</session></session_list>")
}

/// The session with those children.
#[track_caller]
fn session_of(children: &str) -> SupportSession {
    read(&report_of(children)).unwrap()
}
