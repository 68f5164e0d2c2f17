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

pub mod admission;
pub mod budget;
pub mod machine;
pub mod pause;
mod plan;
pub mod probe;
pub mod record;
mod rendering;
pub mod step;
mod surveys;
pub mod trust;
pub mod waits;
mod winding_down;
pub mod write_id;
mod writes;

pub use admission::{Admission, admission};
pub use machine::{Delivery, Input, Rules};
pub use pause::{DocumentVersion, Pause, PauseCause, PauseScope};
pub use probe::{Probe, probes};
pub use record::{Attention, DeadLetterReason, Record, Unmatched, Write, WriteState, Writer};
pub use step::{Answer, Content, Ending, LookUp, Notice, NoticeSubject, Outcome, Place, Step};
pub use trust::{ApiUser, Proof, Proofs, Witness};
pub use waits::Pace;
pub use write_id::{Marker, RepresentativeKey, WriteId, WriteKind};
