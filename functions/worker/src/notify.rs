//! Notifies people, through the alarm topic: what happened to which session and what to do, grouped per connection and
//! sentence, at most hourly; what the topic did not take does not count. Names nobody. This is a service: that it fails
//! costs a log line, never a session.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::DisplayErrorContext;
use delivery::{Notice, NoticeSubject};
use ledger::Ledger;
use link::ConnectionName;
use session::{ApplianceId, Lsid};
use telemetry::Log;

use crate::clock;
use crate::log_line::{notice_line, notification_failed_line};

/// Notifies people.
#[derive(Debug, Clone)]
pub struct Notifier {
    client: Client,
    topic: Option<String>,
    ledger: Ledger,
    log: Log,
}

impl Notifier {
    /// Notifies through that topic; with none, in the log only.
    #[must_use]
    pub const fn new(client: Client, topic: Option<String>, ledger: Ledger, log: Log) -> Self {
        Self { client, topic, ledger, log }
    }

    /// Notifies of a session, unless people were notified of the same for this connection within the hour.
    pub async fn notify(&self, connection: ConnectionName<'_>, lsid: &Lsid, notice: &Notice) {
        let appliance = connection.appliance;
        let group = format!("{}: {}", notice.subject.name(), notice.sentence);
        let line = notice_line(appliance, notice.subject)
            .field("lsid", lsid.as_str())
            .field("ticket", notice.ticket.as_ref().map(ToString::to_string))
            .field("write", notice.write.as_ref().map(ToString::to_string))
            .field("sentence", notice.sentence.as_str())
            .field("remedy", notice.remedy.as_str());
        line.print(&self.log, clock::now());
        self.publish(appliance, &group, subject(connection, notice.subject), text(connection, lsid, notice)).await;
    }

    /// Notifies of a connection as a whole.
    pub async fn notify_of_connection(&self, connection: ConnectionName<'_>, what: NoticeSubject, problem: &str, remedy: &str) {
        let appliance = connection.appliance;
        let line = notice_line(appliance, what).field("problem", problem).field("remedy", remedy);
        line.print(&self.log, clock::now());
        self.publish(appliance, problem, subject(connection, what), connection_text(connection, problem, remedy)).await;
    }

    async fn publish(&self, appliance: &ApplianceId, group: &str, subject: String, text: String) {
        let Some(topic) = &self.topic else { return };
        let now = clock::now();
        match self.ledger.should_notify(appliance, group, now).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%appliance, %error, "whether people know of this is not known, so they are notified");
            }
        }
        let sent = self.client.publish().topic_arn(topic).subject(subject).message(text).send().await;
        if let Err(error) = sent {
            notification_failed_line(appliance, &DisplayErrorContext(&error).to_string()).print(&self.log, clock::now());
            if let Err(error) = self.ledger.notification_failed(appliance, group, now).await {
                tracing::warn!(%appliance, %error, "what reached nobody counts as sent, so the next such notice comes in an hour");
            }
        }
    }
}

fn subject(connection: ConnectionName<'_>, subject: NoticeSubject) -> String {
    let what = match subject {
        NoticeSubject::Refused => "a write was refused",
        NoticeSubject::Blocked => "a right is missing",
        NoticeSubject::WriteBlocked => "one write is objected to for now",
        NoticeSubject::Overlap => "a time entry overlaps with another",
        NoticeSubject::InDoubt => "a write is in doubt",
        NoticeSubject::CredentialsRefused => "credentials are refused",
        NoticeSubject::LookUpsUntrusted => "look-ups cannot be trusted",
        NoticeSubject::LeftOpen => "a write was left open",
        NoticeSubject::SurveyMissing => "an exit survey does not show",
        NoticeSubject::EndUnknown => "nobody knows when a session ended",
        NoticeSubject::ReportRefused => "the appliance refuses a report",
        NoticeSubject::DeadLettered => "an event was given up",
        NoticeSubject::TemplateFailed => "a template failed",
        NoticeSubject::Connection => "the connection document cannot be used",
    };
    connection.subject(what)
}

fn connection_text(connection: ConnectionName<'_>, problem: &str, remedy: &str) -> String {
    format!("Appliance:  {connection}\nWhat:       {problem}\nWhat to do: {remedy}\n")
}

fn text(connection: ConnectionName<'_>, lsid: &Lsid, notice: &Notice) -> String {
    let ticket = notice.ticket.as_ref().map_or("none".to_owned(), ToString::to_string);
    let write = notice.write.as_ref().map_or("none in particular".to_owned(), ToString::to_string);
    format!(
        "Appliance:  {connection}\nSession:    {lsid}\nTicket:     {ticket}\nWrite:      {write}\nWhat:       {}\nWhat to do: {}\n\n\
         Others of the same kind within the hour are not mailed; the log and the ledger's index \"attention\" name them all.\n",
        notice.sentence, notice.remedy
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use delivery::WriteId;
    use session::Sentence;

    use super::*;

    const ACME: &str = "Acme, production";

    fn notice() -> Notice {
        Notice {
            subject: NoticeSubject::Blocked,
            ticket: Some("T20250318.0042".parse().unwrap()),
            write: Some(WriteId::Time(session::ResourceId(29_683_502))),
            sentence: Sentence::new("You are not allowed to enter time for other resources."),
            remedy: Sentence::new("allow proxy time entry in Admin > Features & Settings"),
        }
    }

    #[test]
    fn message_says_which_session_which_write_what_the_vendor_said_and_what_to_do() {
        let (appliance, notice) = (ApplianceId::default(), notice());
        let lsid: Lsid = "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap();
        let connection = ConnectionName { appliance: &appliance, name: ACME };
        insta::assert_snapshot!(format!("{}\n\n{}", subject(connection, notice.subject), text(connection, &lsid, &notice)));
    }

    #[test]
    fn message_about_a_connection_names_it_and_the_key_to_correct() {
        let appliance = ApplianceId::default();
        let connection = ConnectionName { appliance: &appliance, name: ACME };
        let problem = "`time_zone`: expected the IANA name of a time zone, as in Europe/Berlin";
        let remedy = "correct the connection document in Secrets Manager; an earlier version serves until then";
        let text = connection_text(connection, problem, remedy);
        insta::assert_snapshot!(format!("{}\n\n{text}", subject(connection, NoticeSubject::Connection)));
    }

    #[test]
    fn connection_without_a_name_is_told_by_its_id() {
        let appliance: ApplianceId = "acme".parse().unwrap();
        let told = subject(ConnectionName::from(&appliance), NoticeSubject::InDoubt);
        assert_eq!(told, "Session Bridge: acme: a write is in doubt");
        assert_eq!(ConnectionName { appliance: &appliance, name: " \n " }.to_string(), "acme");
    }
}
