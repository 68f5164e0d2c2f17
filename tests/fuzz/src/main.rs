//! `make fuzz`: builds the targets with coverage instrumentation, tries each for a while, and prints a line for each.
//!
//! Corpora grow in `.local/fuzz/<target>` of the checkout, which is not part of the repository: every run begins with what earlier
//! ones found worth keeping, with the seeds, and with the inputs in `tests/fuzz/found`. What a target promises is in its module of the
//! library. One target after the other, on one processor.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use fuzz::{Samples, TARGETS, Target};

const USAGE: &str = "cargo run -p fuzz -- --seconds <n> [--target <name>]";
/// Ten minutes of a stalled machine are no hang of ours, ten seconds for 16 KiB are.
const HANG_SECONDS: u32 = 10;
/// What libFuzzer takes for itself: counters, corpus, features. The target's own bound is held by its allocator.
const FUZZER_MIB: usize = 1024;
const MIB: usize = 1024 * 1024;

fn main() -> ExitCode {
    match run_all() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            println!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every target kept its promises.
fn run_all() -> Result<bool, String> {
    let wish = Wish::read(std::env::args().skip(1))?;
    let places = Places::of_this_checkout();
    places.build(&wish.targets)?;
    println!("{}", Figures::HEADING);
    let mut all_kept = true;
    for target in wish.targets {
        let outcome = places.run(target, wish.seconds)?;
        println!("{}", outcome.line(target.name, places.executions_so_far(target.name)?));
        if let Some(verdict) = outcome.broken {
            println!("    {verdict}; the log is {}", places.of(target, "log").display());
            all_kept = false;
        }
    }
    Ok(all_kept)
}

/// What somebody asks for.
struct Wish {
    seconds: u32,
    targets: Vec<&'static Target>,
}

impl Wish {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let arguments: Vec<String> = arguments.collect();
        let options: BTreeMap<&str, &str> =
            arguments.chunks(2).map(|pair| (pair[0].as_str(), pair.get(1).map_or("", String::as_str))).collect();
        let seconds = options.get("--seconds").and_then(|seconds| seconds.parse().ok()).filter(|seconds| *seconds > 0);
        let name = options.get("--target").copied();
        let targets: Vec<_> = TARGETS.iter().filter(|target| name.is_none_or(|name| name == target.name)).collect();
        if targets.is_empty() {
            let names = TARGETS.map(|target| target.name).join(", ");
            return Err(format!("there is no such target; there are {names}"));
        }
        let is_known = |option: &&str| ["--seconds", "--target"].contains(option);
        match seconds {
            Some(seconds) if options.keys().all(is_known) => Ok(Self { seconds, targets }),
            _ => Err(format!("usage: {USAGE}")),
        }
    }
}

/// Where everything is.
struct Places {
    checkout: PathBuf,
}

impl Places {
    fn of_this_checkout() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Self { checkout: checkout.canonicalize().unwrap_or(checkout) }
    }

    /// A file or folder of a target's own.
    fn of(&self, target: &Target, what: &str) -> PathBuf {
        self.checkout.join(".local/fuzz").join(target.name).join(what)
    }

    /// What is tried is what is deployed: the packages of the checkout's lock file, in their versions.
    fn build(&self, targets: &[&Target]) -> Result<(), String> {
        let package = self.checkout.join("tests/fuzz/libfuzzer");
        copy(&self.checkout.join("Cargo.lock"), &package.join("Cargo.lock"))?;
        for target in targets {
            // Coverage needs no more than what a stable compiler can do. An address sanitizer would; none of our code is unsafe.
            // To trace every comparison takes half of the time, and finds what the targets' words say already.
            let mut build = Command::new("cargo");
            build.args(["fuzz", "build", "--sanitizer", "none", "--no-trace-compares"]);
            build.args(["--fuzz-dir", ".", "--target-dir", "../../../target/fuzz"]);
            let status = build.arg(target.name).current_dir(&package).status();
            match status {
                Ok(status) if status.success() => {}
                Ok(_) => return Err(format!("{} cannot be built", target.name)),
                Err(error) => return Err(format!("cargo cannot be started: {error}")),
            }
        }
        Ok(())
    }

    fn program(&self, target: &Target) -> Result<PathBuf, String> {
        let builds = self.checkout.join("target/fuzz");
        let triples = fs::read_dir(&builds).map_err(|error| format!("{}: {error}", builds.display()))?;
        let programs = triples.filter_map(|entry| Some(entry.ok()?.path().join("release").join(target.name)));
        programs.filter(|path| path.is_file()).max().ok_or_else(|| format!("{} was not built", target.name))
    }

    fn run(&self, target: &Target, seconds: u32) -> Result<Figures, String> {
        self.prepare(target)?;
        let log = self.of(target, "log");
        let output = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let mut fuzzer = Command::new(self.program(target)?);
        fuzzer.args([self.of(target, "corpus"), self.of(target, "seeds")]);
        fuzzer.arg(format!("-dict={}", self.of(target, "words").display()));
        fuzzer.arg(format!("-artifact_prefix={}/", self.of(target, "broken").display()));
        fuzzer.arg(format!("-max_total_time={seconds}"));
        fuzzer.arg(format!("-max_len={}", target.input_bytes_max));
        fuzzer.arg(format!("-timeout={HANG_SECONDS}"));
        fuzzer.arg(format!("-rss_limit_mb={}", FUZZER_MIB + target.memory_bytes_max / MIB));
        fuzzer.arg("-print_final_stats=1");
        let status = fuzzer.stderr(output).status().map_err(|error| format!("{}: {error}", target.name))?;
        let mut figures = Figures::read(&String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()));
        if !status.success() && figures.broken.is_none() {
            figures.broken = Some(format!("ended with {status}"));
        }
        self.remember(target.name, figures.executions)?;
        Ok(figures)
    }

    fn prepare(&self, target: &Target) -> Result<(), String> {
        for folder in ["corpus", "seeds", "broken"] {
            let folder = self.of(target, folder);
            fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let samples = Samples::of(&self.checkout);
        let seeds = (target.seeds)(&samples).into_iter().chain(samples.found(target.name));
        for (number, seed) in seeds.filter(|seed| seed.len() <= target.input_bytes_max).enumerate() {
            write(&self.of(target, "seeds").join(number.to_string()), &seed)?;
        }
        let words: String = target.words.iter().map(|word| format!("\"{}\"\n", escaped(word))).collect();
        write(&self.of(target, "words"), words.as_bytes())
    }

    /// A line for each run, so that executions add up.
    fn remember(&self, name: &str, executions: u64) -> Result<(), String> {
        let path = self.checkout.join(".local/fuzz/executions");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| writeln!(file, "{name} {executions}"));
        written.map_err(|error| format!("{}: {error}", path.display()))
    }

    fn executions_so_far(&self, name: &str) -> Result<u64, String> {
        let path = self.checkout.join(".local/fuzz/executions");
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(of, _)| *of == name)
            .filter_map(|(_, n)| n.parse::<u64>().ok())
            .sum())
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", to.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// As libFuzzer's dictionaries want it.
fn escaped(word: &str) -> String {
    let escape = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02X}"),
    };
    word.bytes().map(escape).collect()
}

/// What libFuzzer says at the end.
struct Figures {
    executions: u64,
    executions_per_second: u64,
    coverage: u64,
    slowest_seconds: u64,
    memory_mib: u64,
    broken: Option<String>,
}

impl Figures {
    const HEADING: &str = "target                 executions   in all runs     a second  coverage  slowest  memory";

    fn read(log: &str) -> Self {
        let figure = |name: &str| log.lines().rev().find_map(|line| number(line.strip_prefix(name)?)).unwrap_or_default();
        let coverage = log.lines().rev().find_map(|line| number(line.split_once("cov:")?.1)).unwrap_or_default();
        let is_verdict = |line: &&str| line.contains("ERROR: libFuzzer") || line.contains("SUMMARY: libFuzzer");
        let input = log.lines().find(|line| line.contains("Test unit written to")).unwrap_or_default();
        Self {
            executions: figure("stat::number_of_executed_units:"),
            executions_per_second: figure("stat::average_exec_per_sec:"),
            coverage,
            slowest_seconds: figure("stat::slowest_unit_time_sec:"),
            memory_mib: figure("stat::peak_rss_mb:"),
            broken: log.lines().find(is_verdict).map(|verdict| format!("{} {input}", verdict.trim())),
        }
    }

    fn line(&self, name: &str, in_all_runs: u64) -> String {
        let Self { executions, executions_per_second, coverage, slowest_seconds, memory_mib, .. } = self;
        let verdict = if self.broken.is_some() { "BROKEN" } else { "" };
        format!(
            "{name:20} {executions:12}  {in_all_runs:12} {executions_per_second:12} {coverage:9} {slowest_seconds:7}s {memory_mib:4}MiB {verdict}"
        )
    }
}

fn number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}
