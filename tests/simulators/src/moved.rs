//! A sample report at another time of the day: a source is asked for its sessions by when they ended, and samples ended long ago.

/// The report with every moment in it moved by so many seconds.
///
/// # Panics
///
/// If a `timestamp` of the report is not a number: it is no report of `events/`.
#[must_use]
pub fn moved(report: &str, by: i64) -> String {
    const MARK: &str = "timestamp=\"";
    let mut parts = report.split(MARK);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |moved, part| {
        let (second, rest) = part.split_once('"').expect("an attribute ends with a quotation mark");
        let second: i64 = second.parse().expect("a timestamp is a number of seconds");
        format!("{moved}{MARK}{}\"{rest}", second + by)
    })
}
