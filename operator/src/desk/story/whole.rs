//! All that the ledger has of a session, for somebody who looks closer.

use std::fmt::Write as _;

use delivery::{Write, WriteState, Writer};
use jiff::Timestamp;

use super::happened::fate;
use super::{moment, title};
use crate::desk::sessions::{Session, sentence};
use crate::output::line;

/// All that the ledger has of the session.
pub(crate) fn whole(session: &Session) -> String {
    let mut text = format!("{}\n", title(session));
    let mut member = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {name:<18}{}", line(&value));
        }
    };
    member("state", Some(session.state().name().to_owned()));
    member("attention since", session.listed.attention_at.map(moment));
    member("changed", session.listed.updated_at.map(moment));
    member("claims", Some(format!("{} ({} without outcome)", session.listed.fence, session.listed.claims_without_outcome)));
    let Some(record) = session.record() else {
        member("record", Some("none that can be read".to_owned()));
        return text;
    };
    let facts = record.facts.clone().unwrap_or_default();
    member("external key", facts.external_key);
    member("ticket", record.target.as_ref().map(|target| format!("{} (id {}), frozen", target.number, target.ticket)));
    member("assigned ticket", record.assigned.map(|ticket| format!("id {ticket}")));
    member("end announced", record.end.map(|end| announced(end.at, end.received_at, end.writer)));
    let surveys = &record.surveys_seen;
    let seen = surveys.customer.len() + surveys.representative.len();
    member("surveys announced", (seen > 0).then(|| seen.to_string()));
    let missing = record.surveys_missing;
    member("surveys missing", missing.any().then(|| (missing.customer + missing.representative).to_string()));
    member("surveys awaited", record.surveys_awaited_since.map(|at| format!("since {}", moment(at))));
    member("unmatched", record.unmatched.map(|why| why.to_string()));
    member("ignored", record.ignored.map(|why| why.to_string()));
    member("left open", record.left_open.map(|why| why.to_string()));
    member("given up", record.dead_lettered.as_ref().map(ToString::to_string));
    member("waits for", record.waiting.as_ref().map(|waiting| waiting.why.to_string()));
    member("waits since", record.waiting.as_ref().map(|waiting| moment(waiting.since)));
    member("tried again", record.waiting.as_ref().and_then(|waiting| waiting.until).map(moment));
    member("replayed", record.replayed_at.map(moment));
    member("settled", record.settled_at.map(moment));
    for (id, write) in &record.writes {
        member("write", Some(format!("{id}: {}{}", fate(write), with_id(write))));
        member("", sentence(write).map(|sentence| format!("\u{201c}{sentence}\u{201d}")));
    }
    text
}

fn announced(at: Option<Timestamp>, received_at: Timestamp, writer: Writer) -> String {
    let of = at.map_or_else(|| "without a time".to_owned(), |at| format!("for {}", moment(at)));
    let whose = match writer {
        Writer::Us => "ours to write",
        Writer::Others => "others' to write",
    };
    format!("{of}, heard {}, {whose}", moment(received_at))
}

fn with_id(write: &Write) -> String {
    match write.state {
        WriteState::Done { id, .. } if id.0 != 0 => format!(" (id {id})"),
        _ => String::new(),
    }
}
