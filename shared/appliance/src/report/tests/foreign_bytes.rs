//! Bytes that are not UTF-8: a letter is lost and counted, never the session, and the pieces in which they arrive do not matter.

use proptest::prelude::*;

use super::properties::read_in_pieces;
use super::*;

/// What takes the place of bytes that are no character.
const REPLACEMENT: char = '\u{FFFD}';

/// A report of the wanted session with those bytes in the chat.
fn chat(bytes: &[u8]) -> Vec<u8> {
    let report = report_of("<session_details><event event_type=\"Chat Message\"><body>a@b</body></event></session_details>");
    with(&report, bytes)
}

/// The report with those bytes in the place of its `@`.
fn with(report: &str, bytes: &[u8]) -> Vec<u8> {
    let (before, after) = report.split_once('@').unwrap();
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

fn read_bytes(report: &[u8]) -> SupportSession {
    read_report(report, &lsid()).unwrap()
}

#[test]
fn name_that_was_cut_within_a_character_costs_one_letter_and_not_the_session() {
    let report = sample_bytes("invalid-utf8.xml");
    let mut session = read_bytes(&report);
    assert_eq!(session.primary_customer.as_ref().unwrap().name, "J\u{FFFD}rg Müller <Lab 2>");
    assert_eq!(session.replaced_characters, 1);
    let whole = read(&sample("printer.xml")).unwrap();
    session.primary_customer.clone_from(&whole.primary_customer);
    assert_eq!(session, SupportSession { replaced_characters: 1, ..whole });
}

#[test]
fn each_sequence_that_is_no_character_becomes_one_replacement() {
    for (bytes, expected, count) in [
        (&b"\xFC"[..], "a\u{FFFD}b", 1),
        (b"\xFF\xFE", "a\u{FFFD}\u{FFFD}b", 2),
        (b"\xE2\x82", "a\u{FFFD}b", 1),
        (b"\xF0\x9F\x96", "a\u{FFFD}b", 1),
        (b"\xE2\x28\xA1", "a\u{FFFD}(\u{FFFD}b", 2),
        (b"\xC3\xC3\xBC", "a\u{FFFD}üb", 1),
        (b"\xED\xA0\x80", "a\u{FFFD}\u{FFFD}\u{FFFD}b", 3),
        ("\u{FFFD}".as_bytes(), "a\u{FFFD}b", 0),
    ] {
        let session = read_bytes(&chat(bytes));
        assert_eq!(session.events[0].body.as_deref(), Some(expected), "{bytes:?}");
        assert_eq!(session.replaced_characters, count, "{bytes:?}");
    }
}

#[test]
fn attributes_references_sections_and_skipped_parts_may_hold_them() {
    let attribute = report_of(
        "<cust_survey_list><cust_exit_survey><value name=\"q\" value=\"5&amp;@\"/></cust_exit_survey></cust_survey_list>",
    );
    let session = read_bytes(&with(&attribute, b"\xFC"));
    assert_eq!(session.customer_surveys[0].answers, [("q".to_owned(), "5&\u{FFFD}".to_owned())]);
    let section = report_of("<public_site><![CDATA[@]]>&lt;</public_site>");
    assert_eq!(read_bytes(&with(&section, b"\xFC")).public_site.as_deref(), Some("\u{FFFD}<"));
    for skipped in ["<future a=\"@\">x</future>", "<future>@</future>", "<!-- @ -->", "<?x @?>", "@"] {
        let session = read_bytes(&with(&report_of(skipped), b"\xFC"));
        assert_eq!(session, SupportSession { replaced_characters: 1, ..SupportSession::empty(lsid()) }, "{skipped}");
    }
}

#[test]
fn broken_markup_stays_malformed_beside_them() {
    for broken in ["<body@></body>", "<lseq>&@;</lseq>", "<start_time timestamp=@></start_time>"] {
        let outcome = read_report(with(&report_of(broken), b"\xFC").as_slice(), &lsid());
        assert!(outcome.is_err(), "{broken}: {outcome:?}");
    }
    let latin = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><session_list>@</session_list>";
    let outcome = read_report(with(latin, b"\xFC").as_slice(), &lsid());
    assert!(matches!(outcome, Err(ReportError::Malformed { what: "an encoding other than UTF-8", .. })), "{outcome:?}");
    let outcome = read_report(b"\xFF\xFE<\0a\0>\0".as_slice(), &lsid());
    assert!(matches!(outcome, Err(ReportError::Foreign { .. })), "{outcome:?}");
}

#[test]
fn answer_that_ends_within_a_character_is_cut_off_and_says_where() {
    for cut in [&b"<session_list>\xE2"[..], b"<session_list>\xE2\x82", b"<session_list>\xFF\xF0\x9F"] {
        assert_eq!(read_report(cut, &lsid()), Err(ReportError::Truncated { position: cut.len() as u64 }));
    }
}

#[test]
fn size_of_the_pieces_does_not_matter_to_what_is_replaced() {
    let invalid = sample_bytes("invalid-utf8.xml");
    let mut mixed = Vec::new();
    for (index, byte) in sample_bytes("non-latin.xml").into_iter().enumerate() {
        // Every ninth byte that is part of a longer character is spoilt.
        mixed.push(if index % 9 == 0 && byte >= 0x80 { 0xFF } else { byte });
    }
    let non_latin = lsid_in(&sample("non-latin.xml"));
    for (report, wanted) in [(invalid, lsid()), (mixed, non_latin)] {
        let whole = read_report(report.as_slice(), &wanted);
        assert!(whole.as_ref().is_ok_and(|session| session.replaced_characters > 0), "{whole:?}");
        for size in 1..=64 {
            assert_eq!(read_in_pieces(&report, &wanted, size), whole, "in pieces of {size}");
        }
    }
}

proptest! {
    #[test]
    fn what_becomes_of_any_bytes_is_what_every_decoder_makes_of_them(bytes in "[a ü€\u{1F5A8}]{0,4}".prop_map(String::into_bytes), noise in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), size in 1..9_usize) {
        let mut bytes = bytes;
        for (position, byte) in noise {
            // Not what would be markup or white space around the text.
            if byte >= 0x80 {
                bytes.insert(position.index(bytes.len() + 1), byte);
            }
        }
        let report = chat(&bytes);
        let whole = read_bytes(&report);
        let expected = format!("a{}b", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(whole.events[0].body.as_deref(), Some(&*expected));
        prop_assert_eq!(whole.replaced_characters as usize, expected.matches(REPLACEMENT).count());
        prop_assert_eq!(read_in_pieces(&report, &lsid(), size).unwrap(), whole);
    }

    #[test]
    fn report_with_any_bytes_put_in_is_read_the_same_in_any_pieces(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        size in 1..40_usize,
    ) {
        let mut report = sample_bytes("non-latin.xml");
        let wanted = lsid_in(&sample("non-latin.xml"));
        for (position, byte) in changes {
            let position = position.index(report.len());
            report[position] = byte;
        }
        let whole = read_report(report.as_slice(), &wanted);
        prop_assert_eq!(read_in_pieces(&report, &wanted, size), whole);
    }
}
