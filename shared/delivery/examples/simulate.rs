//! Runs schedules of the delivery's simulation by the million.
//!
//! ```text
//! cargo run --release -p delivery --example simulate -- --seeds 1000000
//! cargo run --release -p delivery --example simulate -- --seed 4711              # the trace of one
//! cargo run --release -p delivery --example simulate -- --mutations              # the tables of docs/simulation.md
//! cargo run --release -p delivery --example simulate -- --lateness
//! ```
//!
//! `--from <n>` begins at that seed; `--only <theme>` gives each schedule that theme and no other, `--only ordinary` none;
//! `--sabotage <mechanism>` takes one away; `--keep-going` counts violations by promise
//! instead of stopping at the first. Ends with 1 if a promise was broken (or a missing mechanism was not noticed).
#![allow(clippy::unwrap_used, reason = "the simulation is test code")]
#![allow(clippy::print_stdout, reason = "this is a program for the command line")]

#[path = "../tests/simulation/sim/mod.rs"]
mod sim;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use sim::Setup;
use sim::figures::Figures;
use sim::sabotage::Sabotage;
use sim::themes::{Focus, Theme};

/// Within so many seeds a missing mechanism must be noticed.
const SEEDS_OF_SABOTAGE: u64 = 10_000;
/// Seeds that a thread takes at a time.
const CHUNK: u64 = 256;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            println!("{problem}");
            return ExitCode::from(2);
        }
    };
    let fine = match (options.table, options.seed) {
        (Some(Table::Mutations), _) => mutations(options.setup.focus),
        (Some(Table::Lateness), _) => lateness(),
        (None, Some(seed)) => one(seed, options.setup),
        (None, None) => many(&options),
    };
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Debug, Default)]
struct Options {
    from: u64,
    seeds: u64,
    seed: Option<u64>,
    setup: Setup,
    keep_going: bool,
    table: Option<Table>,
}

#[derive(Debug, Clone, Copy)]
enum Table {
    Mutations,
    Lateness,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { seeds: 10_000, ..Self::default() };
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            let number = |text: String| text.parse().map_err(|_| format!("{text} is no number"));
            match name.as_str() {
                "--seeds" => options.seeds = number(value()?)?,
                "--from" => options.from = number(value()?)?,
                "--seed" => options.seed = Some(number(value()?)?),
                "--keep-going" => options.keep_going = true,
                "--mutations" => options.table = Some(Table::Mutations),
                "--lateness" => options.table = Some(Table::Lateness),
                "--sabotage" => {
                    let mechanism = value()?;
                    let known = || Sabotage::ALL.map(Sabotage::name).join(", ");
                    let sabotage =
                        Sabotage::from_name(&mechanism).ok_or_else(|| format!("{mechanism}: there are {}", known()))?;
                    options.setup.sabotage = Some(sabotage);
                }
                "--only" => {
                    let theme = value()?;
                    let known = || Theme::ALL.map(Theme::name).join(", ");
                    options.setup.focus = Focus::from_name(&theme)
                        .ok_or_else(|| format!("{theme}: there are {}, ordinary, everything", known()))?;
                }
                other => return Err(format!("{other} is not known; see examples/simulate.rs")),
            }
        }
        Ok(options)
    }
}

/// The trace of one schedule.
fn one(seed: u64, setup: Setup) -> bool {
    let (trace, broken) = sim::trace(seed, setup);
    println!("{}", trace.join("\n"));
    println!("{}", broken.as_deref().map_or_else(|| "all promises were kept".to_owned(), |promise| format!("BROKEN: {promise}")));
    broken.is_none()
}

/// Many schedules, on all cores.
fn many(options: &Options) -> bool {
    let began = Instant::now();
    let next = AtomicU64::new(options.from);
    let stop = AtomicBool::new(false);
    let figures = Mutex::new(Figures::default());
    let broken: Mutex<BTreeMap<String, (u64, u64)>> = Mutex::default();
    let end = options.from.saturating_add(options.seeds);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(CHUNK, Ordering::Relaxed);
                    if first >= end {
                        return;
                    }
                    let mut sum = Figures::default();
                    for seed in first..end.min(first + CHUNK) {
                        match sim::simulate(seed, options.setup) {
                            Ok(of_schedule) => sum.add(&of_schedule),
                            Err(violation) => {
                                let mut broken = broken.lock().unwrap_or_else(PoisonError::into_inner);
                                if !options.keep_going && broken.is_empty() {
                                    println!("{violation}");
                                    stop.store(true, Ordering::Relaxed);
                                }
                                let entry = broken.entry(without_numbers(&violation.promise)).or_insert((seed, 0));
                                entry.0 = entry.0.min(seed);
                                entry.1 += 1;
                            }
                        }
                    }
                    figures.lock().unwrap_or_else(PoisonError::into_inner).add(&sum);
                }
            });
        }
    });
    println!("{}", figures.into_inner().unwrap_or_else(PoisonError::into_inner).table());
    println!("{:.1} s", began.elapsed().as_secs_f64());
    let broken = broken.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (promise, (seed, times)) in &broken {
        println!("BROKEN {times} times, first by seed {seed}: {promise}");
    }
    broken.is_empty()
}

/// The same promise has one text, whatever its numbers.
fn without_numbers(promise: &str) -> String {
    promise.chars().map(|character| if character.is_ascii_digit() { '#' } else { character }).collect()
}

/// Which seed notices that a mechanism is missing, for each.
fn mutations(focus: Focus) -> bool {
    println!("| missing | first noticed by seed | as |\n|---|---|---|");
    let mut all_noticed = true;
    for sabotage in Sabotage::ALL {
        let setup = Setup { focus, ..Setup::without(sabotage) };
        match (0..SEEDS_OF_SABOTAGE).find_map(|seed| sim::simulate(seed, setup).err()) {
            Some(violation) => println!("| {} | {} | {} |", sabotage.name(), violation.seed, violation.promise),
            None => {
                all_noticed = false;
                println!("| {} | **not within {SEEDS_OF_SABOTAGE}** | |", sabotage.name());
            }
        }
    }
    all_noticed
}

/// How late the time entries of good sessions are while Autotask refuses those of a few others.
fn lateness() -> bool {
    println!("| sessions a day | of them refused | median | 90 % | most | never written |\n|---|---|---|---|---|---|");
    for (good, hopeless) in [(20, 0), (20, 1), (20, 4), (40, 8)] {
        let late = sim::lateness::lateness(good, hopeless);
        let [median, nine_tenths, most] = [late.median, late.nine_tenths, late.most].map(in_words);
        let given_up = late.given_up;
        println!("| {} | {hopeless} | {median} | {nine_tenths} | {most} | {given_up} |", good + hopeless);
    }
    true
}

fn in_words(millis: i64) -> String {
    match millis / 60_000 {
        0 => format!("{} s", millis / 1000),
        minutes @ 1..=119 => format!("{minutes} min"),
        minutes => format!("{}.{} h", minutes / 60, minutes % 60 / 6),
    }
}
