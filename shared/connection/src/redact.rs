//! The document's section `redact`: what is taken out of a session's texts before they leave for a ticket. Its doc comments are the
//! descriptions of the JSON Schema, so they speak to the administrator; what is found by them is a matter of the crate `texts`.

use regex_lite::Regex;
use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};
use texts::{BadPattern, PATTERN_CHARACTERS_MAX, PATTERNS_MAX, Redactor, own_pattern};

/// What is taken out of chat, notes, surveys and everything else that people typed, before it leaves for a ticket or is kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Redact {
    /// Card numbers.
    pub cards: bool,
    /// Keys and tokens of known shapes, and what follows `password:` and its like.
    pub secrets: bool,
    /// Regular expressions; what they match within a line is taken out. At most 10, of at most 200 characters each.
    #[serde(deserialize_with = "patterns")]
    #[schemars(extend("maxItems" = PATTERNS_MAX))]
    pub patterns: Vec<Pattern>,
}

impl Default for Redact {
    fn default() -> Self {
        Self { cards: true, secrets: true, patterns: Vec::new() }
    }
}

impl Redact {
    /// What takes it out.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.cards, self.secrets, self.patterns.iter().map(|pattern| pattern.0.clone()).collect())
    }
}

/// A regular expression that can be looked for in a whole session.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent)]
pub struct Pattern(#[schemars(with = "String", extend("format" = "regex", "maxLength" = PATTERN_CHARACTERS_MAX))] Regex);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        own_pattern(&text).map(Self).map_err(|problem| match problem {
            BadPattern::NotOne => D::Error::custom("expected a regular expression, as in KD-\\d{6}"),
            BadPattern::TooLarge => D::Error::custom(format!(
                "expected a smaller regular expression of at most {PATTERN_CHARACTERS_MAX} characters: to look for this one in a long session could take minutes"
            )),
            BadPattern::MatchesNothing => {
                D::Error::custom("expected a regular expression that does not match the empty text: this one is found everywhere")
            }
        })
    }
}

/// For the schema's default alone.
impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Pattern>, D::Error> {
    let patterns = Vec::deserialize(deserializer)?;
    if patterns.len() > PATTERNS_MAX {
        return Err(D::Error::custom(format!("expected at most {PATTERNS_MAX} regular expressions")));
    }
    Ok(patterns)
}
