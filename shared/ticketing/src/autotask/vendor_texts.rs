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
    (&["timesheet approver"], Meaning::Blocked(Remedy::ProxyTimeEntry)),
    (&["midnight"], Meaning::Blocked(Remedy::SpanMidnight)),
    (&["timesheet"], Meaning::Blocked(Remedy::Timesheet)),
    (&["not authorized to change show on invoice"], Meaning::Blocked(Remedy::ShowOnInvoice)),
    (&["adequate permissions"], Meaning::Blocked(Remedy::SecurityLevel)),
    (&["not authorized"], Meaning::Blocked(Remedy::SecurityLevel)),
    (&["not have permission"], Meaning::Blocked(Remedy::SecurityLevel)),
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
    // The general form of the sentence about roles above.
    (&["reference value on field", "does not exist or is invalid"], Meaning::Refused),
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
    Sentence::new(&match remedy {
        // The same sentence says that proxy time entry is off (observed by clients).
        Remedy::SecurityLevel if purpose == Purpose::CreateTimeEntry => format!(
            "{PROXY_TIME_ENTRY} ({TIMESHEET_SETTINGS}); and let the API user's security level add time entries \
             (Admin > … > Resources/Users (HR) > Security Levels)"
        ),
        Remedy::SecurityLevel => {
            format!("let the API user's security level {}: {SECURITY_LEVELS}", needed_right(purpose))
        }
        Remedy::ProxyTimeEntry => format!("{PROXY_TIME_ENTRY}: {TIMESHEET_SETTINGS}"),
        Remedy::SpanMidnight => format!("enable \"Allow time entries to span over midnight\": {TIMESHEET_SETTINGS}"),
        Remedy::Timesheet => {
            "reopen (reject) the resource's timesheet of that period: time can be added to new and rejected ones only".to_owned()
        }
        Remedy::ShowOnInvoice => format!(
            "take showOnInvoice out of time_entry.defaults, or let the API user's security level change it: {SECURITY_LEVELS}"
        ),
    })
}

/// Where the settings are in the menus (vendor reference).
const TIMESHEET_SETTINGS: &str =
    "Admin > Features & Settings > Application-wide (Shared) Features > System Settings > Timesheets";
const SECURITY_LEVELS: &str = "Admin > Organization Settings & Users > Resources/Users (HR) > Security > Security Levels";
const PROXY_TIME_ENTRY: &str = "set Proxy Time Entry to \"Enabled for Timesheet Approvers and Administrators\"";

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

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning_of(purpose: Purpose, texts: &[&str]) -> Failure {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        meaning(purpose, 500, &texts)
    }

    /// One word per failure, for tables.
    fn word(failure: &Failure) -> &'static str {
        match failure {
            Failure::CredentialsRefused { .. } => "credentials",
            Failure::Blocked { .. } => "blocked",
            Failure::WriteBlocked { .. } => "blocked for this write",
            Failure::TooLong { .. } => "too long",
            Failure::RoleRefused { .. } => "role",
            Failure::Refused { .. } => "refused",
            Failure::Unrecognised { .. } => "unrecognised",
            Failure::NotFound => "not found",
            Failure::Unknown { .. } => "unknown",
            Failure::NotTaken { .. } | Failure::NotReady { .. } | Failure::Unreadable { .. } => "impossible",
        }
    }

    /// Every sentence of the vendor reference, word for word, and what it means for a time entry.
    const REFERENCE: &[(&str, &str)] = &[
        ("When assigning a Resource, you must assign both a assignedResourceID and assignedResourceRoleID", "refused"),
        ("assignedResourceID, assignedResourceRoleID, and queueID cannot all be empty", "refused"),
        ("Picklist value [3] does not exist for priority", "refused"),
        ("queueID is required", "refused"),
        ("Missing Required Field: title", "refused"),
        ("contactID is not associated to the companyID or its Parent Company", "refused"),
        ("The configurationItemID [12] is not associated with Company [501]", "refused"),
        ("Value does not exist for the required field resourceID", "refused"),
        ("TimeEntries for Tickets must have a roleID.", "role"),
        ("There is no row at position 0.", "role"),
        ("Role does not exist or is invalid", "role"),
        ("The specified AssignedResourceID and AssignedRoleID combination is not currently defined", "role"),
        ("TimeEntries for Service tickets require a start and stop time.", "refused"),
        ("dateWorked is required when no value is supplied for startDateTime", "refused"),
        ("hoursWorked greater than 24 hours or less than zero hours", "refused"),
        ("The given allocation code is not an active general allocation code", "refused"),
        ("String value exceeds maximum length (field:description).", "too long"),
        ("The logged in Resource does not have the adequate permissions to create this entity type.", "blocked"),
        ("The logged in Resource does not have the adequate permissions to query this entity type.", "blocked"),
        ("User not authorized to change Show On Invoice values for Ticket time entries", "blocked"),
        ("Attachment could not be found.", "not found"),
        ("IntegrationCode is invalid.", "credentials"),
        ("Zone information could not be determined", "credentials"),
        ("Unable to find ticketNr in the Ticket Entity.", "refused"),
        ("Conversion failed when converting varchar value 'x' to data type int.", "refused"),
        ("maxCountOfRecordsToReturn must be between 1 and 500", "refused"),
        ("Value cannot be null.\r\nParameter name: filters", "refused"),
        ("Reference value on field: contractID of type: Contract does not exist or is invalid.", "refused"),
    ];

    #[test]
    fn every_sentence_of_the_reference_has_its_meaning() {
        for (text, expected) in REFERENCE {
            assert_eq!(word(&meaning_of(Purpose::CreateTimeEntry, &[text])), *expected, "{text}");
        }
    }

    #[test]
    fn tenant_settings_block_and_name_the_setting() {
        for (text, setting) in [
            ("Time entries are not allowed to span over midnight.", "Allow time entries to span over midnight"),
            ("Proxy Time Entry is not enabled.", "Proxy Time Entry"),
            ("You may not enter time on behalf of this resource.", "Proxy Time Entry"),
            ("Only the timesheet approver can do this.", "Proxy Time Entry"),
            ("Time cannot be added to a timesheet that is submitted or approved.", "timesheet of that period"),
            ("The logged in Resource does not have the adequate permissions to create this entity type.", "Proxy Time Entry"),
            ("User not authorized to change Show On Invoice values for Ticket time entries", "showOnInvoice"),
        ] {
            let failure = meaning_of(Purpose::CreateTimeEntry, &[text]);
            let Failure::Blocked { remedy, .. } = failure else { panic!("{text}: {failure:?}") };
            assert!(remedy.as_str().contains(setting), "{text}: {remedy}");
        }
    }

    #[test]
    fn remedies_are_read_whole() {
        let remedies =
            [Remedy::SecurityLevel, Remedy::ProxyTimeEntry, Remedy::SpanMidnight, Remedy::Timesheet, Remedy::ShowOnInvoice];
        let purposes = [Purpose::Query, Purpose::CreateNote, Purpose::CreateAttachment, Purpose::CreateTimeEntry];
        let mut sentences: Vec<String> =
            remedies.iter().flat_map(|remedy| purposes.map(|purpose| remedy_sentence(*remedy, purpose).to_string())).collect();
        assert!(sentences.iter().all(|sentence| !sentence.ends_with('…')), "cut: {sentences:#?}");
        sentences.dedup();
        insta::assert_snapshot!(sentences.join("\n"));
    }

    #[test]
    fn sentences_about_roles_mean_nothing_elsewhere() {
        for purpose in [Purpose::CreateNote, Purpose::CreateAttachment, Purpose::Query] {
            assert_eq!(word(&meaning_of(purpose, &["There is no row at position 0."])), "unrecognised");
        }
    }

    #[test]
    fn unfamiliar_sentence_is_not_guessed_at() {
        let failure = meaning_of(Purpose::CreateNote, &["The flux capacitor is cold."]);
        assert_eq!(failure, Failure::Unrecognised { sentence: "The flux capacitor is cold.".into() });
    }

    #[test]
    fn write_that_gave_up_midway_may_have_been_taken() {
        for text in ["Execution Timeout Expired.", "The operation has timed out.", "Transaction was deadlocked on lock resources"]
        {
            assert_eq!(word(&meaning_of(Purpose::CreateNote, &[text])), "unknown", "{text}");
        }
    }

    #[test]
    fn of_several_sentences_rights_decide_before_validation() {
        let failure = meaning_of(
            Purpose::CreateNote,
            &["Missing Required Field: title", "The logged in Resource does not have the adequate permissions to create it."],
        );
        let Failure::Blocked { sentence, .. } = failure else { panic!("{failure:?}") };
        assert!(sentence.as_str().starts_with("Missing Required Field: title; The logged in"));
    }

    #[test]
    fn refusal_by_status_403_blocks_whatever_it_says() {
        let failure = meaning(Purpose::CreateNote, 403, &["No.".to_owned()]);
        assert_eq!(word(&failure), "blocked");
    }

    #[test]
    fn throttling_is_known_by_its_text() {
        assert!(is_throttling(r#"{"errors":["The thread threshold of 3 threads has been exceeded."]}"#));
        assert!(is_throttling("<h1>Thread Threshold Exceeded</h1>"));
        assert!(is_throttling("Itgenatr005"));
        assert!(!is_throttling(r#"{"errors":["Thread is missing"]}"#));
    }

    #[test]
    fn sentences_hold_no_content() {
        for (text, expected) in [
            ("Value 'Jane said \"no\"' is wrong", "Value '…' is wrong"),
            (r#"Dangerous value (description="<b>the whole chat"#, r#"Dangerous value (description="…"#),
            ("The user's field isn't valid", "The user's field isn't valid"),
            ("No resource jane.roe@acme.example here", "No resource … here"),
            ("Cannot convert JRoe, jroe to int", "Cannot convert …, … to int"),
            ("Picklist value [3] does not exist for priority", "Picklist value [3] does not exist for priority"),
            ("", ""),
        ] {
            assert_eq!(scrubbed(text, &["jroe"]), expected, "{text}");
        }
        assert_eq!(scrubbed("İ jroe ß", &["JROE", ""]), "İ … ß");
    }
}
