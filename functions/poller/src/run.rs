//! A machine of `coverage` to its end, or as far as there is time: its steps, with concrete clients.

use coverage::{Answer, Backfill, Ended, Ending, Known, Order, Poll, PollState, Statement, StatementRun, Step, StoredJob};
use delivery::Record;
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use ledger::{Ledger, LedgerError, Remembered};
use link::{Link, LinkError};
use queue::{EventsQueue, QueueError, QueueMessage};
use session::{ApplianceId, EventKind, Failure, Lsid, OutboundEvent, Sentence};

use crate::clock;

/// Messages that are on their way to the queue at the same time.
const SENDS_AT_ONCE: usize = 8;

/// Why a run did not come to its end. What was kept before stays, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The connection cannot be used.
    #[error(transparent)]
    Document(#[from] LinkError),
    /// The connection's document does not allow it.
    #[error("{0}")]
    NotWanted(&'static str),
    /// The source did not answer, or not like that.
    #[error("the source: {0}")]
    Source(#[from] Failure),
    /// The ledger did not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The queue did not take a session.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// There is no such job.
    #[error("there is no backfill of that id")]
    UnknownJob,
    /// The invocation ends before it could be done.
    #[error("there is not enough time in one invocation: ask for a shorter range")]
    NoTime,
    /// A defect of the poller.
    #[error("a defect of the poller")]
    Defect,
}

impl RunError {
    /// Whose fault, in one word out of few.
    #[must_use]
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Document(_) | Self::NotWanted(_) => "document",
            Self::Source(_) => "source",
            Self::Ledger(_) => "ledger",
            Self::Queue(_) => "queue",
            Self::UnknownJob => "unknown_job",
            Self::NoTime => "time",
            Self::Defect => "defect",
        }
    }

    /// What happened, on one line.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        Sentence::new(&self.to_string())
    }
}

/// What three machines have in common.
pub trait Machine {
    /// What is kept between runs.
    type Kept;
    /// What to do next.
    fn next(&self) -> Step<Self::Kept>;
    /// What came of it.
    fn take(&mut self, answer: Answer);
}

macro_rules! machine {
    ($machine:ty, $kept:ty) => {
        impl Machine for $machine {
            type Kept = $kept;

            fn next(&self) -> Step<$kept> {
                Self::next(self)
            }

            fn take(&mut self, answer: Answer) {
                Self::take(self, answer);
            }
        }
    };
}

machine!(Poll, PollState);
machine!(Backfill, StoredJob);
machine!(StatementRun, Statement);

/// One connection, and what its steps need.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// Whose sessions.
    pub appliance: &'a ApplianceId,
    /// The connection.
    pub link: &'a Link,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The queue.
    pub queue: &'a EventsQueue,
    /// When the platform ends the invocation.
    pub deadline: Timestamp,
}

/// What was done on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sessions that the source listed.
    pub listed: u64,
    /// Sessions that the queue has taken.
    pub enqueued: u64,
}

impl Site<'_> {
    /// Performs the machine's steps until it is done, or nothing new may be begun because it is `until`. `save` keeps what is to be
    /// kept, and says whether it is.
    ///
    /// # Errors
    ///
    /// Any [`RunError`]; the machine is then of no more use.
    pub async fn run<M: Machine>(
        &self,
        machine: &mut M,
        until: Timestamp,
        save: impl AsyncFn(M::Kept) -> Result<bool, LedgerError>,
    ) -> Result<(Ended, Tally), RunError> {
        let mut tally = Tally::default();
        loop {
            let answer = match machine.next() {
                // Between two windows: all that was found is in the queue, and what is not kept yet is found again.
                Step::List(_) if clock::now() >= until => return Ok((Ended::TimeShort, tally)),
                Step::List(window) => {
                    let listing = self.link.appliance.ended_between(window, clock::time_left(self.deadline)).await?;
                    tally.listed += listing.sessions.len() as u64;
                    Answer::Listed(listing)
                }
                Step::LookUp(lsids) => Answer::Known(self.ledger.remembered(self.appliance, &lsids, known).await?),
                Step::Enqueue(orders) => {
                    self.enqueue(&orders).await?;
                    tally.enqueued += orders.len() as u64;
                    Answer::Enqueued
                }
                Step::Save(kept) => Answer::Saved(save(kept).await?),
                Step::Done(Ending::Complete) => return Ok((Ended::Complete, tally)),
                Step::Done(Ending::Overtaken) => return Ok((Ended::Overtaken, tally)),
            };
            machine.take(answer);
        }
    }

    async fn enqueue(&self, orders: &[Order]) -> Result<(), QueueError> {
        let now = clock::now();
        let sends =
            orders.iter().map(async |order| self.queue.send(&message(self.appliance, order, now), &order.lsid, None).await);
        futures_util::stream::iter(sends).buffer_unordered(SENDS_AT_ONCE).try_collect::<Vec<()>>().await.map(drop)
    }
}

/// The shortest form that will do. It says no time: a poll dates nothing, the report does.
fn message(appliance: &ApplianceId, order: &Order, now: Timestamp) -> QueueMessage {
    let event = end_of(order.lsid.clone());
    QueueMessage {
        appliance: appliance.clone(),
        received_at: now,
        origin: order.source,
        body: appliance::outbound_event::encode(&event).into_bytes(),
    }
}

const fn end_of(lsid: Lsid) -> OutboundEvent {
    OutboundEvent { kind: EventKind::SupportConferenceEnd, lsid, timestamp: None, external_key: None, member: None }
}

fn known(remembered: Remembered<Record>) -> Known {
    match remembered {
        Remembered::Claimed => Known::claimed(),
        Remembered::Recorded(record) => Known::of(&record),
        Remembered::Unreadable => Known::unreadable(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use session::Origin;

    use super::*;

    #[test]
    fn session_that_was_found_is_enqueued_as_the_shortest_event_of_its_end() {
        let now = "2026-11-25T08:00:00Z".parse().unwrap();
        let order = Order { lsid: "7d1f0c52".parse().unwrap(), source: Origin::Poll };
        let sample = r#"{"v":1,"appliance":"default","received_at":"2026-11-25T08:00:00Z","source":"poll","body":"event=support_conference_end&lsid=7d1f0c52"}"#;
        assert_eq!(message(&ApplianceId::default(), &order, now).to_json(), sample);
    }
}
