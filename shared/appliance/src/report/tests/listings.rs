//! Lists of sessions: what is kept of them, and that they are whole or an error.

use session::EndedSession;

use super::*;
use crate::report::limits::{Limit, SESSIONS_MAX};
use crate::report::{TOKEN_BYTES_MAX, read_listing};

fn list_of(children: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n\n<session_summary_list xmlns=\"urn:x\">{children}</session_summary_list>\n")
}

fn listed(children: &str) -> Vec<EndedSession> {
    read_listing(list_of(children).as_bytes()).unwrap()
}

fn ended(lsid: &str) -> EndedSession {
    EndedSession { lsid: lsid.parse().unwrap(), sequence: None, ended_at: None, external_key: None }
}

#[test]
fn session_of_a_list_has_its_number_its_end_and_its_key() {
    let sessions = listed(
        "<session_summary lsid=\"a1\" has_recording=\"1\">\n<session_type>support</session_type><lseq>48213</lseq>\
         <start_time timestamp=\"1742302931\">2025-03-18T13:02:11+00:00</start_time>\
         <end_time timestamp=\"1742304440\">2025-03-18T14:27:20+01:00</end_time><duration>00:25:09</duration>\
         <external_key>T1 &amp; more</external_key><primary_customer gsnumber=\"1\">Jörg Müller</primary_customer>\
         <future><end_time timestamp=\"1\"/></future></session_summary>\
         <session_summary lsid=\"b2\"><external_key/><end_time></end_time></session_summary><session_summary lsid='c3'/>\
         <future><session_summary lsid=\"d4\"/></future>",
    );
    let whole = EndedSession {
        sequence: Some(48213),
        ended_at: Some("2025-03-18T13:27:20Z".parse().unwrap()),
        external_key: Some("T1 & more".to_owned()),
        ..ended("a1")
    };
    assert_eq!(sessions, [whole, ended("b2"), ended("c3")]);
}

#[test]
fn nothing_found_is_an_empty_list_in_each_way_to_say_so() {
    const NOTHING: &str = "<error code=\"1\">No Support report information matching your chosen criteria is available.</error>";
    for empty in [list_of(""), "<session_summary_list/>".to_owned(), NOTHING.to_owned(), list_of(NOTHING)] {
        assert_eq!(read_listing(empty.as_bytes()), Ok(Vec::new()), "{empty}");
    }
    let beside = list_of(&format!("<session_summary lsid=\"a\"/>{NOTHING}"));
    assert!(matches!(read_listing(beside.as_bytes()), Err(ReportError::NotReady { .. })), "it is not whole");
}

#[test]
fn other_errors_mean_what_they_mean_for_reports() {
    let error = |text: &str| read_listing(format!("<error>{text}</error>").as_bytes()).unwrap_err();
    assert!(matches!(error("Login failed"), ReportError::LoginFailed { .. }));
    assert!(matches!(error("You do not have permission to access this report."), ReportError::RightMissing { .. }));
    assert!(matches!(error("Une erreur interne est survenue."), ReportError::Unfamiliar { .. }));
    assert!(matches!(error(""), ReportError::NotReady { .. }));
    let beside = list_of("<session_summary lsid=\"a\"/><error>The window is too large.</error>");
    assert!(matches!(read_listing(beside.as_bytes()), Err(ReportError::Unfamiliar { .. })), "it is not whole");
}

#[test]
fn list_that_is_not_whole_or_not_a_list_is_an_error() {
    let list = list_of("<session_summary lsid=\"a\"><lseq>1</lseq></session_summary>");
    let whole = list.trim_end().len();
    for length in 0..whole {
        assert!(read_listing(&list.as_bytes()[..length]).is_err(), "the first {length} bytes");
    }
    for foreign in ["<html><body/></html>", "<session_list/>", "{\"error\":\"access_denied\"}", "<session lsid=\"a\"/>"] {
        assert!(matches!(read_listing(foreign.as_bytes()), Err(ReportError::Foreign { .. })), "{foreign}");
    }
    assert!(matches!(read_report(list.as_bytes(), &lsid()), Err(ReportError::Foreign { .. })), "a list is no report");
}

#[test]
fn session_without_a_usable_lsid_makes_the_list_unreadable() {
    for nameless in ["<session_summary/>", "<session_summary lsid=\"\"></session_summary>", "<session_summary lsid=\"a#b\"/>"] {
        let outcome = read_listing(list_of(&format!("<session_summary lsid=\"a\"/>{nameless}")).as_bytes());
        assert!(matches!(outcome, Err(ReportError::Malformed { what, .. }) if what.contains("lsid")), "{nameless}: {outcome:?}");
    }
}

#[test]
fn list_has_bounds() {
    let sessions =
        |count: usize| (0..count).map(|number| format!("<session_summary lsid=\"{number:032x}\"/>")).collect::<String>();
    assert_eq!(listed(&sessions(SESSIONS_MAX)).len(), SESSIONS_MAX);
    let outcome = read_listing(list_of(&sessions(SESSIONS_MAX + 1)).as_bytes());
    assert!(matches!(outcome, Err(ReportError::OverLimit { limit: Limit::Sessions, .. })), "{outcome:?}");
    let blanks = " ".repeat(usize::try_from(TOKEN_BYTES_MAX).unwrap() + 1);
    let outcome = read_listing(list_of(&format!("<session_summary lsid=\"a\"{blanks}/>")).as_bytes());
    assert!(matches!(outcome, Err(ReportError::OverLimit { limit: Limit::TokenBytes, .. })), "{outcome:?}");
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><session_summary_list/>";
    assert!(matches!(read_listing(bomb.as_bytes()), Err(ReportError::DocumentType { .. })));
}

#[test]
fn keys_are_kept_while_there_is_room_and_never_in_part() {
    let with_key = |key: &str| format!("<session_summary lsid=\"a\"><external_key>{key}</external_key></session_summary>");
    assert_eq!(listed(&with_key(&"x".repeat(4096)))[0].external_key.as_deref().map(str::len), Some(4096));
    assert_eq!(listed(&with_key(&"x".repeat(4097)))[0].external_key, None);
    let many = listed(&with_key(&"x".repeat(4096)).repeat(1100));
    assert_eq!(many.iter().filter(|session| session.external_key.is_some()).count(), 1024);
}
