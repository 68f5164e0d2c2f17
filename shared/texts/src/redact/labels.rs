//! What people write behind `password:` and its like, on the same line: one word, or what stands in quotation marks.
//!
//! Only a colon or an equals sign makes a label of a word. "The password is wrong" stands in every second chat, and nothing is secret in
//! it; "my password is hunter2" is missed for that.

use std::ops::Range;

/// Words that say what follows, in small letters. A longer word may end with them: `wlan-passwort`, `benutzerkennwort`.
const ENDINGS: [&str; 29] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "passwörter",
    "kennwort",
    "kennwörter",
    "passwortsatz",
    "mot de passe",
    "phrase secrète",
    "contraseña",
    "contrasena",
    "parola d'ordine",
    "palavra-passe",
    "wachtwoord",
    "lösenord",
    "losenord",
    "adgangskode",
    "salasana",
    "hasło",
    "apikey",
    "api key",
    "api-key",
    "api_key",
    "accesskey",
    "access key",
    "access_key",
];

/// The same, but only as whole words: longer words end with them by chance.
const WORDS: [&str; 21] = [
    "pw",
    "pwd",
    "pass",
    "pin",
    "pin code",
    "pin-code",
    "secret",
    "secret key",
    "secret_key",
    "client_secret",
    "client secret",
    "clientsecret",
    "token",
    "access_token",
    "refresh_token",
    "auth_token",
    "accountkey",
    "mdp",
    "senha",
    "clave",
    "passord",
];

/// The longest label, in bytes, with what may stand between it and its colon.
const LABEL_BYTES_MAX: usize = 40;

/// What stands in quotation marks is taken whole up to this length; bytes.
const QUOTED_BYTES_MAX: usize = 256;

/// Calls for the place of every value, in order.
pub(super) fn find(text: &str, mut found: impl FnMut(Range<usize>)) {
    let mut passed = 0;
    for (at, sign) in text.char_indices().filter(|(_, character)| is_sign(*character)) {
        if at < passed || !is_label(&text[text.ceil_char_boundary(at.saturating_sub(LABEL_BYTES_MAX)).max(passed)..at]) {
            continue;
        }
        if let Some(place) = value(text, at + sign.len_utf8()) {
            passed = place.end;
            found(place);
        }
    }
}

const fn is_sign(character: char) -> bool {
    matches!(character, ':' | '=' | '\u{FF1A}')
}

const fn is_quotation_mark(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | '`' | '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2018}' | '\u{2019}' | '\u{201A}' | '«' | '»'
    )
}

/// Whether the text ends with a label, blanks and quotation marks behind it apart. Also for the name of a field: what it holds is secret
/// then.
pub(super) fn is_label(text: &str) -> bool {
    let before = text.trim_end_matches(|character: char| matches!(character, ' ' | '\t' | '*') || is_quotation_mark(character));
    let before = before.to_lowercase();
    ENDINGS.iter().any(|ending| before.ends_with(ending))
        || WORDS.iter().any(|word| {
            let stands_alone = |rest: &str| !rest.chars().next_back().is_some_and(char::is_alphanumeric);
            before.strip_suffix(word).is_some_and(stands_alone)
        })
}

/// Where the value is; nothing if there is none on the line, or only signs (`Password: ****`).
fn value(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = after_emphasis(&text[from..]).trim_start_matches([' ', '\t', '\u{a0}', ':', '=', '>']);
    let start = text.len() - rest.len();
    let quoted = rest.chars().next().filter(|first| is_quotation_mark(*first)).and_then(|mark| {
        let inside = &rest[mark.len_utf8()..rest.floor_char_boundary(QUOTED_BYTES_MAX.min(rest.len())).max(mark.len_utf8())];
        let inside = inside.lines().next().unwrap_or_default();
        let end = inside.find(|character| closes(mark, character))?;
        Some(start + mark.len_utf8()..start + mark.len_utf8() + end)
    });
    let place = quoted.unwrap_or_else(|| start..start + rest.find(char::is_whitespace).unwrap_or(rest.len()));
    text[place.clone()].chars().any(char::is_alphanumeric).then_some(place)
}

/// What follows the stars that end a label's emphasis: `**Password:** x`. Other stars belong to what is secret.
fn after_emphasis(text: &str) -> &str {
    let rest = text.trim_start_matches('*');
    if rest.starts_with([' ', '\t']) { rest } else { text }
}

const fn closes(mark: char, character: char) -> bool {
    match mark {
        '"' | '\'' | '`' => character == mark,
        _ => {
            character != mark && is_quotation_mark(character)
                || matches!(mark, '\u{201D}' | '\u{2019}' | '»') && character == mark
        }
    }
}
