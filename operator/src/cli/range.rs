//! `--from` and `--to`, and the appliance that a question to the poller is about.

use coverage::PlanError;
use coverage::windows::{HORIZON, HORIZON_DAYS};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use session::ApplianceId;

use super::Common;
use super::connection::vault;
use super::desk::{date, moment_of, unknown_appliance};
use crate::desk::appliances;
use crate::desk::poller::NoAnswer;
use crate::failure::Failure;
use crate::stack::Stack;

/// The moments that the two options mean: from the first on, and before the second. The whole of a date counts.
///
/// # Errors
///
/// Wrong usage: one is no moment.
pub(crate) fn range(from: &str, to: Option<&str>, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
    let to = to.map(|text| match date(text).and_then(day_after) {
        Some(end) => Ok(end),
        None => moment_of("--to", text, now),
    });
    Ok((moment_of("--from", from, now)?, to.transpose()?.unwrap_or(now)))
}

fn day_after(date: Date) -> Option<Timestamp> {
    Some(date.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Refuses what no appliance can answer: an empty range, one that has not begun, one that is too old.
///
/// # Errors
///
/// Wrong usage.
pub(crate) fn check((from, to): (Timestamp, Timestamp), now: Timestamp) -> Result<(), Failure> {
    if from >= to.min(now) {
        return Err(no_range(PlanError::Empty));
    }
    let earliest = now.saturating_sub(HORIZON).unwrap_or(Timestamp::MIN);
    // The moment of the question itself passes while it is asked.
    if from.as_second() < earliest.as_second() { Err(no_range(PlanError::BeyondHorizon { earliest })) } else { Ok(()) }
}

/// What is wrong with a range.
pub(crate) fn no_range(problem: PlanError) -> Failure {
    let hint = match problem {
        PlanError::Empty => "--from must lie before --to, and in the past".to_owned(),
        PlanError::BeyondHorizon { .. } => format!("begin it later, for example with --from {}d", HORIZON_DAYS - 1),
    };
    Failure::usage(problem.to_string(), hint)
}

/// Refuses an appliance that the stack does not know: it is misspelt. One that has a document and no token yet is known.
///
/// # Errors
///
/// Refused, with those that are known.
pub(crate) async fn check_known(common: &Common, stack: &Stack, appliance: &ApplianceId) -> Result<(), Failure> {
    if let Some(other) = common.appliance.as_deref().filter(|other| other.parse().as_ref() != Ok(appliance)) {
        return Err(Failure::usage(format!("{appliance} or {other}?"), "name the appliance once"));
    }
    let known = appliances::known(stack.parameter("ApplianceTokens").unwrap_or_default());
    if known.contains(appliance) || matches!(vault(stack)?.stored(appliance).await, Ok(Some(_))) {
        return Ok(());
    }
    Err(unknown_appliance(stack, appliance, &known))
}

/// Why the poller does not answer, and what to do.
pub(crate) fn unanswered(appliance: &ApplianceId, error: &NoAnswer) -> Failure {
    let hint = match error {
        NoAnswer::Failed(failed) => match failed.cause.as_str() {
            "document" => format!("look at its document: session-bridge connection show {appliance}"),
            "source" => format!("see what the appliance says: session-bridge connection test {appliance}"),
            "unknown_job" => "session-bridge backfill list shows what there is".to_owned(),
            _ => "try again in a minute; the poller's log says more".to_owned(),
        },
        NoAnswer::TooMuch => "ask for a shorter range".to_owned(),
        NoAnswer::Broken(_) => "try again; if it stays so, look at the poller's log".to_owned(),
        NoAnswer::Denied => {
            "the account needs lambda:InvokeFunction on the poller; docs/operator-sessions.md has the policy".to_owned()
        }
        NoAnswer::Gone(_) | NoAnswer::Unreadable => {
            "is it a Session Bridge of this release? deploy it again with make deploy".to_owned()
        }
        NoAnswer::Unreached(_) => "look at the network and at --region, then try again".to_owned(),
    };
    Failure::refused(error.to_string(), hint)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn now() -> Timestamp {
        "2026-11-25T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn whole_of_the_last_date_counts_and_without_one_it_lasts_until_now() {
        let moments = |from: &str, to: &str| (from.parse().unwrap(), to.parse().unwrap());
        let both = range("2026-11-18", Some("2026-11-18"), now()).unwrap();
        assert_eq!(both, moments("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"));
        assert_eq!(range("7d", None, now()).unwrap(), moments("2026-11-18T08:00:00Z", "2026-11-25T08:00:00Z"));
        let to = "2026-11-18T12:00:00+01:00";
        assert_eq!(range("2026-11-18", Some(to), now()).unwrap(), moments("2026-11-18T00:00:00Z", "2026-11-18T11:00:00Z"));
        for wrong in ["yesterday", "2026-11-18T08:00", ""] {
            assert!(range(wrong, None, now()).is_err() && range("7d", Some(wrong), now()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn range_that_no_appliance_can_answer_is_refused() {
        for (from, to, fits) in
            [("90d", "0m", true), ("91d", "0m", false), ("1d", "2d", false), ("2026-11-26", "2026-11-27", false)]
        {
            let range = range(from, Some(to), now()).unwrap();
            assert_eq!(check(range, now()).is_ok(), fits, "{from} to {to}");
        }
    }
}
