//! Arguments that several commands take: how they are read, and what is said of a wrong one.

use std::io::Read as _;
use std::path::Path;

use session::ApplianceId;

use crate::failure::Failure;

/// More than any document has, so that a wrong file costs no memory.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// For clap: an appliance's id.
pub(crate) fn appliance_id(text: &str) -> Result<ApplianceId, String> {
    text.parse().map_err(|_| "an appliance id is 1 to 60 letters, digits, dots and underscores, as in its URL".to_owned())
}

/// The text of a file, or of the standard input for `-`.
///
/// # Errors
///
/// Wrong usage: it is not there, cannot be read, or is no text.
pub(crate) fn text_of(file: &Path) -> Result<String, Failure> {
    text_within(file, FILE_BYTES_MAX)
}

/// The same with another bound.
///
/// # Errors
///
/// As [`text_of`].
pub(crate) fn text_within(file: &Path, bytes_max: u64) -> Result<String, Failure> {
    let name = file.display();
    let mut bytes = Vec::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().take(bytes_max + 1).read_to_end(&mut bytes),
        _ => std::fs::File::open(file).and_then(|opened| opened.take(bytes_max + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|error| Failure::usage(format!("{name} cannot be read: {error}"), "name a file, or - for the standard input"))?;
    if bytes.len() as u64 > bytes_max {
        return Err(Failure::usage(format!("{name} is larger than {bytes_max} bytes"), "is it the right file?"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name} is not text in UTF-8"), "save it as UTF-8"))
}
