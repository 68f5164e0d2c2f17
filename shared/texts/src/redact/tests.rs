//! What is taken out and what is not, example by example, and what holds of any text.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use ::session::sample::printer;
use ::session::support_session::CustomAttribute;
use ::session::write_id::{Marker, WriteId};

/// Numbers that issuers publish for tests.
const CARDS: [&str; 10] = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "5555\u{a0}5555\u{a0}5555\u{a0}4444",
    "2223003122003222",
    "378282246310005",
    "3782 822463 10005",
    "30569309025904",
    "6011111111111117",
    "3530111333300000",
];

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

fn clean(text: &str) -> (String, TakenOut) {
    let mut text = text.to_owned();
    let taken_out = Redactor::default().text(&mut text);
    (text, taken_out)
}

fn keys() -> Vec<String> {
    // Put together here, so that nobody's scanner takes this file for a leak.
    let long = "Ab3dE6gH9jK2mN5pQ8sT1vW4xY7z0cF3iL6o9rU2";
    vec![
        format!("AKIA{}", "IOSFODNN7EXAMPLE"),
        format!("ghp_{}", &long[..36]),
        format!("github_pat_{long}"),
        format!("glpat-{}", &long[..20]),
        format!("xoxb-{}-{long}", "123456789012"),
        format!("hooks.slack.com/services/{}/{long}", "T00000000/B00000000"),
        format!("AIza{}", &long[..35]),
        format!("sk_live_{long}"),
        format!("sk-ant-api03-{long}"),
        format!("npm_{}", &long[..36]),
        format!("SG.{}.{long}abc", &long[..22]),
        TOKEN.to_owned(),
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\nAAAA\n-----END OPENSSH PRIVATE KEY-----".to_owned(),
        // 11 times 10101 and so on: the key that opens an encrypted disk.
        "111111-222222-333333-444444-555555-666666-000011-121000".to_owned(),
    ]
}

#[test]
fn card_numbers_are_taken_out_however_they_are_grouped() {
    for card in CARDS {
        for (before, after) in [("", ""), ("Visa ", ", valid until 12/27"), ("(", ")."), ("nr:", "\n"), ("call 030 ", " 12 27")] {
            let (text, taken_out) = clean(&format!("{before}{card}{after}"));
            assert_eq!(text, format!("{before}[removed: card number]{after}"));
            assert_eq!(taken_out, TakenOut { cards: 1, ..TakenOut::default() });
        }
    }
}

#[test]
fn numbers_that_are_no_cards_stay() {
    for text in [
        "T20250318.0042",
        "4111111111111112",
        "49 30 1234 5678 9012",
        "+49 4111 111111",
        "SN-4111111111111111",
        "4111111111111111-A",
        "INV4111111111111111",
        "4111111111111111_1",
        "0.4111111111111111",
        "4111111111111111.5",
        "https://shop.example.com/orders/4111111111111111",
        "4111-1111-1111-1111-1111",
        "4111 1111-1111 1111",
        "4111  1111  1111  1111",
        "4111 1111 1111 111",
        "41111111111111111111",
        // An IMEI and the bar code of a product pass the same check.
        "356938035643809",
        "4006381333931",
        "1742306544000",
        "7d1f0c52a9be4e6f8a3b90d4c6e21f57",
    ] {
        assert_eq!(clean(text), (text.to_owned(), TakenOut::default()));
    }
}

#[test]
fn keys_of_known_shapes_are_taken_out_wherever_they_stand() {
    for key in keys() {
        for (before, after) in [("", ""), ("the key is ", ", ok?"), ("key=", "\n"), ("\"", "\""), ("(", ")")] {
            let (text, taken_out) = clean(&format!("{before}{key}{after}"));
            assert_eq!(text, format!("{before}[removed: secret]{after}"));
            assert_eq!(taken_out, TakenOut { secrets: 1, ..TakenOut::default() });
        }
    }
}

#[test]
fn token_behind_bearer_and_password_in_an_address_go_and_what_is_around_them_stays() {
    for (text, expected) in [
        ("Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer [removed: secret]"),
        ("https://dana:hunter2@nas.example.com/x", "https://dana:[removed: secret]@nas.example.com/x"),
        ("the bearer responsibilities", "the bearer responsibilities"),
        ("https://nas.example.com:8443/x@y", "https://nas.example.com:8443/x@y"),
        ("ghp_short AKIA akia", "ghp_short AKIA akia"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA and so on", "[removed: secret]"),
    ] {
        assert_eq!(clean(text).0, expected);
    }
}

#[test]
fn word_behind_a_password_label_is_taken_out_in_many_languages() {
    for label in [
        "password:",
        "Password :",
        "PASSWORD=",
        "WLAN-Passwort:",
        "Benutzerkennwort:",
        "mot de passe :",
        "Contraseña:",
        "senha:",
        "Hasło:",
        "Wachtwoord:",
        "Lösenord:",
        "PIN:",
        "pw:",
        "client_secret=",
        "\"password\":",
        "api_key =>",
        "**Password:**",
        "パス password：",
    ] {
        assert_eq!(clean(&format!("{label} hunter2! and then")).0, format!("{label} [removed: password] and then"));
    }
    for (text, expected) in [
        ("password: \"two words\", user: bob", "password: \"[removed: password]\", user: bob"),
        ("Kennwort: „zwei Worte“ ok", "Kennwort: „[removed: password]“ ok"),
        ("{\"password\":\"a\\\"b\",\"user\":\"bob\"}", "{\"password\":\"[removed: password]\"b\",\"user\":\"bob\"}"),
        ("user: bob password: x7\npassword:\nThanks", "user: bob password: [removed: password]\npassword:\nThanks"),
        ("Password: ******** ok", "Password: ******** ok"),
        ("the password is wrong, pins: 4, spin: 2", "the password is wrong, pins: 4, spin: 2"),
        ("at 14:05 = noon", "at 14:05 = noon"),
    ] {
        assert_eq!(clean(text).0, expected);
    }
}

#[test]
fn what_overlaps_is_one_thing_and_counts_once() {
    let (text, taken_out) = clean(&format!("token: {TOKEN} and password: 4111111111111111"));
    assert_eq!(text, "token: [removed: secret] and password: [removed: card number]");
    assert_eq!(taken_out, TakenOut { secrets: 1, cards: 1, ..TakenOut::default() });
    assert_eq!(taken_out.to_string(), "1 card number, 1 secret");
}

#[test]
fn own_patterns_are_looked_for_beside_the_others_and_bounded() {
    let redactor = Redactor::new(false, false, vec![own_pattern(r"KD-\d{6}").unwrap(), own_pattern(r"(?i)removed").unwrap()]);
    let mut text = "KD-123456 and KD-12, password: x, 4111111111111111".to_owned();
    assert_eq!(redactor.text(&mut text), TakenOut { own: 1, ..TakenOut::default() });
    assert_eq!(text, "[removed: own pattern] and KD-12, password: x, 4111111111111111");
    assert!(redactor.text(&mut text).is_nothing(), "what stands for something taken out is not taken out: {text}");
    for (pattern, problem) in [
        ("(", BadPattern::NotOne),
        ("x*", BadPattern::MatchesNothing),
        (r"\d{3000}", BadPattern::TooLarge),
        (&"x".repeat(PATTERN_CHARACTERS_MAX + 1), BadPattern::TooLarge),
    ] {
        assert_eq!(own_pattern(pattern).unwrap_err(), problem);
    }
    for useful in [r"\b[A-Z]{2}\d{2}(?: ?\d{4}){4,7}\b", r"(?i)kunden-?nr[.:]?\s*\d{5,8}", r"\b\d{3}-\d{2}-\d{4}\b"] {
        assert!(own_pattern(useful).is_ok(), "{useful}");
    }
}

#[test]
fn session_is_cleaned_but_for_what_names_things_and_its_surveys() {
    let mut session = printer();
    session.external_key = Some("4111111111111111".to_owned());
    session.links.recording_view = Some("https://x/?password=y&token=z".to_owned());
    session.custom_attributes = vec![CustomAttribute {
        display_name: "Windows password".to_owned(),
        code_name: "windows_password".to_owned(),
        value: "hunter2".to_owned(),
    }];
    session.customers[0].info.details = Some("my card 4111 1111 1111 1111".to_owned());
    let chat = session.events.iter_mut().find_map(|event| event.body.as_mut()).unwrap();
    chat.push_str(" password: hunter2");
    let answers = &mut session.customer_surveys[0].answers;
    answers[0].1 = "password: hunter2".to_owned();
    let before = session.clone();
    let taken_out = Redactor::default().session(&mut session);
    assert_eq!(taken_out, TakenOut { cards: 1, passwords: 3, ..TakenOut::default() });
    assert_eq!(session.customer_surveys, before.customer_surveys);
    assert_eq!((session.external_key, session.links), (before.external_key, before.links));
    assert_eq!(session.custom_attributes[0].value, "[removed: password]");
    assert_eq!(session.representatives, before.representatives);
    let shown = format!("{:?}{:?}{:?}", session.customers, session.events, session.custom_attributes);
    assert!(!shown.contains("hunter2") && !shown.contains("4111"), "{shown}");
    let mut survey = session.customer_surveys[0].clone();
    assert_eq!(Redactor::default().survey(&mut survey), TakenOut { passwords: 1, ..TakenOut::default() });
}

/// Texts in which the rules have much to look at.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        "[ \n:=\"'\\[\\]/@.-]{1,4}",
        "[0-9]{1,20}",
        "[A-Za-z0-9_-]{1,45}",
        proptest::sample::select(CARDS.map(str::to_owned).to_vec()),
        proptest::sample::select(keys()),
        proptest::sample::select(
            [
                "password",
                "Passwort: ",
                "token=",
                "pin",
                "bearer ",
                "://",
                "a:b@",
                "-----BEGIN ",
                "PRIVATE KEY",
                "-----END ",
                "eyJ",
                "[removed: secret]"
            ]
            .map(str::to_owned)
            .to_vec()
        ),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A number as an issuer makes it: its beginning, its length, digits, and the check digit that fits.
fn issued() -> impl Strategy<Value = String> {
    let kinds = [("4", 16), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("6011", 16)];
    let more = [("65", 16), ("62", 16), ("62", 19), ("3528", 16), ("300", 14), ("36", 14), ("6759", 18), ("5018", 17)];
    let kind = proptest::sample::select([&kinds[..], &more].concat());
    (kind, proptest::collection::vec(0_u32..10, 19)).prop_map(|((beginning, length), digits)| {
        let mut number: Vec<u32> = beginning.chars().filter_map(|digit| digit.to_digit(10)).chain(digits).collect();
        number.truncate(length - 1);
        // Counted from the check digit, every second one twice.
        let twice = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
        let sum: u32 = number.iter().rev().enumerate().map(|(i, digit)| if i % 2 == 0 { twice(*digit) } else { *digit }).sum();
        number.push((10 - sum % 10) % 10);
        number.iter().map(u32::to_string).collect()
    })
}

fn grouped(number: &str, sizes: &[usize], joint: &str) -> String {
    let mut rest = number;
    let mut groups = Vec::new();
    for size in sizes {
        let (group, after) = rest.split_at((*size).min(rest.len()));
        groups.push(group);
        rest = after;
    }
    if !rest.is_empty() {
        groups.push(rest);
    }
    groups.join(joint)
}

proptest! {
    #[test]
    fn no_issued_card_number_survives_in_whatever_groups(
        number in issued(),
        joint in proptest::sample::select(vec!["", " ", "-", "\u{a0}"]),
        before in proptest::sample::select(vec!["", " ", "\n", "(", "Visa:", "Nr.", "no. ", "\"", "- ", "+++", "è ", "=", "12 ", "["]),
        after in proptest::sample::select(vec!["", " ", "\n", ").", ", ", "/12", "\"", " 12/27", ";", "!", "*", " cvc 123", "]"]),
    ) {
        let sizes: &[usize] = match number.len() {
            16 | 19 => &[4, 4, 4, 4],
            15 => &[4, 6, 5],
            14 => &[4, 6, 4],
            _ => &[],
        };
        let written = grouped(&number, sizes, joint);
        // The end of a marker of ours.
        prop_assume!(!(before == "Nr." && after == "]"));
        let (text, taken_out) = clean(&format!("{before}{written}{after}"));
        prop_assert_eq!(text, format!("{before}[removed: card number]{after}"));
        prop_assert_eq!(taken_out.cards, 1);
    }
}

#[test]
fn many_matches_of_an_own_pattern_in_one_line_take_the_rest_of_it() {
    let redactor = Redactor::new(false, false, vec![own_pattern(r"\d(?:.*!)?").unwrap()]);
    let mut text = format!("a\n{}z\n1 b", "1 ".repeat(40));
    let taken_out = redactor.text(&mut text);
    assert_eq!(taken_out.own, 34);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines[2]), ("a", "[removed: own pattern] b"));
    assert_eq!(lines[1].matches("[removed: own pattern]").count(), 33);
    assert!(lines[1].ends_with("[removed: own pattern]"), "the rest has gone: {}", lines[1]);
    // What takes time in proportion to the square of the text would not end here.
    let mut long = "1 ".repeat(32 * 1024);
    redactor.text(&mut long);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn taking_out_twice_is_the_same_as_once(text in texts()) {
        let (once, _) = clean(&text);
        let (twice, taken_out) = clean(&once);
        prop_assert_eq!(twice, once);
        prop_assert!(taken_out.is_nothing());
    }

    #[test]
    fn all_but_what_is_taken_out_stays_byte_for_byte(text in texts()) {
        let found = Redactor::default().find(&text);
        let mut clean = text.clone();
        let taken_out = Redactor::default().once(&mut clean);
        let mut rest = clean.as_str();
        let mut from = 0;
        for Found { kind, place } in &found {
            rest = rest.strip_prefix(&text[from..place.start]).unwrap().strip_prefix(kind.placeholder()).unwrap();
            from = place.end;
        }
        prop_assert_eq!(rest, &text[from..]);
        let count = taken_out.cards + taken_out.secrets + taken_out.passwords + taken_out.own;
        prop_assert_eq!(count as usize, found.len());
    }

    #[test]
    fn marker_stays_whatever_is_around_it(before in "[ \n.,;]{0,3}", after in "[ \n.,;]{0,3}", lsid in "[0-9A-Za-z_-]{1,64}", gsnumber in any::<i64>()) {
        for write in [WriteId::SessionNote, WriteId::CustomerSurvey(::session::Gsnumber(gsnumber)), WriteId::Time(::session::ResourceId(gsnumber))] {
            // An lsid that is a key in itself is none that an appliance gives.
            let marker = Marker::new(&lsid.parse().unwrap(), &write);
            let text = format!("{before}{marker}{after}");
            prop_assert_eq!(clean(&text).0, text);
        }
    }
}

#[test]
fn long_texts_of_beginnings_that_come_to_nothing_are_gone_through_in_one_go() {
    // What takes time in proportion to the square of the text would not end here.
    const BYTES: usize = 128 * 1024;
    for piece in [
        "eyJaaaaaaaaa.",
        "eyJ-",
        "-----BEGIN PRIVATE KEY ",
        "password:",
        "password: \"",
        "://a:",
        "bearer/",
        "4111 ",
        "1",
        "1-",
        "AKIA",
        "xoxb-",
        "[removed: secret]",
        "pw=[removed: ",
        "hooks.slack.com/services/",
    ] {
        let mut text = piece.repeat(BYTES / piece.len());
        Redactor::default().text(&mut text);
    }
}
