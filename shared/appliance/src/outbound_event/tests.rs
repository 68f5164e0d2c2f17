//! The samples in `events/outbound/`, the odd cases, and properties over any bytes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";

fn sample(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/outbound").join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn event(kind: EventKind, seconds: i64) -> OutboundEvent {
    OutboundEvent {
        kind,
        lsid: LSID.parse().unwrap(),
        timestamp: Some(Timestamp::from_second(seconds).unwrap()),
        external_key: None,
        member: None,
    }
}

fn end_with_key() -> OutboundEvent {
    OutboundEvent { external_key: Some("T20250318.0042".to_owned()), ..event(EventKind::SupportConferenceEnd, 1_742_304_440) }
}

#[track_caller]
fn check(body: impl AsRef<[u8]>, expected: &OutboundEvent) {
    assert_eq!(parse(body.as_ref()), Ok(Parsed::Known(expected.clone())));
}

#[track_caller]
fn check_malformed(body: impl AsRef<[u8]>, expected: Malformed) {
    assert_eq!(parse(body.as_ref()), Err(expected));
}

#[test]
fn body_that_is_no_form_is_malformed() {
    check_malformed(sample("malformed-empty.form"), Malformed::Empty);
    check_malformed(" \r\n", Malformed::Empty);
    check_malformed(sample("malformed-json.form"), Malformed::NotAForm);
    check_malformed(sample("malformed-xml.form"), Malformed::NotAForm);
    check_malformed("just some words", Malformed::NotAForm);
    check_malformed(sample("malformed-truncated.multipart"), Malformed::Multipart(MultipartDefect::CutOff));
}

#[test]
fn body_without_an_event_or_a_usable_lsid_is_malformed() {
    check_malformed(sample("malformed-no-event.form"), Malformed::NoEvent);
    check_malformed(sample("malformed-empty-event.form"), Malformed::NoEvent);
    check_malformed(sample("malformed-no-lsid.form"), Malformed::BadLsid(InvalidId::Empty));
    check_malformed(sample("malformed-empty-lsid.form"), Malformed::BadLsid(InvalidId::Empty));
    check_malformed(sample("malformed-bad-lsid.form"), Malformed::BadLsid(InvalidId::Character { position: 0 }));
    check_malformed(sample("malformed-long-lsid.form"), Malformed::BadLsid(InvalidId::TooLong { limit: 64 }));
    check_malformed("event=support_conference_end&lsid=%FF", Malformed::BadLsid(InvalidId::Character { position: 0 }));
}

#[test]
fn every_sample_parses_to_what_its_name_says() {
    use EventKind as Kind;
    let with_key = |kind, seconds| OutboundEvent { external_key: end_with_key().external_key, ..event(kind, seconds) };
    let customer = |event| OutboundEvent { member: Some(Member::Customer), ..event };
    let representative =
        |event, id: &str| OutboundEvent { member: Some(Member::Representative { user_id: Some(id.to_owned()) }), ..event };
    let joined = customer(event(Kind::SupportConferenceMemberAdded, 1_742_302_933));
    let samples = [
        ("support_conference_begin.form", event(Kind::SupportConferenceBegin, 1_742_302_931)),
        ("support_conference_owner_changed.form", event(Kind::SupportConferenceOwnerChanged, 1_742_303_026)),
        ("support_conference_owner_changed-team.form", event(Kind::SupportConferenceOwnerChanged, 1_742_302_934)),
        ("support_conference_member_added.form", representative(event(Kind::SupportConferenceMemberAdded, 1_742_303_026), "17")),
        ("support_conference_member_added-customer.form", joined.clone()),
        (
            "support_conference_member_departed.form",
            representative(event(Kind::SupportConferenceMemberDeparted, 1_742_304_031), "22"),
        ),
        (
            "support_conference_member_departed-customer.form",
            customer(with_key(Kind::SupportConferenceMemberDeparted, 1_742_304_440)),
        ),
        ("support_conference_end.form", end_with_key()),
        (
            "support_conference_customer_exit_survey_completed.form",
            with_key(Kind::SupportConferenceCustomerExitSurveyCompleted, 1_742_304_502),
        ),
        (
            "support_conference_rep_exit_survey_completed.form",
            with_key(Kind::SupportConferenceRepExitSurveyCompleted, 1_742_304_538),
        ),
        ("support_conference_end.multipart", end_with_key()),
        ("support_conference_member_added.multipart", joined.clone()),
        ("end-without-external-key.form", event(Kind::SupportConferenceEnd, 1_742_304_440)),
        ("end-without-timestamp.form", OutboundEvent { timestamp: None, ..end_with_key() }),
        ("end-custom-fields.form", end_with_key()),
        ("end-repeated-variables.form", end_with_key()),
        ("end-unknown-variables.form", end_with_key()),
        ("end-everything-encoded.form", end_with_key()),
        ("raw-utf8.form", joined.clone()),
        ("control-characters.form", joined.clone()),
        ("invalid-utf8.form", joined.clone()),
        ("broken-percent-encoding.form", joined),
    ];
    for (file, expected) in samples {
        assert_eq!(parse(&sample(file)), Ok(Parsed::Known(expected)), "{file}");
    }
}

#[test]
fn unknown_event_keeps_a_name_fit_for_counting() {
    let name = |body: &str| match parse(body.as_bytes()) {
        Ok(Parsed::Unknown { name }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(name("event=support_conference_chat_message&lsid=a"), "support_conference_chat_message");
    assert_eq!(name("event=a+b%0Ac%22%C3%A9"), "a_b_c__");
    assert_eq!(name(&format!("event={}", "x".repeat(10_000))).len(), UNKNOWN_NAME_LENGTH_MAX);
    // Names are compared exactly: what the vendor writes differently is another event.
    assert_eq!(name(&format!("event=SUPPORT_CONFERENCE_END&lsid={LSID}")), "SUPPORT_CONFERENCE_END");
}

#[test]
fn odd_timestamp_is_none_and_not_an_error() {
    for timestamp in ["", "abc", "0", "-5", "1742304440.5", "99999999999999999999", "9999999999999"] {
        let body = format!("event=support_conference_end&lsid={LSID}&timestamp={timestamp}");
        check(body, &OutboundEvent { timestamp: None, ..event(EventKind::SupportConferenceEnd, 1) });
    }
}

#[test]
fn external_key_is_a_bounded_line_or_nothing() {
    let key = |value: &str| {
        let body = format!("event=support_conference_end&lsid={LSID}&external_key={value}");
        match parse(body.as_bytes()) {
            Ok(Parsed::Known(event)) => event.external_key,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(key(""), None);
    assert_eq!(key("+%0D%0A+"), None);
    assert_eq!(key("+T1%00%1B2+").as_deref(), Some("T12"));
    assert_eq!(key("%FFx").as_deref(), Some("\u{FFFD}x"));
    assert_eq!(key(&"k".repeat(5000)).unwrap().len(), EXTERNAL_KEY_LENGTH_MAX);
}

#[test]
fn line_end_after_the_form_does_not_belong_to_the_last_variable() {
    check(
        format!("event=support_conference_end&timestamp=1742304440&external_key=T20250318.0042&lsid={LSID}\r\n"),
        &end_with_key(),
    );
}

#[test]
fn variables_past_the_bound_are_ignored() {
    let padding = "x=1&".repeat(VARIABLES_MAX);
    check_malformed(format!("{padding}event=support_conference_end&lsid={LSID}"), Malformed::NoEvent);
    check(
        format!("event=support_conference_begin&lsid={LSID}&timestamp=5&{padding}external_key=K"),
        &event(EventKind::SupportConferenceBegin, 5),
    );
}

#[test]
fn member_is_told_only_for_member_events_and_known_types() {
    let member = |name: &str, rest: &str| match parse(format!("event={name}&lsid={LSID}{rest}").as_bytes()) {
        Ok(Parsed::Known(event)) => event.member,
        other => panic!("{other:?}"),
    };
    assert_eq!(member("support_conference_end", "&type=customer"), None);
    assert_eq!(member("support_conference_member_added", ""), None);
    assert_eq!(member("support_conference_member_added", "&type=robot"), None);
    assert_eq!(
        member("support_conference_member_added", "&type=representative&user_id="),
        Some(Member::Representative { user_id: None })
    );
}

#[test]
fn multipart_is_read_in_the_shapes_that_clients_write() {
    let quoted = "--b-1\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=\"event\"\r\n\r\nsupport_conference_end\r\n\
                  --b-1\r\nContent-Disposition: form-data; name=lsid\r\n\r\n7d1f0c52a9be4e6f8a3b90d4c6e21f57\r\n\
                  --b-1\r\nContent-Disposition: form-data; name=\"external_key\"\r\n\r\n\r\n\
                  --b-1\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n--b-12\r\nnot a delimiter\r\n--b-1--\r\n";
    let expected = OutboundEvent { timestamp: None, ..event(EventKind::SupportConferenceEnd, 1) };
    check(quoted, &expected);
    check(quoted.replace("\r\n", "\n"), &expected);
    check_malformed(
        quoted.replace("name=\"event\"\r\n\r\n", "name=\"event\"\r\n"),
        Malformed::Multipart(MultipartDefect::NoBlankLine),
    );
}

#[test]
fn multipart_cut_anywhere_is_never_half_an_event() {
    let whole = sample("support_conference_end.multipart");
    let end = whole.trim_ascii_end().len();
    for length in 0..end - 1 {
        assert!(parse(&whole[..length]).is_err(), "cut at byte {length}");
    }
}

fn any_event() -> impl Strategy<Value = OutboundEvent> {
    let text = |length| {
        proptest::option::of(proptest::string::string_regex(&format!("[^\\s\\pC](\\PC{{0,{length}}}[^\\s\\pC])?")).unwrap())
    };
    (0..EventKind::ALL.len(), "[0-9A-Za-z_-]{1,64}", proptest::option::of(1_i64..4_000_000_000), text(40), text(10), 0..3_u8)
        .prop_map(|(kind, lsid, seconds, external_key, user_id, member)| {
            let kind = EventKind::ALL[kind];
            let is_member = name_is_member(kind);
            OutboundEvent {
                kind,
                lsid: lsid.parse().unwrap(),
                timestamp: seconds.map(|seconds| Timestamp::from_second(seconds).unwrap()),
                external_key,
                member: match member {
                    0 if is_member => Some(Member::Customer),
                    1 if is_member => Some(Member::Representative { user_id }),
                    _ => None,
                },
            }
        })
}

fn name_is_member(kind: EventKind) -> bool {
    kind.name().contains("_member_")
}

proptest! {
    #[test]
    fn any_bytes_have_an_outcome(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn anything_like_a_form_or_multipart_has_an_outcome(text in "(--b\r?\n)?((Content-Disposition: form-data; name=|event=|lsid=|&|%|=|\"|;|--b|--|\r?\n|support_conference_end|a){0,40})") {
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn encoded_event_parses_to_itself_and_is_ascii(event in any_event()) {
        let body = encode(&event);
        prop_assert!(body.is_ascii());
        prop_assert_eq!(parse(body.as_bytes()), Ok(Parsed::Known(event)));
    }

    #[test]
    fn unknown_name_is_always_fit_for_a_log_line(name in "\\PC{1,200}") {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("event", &name).finish();
        if let Ok(Parsed::Unknown { name }) = parse(body.as_bytes()) {
            prop_assert!(!name.is_empty() && name.len() <= UNKNOWN_NAME_LENGTH_MAX);
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)));
        }
    }
}
