//! A batch of the queue, record by record: each is worked on alone, in order, and its failure is reported, never thrown.
//!
//! The events queue is FIFO, so everything after a failed record is handed back unprocessed: it may belong to the same
//! session. The batch size is one in the template, so this is what happens if somebody changes it.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt as _;
use jiff::Timestamp;

use crate::clock;
use crate::log_line::panicked_line;
use crate::worker::{BatchResult, Worker};

/// Works on the batch; the answer names the records that are to come again.
///
/// # Errors
///
/// Only when a record has no message id, so that its failure could not be reported: then the whole batch comes again.
pub async fn handle(worker: &Worker, batch: SqsEvent, deadline: Timestamp) -> Result<SqsBatchResponse, MissingMessageId> {
    let mut failures = Vec::new();
    for message in &batch.records {
        let id = message.message_id.clone().filter(|id| !id.is_empty()).ok_or(MissingMessageId)?;
        // FIFO: what follows a failure is handed back untouched.
        if !failures.is_empty() || work_on(worker, message, deadline).await == BatchResult::Again {
            failures.push(failure(id));
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    Ok(response)
}

/// Lambda sent a record without a message id.
#[derive(Debug, thiserror::Error)]
#[error("a record without message id: its failure could not be reported")]
pub struct MissingMessageId;

/// A panic is one record's failure: the process, with its connections and caches, goes on.
async fn work_on(worker: &Worker, message: &SqsMessage, deadline: Timestamp) -> BatchResult {
    // Boxed: the state of a whole delivery is large, and the compiler lays it out once here instead of in every caller.
    AssertUnwindSafe(Box::pin(worker.process(message, deadline))).catch_unwind().await.unwrap_or_else(|_| {
        let group = message.attributes.get("MessageGroupId").map(String::as_str);
        panicked_line(group).print(&worker.log, clock::now());
        BatchResult::Again
    })
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}
