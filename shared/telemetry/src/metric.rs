//! Every metric of the system. A new one is added here, and nowhere else is a name of one spelt out in code.

/// Something that is counted or measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Calls of the receiver's URL.
    Calls,
    /// Items of the list of tokens that a receiver left out at its start.
    TokensLeftOut,
    /// Events that a run of the worker brought further.
    Events,
    /// From the receipt of an event to its session's note.
    EventToNote,
    /// For how long an event that waits has done so.
    Waited,
    /// Writes that were made.
    WritesDone,
    /// Writes of which a look-up showed that they had been made.
    WritesFoundByLookUp,
    /// Writes that are yet to be made.
    WritesOpen,
    /// Writes that the vendor refused.
    WritesRefused,
    /// Writes of which nobody can say whether they were made.
    WritesInDoubt,
    /// Writes that were not wanted any more.
    WritesSkipped,
    /// Messages to people.
    Notices,
    /// Messages to people that the alarm topic did not take.
    NotificationsFailed,
    /// How much of a tenant's hourly budget of calls is used.
    BudgetUsed,
    /// Characters of reports that were no UTF-8.
    ReplacedCharacters,
    /// Appliances of which nothing was heard for too long.
    SilentAppliances,
    /// What the poller did: polls, slices of backfills, statements.
    Runs,
    /// Sessions that a source listed.
    SessionsListed,
    /// Sessions that were enqueued because no event had told of them, or a person wants them.
    SessionsEnqueued,
    /// Sessions that a statement found known to nobody.
    SessionsMissing,
    /// Sessions that a statement found, missing ones included, that are not at their end.
    SessionsExceptional,
}

/// What a metric is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Hundredths of the whole.
    Percent,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Calls,
        Self::TokensLeftOut,
        Self::Events,
        Self::EventToNote,
        Self::Waited,
        Self::WritesDone,
        Self::WritesFoundByLookUp,
        Self::WritesOpen,
        Self::WritesRefused,
        Self::WritesInDoubt,
        Self::WritesSkipped,
        Self::Notices,
        Self::NotificationsFailed,
        Self::BudgetUsed,
        Self::ReplacedCharacters,
        Self::SilentAppliances,
        Self::Runs,
        Self::SessionsListed,
        Self::SessionsEnqueued,
        Self::SessionsMissing,
        Self::SessionsExceptional,
    ];

    /// Its name, in CloudWatch and as a member of the line; ends with its unit, unless that is a count.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::TokensLeftOut => "tokens_left_out",
            Self::Events => "events",
            Self::EventToNote => "event_to_note_ms",
            Self::Waited => "waited_seconds",
            Self::WritesDone => "writes_done",
            Self::WritesFoundByLookUp => "writes_found_by_look_up",
            Self::WritesOpen => "writes_open",
            Self::WritesRefused => "writes_refused",
            Self::WritesInDoubt => "writes_in_doubt",
            Self::WritesSkipped => "writes_skipped",
            Self::Notices => "notices",
            Self::NotificationsFailed => "notifications_failed",
            Self::BudgetUsed => "budget_used_percent",
            Self::ReplacedCharacters => "replaced_characters",
            Self::SilentAppliances => "silent_appliances",
            Self::Runs => "runs",
            Self::SessionsListed => "sessions_listed",
            Self::SessionsEnqueued => "sessions_enqueued",
            Self::SessionsMissing => "sessions_missing",
            Self::SessionsExceptional => "sessions_exceptional",
        }
    }

    /// What it is measured in.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::EventToNote => Unit::Milliseconds,
            Self::Waited => Unit::Seconds,
            Self::BudgetUsed => Unit::Percent,
            _ => Unit::Count,
        }
    }
}

impl Unit {
    /// As CloudWatch spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
            Self::Percent => "Percent",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_say_their_unit() {
        let names: BTreeSet<&str> = Metric::ALL.into_iter().map(Metric::name).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for metric in Metric::ALL {
            let expected = match metric.name().rsplit('_').next() {
                Some("ms") => Unit::Milliseconds,
                Some("seconds") => Unit::Seconds,
                Some("percent") => Unit::Percent,
                _ => Unit::Count,
            };
            assert_eq!(metric.unit(), expected, "{}", metric.name());
        }
    }
}
