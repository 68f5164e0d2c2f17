//! Tells people, through the alarm topic, what the daily statement found, as often as the connection document says. It names sessions by
//! number and id, and nobody.

use std::fmt::Write as _;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::DisplayErrorContext;
use connection::StatementNotice;
use coverage::{SessionState, Statement};
use link::ConnectionName;

/// How many sessions a mail names; the statement has them all.
const NAMED_MAX: usize = 20;

/// Tells people.
#[derive(Debug, Clone)]
pub struct Notifier {
    client: Client,
    topic: Option<String>,
}

impl Notifier {
    /// Tells through that topic; with none, nobody.
    #[must_use]
    pub const fn new(client: Client, topic: Option<String>) -> Self {
        Self { client, topic }
    }

    /// Tells of what the statement found.
    ///
    /// # Errors
    ///
    /// What the topic said; the statement is kept all the same.
    pub async fn tell(&self, connection: ConnectionName<'_>, statement: &Statement) -> Result<(), String> {
        let Some(topic) = &self.topic else { return Ok(()) };
        let subject = connection.subject(&what(statement));
        let sent = self.client.publish().topic_arn(topic).subject(subject).message(text(connection, statement)).send().await;
        sent.map(drop).map_err(|error| DisplayErrorContext(&error).to_string())
    }
}

/// Whether people want to hear of that statement.
#[must_use]
pub fn is_wanted(notice: StatementNotice, statement: &Statement) -> bool {
    match notice {
        StatementNotice::Daily => true,
        StatementNotice::Exceptions => !statement.is_clean(),
        StatementNotice::Off => false,
    }
}

fn what(statement: &Statement) -> String {
    if statement.listed == 0 {
        return "no session ended".to_owned();
    }
    if statement.is_clean() {
        return format!("all {} sessions are at their end", statement.listed);
    }
    format!("{} of {} sessions are not at their end", statement.exceptions.len(), statement.listed)
}

fn text(connection: ConnectionName<'_>, statement: &Statement) -> String {
    let mut text = format!("Appliance:  {connection}\nEnded:      {} to {}\n", statement.from, statement.to);
    let _ = writeln!(text, "Listed:     {} by the appliance, of which", statement.listed);
    for (state, name) in STATES {
        let _ = writeln!(text, "            {} {name}", statement.count(state));
    }
    let _ = writeln!(text, "Healed:     {} that an earlier statement had missed", statement.healed);
    if statement.is_clean() {
        return text;
    }
    text.push('\n');
    for exception in statement.exceptions.iter().take(NAMED_MAX) {
        let name = STATES.iter().find(|(state, _)| *state == exception.state).map_or("", |(_, name)| name);
        let number = exception.sequence.map(|sequence| format!("#{sequence} ")).unwrap_or_default();
        let why = exception.sentence.as_ref().map(|sentence| format!(": {sentence}")).unwrap_or_default();
        let _ = writeln!(text, "{number}({}) {name}{why}", exception.lsid);
    }
    if let Some(more) = statement.exceptions.len().checked_sub(NAMED_MAX + 1) {
        let _ = writeln!(text, "... and {} more", more + 1);
    }
    text.push_str("\nWhat to do: what is missing has been put into the queue. For the others: session-bridge why <lsid>\n");
    text
}

const STATES: [(SessionState, &str); 9] = [
    (SessionState::Delivered, "delivered"),
    (SessionState::Skipped, "skipped by rules"),
    (SessionState::Ignored, "ignored by settings"),
    (SessionState::Unmatched, "without a ticket"),
    (SessionState::Refused, "refused"),
    (SessionState::InDoubt, "in doubt"),
    (SessionState::Waiting, "waiting"),
    (SessionState::GivenUp, "given up"),
    (SessionState::Missing, "missing"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use coverage::Exception;
    use session::{ApplianceId, Sentence};

    use super::*;

    fn statement(delivered: u64, refused: u64, missing: u64, exceptions: Vec<Exception>) -> Statement {
        Statement {
            appliance: ApplianceId::default(),
            from: "2026-11-22T23:00:00Z".parse().unwrap(),
            to: "2026-11-24T23:00:00Z".parse().unwrap(),
            listed: delivered + refused + missing,
            delivered,
            skipped: 0,
            ignored: 0,
            unmatched: 0,
            refused,
            in_doubt: 0,
            waiting: 0,
            given_up: 0,
            missing,
            healed: 2,
            exceptions,
        }
    }

    fn exception(number: u64, state: SessionState, sentence: Option<&str>) -> Exception {
        Exception {
            lsid: format!("{number:032x}").parse().unwrap(),
            sequence: Some(number),
            ended_at: None,
            state,
            sentence: sentence.map(Sentence::new),
        }
    }

    fn mail(statement: &Statement) -> String {
        let appliance = ApplianceId::default();
        let connection = ConnectionName { appliance: &appliance, name: "Acme, production" };
        format!("{}\n\n{}", connection.subject(&what(statement)), text(connection, statement))
    }

    #[test]
    fn mail_says_the_numbers_and_which_sessions() {
        let mut exceptions = vec![exception(1, SessionState::Refused, Some("the ticket is locked"))];
        exceptions.extend((2..24).map(|number| exception(number, SessionState::Missing, None)));
        insta::assert_snapshot!(mail(&statement(7, 1, 22, exceptions)));
    }

    #[test]
    fn mail_of_a_day_without_exceptions_says_that_nothing_is_to_be_done_by_asking_for_nothing() {
        insta::assert_snapshot!(mail(&statement(31, 0, 0, vec![])));
    }

    #[test]
    fn people_hear_of_statements_as_often_as_the_document_says() {
        let clean = statement(31, 0, 0, vec![]);
        let other = statement(30, 0, 1, vec![exception(1, SessionState::Missing, None)]);
        for (notice, of_clean, of_other) in [
            (StatementNotice::Daily, true, true),
            (StatementNotice::Exceptions, false, true),
            (StatementNotice::Off, false, false),
        ] {
            assert_eq!((is_wanted(notice, &clean), is_wanted(notice, &other)), (of_clean, of_other), "{notice:?}");
        }
    }
}
