//! What stands between a wanted write and its sending: a lookup, or what the vendor said. Decides nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use session::failure::Sentence;

/// What stands between a wanted write and its sending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// It must be looked up before it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Why it is not tried now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

/// Why a write is looked up before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It certainly was not written by a call that the ledger knows of, but the ledger may not know all.
    Precaution,
    /// A call of unknown fate was made for it.
    MaybeSent,
}

/// Why a write that is wanted is not tried now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// A right of the tenant is missing: all writes of its kind wait for the pause of the kind.
    Right {
        /// What the vendor said.
        sentence: Sentence,
    },
    /// The vendor objects to this write alone (a submitted timesheet): nobody else waits for it.
    Alone {
        /// What the vendor said.
        sentence: Sentence,
        /// Since when; after the event's retry time it is refused.
        since: Timestamp,
        /// How often it has been tried since.
        tries: u32,
        /// Not to be tried before.
        until: Timestamp,
    },
    /// The vendor refused it with a text that we do not know.
    Unfamiliar {
        /// How often.
        refusals: u32,
        /// Not to be tried before.
        until: Timestamp,
    },
}
