//! The queues of which nobody but a person reads: dead letters and quarantine. For the operator's program.
//!
//! SQS has no way to look without taking: whoever looks hides the messages from all others for a while. So every look here gives
//! back what it took, and what it could not give back shows again after [`HELD_FOR`]. Two people who look at the same time see parts.
//! In a FIFO queue at most ten messages of one group are seen; the rest shows when those are gone.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName};
use jiff::Timestamp;
use session::Origin;

use crate::dead_letters::REASON;
use crate::error::QueueError;
use crate::events::EventsQueue;
use crate::message::{InvalidMessage, QueueMessage};

/// How long nobody else sees what was taken and not given back. Long enough to take some thousands of messages.
pub const HELD_FOR: Duration = Duration::from_secs(60);

/// As many as SQS gives and takes in one call.
const BATCH: usize = 10;
/// Any wait makes SQS look everywhere, where it would otherwise look in some places and may find nothing.
const WAIT_SECONDS: i32 = 1;

/// A queue in which messages wait for a person.
#[derive(Debug, Clone)]
pub struct WaitingRoom {
    client: Client,
    url: String,
}

/// A message that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The queue's id of it, by which a person names it.
    pub id: String,
    /// Its text.
    pub body: String,
    /// Its message group: appliance and lsid, of a dead letter.
    pub group: Option<String>,
    /// Why the worker gave it up. `None`: it is not a dead letter, or SQS itself moved it.
    pub reason: Option<String>,
    /// Since when it is here, by the queue's clock.
    pub sent_at: Option<Timestamp>,
    receipt: String,
}

/// Why a message was not sent back. It is still where it was.
#[derive(Debug, thiserror::Error)]
pub enum NotSentBack {
    /// Its text cannot be read, so the worker could not read it either.
    #[error("it would be given up at once")]
    Unreadable(#[source] InvalidMessage),
    /// It has no message group, so it never was in the events queue.
    #[error("it has no message group: it was never in the events queue")]
    NoGroup,
    /// SQS did not do it. If it was sent back and could not be removed, sending it back once more writes nothing twice.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl SetAside {
    /// What the message says. Of a quarantined body this is what was received; the rest is read by [`crate::Quarantined`].
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`], never retryable.
    pub fn message(&self) -> Result<QueueMessage, InvalidMessage> {
        QueueMessage::from_json(&self.body)
    }

    fn read(message: &Message) -> Option<Self> {
        let system = |name| message.attributes().and_then(|attributes| attributes.get(&name)).cloned();
        let reason = message.message_attributes().and_then(|attributes| attributes.get(REASON)?.string_value());
        let sent_at = system(MessageSystemAttributeName::SentTimestamp).and_then(|text| text.parse().ok());
        Some(Self {
            id: message.message_id()?.to_owned(),
            body: message.body().unwrap_or_default().to_owned(),
            group: system(MessageSystemAttributeName::MessageGroupId),
            reason: reason.map(str::to_owned),
            sent_at: sent_at.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
            receipt: message.receipt_handle()?.to_owned(),
        })
    }
}

impl WaitingRoom {
    /// The queue at that URL.
    #[must_use]
    pub const fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// What is there, `limit` messages at most, the oldest first. Everything stays there.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub async fn list(&self, limit: usize) -> Result<Vec<SetAside>, QueueError> {
        let held = self.hold(limit).await?;
        self.release_if_possible(&held).await;
        Ok(held)
    }

    /// The message with that id, hidden from all others for [`HELD_FOR`]: to be removed, sent back or released. `None` if there is
    /// none, or somebody else looks at it just now.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub async fn find(&self, id: &str) -> Result<Option<SetAside>, QueueError> {
        let (found, others): (Vec<_>, Vec<_>) = self.hold(usize::MAX).await?.into_iter().partition(|message| message.id == id);
        self.release_if_possible(&others).await;
        Ok(found.into_iter().next())
    }

    /// As [`list`](Self::list), but the messages stay hidden from all others for [`HELD_FOR`]: to be removed, sent back or
    /// released, one by one.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; then nothing is held.
    pub async fn hold(&self, limit: usize) -> Result<Vec<SetAside>, QueueError> {
        // By id: who looks for longer than messages are held sees the first ones again, and only their last receipt counts.
        let mut held: BTreeMap<String, SetAside> = BTreeMap::new();
        while held.len() < limit {
            match self.receive(BATCH.min(limit - held.len())).await {
                Ok(messages) => {
                    let before = held.len();
                    held.extend(messages.into_iter().map(|message| (message.id.clone(), message)));
                    if held.len() == before {
                        break;
                    }
                }
                Err(error) => {
                    self.release_if_possible(&held.into_values().collect::<Vec<_>>()).await;
                    return Err(error);
                }
            }
        }
        let mut held: Vec<SetAside> = held.into_values().collect();
        held.sort_by_key(|message| message.sent_at);
        Ok(held)
    }

    async fn receive(&self, count: usize) -> Result<Vec<SetAside>, QueueError> {
        let request = self.client.receive_message().queue_url(&self.url).wait_time_seconds(WAIT_SECONDS);
        let request = request.max_number_of_messages(to_i32(count)).visibility_timeout(to_i32(HELD_FOR.as_secs()));
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All).message_attribute_names(REASON);
        let received = request.send().await.map_err(|error| QueueError::new("ReceiveMessage", &error))?;
        Ok(received.messages().iter().filter_map(SetAside::read).collect())
    }

    /// Shows messages to all again.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; then they show again after [`HELD_FOR`] by themselves.
    pub async fn release(&self, held: &[SetAside]) -> Result<(), QueueError> {
        for batch in held.chunks(BATCH) {
            let entries = batch.iter().enumerate().map(|(index, message)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
                entry.receipt_handle(&message.receipt).visibility_timeout(0).build().expect("id and receipt are there")
            });
            let request = self.client.change_message_visibility_batch().queue_url(&self.url);
            let request = request.set_entries(Some(entries.collect()));
            request.send().await.map_err(|error| QueueError::new("ChangeMessageVisibilityBatch", &error))?;
        }
        Ok(())
    }

    /// A look that cannot give back what it took is a look all the same.
    async fn release_if_possible(&self, held: &[SetAside]) {
        let _ = self.release(held).await;
    }

    /// Removes a message for good. It must be held.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; also if it is no longer held.
    pub async fn remove(&self, held: &SetAside) -> Result<(), QueueError> {
        let request = self.client.delete_message().queue_url(&self.url).receipt_handle(&held.receipt);
        request.send().await.map(drop).map_err(|error| QueueError::new("DeleteMessage", &error))
    }

    /// Sends a dead letter back as a replay that begins now, and removes it. It must be held. First the one, then the other: a crash
    /// in between leaves it in both queues, which the ledger sees through.
    ///
    /// # Errors
    ///
    /// [`NotSentBack`].
    pub async fn send_back(&self, held: &SetAside, to: &EventsQueue, now: Timestamp) -> Result<(), NotSentBack> {
        let message = held.message().map_err(NotSentBack::Unreadable)?;
        let group = held.group.as_deref().ok_or(NotSentBack::NoGroup)?;
        // With the time of the first receipt its retry time would be over before it begins.
        let again = QueueMessage { origin: Origin::Replay, received_at: now, ..message };
        to.send_to_group(&again, group, None).await?;
        Ok(self.remove(held).await?)
    }
}

fn to_i32(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
