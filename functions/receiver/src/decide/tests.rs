//! The table of answers, row by row, with the bodies in `events/outbound`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use proptest::prelude::*;
use queue::group_id;

use super::*;
use crate::access::TokenHash;
use crate::body::decoded;

const TOKEN: &str = "local-token-default";
const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";

fn now() -> Timestamp {
    "2025-03-18T13:27:21Z".parse().unwrap()
}

fn access() -> Access {
    Access {
        appliances: [ApplianceId::default()].into(),
        tokens: vec![(ApplianceId::default(), TokenHash::of(TOKEN.as_bytes()))],
        networks: Vec::new(),
    }
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/outbound").join(name)).unwrap()
}

/// An authentic call with that body.
fn call(body: &[u8]) -> Call<'_> {
    Call {
        method: "POST",
        path: PATH,
        query: "appliance=default&outbound_event_token=local-token-default",
        source: None,
        content_type: Some("application/x-www-form-urlencoded"),
        body: Body::Plain(body),
    }
}

fn decide_body(body: &[u8]) -> Decision {
    decide(&call(body), &access(), now())
}

#[track_caller]
fn check_quarantined(body: &[u8], cause: &str) -> QuarantinedBody {
    match decide_body(body) {
        Decision::Quarantine(quarantined) => {
            assert_eq!(quarantined.reason.cause(), cause);
            quarantined
        }
        other => panic!("not quarantined: {other:?}"),
    }
}

#[track_caller]
fn check_queued(body: &[u8]) -> QueuedEvent {
    match decide_body(body) {
        Decision::Queue(event) => event,
        other => panic!("not queued: {other:?}"),
    }
}

const STRANGER: &str = "appliance=default&outbound_event_token=wrong";

#[test]
fn other_path_is_not_found_whatever_else_is_right() {
    let body = sample("support_conference_end.form");
    for path in ["", "/", "//", "ERSPost", "/ERSPost/x", "/x/ERSPost", "/ERS/Post", "/%45RSPost", "/x/../ERSPost", "/favicon.ico"]
    {
        let call = Call { path, ..call(&body) };
        let authentic = Decision::NotFound { appliance: Some(ApplianceId::default()) };
        assert_eq!(decide(&call, &access(), now()), authentic, "{path}");
        let of_a_stranger = Call { query: STRANGER, ..call };
        assert_eq!(decide(&of_a_stranger, &access(), now()), Decision::NotFound { appliance: None }, "{path}");
    }
}

#[test]
fn other_method_is_not_allowed_whatever_else_is_right() {
    let body = sample("support_conference_end.form");
    for method in ["GET", "HEAD", "PUT", "OPTIONS", "post", ""] {
        let call = Call { method, ..call(&body) };
        let authentic = Decision::MethodNotAllowed { appliance: Some(ApplianceId::default()) };
        assert_eq!(decide(&call, &access(), now()), authentic, "{method}");
        let of_a_stranger = Call { query: STRANGER, ..call };
        assert_eq!(decide(&of_a_stranger, &access(), now()), Decision::MethodNotAllowed { appliance: None }, "{method}");
    }
}

#[test]
fn path_is_taken_in_any_case_and_with_any_slashes_around_it() {
    let body = sample("support_conference_end.form");
    for path in ["/ERSPost", "/erspost", "/ERSPOST", "/ERSPost/", "//ERSPost", "//erspost//"] {
        assert!(matches!(decide(&Call { path, ..call(&body) }, &access(), now()), Decision::Queue(_)), "{path}");
    }
}

#[test]
fn stranger_is_refused_before_anything_looks_at_the_body() {
    let long = vec![b'x'; BODY_BYTES_MAX + 1];
    for body in [&b""[..], b"{}", b"event=nothing_we_know", &sample("support_conference_end.form"), &long] {
        for body in [Body::Plain(body), Body::Base64(body)] {
            let decision = decide(&Call { query: STRANGER, body, ..call(b"") }, &access(), now());
            assert_eq!(decision, Decision::Refuse(Refusal::WrongToken(ApplianceId::default())));
        }
    }
}

#[test]
fn body_is_decoded_for_nobody_but_an_authentic_post_to_our_path() {
    let six_megabytes = "eHh4".repeat(6 * 1024 * 1024 / 4);
    let body = Body::Base64(six_megabytes.as_bytes());
    let decoded = |call: Call<'_>| decoded::during(|| drop(decide(&call, &access(), now())));
    assert_eq!(decoded(Call { query: STRANGER, body, ..call(b"") }), 0);
    assert_eq!(decoded(Call { query: "", body, ..call(b"") }), 0);
    assert_eq!(decoded(Call { path: "/", body, ..call(b"") }), 0);
    assert_eq!(decoded(Call { method: "PUT", body, ..call(b"") }), 0);
    assert_eq!(decoded(Call { body, ..call(b"") }), 1);
}

#[test]
fn each_of_the_seven_events_is_queued_with_its_raw_body() {
    for kind in EventKind::ALL {
        let body = sample(&format!("{}.form", kind.name()));
        let event = check_queued(&body);
        assert_eq!((event.kind, event.lsid.as_str()), (kind, LSID));
        let expected =
            QueueMessage { appliance: ApplianceId::default(), received_at: now(), origin: Origin::Event, body: body.clone() };
        assert_eq!(event.message, expected);
        assert_eq!(group_id(&event.message.appliance, &event.lsid), format!("default:{LSID}"));
    }
}

#[test]
fn odd_but_readable_bodies_are_queued() {
    for name in [
        "end-custom-fields.form",
        "end-everything-encoded.form",
        "end-repeated-variables.form",
        "end-unknown-variables.form",
        "end-without-external-key.form",
        "end-without-timestamp.form",
        "raw-utf8.form",
        "non-latin-name.form",
        "invalid-utf8.form",
        "control-characters.form",
        "broken-percent-encoding.form",
        "support_conference_end.multipart",
        "support_conference_member_added.multipart",
    ] {
        let body = sample(name);
        assert_eq!(check_queued(&body).message.body, body, "{name}");
    }
}

#[test]
fn unknown_event_is_ignored_by_name() {
    let Decision::Ignore { appliance, name } = decide_body(&sample("unknown-event.form")) else { panic!("not ignored") };
    assert_eq!(appliance, ApplianceId::default());
    assert!(name.starts_with("support_conference_"), "{name}");
    let Decision::Ignore { name, .. } = decide_body(b"event=%0a%22evil%22&lsid=x") else { panic!("not ignored") };
    assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
}

#[test]
fn malformed_bodies_are_put_aside_whole_with_their_reason() {
    for (name, cause) in [
        ("malformed-empty.form", "empty"),
        ("malformed-json.form", "not_a_form"),
        ("malformed-xml.form", "not_a_form"),
        ("malformed-no-event.form", "no_event"),
        ("malformed-empty-event.form", "no_event"),
        ("malformed-no-lsid.form", "bad_lsid"),
        ("malformed-empty-lsid.form", "bad_lsid"),
        ("malformed-bad-lsid.form", "bad_lsid"),
        ("malformed-long-lsid.form", "bad_lsid"),
        ("malformed-truncated.multipart", "bad_multipart"),
    ] {
        let body = sample(name);
        let quarantined = check_quarantined(&body, cause);
        assert_eq!((quarantined.message.body.len(), quarantined.full_length), (body.len(), body.len()), "{name}");
    }
}

#[test]
fn body_at_the_limit_is_read_and_one_byte_more_is_put_aside() {
    let mut body = format!("event=support_conference_end&lsid={LSID}&x=").into_bytes();
    body.resize(BODY_BYTES_MAX, b'x');
    assert_eq!(check_queued(&body).message.body, body);
    body.push(b'x');
    check_quarantined(&body, "too_long");
}

#[test]
fn body_of_6_mb_is_put_aside_with_its_first_128_kib_and_its_full_length() {
    let mut body = sample("support_conference_end.form");
    body.resize(6 * 1024 * 1024, 0);
    let quarantined = check_quarantined(&body, "too_long");
    assert_eq!(quarantined.full_length, body.len());
    assert_eq!(quarantined.message.body, body[..BODY_BYTES_MAX]);
    // With base64 around it, it still fits: SQS takes 1 MiB.
    assert!(quarantined.to_quarantined().to_json().len() < 256 * 1024);
}

#[test]
fn undecodable_body_is_put_aside_even_if_its_text_reads_like_an_event() {
    let body = sample("support_conference_end.form");
    let decision = decide(&Call { body: Body::Base64(&body), ..call(b"") }, &access(), now());
    let Decision::Quarantine(quarantined) = decision else { panic!("not quarantined: {decision:?}") };
    assert_eq!((quarantined.reason, quarantined.message.body), (Reason::Undecodable(Undecodable), body));
}

#[test]
fn quarantine_message_can_be_read_by_a_person_and_replayed_as_a_queue_message() {
    let quarantined = check_quarantined(&sample("malformed-no-event.form"), "no_event");
    let json = quarantined.to_quarantined().to_json();
    assert_eq!(QueueMessage::from_json(&json).unwrap(), quarantined.message);
    insta::assert_snapshot!(json);
}

#[test]
fn quarantine_message_of_foreign_bytes_is_plain_ascii() {
    let body = [&b"\0\x07\xff"[..], "Jörg".as_bytes()].concat();
    let quarantined = check_quarantined(&body, "not_a_form");
    assert!(quarantined.to_quarantined().to_json().is_ascii());
    assert_eq!(QueueMessage::from_json(&quarantined.to_quarantined().to_json()).unwrap().body, body);
}

/// Bodies that come close to a form, so that the deeper branches are reached too.
fn form_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"event=".to_vec()),
        Just(b"support_conference_end".to_vec()),
        Just(b"&lsid=".to_vec()),
        Just(b"&".to_vec()),
        Just(b"=".to_vec()),
        Just(b"--b\r\n".to_vec()),
        Just(b"Content-Disposition: form-data; name=\"event\"".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"%".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_an_authentic_caller_posts_is_stored_or_known_to_be_nothing(body in prop_oneof![form_like(), any::<Vec<u8>>()]) {
        match decide_body(&body) {
            Decision::Queue(event) => prop_assert_eq!(event.message.body, body),
            Decision::Quarantine(quarantined) => {
                prop_assert_eq!(&quarantined.message.body, &body);
                prop_assert_eq!(QueueMessage::from_json(&quarantined.to_quarantined().to_json()).unwrap().body, body);
            }
            Decision::Ignore { name, .. } => prop_assert!(!name.is_empty()),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn whatever_a_stranger_sends_gets_one_of_three_answers(
        method in "POST|GET|.*", path in "/ERSPost|/.*|.*", query in ".*", body: Vec<u8>,
    ) {
        let call = Call { method: &method, path: &path, query: &query, body: Body::Plain(&body), ..call(b"") };
        let decision = decide(&call, &access(), now());
        prop_assert!(
            matches!(
                decision,
                Decision::NotFound { appliance: None } | Decision::MethodNotAllowed { appliance: None } | Decision::Refuse(_)
            ),
            "{decision:?}"
        );
    }
}
