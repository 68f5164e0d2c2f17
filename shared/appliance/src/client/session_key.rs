//! Session keys by the command API: a key that a customer types, or a link, which leads to a session that waits for somebody and carries an
//! external key. For people who ask for one; the delivery makes none.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use session::{Failure, Sentence};

use super::ApplianceClient;
use super::command_answer::Element;

/// Whom a session waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitsFor {
    /// A representative, by login; the appliance refuses unless exactly one user has it.
    Representative(String),
    /// A team, by its number on the appliance.
    Team(u64),
    /// The general queue.
    General,
    /// An issue, by its code name.
    Issue(String),
}

impl WaitsFor {
    /// As the command API names it.
    fn queue(&self) -> String {
        match self {
            Self::Representative(login) => format!("rep_username:{login}"),
            Self::Team(id) => format!("team:{id}"),
            Self::General => "general".to_owned(),
            Self::Issue(code_name) => format!("issue:{code_name}"),
        }
    }
}

/// A key that leads to a session. Not `Debug`: whoever has it can begin the session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey {
    /// What a customer types on the public site.
    pub key: String,
    /// The same as a link.
    pub url: String,
    /// Until when both work.
    pub expires_at: Timestamp,
    /// The appliance's text of an invitation: its subject …
    pub mail_subject: String,
    /// … and the text itself, with the link in it.
    pub mail_body: String,
    /// The external key that sessions begun with it will have, if the appliance says so.
    pub external_key: Option<String>,
    /// Whether somebody is there to take the session now; `None`: the appliance does not say.
    pub available: Option<bool>,
}

/// A team of representatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its number on the appliance.
    pub id: u64,
    /// What people call it.
    pub name: String,
}

/// Where the right to make keys is granted.
const REMEDY: &str = "give the API account \"Command API: Full Access\" (/login > Management > API Configuration); a user of an older \
                      appliance needs \"Allowed to Use Command API\"";

impl ApplianceClient {
    /// Makes a key for sessions that wait for somebody and carry that external key, which works for so many minutes, or as long as the appliance
    /// lets one work when nothing is said (24 hours, observed by clients).
    ///
    /// # Errors
    ///
    /// [`Failure::Blocked`] without the right, [`Failure::Refused`] with what else the appliance says, otherwise as
    /// [`fetch_report`](Self::fetch_report). When no answer comes there may be a key that nobody knows; it does no harm.
    pub async fn session_key(
        &self,
        waits_for: &WaitsFor,
        external_key: &str,
        minutes: Option<NonZeroU32>,
        time_left: Duration,
    ) -> Result<SessionKey, Failure> {
        const ACTION: &str = "generate_session_key";
        let queue = waits_for.queue();
        let seconds = minutes.map(|minutes| (u64::from(minutes.get()) * 60).to_string());
        let mut form = vec![
            ("action", ACTION),
            ("type", "support"),
            ("queue_id", queue.as_str()),
            ("session.custom.external_key", external_key),
        ];
        form.extend(seconds.as_deref().map(|seconds| ("ttl", seconds)));
        session_key(&self.command_answer(ACTION, "session_key", &form, time_left).await.map_err(of_a_command)?)
    }

    /// The teams of the appliance. The vendor asks not to call this often.
    ///
    /// # Errors
    ///
    /// As [`session_key`](Self::session_key).
    pub async fn teams(&self, time_left: Duration) -> Result<Vec<Team>, Failure> {
        const ACTION: &str = "get_support_teams";
        let answer = self.command_answer(ACTION, "support_teams", &[("action", ACTION)], time_left).await;
        Ok(teams(&answer.map_err(of_a_command)?))
    }
}

/// What a report's failure is for a command: nothing will be ready later, and another right is missing.
fn of_a_command(failure: Failure) -> Failure {
    match failure {
        Failure::Blocked { sentence, .. } => Failure::Blocked { sentence, remedy: Sentence::new(REMEDY) },
        Failure::NotReady { sentence } | Failure::Unrecognised { sentence } => Failure::Refused { sentence },
        other => other,
    }
}

fn session_key(elements: &[Element]) -> Result<SessionKey, Failure> {
    let element = |name: &str| elements.iter().find(|element| element.name == name);
    let text = |name: &str| element(name).map(|element| element.text.trim().to_owned());
    let expires_at = text("expires").and_then(|text| Timestamp::from_second(text.parse().ok()?).ok());
    let key = || {
        Some(SessionKey {
            key: text("short_key").filter(|key| !key.is_empty())?,
            url: text("key_url").filter(|url| !url.is_empty())?,
            expires_at: expires_at?,
            mail_subject: text("mail_subject").unwrap_or_default(),
            mail_body: text("mail_body").unwrap_or_default(),
            external_key: text("external_key").filter(|key| !key.is_empty()),
            available: element("queue").and_then(|queue| queue.attribute("available")).map(|available| available != "0"),
        })
    };
    key().ok_or_else(|| Failure::Unreadable { what: Sentence::new("a session key without key, link or expiry") })
}

fn teams(elements: &[Element]) -> Vec<Team> {
    let mut teams: Vec<Team> = Vec::new();
    for element in elements {
        match (element.name.as_str(), element.parent.as_str()) {
            ("support_team", _) => {
                let id = element.attribute("id").and_then(|id| id.parse().ok());
                teams.extend(id.map(|id| Team { id, name: String::new() }));
            }
            ("name", "support_team") => {
                if let Some(team) = teams.last_mut() {
                    element.text.trim().clone_into(&mut team.name);
                }
            }
            _ => {}
        }
    }
    teams
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::command_answer::read;
    use super::*;

    /// As recorded from an appliance of release 19.1.
    const ANSWER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<session_key xmlns=\"http://www.bomgar.com/namespaces/API/command\">\n\n\
        \t<type>support</type>\n\t<expires>1575045322</expires>\n\t<queue available=\"0\">general</queue>\n\t<external_key>T20250318.0042</external_key>\n\
        \t<short_key>6187161</short_key>\n\t<key_url>https://support.example.com/?ak=f3c7150968a4cfb0e1585963fa1d2ba8&amp;c=1</key_url>\n\
        \t<mail_subject>Remote Support Invitation</mail_subject>\n\t<mail_body>\nClick on the link below &amp; follow the directions.\n\n\
        https://support.example.com/?ak=f3c7\n\t</mail_body>\n</session_key>";

    fn key_of(body: &str) -> Result<SessionKey, Failure> {
        session_key(&read(body.as_bytes(), "generate_session_key", "session_key")?)
    }

    #[test]
    fn key_link_mail_and_expiry_are_read() {
        let key = key_of(ANSWER).unwrap();
        assert_eq!((key.key.as_str(), key.available), ("6187161", Some(false)));
        assert_eq!(key.url, "https://support.example.com/?ak=f3c7150968a4cfb0e1585963fa1d2ba8&c=1");
        assert_eq!(key.expires_at.to_string(), "2019-11-29T16:35:22Z");
        assert_eq!(key.mail_body, "Click on the link below & follow the directions.\n\nhttps://support.example.com/?ak=f3c7");
        assert_eq!(key.external_key.as_deref(), Some("T20250318.0042"));
    }

    #[test]
    fn key_without_what_a_person_needs_is_unreadable() {
        for name in ["short_key", "key_url", "expires"] {
            let body = ANSWER.replace(&format!("<{name}>"), "<other>").replace(&format!("</{name}>"), "</other>");
            assert!(matches!(key_of(&body), Err(Failure::Unreadable { .. })), "{name}");
        }
        let silent = ANSWER.replace(" available=\"0\"", "");
        assert_eq!(key_of(&silent).unwrap().available, None);
    }

    #[test]
    fn teams_have_their_number_and_name_and_members_are_none() {
        let body = "<support_teams xmlns=\"x\"><support_team id=\"4\"><name>Service &amp; Desk</name><members><representative id=\"17\">\
                    <name>Dana</name></representative></members></support_team><support_team id=\"9\"><name>Field</name></support_team></support_teams>";
        let teams = teams(&read(body.as_bytes(), "get_support_teams", "support_teams").unwrap());
        let team = |id, name: &str| Team { id, name: name.to_owned() };
        assert_eq!(teams, [team(4, "Service & Desk"), team(9, "Field")]);
    }
}
