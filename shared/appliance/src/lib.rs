//! All we know of the appliance (BeyondTrust, formerly Bomgar, Remote Support): how its messages look on the wire, what may
//! be missing in them, and what it answers when something is wrong. Vendor shapes stay in this crate; out come the values
//! of `session`.
//!
//! - [`outbound_event`]: the form that the appliance posts, as an event. All that the receiver needs, and always there.
//! - [`report`]: the `SupportSession` XML, read as a stream within bounds (feature `client`).
//! - [`client`]: token, request and answer of the reporting API, with every failure told apart (feature `client`).
//!
//! Decides nothing about tickets, and never repeats a call on its own except once with a fresh token: whether to try
//! again is for the delivery to say.
//!
//! What is known of the vendor's interfaces is marked in comments: "vendor reference" where the vendor says so, "observed by
//! clients" where public client code shows it, and "assumed" where neither does.

pub mod outbound_event;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub mod report;

pub use outbound_event::{Malformed, Parsed};

#[cfg(feature = "client")]
pub use client::{ApiInformation, ApplianceClient, ApplianceConfig, CommandRight, ConfigError, Credentials, SealedToken};
#[cfg(feature = "client")]
pub use report::{ReportError, read_listing, read_listing_async, read_report, read_report_async};
