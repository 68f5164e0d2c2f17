//! The delivery of one event, as a value: state in, next step out, answer in, state out.

pub mod write_id;

pub use write_id::{Marker, RepresentativeKey, WriteId, WriteKind};
