//! `session-bridge preview`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use session::settings::TEMPLATE_NAMES;

use super::Common;
use super::argument::{text_of, text_within};
use super::connection::refused;
use crate::desk::document::check;
use crate::desk::preview::{Preview, Text, preview, session};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

/// As much as the largest report that an appliance sends.
const REPORT_BYTES_MAX: u64 = 128 * 1024 * 1024;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The report (XML), as the appliance answers generate_report=SupportSession; - is the standard input.
    report: PathBuf,
    /// The connection document whose settings and templates are used [the defaults, with time entries].
    #[arg(long = "connection", value_name = "FILE")]
    document: Option<PathBuf>,
    /// A template in place of the document's own, as in session_note=note.hbs; can be given several times.
    #[arg(long, value_name = "NAME=FILE", value_parser = template)]
    template: Vec<(String, PathBuf)>,
}

impl Arguments {
    pub(crate) fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let report = text_within(&self.report, REPORT_BYTES_MAX)?;
        let session = session(report.as_bytes()).map_err(|why| {
            Failure::refused(
                format!("{} is no report of a session: {why}", self.report.display()),
                "events/reports/printer.xml is one; the appliance's own is at /api/reporting?generate_report=SupportSession&lsid=...",
            )
        })?;
        let document = match &self.document {
            Some(file) => {
                let text = text_of(file)?;
                Some(check(&text).map_err(|mistakes| refused(&file.display().to_string(), &mistakes))?.0)
            }
            None => None,
        };
        let mut overrides = BTreeMap::new();
        for (name, file) in &self.template {
            overrides.insert(name.clone(), text_of(file)?);
        }
        let preview = preview(&session, document.as_ref(), overrides);
        match common.format() {
            Format::Json => output::json(&preview),
            Format::Text => println!("{}", described(&preview)),
        }
        for problem in &preview.problems {
            eprintln!("warning: the built-in template is used instead of {problem}");
        }
        Ok(if preview.problems.is_empty() { Outcome::Done } else { Outcome::NeedsPerson })
    }
}

fn template(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if TEMPLATE_NAMES.contains(&name) && !file.is_empty() => Ok((name.to_owned(), PathBuf::from(file))),
        _ => Err(format!("<name>=<file>; the names are {}", TEMPLATE_NAMES.join(", "))),
    }
}

fn described(preview: &Preview) -> String {
    let mut parts = vec![format!("Ticket by its external key: {}", preview.ticket)];
    parts.extend(preview.notes.iter().map(|note| part("NOTE", note)));
    parts.extend(preview.time_entries.iter().map(|entry| part("TIME ENTRY", entry)));
    parts.join("\n\n")
}

fn part(kind: &str, text: &Text) -> String {
    let body = text.body.trim_end();
    if body.is_empty() { format!("=== {kind}  {}", text.heading) } else { format!("=== {kind}  {}\n\n{body}", text.heading) }
}
