//! The queues between the functions, and all that is done to them.
//!
//! - [`QueueMessage`]: what a message says. [`group_id`] and [`deduplication_id`] say which belong together and which are the same.
//! - [`EventsQueue`]: sending (receiver, poller, operator) and hiding (worker).
//! - [`DeadLetterQueue`], [`QuarantineQueue`]: setting aside what only a person can help.
//! - [`WaitingRoom`]: looking at what was set aside, removing it or sending it back (operator).
//!
//! Whether something is sent, hidden or given up is decided elsewhere. Time-outs and retries are those of the client that a queue
//! is made with.

mod dead_letters;
mod error;
mod events;
mod message;
mod quarantine;
mod same;
mod trace;
mod waiting_room;

pub use dead_letters::{DeadLetterQueue, GivenUp};
pub use error::QueueError;
pub use events::{EventsQueue, WARM_UP_MAX};
pub use message::{InvalidMessage, QueueMessage, VERSION};
pub use quarantine::{QuarantineQueue, Quarantined};
pub use same::{deduplication_id, group_id};
pub use trace::TraceHeader;
pub use waiting_room::{HELD_FOR, NotSentBack, SetAside, WaitingRoom};
