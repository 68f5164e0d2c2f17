//! The events queue: FIFO per session, visibility, redelivery, and the dead letters.

use std::collections::BTreeMap;

use super::chance::{DAY, Millis};
use super::schedule::Post;

/// How long a message stays hidden after it was handed to a worker that said nothing more.
pub(crate) const VISIBILITY: Millis = 540_000;

/// SQS counts each time that a message is handed out, and after so many moves it away without a word.
pub(crate) const RECEIVES_MAX: u32 = 1000;
/// SQS forgets a message after this, without a word.
pub(crate) const RETENTION: Millis = 14 * DAY;

/// How a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gone {
    /// Its worker reported success.
    Finished(String),
    /// It is among the dead letters.
    DeadLettered,
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) post: Post,
    /// When its event was received first.
    pub(crate) received_at: Millis,
    /// When the queue took this message: later, if it comes back from the dead letters.
    pub(crate) sent_at: Millis,
    pub(crate) visible_from: Millis,
    /// How often it was handed out; a receipt older than the newest no longer counts.
    pub(crate) receipts: u32,
    pub(crate) gone: Option<Gone>,
    pub(crate) gone_at: Millis,
    /// It has come back from the dead letters once.
    pub(crate) redriven: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) messages: Vec<Message>,
}

impl Queue {
    pub(crate) fn put(&mut self, post: Post, received_at: Millis, redriven: bool) -> usize {
        let sent_at = post.at;
        self.messages.push(Message {
            post,
            received_at,
            sent_at,
            visible_from: sent_at,
            receipts: 0,
            gone: None,
            gone_at: 0,
            redriven,
        });
        self.messages.len() - 1
    }

    /// The first message of each session that is still there: no other of its session is handed out.
    fn heads(&self) -> BTreeMap<usize, usize> {
        let mut heads = BTreeMap::new();
        for (index, message) in self.messages.iter().enumerate().filter(|(_, message)| message.gone.is_none()) {
            heads.entry(message.post.session).or_insert(index);
        }
        heads
    }

    /// What can be handed out now.
    pub(crate) fn visible(&self, now: Millis) -> Vec<usize> {
        self.heads().into_values().filter(|index| self.messages[*index].visible_from <= now).collect()
    }

    /// When something can be handed out next.
    pub(crate) fn next_visible(&self) -> Option<Millis> {
        self.heads().into_values().map(|index| self.messages[index].visible_from).min()
    }

    /// Hands it out; returns the receipt.
    pub(crate) fn receive(&mut self, index: usize, visible_from: Millis) -> u32 {
        let message = &mut self.messages[index];
        message.receipts += 1;
        message.visible_from = visible_from;
        message.receipts
    }

    /// Hides it until then; a stale receipt is refused.
    pub(crate) fn hide(&mut self, index: usize, receipt: u32, until: Millis) -> bool {
        let message = &mut self.messages[index];
        if message.receipts != receipt || message.gone.is_some() {
            return false;
        }
        message.visible_from = until;
        true
    }

    /// Removes it. SQS does not promise that a stale receipt fails, nor that it does not.
    pub(crate) fn remove(&mut self, index: usize, receipt: u32, how: Gone, stale_receipts_count: bool, now: Millis) -> bool {
        let message = &mut self.messages[index];
        if message.gone.is_some() || (message.receipts != receipt && !stale_receipts_count) {
            return false;
        }
        message.gone = Some(how);
        message.gone_at = now;
        true
    }
}
