//! One queued event to its end: read, link, admit, claim, run, let go.
//!
//! This is the parent. What to do in a session is decided by `delivery`; how it is done is in [`crate::perform`].

use std::sync::Arc;

use appliance::outbound_event::{self, Parsed};
use aws_lambda_events::sqs::SqsMessage;
use delivery::waits::{later, not_before_receives_last, queue_time_ends};
use delivery::{Arrival, DeadLetterReason, Delivery, Ending, Input, NoticeSubject, Pass, Record, WaitReason};
use jiff::Timestamp;
use ledger::{Claim, Ledger, LedgerError, Nonce, Progress, Stored};
use link::{Link, LinkError, Links};
use queue::QueueMessage;
use session::OutboundEvent;
use telemetry::{Level, Line, Log};

use crate::admit::Admitted;
use crate::budget::Budgets;
use crate::clock;
use crate::notify::Notifier;
use crate::outcome_line::{Identity, ended_line, event_line, waits_line};
use crate::perform::{Run, StepRunner};
use crate::queues::Queues;

/// Whether a message is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchResult {
    /// It can go.
    Done,
    /// It comes again.
    Again,
}

/// The worker: everything that outlives an invocation.
pub struct Worker {
    /// The ledger.
    pub ledger: Ledger,
    /// The connections.
    pub links: Links,
    /// The queues.
    pub queues: Queues,
    /// Whom to tell.
    pub notifier: Notifier,
    /// How much of the tenants' hourly budgets may still be used.
    pub budgets: Budgets,
    /// How the line of each event is written.
    pub log: Log,
}

/// A message in hand: what it says, and what the queue says of it.
pub(crate) struct Attempt {
    /// The message.
    pub(crate) queued: QueueMessage,
    /// The event in it.
    pub(crate) event: OutboundEvent,
    /// Since when it is in the queue, and how long it may stay.
    pub(crate) arrival: Arrival,
    /// When the platform ends the invocation.
    pub(crate) deadline: Timestamp,
    identity: Identity,
}

/// What is to become of a message, before the queue is told.
enum MessageAction {
    Done,
    Hide {
        until: Timestamp,
    },
    DeadLetter {
        reason: String,
    },
    /// Nothing is to be touched: another worker has it.
    Leave,
}

impl Worker {
    /// Brings the message's event as far as it goes now.
    pub async fn process(&self, message: &SqsMessage, deadline: Timestamp) -> BatchResult {
        let fate = self.fate_of(message, deadline).await;
        self.let_go(message, fate).await
    }

    async fn fate_of(&self, message: &SqsMessage, deadline: Timestamp) -> MessageAction {
        match read(message.body.as_deref().unwrap_or_default()) {
            Ok(Read::Event(queued, event)) => self.deliver(&attempt(message, queued, event, deadline)).await,
            Ok(Read::Unknown { name }) => {
                self.print(&event_line(Level::INFO, "ignored", Some("unknown_event")).field("event", name));
                MessageAction::Done
            }
            Err(reason) => {
                let line = event_line(Level::ERROR, "dead_lettered", Some("unreadable_message"));
                self.print(&line.field("reason", reason.as_str()).field("message_id", message.message_id.as_deref()));
                MessageAction::DeadLetter { reason }
            }
        }
    }

    async fn deliver(&self, attempt: &Attempt) -> MessageAction {
        match self.try_deliver(attempt).await {
            Ok(fate) => fate,
            Err(Obstacle::Link(error)) => self.wait_for_link(attempt, &error).await,
            Err(Obstacle::Ledger(error)) => self.wait_for_ledger(attempt, &error).await,
        }
    }

    async fn try_deliver(&self, attempt: &Attempt) -> Result<MessageAction, Obstacle> {
        let appliance = &attempt.queued.appliance;
        let link = self.links.get(appliance, clock::now()).await?;
        for warning in &link.warnings {
            let name = link.name_of(appliance);
            self.notifier.notify_of_connection(name, warning.subject, &warning.problem, warning.remedy).await;
        }
        let pass = match self.admit(attempt, &link).await? {
            Admitted::Go(pass) => pass,
            Admitted::Wait { until, why } => {
                self.print(&waits_line(&attempt.identity, until, why.name(), clock::now()));
                return Ok(MessageAction::Hide { until });
            }
        };
        let fate = self.claim_and_run(attempt, link, &pass).await;
        self.release(appliance, &pass.probes).await;
        fate
    }

    async fn claim_and_run(&self, attempt: &Attempt, link: Arc<Link>, pass: &Pass) -> Result<MessageAction, Obstacle> {
        let proofs = self.ledger.proofs(&attempt.queued.appliance, &link.rules.api_user).await?;
        let mut claim = self.claim(attempt).await?;
        let before = claim.record.take();
        let rules = Arc::clone(&link.rules);
        let mut delivery = Delivery::new(input(attempt, &claim), rules, before.clone(), proofs, pass.pauses.clone());
        let run = self.run(attempt, link, pass, &mut delivery, &mut claim).await;
        self.print(&ended_line(&attempt.identity, &run, &before.unwrap_or_default(), delivery.record(), clock::now()));
        Ok(match run {
            Run::Ended(Ending::Finished(_)) => MessageAction::Done,
            Run::Ended(Ending::Wait { until, .. }) => MessageAction::Hide { until },
            Run::Ended(Ending::DeadLetter(reason)) => MessageAction::DeadLetter { reason: reason.to_string() },
            Run::FenceLost => MessageAction::Leave,
            Run::Ledger(_) | Run::Endless => MessageAction::Hide { until: self.next_look(attempt) },
        })
    }

    async fn claim(&self, attempt: &Attempt) -> Result<Claim, LedgerError> {
        let nonce = Nonce::new(fastrand::u128(..));
        self.ledger.claim(&attempt.queued.appliance, &attempt.event.lsid, nonce, clock::now()).await
    }

    async fn run(&self, attempt: &Attempt, link: Arc<Link>, pass: &Pass, delivery: &mut Delivery, claim: &mut Claim) -> Run {
        let mut runner = StepRunner {
            ledger: &self.ledger,
            links: &self.links,
            notifier: &self.notifier,
            appliance: &attempt.queued.appliance,
            lsid: &attempt.event.lsid,
            link,
            pauses: pass.stored.clone(),
            deadline: attempt.deadline,
            log: &self.log,
        };
        Box::pin(runner.run(delivery, claim)).await
    }

    /// When a message that could not be worked on looks again: the queue's age bounds that, not its count of receives.
    fn next_look(&self, attempt: &Attempt) -> Timestamp {
        let now = clock::now();
        later(now, self.links.pace().unclaimed(attempt.arrival.received_at, now))
    }

    /// Without a document the events wait, and somebody is told which key is wrong.
    async fn wait_for_link(&self, attempt: &Attempt, error: &LinkError) -> MessageAction {
        let remedy = "correct the connection document in Secrets Manager; the events wait and go on by themselves";
        let appliance = &attempt.queued.appliance;
        self.notifier.notify_of_connection(appliance.into(), NoticeSubject::Connection, &error.to_string(), remedy).await;
        if clock::now() >= attempt.arrival.expires_at {
            return self.give_up(attempt, DeadLetterReason::QueueTimeUsedUp(WaitReason::NoConnectionDocument)).await;
        }
        self.wait(attempt, WaitReason::NoConnectionDocument, None)
    }

    /// Without the ledger nothing may be done. What waits for it so long that the queue would forget it is given up; then the reason on
    /// the message and the notice are all there is, for the ledger cannot be told.
    async fn wait_for_ledger(&self, attempt: &Attempt, error: &LedgerError) -> MessageAction {
        if clock::now() >= attempt.arrival.expires_at {
            return self.give_up(attempt, DeadLetterReason::QueueTimeUsedUp(WaitReason::Ledger)).await;
        }
        self.wait(attempt, WaitReason::Ledger, Some(error.to_string()))
    }

    fn wait(&self, attempt: &Attempt, why: WaitReason, reason: Option<String>) -> MessageAction {
        let until = self.next_look(attempt);
        self.print(&waits_line(&attempt.identity, until, why.name(), clock::now()).field("reason", reason));
        MessageAction::Hide { until }
    }

    /// Gives up an event of which no delivery can be begun: the ledger first, if it answers, then people, then the queue.
    async fn give_up(&self, attempt: &Attempt, reason: DeadLetterReason) -> MessageAction {
        let (appliance, lsid) = (&attempt.queued.appliance, &attempt.event.lsid);
        let notice = match self.claim(attempt).await {
            Ok(mut claim) => {
                let mut record = claim.record.take().unwrap_or_default();
                let notice = record.give_up(reason.clone());
                match self.ledger.record(&mut claim, &record, Progress::Outcome, clock::now()).await {
                    Ok(Stored::Yes) => notice,
                    Ok(Stored::FenceLost) => return MessageAction::Leave,
                    Err(error) => {
                        tracing::error!(%appliance, %lsid, %error, "the ledger does not learn that the event is given up");
                        notice
                    }
                }
            }
            Err(error) => {
                tracing::error!(%appliance, %lsid, %error, "the ledger does not learn that the event is given up");
                Record::default().give_up(reason.clone())
            }
        };
        self.notifier.notify(appliance.into(), lsid, &notice).await;
        let line = event_line(Level::ERROR, "dead_lettered", Some(reason.name()));
        self.print(&line.field("appliance", appliance.as_str()).field("lsid", lsid.as_str()).field("reason", reason.to_string()));
        MessageAction::DeadLetter { reason: reason.to_string() }
    }

    fn print(&self, line: &Line) {
        line.print(&self.log, clock::now());
    }

    async fn let_go(&self, message: &SqsMessage, fate: MessageAction) -> BatchResult {
        match fate {
            MessageAction::Done => BatchResult::Done,
            MessageAction::Leave => BatchResult::Again,
            MessageAction::Hide { until } => {
                let now = clock::now();
                let until = not_before_receives_last(until, receives(message), now);
                if let Err(error) = self.queues.hide(message, until, now).await {
                    tracing::warn!(%error, "the message waits for the queue's own visibility time-out instead");
                }
                BatchResult::Again
            }
            // Ledger first (done), then the copy, and only then may the original go.
            MessageAction::DeadLetter { reason } => match self.queues.dead_letter(message, &reason).await {
                Ok(()) => BatchResult::Done,
                Err(error) => {
                    tracing::error!(%error, "the dead letters cannot be reached: the message comes again");
                    BatchResult::Again
                }
            },
        }
    }
}

/// What stands in the way before a run.
enum Obstacle {
    Link(LinkError),
    Ledger(LedgerError),
}

impl From<LinkError> for Obstacle {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

impl From<LedgerError> for Obstacle {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

enum Read {
    Event(QueueMessage, OutboundEvent),
    Unknown { name: String },
}

/// The event in the message's text; an error is a reason for the dead letters, for the text will not change.
fn read(text: &str) -> Result<Read, String> {
    let queued = QueueMessage::from_json(text).map_err(|error| format!("unreadable message: {error}"))?;
    match outbound_event::parse(&queued.body) {
        Ok(Parsed::Known(event)) => Ok(Read::Event(queued, event)),
        Ok(Parsed::Unknown { name }) => Ok(Read::Unknown { name: name.to_string() }),
        Err(malformed) => Err(format!("malformed event: {malformed}")),
    }
}

fn attempt(message: &SqsMessage, queued: QueueMessage, event: OutboundEvent, deadline: Timestamp) -> Attempt {
    let (kind, received_at) = (event.kind, queued.received_at);
    let expires_at = queue_time_ends(sent_at(message).unwrap_or(received_at));
    let identity = Identity::new(&queued, &event);
    Attempt { arrival: Arrival { kind, received_at, expires_at }, queued, event, deadline, identity }
}

/// When the queue took the message: from then it counts how long it keeps it. Milliseconds since 1970, as SQS gives it.
fn sent_at(message: &SqsMessage) -> Option<Timestamp> {
    let milliseconds = message.attributes.get("SentTimestamp")?.parse().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}

/// How often the queue has given the message out, this time included.
fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or_default()
}

fn input(attempt: &Attempt, claim: &Claim) -> Input {
    Input {
        event: attempt.event.clone(),
        source: attempt.queued.origin,
        received_at: attempt.arrival.received_at,
        expires_at: attempt.arrival.expires_at,
        deadline: attempt.deadline,
        claims_without_outcome: claim.claims_without_outcome,
        jitter: fastrand::f64(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use aws_lambda_events::sqs::SqsEvent;

    use super::*;

    /// What each message of a sample batch is read as.
    fn read_sample(name: &str) -> Vec<Result<&'static str, String>> {
        let path = format!("{}/../../events/queue/{name}.sqs.json", env!("CARGO_MANIFEST_DIR"));
        let batch: SqsEvent = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let body = |message: &SqsMessage| message.body.clone().unwrap_or_default();
        let kind = |read| match read {
            Read::Event(_, event) => OutboundEvent::clone(&event).kind.name(),
            Read::Unknown { .. } => "unknown",
        };
        batch.records.iter().map(|message| read(&body(message)).map(kind)).collect()
    }

    #[test]
    fn message_that_cannot_be_read_is_given_up_with_the_reason_and_without_its_content() {
        let unknown_version = read_sample("unknown-version").remove(0).unwrap_err();
        assert!(unknown_version.contains("version"), "{unknown_version}");
        for result in read_sample("two-records-first-malformed").into_iter().take(1) {
            let reason = result.unwrap_err();
            assert!(!reason.contains("lsid=") && reason.len() < 120, "{reason}");
        }
    }

    #[test]
    fn both_forms_of_the_body_are_read() {
        assert_eq!(read_sample("support_conference_end"), [Ok("support_conference_end")]);
        assert!(read_sample("two-records").into_iter().all(|read| read.is_ok()));
        assert_eq!(read_sample("replay"), [Ok("support_conference_end")]);
    }
}
