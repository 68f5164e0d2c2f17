//! Every text that a person will read.

pub(crate) mod clock;
