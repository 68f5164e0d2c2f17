//! Medians, percentiles, and how figures are printed.

use std::fmt::Write as _;
use std::time::Duration;

/// The value in the middle; 0 of nothing.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    percentile(values, 0.5)
}

/// The value that this part of all values does not exceed (nearest rank); 0 of nothing.
pub(crate) fn percentile(values: impl IntoIterator<Item = f64>, part: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index between the first and the last")]
    let index = (part * last as f64).round() as usize;
    values.get(index).copied().unwrap_or_default()
}

/// In milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// In microseconds.
pub(crate) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The value with three figures that count: `0.713`, `12.4`, `1830`.
pub(crate) fn short(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// A Markdown table; the first column is text, the others are figures.
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = format!("| {} |\n|---|{}\n", heads.join(" | "), "---:|".repeat(heads.len().saturating_sub(1)));
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {} |", row.join(" | "));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_is_one_of_the_values() {
        let values = || (1..=101).rev().map(f64::from);
        assert_eq!((median(values()), percentile(values(), 0.99), percentile(values(), 1.0)), (51.0, 100.0, 101.0));
        assert_eq!((median([3.0]), median([])), (3.0, 0.0));
    }

    #[test]
    fn figures_are_as_long_as_they_are_worth() {
        assert_eq!([0.71349, 1.239, 12.39, 1829.6].map(short), ["0.713", "1.24", "12.4", "1830"]);
    }
}
