//! Connection documents as texts: what is wrong with one and where, one with the credentials that another has, one that can be
//! shown. Calls nobody.

use std::collections::BTreeMap;

use connection::{Document, DocumentError, Warning};
use link::from_document::ticket_fields_without_effect;
use serde::Serialize;
use serde_json::Value;
use session::settings::Mode;

use super::json_text::{Member, members, position_of, replaced, with_value};

/// A login and the secrets that belong to it.
struct Login {
    /// The object that both are in.
    section: &'static str,
    name: &'static str,
    secrets: &'static [&'static str],
    /// Of two sections only one may be there.
    instead_of: Option<&'static str>,
}

const LOGINS: [Login; 3] = [
    Login {
        section: "appliance.oauth",
        name: "appliance.oauth.client_id",
        secrets: &["appliance.oauth.client_secret"],
        instead_of: Some("appliance.password"),
    },
    Login {
        section: "appliance.password",
        name: "appliance.password.username",
        secrets: &["appliance.password.password"],
        instead_of: Some("appliance.oauth"),
    },
    Login {
        section: "autotask",
        name: "autotask.username",
        secrets: &["autotask.secret", "autotask.integration_code"],
        instead_of: None,
    },
];

/// Stands where a secret is.
const MASK: &str = "\"***\"";

/// Keys whose last part holds one of these are masked, wherever they stand: a secret may be in the wrong place.
const SECRET_WORDS: [&str; 6] = ["secret", "password", "token", "credential", "integration", "pwd"];

/// Something in a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Remark {
    /// From 1; none where no single place is to blame.
    pub(crate) line: Option<usize>,
    /// From 1.
    pub(crate) column: Option<usize>,
    /// The key with all that it is in.
    pub(crate) key: Option<String>,
    /// What is wrong, or what is risked.
    pub(crate) problem: String,
}

impl Remark {
    /// The same of another text that has the key, too.
    pub(crate) fn in_text(self, text: &str) -> Self {
        match self.key {
            Some(key) => at_key(text, &key, self.problem),
            None => self,
        }
    }
}

/// The document, with what somebody has decided and should know of; or all that is wrong with the text.
pub(crate) fn check(text: &str) -> Result<(Document, Vec<Remark>), Vec<Remark>> {
    match Document::parse_strictly(text) {
        Ok((document, decisions)) => {
            let of_tickets = ticket_fields_without_effect(&document).map(|name| {
                let problem = "no field of a ticket that can be given: it has no effect".to_owned();
                at_key(text, &format!("autotask.ticket.defaults.{name}"), problem)
            });
            let remarks = decisions.iter().map(|warning| of_warning(text, warning)).chain(of_tickets).collect();
            Ok((document, remarks))
        }
        Err(error) => Err(mistakes(text, &error)),
    }
}

/// What an error says, each mistake with its place.
pub(crate) fn mistakes(text: &str, error: &DocumentError) -> Vec<Remark> {
    match error {
        DocumentError::NotJson { line, column } => {
            vec![Remark { line: Some(*line), column: Some(*column), key: None, problem: "not JSON".to_owned() }]
        }
        DocumentError::Key { path, problem } => vec![at_key(text, path, problem.clone())],
        DocumentError::Rejected(warnings) => warnings.iter().map(|warning| of_warning(text, warning)).collect(),
        DocumentError::NotText | DocumentError::TooLarge { .. } => {
            vec![Remark { line: None, column: None, key: None, problem: error.to_string() }]
        }
    }
}

fn of_warning(text: &str, warning: &Warning) -> Remark {
    let sentence = warning.to_string();
    let problem = sentence.strip_prefix(&format!("`{}`: ", warning.path)).unwrap_or(&sentence);
    at_key(text, &warning.path, problem.to_owned())
}

fn at_key(text: &str, path: &str, problem: String) -> Remark {
    let position = position_of(text, path);
    let (line, column) = (position.map(|at| at.line), position.map(|at| at.column));
    Remark { line, column, key: Some(path.to_owned()), problem }
}

/// The text with the credentials that it leaves out and `stored` has, and the keys that were taken over. A secret is taken only with
/// the login that it belongs to.
pub(crate) fn with_kept_credentials(text: &str, stored: &str) -> (String, Vec<&'static str>) {
    let (mut text, mut kept) = (text.to_owned(), Vec::new());
    let stored_values = values(stored);
    for login in &LOGINS {
        let own = values(&text);
        let is_other = login.instead_of.is_some_and(|section| is_set(&own, section));
        let stored_name = stored_values.get(login.name);
        let of_another = is_set(&own, login.name) && own.get(login.name) != stored_name;
        if is_other || of_another || stored_name.is_none_or(|name| *name == "null") {
            continue;
        }
        if !is_set(&own, login.section) {
            let Some(changed) = with_value(&text, login.section, "{}") else { continue };
            text = changed;
        }
        for key in std::iter::once(&login.name).chain(login.secrets) {
            let Some(value) = stored_values.get(*key).filter(|_| !is_set(&values(&text), key)) else { continue };
            if let Some(changed) = with_value(&text, key, value) {
                text = changed;
                kept.push(*key);
            }
        }
    }
    (text, kept)
}

fn is_set(values: &BTreeMap<String, &str>, path: &str) -> bool {
    values.get(path).is_some_and(|value| *value != "null")
}

/// Path -> value as it is written.
fn values(text: &str) -> BTreeMap<String, &str> {
    members(text).into_iter().map(|Member { path, value, .. }| (path, &text[value])).collect()
}

/// The keys whose values differ, in the order of the alphabet. No value is told.
pub(crate) fn changed_keys(before: &str, after: &str) -> Vec<String> {
    let leaves = |text: &str| -> BTreeMap<String, Value> {
        let parsed = |(path, value): (String, &str)| Some((path, serde_json::from_str::<Value>(value).ok()?));
        values(text).into_iter().filter_map(parsed).filter(|(_, value)| !value.is_object()).collect()
    };
    let (before, after) = (leaves(before), leaves(after));
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    // An item of a list says nothing without the list.
    let differs = |key: &&String| before.get(*key) != after.get(*key) && !key.ends_with(']');
    let mut keys: Vec<String> = keys.filter(differs).cloned().collect();
    keys.sort_unstable();
    keys
}

/// The text with a mask in place of every secret; none if it is no JSON, where nobody can tell what is a secret.
pub(crate) fn masked(text: &str) -> Option<String> {
    serde_json::from_str::<Value>(text).ok()?;
    let mut hidden: Vec<Member> = members(text).into_iter().filter(|member| is_secret(&member.path)).collect();
    hidden.sort_by_key(|member| member.at);
    // From the end, so that what is still to come stays where it is; what is within a masked value is gone with it.
    let mut shown = text.to_owned();
    let mut outer_end = 0;
    hidden.retain(|member| {
        let is_outer = member.at >= outer_end;
        outer_end = outer_end.max(member.value.end);
        is_outer
    });
    for member in hidden.into_iter().rev().filter(|member| &text[member.value.clone()] != "null") {
        shown = replaced(&shown, member.value, MASK);
    }
    Some(shown)
}

/// `appliance.password` is a section of the document, and shows whose password it is.
fn is_secret(path: &str) -> bool {
    let key = path.rsplit('.').next().unwrap_or(path).to_lowercase();
    path != "appliance.password" && SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// The document in another mode, every other byte as it was; none if it is no JSON object.
pub(crate) fn with_mode(text: &str, mode: Mode) -> Option<String> {
    let word = serde_json::to_string(&mode).ok()?;
    let is_object = serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
    is_object.then(|| with_value(text, "mode", &word)).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const FULL: &str = include_str!("../../../events/connection/full.json");
    const TYPO: &str = include_str!("../../../events/connection/with-typo.json");
    const LEGACY: &str = include_str!("../../../events/connection/legacy-password.json");
    const SECRETS: [&str; 3] = ["invented-client-secret", "invented$Secret#with~odd*signs@", "INVENTEDINTEGRATIONCODE0001"];

    /// The document without those lines.
    fn without(text: &str, keys: &[&str]) -> String {
        let kept = text.lines().filter(|line| !keys.iter().any(|key| line.trim_start().starts_with(&format!("\"{key}\":"))));
        kept.collect::<Vec<_>>().join("\n").replace("\"invented-client-id\",", "\"invented-client-id\"")
    }

    #[test]
    fn mistake_is_told_with_its_place() {
        let mistakes = check(TYPO).unwrap_err();
        let [mistake] = mistakes.as_slice() else { panic!("{mistakes:?}") };
        assert_eq!(
            (mistake.line, mistake.column, mistake.key.as_deref()),
            (Some(16), Some(7), Some("autotask.time_entry.enbled"))
        );
        assert_eq!(mistake.problem, "unknown key");
        let missing = check(&FULL.replace("\"time_zone\": \"Europe/Berlin\",", "")).unwrap_err();
        assert_eq!((missing[0].line, missing[0].key.as_deref()), (Some(1), Some("time_zone")));
        assert_eq!(check("{").unwrap_err()[0].problem, "not JSON");
    }

    #[test]
    fn credentials_that_are_left_out_are_kept() {
        let file = without(FULL, &["client_secret", "secret", "integration_code"]);
        assert!(check(&file).is_err());
        let (text, kept) = with_kept_credentials(&file, FULL);
        assert_eq!(kept, ["appliance.oauth.client_secret", "autotask.secret", "autotask.integration_code"]);
        check(&text).unwrap();
        assert_eq!(changed_keys(&text, FULL), Vec::<String>::new());
    }

    #[test]
    fn whole_section_can_be_left_out() {
        let stored: Value = serde_json::from_str(FULL).unwrap();
        let mut file = stored.clone();
        file["appliance"].as_object_mut().unwrap().remove("oauth");
        let (text, kept) = with_kept_credentials(&file.to_string(), FULL);
        assert_eq!(kept, ["appliance.oauth.client_id", "appliance.oauth.client_secret"]);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), stored);
    }

    #[test]
    fn secret_is_not_lent_to_another_login() {
        let file = without(FULL, &["client_secret"]).replace("invented-client-id", "another-client-id");
        let (text, kept) = with_kept_credentials(&file, FULL);
        assert_eq!((text.as_str(), kept), (file.as_str(), Vec::new()));
        // From a user to an API account: the user's password is of no use.
        let (_, kept) = with_kept_credentials(&file, LEGACY);
        assert_eq!(kept, Vec::<&str>::new());
    }

    #[test]
    fn changes_are_told_without_values() {
        let after =
            FULL.replace("\"type\": 1", "\"type\": 3").replace("[1, 6, 24, 72]", "[1]").replace("\"retry_hours\": 72,", "");
        assert_eq!(changed_keys(FULL, &after), ["autotask.note.type", "polling.look_again_hours", "retry_hours"]);
    }

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        for secret in SECRETS {
            let misplaced = FULL.replace("\"mode\"", &format!("\"apiPassword\": {{ \"x\": \"{secret}\" }}, \"mode\""));
            for text in [FULL, misplaced.as_str()] {
                let shown = masked(text).unwrap();
                assert!(!shown.contains(secret), "{shown}");
                assert!(shown.contains("invented-client-id") && shown.contains("session-bridge@acme.example"));
            }
        }
        assert!(masked(LEGACY).unwrap().contains("\"username\""));
        assert_eq!(masked("{ \"secret\": \"x\" "), None);
    }

    #[test]
    fn mode_is_the_only_byte_that_changes() {
        assert_eq!(with_mode(FULL, Mode::Hold).unwrap(), FULL.replace("\"deliver\"", "\"hold\""));
        let without_mode = FULL.replace("  \"mode\": \"deliver\",\n", "");
        assert_eq!(with_mode(&without_mode, Mode::Off).unwrap().lines().nth(1), Some("  \"mode\": \"off\","));
        assert_eq!(with_mode("[]", Mode::Off), None);
    }
}
