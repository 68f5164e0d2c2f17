//! What shadow mode would have written, held against what others have written on the ticket at that time. Pure.
//!
//! Notes are paired by the words that they share, time entries by whose time it is and when. What has no partner is told of its side.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use session::Lsid;
use ticketing::activity::{Activity, WrittenNote, WrittenTime};

/// A session lasts no longer than that before its end.
const BEFORE_END: SignedDuration = SignedDuration::from_hours(24);
/// What others write of it is there by then, their own retries included.
const AFTER_END: SignedDuration = SignedDuration::from_hours(48);
/// Two notes that share fewer of the words of the shorter one are about different things; percent.
const SHARED_WORDS_MIN: usize = 30;
/// Longer texts are not compared line by line: that takes the product of both.
const LINES_MAX: usize = 2_000;

/// When others may have written of a session that ended then.
pub(crate) fn span(ended_at: Timestamp) -> (Timestamp, Timestamp) {
    let (since, until) = (ended_at.saturating_sub(BEFORE_END), ended_at.saturating_add(AFTER_END));
    (since.unwrap_or(Timestamp::MIN), until.unwrap_or(Timestamp::MAX))
}

/// One write that was kept, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptWrite {
    pub(crate) write: String,
    /// The ticket's number.
    pub(crate) ticket: String,
    heading: String,
    text: String,
}

/// The kept writes; a member that is not as this release writes it is passed over.
pub(crate) fn kept_writes(kept: &Value) -> Vec<KeptWrite> {
    let write = |value: &Value| {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(KeptWrite { write: text("write")?, ticket: text("ticket")?, heading: text("heading")?, text: text("text")? })
    };
    kept.as_array().map(|writes| writes.iter().filter_map(write).collect()).unwrap_or_default()
}

/// Both sides.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Comparison {
    pub(crate) pairs: Vec<Pair>,
    /// Nobody has written these.
    pub(crate) only_ours: Vec<OneSided>,
    /// These are there at that time, too: of the same session, or of anything else.
    pub(crate) only_theirs: Vec<OneSided>,
}

impl Comparison {
    /// Whether others have written all that would have been written, and the same time in each entry. Texts differ by nature, and people write
    /// on tickets, too.
    pub(crate) fn agrees(&self) -> bool {
        let same_fields = |pair: &Pair| pair.fields.iter().all(|field| field.ours == field.theirs);
        self.only_ours.is_empty() && self.pairs.iter().all(same_fields)
    }
}

/// What is ours and theirs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Pair {
    /// Ours.
    pub(crate) write: String,
    pub(crate) theirs: OneSided,
    /// Of a time entry: what is billed.
    pub(crate) fields: Vec<FieldDifference>,
    /// The texts line by line; empty if one of them is too long to be compared.
    pub(crate) lines: Vec<Line>,
}

/// What only one side has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct OneSided {
    /// `note`, `time entry`, or `attachment`.
    pub(crate) kind: &'static str,
    /// The write's id, or the id in the ticketing system.
    pub(crate) id: String,
    pub(crate) heading: String,
}

/// A field of a time entry.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldDifference {
    pub(crate) name: &'static str,
    pub(crate) ours: String,
    pub(crate) theirs: String,
}

/// A line of both texts, or of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) side: Side,
    pub(crate) text: String,
}

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    Both,
    Ours,
    Theirs,
}

/// Holds what was kept of a session against the activity on its ticket.
pub(crate) fn compare(lsid: &Lsid, kept: &[KeptWrite], activity: &Activity) -> Comparison {
    let mut comparison = Comparison::default();
    // What was written here meanwhile, by a replay, is nobody else's.
    let ours = format!("[{lsid}/");
    let mut notes: Vec<&WrittenNote> = activity.notes.iter().filter(|note| !note.title.contains(&ours)).collect();
    let mut times: Vec<&WrittenTime> = activity.times.iter().filter(|time| !time.internal.starts_with(&ours)).collect();
    for write in kept {
        match Kind::of(write) {
            Kind::Attachment => comparison.only_ours.push(one_sided("attachment", write)),
            Kind::Time(time) => match best_time(&time, &times) {
                Some(index) => comparison.pairs.push(pair_of_times(write, &time, times.remove(index))),
                None => comparison.only_ours.push(one_sided("time entry", write)),
            },
            Kind::Note => match best_note(write, &notes) {
                Some(index) => comparison.pairs.push(pair_of_notes(write, notes.remove(index))),
                None => comparison.only_ours.push(one_sided("note", write)),
            },
        }
    }
    let notes = notes.into_iter().map(their_note);
    comparison.only_theirs = notes.chain(times.into_iter().map(their_time)).collect();
    comparison
}

/// What a kept write is.
enum Kind {
    Note,
    Time(OurTime),
    Attachment,
}

impl Kind {
    fn of(write: &KeptWrite) -> Self {
        match write.write.split('.').next() {
            Some("time") => Self::Time(OurTime::read(&write.heading)),
            Some("attachment") => Self::Attachment,
            _ => Self::Note,
        }
    }
}

/// A time entry that was kept, as far as its heading says.
#[derive(Debug, Default, PartialEq, Eq)]
struct OurTime {
    resource: Option<i64>,
    role: Option<i64>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl OurTime {
    /// From the heading that the delivery gives it: `resource 101, role 301, <start> to <end>`.
    fn read(heading: &str) -> Self {
        let mut time = Self::default();
        for part in heading.split(", ") {
            if let Some((start, end)) = part.split_once(" to ") {
                (time.start, time.end) = (start.parse().ok(), end.parse().ok());
            } else if let Some(id) = part.strip_prefix("resource ") {
                time.resource = id.parse().ok();
            } else if let Some(id) = part.strip_prefix("role ") {
                time.role = id.parse().ok();
            }
        }
        time
    }

    /// The time that both lie in; seconds.
    fn overlap_seconds(&self, other: &WrittenTime) -> Option<i64> {
        let (start, end) = (self.start?.max(other.start?), self.end?.min(other.end?));
        Some(end.as_second() - start.as_second()).filter(|seconds| *seconds > 0)
    }
}

/// The entry that has the most time in common, one of the same person first.
fn best_time(time: &OurTime, others: &[&WrittenTime]) -> Option<usize> {
    let fit = |other: &WrittenTime| {
        let seconds = time.overlap_seconds(other)?;
        Some((other.resource.map(|resource| resource.0) == time.resource, seconds))
    };
    let fitting = others.iter().enumerate().filter_map(|(index, other)| Some((fit(other)?, index)));
    fitting.max_by_key(|(fit, _)| *fit).map(|(_, index)| index)
}

/// The note that shares the most words, if they are enough.
fn best_note(write: &KeptWrite, others: &[&WrittenNote]) -> Option<usize> {
    let ours = words(&[&write.heading, &write.text]);
    let share = |other: &WrittenNote| {
        let theirs = words(&[&other.title, &other.text]);
        let shorter = ours.len().min(theirs.len()).max(1);
        ours.intersection(&theirs).count() * 100 / shorter
    };
    let fitting = others.iter().enumerate().map(|(index, other)| (share(other), index));
    fitting
        .filter(|(share, _)| *share >= SHARED_WORDS_MIN)
        .max_by_key(|(share, index)| (*share, std::cmp::Reverse(*index)))
        .map(|(_, index)| index)
}

fn words(texts: &[&str]) -> BTreeSet<String> {
    let words = texts.iter().flat_map(|text| text.split(|character: char| !character.is_alphanumeric()));
    words.filter(|word| word.chars().count() > 2).map(str::to_lowercase).collect()
}

fn pair_of_notes(write: &KeptWrite, other: &WrittenNote) -> Pair {
    let lines = lines(&write.text, &other.text);
    Pair { write: write.write.clone(), theirs: their_note(other), fields: vec![], lines }
}

fn pair_of_times(write: &KeptWrite, time: &OurTime, other: &WrittenTime) -> Pair {
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let field = |name, ours, theirs| FieldDifference { name, ours, theirs };
    let fields = vec![
        field("resource", id(time.resource), id(other.resource.map(|resource| resource.0))),
        field("role", id(time.role), id(other.role.map(|role| role.0))),
        field("start", moment(time.start), moment(other.start)),
        field("end", moment(time.end), moment(other.end)),
    ];
    let theirs = [other.summary.as_str(), other.internal.as_str()].join("\n");
    Pair { write: write.write.clone(), theirs: their_time(other), fields, lines: lines(&write.text, &theirs) }
}

fn one_sided(kind: &'static str, write: &KeptWrite) -> OneSided {
    OneSided { kind, id: write.write.clone(), heading: write.heading.clone() }
}

fn their_note(note: &WrittenNote) -> OneSided {
    OneSided { kind: "note", id: note.id.to_string(), heading: note.title.clone() }
}

fn their_time(time: &WrittenTime) -> OneSided {
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "?".to_owned(), |at| at.to_string());
    OneSided { kind: "time entry", id: time.id.to_string(), heading: format!("{} to {}", moment(time.start), moment(time.end)) }
}

/// Both texts line by line, by their longest common subsequence; nothing if one of them is too long for that.
fn lines(ours: &str, theirs: &str) -> Vec<Line> {
    let (ours, theirs) = (split(ours), split(theirs));
    if ours.len() > LINES_MAX || theirs.len() > LINES_MAX {
        return Vec::new();
    }
    // How many lines the rests from there on have in common.
    let mut common = vec![vec![0_u16; theirs.len() + 1]; ours.len() + 1];
    for (i, our) in ours.iter().enumerate().rev() {
        for (j, their) in theirs.iter().enumerate().rev() {
            common[i][j] = if our == their { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    let line = |side, text: &str| Line { side, text: text.to_owned() };
    while i < ours.len() || j < theirs.len() {
        if i < ours.len() && j < theirs.len() && ours[i] == theirs[j] {
            lines.push(line(Side::Both, ours[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == theirs.len() || (i < ours.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(line(Side::Ours, ours[i]));
            i += 1;
        } else {
            lines.push(line(Side::Theirs, theirs[j]));
            j += 1;
        }
    }
    lines
}

/// The lines of a text; how they end, and what stands behind them, is no difference.
fn split(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use serde_json::json;
    use session::{RemoteId, ResourceId, RoleId};

    use super::*;

    const NOTE: &str = "Customer     Jörg Müller, Acme & Sons\nIssue        Label printer offline\nChat\nDana: hello";

    fn lsid() -> Lsid {
        "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap()
    }

    fn kept() -> Vec<KeptWrite> {
        kept_writes(&json!([
            { "write": "note.session", "ticket": "T20250318.0042", "heading": "Remote session 48213", "text": NOTE },
            { "write": "time.101", "ticket": "T20250318.0042",
              "heading": "resource 101, role 301, 2025-03-18T13:02:00Z to 2025-03-18T13:27:00Z", "text": "Remote support\ninternal" },
            "of another release",
        ]))
    }

    fn note(id: i64, title: &str, text: &str) -> WrittenNote {
        WrittenNote { id: RemoteId(id), title: title.to_owned(), text: text.to_owned(), created_at: None }
    }

    fn time(id: i64, resource: i64, start: &str, end: &str) -> WrittenTime {
        WrittenTime {
            id: RemoteId(id),
            resource: Some(ResourceId(resource)),
            role: Some(RoleId(301)),
            start: start.parse().ok(),
            end: end.parse().ok(),
            summary: "Remote support".to_owned(),
            internal: String::new(),
        }
    }

    #[test]
    fn each_write_finds_its_partner_and_the_rest_is_told_of_its_side() {
        let theirs =
            "Support session\nIssue        Label printer offline\nCustomer Jörg Müller of Acme & Sons\nChat\nDana: hello";
        let activity = Activity {
            notes: vec![note(1, "Phone call", "They will call back about the invoice"), note(2, "Session", theirs)],
            times: vec![
                time(3, 102, "2025-03-18T13:02:00Z", "2025-03-18T13:27:00Z"),
                time(4, 101, "2025-03-18T13:02:00Z", "2025-03-18T13:30:00Z"),
            ],
        };
        let comparison = compare(&lsid(), &kept(), &activity);
        assert!(!comparison.agrees());
        insta::assert_snapshot!(serde_json::to_string_pretty(&comparison).unwrap());
    }

    #[test]
    fn what_was_written_here_is_nobody_elses() {
        let marked = format!("Remote session 48213 [{}/note.session]", lsid());
        let activity = Activity { notes: vec![note(1, &marked, NOTE)], times: vec![] };
        let comparison = compare(&lsid(), &kept(), &activity);
        assert!(comparison.pairs.is_empty() && comparison.only_theirs.is_empty() && comparison.only_ours.len() == 2);
    }

    #[test]
    fn same_writes_agree_whatever_their_texts_say() {
        let activity = Activity {
            notes: vec![note(1, "", NOTE)],
            times: vec![time(2, 101, "2025-03-18T13:02:00Z", "2025-03-18T13:27:00Z")],
        };
        assert!(compare(&lsid(), &kept(), &activity).agrees());
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_off_the_lines(ours in "[ab\n]{0,30}", theirs in "[ab\n]{0,30}") {
            let lines = lines(&ours, &theirs);
            let of = |side| lines.iter().filter(move |line| line.side == Side::Both || line.side == side).map(|line| line.text.as_str());
            prop_assert_eq!(of(Side::Ours).collect::<Vec<_>>(), split(&ours));
            prop_assert_eq!(of(Side::Theirs).collect::<Vec<_>>(), split(&theirs));
        }

        #[test]
        fn any_heading_is_read(heading in "\\PC*") {
            let _ = OurTime::read(&heading);
        }
    }
}
