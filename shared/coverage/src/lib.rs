//! That nothing is missed: when to ask a source which sessions ended, which of them to put into the queue, and whether what the
//! source lists and what the ledger knows add up.
//!
//! Pure: no async, no HTTP, no AWS, no clock (`now` is an argument). Each of the three is a value that says its next [`Step`] and
//! takes the [`Answer`]; whoever performs the steps drops the value when one fails, and begins again from what is stored. So a crash
//! and a failure are the same thing.
//!
//! - [`poll`]: one look at one connection. A *watermark* says up to when everything is in the queue; it is read from the source's
//!   clock and ours, whichever is behind, and moves only after the queue has taken everything. Sessions are looked at again later,
//!   for surveys and for what was listed late.
//! - [`backfill`]: a job over a range of days, slice by slice; can be resumed, cancelled, and tried dry.
//! - [`statement`]: the source's list against the ledger, session by session, in numbers that add up.
//! - [`request`]: what others ask the function for that performs these, and what it answers.
//! - [`known`]: what the ledger knows of a session, as far as it matters here. [`windows`]: stretches of an hour at most.
//!
//! Whatever is enqueued too often costs a message and nothing else: the delivery writes once. Too seldom would cost a session, so in
//! doubt it is enqueued.

pub mod backfill;
pub mod known;
pub mod poll;
pub mod request;
pub mod statement;
pub mod step;
pub mod windows;

pub use backfill::{Backfill, Job, JobId, JobState, PlanError, StoredJob};
pub use known::{Known, KnownSessions, SessionState};
pub use poll::{Poll, PollSettings, PollState};
pub use request::{Ended, Failed, Polled, Reply, Request};
pub use statement::{Exception, Statement, StatementRun, StatementSettings};
pub use step::{Answer, Ending, Order, Step};
