//! Business hours, and how much of them has passed between two moments. Pure: it knows no appliance and no clock.
//!
//! They are written as `Mon-Fri 08:00-18:00 Europe/Berlin`. A closing time that is not after the opening time is of the next
//! day, so `Mon-Fri 22:00-06:00` ends on Saturday at six; `00:00-24:00` is the whole day. What passes is real time: a day on
//! which the clocks go forward has an hour less.

use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const MINUTES_PER_HOUR: u16 = 60;
const MINUTES_PER_DAY: u16 = 24 * MINUTES_PER_HOUR;

/// When people work, each week anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessHours {
    first_day: Weekday,
    last_day: Weekday,
    /// Minutes after midnight, below those of a day.
    opens: u16,
    /// Minutes after midnight of the same day; more than those of a day if it is after that.
    closes: u16,
    zone: TimeZone,
}

/// A text that is no business hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHours {
    /// Not three parts.
    #[error("business hours are days, hours and a time zone, as Mon-Fri 08:00-18:00 Europe/Berlin")]
    Form,
    /// The first part.
    #[error("the days are one of Mon to Sun, or two with a hyphen between, as Mon-Fri")]
    Days,
    /// The second part.
    #[error("the hours are two different times from 00:00 to 24:00 with a hyphen between, as 08:00-18:00")]
    Hours,
    /// The third part.
    #[error("no time zone has that name; it is written as Europe/Berlin")]
    Zone,
}

impl BusinessHours {
    /// How much of the business hours lies between two moments, or `at_most`; nothing if `to` is not after `from`.
    #[must_use]
    pub fn elapsed(&self, from: Timestamp, to: Timestamp, at_most: SignedDuration) -> SignedDuration {
        let mut elapsed = SignedDuration::ZERO;
        // What is counted already: hours that begin in the gap of a change of clocks may touch those of the day before.
        let mut counted_to = from;
        let first = self.date_of(from);
        // The hours of the day before may reach into the first day.
        let mut day = Some(first.yesterday().unwrap_or(first));
        while let Some(date) = day.filter(|date| *date <= self.date_of(to) && elapsed < at_most) {
            if let Some((opens, closes)) = self.hours_of(date) {
                let (begin, end) = (opens.max(counted_to), closes.min(to));
                if end > begin {
                    elapsed += end.duration_since(begin);
                    counted_to = end;
                }
            }
            day = date.tomorrow().ok();
        }
        elapsed.min(at_most)
    }

    fn date_of(&self, moment: Timestamp) -> Date {
        moment.to_zoned(self.zone.clone()).date()
    }

    /// The moments at which the hours of that day begin and end, if it is a business day.
    fn hours_of(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.includes(date.weekday()) {
            return None;
        }
        Some((self.moment(date, self.opens)?, self.moment(date, self.closes)?))
    }

    fn includes(&self, day: Weekday) -> bool {
        self.first_day.until(day) <= self.first_day.until(self.last_day)
    }

    /// A time that the clocks leave out or show twice is read as most do: the later, and the first of the two.
    fn moment(&self, date: Date, minutes: u16) -> Option<Timestamp> {
        let date = if minutes < MINUTES_PER_DAY { date } else { date.tomorrow().ok()? };
        let minutes = minutes % MINUTES_PER_DAY;
        let [hour, minute] = [minutes / MINUTES_PER_HOUR, minutes % MINUTES_PER_HOUR].map(i8::try_from);
        Some(date.at(hour.ok()?, minute.ok()?, 0, 0).to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

impl FromStr for BusinessHours {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let mut parts = text.split_ascii_whitespace();
        let (Some(days), Some(hours), Some(zone), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidHours::Form);
        };
        let (first_day, last_day) = read_days(days).ok_or(InvalidHours::Days)?;
        let (opens, closes) = read_hours(hours).ok_or(InvalidHours::Hours)?;
        let zone = TimeZone::get(zone).map_err(|_| InvalidHours::Zone)?;
        Ok(Self { first_day, last_day, opens, closes, zone })
    }
}

fn read_days(text: &str) -> Option<(Weekday, Weekday)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((read_day(first)?, read_day(last)?))
}

fn read_day(text: &str) -> Option<Weekday> {
    Some(match text {
        "Mon" => Weekday::Monday,
        "Tue" => Weekday::Tuesday,
        "Wed" => Weekday::Wednesday,
        "Thu" => Weekday::Thursday,
        "Fri" => Weekday::Friday,
        "Sat" => Weekday::Saturday,
        "Sun" => Weekday::Sunday,
        _ => return None,
    })
}

fn read_hours(text: &str) -> Option<(u16, u16)> {
    let (opens, closes) = text.split_once('-')?;
    let (opens, closes) = (read_time(opens)?, read_time(closes)?);
    if opens == closes || opens == MINUTES_PER_DAY {
        return None;
    }
    Some((opens, if closes > opens { closes } else { closes + MINUTES_PER_DAY }))
}

fn read_time(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let is_pair = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_pair(hour) || !is_pair(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * MINUTES_PER_HOUR + minute;
    (minute < MINUTES_PER_HOUR && minutes <= MINUTES_PER_DAY).then_some(minutes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn hours(text: &str) -> BusinessHours {
        text.parse().unwrap()
    }

    /// The minutes of business between two local times.
    #[track_caller]
    fn check(text: &str, from: &str, to: &str, minutes: i64) {
        let zone = text.rsplit(' ').next().unwrap();
        let at = |local: &str| local.parse::<jiff::civil::DateTime>().unwrap().in_tz(zone).unwrap().timestamp();
        let elapsed = hours(text).elapsed(at(from), at(to), SignedDuration::MAX);
        assert_eq!(elapsed, SignedDuration::from_mins(minutes), "{text}: {from} to {to}");
    }

    const OFFICE: &str = "Mon-Fri 08:00-18:00 Europe/Berlin";

    #[test]
    fn nothing_passes_at_night_on_the_weekend_or_backwards() {
        check(OFFICE, "2025-03-18T18:00", "2025-03-19T08:00", 0);
        check(OFFICE, "2025-03-21T18:00", "2025-03-24T08:00", 0);
        check(OFFICE, "2025-03-18T12:00", "2025-03-18T12:00", 0);
        check(OFFICE, "2025-03-18T17:00", "2025-03-18T12:00", 0);
    }

    #[test]
    fn what_lies_within_the_hours_passes_and_no_more() {
        check(OFFICE, "2025-03-18T09:00", "2025-03-18T12:30", 210);
        check(OFFICE, "2025-03-18T06:00", "2025-03-18T23:00", 600);
        check(OFFICE, "2025-03-21T17:00", "2025-03-24T09:00", 120);
        check(OFFICE, "2025-03-17T00:00", "2025-03-24T00:00", 5 * 600);
    }

    #[test]
    fn days_may_run_over_the_end_of_the_week_or_be_one() {
        check("Sun-Thu 08:00-18:00 Asia/Riyadh", "2025-03-20T17:00", "2025-03-23T09:00", 120);
        check("Sat-Mon 08:00-18:00 Europe/Berlin", "2025-03-17T00:00", "2025-03-24T00:00", 3 * 600);
        check("Wed 08:00-18:00 Europe/Berlin", "2025-03-17T00:00", "2025-03-24T00:00", 600);
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
        const NIGHT: &str = "Mon-Fri 22:00-06:00 Europe/Berlin";
        check(NIGHT, "2025-03-18T23:00", "2025-03-19T05:00", 360);
        check(NIGHT, "2025-03-19T01:00", "2025-03-19T02:00", 60);
        // Saturday morning is Friday's, Monday morning is Sunday's.
        check(NIGHT, "2025-03-21T22:00", "2025-03-22T12:00", 480);
        check(NIGHT, "2025-03-22T12:00", "2025-03-24T12:00", 0);
    }

    #[test]
    fn day_on_which_the_clocks_change_is_as_long_as_it_is() {
        const ALWAYS: &str = "Mon-Sun 00:00-24:00 Europe/Berlin";
        check(ALWAYS, "2025-03-30T00:00", "2025-03-31T00:00", 23 * 60);
        check(ALWAYS, "2025-10-26T00:00", "2025-10-27T00:00", 25 * 60);
        check("Mon-Sun 22:00-06:00 Europe/Berlin", "2025-03-29T12:00", "2025-03-30T12:00", 7 * 60);
        check("Mon-Sun 22:00-06:00 Europe/Berlin", "2025-10-25T12:00", "2025-10-26T12:00", 9 * 60);
        // The hours stay those of the clock on the wall: the same in summer and in winter.
        check(OFFICE, "2025-03-28T17:00", "2025-03-31T09:00", 120);
    }

    #[test]
    fn america_is_silent_by_day_and_not_by_night() {
        const OFFICE: &str = "Mon-Fri 08:00-18:00 America/Los_Angeles";
        check(OFFICE, "2025-03-18T17:30", "2025-03-19T07:00", 30);
        check(OFFICE, "2025-03-18T12:00", "2025-03-18T16:00", 240);
    }

    #[test]
    fn years_of_silence_are_counted_no_further_than_asked() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let four_hours = SignedDuration::from_hours(4);
        assert_eq!(hours(OFFICE).elapsed(Timestamp::MIN, Timestamp::MAX, four_hours), four_hours);
        assert_eq!(hours(OFFICE).elapsed(at("2015-01-01T00:00:00Z"), at("2025-01-01T00:00:00Z"), four_hours), four_hours);
    }

    #[test]
    fn whatever_is_no_business_hours_is_refused_with_the_part_that_is_wrong() {
        for (text, expected) in [
            ("", InvalidHours::Form),
            ("off", InvalidHours::Form),
            ("Mon-Fri 08:00-18:00", InvalidHours::Form),
            ("Mon-Fri 08:00 - 18:00 Europe/Berlin", InvalidHours::Form),
            ("Mo-Fr 08:00-18:00 Europe/Berlin", InvalidHours::Days),
            ("Mon-Wed-Fri 08:00-18:00 Europe/Berlin", InvalidHours::Days),
            ("Mon-Fri 8:00-18:00 Europe/Berlin", InvalidHours::Hours),
            ("Mon-Fri 08:00-08:00 Europe/Berlin", InvalidHours::Hours),
            ("Mon-Fri 24:00-08:00 Europe/Berlin", InvalidHours::Hours),
            ("Mon-Fri 08:00-24:01 Europe/Berlin", InvalidHours::Hours),
            ("Mon-Fri 08:60-18:00 Europe/Berlin", InvalidHours::Hours),
            ("Mon-Fri +8:00-18:00 Europe/Berlin", InvalidHours::Hours),
            ("Mon-Fri 08:00-18:00 Europe/Bonn", InvalidHours::Zone),
        ] {
            assert_eq!(text.parse::<BusinessHours>(), Err(expected), "{text}");
        }
    }

    fn any_hours() -> impl Strategy<Value = BusinessHours> {
        let day = || prop::sample::select(vec!["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]);
        let time = || (0_u16..24, 0_u16..60).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
        let zone = prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe"]);
        (day(), day(), time(), time(), zone)
            .prop_filter("two different times", |(_, _, opens, closes, _)| opens != closes)
            .prop_map(|(first, last, opens, closes, zone)| hours(&format!("{first}-{last} {opens}-{closes} {zone}")))
    }

    /// Three moments of 2025 in their order, weeks apart at most.
    fn moments() -> impl Strategy<Value = [Timestamp; 3]> {
        (0_i64..340 * 1440, 0_i64..20 * 1440, 0_i64..20 * 1440).prop_map(|(first, second, third)| {
            let at = |minutes: i64| Timestamp::from_second(1_735_689_600 + minutes * 60).unwrap();
            [at(first), at(first + second), at(first + second + third)]
        })
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole_and_never_exceed_real_time(hours in any_hours(), [first, second, third] in moments()) {
            let elapsed = |from, to| hours.elapsed(from, to, SignedDuration::MAX);
            prop_assert_eq!(elapsed(first, second) + elapsed(second, third), elapsed(first, third));
            prop_assert!(elapsed(first, third) <= third.duration_since(first));
        }

        #[test]
        fn whole_week_is_real_time([first, _, third] in moments(), zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Sao_Paulo"])) {
            let always = hours(&format!("Mon-Sun 00:00-24:00 {zone}"));
            prop_assert_eq!(always.elapsed(first, third, SignedDuration::MAX), third.duration_since(first));
        }

        #[test]
        fn no_text_is_taken_amiss(text in ".*") {
            let _ = text.parse::<BusinessHours>();
        }
    }
}
