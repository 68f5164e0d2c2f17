//! The call log: what arrived at a tenant and how it was answered, for tests that count calls. Never headers, bodies or query
//! strings: those hold credentials.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// Calls kept per tenant; the counters go on beyond it.
const CALLS_MAX: usize = 10_000;

/// One call to a vendor path.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LoggedCall {
    /// 1, 2, 3, … in the order of the answers.
    pub(crate) number: u64,
    /// The tenant's time at the answer.
    pub(crate) at: Timestamp,
    pub(crate) method: String,
    /// Below `/t/<tenant>`, without the query string.
    pub(crate) path: String,
    /// The vendor's entity, report or action.
    pub(crate) entity: String,
    /// What it was about: an lsid, say.
    pub(crate) detail: Option<String>,
    /// What the client was told; none if the connection was broken instead.
    pub(crate) status: Option<u16>,
    /// Calls to this entity that were under way at the arrival of this one, itself included.
    pub(crate) concurrency: usize,
    /// The fault that was done to it.
    pub(crate) fault: Option<&'static str>,
    /// 1 for the first request of a connection.
    pub(crate) request_on_connection: u64,
}

/// The calls of one tenant.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    calls: VecDeque<LoggedCall>,
    total: u64,
    by_kind: BTreeMap<String, u64>,
    by_status: BTreeMap<String, u64>,
    most_at_once: BTreeMap<String, usize>,
}

impl CallLog {
    /// Writes a call down and gives it its number.
    pub(crate) fn record(&mut self, mut call: LoggedCall) {
        self.total += 1;
        call.number = self.total;
        *self.by_kind.entry(format!("{} {}", call.method, call.entity)).or_default() += 1;
        let status = call.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        *self.by_status.entry(status).or_default() += 1;
        let most = self.most_at_once.entry(call.entity.clone()).or_default();
        *most = (*most).max(call.concurrency);
        if self.calls.len() == CALLS_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// The calls kept, oldest first.
    pub(crate) fn calls(&self) -> &VecDeque<LoggedCall> {
        &self.calls
    }

    /// Counts by method and entity, by status, and the most calls at once by entity.
    pub(crate) fn counters(&self) -> Value {
        json!({
            "total": self.total,
            "calls": self.by_kind,
            "statuses": self.by_status,
            "most_at_once": self.most_at_once,
        })
    }
}
