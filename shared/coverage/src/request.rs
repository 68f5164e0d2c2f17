//! What whoever works with coverage asks the poller for, and what it answers: the payloads of one function, as JSON.
//!
//! ```text
//! {"poll":      {"appliance": "default"}}                       -> a `Polled`
//! {"backfill":  {"appliance": "default", "id": "b-1"}}          -> the `Job`, after one slice of it
//! {"statement": {"appliance": "default", "from": …, "to": …}}   -> a `Statement`, which is also kept
//! ```
//!
//! Whatever is asked for, an answer that is none is `{"failure": {"cause", "what"}}`: see [`Reply`]. What the schedule sends is not here:
//! it asks for nothing in particular.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use session::{ApplianceId, Sentence};

use crate::backfill::JobId;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Look at one connection now: [`Polled`]. Refused unless its document says that it is polled, for a poll decides from when on the
    /// sessions are ours.
    Poll {
        /// Which.
        appliance: ApplianceId,
    },
    /// Go on with a backfill for a short while (some twenty seconds): the [`Job`](crate::Job) as it is then. Asked again until the
    /// job's state is another than running.
    Backfill {
        /// Whose.
        appliance: ApplianceId,
        /// Which one: it is in the ledger already.
        id: JobId,
    },
    /// Hold the source's list of a range against the ledger: a [`Statement`](crate::Statement), whole or not at all. A week takes
    /// seconds; 90 days at once may take longer than an invocation may, so whoever wants them asks in pieces.
    Statement {
        /// Whose sessions.
        appliance: ApplianceId,
        /// Those that ended in this second or later …
        from: Timestamp,
        /// … and before this one.
        to: Timestamp,
    },
}

impl Request {
    /// The names of all requests, which are the one member of a payload.
    pub const NAMES: [&str; 3] = ["poll", "backfill", "statement"];

    /// Whose sessions it is about.
    #[must_use]
    pub const fn appliance(&self) -> &ApplianceId {
        match self {
            Self::Poll { appliance } | Self::Backfill { appliance, .. } | Self::Statement { appliance, .. } => appliance,
        }
    }
}

/// What a poll came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polled {
    /// Whose sessions.
    pub appliance: ApplianceId,
    /// How many the source listed; one that was listed by two windows counts twice.
    pub listed: u64,
    /// How many went into the queue.
    pub enqueued: u64,
    /// All that ended before, and was listed by now, is in the queue or known. `None`: nothing has been kept yet.
    pub mark: Option<Timestamp>,
    /// How it ended.
    pub ended: Ended,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// To its end.
    Complete,
    /// Somebody else went on with the same meanwhile, and sees to the rest.
    Overtaken,
    /// As far as there was time. The next run goes on from there.
    TimeShort,
}

/// What the poller answers to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reply<T> {
    /// It could not be done, or not to its end. What was kept stays so, and asking again goes on from there.
    Failed {
        /// Why.
        failure: Failed,
    },
    /// What was asked for.
    Done(T),
}

/// Why the poller could not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Whose fault, in one word: `document`, `source`, `ledger`, `queue`, `time` or `unknown_job`.
    pub cause: String,
    /// What happened.
    pub what: Sentence,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::{Value, json};

    use super::*;

    fn check(request: &Request, expected: &Value) {
        assert_eq!(serde_json::to_value(request).unwrap(), *expected);
        assert_eq!(serde_json::from_value::<Request>(expected.clone()).unwrap(), *request);
        let names: Vec<&str> = expected.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(names.len() == 1 && Request::NAMES.contains(&names[0]));
    }

    #[test]
    fn requests_are_payloads_with_one_member() {
        let appliance = ApplianceId::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        check(&Request::Poll { appliance: appliance.clone() }, &json!({ "poll": { "appliance": "default" } }));
        let id = "b-1".parse().unwrap();
        let backfill = json!({ "backfill": { "appliance": "default", "id": "b-1" } });
        check(&Request::Backfill { appliance: appliance.clone(), id }, &backfill);
        let statement =
            json!({ "statement": { "appliance": "default", "from": "1970-01-01T00:00:00Z", "to": "1970-01-01T01:00:00Z" } });
        check(&Request::Statement { appliance, from: at(0), to: at(3600) }, &statement);
    }

    #[test]
    fn misspelt_member_is_refused_and_not_overlooked() {
        for wrong in [json!({ "poll": { "aplliance": "default" } }), json!({ "poll": { "appliance": "default", "from": 1 } })] {
            assert!(serde_json::from_value::<Request>(wrong).is_err());
        }
    }

    #[test]
    fn failure_is_told_from_an_answer() {
        let polled = Polled { appliance: ApplianceId::default(), listed: 3, enqueued: 1, mark: None, ended: Ended::TimeShort };
        let failure = Failed { cause: "source".to_owned(), what: Sentence::new("no connection") };
        for reply in [Reply::Done(polled), Reply::Failed { failure }] {
            let text = serde_json::to_string(&reply).unwrap();
            assert_eq!(serde_json::from_str::<Reply<Polled>>(&text).unwrap(), reply);
        }
    }
}
