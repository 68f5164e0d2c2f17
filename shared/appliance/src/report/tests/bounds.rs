//! What is refused for its size, and what is left out of a session that has too much of one thing.

use std::io::{BufReader, Read};

use super::super::{ATTRIBUTES_MAX, DEPTH_MAX, Limit, NAME_BYTES_MAX, TOKEN_BYTES_MAX, TOTAL_BYTES_MAX};
use super::*;

fn over(document: &str) -> Option<Limit> {
    match read(document) {
        Err(ReportError::OverLimit { limit, .. }) => Some(limit),
        Ok(_) => None,
        Err(other) => panic!("{other:?}"),
    }
}

fn event(kind: &str, body: &str) -> String {
    format!(
        "<event timestamp=\"5\" event_type=\"{kind}\"><performed_by type=\"customer\" gsnumber=\"1\">A</performed_by><body>{body}</body></event>"
    )
}

fn details(events: &[String]) -> String {
    format!("<session_details>{}</session_details>", events.concat())
}

#[test]
fn nesting_names_and_attributes_are_bounded() {
    let nested = |depth: usize| report_of(&format!("{}{}", "<x>".repeat(depth), "</x>".repeat(depth)));
    assert_eq!(over(&nested(DEPTH_MAX - 2)), None);
    assert_eq!(over(&nested(DEPTH_MAX - 1)), Some(Limit::Depth));
    assert!(matches!(read(&sample("deep.xml")), Err(ReportError::OverLimit { limit: Limit::Depth, .. })));

    let named = |length: usize| report_of(&format!("<{}/>", "n".repeat(length)));
    assert_eq!(over(&named(NAME_BYTES_MAX)), None);
    assert_eq!(over(&named(NAME_BYTES_MAX + 1)), Some(Limit::NameBytes));

    let attributed = |count: usize| {
        let attributes: String = (0..count).map(|number| format!(" a{number}=\"\"")).collect();
        report_of(&format!("<session_details><event{attributes}/></session_details>"))
    };
    assert_eq!(over(&attributed(ATTRIBUTES_MAX)), None);
    assert_eq!(over(&attributed(ATTRIBUTES_MAX + 1)), Some(Limit::Attributes));
}

#[test]
fn one_text_tag_or_comment_is_bounded() {
    let size = usize::try_from(TOKEN_BYTES_MAX).unwrap();
    assert_eq!(over(&report_of(&"x".repeat(size - 100))), None);
    for large in [
        format!("<public_site>{}</public_site>", "x".repeat(size + 1)),
        format!("<a b=\"{}\"/>", "x".repeat(size)),
        format!("<!--{}-->", " ".repeat(size)),
    ] {
        assert_eq!(over(&report_of(&large)), Some(Limit::TokenBytes));
    }
}

#[test]
fn endless_answer_ends_at_the_bound() {
    let endless = std::io::repeat(b' ').take(10_000_000_000);
    let blanks_between_tags = BufReader::with_capacity(1 << 20, b"<session_list>".chain(endless));
    assert!(matches!(read_report(blanks_between_tags, &lsid()), Err(ReportError::OverLimit { limit: Limit::TokenBytes, .. })));

    /// `<a>`, a MiB of blanks, `</a>`, and again.
    struct Tags {
        piece: Vec<u8>,
        position: usize,
    }
    impl Read for Tags {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let bytes = (&self.piece[self.position..]).read(buffer)?;
            self.position = (self.position + bytes) % self.piece.len();
            Ok(bytes)
        }
    }
    let tags = Tags { piece: format!("<a>{}</a>", " ".repeat(1 << 20)).into_bytes(), position: 0 };
    let endless_tags = BufReader::with_capacity(1 << 20, b"<session_list>".chain(tags));
    let error = read_report(endless_tags, &lsid()).unwrap_err();
    assert_eq!(error, ReportError::OverLimit { limit: Limit::TotalBytes, position: TOTAL_BYTES_MAX });
}

#[test]
fn noise_does_not_push_out_the_chat() {
    let mut events = vec![event("Session Foreground Window Changed", "x"); 20_000];
    events.push(event("Chat Message", "hello"));
    events.push(event("Registry Key Added", "key"));
    let session = session_of(&details(&events));
    assert!(session.omitted.events > 10_000);
    assert_eq!(session.events.len() as u64 + session.omitted.events, 20_002);
    let bodies: Vec<_> = session.events.iter().rev().take(2).map(|event| event.body.as_deref().unwrap()).collect();
    assert_eq!(bodies, ["key", "hello"]);
}

#[test]
fn flood_of_chat_is_cut_and_leaves_room_for_notes_departures_and_surveys() {
    let mut events = vec![event("Chat Message", &"é".repeat(100_000)); 60];
    events.push(event("Session Note Added", "done"));
    events.push(event("Conference Member Departed", ""));
    let session = session_of(&format!(
        "{}<rep_survey_list><rep_exit_survey gsnumber=\"2\"><value name=\"q\" value=\"a\"/></rep_exit_survey></rep_survey_list>",
        details(&events)
    ));
    let chat: usize = session.events.iter().filter_map(|event| event.body.as_deref()).map(str::len).sum();
    assert!((7_500_000..=8 * 1024 * 1024).contains(&chat), "{chat}");
    // One is cut, those after it are left out.
    assert_eq!(session.omitted.events, 60 - chat as u64 / 200_000);
    let last: Vec<_> = session.events.iter().rev().take(2).map(|event| (&event.kind, event.body.as_deref())).collect();
    use session::support_session::SessionEventKind as Kind;
    assert_eq!(last, [(&Kind::MemberDeparted, None), (&Kind::SessionNoteAdded, Some("done"))]);
    assert_eq!(session.representative_surveys.len(), 1);
}

#[test]
fn long_encoded_body_is_cut_between_characters() {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode("ü".repeat(800_000));
    let note = |encoded: &str| format!("<event event_type=\"Session Note Added\"><encoded_body>{encoded}</encoded_body></event>");
    let session = session_of(&details(&[note(&encoded), note(&encoded), note(&encoded)]));
    let lengths: Vec<_> = session.events.iter().map(|event| event.body.as_deref().map_or(0, str::len)).collect();
    assert_eq!(lengths[0], 1_600_000);
    assert!((400_000..500_000).contains(&lengths[1]), "{lengths:?}");
    assert!(session.events[1].body.as_deref().unwrap().chars().all(|character| character == 'ü'));
    assert_eq!((session.omitted.events, session.replaced_characters), (2, 0));
}

#[test]
fn flood_of_small_things_is_bounded_by_what_it_takes_in_memory() {
    let fields = "<field id=\"f\">1</field>".repeat(60_000);
    let information = format!(
        "<event event_type=\"System Information Retrieved\"><system_information><category name=\"c\"><data><row>{fields}</row></data></category></system_information></event>"
    );
    let values = "<value name=\"n\" value=\"v\"/>".repeat(60_000);
    let data = format!("<event event_type=\"File Deleted\"><data>{values}</data></event>");
    let session = session_of(&details(&[information, data]));
    assert!(session.events[0].system_information[0].rows[0].len() < 20_000);
    assert!(session.events[1].data.len() < 40_000);
    assert_eq!(session.omitted.events, 2);
}

#[test]
fn flood_of_participants_is_bounded() {
    let session =
        session_of(&format!("<customer_list>{}</customer_list>", "<customer><username>A</username></customer>".repeat(50_000)));
    assert!(session.customers.len() < 10_000);
    assert_eq!(session.omitted.events, 1);
}

#[test]
fn flood_of_empty_surveys_is_bounded_by_what_it_takes_in_memory() {
    let session = session_of(&format!("<cust_survey_list>{}</cust_survey_list>", "<cust_exit_survey/>".repeat(200_000)));
    assert!((1..50_000).contains(&session.customer_surveys.len()), "{}", session.customer_surveys.len());
}

#[test]
fn flood_of_foreign_bytes_is_bounded_as_the_text_that_it_becomes() {
    let size = usize::try_from(TOKEN_BYTES_MAX).unwrap();
    let document = |bytes: usize| {
        let flood = vec![0xFF; bytes];
        [b"<session_list><session lsid=\"a\"><public_site>", flood.as_slice(), b"</public_site></session></session_list>"]
            .concat()
    };
    let wanted = "a".parse().unwrap();
    let session = read_report(document(size / 3).as_slice(), &wanted).unwrap();
    assert_eq!(session.replaced_characters as usize, size / 3);
    let over = read_report(document(size / 3 + 1).as_slice(), &wanted);
    assert!(matches!(over, Err(ReportError::OverLimit { limit: Limit::TokenBytes, .. })), "{over:?}");
}
