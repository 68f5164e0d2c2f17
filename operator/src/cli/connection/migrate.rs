//! `session-bridge connection migrate`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::new::is_time_zone;
use super::{Common, refused};
use crate::cli::argument::text_of;
use crate::cli::question;
use crate::desk::migration::{self, Added, Migrated, NotMigrated, Report};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The old plugin's settings; - is the standard input.
    file: PathBuf,
    /// Where the document goes. It holds the secrets, so that only you can read it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// IANA name, as in Europe/Berlin: for the times in notes. The plugin had no such setting.
    #[arg(long)]
    time_zone: Option<String>,
    /// A file with the Tracking Identifier of the API user [or the variable SESSION_BRIDGE_INTEGRATION_CODE]. The plugin had none.
    #[arg(long, value_name = "FILE")]
    integration_code_file: Option<PathBuf>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    document: String,
    appliance: Option<String>,
    #[serde(flatten)]
    report: &'a Report,
}

impl Arguments {
    pub(crate) fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let file = self.file.display().to_string();
        let settings = migration::read(&text_of(&self.file)?).map_err(|error| {
            Failure::usage(format!("{file}: {error}"), "docs/operator.md says how the plugin's settings are written down")
        })?;
        let out = self.out.display().to_string();
        let is_there = self.out.exists();
        if is_there && !question::confirm(common, &format!("{out} exists. Replace it?"))? {
            return Ok(Outcome::Done);
        }
        let zone = "Time zone of the notes, as in Europe/Berlin";
        let time_zone = question::text(self.time_zone, "--time-zone", zone, "", is_time_zone)?;
        let integration_code = question::secret(
            self.integration_code_file.as_deref(),
            "--integration-code-file",
            "SESSION_BRIDGE_INTEGRATION_CODE",
            "Tracking Identifier of the API user in Autotask",
        )?;
        let added = Added { time_zone: &time_zone, integration_code: &integration_code };
        let migrated = migration::migrate(settings, &added).map_err(|why| not_migrated(&file, why))?;
        write(&self.out, &migrated.text, is_there).map_err(|error| {
            Failure::refused(format!("{out} cannot be written: {error}"), "name a file in a folder of yours with --out")
        })?;
        match common.format() {
            Format::Json => output::json(&Told {
                document: out,
                appliance: migrated.appliance.as_ref().map(ToString::to_string),
                report: &migrated.report,
            }),
            Format::Text => print!("{}", described(&out, &migrated)),
        }
        Ok(if migrated.report.lost.is_empty() { Outcome::Done } else { Outcome::NeedsPerson })
    }
}

fn not_migrated(file: &str, why: NotMigrated) -> Failure {
    match why {
        NotMigrated::Twice(field) => Failure::usage(format!("{file}: {field} is there twice"), "leave one of them"),
        NotMigrated::Missing(fields) => Failure::refused(
            format!("{file} says nothing of: {}", fields.join(", ")),
            "fill in these fields; docs/operator.md says how the plugin's settings are written down",
        ),
        NotMigrated::Unusable(mistakes) => refused(file, &mistakes),
    }
}

/// For its owner alone, where the system knows owners: secrets are in it.
fn write(path: &Path, text: &str, replace: bool) -> std::io::Result<()> {
    if replace {
        std::fs::remove_file(path)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn described(out: &str, migrated: &Migrated) -> String {
    let Report { carried, replaced, lost, warnings } = &migrated.report;
    let mut text = format!("{out} holds the document, with its secrets: only you can read it.\n");
    let mut list = |heading: &str, rows: Vec<[String; 2]>| {
        if !rows.is_empty() {
            text.push_str(&format!("\n{heading}\n"));
            let width = rows.iter().map(|[field, _]| field.chars().count()).max().unwrap_or_default();
            for [field, what] in rows {
                text.push_str(&format!("  {:width$}  {}\n", output::line(&field), output::line(&what)));
            }
        }
    };
    list("Carried over", carried.iter().map(|carried| [carried.field.clone(), carried.key.clone()]).collect());
    list("Not needed here, for there is", replaced.iter().map(|other| [other.field.clone(), other.by.clone()]).collect());
    list("Lost: look at these", lost.iter().map(|lost| [lost.field.clone(), lost.why.clone()]).collect());
    let warned = warnings.iter().map(|warning| [warning.key.clone().unwrap_or_default(), warning.problem.clone()]);
    list("Look at these keys", warned.collect());
    let appliance = migrated.appliance.as_ref().map_or_else(|| "<appliance>".to_owned(), ToString::to_string);
    text.push_str(&format!(
        "\nIts mode is not deliver, so that nothing is written twice as long as the plugin writes; docs/connection.md, \"Cut-over\", says how to change over.\n\
         Templates are files of the plugin and not in its settings: docs/templates.md.\n\n\
         Next\n  session-bridge connection put {appliance} {out}\n  session-bridge connection test {appliance}\n"
    ));
    text
}
