//! What a person or a program reads: tables and sentences on a terminal, one JSON document with `--json`. Everything but the result
//! itself (progress, questions, errors) goes to the standard error, so that a result can be piped.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Prints one JSON document.
pub(crate) fn json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("results have no maps with other keys than text");
    println!("{text}");
}

/// A table without lines: columns align, and a line can be copied.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(heads);
    for row in rows {
        table.add_row(row);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// A text of unknown origin on one line, without what a terminal could take for a command.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Comma-separated values (RFC 4180), heads first.
pub(crate) fn csv<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: [String; N]| cells.map(|cell| csv_cell(&cell)).join(",") + "\r\n";
    let rows: String = rows.into_iter().map(line).collect();
    line(heads.map(str::to_owned)) + &rows
}

/// A cell of them, quoted where needed (RFC 4180). What a sheet would take for a formula is told from one by an
/// apostrophe: names and sentences come from outside.
fn csv_cell(text: &str) -> String {
    let text = line(text);
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
