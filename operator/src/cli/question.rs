//! What a person is asked, unless they have answered by an option. Questions go to the standard error; a secret is typed unseen, and
//! comes from nowhere else but a file or a variable: what stands in a command line is in the shell's history and in the list of processes.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use super::Common;
use super::argument::text_of;
use crate::failure::Failure;

/// What is wrong with an answer; none if nothing is.
pub(crate) type Judge = fn(&str) -> Option<&'static str>;

/// The answer that was given by the option, or the one of a person. An empty one stands for the default.
///
/// # Errors
///
/// Wrong usage: the given answer does not fit, or there is nobody to ask.
pub(crate) fn text(given: Option<String>, option: &str, question: &str, default: &str, judge: Judge) -> Result<String, Failure> {
    if let Some(answer) = given {
        return match judge(&answer) {
            None => Ok(answer),
            Some(problem) => {
                Err(Failure::usage(format!("{option} {problem}"), format!("see --help; the question is: {question}")))
            }
        };
    }
    loop {
        let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        let typed = line(&format!("{question}{shown}: "), option)?;
        let answer = if typed.is_empty() { default.to_owned() } else { typed };
        match judge(&answer) {
            None => return Ok(answer),
            Some(problem) => eprintln!("  It {problem}."),
        }
    }
}

/// Whether the person wants it; `--yes` answers beforehand. Anything but a yes is a no, and told.
///
/// # Errors
///
/// Wrong usage: there is nobody to ask.
pub(crate) fn confirm(common: &Common, question: &str) -> Result<bool, Failure> {
    if common.yes {
        return Ok(true);
    }
    let yes = matches!(line(&format!("{question} [y/N] "), "--yes")?.to_lowercase().as_str(), "y" | "yes");
    if !yes {
        eprintln!("Nothing was changed.");
    }
    Ok(yes)
}

/// A secret: from the file, else from the variable, else typed unseen.
///
/// # Errors
///
/// Wrong usage: it is empty, the file cannot be read, or there is nobody to ask.
pub(crate) fn secret(file: Option<&Path>, option: &str, variable: &str, question: &str) -> Result<String, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the one door by which a secret comes from the environment")]
    let from_environment = || std::env::var(variable).ok();
    let secret = match file {
        Some(file) => text_of(file)?,
        None => match from_environment() {
            Some(value) => value,
            None if can_ask() => rpassword::prompt_password(format!("{question} (not shown): ")).map_err(|_| nobody(option))?,
            None => return Err(nobody(&format!("{option} or the variable {variable}"))),
        },
    };
    // As an editor leaves it, or a copy from a web page.
    match secret.trim() {
        "" => {
            Err(Failure::usage(format!("{question}: it is empty"), format!("give it with {option}, or the variable {variable}")))
        }
        secret => Ok(secret.to_owned()),
    }
}

fn line(prompt: &str, option: &str) -> Result<String, Failure> {
    if !can_ask() {
        return Err(nobody(option));
    }
    let mut typed = String::new();
    let _ = write!(std::io::stderr(), "{prompt}");
    let read = std::io::stdin().lock().read_line(&mut typed);
    // The end of the input would be asked for ever.
    if read.is_ok_and(|bytes| bytes > 0) { Ok(typed.trim().to_owned()) } else { Err(nobody(option)) }
}

fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

fn nobody(option: &str) -> Failure {
    Failure::usage("there is nobody to ask: the standard input is no terminal", format!("answer beforehand with {option}"))
}
