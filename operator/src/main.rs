//! `session-bridge`: what an administrator does with a Session Bridge, without a hand-made call to AWS.
//!
//! - `cli`: one file per command: its options, and how what it found is shown. No command decides anything itself.
//! - `desk`: what a command does, as functions that take and give values; another face than a terminal could stand on them.
//! - `stack`: where everything is. `output`: tables, JSON and questions. `failure`: what went wrong, and what to do next.

#![expect(clippy::print_stdout, reason = "a program for people prints")]

mod cli;
mod desk;
mod failure;
mod output;
mod stack;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure::Failure::refused(format!("no threads can be had: {error}"), "try again").tell(),
    };
    match runtime.block_on(cli.run()) {
        Ok(outcome) => outcome.into(),
        Err(failure) => failure.tell(),
    }
}
