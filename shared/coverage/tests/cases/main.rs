//! Polls, backfills and statements one by one: what they ask for and what they make of the answers.
#![allow(clippy::unwrap_used, reason = "tests")]

mod backfill;
mod poll;
mod statement;

use coverage::{Known, SessionState};
use jiff::Timestamp;
use session::{EndedSession, Listing, Lsid, Window};

/// A moment of the day that these tests are about.
fn at(time: &str) -> Timestamp {
    format!("2026-11-25T{time}Z").parse().unwrap()
}

fn window(from: &str, until: &str) -> Window {
    Window::new(at(from), at(until)).unwrap()
}

fn lsid(text: &str) -> Lsid {
    text.parse().unwrap()
}

fn ended(id: &str, time: &str) -> EndedSession {
    EndedSession { lsid: lsid(id), sequence: Some(48213), ended_at: Some(at(time)), external_key: None }
}

fn listing(sessions: &[EndedSession], source_now: &str) -> Listing {
    Listing { sessions: sessions.to_vec(), source_now: Some(at(source_now)) }
}

/// Known by a poll, and in that state.
fn polled(state: SessionState) -> Known {
    Known { end_seen: true, announced: false, state, sentence: None }
}
