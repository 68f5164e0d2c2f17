//! Where lines go, and which are kept. On Lambda that is stdout, which CloudWatch takes line by line and stamps with the time.

use std::io::Write as _;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How the lines of a function are written.
#[derive(Debug, Clone)]
pub struct Log {
    pub(crate) namespace: &'static str,
    pub(crate) function_name: String,
    pub(crate) kept: Level,
    pub(crate) write: fn(&str),
}

impl Log {
    /// Lines on stdout, whole down to the level `kept`. `namespace` is where CloudWatch shows the metrics; `function_name` tells the
    /// stacks of one account apart.
    #[must_use]
    pub fn new(namespace: &'static str, function_name: impl Into<String>, kept: Level) -> Self {
        Self { namespace, function_name: function_name.into(), kept, write: to_stdout }
    }

    /// The same lines, each with its end handed to `write`. For tests that read what is said.
    #[must_use]
    pub fn writing_to(self, write: fn(&str)) -> Self {
        Self { write, ..self }
    }
}

/// In one write, so that no other line can come between. A closed log is no reason to lose an event: the failure is ignored.
fn to_stdout(line: &str) {
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// Our crates that say something by `tracing`, besides the function itself. Whole names: a target is compared by its beginning,
/// and `aws` would let in the libraries of AWS.
const SHARED_CRATES: [&str; 6] = ["appliance", "connection", "ledger", "link", "session", "ticketing"];

/// Prints what `function` (the name of its crate) and our own crates say by `tracing`, down to that level, as JSON. Of the
/// libraries only what is wrong: at lower levels they would print requests whole.
///
/// # Panics
///
/// When called twice in a process.
pub fn log_to_stdout(level: Level, function: &str) {
    let ours = LevelFilter::from_level(level);
    let filter = Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target(function, ours);
    let filter = SHARED_CRATES.iter().fold(filter, |filter, name| filter.with_target(*name, ours));
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).without_time();
    tracing_subscriber::registry().with(filter).with(lines).init();
}
