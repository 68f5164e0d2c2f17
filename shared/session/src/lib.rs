//! What a support session is and what it leaves on a ticket.
//!
//! Pure: values in, values out. No async, no HTTP, no AWS, no clock (`now` is an argument), no environment. What is
//! decided here is done elsewhere: by the worker, with the clients of `appliance`, `ticketing` and `ledger`.
//!
//! - [`ids`], [`event`], [`origin`]: what happened, and who says so.
//! - [`ended`]: which sessions a source lists as ended.
//! - [`support_session`]: what the appliance reports of one session.
//! - [`presence`], [`external_key`], [`time_entry`], [`billing`]: what that means for a ticket. [`write_id`]: what it leaves there, and the markers.
//! - [`content`]: what is written, in the words of ticketing, free of any vendor's wire format.
//! - [`settings`]: what an administrator can choose.
//! - [`failure`]: what a call to a neighbour came to when it did not succeed.
//!
//! Its texts are in the crate `texts`, the state machine that brings one event to its end in `delivery`.

pub mod billing;
pub mod content;
pub mod ended;
pub mod event;
pub mod external_key;
pub mod failure;
pub mod ids;
pub mod local_time;
pub mod origin;
pub mod presence;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
pub mod settings;
pub mod support_session;
pub mod time_entry;
pub mod write_id;

pub use ended::{EndedSession, Listing, Window};
pub use event::{EventKind, OutboundEvent};
pub use failure::{Failure, Sentence};
pub use ids::{ApplianceId, Gsnumber, Lsid, RemoteId, ResourceId, RoleId, TicketId, TicketNumber};
pub use origin::Origin;
pub use support_session::SupportSession;
