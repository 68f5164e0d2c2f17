//! All we know of ticketing systems. Today that is one, [`autotask`]; there is no common trait until a second one shows
//! what the two share.
//!
//! What is written and read is told in the words of `session::content`, and every call that does not succeed is a
//! `session::failure::Failure`, told apart by what to do next. Field names, message texts and URLs of a vendor stay in here.
//! Nothing is decided here: neither what to write nor whether to try again.

pub mod autotask;

pub use autotask::{AuthorProblem, AutotaskClient, Config, ConfigError, ThresholdInformation};
