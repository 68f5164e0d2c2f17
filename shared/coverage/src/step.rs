//! What a poll, a backfill or a statement asks for next, and what it is answered.

use session::{Listing, Lsid, Origin, Window};

use crate::known::KnownSessions;

/// What to do next. `S` is what is kept between runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<S> {
    /// Ask the source which sessions ended in the window: [`Answer::Listed`].
    List(Window),
    /// Ask the ledger what it knows of these: [`Answer::Known`].
    LookUp(Vec<Lsid>),
    /// Put these into the queue, all of them: [`Answer::Enqueued`] only when it has taken every one.
    Enqueue(Vec<Order>),
    /// Keep this, if what is kept still has the version before: [`Answer::Saved`]. A good moment to stop when time is short.
    Save(S),
    /// Nothing more.
    Done(Ending),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All of it is done.
    Complete,
    /// Somebody else has gone on with it meanwhile, and will see to the rest.
    Overtaken,
}

/// A session for the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which.
    pub lsid: Lsid,
    /// In whose name: found by us, or wanted by a person.
    pub source: Origin,
}

/// What came of a step. One that does not answer the step is ignored, and the step is asked for again. A failure is no answer: drop
/// the value, and begin anew from what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Step::List`].
    Listed(Listing),
    /// To [`Step::LookUp`]: those of them that the ledger knows.
    Known(KnownSessions),
    /// To [`Step::Enqueue`].
    Enqueued,
    /// To [`Step::Save`]: whether it is kept; if not, somebody else has kept something since.
    Saved(bool),
}
