//! The worker beside the same job in Python: sessions of 60 KB from the queue's message to note and time entry, with warm caches.
//! CPU, calls and memory for each session; what was written is counted in the end.
//!
//! The neighbours are the simulators, in a process of their own, so that their work is not measured; AWS is the driver's. CPU is
//! what counts: the time that a session takes is mostly the simulators' and a real neighbour's.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use simulators::{ApplianceTenant, AutotaskTenant, connection_document};
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::figures::{median, milliseconds, short, table};
use crate::process::{Process, Program};
use crate::sandbox::{self, Sandbox};
use crate::tls::{Authority, HOST, Wire};
use crate::{Error, Places, sample_report};

/// Sessions before it is measured (the first of all proves the look-ups), and measured ones, per round.
const WARM_UP_SESSIONS: usize = 10;
const SESSIONS: usize = 200;
const REPORT_BYTES: usize = 60_000;
/// The id of the ticket that the reports name (tests/simulators/README.md).
const TICKET_ID: i64 = 7001;
const PREFIX: &str = "session-bridge/connections/";
/// When the simulators must listen.
const SIMULATORS_START_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(10);

const CONTESTANTS: [&str; 2] = ["worker", "Python"];

/// What one round has shown of one function, for each session.
struct Round {
    cpu: Duration,
    wall: Duration,
    peak_kib: u64,
    /// By what was called: entities of Autotask, the appliance, operations of AWS.
    neighbours: BTreeMap<String, f64>,
    aws: BTreeMap<String, f64>,
}

/// What the reader of the tables must know.
const NOTES: &str = "Python does the main job and no more: it looks nothing up after a lost answer, reads no pauses, and cuts a long \
    note. Both close their connection to the appliance after each call, as its vendor asks: over TLS each session has a \
    handshake, and Python's `requests` reads its whole bundle of authorities for each new connection.\n\n";

/// The tables, one for each wire.
///
/// # Errors
/// If a function or the simulators are missing or fail, or not every session was written once.
pub(crate) async fn tables(places: &Places, rounds: usize) -> Result<String, Error> {
    let authority = Authority::new(places)?;
    let aws = Aws::start(&authority).await?;
    let neighbours = Neighbours::start(places, &authority).await?;
    let programs = [places.binary("worker")?, places.rival("worker")?];
    let report = usual_report()?;
    let mut text = NOTES.to_owned();
    for wire in Wire::ALL {
        let programs = programs.clone().map(|program| configured(program, &authority, &aws, wire));
        let mut seen: [Vec<Round>; 2] = Default::default();
        for number in 1..=rounds {
            eprintln!("worker: {}, round {number} of {rounds}", wire.name());
            for ((program, name), seen) in programs.iter().zip(CONTESTANTS).zip(&mut seen) {
                let tenant = format!("{}_{}_{number}", name.to_lowercase(), wire.scheme());
                let bench = Bench::new(&neighbours, &aws, tenant, wire);
                seen.push(bench.round(program, &aws, &report).await?);
            }
        }
        text += &format!("Over {}:\n\n{}\n", wire.name(), compare(&seen));
    }
    Ok(text)
}

/// A report of the usual size.
///
/// # Errors
/// None that can happen.
pub(crate) fn usual_report() -> Result<String, Error> {
    let mut report = Vec::new();
    sample_report::write_of_size(REPORT_BYTES, &mut report)?;
    Ok(without_surveys(String::from_utf8(report)?))
}

/// Surveys would be notes of their own.
#[expect(clippy::needless_pass_by_value, reason = "nobody needs the one with surveys")]
pub(crate) fn without_surveys(report: String) -> String {
    let before = report.split("<cust_survey_list>").next().unwrap_or_default();
    let after = report.rsplit("</cust_survey_list>").next().unwrap_or_default();
    format!("{before}{after}")
}

/// The worker, or its rival, with the settings that the template gives it.
pub(crate) fn configured(program: Program, authority: &Authority, aws: &Aws, wire: Wire) -> Program {
    let mut program = sandbox::configured(program, authority, aws, wire);
    program.variables.extend([
        ("DEAD_LETTER_QUEUE_URL", sandbox::queue_url("session-bridge-dead-letters.fifo")),
        ("LEDGER_TABLE", "session-bridge-ledger".to_owned()),
        ("LEDGER_DAYS", "400".to_owned()),
        ("CONNECTION_PREFIX", PREFIX.to_owned()),
        ("ALARM_TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:session-bridge-alarms".to_owned()),
        ("RETRY_PACE_PERCENT", "100".to_owned()),
    ]);
    program
}

/// The simulators' process, and the fronts that speak TLS for them.
pub(crate) struct Neighbours {
    appliance: SocketAddr,
    autotask: SocketAddr,
    appliance_tls: SocketAddr,
    autotask_tls: SocketAddr,
    _process: Process,
    _fronts: JoinSet<()>,
}

impl Neighbours {
    /// Starts both.
    ///
    /// # Errors
    /// If they are missing or do not listen.
    pub(crate) async fn start(places: &Places, authority: &Authority) -> Result<Self, Error> {
        let mut program = places.binary("simulators")?;
        program.arguments = ["--appliance", "127.0.0.1:0", "--autotask", "127.0.0.1:0"].map(str::to_owned).into();
        let mut process = Process::start(&program, &[])?;
        let said = first_line(&mut process, &program).await?;
        let address = |name: &str| -> Result<SocketAddr, Error> {
            Ok(said[name]
                .as_str()
                .and_then(|url| url.strip_prefix("http://"))
                .ok_or("the simulators named no address")?
                .parse()?)
        };
        let (appliance, autotask) = (address("appliance")?, address("autotask")?);
        let mut fronts = JoinSet::new();
        let appliance_tls = authority.front(appliance, &mut fronts).await?;
        let autotask_tls = authority.front(autotask, &mut fronts).await?;
        Ok(Self { appliance, autotask, appliance_tls, autotask_tls, _process: process, _fronts: fronts })
    }
}

/// The line with which the simulators say where they listen.
async fn first_line(process: &mut Process, program: &Program) -> Result<Value, Error> {
    let since = Instant::now();
    while since.elapsed() < SIMULATORS_START_MAX {
        process.must_run()?;
        let log = fs::read_to_string(&program.log)?;
        if let Some((line, _)) = log.split_once('\n') {
            return Ok(serde_json::from_str(line)?);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(format!("the simulators do not listen; see {}", program.log.display()).into())
}

/// One connection with its tenants in both simulators, used by one process.
pub(crate) struct Bench {
    id: String,
    appliance: ApplianceTenant,
    autotask: AutotaskTenant,
}

impl Bench {
    /// A connection of that id, which letters, digits and `_` may make, and its document.
    pub(crate) fn new(neighbours: &Neighbours, aws: &Aws, id: String, wire: Wire) -> Self {
        let (appliance, autotask) = match wire {
            Wire::Plain => (neighbours.appliance, neighbours.autotask),
            Wire::Tls => (neighbours.appliance_tls, neighbours.autotask_tls),
        };
        let url = |server: SocketAddr| format!("{}://{HOST}:{}/t/{id}", wire.scheme(), server.port());
        let document = connection_document::usual(&url(appliance), &format!("{}/ATServicesRest/", url(autotask)));
        aws.put_secret(&format!("{PREFIX}{id}"), &document.to_string());
        Self {
            appliance: ApplianceTenant::at(&format!("http://{}", neighbours.appliance), &id),
            autotask: AutotaskTenant::at(&format!("http://{}", neighbours.autotask), &id),
            id,
        }
    }

    /// Lets attachments come faster than a real tenant would.
    pub(crate) async fn lift_limits(&self) {
        self.autotask.settings(json!({ "attachment_window_bytes": 1_000_000_000 })).await;
    }

    /// Makes the sessions known to the appliance, and delivers them one after the other; returns the CPU of each.
    ///
    /// # Errors
    /// If the function fails, or does not deliver one.
    pub(crate) async fn put_and_deliver(
        &self,
        sandbox: &mut Sandbox,
        numbers: Range<usize>,
        report: &str,
    ) -> Result<Duration, Error> {
        for number in numbers.clone() {
            self.appliance.put_session(&lsid(number), report).await;
        }
        let sessions = u32::try_from(numbers.len())?;
        let before = sandbox.process.cpu()?;
        for number in numbers {
            self.deliver(sandbox, number).await?;
        }
        // It polls again: all that belongs to the last session is done.
        sandbox.polls().await?;
        Ok(sandbox.process.cpu()?.saturating_sub(before) / sessions.max(1))
    }

    async fn round(&self, program: &Program, aws: &Aws, report: &str) -> Result<Round, Error> {
        let mut sandbox = Sandbox::start(program).await?;
        self.put_and_deliver(&mut sandbox, 0..WARM_UP_SESSIONS, report).await?;
        let sessions = WARM_UP_SESSIONS..WARM_UP_SESSIONS + SESSIONS;
        for number in sessions.clone() {
            self.appliance.put_session(&lsid(number), report).await;
        }
        self.appliance.clear_calls().await;
        self.autotask.clear_calls().await;
        aws.take_calls();
        let (before, started) = (sandbox.process.cpu()?, Instant::now());
        for number in sessions {
            self.deliver(&mut sandbox, number).await?;
        }
        sandbox.polls().await?;
        let count = u32::try_from(SESSIONS)?;
        let round = Round {
            wall: started.elapsed() / count,
            cpu: sandbox.process.cpu()?.saturating_sub(before) / count,
            peak_kib: sandbox.process.peak_memory()?,
            neighbours: self.neighbour_calls().await,
            aws: per_session(aws.take_calls()),
        };
        self.verify().await?;
        Ok(round)
    }

    async fn deliver(&self, sandbox: &mut Sandbox, number: usize) -> Result<(), Error> {
        let answer = sandbox.invoke(self.message(number)).await?;
        let answer: Value = serde_json::from_slice(&answer.body)?;
        match answer["batchItemFailures"].as_array() {
            Some(failures) if failures.is_empty() => Ok(()),
            _ => Err(format!("session {number} of {} was not delivered: {answer}; see the function's log", self.id).into()),
        }
    }

    /// What Lambda hands over for the session's end.
    fn message(&self, number: usize) -> Vec<u8> {
        let lsid = lsid(number);
        #[expect(clippy::disallowed_methods, reason = "an event that is old is delivered with more care, and more calls")]
        let now = Timestamp::now();
        let form = format!(
            "event=support_conference_end&version=1&timestamp=1742324531&lsid={lsid}&external_key={}",
            sample_report::TICKET
        );
        let body = json!({ "v": 1, "appliance": self.id, "received_at": now, "source": "event", "body": form });
        let group = format!("{}:{lsid}", self.id);
        let record = json!({
            "messageId": format!("00000000-0000-4000-8000-{number:012}"),
            "receiptHandle": "a-receipt-handle-of-the-benchmark",
            "body": body.to_string(),
            "attributes": {
                "ApproximateReceiveCount": "1", "SentTimestamp": now.as_millisecond().to_string(),
                "SequenceNumber": "18800000000000000001", "MessageGroupId": group,
                "SenderId": "AROAEXAMPLEEXAMPLE:session-bridge-receiver", "MessageDeduplicationId": lsid,
                "ApproximateFirstReceiveTimestamp": now.as_millisecond().to_string(),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:session-bridge-events.fifo",
            "awsRegion": "eu-central-1",
        });
        json!({ "Records": [record] }).to_string().into_bytes()
    }

    async fn neighbour_calls(&self) -> BTreeMap<String, f64> {
        let counters = [self.appliance.counters().await, self.autotask.counters().await];
        let calls = counters.iter().filter_map(|counters| counters["calls"].as_object()).flatten();
        per_session(calls.map(|(name, count)| (name.clone(), count.as_u64().unwrap_or_default())))
    }

    /// A figure is worth nothing if the job was not done.
    async fn verify(&self) -> Result<(), Error> {
        let written = (self.autotask.notes(TICKET_ID).await.len(), self.autotask.time_entries(TICKET_ID).await.len());
        let sessions = WARM_UP_SESSIONS + SESSIONS;
        if written == (sessions, sessions) {
            return Ok(());
        }
        Err(format!("{}: {sessions} sessions left {} notes and {} time entries", self.id, written.0, written.1).into())
    }
}

fn lsid(number: usize) -> String {
    format!("{number:032x}")
}

fn per_session(calls: impl IntoIterator<Item = (String, u64)>) -> BTreeMap<String, f64> {
    calls.into_iter().map(|(name, count)| (name, count as f64 / SESSIONS as f64)).collect()
}

/// A line of the table: what it is called, how a round shows it, and what is said about it.
type Line = (&'static str, fn(&Round) -> f64, Verdict);

/// What is said about a figure.
enum Verdict {
    /// How many times less than Python it is.
    Less,
    /// The same, and the most that it may be.
    LessAndAtMost(f64),
    /// How many times more than Python it is.
    More,
    /// Python writes less down and finds out less: only the most that it may be counts, if anything.
    Count(Option<f64>),
}

const LINES: [Line; 7] = [
    ("CPU per session, ms", |round| milliseconds(round.cpu), Verdict::LessAndAtMost(3.0)),
    ("sessions per second and core", |round| 1.0 / round.cpu.as_secs_f64(), Verdict::More),
    ("sessions per second, one after the other", |round| 1.0 / round.wall.as_secs_f64(), Verdict::More),
    ("report, ticket, note, time entry: calls per session", Round::main_calls, Verdict::Count(Some(4.0))),
    ("DynamoDB writes per session", |round| round.calls_of(&["UpdateItem", "PutItem"]), Verdict::Count(Some(4.0))),
    ("DynamoDB reads per session", |round| round.calls_of(&["GetItem"]), Verdict::Count(None)),
    ("peak memory, MiB", |round| round.peak_kib as f64 / 1024.0, Verdict::Less),
];

/// The simulators' names of the hourly budget, at which the worker looks now and then.
const BUDGET: &str = "GET ThresholdInformation";

impl Round {
    /// Calls of the neighbours, but for looks at the hourly budget.
    fn main_calls(&self) -> f64 {
        self.neighbours.iter().filter(|(name, _)| *name != BUDGET).map(|(_, count)| count).sum()
    }

    fn calls_of(&self, operations: &[&str]) -> f64 {
        operations.iter().map(|operation| self.aws.get(*operation).copied().unwrap_or_default()).sum()
    }
}

impl Verdict {
    /// What goes into the columns "Python" and "aim".
    fn columns(&self, worker: f64, python: f64) -> [String; 2] {
        let times = |value: f64, of: f64| format!("{}x", short(value / of));
        let at_most = |most: f64| format!("<= {most}: {}", if worker <= most { "met" } else { "**missed**" });
        match *self {
            Self::Less => [times(python, worker), String::new()],
            Self::LessAndAtMost(most) => [times(python, worker), at_most(most)],
            Self::More => [times(worker, python), String::new()],
            Self::Count(most) => [String::new(), most.map(at_most).unwrap_or_default()],
        }
    }
}

fn compare(seen: &[Vec<Round>; 2]) -> String {
    let rows = LINES.map(|(name, figure, verdict)| {
        let [worker, python] = seen.each_ref().map(|rounds| median(rounds.iter().map(figure)));
        let [ratio, aim] = verdict.columns(worker, python);
        vec![name.to_owned(), short(worker), short(python), ratio, aim]
    });
    let mut text = table(&["a session of 60 KB", "worker", "Python", "times better", "aim"], &rows);
    for (name, rounds) in CONTESTANTS.iter().zip(seen) {
        let Some(last) = rounds.last() else { continue };
        text += &format!("\nAll calls per session, {name}: {}.\n", listed(&last.neighbours, &last.aws));
    }
    text
}

fn listed(neighbours: &BTreeMap<String, f64>, aws: &BTreeMap<String, f64>) -> String {
    let calls: Vec<String> = neighbours.iter().chain(aws).map(|(name, count)| format!("{name} {}", short(*count))).collect();
    calls.join(", ")
}
