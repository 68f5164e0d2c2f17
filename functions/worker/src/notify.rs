//! Tells people, through the alarm topic: what happened to which session and what to do, grouped per connection and
//! sentence, at most hourly; what the topic did not take does not count. Names nobody. Telling is a service: that it fails
//! costs a log line, never a session.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::DisplayErrorContext;
use ledger::Ledger;
use session::delivery::{Notice, NoticeSubject};
use session::{ApplianceId, Lsid};

use crate::clock;
use crate::log_line::{Log, notice_line, untold_line};

/// Amazon SNS takes subjects of less than 100 characters.
const SUBJECT_CHARACTERS_MAX: usize = 99;

/// Tells people.
#[derive(Debug, Clone)]
pub struct Notifier {
    client: Client,
    topic: Option<String>,
    ledger: Ledger,
    log: Log,
}

impl Notifier {
    /// Tells through that topic; with none, in the log only.
    #[must_use]
    pub const fn new(client: Client, topic: Option<String>, ledger: Ledger, log: Log) -> Self {
        Self { client, topic, ledger, log }
    }

    /// Tells of a session, unless the same was told of this connection within the hour.
    pub async fn tell(&self, appliance: &ApplianceId, lsid: &Lsid, notice: &Notice) {
        let group = format!("{}: {}", notice.subject.name(), notice.sentence);
        let line = notice_line(appliance, notice.subject)
            .saying("lsid", lsid.as_str())
            .saying("ticket", notice.ticket.as_ref().map(ToString::to_string))
            .saying("write", notice.write.as_ref().map(ToString::to_string))
            .saying("sentence", notice.sentence.as_str())
            .saying("remedy", notice.remedy.as_str());
        line.print(&self.log, clock::now());
        self.publish(appliance, &group, subject(appliance, notice.subject), text(appliance, lsid, notice)).await;
    }

    /// Tells of a connection as a whole.
    pub async fn tell_of_connection(&self, appliance: &ApplianceId, what: NoticeSubject, problem: &str, remedy: &str) {
        let line = notice_line(appliance, what).saying("problem", problem).saying("remedy", remedy);
        line.print(&self.log, clock::now());
        let text = format!("Appliance:  {appliance}\nWhat:       {problem}\nWhat to do: {remedy}\n");
        self.publish(appliance, problem, subject(appliance, what), text).await;
    }

    async fn publish(&self, appliance: &ApplianceId, group: &str, subject: String, text: String) {
        let Some(topic) = &self.topic else { return };
        let now = clock::now();
        match self.ledger.may_tell(appliance, group, now).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%appliance, %error, "cannot tell whether this was told within the hour, so it is told"),
        }
        let sent = self.client.publish().topic_arn(topic).subject(subject).message(text).send().await;
        if let Err(error) = sent {
            untold_line(appliance, &DisplayErrorContext(&error).to_string()).print(&self.log, clock::now());
            if let Err(error) = self.ledger.not_told(appliance, group, now).await {
                tracing::warn!(%appliance, %error, "what reached nobody counts as told, so the next such notice comes in an hour");
            }
        }
    }
}

fn subject(appliance: &ApplianceId, subject: NoticeSubject) -> String {
    let what = match subject {
        NoticeSubject::Refused => "a write was refused",
        NoticeSubject::Blocked => "a right is missing in Autotask",
        NoticeSubject::InDoubt => "a write is in doubt",
        NoticeSubject::CredentialsRefused => "credentials are refused",
        NoticeSubject::LookUpsUntrusted => "look-ups cannot be trusted",
        NoticeSubject::DeadLettered => "an event was given up",
        NoticeSubject::TemplateFailed => "a template failed",
        NoticeSubject::Connection => "the connection document cannot be used",
    };
    short(&format!("Session Bridge: {appliance}: {what}"))
}

fn short(text: &str) -> String {
    text.chars().take(SUBJECT_CHARACTERS_MAX).collect()
}

fn text(appliance: &ApplianceId, lsid: &Lsid, notice: &Notice) -> String {
    let ticket = notice.ticket.as_ref().map_or("none".to_owned(), ToString::to_string);
    let write = notice.write.as_ref().map_or("none in particular".to_owned(), ToString::to_string);
    format!(
        "Appliance:  {appliance}\nSession:    {lsid}\nTicket:     {ticket}\nWrite:      {write}\nWhat:       {}\nWhat to do: {}\n\n\
         Others of the same kind within the hour are not mailed; the log and the ledger's index \"attention\" name them all.\n",
        notice.sentence, notice.remedy
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use session::Sentence;
    use session::delivery::WriteId;

    use super::*;

    #[test]
    fn message_says_which_session_which_write_what_the_vendor_said_and_what_to_do() {
        let notice = Notice {
            subject: NoticeSubject::Blocked,
            ticket: Some("T20250318.0042".parse().unwrap()),
            write: Some(WriteId::Time(session::ResourceId(29_683_502))),
            sentence: Sentence::new("You are not allowed to enter time for other resources."),
            remedy: Sentence::new("allow proxy time entry in Admin > Features & Settings"),
        };
        let appliance = ApplianceId::default();
        let lsid: Lsid = "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap();
        insta::assert_snapshot!(format!("{}\n\n{}", subject(&appliance, notice.subject), text(&appliance, &lsid, &notice)));
    }
}
