//! How much of a time entry is billed, where that is not how long it lasted: rounded, and a least amount.
//!
//! Start and end of an entry stay true; what differs goes to the ticketing system as an offset of hours. Whether an entry is billed at
//! all, and at which rate, is the ticketing system's business.

use jiff::Timestamp;

use crate::settings::{Direction, Rounding, TimeEntrySettings};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// Ticketing systems keep hours to four decimals.
const PARTS_OF_AN_HOUR: i64 = 10_000;

/// What is billed of a time entry; seconds, never less than 0. Without rounding and a least amount: how long it lasted, with the offset.
#[must_use]
pub fn billed_seconds(start: Timestamp, end: Timestamp, settings: &TimeEntrySettings) -> i64 {
    let offset = (settings.offset_hours.unwrap_or_default() * HOUR as f64).round() as i64;
    let worked = worked_seconds(start, end).saturating_add(offset).max(0);
    let least = i64::from(settings.minimum_billed_minutes) * MINUTE;
    match settings.rounding {
        None => worked.max(least),
        // The least amount is a multiple of the step, too.
        Some(Rounding { minutes, direction }) => {
            let step = i64::from(minutes.max(1)) * MINUTE;
            let rounded = match direction {
                Direction::Up => up(worked, step),
                Direction::Nearest => worked.saturating_add(step / 2) / step * step,
            };
            rounded.max(up(least, step))
        }
    }
}

/// What has to be added to the hours between start and end so that [`billed_seconds`] is billed; hours to four decimals. `None`: nothing.
///
/// The sum is never more than that, and less by a second at most: a ticketing system that rounds up by itself would bill a whole step more
/// for the smallest excess.
#[must_use]
pub fn offset_hours(start: Timestamp, end: Timestamp, settings: &TimeEntrySettings) -> Option<f64> {
    if settings.rounding.is_none() && settings.minimum_billed_minutes == 0 {
        return settings.offset_hours;
    }
    let billed = billed_seconds(start, end, settings) * PARTS_OF_AN_HOUR / HOUR;
    let worked = up(worked_seconds(start, end) * PARTS_OF_AN_HOUR, HOUR) / HOUR;
    Some(billed - worked).filter(|parts| *parts != 0).map(|parts| parts as f64 / PARTS_OF_AN_HOUR as f64)
}

/// A part of a second is none: it would begin another step.
fn worked_seconds(start: Timestamp, end: Timestamp) -> i64 {
    ((end.as_millisecond() - start.as_millisecond()) / 1000).max(0)
}

/// The number, or the next multiple of the step.
const fn up(number: i64, step: i64) -> i64 {
    let over = number % step;
    if over == 0 { number } else { number - over + step }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn settings(rounding: Option<(u32, Direction)>, minimum_billed_minutes: u32, offset: Option<f64>) -> TimeEntrySettings {
        let rounding = rounding.map(|(minutes, direction)| Rounding { minutes, direction });
        TimeEntrySettings { rounding, minimum_billed_minutes, offset_hours: offset, ..TimeEntrySettings::default() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn billed_time_is_rounded_and_never_less_than_the_least() {
        let quarter = Some((15, Direction::Up));
        for (seconds, rounding, least, offset, billed_minutes) in [
            (25 * 60 + 9, quarter, 0, None, 30),
            (15 * 60, quarter, 0, None, 15),
            (15 * 60 + 1, quarter, 0, None, 30),
            (1, quarter, 0, None, 15),
            (60, quarter, 20, None, 30),
            (25 * 60, quarter, 0, Some(-0.25), 15),
            (25 * 60, quarter, 0, Some(-8.0), 0),
            (7 * 60 + 29, Some((15, Direction::Nearest)), 0, None, 0),
            (7 * 60 + 30, Some((15, Direction::Nearest)), 0, None, 15),
            (7 * 60, Some((15, Direction::Nearest)), 10, None, 15),
            (10 * 60, None, 30, None, 30),
            (40 * 60, None, 30, None, 40),
        ] {
            let billed = billed_seconds(at(0), at(seconds), &settings(rounding, least, offset));
            assert_eq!(billed, billed_minutes * 60, "{seconds} {rounding:?} {least} {offset:?}");
        }
    }

    #[test]
    fn offset_makes_up_the_difference_to_four_decimals() {
        let quarter = settings(Some((15, Direction::Up)), 0, None);
        assert_eq!(offset_hours(at(0), at(25 * 60 + 9), &quarter), Some(0.0808));
        assert_eq!(offset_hours(at(0), at(30 * 60), &quarter), None);
        assert_eq!(offset_hours(at(0), at(60), &settings(Some((15, Direction::Nearest)), 0, None)), Some(-0.0167));
        // As the administrator wrote it, where nothing else is asked for.
        assert_eq!(offset_hours(at(0), at(60), &settings(None, 0, Some(-0.25))), Some(-0.25));
        let parts_of_a_second = at(900).checked_add(jiff::SignedDuration::from_millis(400)).unwrap();
        assert_eq!(offset_hours(at(0), parts_of_a_second, &quarter), None);
    }

    fn any_settings() -> impl Strategy<Value = TimeEntrySettings> {
        let direction = prop_oneof![Just(Direction::Up), Just(Direction::Nearest)];
        let rounding = proptest::option::of((1_u32..=240, direction));
        (rounding, 0_u32..=1440, proptest::option::of(-30.0..30.0))
            .prop_map(|(rounding, least, offset)| settings(rounding, least, offset))
    }

    proptest! {
        #[test]
        fn billed_time_is_never_negative_a_multiple_of_the_step_and_at_least_the_least(
            settings in any_settings(), start in 0_i64..2_000_000_000, seconds in 0_i64..86_400,
        ) {
            let billed = billed_seconds(at(start), at(start + seconds), &settings);
            prop_assert!(billed >= 0 && billed >= i64::from(settings.minimum_billed_minutes) * MINUTE);
            if let Some(Rounding { minutes, direction }) = settings.rounding {
                let step = i64::from(minutes) * MINUTE;
                prop_assert_eq!(billed % step, 0);
                let worked = (seconds as f64 + settings.offset_hours.unwrap_or_default() * 3600.0).round().max(0.0) as i64;
                match direction {
                    Direction::Up => prop_assert!(billed >= worked),
                    Direction::Nearest => prop_assert!(billed > worked - step),
                }
            }
        }

        #[test]
        fn who_works_longer_is_billed_as_much_at_least(
            settings in any_settings(), seconds in 0_i64..86_400, more in 0_i64..86_400,
        ) {
            prop_assert!(billed_seconds(at(0), at(seconds), &settings) <= billed_seconds(at(0), at(seconds + more), &settings));
        }

        #[test]
        fn hours_with_their_offset_are_what_is_billed_and_never_more(settings in any_settings(), seconds in 0_i64..86_400) {
            prop_assume!(settings.rounding.is_some() || settings.minimum_billed_minutes > 0);
            let offset = offset_hours(at(0), at(seconds), &settings).unwrap_or_default();
            let (sum, billed) = (seconds as f64 / 3600.0 + offset, billed_seconds(at(0), at(seconds), &settings) as f64 / 3600.0);
            prop_assert!(sum <= billed + 1e-9 && sum > billed - 0.000_3, "{} {}", sum, billed);
            // The hours as a ticketing system rounds them.
            let kept = (seconds as f64 / 3600.0 * 10_000.0).round() / 10_000.0;
            prop_assert!(kept + offset <= billed + 1e-9);
        }
    }
}
