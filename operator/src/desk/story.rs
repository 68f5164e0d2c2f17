//! A session in words. `why`: what was wanted, what happened, what was said, what is next, what a person can do; for somebody who
//! leads a help desk and has never seen a ledger. `whole`: all that the ledger has, for somebody who looks closer.

mod happened;
#[cfg(test)]
mod tests;
mod what_next;
mod whole;

use std::fmt::Write as _;

use delivery::Record;
use jiff::Timestamp;
use ledger::Remembered;

use self::happened::{happened, said, wanted};
use self::what_next::{can_do, next};
pub(crate) use self::whole::whole;
use super::sessions::{Session, State};
use crate::output::line;

/// The answer to "why": a text of some lines, under headings.
pub(crate) fn why(session: &Session) -> String {
    let mut text = format!("{}\n", title(session));
    let Some(record) = session.record() else { return text + unrecorded(session) };
    let state = State::of(record);
    for (heading, lines) in [
        ("What was wanted", wanted(record)),
        ("What happened", happened(record, state)),
        ("What was said", said(record)),
        ("What is next", vec![next(record, state)]),
        ("What you can do", can_do(session, record, state)),
    ] {
        if !lines.is_empty() {
            let _ = write!(text, "\n{heading}\n");
            for sentence in lines {
                let _ = writeln!(text, "  {}", line(&sentence));
            }
        }
    }
    text
}

fn unrecorded(session: &Session) -> &'static str {
    match session.listed.remembered {
        Remembered::Unreadable => {
            "\nWhat happened\n  What is remembered of this session cannot be read: it was edited by hand, or written by a later release.\n\
             \nWhat you can do\n  Use the program of that release. Until then look at the ticket before you write anything by hand.\n"
        }
        _ => {
            "\nWhat happened\n  Its event has come and is being worked on for the first time, or the attempt was broken off.\n\
             \nWhat is next\n  It is tried again by itself; after 20 attempts without any outcome it is given up, and somebody is told.\n"
        }
    }
}

fn title(session: &Session) -> String {
    let facts = session.record().and_then(|record| record.facts.clone()).unwrap_or_default();
    let mut title = match facts.sequence {
        Some(sequence) => format!("Session {sequence}"),
        None => "Session".to_owned(),
    };
    if let Some(technician) = facts.technician {
        let _ = write!(title, " of {}", line(&technician));
    }
    match session.record().and_then(Record::ended_at).or(session.listed.ended_at) {
        Some(at) => _ = write!(title, ", ended {}", moment(at)),
        None => title.push_str(", whose end nobody has heard of"),
    }
    let _ = write!(title, " (appliance {}, lsid {})", session.appliance, session.listed.lsid);
    title
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
