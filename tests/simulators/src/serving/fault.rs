//! Faults on demand: which calls, how often, and what goes wrong with them. Only the description and the choice are here;
//! [`super::gateway`] carries them out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exchange::Call;

/// A rule: the calls it meets and what happens to them. Sent as JSON to `POST _sim/faults`.
///
/// Rules are asked in the order in which they were added; the first one that matches and is not used up decides.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// HTTP method; none = any.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path below `/t/<tenant>`, the query string included (`/a/b?c=d`), any case; none = any.
    #[serde(default)]
    pub path: Option<String>,
    /// Part of the request body, exact; none = any.
    #[serde(default)]
    pub body: Option<String>,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u64,
    /// How many calls are harmed after that; none = all, until the rules are cleared.
    #[serde(default)]
    pub times: Option<u64>,
    /// What goes wrong.
    pub action: FaultAction,
}

impl Fault {
    /// This action for every call, until cleared. Narrow it with the methods below.
    #[must_use]
    pub fn new(action: FaultAction) -> Self {
        Self { method: None, path: None, body: None, skip: 0, times: None, action }
    }

    /// Only calls of this method, whose path holds this text.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// Only calls whose body holds this text.
    #[must_use]
    pub fn with_body(mut self, text: &str) -> Self {
        self.body = Some(text.to_owned());
        self
    }

    /// Lets this many matching calls pass first.
    #[must_use]
    pub fn after(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// Harms this many calls and no more.
    #[must_use]
    pub fn times(mut self, calls: u64) -> Self {
        self.times = Some(calls);
        self
    }

    fn matches(&self, call: &Call) -> bool {
        let method = self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(call.method.as_str()));
        let path = self.path.as_deref().is_none_or(|part| {
            let whole = format!("{}?{}", call.path, call.query).to_ascii_lowercase();
            whole.contains(&part.to_ascii_lowercase())
        });
        method && path && self.body.as_deref().is_none_or(|part| call.body_text().contains(part))
    }
}

/// What goes wrong. "Effect" is what the call would have done: a row created, a token issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultAction {
    /// Effect and answer come this much later. The effect comes even if the client has gone by then, as at a real server.
    Delay {
        /// How much later, in milliseconds.
        milliseconds: u64,
    },
    /// The connection is reset; no effect.
    Reset,
    /// Effect, then the connection breaks instead of carrying the answer.
    AnswerLost {
        /// By a reset (true) or an orderly end of the stream (false).
        #[serde(default = "yes")]
        reset: bool,
    },
    /// The connection is reset at once; the effect comes this much later.
    LateEffect {
        /// How much later, in milliseconds.
        milliseconds: u64,
    },
    /// This answer; no effect.
    Status {
        /// HTTP status.
        status: u16,
        /// Headers of the answer.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Body of the answer.
        #[serde(default)]
        body: String,
    },
    /// Effect, then this answer.
    StatusAfterEffect {
        /// HTTP status.
        status: u16,
        /// Headers of the answer.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Body of the answer.
        #[serde(default)]
        body: String,
    },
    /// Effect, then the true status and headers with a body that is not what it claims to be.
    Garbage,
    /// Effect, then the true answer, cut in the middle of its body.
    HalfBody,
    /// A redirect; no effect.
    Redirect {
        /// HTTP status, 302 by default.
        #[serde(default = "found")]
        status: u16,
        /// Where to.
        location: String,
    },
    /// Neither effect nor answer: the connection stays open, at most this long, and is then reset.
    Stall {
        /// The longest stall, in milliseconds.
        #[serde(default = "server_time_limit")]
        milliseconds: u64,
    },
}

impl FaultAction {
    /// The name of the action, as in its JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Delay { .. } => "delay",
            Self::Reset => "reset",
            Self::AnswerLost { .. } => "answer_lost",
            Self::LateEffect { .. } => "late_effect",
            Self::Status { .. } => "status",
            Self::StatusAfterEffect { .. } => "status_after_effect",
            Self::Garbage => "garbage",
            Self::HalfBody => "half_body",
            Self::Redirect { .. } => "redirect",
            Self::Stall { .. } => "stall",
        }
    }
}

fn yes() -> bool {
    true
}

fn found() -> u16 {
    302
}

/// A vendor's server ends a call after 300 s (vendor reference, Autotask).
fn server_time_limit() -> u64 {
    300_000
}

/// A rule and what has become of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ArmedFault {
    id: u64,
    #[serde(flatten)]
    fault: Fault,
    /// Matching calls so far, the skipped ones included.
    seen: u64,
    /// Calls harmed so far.
    harmed: u64,
}

/// The rules of one tenant.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    rules: Vec<ArmedFault>,
    last_id: u64,
}

impl FaultPlan {
    /// Adds a rule; returns its number.
    pub(crate) fn add(&mut self, fault: Fault) -> u64 {
        self.last_id += 1;
        self.rules.push(ArmedFault { id: self.last_id, fault, seen: 0, harmed: 0 });
        self.last_id
    }

    /// Forgets all rules.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// All rules, used up or not.
    pub(crate) fn rules(&self) -> &[ArmedFault] {
        &self.rules
    }

    /// What happens to this call, counting it in.
    pub(crate) fn take(&mut self, call: &Call) -> Option<FaultAction> {
        for rule in &mut self.rules {
            let used_up = rule.fault.times.is_some_and(|times| rule.harmed >= times);
            if used_up || !rule.fault.matches(call) {
                continue;
            }
            rule.seen += 1;
            if rule.seen > rule.fault.skip {
                rule.harmed += 1;
                return Some(rule.fault.action.clone());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::http::{HeaderMap, Method};

    use super::*;

    fn call(method: Method, path: &str, body: &'static str) -> Call {
        Call {
            method,
            path: path.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
            tenant_url: String::new(),
        }
    }

    #[test]
    fn rule_skips_then_harms_then_is_used_up() {
        let mut plan = FaultPlan::default();
        plan.add(Fault::new(FaultAction::Reset).on("POST", "/notes").after(1).times(2));
        let post = call(Method::POST, "/V1.0/Tickets/7/Notes", "");
        let harmed: Vec<bool> = (0..4).map(|_| plan.take(&post).is_some()).collect();
        assert_eq!(harmed, [false, true, true, false]);
    }

    #[test]
    fn rule_leaves_other_calls_alone() {
        let mut plan = FaultPlan::default();
        plan.add(Fault::new(FaultAction::Reset).on("POST", "/Notes").with_body("marker"));
        assert!(plan.take(&call(Method::GET, "/Notes", "marker")).is_none());
        assert!(plan.take(&call(Method::POST, "/TimeEntries", "marker")).is_none());
        assert!(plan.take(&call(Method::POST, "/Notes", "other")).is_none());
        assert!(plan.take(&call(Method::POST, "/Notes", "a marker b")).is_some());
    }

    #[test]
    fn later_rule_serves_when_an_earlier_one_is_used_up() {
        let mut plan = FaultPlan::default();
        plan.add(Fault::new(FaultAction::Reset).times(1));
        plan.add(Fault::new(FaultAction::Garbage).times(1));
        let any = call(Method::GET, "/", "");
        let names: Vec<_> = (0..3).map(|_| plan.take(&any).map(|action| action.name())).collect();
        assert_eq!(names, [Some("reset"), Some("garbage"), None]);
    }

    #[test]
    fn misspelt_rule_is_refused_instead_of_matching_everything() {
        let typo = r#"{"methd":"POST","action":{"kind":"reset"}}"#;
        assert!(serde_json::from_str::<Fault>(typo).is_err());
    }
}
