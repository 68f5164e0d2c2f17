//! What the sentences in the appliance's `<error>` elements mean. Pure: a table of fragments. They come with status 200, so the text is
//! all there is to go by.
//!
//! A sentence that matches nothing is `Unfamiliar`, never guessed at: it may be a session that is not there yet, or a right that
//! will be missing for ever, and the delivery asks again as for the one and tells a person as of the other.

use session::Sentence;

use super::ReportError;

/// What a sentence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Who we say we are is not accepted.
    Credentials,
    /// A right or a setting of the appliance is missing.
    Blocked(Remedy),
    /// There is no such session, or none yet.
    NotReady,
}

/// What to grant, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// The right to session reports.
    Reports,
    /// The API as a whole.
    Api,
    /// Calls from our address.
    Address,
}

/// The meaning of fragments, in lower case; all fragments of a line must be there. The first line that fits decides: who we are
/// before what we may, what we may before what there is, for without a right nothing is found. Behind each line, the sentences that
/// are known, and how: the vendor documents none of them.
const TABLE: &[(&[&str], Meaning)] = &[
    // "Login failed" (observed by clients).
    (&["login failed"], Meaning::Credentials),
    // "Enable XML API" is the name of the setting (vendor reference); how its lack reads is assumed: "The XML API is not enabled."
    (&["api", "not enabled"], Meaning::Blocked(Remedy::Api)),
    (&["api", "disabled"], Meaning::Blocked(Remedy::Api)),
    // An account has a list of addresses of its own (vendor reference); the sentence is assumed: "Your IP address is not allowed."
    (&["ip address"], Meaning::Blocked(Remedy::Address)),
    (&["network address"], Meaning::Blocked(Remedy::Address)),
    // "The resource owner or authorization server denied the request." (vendor reference, of an API account that may not).
    (&["denied"], Meaning::Blocked(Remedy::Reports)),
    (&["access_denied"], Meaning::Blocked(Remedy::Reports)),
    // "You do not have permission to access this report." and the other ways to say so (assumed). A user's rights are called "Allowed
    // to Use Reporting API" and "View All Sessions" (vendor reference).
    (&["permission"], Meaning::Blocked(Remedy::Reports)),
    (&["not permitted"], Meaning::Blocked(Remedy::Reports)),
    (&["not allowed"], Meaning::Blocked(Remedy::Reports)),
    (&["not authorized"], Meaning::Blocked(Remedy::Reports)),
    (&["not authorised"], Meaning::Blocked(Remedy::Reports)),
    (&["unauthorized"], Meaning::Blocked(Remedy::Reports)),
    (&["forbidden"], Meaning::Blocked(Remedy::Reports)),
    (&["privileges"], Meaning::Blocked(Remedy::Reports)),
    (&["insufficient rights"], Meaning::Blocked(Remedy::Reports)),
    (&["not enabled"], Meaning::Blocked(Remedy::Reports)),
    (&["disabled"], Meaning::Blocked(Remedy::Reports)),
    // "No Support report information matching your chosen criteria is available." (observed by clients).
    (&["no ", "matching your chosen criteria"], Meaning::NotReady),
    // "No archives found for the given search criteria." (observed by clients, of another report).
    (&["no ", "found for the given search criteria"], Meaning::NotReady),
    // All below: assumed. "Invalid lsid.", "No such session.", "Session not found.", "The session does not exist.", "The report is not
    // ready.", "The report is not yet available."
    (&["invalid lsid"], Meaning::NotReady),
    (&["no such session"], Meaning::NotReady),
    (&["session", "not found"], Meaning::NotReady),
    (&["session", "does not exist"], Meaning::NotReady),
    (&["not ready"], Meaning::NotReady),
    (&["not yet"], Meaning::NotReady),
];

/// Whether an `<error>` with that text says that there is nothing of what was asked for, which for a list is an answer. Whether it is
/// said of a right that hides everything cannot be told from it.
pub(super) fn says_nothing_found(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("no ")
        && (text.contains("matching your chosen criteria") || text.contains("found for the given search criteria"))
}

/// What an `<error>` with that text means for whoever wants a session.
pub(super) fn meaning(text: &str) -> ReportError {
    let text = text.trim();
    if text.is_empty() {
        return ReportError::NotReady { sentence: Sentence::new("an error without a text") };
    }
    let sentence = Sentence::new(text);
    match looked_up(text) {
        Some(Meaning::Credentials) => ReportError::LoginFailed { sentence },
        Some(Meaning::Blocked(remedy)) => ReportError::RightMissing { sentence, remedy: remedy_sentence(remedy) },
        Some(Meaning::NotReady) => ReportError::NotReady { sentence },
        None => ReportError::Unfamiliar { sentence },
    }
}

fn looked_up(text: &str) -> Option<Meaning> {
    let text = text.to_lowercase();
    let says = |fragments: &[&str]| fragments.iter().all(|fragment| text.contains(fragment));
    TABLE.iter().find(|(fragments, _)| says(fragments)).map(|(_, meaning)| *meaning)
}

/// Names of rights, boxes and menus as in the vendor reference.
fn remedy_sentence(remedy: Remedy) -> Sentence {
    Sentence::new(match remedy {
        Remedy::Reports => {
            "give the API account \"Reporting API: Support Session Reports\" (/login > Management > API Configuration); a user of an \
             older appliance needs \"Allowed to Use Reporting API\" and \"View All Sessions\""
        }
        Remedy::Api => "tick \"Enable XML API\" and enable the API account (/login > Management > API Configuration)",
        Remedy::Address => {
            "add the address that the calls come from to the allowed ones of the API account (/login > Management > API Configuration), \
             or leave that list empty"
        }
    })
}

#[cfg(test)]
mod tests {
    use session::Failure;

    use super::*;

    /// How the delivery gets to know the sentence.
    fn kind(text: &str) -> String {
        match Failure::from(meaning(text)) {
            Failure::CredentialsRefused { .. } => "credentials".to_owned(),
            Failure::Blocked { remedy, .. } if remedy.as_str().contains("Support Session Reports") => "reports".to_owned(),
            Failure::Blocked { remedy, .. } if remedy.as_str().contains("Enable XML API") => "api".to_owned(),
            Failure::Blocked { remedy, .. } if remedy.as_str().contains("address") => "address".to_owned(),
            Failure::NotReady { .. } => "not ready".to_owned(),
            Failure::Unrecognised { .. } => "unfamiliar".to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_known_sentence_has_its_meaning_in_any_case() {
        for (text, expected) in [
            ("Login failed", "credentials"),
            ("Login failed: your account is disabled.", "credentials"),
            ("You do not have permission to access this report.", "reports"),
            ("Insufficient permissions", "reports"),
            ("This account is not permitted to use the reporting API.", "reports"),
            ("You are not allowed to view this session.", "reports"),
            ("Not allowed", "reports"),
            ("Access denied", "reports"),
            ("access_denied", "reports"),
            ("The resource owner or authorization server denied the request.", "reports"),
            ("User is not authorized.", "reports"),
            ("User is not authorised.", "reports"),
            ("Unauthorized", "reports"),
            ("Forbidden", "reports"),
            ("Insufficient privileges", "reports"),
            ("Insufficient rights", "reports"),
            ("Support session reports are disabled.", "reports"),
            ("Support session reports are not enabled for this account.", "reports"),
            ("The XML API is not enabled.", "api"),
            ("API access is disabled", "api"),
            ("Your IP address is not allowed.", "address"),
            ("Access from this network address is denied.", "address"),
            // A right that is missing hides what there is.
            ("Session not found, or you do not have permission to view it.", "reports"),
            ("No Support report information matching your chosen criteria is available.", "not ready"),
            ("No archives found for the given search criteria.", "not ready"),
            ("Invalid lsid.", "not ready"),
            ("No such session", "not ready"),
            ("Session not found.", "not ready"),
            ("The session does not exist.", "not ready"),
            ("The report is not ready.", "not ready"),
            ("The report is not yet available.", "not ready"),
            ("", "not ready"),
            (" \n", "not ready"),
            ("This recording has expired and can no longer be viewed or downloaded.", "unfamiliar"),
            ("Invalid action", "unfamiliar"),
            ("A required parameter is missing: generate_report.", "unfamiliar"),
            ("Une erreur interne est survenue.", "unfamiliar"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
            assert_eq!(kind(&text.to_uppercase()), expected, "{text}");
            assert_eq!(kind(&format!("\n\t{}\n", text.to_lowercase())), expected, "{text}");
        }
    }

    #[test]
    fn remedy_names_the_right_and_the_page_and_is_not_cut() {
        for remedy in [Remedy::Reports, Remedy::Api, Remedy::Address] {
            let sentence = remedy_sentence(remedy);
            assert!(sentence.as_str().contains("/login > Management > API Configuration"), "{sentence}");
            assert!(!sentence.as_str().ends_with('…'), "{sentence}");
        }
    }
}
