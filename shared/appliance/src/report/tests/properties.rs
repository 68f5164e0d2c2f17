//! Any bytes have an outcome, and the two ways of reading have the same.

use proptest::prelude::*;
use tokio::io::BufReader;

use super::*;
use crate::report::read_report_async;

/// Reads as if the bytes came from a network in pieces of that size.
pub(super) fn read_in_pieces(report: &[u8], wanted: &Lsid, size: usize) -> Result<SupportSession, ReportError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(read_report_async(BufReader::with_capacity(size, report), wanted))
}

#[test]
fn size_of_the_pieces_does_not_matter() {
    for file in
        ["printer.xml", "empty-surveys.xml", "non-latin.xml", "entity-bomb.xml", "truncated.xml", "error-with-attributes.xml"]
    {
        let report = format!("\u{FEFF}{}", sample(file));
        let wanted = if file == "non-latin.xml" { lsid_in(&report) } else { lsid() };
        let whole = read_report(report.as_bytes(), &wanted);
        for size in [1, 2, 3, 7, 64, 4096] {
            assert_eq!(read_in_pieces(report.as_bytes(), &wanted, size), whole, "{file} in pieces of {size}");
        }
    }
}

/// Texts that are more likely to get far than any bytes.
fn almost_a_report() -> impl Strategy<Value = String> {
    let pieces = "(<session_list>|</session_list>|<session lsid=\"a\">|</session>|<session_details>|</session_details>|<event|<event event_type=\"Chat Message\">|</event>|\
                  <body>|</body>|<encoded_body>|</encoded_body>|<data>|</data>|<value name=\"filename\" value=\"b\"/>|<error>|</error>|<!\\[CDATA\\[|\\]\\]>|<!--|-->|<!DOCTYPE a \\[|\\]|\
                  <\\?xml|\\?>|&amp;|&#9;|&x;|&|;|>|<|/>|\"|=| |x|é|YQ==){0,40}";
    proptest::string::string_regex(pieces).unwrap()
}

proptest! {
    #[test]
    fn any_bytes_have_an_outcome(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read_report(bytes.as_slice(), &lsid()).is_err());
    }

    #[test]
    fn anything_like_a_report_has_an_outcome(text in almost_a_report()) {
        let wanted = "a".parse().unwrap();
        let whole = read_report(text.as_bytes(), &wanted);
        prop_assert_eq!(read_in_pieces(text.as_bytes(), &wanted, 5), whole);
    }

    #[test]
    fn report_with_a_few_bytes_changed_has_an_outcome(changes in proptest::collection::vec((0_usize..8000, any::<u8>()), 1..4)) {
        let mut bytes = sample("printer.xml").into_bytes();
        for (position, byte) in changes {
            bytes[position] = byte;
        }
        if let Ok(session) = read_report(bytes.as_slice(), &lsid()) {
            prop_assert_eq!(session.lsid, lsid());
        }
    }

    #[test]
    fn any_text_survives_its_way_through_xml(text in "\\PC{0,60}") {
        let escaped = quick_xml::escape::escape(text.as_str());
        let session = read(&report_of(&format!("<session_details><event><body>{escaped}</body></event></session_details>"))).unwrap();
        let expected = text.trim();
        prop_assert_eq!(session.events[0].body.as_deref(), (!expected.is_empty()).then_some(expected));
    }
}

/// What the tokeniser's own iterator finds.
fn attributes_of_the_tokeniser(tag: &str) -> Option<[Option<String>; 2]> {
    let tag = quick_xml::events::BytesStart::from_content(tag, 1);
    let mut values = [None, None];
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.ok()?;
        let (name, prefix) = attribute.key.decompose();
        let index = ["name", "id"].iter().position(|wanted| *wanted == name.as_ref());
        let index = index.filter(|index| values[*index].is_none() && prefix.is_none_or(|prefix| prefix.as_ref() != "xmlns"));
        if let Some(index) = index {
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?;
            values[index] = Some(value.into_owned());
        }
    }
    Some(values)
}

proptest! {
    #[test]
    fn attributes_are_those_that_the_tokeniser_finds(attributes in "(( |\t|\r\n){0,2}(a:|xmlns:|:)?(name|id|x)?( |\n)?=?( )?(\"|')(v|&lt;|&x;|\t|é|=|:|'){0,3}(\"|'|)){0,4}") {
        let tag = format!("e {attributes}");
        let found = crate::report::attributes::values(&tag[1..], ["name", "id"]).ok();
        let found = found.map(|values| values.map(|value| value.map(std::borrow::Cow::into_owned)));
        prop_assert_eq!(found, attributes_of_the_tokeniser(&tag));
    }
}
