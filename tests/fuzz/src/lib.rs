//! What is promised of every reader of foreign bytes, as functions that any bytes can be given to: they return, or panic with
//! what was broken. A target each; how to add one: a file here, a line in [`TARGETS`], a file in `libfuzzer/targets`.
//!
//! Three things run them: `make fuzz` (coverage-guided, for as long as wanted; the runner is `main.rs`, the binaries are the
//! package in `libfuzzer/`), `tests/samples.rs` (with `make test`: every sample of `events/` and every input that once found
//! something, so that a target cannot rot), and whoever replays an input. Nothing here measures, stores or finds inputs.
//!
//! `unsafe` is forbidden in all of our code, so there is no address sanitizer; that is why a stable compiler suffices.

pub mod appliance_answer;
pub mod autotask_answer;
pub mod connection_document;
pub mod external_key;
pub mod form;
pub mod function_url;
pub mod multipart;
pub mod queue_message;
pub mod redact;
pub mod report;
mod samples;
pub mod template;

pub use samples::Samples;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A reader of foreign bytes, and within which bounds it is tried.
pub struct Target {
    /// The name of its module and of its binary.
    pub name: &'static str,
    /// Reads the bytes; panics if a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with, made of the samples in `events/`.
    pub seeds: fn(&Samples) -> Vec<Vec<u8>>,
    /// Words that a reader looks for, and that chance would seldom find.
    pub words: &'static [&'static str],
    /// The longest input that is tried.
    pub input_bytes_max: usize,
    /// The most memory that reading one such input may take.
    pub memory_bytes_max: usize,
}

/// All of them.
pub const TARGETS: [Target; 11] = [
    function_url::TARGET,
    form::TARGET,
    multipart::TARGET,
    report::TARGET,
    appliance_answer::TARGET,
    autotask_answer::TARGET,
    queue_message::TARGET,
    connection_document::TARGET,
    template::TARGET,
    external_key::TARGET,
    redact::TARGET,
];

/// The first byte, which says how the rest is meant, and the rest.
fn split_selector(input: &[u8]) -> (u8, &[u8]) {
    input.split_first().map_or((0, input), |(first, rest)| (*first, rest))
}

/// What stands before the first line end, and what follows it; all is the former if there is none.
fn split_line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, b""),
    }
}
