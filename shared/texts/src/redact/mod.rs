//! Takes out of a session's texts what must not lie on a ticket: card numbers, keys and tokens, passwords, and what an administrator's
//! own patterns match.
//!
//! Works on what people typed, before anything is made of it: so nothing that the software writes itself (markers, ids, links to
//! recordings) ever comes by, a secret cannot be cut in two by a note's length, and the same report gives the same texts however often
//! they are rendered. Rules look for shapes, so they miss what has none, and now and then take what only looks like one; each stands
//! in its own file. Everything takes time in proportion to the text.
//!
//! - `cards`, `secrets`, `labels`: what is found, and where. `session`: which texts of a session are looked at.

mod cards;
mod labels;
mod secrets;
mod session;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// The most patterns of one's own: each is looked for in every text.
pub const PATTERNS_MAX: usize = 10;

/// The longest pattern of one's own; characters.
pub const PATTERN_CHARACTERS_MAX: usize = 200;

/// The most that a pattern may become when it is compiled: some fifty steps. What a search costs is steps times characters, and a
/// session may have millions of these.
const PATTERN_BYTES_MAX: usize = 4 * 1024;

/// Matches of one pattern in one line that are looked for one by one. Each may cost a look at the whole line, so without a bound a
/// pattern such as `\w(.*x)?` would take time in proportion to the square of the line; the rest of a line with more is taken out as it is.
const MATCHES_IN_A_LINE_MAX: usize = 32;

/// A text is gone through again when something was taken out of it: what it hung on may stand alone now. A few times, so that the
/// time stays in proportion.
const ROUNDS_MAX: usize = 5;

/// What was taken out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Card,
    Secret,
    Password,
    Own,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Card, Self::Secret, Self::Password, Self::Own];

    /// What stands in its place. Its square brackets are no marker's: no slash follows.
    const fn placeholder(self) -> &'static str {
        match self {
            Self::Card => "[removed: card number]",
            Self::Secret => "[removed: secret]",
            Self::Password => "[removed: password]",
            Self::Own => "[removed: own pattern]",
        }
    }
}

/// How much was taken out, by kind: all that anybody is told or that is kept of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TakenOut {
    /// Card numbers.
    pub cards: u32,
    /// Keys, tokens and the like.
    pub secrets: u32,
    /// Words after `password:` and its like.
    pub passwords: u32,
    /// Matches of the connection's own patterns.
    pub own: u32,
}

impl TakenOut {
    /// Whether nothing was.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// How much the text says was taken out of it.
    pub(crate) fn said_in(text: &str) -> Self {
        let mut said = Self::default();
        // Most texts have none, and one look shows it.
        if text.contains("[removed: ") {
            for kind in Kind::ALL {
                *said.of(kind) = u32::try_from(text.matches(kind.placeholder()).count()).unwrap_or(u32::MAX);
            }
        }
        said
    }

    /// The line that closes a text out of which something was taken; empty if nothing was.
    pub(crate) fn closing_line(&self) -> String {
        if self.is_nothing() { String::new() } else { format!("\n\nTaken out of this text: {self}.") }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            cards: self.cards.saturating_add(other.cards),
            secrets: self.secrets.saturating_add(other.secrets),
            passwords: self.passwords.saturating_add(other.passwords),
            own: self.own.saturating_add(other.own),
        }
    }

    const fn of(&mut self, kind: Kind) -> &mut u32 {
        match kind {
            Kind::Card => &mut self.cards,
            Kind::Secret => &mut self.secrets,
            Kind::Password => &mut self.passwords,
            Kind::Own => &mut self.own,
        }
    }
}

impl fmt::Display for TakenOut {
    /// `1 card number, 2 passwords`; empty if nothing was.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (self.cards, "card number", "card numbers"),
            (self.secrets, "secret", "secrets"),
            (self.passwords, "password", "passwords"),
            (self.own, "match of an own pattern", "matches of own patterns"),
        ];
        let some = words.into_iter().filter(|(count, ..)| *count > 0);
        let parts: Vec<String> =
            some.map(|(count, one, more)| format!("{count} {}", if count == 1 { one } else { more })).collect();
        formatter.write_str(&parts.join(", "))
    }
}

/// Why a text is no pattern that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPattern {
    /// It is no regular expression.
    NotOne,
    /// It is longer than [`PATTERN_CHARACTERS_MAX`], or so large that to look for it could take minutes.
    TooLarge,
    /// It matches the empty text, and so everywhere.
    MatchesNothing,
}

/// The regular expression, if it can be used as a pattern of one's own.
///
/// # Errors
///
/// What is wrong with it.
pub fn own_pattern(text: &str) -> Result<Regex, BadPattern> {
    if text.chars().count() > PATTERN_CHARACTERS_MAX {
        return Err(BadPattern::TooLarge);
    }
    let built = RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
    let regex = built.map_err(|_| if Regex::new(text).is_ok() { BadPattern::TooLarge } else { BadPattern::NotOne })?;
    if regex.is_match("") { Err(BadPattern::MatchesNothing) } else { Ok(regex) }
}

/// What one connection takes out of the texts of its sessions.
#[derive(Debug, Clone)]
pub struct Redactor {
    cards: bool,
    secrets: bool,
    own: Vec<Regex>,
}

impl Default for Redactor {
    /// Cards and secrets.
    fn default() -> Self {
        Self::new(true, true, Vec::new())
    }
}

/// Something to be taken out of a text.
#[derive(Debug)]
struct Found {
    kind: Kind,
    place: Range<usize>,
}

impl Redactor {
    /// Takes out card numbers, secrets (with passwords), and what the patterns ([`own_pattern`]) match.
    #[must_use]
    pub const fn new(cards: bool, secrets: bool, own: Vec<Regex>) -> Self {
        Self { cards, secrets, own }
    }

    /// Takes it out of the text; a few words stand in its place, everything else stays as it is, byte for byte.
    pub fn text(&self, text: &mut String) -> TakenOut {
        let mut taken_out = TakenOut::default();
        for _ in 0..ROUNDS_MAX {
            let round = self.once(text);
            if round.is_nothing() {
                break;
            }
            taken_out = taken_out.and(round);
        }
        taken_out
    }

    fn once(&self, text: &mut String) -> TakenOut {
        let found = self.find(text);
        let mut taken_out = TakenOut::default();
        if found.is_empty() {
            return taken_out;
        }
        let mut rest = 0;
        let mut clean = String::with_capacity(text.len());
        for Found { kind, place } in found {
            clean.push_str(&text[rest..place.start]);
            clean.push_str(kind.placeholder());
            rest = place.end;
            let count = taken_out.of(kind);
            *count = count.saturating_add(1);
        }
        clean.push_str(&text[rest..]);
        *text = clean;
        taken_out
    }

    /// All that is to be taken out, in order. What overlaps is one, of the kind that begins first.
    fn find(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let mut add = |kind, place| found.push(Found { kind, place });
        if self.cards {
            cards::find(text, |place| add(Kind::Card, place));
        }
        if self.secrets {
            secrets::find(text, |place| add(Kind::Secret, place));
            labels::find(text, |place| add(Kind::Password, place));
        }
        for pattern in &self.own {
            find_own(pattern, text, |place| add(Kind::Own, place));
        }
        if found.is_empty() {
            return found;
        }
        found.sort_by_key(|found| (found.place.start, found.kind));
        let mut merged: Vec<Found> = Vec::with_capacity(found.len());
        for next in found {
            match merged.last_mut() {
                Some(last) if next.place.start < last.place.end => last.place.end = last.place.end.max(next.place.end),
                _ => merged.push(next),
            }
        }
        merged.retain(|found| !touches_a_placeholder(text, &found.place));
        merged
    }
}

/// Calls for the place of every match that is not empty, line by line.
fn find_own(pattern: &Regex, text: &str, mut found: impl FnMut(Range<usize>)) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let (content, from) = (line.trim_end_matches(['\n', '\r']), start);
        start += line.len();
        let mut matches = pattern.find_iter(content);
        matches.by_ref().take(MATCHES_IN_A_LINE_MAX).filter(|one| !one.is_empty()).for_each(|one| {
            found(from + one.start()..from + one.end());
        });
        if let Some(next) = matches.next() {
            found(from + next.start()..from + content.len());
        }
    }
}

/// Whether that place overlaps something that stands for what was taken out before: it says so already.
fn touches_a_placeholder(text: &str, place: &Range<usize>) -> bool {
    let longest = Kind::ALL.map(|kind| kind.placeholder().len()).into_iter().max().unwrap_or_default();
    let from = text.floor_char_boundary(place.start.saturating_sub(longest - 1));
    let to = text.ceil_char_boundary((place.end + longest - 1).min(text.len()));
    let around = &text[from..to];
    Kind::ALL.into_iter().any(|kind| {
        around.match_indices(kind.placeholder()).any(|(at, placeholder)| {
            let at = from + at;
            at < place.end && place.start < at + placeholder.len()
        })
    })
}
