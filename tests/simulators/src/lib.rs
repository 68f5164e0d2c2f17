//! Simulators of the two neighbours, stateful and behind real HTTP: an [`ApplianceSimulator`] and an [`AutotaskSimulator`], and
//! the hand of a test on them ([`ApplianceTenant`], [`AutotaskTenant`]); and a small [`sqs`]. [`LocalSystem`] says where the rest of a local system is.
//!
//! They share no wire types with our clients: one misunderstanding in a shared type would look right on both sides. They refuse
//! what the real ones refuse, with the real texts where those are known, and can fail on demand ([`Fault`]). tests/simulators/README.md
//! lists the control API, the settings and the default data. [`connection_document`] makes the documents that lead to them.
//!
//! ```no_run
//! # async fn example() {
//! use simulators::{AutotaskSimulator, Fault, FaultAction};
//!
//! let autotask = AutotaskSimulator::start().await;
//! let tenant = autotask.tenant("example");
//! // The note is written, and its answer is lost.
//! tenant.fault(Fault::new(FaultAction::AnswerLost { reset: true }).on("POST", "/Notes").times(1)).await;
//! // … let the client under test write to `tenant.zone_url()` …
//! assert_eq!(tenant.notes(7001).await.len(), 1);
//! # }
//! ```

mod appliance;
mod autotask;
pub mod connection_document;
mod control;
mod faulty_wire;
mod local_system;
mod moved;
pub mod promises;
mod serving;
pub mod sqs;

pub use appliance::ApplianceSimulator;
pub use autotask::AutotaskSimulator;
pub use control::{ApplianceTenant, AutotaskTenant, TenantControl};
pub use faulty_wire::{FaultyWire, WireFault};
pub use local_system::{LocalSystem, SimulatorUrls};
pub use moved::ended_at;
pub use serving::fault::{Fault, FaultAction};
