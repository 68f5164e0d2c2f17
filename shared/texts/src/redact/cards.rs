//! Numbers of payment cards: digits of a length, a beginning and a check digit (Luhn) that an issuer gives, written together or in the
//! groups that stand on a card, with blanks or hyphens between them.
//!
//! One number in ten passes the check by chance. So the number must also begin as cards of its length do and stand alone: what hangs on
//! a letter, a slash, a point or further digits is a serial number, a ticket's, or part of an address.

use std::ops::Range;

/// How the digits of a card are grouped. Thirteen digits (old Visa cards, and the bar code of any product) are none.
const LAYOUTS: [&[usize]; 12] = [
    &[16],
    &[15],
    &[14],
    &[19],
    &[18],
    &[17],
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
];

/// Digits that stand together, and what separates them from those before.
struct Group {
    place: Range<usize>,
    /// `None`: no digits are before it, or more than one character is between.
    joint: Option<&'static str>,
}

/// What may stand between two groups.
const JOINTS: [&str; 3] = [" ", "-", "\u{a0}"];

/// Calls for the place of every card number, in order.
pub(super) fn find(text: &str, mut found: impl FnMut(Range<usize>)) {
    let groups = groups(text);
    let mut first = 0;
    while first < groups.len() {
        match LAYOUTS.iter().find(|layout| is_card(text, &groups, first, layout)) {
            Some(layout) => {
                let last = first + layout.len() - 1;
                found(groups[first].place.start..groups[last].place.end);
                first = last + 1;
            }
            None => first += 1,
        }
    }
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        let before = groups.last().map(|group| &text[group.place.end..start]);
        let joint = before.and_then(|between| JOINTS.into_iter().find(|joint| *joint == between));
        groups.push(Group { place: start..at, joint });
    }
    groups
}

fn is_card(text: &str, groups: &[Group], first: usize, layout: &[usize]) -> bool {
    let Some(these) = groups.get(first..first + layout.len()) else { return false };
    let has_layout = these.iter().zip(layout).all(|(group, length)| group.place.len() == *length);
    if !has_layout {
        return false;
    }
    let joint = these.get(1).and_then(|group| group.joint);
    let is_joined = these[1..].iter().all(|group| group.joint.is_some() && group.joint == joint);
    let place = these[0].place.start..these[these.len() - 1].place.end;
    if !is_joined || !stands_alone(text, &place) {
        return false;
    }
    let digits: Vec<u8> = text.as_bytes()[place].iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0').collect();
    is_issued(&digits) && has_check_digit(&digits)
}

/// Whether nothing hangs on it that makes it part of something longer. An expiry date may follow behind a slash, an abbreviation be
/// before (`no.4111…`).
fn stands_alone(text: &str, place: &Range<usize>) -> bool {
    let (before, after) = (&text[..place.start], &text[place.end..]);
    if ends_a_marker(before, after) {
        return false;
    }
    let mut before = before.chars().rev();
    let free_before = match before.next() {
        None => true,
        Some('-') => !before.next().is_some_and(char::is_alphanumeric),
        Some('.' | ',') => !before.next().is_some_and(|before| before.is_ascii_digit()),
        Some(character) => !(character.is_alphanumeric() || matches!(character, '_' | '/' | '\\')),
    };
    let mut after = after.chars();
    free_before
        && match after.next() {
            None => true,
            Some('-') => !after.next().is_some_and(char::is_alphanumeric),
            Some('/') => !after.next().is_some_and(char::is_alphabetic),
            Some('.' | ',') => !after.next().is_some_and(|after| after.is_ascii_digit()),
            Some(character) => !(character.is_alphanumeric() || character == '_'),
        }
}

/// Whether it is the number at the end of one of our markers: `[…/time.4711]`.
fn ends_a_marker(before: &str, after: &str) -> bool {
    after.starts_with(']') && before.trim_end_matches('-').ends_with('.')
}

/// Whether an issuer gives numbers of that length with that beginning.
fn is_issued(digits: &[u8]) -> bool {
    let beginning = |length: usize| digits.iter().take(length).fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    let (two, three, four) = (beginning(2), beginning(3), beginning(4));
    match digits.len() {
        14 => matches!(three, 300..=305) || matches!(two, 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16 => {
            matches!(two, 40..=49 | 51..=55 | 62 | 65)
                || matches!(three, 644..=649)
                || matches!(four, 2221..=2720 | 3528..=3589 | 6011)
                || is_maestro(four)
        }
        17 | 18 => two == 62 || is_maestro(four),
        19 => matches!(two, 40..=49 | 62) || is_maestro(four),
        _ => false,
    }
}

const fn is_maestro(four: u32) -> bool {
    matches!(four, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763)
}

fn has_check_digit(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let digit = u32::from(*digit);
            let doubled = digit * 2;
            if index % 2 == 0 {
                digit
            } else if doubled > 9 {
                doubled - 9
            } else {
                doubled
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
