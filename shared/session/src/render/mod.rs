//! Every text that a person will read.
