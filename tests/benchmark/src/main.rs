//! `make bench`: what the functions cost, beside what they are held against. Prints Markdown tables to stdout, and what it is
//! doing to stderr.
//!
//! Everything is a ratio within one run, the contestants taking turns, medians over rounds: machines are noisy and differ. A figure
//! is no test: nothing here fails for being slow.

#![allow(clippy::print_stdout, reason = "a command line program")]

mod aws;
mod dynamo;
mod figures;
mod growth;
mod money;
mod plot;
mod process;
mod receiver;
mod report;
mod sample_report;
mod sandbox;
mod scaling;
mod size;
mod tls;
mod usage;
mod worker;

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::process::Program;

const USAGE: &str = "usage: benchmark [--rounds <number>] [--only receiver|worker|report|scaling|money|size|parts]";
const ROUNDS: usize = 5;
/// More would take hours.
const ROUNDS_MAX: usize = 100;

/// The one table that is made on request alone, for it builds for minutes.
const PARTS: &str = "parts";

/// Whose monthly cost is shown: a stack with one appliance.
const SECRETS: usize = 1;

type Error = Box<dyn std::error::Error>;

/// What makes a table: in the order in which they are printed.
type Table = (&'static str, &'static str, fn(&Places, usize) -> Result<String, Error>);

const TABLES: [Table; 7] = [
    ("receiver", "Receiver", |places, rounds| waiting_for(receiver::tables(places, rounds))),
    ("worker", "Worker", |places, rounds| waiting_for(worker::tables(places, rounds))),
    ("report", "Report reading", |places, _| report::measure(&places.logs)),
    ("scaling", "Scaling", |places, _| scaling::draw(&places.root.join("docs"), waiting_for(growth::measured(places))?)),
    ("money", "Money", |places, _| {
        let (usage, custom_metrics) = waiting_for(usage::measured(places))?;
        let stack = money::Stack::of_template(&places.root.join("infra/template.yaml"), custom_metrics, SECRETS)?;
        Ok(money::tables(&usage, &stack))
    }),
    ("size", "Size", |places, _| size::tables(places)),
    (PARTS, "Largest parts", |places, _| size::largest_parts(places)),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Error> {
    if let Some((report::VERB, rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        println!("{}", report::read(rest)?);
        return Ok(());
    }
    let options = options(arguments.iter().cloned())?;
    let places = Places::find()?;
    println!("{}", machine());
    for (name, title, table) in TABLES {
        if options.only.as_deref().map_or(name != PARTS, |only| only == name) {
            println!("\n## {title}\n\n{}", table(&places, options.rounds)?.trim_end());
        }
    }
    Ok(())
}

struct Options {
    rounds: usize,
    only: Option<String>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Error> {
    let mut options = Options { rounds: ROUNDS, only: None };
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match option.as_str() {
            "--rounds" => options.rounds = value.parse().map_err(|_| USAGE)?,
            "--only" => options.only = Some(value),
            _ => return Err(USAGE.into()),
        }
    }
    if let Some(only) = &options.only
        && !TABLES.iter().any(|(name, _, _)| name == only)
    {
        return Err(USAGE.into());
    }
    if !(1..=ROUNDS_MAX).contains(&options.rounds) {
        return Err(format!("rounds: 1 to {ROUNDS_MAX}").into());
    }
    Ok(options)
}

/// Runs it on one thread that also looks after all connections.
fn waiting_for<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// When, and on what.
fn machine() -> String {
    #[expect(clippy::disallowed_methods, reason = "a figure without its date says little")]
    let date = jiff::Timestamp::now().strftime("%d %B %Y");
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = processor.lines().find(|line| line.starts_with("model name"));
    let model = field.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("Measured on {date}: {model}, {cores} cores, Linux {}.", std::env::consts::ARCH)
}

/// Where everything is.
struct Places {
    /// The checkout.
    root: PathBuf,
    /// Where this program was built, and with it the functions.
    built: PathBuf,
    /// Where the functions' output goes.
    logs: PathBuf,
}

impl Places {
    fn find() -> Result<Self, Error> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let built = std::env::current_exe()?.parent().ok_or("this program is nowhere")?.to_owned();
        let logs = built.join("benchmark-logs");
        fs::create_dir_all(&logs)?;
        Ok(Self { root, built, logs })
    }

    /// A binary of this build.
    fn binary(&self, name: &str) -> Result<Program, Error> {
        let path = self.built.join(name);
        if !path.exists() {
            return Err(format!("{} is not there: run `make bench`, which builds it", path.display()).into());
        }
        Ok(Program::new(path, &self.logs))
    }

    /// A rival in Python, as Lambda's own runtime for Python runs it.
    fn rival(&self, name: &str) -> Result<Program, Error> {
        let python = self.root.join(".tools/rivals/bin/python");
        if !python.exists() {
            return Err(format!("{} is not there: run `make bench`, which installs it", python.display()).into());
        }
        let directory = self.root.join("tests/benchmark/rivals");
        let handler = format!("{name}.handler");
        let mut program = Program::new(python, &self.logs);
        program.arguments = vec!["-m".to_owned(), "awslambdaric".to_owned(), handler.clone()];
        program.log = self.logs.join(format!("{name}.py.log"));
        program.variables = vec![("LAMBDA_TASK_ROOT", directory.display().to_string()), ("_HANDLER", handler)];
        // As on Lambda, where a function's own directory cannot be written to and its packages come compiled.
        program.variables.push(("PYTHONDONTWRITEBYTECODE", "1".to_owned()));
        program.directory = directory;
        Ok(program)
    }
}
