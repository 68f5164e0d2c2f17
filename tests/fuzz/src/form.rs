//! The form that the appliance posts. Promised: any bytes are an event, an event of an unknown kind, or malformed; what is kept of
//! them is bounded and printable; of a repeated variable the first counts; and what we would post of an event ourselves is read
//! as the same event.

use appliance::outbound_event::{EXTERNAL_KEY_LENGTH_MAX, Parsed, UNKNOWN_NAME_LENGTH_MAX, USER_ID_LENGTH_MAX, encode, parse};
use session::OutboundEvent;
use session::event::Member;

use crate::{KIB, MIB, Samples, Target};

/// See the head of this file.
pub const TARGET: Target = Target {
    name: "form",
    run,
    seeds,
    words: WORDS,
    // Longer ones only repeat what is in here: the receiver takes 128 KiB.
    input_bytes_max: 4 * KIB,
    memory_bytes_max: MIB,
};

pub(crate) const WORDS: &[&str] = &[
    "event=",
    "&timestamp=",
    "&lsid=",
    "&external_key=",
    "&type=",
    "&user_id=",
    "customer",
    "representative",
    "support_conference_begin",
    "support_conference_end",
    "support_conference_owner_changed",
    "support_conference_member_added",
    "support_conference_member_departed",
    "support_conference_customer_exit_survey_completed",
    "support_conference_rep_exit_survey_completed",
    "%00",
    "%FF",
    "%EF%BB%BF",
];

/// Reads the bytes as a body.
pub fn run(body: &[u8]) {
    match parse(body) {
        Ok(Parsed::Known(event)) => check_event(body, &event),
        Ok(Parsed::Unknown { name }) => {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
            assert!(
                !name.is_empty() && name.len() <= UNKNOWN_NAME_LENGTH_MAX && name.bytes().all(is_allowed),
                "name of an event"
            );
        }
        Err(_) => {}
    }
}

fn check_event(body: &[u8], event: &OutboundEvent) {
    if let Some(key) = &event.external_key {
        check_hint(key, EXTERNAL_KEY_LENGTH_MAX);
    }
    if let Some(Member::Representative { user_id: Some(id) }) = &event.member {
        check_hint(id, USER_ID_LENGTH_MAX);
    }
    let read_as = |body: &[u8]| match parse(body) {
        Ok(Parsed::Known(event)) => event,
        other => panic!("no longer an event: {other:?}"),
    };
    assert_eq!(read_as(encode(event).as_bytes()), *event, "what we would post ourselves");
    let is_form = !body.trim_ascii().starts_with(b"--");
    if is_form {
        let repeated = [body.trim_ascii(), b"&event=other&lsid=-&timestamp=7&type=customer&user_id=9"].concat();
        let again = read_as(&repeated);
        assert_eq!((again.kind, &again.lsid), (event.kind, &event.lsid), "the first of a repeated variable counts");
    }
}

fn check_hint(text: &str, characters_max: usize) {
    assert!(!text.is_empty() && text == text.trim() && !text.contains(char::is_control), "a hint is printable");
    assert!(text.chars().count() <= characters_max, "a hint is bounded");
}

fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    samples.in_folder("outbound", ".form")
}
