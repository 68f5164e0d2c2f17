//! What the sentences in Autotask's `errors` mean. Pure: a table of fragments, and how a sentence is made fit for a log line.
//!
//! The fragments are from the vendor reference and from what other clients observed; a sentence that matches none is
//! `Unrecognised`, never guessed at.
//!
//! What is missing for the whole tenant (a right, proxy time entry) is told apart from what stands in the way of one write alone
//! (a timesheet, a ticket, a contract): the former stops every write of the kind until somebody grants it, the latter must never
//! hold up anybody else's. Where a sentence could mean either, it is taken for the latter: that costs a few more calls, the other
//! mistake costs a day of everybody's time entries.

use session::failure::{Failure, Sentence};

use super::answer::Purpose;

/// What a sentence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Who we say we are is not accepted.
    Credentials,
    /// A right or setting of the tenant is missing: no write of the kind passes without it.
    Blocked(Remedy),
    /// Something about this write's own person, day, ticket or contract stands in the way; others pass.
    WriteBlocked(Remedy),
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

/// What to grant or change, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    SecurityLevel,
    ProxyTimeEntry,
    ShowOnInvoice,
    SpanMidnight,
    Timesheet,
    CompleteTicket,
    ThisTicket,
    Contract,
    Filter,
}

/// The meaning of fragments, in lower case; all fragments of a line must be there. The first line that any of an answer's
/// sentences matches decides: who we are before what we may, rights before validation, for without them nothing passes.
const TABLE: &[(&[&str], Meaning)] = &[
    (&["integrationcode is invalid"], Meaning::Credentials),
    (&["zone information could not be determined"], Meaning::Credentials),
    (&["login failed"], Meaning::Credentials),
    (&["adequate permissions"], Meaning::Blocked(Remedy::SecurityLevel)),
    (&["not authorized to change show on invoice"], Meaning::Blocked(Remedy::ShowOnInvoice)),
    // The exact sentences of proxy time entry are in no source: the names of the settings are.
    (&["proxy time entry"], Meaning::Blocked(Remedy::ProxyTimeEntry)),
    (&["on behalf of"], Meaning::Blocked(Remedy::ProxyTimeEntry)),
    (&["timesheet approver"], Meaning::Blocked(Remedy::ProxyTimeEntry)),
    // The rules are in the vendor reference, the sentences in no source. " complete": "incomplete" is something else.
    (&["midnight"], Meaning::WriteBlocked(Remedy::SpanMidnight)),
    (&["timesheet"], Meaning::WriteBlocked(Remedy::Timesheet)),
    (&["ticket", " complete"], Meaning::WriteBlocked(Remedy::CompleteTicket)),
    (&["ticket", "closed"], Meaning::WriteBlocked(Remedy::CompleteTicket)),
    (&["ticket", "status", "not allow"], Meaning::WriteBlocked(Remedy::CompleteTicket)),
    (&["contract", "locked"], Meaning::WriteBlocked(Remedy::Contract)),
    (&["contract", "expired"], Meaning::WriteBlocked(Remedy::Contract)),
    (&["contract", "inactive"], Meaning::WriteBlocked(Remedy::Contract)),
    (&["contract", "not active"], Meaning::WriteBlocked(Remedy::Contract)),
    (&["contract", "exclu"], Meaning::WriteBlocked(Remedy::Contract)),
    (&["block", "purchase"], Meaning::WriteBlocked(Remedy::Contract)),
    (&["not authorized", "this ticket"], Meaning::WriteBlocked(Remedy::ThisTicket)),
    (&["permission", "this ticket"], Meaning::WriteBlocked(Remedy::ThisTicket)),
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

/// Whether one of Autotask's error texts speaks of too many calls at once: with 429 and with others (observed by clients). Only
/// of what stands in `errors`: an answer may echo what we sent, and a customer may have written anything.
pub(super) fn is_throttling(texts: &[String]) -> bool {
    let says = |text: &String, fragment: &&str| text.to_ascii_lowercase().contains(*fragment);
    texts.iter().any(|text| ["thread threshold", "itgenatr005"].iter().any(|fragment| says(text, fragment)))
}

/// What error sentences of an answer with this status mean. `texts` is not empty.
pub(super) fn meaning(purpose: Purpose, status: u16, texts: &[String]) -> Failure {
    let sentence = sentence(texts);
    match looked_up(purpose, texts) {
        Some(Meaning::Credentials) => Failure::CredentialsRefused { sentence },
        Some(Meaning::Blocked(remedy)) => Failure::Blocked { sentence, remedy: remedy_sentence(remedy, purpose) },
        Some(Meaning::WriteBlocked(remedy)) => write_blocked(remedy, purpose, sentence),
        Some(Meaning::TooLong) => Failure::TooLong { sentence },
        Some(Meaning::Role) => Failure::RoleRefused { sentence },
        Some(Meaning::Missing) => Failure::NotFound,
        Some(Meaning::Accident) => Failure::Unknown { what: sentence },
        Some(Meaning::Refused) => Failure::Refused { sentence },
        None if status == FORBIDDEN => forbidden(purpose, sentence),
        None => Failure::Unrecognised { sentence },
    }
}

/// The status of a refusal before any work.
pub(super) const FORBIDDEN: u16 = 403;

/// Refused with 403, and nobody says why in words that we know: Autotask itself answers missing rights with 500, so for a write
/// a filter in front of it may dislike what is in it (a script in a chat). That is no reason to hold up the others.
pub(super) fn forbidden(purpose: Purpose, sentence: Sentence) -> Failure {
    if purpose.is_write() {
        write_blocked(Remedy::Filter, purpose, sentence)
    } else {
        Failure::Blocked { sentence, remedy: remedy_sentence(Remedy::SecurityLevel, purpose) }
    }
}

/// A question changes nothing, so nothing of it can be in the way of one write: there it is an unfamiliar text.
fn write_blocked(remedy: Remedy, purpose: Purpose, sentence: Sentence) -> Failure {
    if purpose.is_write() {
        Failure::WriteBlocked { sentence, remedy: remedy_sentence(remedy, purpose) }
    } else {
        Failure::Unrecognised { sentence }
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
        Remedy::ShowOnInvoice => format!(
            "take showOnInvoice out of time_entry.defaults, or let the API user's security level change it: {SECURITY_LEVELS}"
        ),
        Remedy::SpanMidnight => {
            format!(
                "enable \"Allow time entries to span over midnight\" ({TIMESHEET_SETTINGS}), or enter this time by hand in two parts"
            )
        }
        Remedy::Timesheet => {
            "reopen (reject) this resource's timesheet of that week under Timesheets: time can be added to new and \
                              rejected ones only"
                .to_owned()
        }
        Remedy::CompleteTicket if purpose == Purpose::CreateTimeEntry => {
            format!("reopen the ticket, or allow time entries on complete tickets: {SERVICE_DESK_SETTINGS}")
        }
        Remedy::CompleteTicket => "reopen the ticket, or set it to a status that allows this".to_owned(),
        Remedy::ThisTicket => format!(
            "this ticket is closed to the API user (its company, queue or line of business): let its security level {}: \
             {SECURITY_LEVELS}",
            needed_right(purpose)
        ),
        Remedy::Contract => {
            "open the ticket's contract (or the one in time_entry.defaults): unlock or renew it, add a block, or put \
                             another one on the ticket"
                .to_owned()
        }
        Remedy::Filter => {
            "a filter between here and Autotask may dislike what is in this text (a script in the chat, for instance): \
                           ask whoever runs it, or Autotask, to let it pass; or write it on the ticket by hand"
                .to_owned()
        }
    })
}

/// Where the settings are in the menus (vendor reference).
const TIMESHEET_SETTINGS: &str =
    "Admin > Features & Settings > Application-wide (Shared) Features > System Settings > Timesheets";
const SERVICE_DESK_SETTINGS: &str =
    "Admin > Features & Settings > Application-wide (Shared) Features > System Settings > Service Desk";
const SECURITY_LEVELS: &str = "Admin > Organization Settings & Users > Resources/Users (HR) > Security > Security Levels";
const PROXY_TIME_ENTRY: &str = "set Proxy Time Entry to \"Enabled for Timesheet Approvers and Administrators\"";

const fn needed_right(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::ZoneDiscovery | Purpose::ReadById | Purpose::Query => {
            "view all tickets, notes, attachments, time entries, resources and roles"
        }
        Purpose::CreateTicket => "add tickets for all companies",
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
    fn right_that_the_tenant_lacks_blocks_all_writes_of_the_kind_and_is_named() {
        for (text, setting) in [
            ("The logged in Resource does not have the adequate permissions to create this entity type.", "Proxy Time Entry"),
            ("User not authorized to change Show On Invoice values for Ticket time entries", "showOnInvoice"),
            // In no source from here on.
            ("Proxy Time Entry is not enabled.", "Proxy Time Entry"),
            ("You may not enter time on behalf of this resource.", "Proxy Time Entry"),
            ("Only the timesheet approver can do this.", "Proxy Time Entry"),
            ("User is not authorized.", "security level"),
            ("You do not have permission to add time entries.", "security level"),
        ] {
            let failure = meaning_of(Purpose::CreateTimeEntry, &[text]);
            let Failure::Blocked { remedy, .. } = failure else { panic!("{text}: {failure:?}") };
            assert!(remedy.as_str().contains(setting), "{text}: {remedy}");
        }
    }

    /// The rules behind these are in the vendor reference; the sentences themselves are in no source.
    const OF_ONE_WRITE: &[(&str, &str)] = &[
        ("Time entries are not allowed to span over midnight.", "in two parts"),
        ("Time cannot be added to a timesheet that is submitted or approved.", "reopen (reject) this resource's timesheet"),
        ("Time entries cannot be created or changed on a timesheet that is submitted or approved.", "timesheet of that week"),
        ("You are not authorized to change a submitted timesheet.", "timesheet of that week"),
        ("Time entries cannot be added to a complete ticket.", "reopen the ticket"),
        ("The ticket is complete; on record number [0].", "reopen the ticket"),
        ("Notes cannot be added to a closed ticket.", "reopen the ticket"),
        ("The status of the ticket does not allow time entries.", "reopen the ticket"),
        ("The Contract is locked.", "the ticket's contract"),
        ("The contract has expired.", "the ticket's contract"),
        ("The contract is inactive.", "the ticket's contract"),
        ("This contract is not active on the date worked.", "the ticket's contract"),
        ("The role is excluded from this contract.", "the ticket's contract"),
        ("No active block purchase covers this time.", "add a block"),
        ("You do not have permission to add time to this ticket.", "closed to the API user"),
        ("Not authorized to view this ticket.", "closed to the API user"),
    ];

    #[test]
    fn sentence_about_one_write_blocks_that_write_alone_and_says_what_to_change_where() {
        for (text, remedy_part) in OF_ONE_WRITE {
            for purpose in [Purpose::CreateTimeEntry, Purpose::CreateNote, Purpose::CreateAttachment] {
                let failure = meaning_of(purpose, &[text]);
                let Failure::WriteBlocked { sentence, remedy } = failure else { panic!("{purpose:?} {text}: {failure:?}") };
                assert_eq!(sentence.as_str(), *text);
                assert!(remedy.as_str().contains(remedy_part), "{text}: {remedy}");
            }
            assert_eq!(word(&meaning_of(Purpose::Query, &[text])), "unrecognised", "{text}");
        }
    }

    #[test]
    fn contract_that_does_not_exist_and_missing_entries_are_refused_as_ever() {
        for text in [
            "Reference value on field: contractID of type: Contract does not exist or is invalid.",
            "contractID is required",
            "Missing Required Field: title of the incomplete ticket",
        ] {
            assert_eq!(word(&meaning_of(Purpose::CreateTimeEntry, &[text])), "refused", "{text}");
        }
    }

    #[test]
    fn remedies_are_read_whole() {
        let remedies = [
            Remedy::SecurityLevel,
            Remedy::ProxyTimeEntry,
            Remedy::ShowOnInvoice,
            Remedy::SpanMidnight,
            Remedy::Timesheet,
            Remedy::CompleteTicket,
            Remedy::ThisTicket,
            Remedy::Contract,
            Remedy::Filter,
        ];
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
    fn of_several_sentences_the_tenants_rights_decide_before_this_writes_own() {
        let failure = meaning_of(
            Purpose::CreateTimeEntry,
            &["The ticket is complete.", "The logged in Resource does not have the adequate permissions to create it."],
        );
        assert_eq!(word(&failure), "blocked");
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
    fn unfamiliar_403_blocks_one_write_and_every_question() {
        for purpose in [Purpose::CreateNote, Purpose::CreateAttachment, Purpose::CreateTimeEntry] {
            let failure = meaning(purpose, 403, &["No.".to_owned()]);
            let Failure::WriteBlocked { remedy, .. } = failure else { panic!("{purpose:?}: {failure:?}") };
            assert!(remedy.as_str().contains("filter"), "{remedy}");
        }
        assert_eq!(word(&meaning(Purpose::Query, 403, &["No.".to_owned()])), "blocked");
    }

    #[test]
    fn familiar_403_means_what_it_says() {
        let text = "The logged in Resource does not have the adequate permissions to create this entity type.";
        assert_eq!(word(&meaning(Purpose::CreateNote, 403, &[text.to_owned()])), "blocked");
    }

    #[test]
    fn throttling_is_known_by_its_text() {
        let says = |text: &str| is_throttling(&[text.to_owned()]);
        assert!(says("The thread threshold of 3 threads has been exceeded."));
        assert!(says("Thread Threshold Exceeded") && says("Itgenatr005"));
        assert!(!says("Thread is missing") && !is_throttling(&[]));
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
