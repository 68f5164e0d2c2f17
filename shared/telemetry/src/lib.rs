//! What the functions say, to CloudWatch and to whoever reads the log.
//!
//! - [`Line`]: what came of one thing (a call, an event, a notice). It is a line of the log and, by its member `_aws`, a count in
//!   CloudWatch at the same time (embedded metric format); nothing else in the system counts.
//! - [`Metric`]: every metric there is, with its name and its unit. The template's alarms and dashboard rest on these names.
//! - [`Log`]: where lines go, and down to which level they are whole.
//! - [`log_to_stdout`]: the other lines, those of `tracing`, for what no count is needed of.
//! - [`level_named`]: the levels that the template's parameter `LogLevel` can name.
//!
//! It knows no outcome: what is said of a call or of an event is decided by the function that has it. It reads neither clock
//! nor environment.

mod level;
mod line;
mod log;
mod metric;

pub use level::{LEVELS_EXPECTED, level_named};
pub use line::Line;
pub use log::{Log, log_to_stdout};
pub use metric::{Metric, Unit};
pub use tracing::Level;
