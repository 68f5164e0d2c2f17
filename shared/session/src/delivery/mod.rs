//! The delivery of one event, as a value: state in, next step out, answer in, state out.
//!
//! Sans-IO: nothing here calls, sleeps or reads a clock. The worker performs the steps with concrete clients and stores
//! the [`Record`] where it is told to; a simulation does the same with simulated ones.
//!
//! - [`machine`]: the parent that decides what comes next; `plan`, `writes` and `rendering` are its children.
//! - [`record`]: what the ledger remembers. [`pause`]: what a whole connection knows.
//! - [`budget`]: the hourly budget of calls. [`probe`]: who tries a neighbour whose pause has run out.
//! - [`step`]: what is asked for and answered. [`waits`]: how long to wait for what.
//! - [`write_id`]: the names of writes and the markers by which they are found again.

pub mod budget;
pub mod machine;
pub mod pause;
mod plan;
pub mod probe;
pub mod record;
mod rendering;
pub mod step;
pub mod waits;
pub mod write_id;
mod writes;

pub use machine::{Admission, Delivery, Input, Rules, admission};
pub use pause::{Pause, PauseCause, PauseScope, Proofs};
pub use probe::{Probe, probes};
pub use record::{Attention, DeadLetterReason, Record, Unmatched, Write, WriteState};
pub use step::{Answer, Content, Ending, LookUp, Notice, NoticeSubject, Outcome, Place, Step};
pub use waits::Pace;
pub use write_id::{Marker, RepresentativeKey, WriteId, WriteKind};
