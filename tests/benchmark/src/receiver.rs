//! The receiver beside the least that answers a function URL, and beside the same receiver in Python: cold starts, warm answers,
//! CPU, memory and calls of AWS.
//!
//! They take turns, and each figure is the median over the rounds of the round's median. Every event is handed over as soon as the
//! function polls, one after the other, as Lambda does. Nothing here says what a call costs on a real wire: that is the same for all.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::figures::{median, microseconds, milliseconds, percentile, short, table};
use crate::process::Program;
use crate::sandbox::{self, Sandbox};
use crate::tls::{Authority, Wire};
use crate::{Error, Places};

/// Events before it is measured, and measured ones, per round.
const WARM_UP_EVENTS: usize = 200;
const EVENTS: usize = 2_000;
/// What the sample payload authenticates with: `printf %s local-token-default | sha256sum`.
const TOKEN_SHA256: &str = "5d943fbe108b8d820cbfe46a37395c050e2497998e731e704cad8114cd2b4e1b";
const PAYLOAD: &str = "events/function-url/support_conference_end.function-url.json";

/// What is measured, in the order of the columns.
const CONTESTANTS: usize = 3;
const HELLO: usize = 0;
const RECEIVER: usize = 1;
const PYTHON: usize = 2;
/// Cold starts per round: those that take long are few.
const STARTS: [usize; CONTESTANTS] = [10, 10, 2];

/// What one round has shown of one function.
#[derive(Default)]
struct Round {
    polls: Vec<Duration>,
    answers: Vec<Duration>,
    start_cpu: Vec<Duration>,
    warm: Vec<Duration>,
    event_cpu: Duration,
    peak_kib: u64,
    calls: f64,
}

/// What the reader of the tables must know.
const NOTES: &str = "Before it polls, the receiver opens its connection to SQS with a `SendMessage` that SQS refuses; hello world \
    and the Python one open none, and the Python one pays for it with its first answer. A start is that of the process on an idle \
    core of this machine: Lambda adds its own time to each, the same to all. The driver keeps its own thread awake, so a warm \
    answer is the function's time and the kernel's, with one waking up for hello world and two for the others.\n\n";

/// The tables, one for each wire.
///
/// # Errors
/// If a function is missing or fails.
pub(crate) async fn tables(places: &Places, rounds: usize) -> Result<String, Error> {
    let authority = Authority::new(places)?;
    let aws = Aws::start(&authority).await?;
    let payload = payload(places)?;
    let programs = [places.binary("hello")?, places.binary("receiver")?, places.rival("receiver")?];
    let mut spinning = JoinSet::new();
    spinning.spawn(spin());
    let mut text = NOTES.to_owned();
    for wire in Wire::ALL {
        let programs = programs.clone().map(|program| configured(program, &authority, &aws, wire));
        for program in &programs {
            // What is read from disk for the first time is no start like the others.
            start(program, &payload, &mut Round::default()).await?;
        }
        let mut seen = Vec::new();
        for number in 1..=rounds {
            eprintln!("receiver: {}, round {number} of {rounds}", wire.name());
            seen.push(round(&programs, &aws, &payload).await?);
        }
        text += &format!("Over {}:\n\n{}\n", wire.name(), compare(&seen));
    }
    Ok(text)
}

/// Keeps the driver's thread from falling asleep: its waking up would be a part of every answer, and a large one.
async fn spin() {
    loop {
        tokio::task::yield_now().await;
    }
}

/// The session end that is handed over.
///
/// # Errors
/// If the sample is missing.
pub(crate) fn payload(places: &Places) -> Result<Vec<u8>, Error> {
    Ok(fs::read(places.root.join(PAYLOAD))?)
}

/// The receiver, or its rival, with the settings that the template gives it.
pub(crate) fn configured(program: Program, authority: &Authority, aws: &Aws, wire: Wire) -> Program {
    let mut program = sandbox::configured(program, authority, aws, wire);
    program.variables.extend([
        ("QUARANTINE_QUEUE_URL", sandbox::queue_url("session-bridge-quarantine")),
        ("APPLIANCE_TOKENS", format!("default={TOKEN_SHA256}")),
    ]);
    program
}

async fn round(programs: &[Program; CONTESTANTS], aws: &Aws, payload: &[u8]) -> Result<[Round; CONTESTANTS], Error> {
    let mut rounds: [Round; CONTESTANTS] = Default::default();
    for turn in 0..STARTS.into_iter().max().unwrap_or_default() {
        for index in (0..CONTESTANTS).filter(|index| turn < STARTS[*index]) {
            start(&programs[index], payload, &mut rounds[index]).await?;
        }
    }
    for (program, round) in programs.iter().zip(&mut rounds) {
        warm(program, aws, payload, round).await?;
    }
    Ok(rounds)
}

/// A cold start with its first answer.
async fn start(program: &Program, payload: &[u8], round: &mut Round) -> Result<Sandbox, Error> {
    let mut sandbox = Sandbox::start(program).await?;
    round.polls.push(sandbox.polls().await?);
    let answer = sandbox.invoke(payload.to_vec()).await?;
    round.answers.push(answer.at.duration_since(sandbox.process.started));
    round.start_cpu.push(sandbox.process.cpu()?);
    must_be_200(&answer.body)?;
    Ok(sandbox)
}

/// What it costs once all is warm.
async fn warm(program: &Program, aws: &Aws, payload: &[u8], round: &mut Round) -> Result<(), Error> {
    let mut sandbox = start(program, payload, &mut Round::default()).await?;
    for _ in 0..WARM_UP_EVENTS {
        sandbox.invoke(payload.to_vec()).await?;
    }
    aws.take_calls();
    let before = sandbox.process.cpu()?;
    let mut last = Vec::new();
    for _ in 0..EVENTS {
        let answer = sandbox.invoke(payload.to_vec()).await?;
        round.warm.push(answer.took);
        last = answer.body;
    }
    must_be_200(&last)?;
    // It polls again: all that belongs to the last event is done.
    sandbox.polls().await?;
    let events = u32::try_from(EVENTS)?;
    round.event_cpu = sandbox.process.cpu()?.saturating_sub(before) / events;
    round.calls = aws.take_calls().values().sum::<u64>() as f64 / f64::from(events);
    round.peak_kib = sandbox.process.peak_memory()?;
    Ok(())
}

fn must_be_200(answer: &[u8]) -> Result<(), Error> {
    let read: Value = serde_json::from_slice(answer)?;
    if read["statusCode"] == 200 {
        return Ok(());
    }
    Err(format!("a function answered {}; see its log", String::from_utf8_lossy(answer)).into())
}

/// A line of the table: what it is called, how a round shows it, and what is aimed at.
type Line = (&'static str, fn(&Round) -> f64, Aim);

/// What a figure of the receiver is held against.
enum Aim {
    None,
    TimesHello(f64),
    TimesHelloAndPythonTimes(f64, f64),
    Limit(f64),
}

const LINES: [Line; 8] = [
    ("start to first poll, ms", |round| median(round.polls.iter().copied().map(milliseconds)), Aim::TimesHello(1.3)),
    (
        "start to first answer, ms",
        |round| median(round.answers.iter().copied().map(milliseconds)),
        Aim::TimesHelloAndPythonTimes(1.6, 100.0),
    ),
    ("CPU until then, ms", |round| median(round.start_cpu.iter().copied().map(milliseconds)), Aim::None),
    ("warm answer, p50, µs", |round| median(round.warm.iter().copied().map(microseconds)), Aim::TimesHello(2.2)),
    ("warm answer, p99, µs", |round| percentile(round.warm.iter().copied().map(microseconds), 0.99), Aim::None),
    ("CPU per event, µs", |round| microseconds(round.event_cpu), Aim::None),
    ("peak memory, MiB", |round| round.peak_kib as f64 / 1024.0, Aim::Limit(8.0)),
    ("calls of AWS per event", |round| round.calls, Aim::None),
];

fn compare(rounds: &[[Round; CONTESTANTS]]) -> String {
    let rows = LINES.map(|(name, figure, aim)| {
        let of = |index: usize| median(rounds.iter().map(|round| figure(&round[index])));
        let (hello, receiver, python) = (of(HELLO), of(RECEIVER), of(PYTHON));
        vec![
            name.to_owned(),
            short(hello),
            short(receiver),
            short(python),
            times(receiver, hello),
            times(python, receiver),
            aim.judged(hello, receiver, python),
        ]
    });
    let heads = ["", "hello world", "receiver", "Python", "receiver / hello", "Python / receiver", "aim"];
    table(&heads, &rows)
}

fn times(value: f64, of: f64) -> String {
    if of > 0.0 { format!("{}x", short(value / of)) } else { String::new() }
}

impl Aim {
    fn judged(&self, hello: f64, receiver: f64, python: f64) -> String {
        let verdict = |met: bool| if met { "met" } else { "**missed**" };
        match *self {
            Self::None => String::new(),
            Self::TimesHello(most) => format!("<= {most}x hello: {}", verdict(receiver <= most * hello)),
            Self::TimesHelloAndPythonTimes(most, least) => format!(
                "<= {most}x hello: {}; Python >= {least}x: {}",
                verdict(receiver <= most * hello),
                verdict(python >= least * receiver)
            ),
            Self::Limit(most) => format!("<= {most}: {}", verdict(receiver <= most)),
        }
    }
}
