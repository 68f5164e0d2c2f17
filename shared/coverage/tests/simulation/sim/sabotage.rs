//! Mechanisms of the design, taken away one at a time. The simulation must see each of them missing.
//!
//! They are taken away around polls, backfills and statements, at their interface, so that the code under test has no switches.

/// Which mechanism is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// Polls begin at the mark.
    Overlap,
    /// Nothing is looked at again.
    LookAgain,
    /// A look again is done with as soon as the poll is.
    LookMarks,
    /// Our clock alone says how far a list can be complete.
    SourceClock,
    /// Whoever saves a poll's state need not have seen the one before.
    PollVersion,
    /// What is due is sent to the queue after the state that says so is kept.
    QueueFirst,
    /// The queue takes some and says that it took all.
    WholeBatch,
    /// The ledger is not asked.
    LookUp,
    /// A session of which only a survey is known counts as known.
    EndSeen,
    /// Nobody knows whether an event told of a session's end.
    Announced,
    /// What was enqueued lately is not kept.
    Recent,
    /// What ended before the first poll counts as ours.
    Start,
    /// The source is asked by the start of sessions.
    ByEnd,
    /// Whoever saves a job need not have seen the one before.
    JobVersion,
    /// A job does not keep how far it is.
    JobProgress,
    /// The source's list does not say when sessions ended, so that what lies at the edge of a window is counted twice.
    WindowEdge,
    /// What was seen while others wrote counts as written.
    Ignored,
    /// What a statement calls missing is not enqueued.
    Healing,
    /// The list of the source is cut off, and nobody says so.
    WholeList,
}

impl Sabotage {
    pub(crate) const ALL: [Self; 19] = [
        Self::Overlap,
        Self::LookAgain,
        Self::LookMarks,
        Self::SourceClock,
        Self::PollVersion,
        Self::QueueFirst,
        Self::WholeBatch,
        Self::LookUp,
        Self::EndSeen,
        Self::Announced,
        Self::Recent,
        Self::Start,
        Self::ByEnd,
        Self::JobVersion,
        Self::JobProgress,
        Self::WindowEdge,
        Self::Ignored,
        Self::Healing,
        Self::WholeList,
    ];
}
