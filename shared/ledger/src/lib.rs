//! Which writes have been made: the DynamoDB record of each session and its conditional updates.
//!
//! One item per (appliance, lsid) holds what the delivery remembers, as a serialised value that this crate does not
//! look into ([`claim`](Ledger::claim), [`record`](Ledger::record)). A few service items per appliance lie beside them,
//! under sort keys that no lsid can have, for they contain `#`: pauses, proofs, what was told, when an event last came,
//! shadow writes, a sealed token, how far polls and backfills are, statements.
//!
//! It needs no rights on the table but `dynamodb:GetItem` and `dynamodb:UpdateItem`: who cannot delete cannot forget. Whoever holds a
//! source's list against it ([`remembered`](Ledger::remembered)) needs `dynamodb:BatchGetItem` too, and for lists (of
//! sessions, of backfills, of statements) `dynamodb:Query`: the poller and the operator, never the delivery.
//!
//! It decides nothing about deliveries and makes no retries of its own beyond the SDK's; it answers truthfully whether
//! a change has been stored, also when the answer to the change was lost.
//!
//! # A claim and its records, on the time line
//!
//! There is no lease. The queue gives a session to one worker at a time; should a second one come, the *fence* makes
//! the first one harmless. The item's `fence`, `nonce` (of the last claim) and `step` (of the last record):
//!
//! ```text
//!   worker A (nonce a)              item: fence nonce step       worker B (nonce b)
//!   claim ------------------------------> 7     a     4
//!   record step 5 ----------------------> 7     a     5
//!                                         8     b     5 <------- claim, gets A's record of step 5
//!   record step 6: refused, fence lost    8     b     6 <------- record step 6
//!   A stops: it must not write anything
//! ```
//!
//! A call whose answer is lost is made again by the SDK, with the same values, and fails on its own trace. The failure
//! brings the old item along, which tells the two cases apart without another read:
//!
//! ```text
//!   A: record step 5 ---stored---> 7 a 5
//!      (answer lost)
//!   A: record step 5 ---refused,   old item: 7 a 5: mine, and the very step: it had been stored
//!   A: record step 6 ---refused,   old item: 8 b 5: not mine: fence lost
//!   A: claim nonce a ---refused,   old item: nonce a: my own claim had landed, this is its result
//! ```
//!
//! A request can also be *late*: given up by the client and taken by the table afterwards. Each call of `record` has a
//! step of its own and is taken only onto a smaller one, so a late record never covers a newer one:
//!
//! ```text
//!   A: record step 5 ...given up by A as unavailable, still on its way
//!   A: record step 6 ---stored---> 7 a 6      (5 may be missing: the record is the whole state, not a difference)
//!        record step 5 arrives     7 a 6      refused, since 6 is not smaller than 5
//! ```
//!
//! A late claim can raise the fence once more under its own nonce. Then nobody holds the fence, all records are refused, and
//! the queue's next delivery claims anew: time is lost, never a write.

mod attribute;
mod claim;
mod coverage;
mod error;
mod item;
mod ledger;
mod listing;
mod notice;
mod pause;
mod proof;
mod remembered;
mod seen;
mod shadow;
mod token;

pub use claim::{Claim, Nonce, Progress, Stored};
pub use coverage::{BACKFILL_DAYS, STATEMENT_DAYS};
pub use error::LedgerError;
pub use ledger::Ledger;
pub use listing::{Continuation, EndSpan, Listed, Page};
pub use notice::RENOTIFY_AFTER;
pub use remembered::Remembered;
pub use shadow::{Kept, SHADOW_BYTES_MAX};
pub use token::SealedToken;
