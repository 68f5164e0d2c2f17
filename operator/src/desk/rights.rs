//! Whether a connection can do what it is for: every right named one by one, asked of both neighbours as the worker would ask them.
//!
//! Each [`Check`] says what was seen, and if it fails, where the right is granted. Asked from the machine that it runs on: whether
//! the worker's own address is let in shows only its first call.

mod new_ticket;
mod of_appliance;
mod of_autotask;
#[cfg(test)]
mod tests;
mod trial;

use std::time::Duration;

use connection::Document;
use jiff::Timestamp;
use serde::Serialize;

use self::of_appliance::of_appliance;
use self::of_autotask::of_autotask;

/// Longer than either neighbour needs for one question.
const CALL_TIME: Duration = Duration::from_secs(30);

/// One right, and whether it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What is checked, as a word that programs can rely on.
    pub(crate) name: &'static str,
    /// Whether it is as it should be.
    pub(crate) ok: bool,
    /// What was seen.
    pub(crate) detail: String,
    /// What to do, and where, if it is not.
    pub(crate) remedy: Option<String>,
}

/// What a person adds to the document for the test.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// A user of the appliance, whose resource and role are looked for.
    pub(crate) representative: Option<String>,
    /// A ticket's number or id.
    pub(crate) ticket: Option<String>,
    /// Whether a note and a time entry are written on that ticket.
    pub(crate) write: bool,
}

/// Checks everything, telling each result as soon as it is there. `now` is when it begins.
pub(crate) async fn test(document: &Document, wanted: &Wanted, now: Timestamp, tell: &mut dyn FnMut(&Check)) -> Vec<Check> {
    let mut list = List { checks: Vec::new(), tell };
    of_appliance(document, now, &mut list).await;
    of_autotask(document, wanted, now, &mut list).await;
    list.checks
}

struct List<'a> {
    checks: Vec<Check>,
    tell: &'a mut dyn FnMut(&Check),
}

impl List<'_> {
    fn ok(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(Check { name, ok: true, detail: detail.into(), remedy: None });
    }

    fn fails(&mut self, name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) {
        self.add(Check { name, ok: false, detail: detail.into(), remedy: Some(remedy.into()) });
    }

    fn add(&mut self, check: Check) {
        (self.tell)(&check);
        self.checks.push(check);
    }
}
