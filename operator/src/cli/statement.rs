//! `session-bridge statement`: the appliance's own list of what ended against what the ledger knows, so that everybody sees whether
//! something is missing.

use coverage::{SessionState, Statement as Numbers};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use session::ApplianceId;

use super::Common;
use super::argument::appliance_id;
use super::desk::now;
use super::progress::Progress;
use super::range::{check, check_known, range, unanswered};
use super::sessions::minute;
use crate::desk::poller::Poller;
use crate::desk::{appliances, statement};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

/// How many exceptions a person is shown; all of them are in `--csv` and `--json`.
const SHOWN_MAX: usize = 50;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Its arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Statement {
    /// Whose sessions. Left out: of every appliance of the stack.
    // Not the id of the option of every command, which is a text.
    #[arg(id = "whose", value_name = "APPLIANCE", value_parser = appliance_id)]
    appliance: Option<ApplianceId>,
    /// Those that ended in the last so many times 24 hours.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90), conflicts_with = "from")]
    days: u16,
    /// Instead: ended since: a date (in UTC), a moment as in RFC 3339, or how long ago (24h, 7d, 2w). 90 days at most.
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,
    /// Ended before then, as above; the whole of a date counts. Left out: now.
    #[arg(long, value_name = "WHEN", requires = "from")]
    to: Option<String>,
    /// Lists the sessions that are not at their end as comma-separated values. Without effect on `--json`.
    #[arg(long)]
    csv: bool,
}

impl Statement {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let range = self.range(now())?;
        check(range, now())?;
        let stack = Stack::find(common).await?;
        let poller = stack.poller()?;
        let mut statements = Vec::new();
        for appliance in self.appliances(common, &stack).await? {
            statements.extend(ask(&poller, &appliance, range).await?);
        }
        match common.format() {
            Format::Json if self.appliance.is_some() => statements.iter().for_each(output::json),
            Format::Json => output::json(&json!({ "statements": statements })),
            Format::Text if self.csv => print!("{}", as_csv(&statements)),
            Format::Text => println!("{}", statements.iter().map(told).collect::<Vec<_>>().join("\n\n")),
        }
        Ok(if statements.iter().all(Numbers::is_clean) { Outcome::Done } else { Outcome::NeedsPerson })
    }

    fn range(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
        match &self.from {
            Some(from) => range(from, self.to.as_deref(), now),
            None => Ok((now.saturating_sub(DAY * i32::from(self.days)).unwrap_or(Timestamp::MIN), now)),
        }
    }

    async fn appliances(&self, common: &Common, stack: &Stack) -> Result<Vec<ApplianceId>, Failure> {
        let named = self.appliance.as_ref().map(ApplianceId::as_str).or(common.appliance.as_deref());
        let appliances = appliances::meant(named, stack.parameter("ApplianceTokens").unwrap_or_default())?;
        if named.is_some() {
            for appliance in &appliances {
                check_known(common, stack, appliance).await?;
            }
        }
        Ok(appliances)
    }
}

async fn ask(poller: &Poller, appliance: &ApplianceId, range: (Timestamp, Timestamp)) -> Result<Option<Numbers>, Failure> {
    let mut progress = Progress::new();
    progress.tell(&format!("asking the appliance {appliance} what ended"));
    let compared =
        statement::of(poller, appliance, range, |to| progress.tell(&format!("{appliance}: compared up to {}", minute(to))));
    compared.await.map_err(|error| unanswered(appliance, &error))
}

/// As `--csv` prints it: one line for each session that is not at its end.
fn as_csv(statements: &[Numbers]) -> String {
    let rows = statements.iter().flat_map(|of| {
        of.exceptions.iter().map(|exception| {
            [
                of.appliance.to_string(),
                exception.ended_at.map(|at| at.to_string()).unwrap_or_default(),
                exception.sequence.map(|sequence| sequence.to_string()).unwrap_or_default(),
                exception.lsid.to_string(),
                word(exception.state).to_owned(),
                exception.sentence.as_ref().map(ToString::to_string).unwrap_or_default(),
            ]
        })
    });
    output::csv(["appliance", "ended_at", "sequence", "lsid", "state", "sentence"], rows)
}

/// As a person reads it.
fn told(numbers: &Numbers) -> String {
    let Numbers { appliance, from, to, listed, .. } = numbers;
    let mut text = format!("{appliance}: {listed} sessions ended {} to {} (UTC)\n", minute(*from), minute(*to));
    for state in STATES {
        let count = numbers.count(state);
        if count > 0 {
            text += &format!("\n{count:>7}  {:<10} {}", word(state), meaning(state));
        }
    }
    if numbers.healed > 0 {
        text += &format!("\n\n{} of the delivered had been missing before.", numbers.healed);
    }
    if numbers.is_clean() {
        return text + if *listed == 0 { "Nothing is missing." } else { "\n\nNothing is missing." };
    }
    let shown = numbers.exceptions.iter().take(SHOWN_MAX).map(|exception| {
        [
            exception.ended_at.map(minute).unwrap_or_default(),
            exception.sequence.map(|sequence| sequence.to_string()).unwrap_or_default(),
            exception.lsid.to_string(),
            word(exception.state).to_owned(),
            exception.sentence.as_ref().map(|sentence| output::line(sentence.as_str())).unwrap_or_default(),
        ]
    });
    text += &format!("\n\n{}", output::table(["ENDED (UTC)", "SEQUENCE", "LSID", "STATE", "WHY"], shown));
    let more = numbers.exceptions.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        text += &format!("\nand {more} more; all of them: --csv");
    }
    text + "\n\nWhat to do about one: session-bridge why <lsid>"
}

/// In the order in which they are told: the good ones first.
const STATES: [SessionState; 9] = [
    SessionState::Delivered,
    SessionState::Skipped,
    SessionState::Ignored,
    SessionState::Waiting,
    SessionState::Unmatched,
    SessionState::Refused,
    SessionState::InDoubt,
    SessionState::GivenUp,
    SessionState::Missing,
];

const fn word(state: SessionState) -> &'static str {
    match state {
        SessionState::Delivered => "delivered",
        SessionState::Skipped => "skipped",
        SessionState::Ignored => "ignored",
        SessionState::Unmatched => "unmatched",
        SessionState::Refused => "refused",
        SessionState::InDoubt => "in_doubt",
        SessionState::Waiting => "waiting",
        SessionState::GivenUp => "given_up",
        SessionState::Missing => "missing",
    }
}

const fn meaning(state: SessionState) -> &'static str {
    match state {
        SessionState::Delivered => "on their tickets, whole",
        SessionState::Skipped => "nothing is to be written for them, by your rules",
        SessionState::Ignored => "not ours to write, by your settings",
        SessionState::Unmatched => "without a ticket: session-bridge unmatched list",
        SessionState::Refused => "something of them was refused",
        SessionState::InDoubt => "something of them may be written or not: look at the ticket",
        SessionState::Waiting => "on their way",
        SessionState::GivenUp => "given up: session-bridge deadletters list",
        SessionState::Missing => "nobody had told of them; put into the queue now",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn week(counts: &serde_json::Value, exceptions: serde_json::Value) -> Numbers {
        let mut value = json!({
            "appliance": "default", "from": "2026-11-18T08:00:00Z", "to": "2026-11-25T08:00:00Z", "listed": 0, "delivered": 0, "skipped": 0,
            "ignored": 0, "unmatched": 0, "refused": 0, "in_doubt": 0, "waiting": 0, "given_up": 0, "missing": 0, "healed": 0
        });
        counts.as_object().unwrap().iter().for_each(|(key, count)| value[key] = count.clone());
        value["exceptions"] = exceptions;
        serde_json::from_value(value).unwrap()
    }

    fn exceptions() -> serde_json::Value {
        json!([
            { "lsid": "7d1f0c52a9be4e6f8a3b90d4c6e21f57", "sequence": 48213, "ended_at": "2026-11-24T13:27:20Z", "state": "unmatched",
              "sentence": "the session has no external key" },
            { "lsid": "8d1f0c52a9be4e6f8a3b90d4c6e21f58", "sequence": null, "ended_at": null, "state": "missing", "sentence": null }
        ])
    }

    #[test]
    fn week_that_needs_a_person_as_it_is_told() {
        let numbers = week(
            &json!({ "listed": 200, "delivered": 190, "skipped": 8, "unmatched": 1, "missing": 1, "healed": 7 }),
            exceptions(),
        );
        insta::assert_snapshot!(told(&numbers));
    }

    #[test]
    fn clean_week_and_a_week_without_sessions_as_they_are_told() {
        let clean = told(&week(&json!({ "listed": 3, "delivered": 3 }), json!([])));
        insta::assert_snapshot!(format!("{clean}\n---\n{}", told(&week(&json!({}), json!([])))));
    }

    #[test]
    fn exceptions_as_comma_separated_values() {
        insta::assert_snapshot!(as_csv(&[week(&json!({}), exceptions())]));
    }

    #[test]
    fn states_are_called_as_in_json_and_none_is_left_out() {
        let names: Vec<_> = STATES.iter().map(|state| serde_json::to_value(state).unwrap()).collect();
        assert_eq!(names, STATES.map(|state| json!(word(state))));
    }
}
