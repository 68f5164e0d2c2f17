//! A connection, ready to be used: its document turned into rules and clients, for whoever works with a connection.
//!
//! - [`Links`]: the connections of a process, by appliance; each made once and made again when its document has changed.
//! - [`Link`]: one of them: what the delivery decides by, and the clients of both neighbours.
//! - [`from_document`]: the parts alone, for a document that is not stored (yet).
//! - [`ConfigWarning`], [`ConnectionName`]: what people are told of a connection, and by which name.
//!
//! It is the one place where the two neighbours meet, and it calls neither of them. The appliance's token is shared through the
//! ledger (`shared_token`), so that many processes have one.

pub mod from_document;
mod links;
mod name;
mod shared_token;
mod warning;

pub use links::{Link, LinkError, Links};
pub use name::ConnectionName;
pub use warning::ConfigWarning;
