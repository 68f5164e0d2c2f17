//! Who put an event into the queue. What follows from it is the delivery's: a replay may do what an event of the appliance may not.

use serde::{Deserialize, Serialize};

/// Who put a message into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The appliance posted it.
    Event,
    /// The poller found a session that no event had announced.
    Poll,
    /// A person asked for it to be done again.
    Replay,
}
