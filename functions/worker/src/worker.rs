//! One queued event to its end: read, link, admit, claim, run, let go.
//!
//! This is the parent. What to do in a session is decided by `session::delivery`; how it is done is in [`crate::perform`].

use std::sync::Arc;

use appliance::outbound_event::{self, Parsed};
use aws_lambda_events::sqs::SqsMessage;
use jiff::Timestamp;
use ledger::{Claim, Ledger, LedgerError, Nonce};
use session::delivery::machine::{Delivery, Input};
use session::delivery::{Ending, NoticeSubject, Pause, Probe, Proofs, Record};
use session::{OutboundEvent, QueueMessage};
use tracing::Level;

use crate::admit::{Admitted, with};
use crate::budget::Budgets;
use crate::clock;
use crate::link::{Link, LinkError, Links};
use crate::log_line::{Identity, Line, Log};
use crate::notify::Notifier;
use crate::perform::{Performer, Run};
use crate::queue::Queues;

/// How long a message waits when the ledger or the queue did not answer: they are AWS's own and come back soon.
const LEDGER_WAIT: std::time::Duration = std::time::Duration::from_secs(30);

/// Whether a message is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
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

/// What is to become of a message, before the queue is told.
enum Fate {
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
    pub async fn process(&self, message: &SqsMessage, deadline: Timestamp) -> Disposition {
        let fate = self.fate_of(message, deadline).await;
        self.let_go(message, fate).await
    }

    async fn fate_of(&self, message: &SqsMessage, deadline: Timestamp) -> Fate {
        match read(message.body.as_deref().unwrap_or_default()) {
            Ok(Read::Event(queued, event)) => self.deliver(&queued, event, deadline).await,
            Ok(Read::Unknown { name }) => {
                self.print(&Line::new(Level::INFO, "ignored", Some("unknown_event".to_owned())).saying("event", name));
                Fate::Done
            }
            Err(reason) => {
                let line = Line::new(Level::ERROR, "dead_lettered", Some("unreadable_message".to_owned()));
                self.print(&line.saying("reason", reason.as_str()).saying("message_id", message.message_id.as_deref()));
                Fate::DeadLetter { reason }
            }
        }
    }

    async fn deliver(&self, queued: &QueueMessage, event: OutboundEvent, deadline: Timestamp) -> Fate {
        let identity = Identity::new(queued, &event);
        match self.try_deliver(queued, event, deadline, &identity).await {
            Ok(fate) => fate,
            Err(Obstacle::Link(error)) => self.wait_for_link(queued, &error, &identity).await,
            Err(Obstacle::Ledger(error)) => self.wait_for_ledger(&error, &identity),
        }
    }

    async fn try_deliver(
        &self,
        queued: &QueueMessage,
        event: OutboundEvent,
        deadline: Timestamp,
        identity: &Identity,
    ) -> Result<Fate, Obstacle> {
        let link = self.links.get(&queued.appliance, clock::now()).await?;
        for complaint in &link.complaints {
            self.notifier
                .tell_of_connection(link.name_of(&queued.appliance), complaint.subject, &complaint.problem, complaint.remedy)
                .await;
        }
        let (pauses, probes) = match self.admit(queued, &event, &link, deadline).await? {
            Admitted::Go { pauses, probes } => (pauses, probes),
            Admitted::Wait { until, why } => {
                self.print(&Line::waits(identity, until, why));
                return Ok(Fate::Hide { until });
            }
        };
        let fate = self.claim_and_run(queued, event, link, deadline, pauses, &probes, identity).await;
        self.give_back(&queued.appliance, &probes).await;
        fate
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one run, used once")]
    async fn claim_and_run(
        &self,
        queued: &QueueMessage,
        event: OutboundEvent,
        link: Arc<Link>,
        deadline: Timestamp,
        pauses: Vec<Pause>,
        probes: &[Probe],
        identity: &Identity,
    ) -> Result<Fate, Obstacle> {
        let proofs = self.ledger.proofs(&queued.appliance).await?;
        let mut claim = self.claim(queued, &event).await?;
        let input = input(queued, event, deadline, &claim);
        Ok(self.run(queued, link, input, &mut claim, proofs, pauses, probes, identity).await)
    }

    async fn claim(&self, queued: &QueueMessage, event: &OutboundEvent) -> Result<Claim<Record>, LedgerError> {
        let nonce = Nonce::new(fastrand::u128(..));
        self.ledger.claim(&queued.appliance, &event.lsid, nonce, clock::now()).await
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one run, used once")]
    async fn run(
        &self,
        queued: &QueueMessage,
        link: Arc<Link>,
        input: Input,
        claim: &mut Claim<Record>,
        proofs: Proofs,
        pauses: Vec<Pause>,
        probes: &[Probe],
        identity: &Identity,
    ) -> Fate {
        let lsid = input.event.lsid.clone();
        let before = claim.record.take();
        let mut delivery = Delivery::new(input, Arc::clone(&link.rules), before.clone(), proofs, pauses.clone());
        let pauses = probes.iter().fold(pauses, |pauses, probe| with(pauses, probe.pause()));
        let mut performer = Performer {
            ledger: &self.ledger,
            links: &self.links,
            notifier: &self.notifier,
            appliance: &queued.appliance,
            lsid: &lsid,
            link,
            pauses,
            deadline: delivery.deadline(),
        };
        let run = Box::pin(performer.run(&mut delivery, claim)).await;
        self.print(&Line::ended(identity, &run, &before.unwrap_or_default(), delivery.record()));
        match run {
            Run::Ended(Ending::Finished(_)) => Fate::Done,
            Run::Ended(Ending::Wait { until, .. }) => Fate::Hide { until },
            Run::Ended(Ending::DeadLetter(reason)) => Fate::DeadLetter { reason: reason.to_string() },
            Run::FenceLost => Fate::Leave,
            Run::Ledger(_) | Run::Endless => Fate::Hide { until: session::delivery::waits::later(clock::now(), LEDGER_WAIT) },
        }
    }

    /// Without a document the events wait, and somebody is told which key is wrong.
    async fn wait_for_link(&self, queued: &QueueMessage, error: &LinkError, identity: &Identity) -> Fate {
        let remedy = "correct the connection document in Secrets Manager; the events wait and go on by themselves";
        self.notifier.tell_of_connection((&queued.appliance).into(), NoticeSubject::Connection, &error.to_string(), remedy).await;
        let until = session::delivery::waits::later(clock::now(), self.links.pace().no_document());
        self.print(&Line::waits(identity, until, "no_connection_document"));
        Fate::Hide { until }
    }

    fn wait_for_ledger(&self, error: &LedgerError, identity: &Identity) -> Fate {
        let until = session::delivery::waits::later(clock::now(), LEDGER_WAIT);
        self.print(&Line::waits(identity, until, "ledger").saying("reason", error.to_string()));
        Fate::Hide { until }
    }

    fn print(&self, line: &Line) {
        line.print(&self.log, clock::now());
    }

    async fn let_go(&self, message: &SqsMessage, fate: Fate) -> Disposition {
        match fate {
            Fate::Done => Disposition::Done,
            Fate::Leave => Disposition::Again,
            Fate::Hide { until } => {
                if let Err(error) = self.queues.hide(message, until, clock::now()).await {
                    tracing::warn!(%error, "the message waits for the queue's own visibility time-out instead");
                }
                Disposition::Again
            }
            // Ledger first (done), then the copy, and only then may the original go.
            Fate::DeadLetter { reason } => match self.queues.dead_letter(message, &reason).await {
                Ok(()) => Disposition::Done,
                Err(error) => {
                    tracing::error!(%error, "the dead letters cannot be reached: the message comes again");
                    Disposition::Again
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

fn input(queued: &QueueMessage, event: OutboundEvent, deadline: Timestamp, claim: &Claim<Record>) -> Input {
    Input {
        event,
        source: queued.source,
        received_at: queued.received_at,
        deadline,
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
