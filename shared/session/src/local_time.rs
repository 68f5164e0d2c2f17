//! How times, spans and sizes read: in the connection's zone, exact enough to bill by, short enough to scan.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Writes the times of one session.
#[derive(Debug, Clone)]
pub struct Clock<'a> {
    time_zone: &'a TimeZone,
}

impl<'a> Clock<'a> {
    /// The clock of that zone.
    pub fn new(time_zone: &'a TimeZone) -> Self {
        Self { time_zone }
    }

    fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.time_zone.clone())
    }

    /// `18 Mar 2025`.
    pub fn date(&self, at: Timestamp) -> String {
        self.local(at).strftime("%-d %b %Y").to_string()
    }

    /// `14:02`.
    pub fn minute(&self, at: Timestamp) -> String {
        self.local(at).strftime("%H:%M").to_string()
    }

    /// `14:02:11`.
    pub fn second(&self, at: Timestamp) -> String {
        self.local(at).strftime("%H:%M:%S").to_string()
    }

    /// `18 Mar 2025, 14:02`.
    pub fn date_and_minute(&self, at: Timestamp) -> String {
        self.local(at).strftime("%-d %b %Y, %H:%M").to_string()
    }

    /// Whether both are on the same local day.
    pub fn same_day(&self, one: Timestamp, other: Timestamp) -> bool {
        self.local(one).date() == self.local(other).date()
    }

    /// `14:02`, or `19 Mar 00:12` if that is not the day of `reference`.
    pub fn minute_near(&self, at: Timestamp, reference: Option<Timestamp>) -> String {
        let same_day = reference.is_none_or(|reference| self.same_day(at, reference));
        if same_day { self.minute(at) } else { self.local(at).strftime("%-d %b %H:%M").to_string() }
    }

    /// `18 Mar 2025, 14:02-14:27`, with both dates if they differ.
    pub fn span(&self, from: Timestamp, to: Timestamp) -> String {
        if self.same_day(from, to) {
            format!("{}-{}", self.date_and_minute(from), self.minute(to))
        } else {
            format!("{} - {}", self.date_and_minute(from), self.date_and_minute(to))
        }
    }

    /// `Europe/Berlin +01:00`; with both offsets if summer time began or ended in between.
    pub fn zone(&self, from: Timestamp, to: Timestamp) -> String {
        let offset = |at| self.local(at).strftime("%:z").to_string();
        let (first, last) = (offset(from), offset(to));
        let offsets = if first == last { first } else { format!("{first}, then {last}") };
        match self.time_zone.iana_name() {
            Some(name) => format!("{name} {offsets}"),
            None => offsets,
        }
    }
}

/// `48 s`, `25 min`, `1 h 5 min`: rounded to the minute from one minute on.
pub fn duration(seconds: i64) -> String {
    if seconds.unsigned_abs() < 60 {
        return format!("{seconds} s");
    }
    let minutes = seconds.saturating_add(30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// `812 bytes`, `4.6 MB`: counted by 1024, as the file managers of the customers' machines do.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_rounded_to_what_people_say() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (1509, "25 min"),
            (1414, "24 min"),
            (3569, "59 min"),
            (3570, "1 h"),
            (3600, "1 h"),
            (4350, "1 h 13 min"),
            (90_000, "25 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn sizes_are_those_of_a_file_manager() {
        assert_eq!(size(812), "812 bytes");
        assert_eq!(size(4_816_220), "4.6 MB");
        assert_eq!(size(1024), "1.0 KB");
        assert_eq!(size(u64::MAX), "16777216.0 TB");
    }

    #[test]
    fn span_shows_dates_and_offsets_that_differ() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let clock = Clock::new(&berlin);
        let evening: Timestamp = "2025-03-29T22:30:00Z".parse().unwrap();
        let later: Timestamp = "2025-03-29T22:55:00Z".parse().unwrap();
        let summer: Timestamp = "2025-03-30T01:10:00Z".parse().unwrap();
        assert_eq!(clock.span(evening, later), "29 Mar 2025, 23:30-23:55");
        assert_eq!(clock.span(evening, summer), "29 Mar 2025, 23:30 - 30 Mar 2025, 03:10");
        assert_eq!(clock.zone(evening, later), "Europe/Berlin +01:00");
        assert_eq!(clock.zone(evening, summer), "Europe/Berlin +01:00, then +02:00");
        assert_eq!(clock.minute_near(summer, Some(evening)), "30 Mar 03:10");
        assert_eq!(clock.minute_near(later, Some(evening)), "23:55");
    }

    proptest! {
        #[test]
        fn every_time_and_number_has_a_text(one in any::<i64>(), other in any::<i64>(), bytes in any::<u64>()) {
            let at = |seconds: i64| {
                let range = Timestamp::MAX.as_second() - Timestamp::MIN.as_second();
                Timestamp::from_second(Timestamp::MIN.as_second() + seconds.rem_euclid(range)).unwrap()
            };
            let zone = TimeZone::get("America/St_Johns").unwrap();
            let clock = Clock::new(&zone);
            prop_assert!(!clock.span(at(one), at(other)).is_empty());
            prop_assert!(!clock.zone(at(one), at(other)).is_empty());
            prop_assert!(!duration(one).is_empty());
            prop_assert!(!size(bytes).is_empty());
        }
    }
}
