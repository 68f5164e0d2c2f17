//! A sample report at another time of the day: a source is asked for its sessions by when they ended, and samples ended long ago.

/// When the session of the printer's samples ended.
const SAMPLE_ENDED_AT: i64 = 1_742_304_440;

/// The report of the printer's session as if that had ended in this second.
///
/// # Panics
///
/// If a `timestamp` of the report is not a number: it is no report of `events/`.
#[must_use]
pub fn ended_at(report: &str, second: i64) -> String {
    let by = second - SAMPLE_ENDED_AT;
    const MARK: &str = "timestamp=\"";
    let mut parts = report.split(MARK);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |moved, part| {
        let (second, rest) = part.split_once('"').expect("an attribute ends with a quotation mark");
        let second: i64 = second.parse().expect("a timestamp is a number of seconds");
        format!("{moved}{MARK}{}\"{rest}", second + by)
    })
}
