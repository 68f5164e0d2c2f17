//! What commands about sessions begin with: where the ledger is, which appliances are meant, and which sessions.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ledger::{EndSpan, Ledger, LedgerError};
use session::ApplianceId;

use super::Common;
use super::connection::vault;
use super::progress::Progress;
use crate::desk::appliances;
use crate::desk::changes::NotChanged;
use crate::desk::sessions::{self, Filter, Session, State};
use crate::failure::Failure;
use crate::stack::Stack;

/// The clock of commands: read once, where a command begins or looks again.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the program's one door to the clock")]
    Timestamp::now()
}

/// A stack, its ledger and the appliances that are meant.
pub(crate) struct Desk {
    pub(crate) stack: Stack,
    pub(crate) ledger: Ledger,
    pub(crate) appliances: Vec<ApplianceId>,
}

impl Desk {
    pub(crate) async fn open(common: &Common) -> Result<Self, Failure> {
        if let Some(name) = &common.appliance {
            appliances::meant(Some(name), "")?;
        }
        let stack = Stack::find(common).await?;
        let appliances = appliances::meant(common.appliance.as_deref(), stack.parameter("ApplianceTokens").unwrap_or_default())?;
        let ledger = stack.ledger()?;
        Ok(Self { stack, ledger, appliances })
    }

    /// Refuses an appliance that the stack does not know and of which nothing was found: it is misspelt. One that has a document and no token
    /// yet is known.
    pub(crate) async fn check_appliance(&self, common: &Common) -> Result<(), Failure> {
        for appliance in &self.appliances {
            // One that was taken off the stack keeps its sessions.
            if !self.ledger.beginning_with(appliance, "", 1).await.map_err(|error| unread(&error))?.is_empty() {
                return Ok(());
            }
        }
        let Some(name) = &common.appliance else { return Ok(()) };
        let known = appliances::known(self.stack.parameter("ApplianceTokens").unwrap_or_default());
        for appliance in &self.appliances {
            if known.contains(appliance) || matches!(vault(&self.stack)?.stored(appliance).await, Ok(Some(_))) {
                return Ok(());
            }
        }
        Err(unknown_appliance(&self.stack, name, &known))
    }

    /// The sessions that are meant by that name, at least one.
    pub(crate) async fn named(&self, common: &Common, name: &str, limit: usize) -> Result<Vec<Session>, Failure> {
        let mut progress = Progress::new();
        let looked = |looked| progress.tell(&format!("{looked} sessions looked at"));
        let found =
            sessions::by_name(&self.ledger, &self.appliances, name, limit, looked).await.map_err(|error| unread(&error))?;
        if found.is_empty() {
            self.check_appliance(common).await?;
            let hint = "name it by its lsid, its sequence number or its ticket; session-bridge sessions list shows what there is. If the appliance has it and the ledger does not, its event never came: with polling.enabled in the connection document the poller finds it";
            return Err(Failure::refused(format!("the ledger knows no session {name:?}"), hint));
        }
        Ok(found)
    }

    /// The one session that is meant.
    pub(crate) async fn one(&self, common: &Common, name: &str) -> Result<Session, Failure> {
        let mut found = self.named(common, name, 2).await?;
        if found.len() > 1 {
            return Err(Failure::usage(format!("{name:?} means several sessions"), "name one by its whole lsid"));
        }
        Ok(found.remove(0))
    }
}

/// Why the ledger could not be read or changed.
pub(crate) fn unread(error: &LedgerError) -> Failure {
    let hint = match error {
        LedgerError::Unavailable { .. } => "try again; if it stays so, look at the network and at DynamoDB's health",
        LedgerError::Refused { .. } => {
            "the account needs dynamodb:Query on the table and its indexes, GetItem, BatchGetItem and UpdateItem; docs/operator-sessions.md has the policy"
        }
        LedgerError::Unreadable { .. } | LedgerError::Unstorable { .. } => {
            "the item was edited by hand or written by a later release: use that release's program"
        }
    };
    Failure::refused(error.to_string(), hint)
}

/// Why a record was not changed.
pub(crate) fn unchanged(error: &NotChanged) -> Failure {
    match error {
        NotChanged::Ledger(error) => unread(error),
        NotChanged::Overtaken => Failure::refused(error.to_string(), "nothing was changed: try again in a minute"),
        NotChanged::Unfit(_) => Failure::usage(error.to_string(), "session-bridge why tells how the session stands"),
    }
}

/// Which sessions a command is about. What is said twice widens, what is said beside narrows.
#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    /// How it stands; several may be given.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) state: Vec<State>,
    /// Ended since: a date (in UTC), a moment as in RFC 3339, or how long ago (90m, 24h, 7d, 2w).
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Ended until then, as above; the whole of a date counts.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// The ticket, by number or id.
    #[arg(long)]
    pub(crate) ticket: Option<String>,
    /// The appliance's running number of the session.
    #[arg(long)]
    pub(crate) sequence: Option<u64>,
    /// The technician's user name on the appliance, or a part of it.
    #[arg(long)]
    pub(crate) technician: Option<String>,
    /// A part of what the vendor said.
    #[arg(long)]
    pub(crate) sentence: Option<String>,
}

impl FilterArgs {
    pub(crate) fn filter(&self, now: Timestamp) -> Result<Filter, Failure> {
        let moment = |option: &str, text: &Option<String>, end_of_day| {
            text.as_deref().map(|text| moment(text, end_of_day, now).ok_or_else(|| no_moment(option, text))).transpose()
        };
        let span = EndSpan { since: moment("--since", &self.since, false)?, until: moment("--until", &self.until, true)? };
        if span.since.zip(span.until).is_some_and(|(since, until)| since > until) {
            return Err(Failure::usage("--since is after --until", "exchange them"));
        }
        Ok(Filter {
            states: self.state.iter().copied().collect(),
            span,
            ticket: self.ticket.clone(),
            sequence: self.sequence,
            technician: self.technician.clone(),
            sentence: self.sentence.clone(),
        })
    }
}

/// The refusal of an appliance that the stack does not know, with those that it knows.
pub(super) fn unknown_appliance(stack: &Stack, name: impl std::fmt::Display, known: &[ApplianceId]) -> Failure {
    let names: Vec<String> = known.iter().map(ToString::to_string).collect();
    let hint = format!("it knows: {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") });
    Failure::refused(format!("the stack {} knows no appliance {name}", stack.name), hint)
}

fn no_moment(option: &str, text: &str) -> Failure {
    let hint = "a date (2026-11-25), a moment (2026-11-25T08:00:00Z) or how long ago (90m, 24h, 7d, 2w)";
    Failure::usage(format!("{option}: {text:?} is no moment"), hint)
}

/// The moment that an option says.
pub(super) fn moment_of(option: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    moment(text, false, now).ok_or_else(|| no_moment(option, text))
}

/// The date in that text. A moment without a zone is none: its time of day would be overlooked.
pub(super) fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == "2026-11-25".len())
}

/// The moment in that text: a date in UTC, RFC 3339, or how long ago.
fn moment(text: &str, end_of_day: bool, now: Timestamp) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    if let Some(date) = date(text) {
        let day = if end_of_day { date.tomorrow().ok()? } else { date };
        let begin = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
        return if end_of_day { begin.checked_sub(SignedDuration::from_millis(1)).ok() } else { Some(begin) };
    }
    let unit = text.chars().last()?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().ok().filter(|count| *count >= 0)?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        _ => return None,
    };
    now.checked_sub(SignedDuration::from_secs(count.checked_mul(minutes)?.checked_mul(60)?)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn moments_are_dates_timestamps_or_durations() {
        let now = "2026-11-25T09:00:00Z".parse().unwrap();
        for (text, end_of_day, expected) in [
            ("2026-11-20", false, "2026-11-20T00:00:00Z"),
            ("2026-11-20", true, "2026-11-20T23:59:59.999Z"),
            ("2026-11-20T08:00:00+01:00", false, "2026-11-20T07:00:00Z"),
            ("7d", false, "2026-11-18T09:00:00Z"),
            ("90m", true, "2026-11-25T07:30:00Z"),
            ("2w", false, "2026-11-11T09:00:00Z"),
        ] {
            assert_eq!(moment(text, end_of_day, now), Some(expected.parse().unwrap()), "{text}");
        }
        for text in
            ["", "d", "yesterday", "-1d", "7é", "99999999999999999999d", "9223372036854775807w", "2026-13-01", "2026-11-20T08:00"]
        {
            assert_eq!(moment(text, false, now), None, "{text}");
        }
    }
}
