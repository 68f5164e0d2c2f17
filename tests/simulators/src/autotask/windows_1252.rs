//! What one tenant does to texts: characters that Windows-1252 does not have become question marks. Off by default.

use serde_json::Value;

/// What Windows-1252 has between 0x80 and 0x9f; the rest of it is Latin-1.
const EXTRA: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";

/// The value, with the characters lost if it is a text.
pub(crate) fn value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.chars().map(survivor).collect()),
        other => other,
    }
}

fn survivor(character: char) -> char {
    let latin_1 = u32::from(character) < 0x80 || (0xa0..0x100).contains(&u32::from(character));
    if latin_1 || EXTRA.contains(character) { character } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dash_and_umlaut_survive_and_a_check_mark_does_not() {
        assert_eq!(value(Value::from("Müller – ✓ 你")), Value::from("Müller – ? ?"));
    }
}
