//! JSON as a person wrote it: where in the text a key stands, and changing one value while every other byte stays as it is.
//!
//! Works on texts that are broken further on, too: what stands before the break is found. What the values mean is not known here.

use std::ops::Range;

/// Deeper than any document is meant to be; a text may nest as it likes.
const DEPTH_MAX: usize = 64;

/// A member of an object, or an item of a list, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The keys that lead to it, as in `autotask.note.type` or `polling.look_again_hours[0]`.
    pub(crate) path: String,
    /// Where it begins: an object's member with its key.
    pub(crate) at: usize,
    /// The bytes of its value.
    pub(crate) value: Range<usize>,
}

/// A place in a text, as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// From 1.
    pub(crate) line: usize,
    /// Characters, from 1.
    pub(crate) column: usize,
}

/// All members of the text, as far as it can be read.
pub(crate) fn members(text: &str) -> Vec<Member> {
    let mut reader = Reader { text, at: 0, found: Vec::new() };
    let _ = reader.value("", 0);
    // A value is known when it ends; a person reads from the top.
    reader.found.sort_by_key(|member| member.at);
    reader.found
}

/// Where the key stands, or, if it is missing, the innermost object that it belongs into.
pub(crate) fn position_of(text: &str, path: &str) -> Option<Position> {
    let leads_to = |member: &&Member| {
        path.strip_prefix(member.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let members = members(text);
    let nearest = members.iter().filter(leads_to).max_by_key(|member| member.path.len());
    Some(position(text, nearest.map_or_else(|| text.find('{'), |member| Some(member.at))?))
}

/// The place of a byte.
pub(crate) fn position(text: &str, at: usize) -> Position {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

/// The text with that value at the path, which need not be there yet; none if the text is no JSON, or the object around it is
/// missing. `value` is JSON.
pub(crate) fn with_value(text: &str, path: &str, value: &str) -> Option<String> {
    let members = members(text);
    if let Some(member) = members.iter().find(|member| member.path == path) {
        return Some(replaced(text, member.value.clone(), value));
    }
    let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
    let object = match parent {
        "" => text.find('{')?..text.trim_end().len(),
        parent => members.iter().find(|member| member.path == parent)?.value.clone(),
    };
    let inside = text[object.clone()].strip_prefix('{')?;
    // As the first member that is there is written: on a line of its own, or all on one.
    let gap = &inside[..inside.len() - inside.trim_start().len()];
    let is_empty = inside.trim_start().starts_with('}');
    let member = format!("{key:?}: {value}");
    let first = object.start + 1;
    Some(match (is_empty, gap.is_empty()) {
        (true, _) => replaced(text, first..first, &member),
        (false, true) => replaced(text, first..first, &format!("{member}, ")),
        (false, false) => replaced(text, first..first, &format!("{gap}{member},")),
    })
}

/// The text with other bytes in place of those.
pub(crate) fn replaced(text: &str, range: Range<usize>, by: &str) -> String {
    format!("{}{by}{}", &text[..range.start], &text[range.end..])
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Member>,
}

/// Each step is none where the text is no JSON any more.
impl<'a> Reader<'a> {
    fn value(&mut self, path: &str, depth: usize) -> Option<Range<usize>> {
        self.skip_blanks();
        let start = self.at;
        match self.peek()? {
            _ if depth > DEPTH_MAX => return None,
            b'{' => self.items(path, depth, b'}')?,
            b'[' => self.items(path, depth, b']')?,
            b'"' => {
                self.string()?;
            }
            _ => self.word()?,
        }
        Some(start..self.at)
    }

    /// What stands between brackets of either kind.
    fn items(&mut self, path: &str, depth: usize, close: u8) -> Option<()> {
        self.at += 1;
        for index in 0.. {
            self.skip_blanks();
            if self.peek()? == close {
                break;
            }
            let at = self.at;
            let inner = match close {
                b'}' => self.key(path)?,
                _ => format!("{path}[{index}]"),
            };
            // Known before its value is read: what is wrong may be in there.
            let known = self.found.len();
            self.found.push(Member { path: inner.clone(), at, value: at..at });
            self.found[known].value = self.value(&inner, depth + 1)?;
            self.skip_blanks();
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        Some(())
    }

    fn key(&mut self, path: &str) -> Option<String> {
        let key: String = serde_json::from_str(self.string()?).ok()?;
        self.skip_blanks();
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        Some(if path.is_empty() { key } else { format!("{path}.{key}") })
    }

    /// A text with its quotation marks.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at)
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then_some(())
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const TEXT: &str =
        "{\n  \"mode\": \"off\",\n  \"autotask\": {\n    \"note\": { \"type\": 1 },\n    \"hours\": [1, 6]\n  }\n}\n";

    fn line(path: &str) -> usize {
        position_of(TEXT, path).unwrap().line
    }

    #[test]
    fn key_is_found_where_it_stands() {
        assert_eq!([line("mode"), line("autotask.note.type"), line("autotask.hours[1]")], [2, 4, 5]);
        assert_eq!(position_of(TEXT, "autotask.note"), Some(Position { line: 4, column: 5 }));
    }

    #[test]
    fn missing_key_is_told_by_what_it_belongs_into() {
        assert_eq!([line("autotask.username"), line("autotask.note.visibility"), line("time_zone")], [3, 4, 1]);
    }

    #[test]
    fn what_stands_before_a_break_is_found() {
        let broken = &TEXT[..TEXT.find("\"hours\"").unwrap() + 12];
        assert_eq!(position_of(broken, "autotask.note.type").unwrap().line, 4);
        assert_eq!(position_of("", "mode"), None);
    }

    #[test]
    fn one_value_changes_and_every_other_byte_stays() {
        assert_eq!(with_value(TEXT, "mode", "\"deliver\"").unwrap(), TEXT.replace("off", "deliver"));
        assert_eq!(with_value(TEXT, "autotask.note.type", "3").unwrap(), TEXT.replace("1 }", "3 }"));
    }

    #[test]
    fn new_key_is_written_as_its_neighbours_are() {
        let with_name = with_value(TEXT, "autotask.name", "\"a\"").unwrap();
        assert_eq!(with_name, TEXT.replace("\n    \"note\"", "\n    \"name\": \"a\",\n    \"note\""));
        assert_eq!(with_value("{\"a\":{}}", "a.b", "1").unwrap(), "{\"a\":{\"b\": 1}}");
        assert_eq!(with_value("{\"a\":1}", "b", "2").unwrap(), "{\"b\": 2, \"a\":1}");
        assert_eq!(with_value("{\"a\":1}", "x.b", "2"), None);
        assert_eq!(with_value("no JSON", "b", "2"), None);
    }

    #[test]
    fn keys_with_escapes_and_brackets_in_texts_do_not_confuse() {
        let text = r#"{ "a\u0062": "}{\"", "c": "[" , "d" : -1.5e3 }"#;
        let paths: Vec<_> = members(text).into_iter().map(|member| (member.path, text[member.value].to_owned())).collect();
        assert_eq!(paths, [("ab".into(), r#""}{\"""#.into()), ("c".into(), "\"[\"".into()), ("d".into(), "-1.5e3".into())]);
    }

    #[test]
    fn no_text_is_too_deep() {
        assert!(members(&"[".repeat(100_000)).len() <= DEPTH_MAX + 1);
    }
}
