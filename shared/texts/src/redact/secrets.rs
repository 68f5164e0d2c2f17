//! Keys and tokens that are known by their shape alone, wherever they stand: what well-known services give out, signed tokens, private
//! keys, what follows `Bearer`, the password within an address, and the key that opens an encrypted disk.

use std::ops::Range;

/// What services give out: how it begins, and at least how many characters of its alphabet follow.
struct Shape {
    prefix: &'static str,
    least: usize,
    alphabet: Alphabet,
}

#[derive(Clone, Copy)]
enum Alphabet {
    /// Capitals and digits.
    Capitals,
    /// Letters, digits, `_`.
    Word,
    /// Letters, digits, `_`, `-`.
    Url,
    /// Letters, digits, `/`.
    Path,
    /// Letters, digits, `_`, `-`, and points between them.
    Dotted,
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match self {
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Path => byte.is_ascii_alphanumeric() || byte == b'/',
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
        }
    }
}

const fn shape(prefix: &'static str, least: usize, alphabet: Alphabet) -> Shape {
    Shape { prefix, least, alphabet }
}

const SHAPES: [Shape; 31] = [
    // AWS access keys: permanent, temporary.
    shape("AKIA", 16, Alphabet::Capitals),
    shape("ASIA", 16, Alphabet::Capitals),
    // GitHub: personal, OAuth, user, server, refresh, fine-grained.
    shape("ghp_", 36, Alphabet::Word),
    shape("gho_", 36, Alphabet::Word),
    shape("ghu_", 36, Alphabet::Word),
    shape("ghs_", 36, Alphabet::Word),
    shape("ghr_", 36, Alphabet::Word),
    shape("github_pat_", 22, Alphabet::Word),
    // GitLab.
    shape("glpat-", 20, Alphabet::Url),
    // Slack: bots, people, applications, and addresses that post to a channel.
    shape("xoxb-", 10, Alphabet::Url),
    shape("xoxp-", 10, Alphabet::Url),
    shape("xoxa-", 10, Alphabet::Url),
    shape("xoxr-", 10, Alphabet::Url),
    shape("xoxs-", 10, Alphabet::Url),
    shape("xapp-", 10, Alphabet::Url),
    shape("hooks.slack.com/services/", 20, Alphabet::Path),
    // Google: API key, OAuth.
    shape("AIza", 35, Alphabet::Url),
    shape("ya29.", 20, Alphabet::Url),
    // Stripe.
    shape("sk_live_", 16, Alphabet::Word),
    shape("sk_test_", 16, Alphabet::Word),
    shape("rk_live_", 16, Alphabet::Word),
    shape("rk_test_", 16, Alphabet::Word),
    // Language models.
    shape("sk-ant-", 20, Alphabet::Url),
    shape("sk-proj-", 20, Alphabet::Url),
    // Package registries.
    shape("npm_", 36, Alphabet::Word),
    shape("pypi-AgE", 20, Alphabet::Url),
    // Mail, telephony.
    shape("SG.", 40, Alphabet::Dotted),
    // HashiCorp Vault.
    shape("hvs.", 20, Alphabet::Url),
    // Shopify, DigitalOcean.
    shape("shpat_", 32, Alphabet::Word),
    shape("dop_v1_", 40, Alphabet::Word),
    // age, the file encryption.
    shape("AGE-SECRET-KEY-", 40, Alphabet::Capitals),
];

/// Each part of a signed token (JWT) but its signature has so many characters at least.
const TOKEN_PART_LEAST: usize = 10;

/// What follows `Bearer` is a token from so many characters on; people speak of bearers, too.
const BEARER_LEAST: usize = 16;

/// A header of a private key is named within so many bytes: the longest known one has 33.
const HEADER_BYTES_MAX: usize = 48;

/// Groups and digits of each in the key that opens an encrypted disk (BitLocker).
const RECOVERY_KEY: (usize, usize) = (8, 6);

/// Calls for the place of every secret, in order.
///
/// Looks only where a word begins, and what is found there is passed over: so every byte is looked at a few times at most.
pub(super) fn find(text: &str, mut found: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut inside_word = false;
    while at < bytes.len() {
        let is_word = Alphabet::Url.has(bytes[at]);
        let place = match bytes[at] {
            b':' => password_in_address(bytes, at),
            // A hyphen is part of words, and its five may follow anything.
            b'-' => private_key(text, at),
            _ if inside_word => None,
            _ => secret_at(text, at),
        };
        // What stood in a word with something that is taken out begins one of its own.
        inside_word = is_word && place.is_none();
        at = place.as_ref().map_or(at + 1, |place| place.end);
        if let Some(place) = place {
            found(place);
        }
    }
}

fn secret_at(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    match bytes[at] {
        b'e' if bytes[at..].starts_with(b"eyJ") => signed_token(bytes, at),
        b'0'..=b'9' => recovery_key(bytes, at),
        b'b' | b'B' if begins_without_case(&bytes[at..], b"bearer") => bearer(bytes, at),
        first => {
            let here = SHAPES.iter().filter(|shape| shape.prefix.as_bytes()[0] == first);
            here.filter_map(|shape| of_shape(bytes, at, shape)).next()
        }
    }
}

fn of_shape(bytes: &[u8], at: usize, shape: &Shape) -> Option<Range<usize>> {
    let start = at + shape.prefix.len();
    if !bytes[at..].starts_with(shape.prefix.as_bytes()) {
        return None;
    }
    let length = length_of(&bytes[start..], |byte| shape.alphabet.has(byte));
    (length >= shape.least).then(|| at..start + length)
}

/// `eyJhbGciOi...` `.` `eyJzdWIi...` `.` signature.
fn signed_token(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let part = |from: usize| from + length_of(&bytes[from..], |byte| Alphabet::Url.has(byte));
    let head = part(at);
    if head - at < TOKEN_PART_LEAST || bytes.get(head) != Some(&b'.') {
        return None;
    }
    let body = part(head + 1);
    if body - head <= TOKEN_PART_LEAST || bytes.get(body) != Some(&b'.') {
        return None;
    }
    Some(at..part(body + 1))
}

/// The token after `Bearer `.
fn bearer(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let gap = at + b"bearer".len();
    let start = gap + length_of(&bytes[gap..], |byte| matches!(byte, b' ' | b'\t' | b':'));
    // Before the token is measured: in `bearer/bearer/…` each would be measured to the end.
    if start == gap {
        return None;
    }
    let in_a_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    let length = length_of(&bytes[start..], in_a_token);
    // A long word of people has no digits.
    let is_token = length >= BEARER_LEAST && bytes[start..start + length].iter().any(u8::is_ascii_digit);
    is_token.then(|| start..start + length)
}

/// From `-----BEGIN ... PRIVATE KEY` to its end, or to the end of the text if that is missing.
fn private_key(text: &str, at: usize) -> Option<Range<usize>> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let rest = &text.as_bytes()[at..];
    if !rest.starts_with(BEGIN.as_bytes()) {
        return None;
    }
    let header = &rest[BEGIN.len()..rest.len().min(BEGIN.len() + HEADER_BYTES_MAX)];
    let header = header.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if !header.windows(b"PRIVATE KEY".len()).any(|window| window == b"PRIVATE KEY") {
        return None;
    }
    let end = text[at..].find(END).map(|end| at + end + END.len());
    let end = end.map_or(text.len(), |end| {
        let name = length_of(&text.as_bytes()[end..], |byte| byte.is_ascii_uppercase() || byte == b' ');
        end + name + length_of(&text.as_bytes()[end + name..], |byte| byte == b'-')
    });
    Some(at..end)
}

/// The password in `https://user:password@host`.
fn password_in_address(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !bytes[at..].starts_with(b"://") {
        return None;
    }
    let start = at + b"://".len();
    let in_it = |byte: u8| !(byte.is_ascii_whitespace() || matches!(byte, b'/' | b'?' | b'#' | b'@' | b'"' | b'<' | b'>'));
    let end = start + length_of(&bytes[start..], in_it);
    let colon = start + bytes[start..end].iter().position(|byte| *byte == b':')?;
    (bytes.get(end) == Some(&b'@') && colon > start && end > colon + 1).then(|| colon + 1..end)
}

/// `123456-123456-…`: eight groups of six digits, each a multiple of eleven.
fn recovery_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let (groups, digits) = RECOVERY_KEY;
    let length = groups * (digits + 1) - 1;
    let key = bytes.get(at..at + length)?;
    let number = |group: &[u8]| group.iter().try_fold(0_u32, |number, byte| Some(number * 10 + char::from(*byte).to_digit(10)?));
    // Its length first: a longer one has no number.
    let is_group = |group: &[u8]| group.len() == digits && number(group).is_some_and(|number| number.is_multiple_of(11));
    let free = bytes.get(at + length).is_none_or(|next| !Alphabet::Url.has(*next));
    (free && key.split(|byte| *byte == b'-').all(is_group)).then(|| at..at + length)
}

fn begins_without_case(bytes: &[u8], beginning: &[u8]) -> bool {
    bytes.get(..beginning.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(beginning))
}

fn length_of(bytes: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !is_part(*byte)).unwrap_or(bytes.len())
}
