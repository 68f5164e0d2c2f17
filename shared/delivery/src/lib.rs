//! The delivery of one event, as a value: state in, next step out, answer in, state out.
//!
//! Sans-IO: nothing here calls, sleeps or reads a clock. The worker performs the steps with concrete clients and stores
//! the [`Record`] where it is told to; a simulation does the same with simulated ones.
//!
//! - [`machine`]: the parent. A delivery goes from stage to stage, each a file: `intake`, `report`, `ticket`, `creating`, `writing` (with
//!   `plan`, `whose_time`, `overlap`, `content`, `sent` and `surveys`), `winding_down`; all stand on `base`, `refusal` and `unknown` (what lookups are made, and mean).
//! - [`case`]: the event in hand and the rules. [`record`], [`write`](mod@write), [`waiting`], [`verdict`]: what the ledger remembers.
//! - [`pause`], [`trust`]: what a whole connection knows. [`gate`] (with [`mod@admission`], [`budget`], [`probe`]): whether an event is worked on now.
//! - [`step`]: what is asked for and answered. [`notice`]: what people are told. [`waits`]: how long to wait for what.
//! - [`session::write_id`]: the names of writes and the markers by which they are found again.

pub mod admission;
mod base;
pub mod budget;
pub mod case;
mod content;
mod creating;
mod frozen;
pub mod gate;
mod intake;
pub mod machine;
pub mod notice;
mod overlap;
pub mod pause;
mod plan;
pub mod probe;
pub mod record;
mod refusal;
mod report;
mod sent;
pub mod step;
mod surveys;
mod ticket;
pub mod trust;
mod unknown;
pub mod verdict;
pub mod waiting;
pub mod waits;
pub mod wanted;
mod whose_time;
mod winding_down;
pub mod write;
mod writing;

pub use admission::{Admission, Arrival, admission};
pub use case::{Input, Rules, Words};
pub use frozen::Frozen;
pub use gate::{Gate, GateAnswer, GateStep, Pass};
pub use machine::Delivery;
pub use notice::{Notice, NoticeSubject};
pub use pause::{DocumentVersion, Pause, PauseCause, PauseScope, Pauses};
pub use probe::{Probe, probes};
pub use record::{Attention, EndSeen, Facts, Record, Target, Writer};
pub use session::content::{Content, LookUp, NoAuthor, Place};
pub use session::write_id::{Marker, RepresentativeKey, WriteId, WriteKind};
pub use step::{Answer, Ending, Kept, Outcome, Step};
pub use trust::{ApiUser, Proof, Proofs, Witness};
pub use verdict::{DeadLetterReason, Ignored, LeftOpen, Unmatched};
pub use waiting::{WaitReason, Waiting};
pub use waits::Pace;
pub use wanted::{Check, Hold, Wanted};
pub use write::{Detail, Skip, Write, WriteState};
