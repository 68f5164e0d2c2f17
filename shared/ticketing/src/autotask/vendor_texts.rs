//! What the sentences in Autotask's `errors` mean. Pure: a table of fragments, and how a sentence is made fit for a log line.
//!
//! The fragments are from the vendor reference and from what other clients observed; a sentence that matches none is
//! `Unrecognised`, never guessed at.

use session::failure::{Failure, Sentence};

use super::answer::Purpose;

/// What a sentence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Who we say we are is not accepted.
    Credentials,
    /// A right or setting is missing.
    Blocked(Remedy),
    /// A text is longer than its field.
    TooLong,
    /// The role does not fit. Only of time entries: one of these sentences is an accident of the vendor's code and would mean
    /// anything elsewhere.
    Role,
    /// What was asked for does not exist, or we may not see it.
    Missing,
    /// The vendor gave up midway.
    Accident,
    /// The same request will never pass.
    Refused,
}

/// What to grant, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    SecurityLevel,
    ProxyTimeEntry,
    SpanMidnight,
    Timesheet,
    ShowOnInvoice,
}

/// The meaning of fragments, in lower case; all fragments of a line must be there. The first line that any of an answer's
/// sentences matches decides: who we are before what we may, rights before validation, for without them nothing passes.
const TABLE: &[(&[&str], Meaning)] = &[
    (&["integrationcode is invalid"], Meaning::Credentials),
    (&["zone information could not be determined"], Meaning::Credentials),
    (&["login failed"], Meaning::Credentials),
    // The exact sentences for proxy time entry, midnight and timesheets are in no source: the names of the settings are.
    (&["proxy time entry"], Meaning::Blocked(Remedy::ProxyTimeEntry)),
    (&["on behalf of"], Meaning::Blocked(Remedy::ProxyTimeEntry)),
    (&["time entries for other resources"], Meaning::Blocked(Remedy::ProxyTimeEntry)),
    (&["midnight"], Meaning::Blocked(Remedy::SpanMidnight)),
    (&["timesheet"], Meaning::Blocked(Remedy::Timesheet)),
    (&["not authorized to change show on invoice"], Meaning::Blocked(Remedy::ShowOnInvoice)),
    (&["adequate permissions"], Meaning::Blocked(Remedy::SecurityLevel)),
    (&["not authorized"], Meaning::Blocked(Remedy::SecurityLevel)),
    (&["exceeds maximum length"], Meaning::TooLong),
    (&["there is no row at position 0"], Meaning::Role),
    (&["role does not exist or is invalid"], Meaning::Role),
    (&["assignedroleid combination is not currently defined"], Meaning::Role),
    (&["assignedresourceroleid combination is not currently defined"], Meaning::Role),
    (&["must have a roleid"], Meaning::Role),
    (&["attachment could not be found"], Meaning::Missing),
    (&["timeout"], Meaning::Accident),
    (&["timed out"], Meaning::Accident),
    (&["deadlock"], Meaning::Accident),
    (&["must assign both a assignedresourceid and assignedresourceroleid"], Meaning::Refused),
    (&["cannot all be empty"], Meaning::Refused),
    (&["picklist value", "does not exist"], Meaning::Refused),
    (&["is required"], Meaning::Refused),
    (&["missing required field"], Meaning::Refused),
    (&["is not associated"], Meaning::Refused),
    (&["value does not exist for the required field"], Meaning::Refused),
    (&["require a start and stop time"], Meaning::Refused),
    (&["hoursworked greater than 24 hours"], Meaning::Refused),
    (&["is not an active general allocation code"], Meaning::Refused),
    (&["unable to find", "entity"], Meaning::Refused),
    (&["conversion failed when converting"], Meaning::Refused),
    (&["maxcountofrecordstoreturn must be between"], Meaning::Refused),
    (&["parameter name: filters"], Meaning::Refused),
];

/// Whether a body speaks of too many calls at once, whatever its status is (observed by clients: 429 and others).
pub(super) fn is_throttling(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    ["thread threshold", "itgenatr005"].iter().any(|fragment| body.contains(fragment))
}

/// What error sentences of an answer with this status mean. `texts` is not empty.
pub(super) fn meaning(purpose: Purpose, status: u16, texts: &[String]) -> Failure {
    let sentence = sentence(texts);
    match looked_up(purpose, texts) {
        Some(Meaning::Credentials) => Failure::CredentialsRefused { sentence },
        Some(Meaning::Blocked(remedy)) => Failure::Blocked { sentence, remedy: remedy_sentence(remedy, purpose) },
        Some(Meaning::TooLong) => Failure::TooLong { sentence },
        Some(Meaning::Role) => Failure::RoleRefused { sentence },
        Some(Meaning::Missing) => Failure::NotFound,
        Some(Meaning::Accident) => Failure::Unknown { what: sentence },
        Some(Meaning::Refused) => Failure::Refused { sentence },
        None if status == 403 => Failure::Blocked { sentence, remedy: remedy_sentence(Remedy::SecurityLevel, purpose) },
        None => Failure::Unrecognised { sentence },
    }
}

fn looked_up(purpose: Purpose, texts: &[String]) -> Option<Meaning> {
    let texts: Vec<String> = texts.iter().map(|text| text.to_ascii_lowercase()).collect();
    let applies = |meaning: Meaning| meaning != Meaning::Role || purpose == Purpose::CreateTimeEntry;
    let says = |fragments: &[&str]| texts.iter().any(|text| fragments.iter().all(|fragment| text.contains(fragment)));
    TABLE.iter().find(|(fragments, meaning)| applies(*meaning) && says(fragments)).map(|(_, meaning)| *meaning)
}

fn remedy_sentence(remedy: Remedy, purpose: Purpose) -> Sentence {
    const TIMESHEET_SETTINGS: &str =
        "Admin > Features & Settings > Application-wide (Shared) Features > System Settings > Timesheets";
    Sentence::new(&match remedy {
        Remedy::SecurityLevel => format!(
            "let the API user's security level {}: Admin > Organization Settings & Users > Resources/Users (HR) > Security > \
             Security Levels",
            needed_right(purpose)
        ),
        Remedy::ProxyTimeEntry => {
            format!("set Proxy Time Entry to \"Enabled for Timesheet Approvers and Administrators\": {TIMESHEET_SETTINGS}")
        }
        Remedy::SpanMidnight => format!("enable \"Allow time entries to span over midnight\": {TIMESHEET_SETTINGS}"),
        Remedy::Timesheet => "reopen the resource's timesheet of that period (reject it): time can be added only while it is \
                              new or rejected: Timesheets > Search"
            .to_owned(),
        Remedy::ShowOnInvoice => "take showOnInvoice out of time_entry.defaults, or let the API user's security level change \
                                  Show On Invoice of ticket time entries: Admin > Organization Settings & Users > \
                                  Resources/Users (HR) > Security > Security Levels"
            .to_owned(),
    })
}

const fn needed_right(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::ZoneDiscovery | Purpose::ReadById | Purpose::Query => {
            "view all tickets, notes, attachments, time entries, resources and roles"
        }
        Purpose::CreateNote => "add notes to all tickets",
        Purpose::CreateAttachment => "add attachments to ticket notes",
        Purpose::CreateTimeEntry => "add time entries for all resources",
    }
}

/// Autotask's sentences as one.
pub(super) fn sentence(texts: &[String]) -> Sentence {
    Sentence::new(&texts.join("; "))
}

/// The text without what may be content of a request or of a row: anything in quotation marks, anything with an `@`, and the
/// given private texts. Field names, ids and picklist values are not quoted in the sentences that we know.
pub(super) fn scrubbed(text: &str, private: &[&str]) -> String {
    let mut text = private.iter().fold(text.to_owned(), |text, secret| without(&text, secret));
    text = without_quotations(&text);
    let words: Vec<&str> = text.split_whitespace().map(|word| if word.contains('@') { HIDDEN } else { word }).collect();
    words.join(" ")
}

/// What stands for something that is not shown.
const HIDDEN: &str = "…";

/// Without that text, in any case. ASCII folding keeps byte positions, so the positions hold in both.
fn without(text: &str, secret: &str) -> String {
    let (folded, secret) = (text.to_ascii_lowercase(), secret.trim().to_ascii_lowercase());
    if secret.is_empty() {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut end = 0;
    for (start, found) in folded.match_indices(&secret) {
        kept.push_str(&text[end..start]);
        kept.push_str(HIDDEN);
        end = start + found.len();
    }
    kept + &text[end..]
}

/// With the inside of every pair of quotation marks hidden. A mark that opens stands at the beginning of a word, or else an
/// apostrophe would open one; one that is never closed hides the rest.
fn without_quotations(text: &str) -> String {
    let mut kept = String::new();
    let mut open = None;
    let mut previous = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match open {
            None => {
                kept.push(character);
                let begins = character == '"' || (character == '\'' && !previous.is_alphanumeric());
                if begins {
                    kept.push_str(HIDDEN);
                    open = Some(character);
                }
            }
            Some(mark) if character == mark && characters.peek().is_none_or(|next| !next.is_alphanumeric()) => {
                kept.push(character);
                open = None;
            }
            Some(_) => {}
        }
        previous = character;
    }
    kept
}
