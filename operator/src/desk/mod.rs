//! What the commands do, as functions that take and give values.

pub(crate) mod token;
