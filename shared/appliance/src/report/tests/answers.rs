//! Which answers are a session, and what the others are.

use session::{Failure, Sentence};

use super::*;

fn not_ready(sentence: &str) -> ReportError {
    ReportError::NotReady { sentence: Sentence::new(sentence) }
}

fn outcome(file: &str) -> Result<SupportSession, ReportError> {
    read(&sample(file))
}

#[test]
fn error_is_recognised_as_root_or_child_with_attributes_or_namespace() {
    let no_information = not_ready("No Support report information matching your chosen criteria is available.");
    assert_eq!(outcome("error-root.xml"), Err(no_information.clone()));
    assert_eq!(outcome("error-child.xml"), Err(no_information));
    assert_eq!(outcome("error-with-attributes.xml"), Err(not_ready("Invalid lsid.")));
    assert_eq!(outcome("error-without-text.xml"), Err(not_ready("an error without a text")));
    assert_eq!(read("<error>Not ready: a &lt;b&gt;<![CDATA[ & c]]></error>"), Err(not_ready("Not ready: a <b> & c")));
    assert_eq!(read("<error/>"), Err(not_ready("an error without a text")));
}

#[test]
fn failed_login_is_told_from_other_errors() {
    assert_eq!(
        outcome("login-failed.xml").map_err(Failure::from),
        Err(Failure::CredentialsRefused { sentence: Sentence::new("Login failed") })
    );
}

#[test]
fn error_beside_a_session_means_that_the_answer_is_not_whole() {
    let answer = format!("<session_list><session lsid=\"{LSID}\"/><error>Interrupted</error></session_list>");
    assert_eq!(read(&answer), Err(ReportError::Unfamiliar { sentence: Sentence::new("Interrupted") }));
}

#[test]
fn missing_right_is_told_with_its_remedy_and_an_unfamiliar_text_as_such() {
    let failure = |file: &str| Failure::from(outcome(file).unwrap_err());
    let Failure::Blocked { sentence, remedy } = failure("error-no-permission.xml") else { panic!("not blocked") };
    assert_eq!(sentence.as_str(), "You do not have permission to access this report.");
    assert!(remedy.as_str().contains("Reporting API: Support Session Reports"), "{remedy}");
    let sentence = Sentence::new("The operation could not be completed (code 17).");
    assert_eq!(failure("error-unfamiliar.xml"), Failure::Unrecognised { sentence });
}

#[test]
fn error_within_a_session_is_no_answer_of_the_appliance() {
    assert!(
        session_of("<error>Login failed</error><session_details><event><error/></event></session_details>").events.len() == 1
    );
}

#[test]
fn answer_without_the_wanted_session_is_not_ready() {
    assert_eq!(outcome("empty-list.xml"), Err(not_ready("empty")));
    assert_eq!(outcome("missing-lsid.xml"), Err(not_ready("the answer is about other sessions")));
    assert_eq!(outcome("silent.xml"), Err(not_ready("the answer is about other sessions")));
}

#[test]
fn of_several_sessions_the_wanted_one_is_read() {
    let session = |lsid: &str, sequence: u32| format!("<session lsid=\"{lsid}\"><lseq>{sequence}</lseq></session>");
    let list = format!("<session_list>{}{}{}</session_list>", session("a", 1), session(LSID, 2), session(LSID, 3));
    assert_eq!(read(&list).unwrap().sequence, Some(2));
}

#[test]
fn foreign_answers_are_unreadable() {
    for answer in [
        "{\"error\":\"no\"}",
        "<html><body>Sign in</body></html>",
        "<exit_survey_list/>",
        "&lt;session_list/>",
        "<![CDATA[x]]><session_list/>",
    ] {
        assert_eq!(read(answer), Err(ReportError::Foreign { position: 0 }), "{answer}");
    }
    assert_eq!(outcome("exit-surveys.xml"), Err(ReportError::Foreign { position: 39 }));
    assert!(matches!(outcome("html-login-page.html"), Err(ReportError::DocumentType { .. } | ReportError::Foreign { .. })));
}

#[test]
fn definitions_of_entities_are_refused_and_undefined_ones_too() {
    assert!(matches!(outcome("entity-bomb.xml"), Err(ReportError::DocumentType { .. })));
    assert!(matches!(outcome("external-entity.xml"), Err(ReportError::DocumentType { .. })));
    assert!(matches!(outcome("undefined-entity.xml"), Err(ReportError::Entity { .. })));
    let in_attribute = report_of("<session_details><event event_type=\"&x;\"/></session_details>");
    assert!(matches!(read(&in_attribute), Err(ReportError::Entity { .. })));
    // Also where nothing would be kept of it.
    assert!(matches!(read(&report_of("<future>&x;</future>")), Err(ReportError::Entity { .. })));
}

#[test]
fn broken_documents_are_told_with_their_position() {
    let malformed = |document: &str| match read(document) {
        Err(ReportError::Malformed { position, .. }) => position,
        other => panic!("{document}: {other:?}"),
    };
    assert_eq!(malformed("<session_list></wrong></session_list>"), 14);
    assert_eq!(malformed("<session_list/><session_list/>"), 15);
    assert_eq!(malformed("</session_list>"), 0);
    assert_eq!(malformed("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><session_list/>"), 0);
    assert_eq!(malformed(&report_of("<lseq>&#0;</lseq>")), 69);
    assert_eq!(malformed(&report_of("<lseq>&#xD800;</lseq>")), 69);
    assert_eq!(malformed("<session_list><session lsid=></session></session_list>"), 14);
    assert!(matches!(outcome("mismatched-tags.xml"), Err(ReportError::Malformed { .. })));
    // One byte order mark is no foreign text, and counts.
    assert_eq!(malformed("\u{FEFF}<session_list></wrong>"), 17);
}

#[test]
fn cut_off_answers_are_told_as_such() {
    assert!(matches!(outcome("truncated.xml"), Err(ReportError::Truncated { .. })));
    assert_eq!(read(""), Err(ReportError::Truncated { position: 0 }));
    assert_eq!(read("\n\n"), Err(ReportError::Truncated { position: 2 }));
}

#[test]
fn report_cut_at_any_byte_is_never_half_a_session() {
    // The steps fall on every byte of the first, and into the middle of characters, tags and line ends of the others.
    for (file, step) in [("printer.xml", 1), ("error-child.xml", 1), ("other-namespace.xml", 5), ("non-latin.xml", 7)] {
        let report = sample(file);
        let wanted = if file.starts_with("error") { lsid() } else { lsid_in(&report) };
        let end = report.trim_end().len();
        for length in (0..end).step_by(step) {
            let cut = read_report(&report.as_bytes()[..length], &wanted);
            assert_eq!(cut, Err(ReportError::Truncated { position: length as u64 }), "{file} cut at byte {length}");
        }
    }
}

#[test]
fn source_that_fails_is_not_taken_for_a_bad_report() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let source = std::io::BufReader::new(std::io::Read::chain(&b"<session_list>"[..], Failing));
    let error = read_report(source, &lsid()).unwrap_err();
    assert_eq!(error, ReportError::Lost { position: 14, kind: std::io::ErrorKind::ConnectionReset });
    assert!(matches!(Failure::from(error), Failure::Unknown { .. }));
}

#[test]
fn failures_say_what_and_where_but_nothing_of_the_content() {
    let texts: Vec<String> =
        ["truncated.xml", "entity-bomb.xml", "undefined-entity.xml", "mismatched-tags.xml", "deep.xml", "exit-surveys.xml"]
            .into_iter()
            .map(|file| Failure::from(outcome(file).unwrap_err()).to_string())
            .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn every_sample_that_holds_a_session_is_read_whole() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/reports");
    let mut summaries = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if NO_SESSIONS.contains(&file.as_str()) || !file.ends_with(".xml") {
            continue;
        }
        let report = sample_bytes(&file);
        let wanted = lsid_in(&String::from_utf8_lossy(&report));
        let session = read_report(report.as_slice(), &wanted).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(session.replaced_characters > 0, file == "invalid-utf8.xml", "{file}");
        assert_eq!(session.omitted.events, 0, "{file}");
        summaries.push(summary(&file, &session));
    }
    summaries.sort();
    insta::assert_snapshot!(summaries.join("\n"));
}

/// Answers in the same folder that are none of a session.
const NO_SESSIONS: [&str; 16] = [
    "deep.xml",
    "empty-list.xml",
    "entity-bomb.xml",
    "error-child.xml",
    "error-no-permission.xml",
    "error-root.xml",
    "error-unfamiliar.xml",
    "error-with-attributes.xml",
    "error-without-text.xml",
    "exit-surveys.xml",
    "external-entity.xml",
    "login-failed.xml",
    "mismatched-tags.xml",
    "missing-lsid.xml",
    "truncated.xml",
    "undefined-entity.xml",
];

fn summary(file: &str, session: &SupportSession) -> String {
    format!(
        "{file}: {} {} customers={} representatives={} events={} files={} surveys={}+{} key={}",
        session.sequence.map_or("-".to_owned(), |sequence| sequence.to_string()),
        session.ended_at.map_or("-".to_owned(), |end| end.to_string()),
        session.customers.len(),
        session.representatives.len(),
        session.events.len(),
        session.events.iter().map(|event| event.files.len()).sum::<usize>(),
        session.customer_surveys.len(),
        session.representative_surveys.len(),
        session.external_key.as_deref().unwrap_or("-"),
    )
}

#[test]
fn canonical_session_is_read_element_by_element() {
    insta::assert_debug_snapshot!(outcome("printer.xml").unwrap());
}

#[test]
fn jump_session_is_read_element_by_element() {
    let report = sample("jump-unattended.xml");
    insta::assert_debug_snapshot!(read_report(report.as_bytes(), &lsid_in(&report)).unwrap());
}

#[test]
fn session_of_the_sister_product_is_read_element_by_element() {
    let report = sample("access-session.xml");
    insta::assert_debug_snapshot!(read_report(report.as_bytes(), &lsid_in(&report)).unwrap());
}

#[test]
fn every_kind_of_event_keeps_its_data() {
    let report = sample("every-event-type.xml");
    let session = read_report(report.as_bytes(), &lsid_in(&report)).unwrap();
    let lines: Vec<String> = session
        .events
        .iter()
        .map(|event| format!("{:?} body={:?} files={:?} data={:?}", event.kind, event.body, event.files, event.data))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}
