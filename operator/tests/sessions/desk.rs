//! The program, and what it finds: a ledger, queues, an appliance that no other test knows.

use std::process::{Command, Stdio};
use std::sync::LazyLock;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use delivery::{EndSeen, Facts, Record, Target, Write, WriteState, Writer};
use jiff::Timestamp;
use ledger::{Ledger, Nonce, Progress, Stored};
use serde_json::Value;
use session::{ApplianceId, Lsid, TicketId};
use simulators::LocalSystem;
use tokio::runtime::Runtime;

/// One for all tests: the SDK's connections belong to the runtime that made them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

pub(crate) fn system() -> &'static LocalSystem {
    LocalSystem::get()
}

fn config() -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "tests");
    let loader = aws_config::defaults(BehaviorVersion::latest()).endpoint_url(&system().endpoint);
    run(loader.region(Region::new(system().region.clone())).credentials_provider(credentials).load())
}

pub(crate) fn ledger() -> Ledger {
    Ledger::new(aws_sdk_dynamodb::Client::new(&config()), &system().ledger_table, 400)
}

fn sqs() -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(&config())
}

pub(crate) fn dead_letter_queue() -> queue::DeadLetterQueue {
    queue::DeadLetterQueue::new(sqs(), system().dead_letter_queue_url.clone())
}

pub(crate) fn quarantine() -> queue::QuarantineQueue {
    queue::QuarantineQueue::new(sqs(), system().quarantine_queue_url.clone())
}

/// An appliance that no other test knows.
pub(crate) fn appliance() -> ApplianceId {
    format!("test_{:016x}", fastrand::u64(..)).parse().unwrap()
}

pub(crate) fn lsid(number: u32) -> Lsid {
    format!("{number:032x}").parse().unwrap()
}

/// So many minutes after the first session ended.
pub(crate) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_742_304_440 + minute * 60).unwrap()
}

/// A session of that number that has ended, with those writes on the usual ticket.
pub(crate) fn record(number: u32, writes: &[(&str, WriteState)]) -> Record {
    let facts = Facts {
        sequence: Some(u64::from(number)),
        ended_at: Some(at(i64::from(number))),
        technician: Some("jmueller".to_owned()),
        external_key: None,
    };
    let end = EndSeen { at: Some(at(i64::from(number))), received_at: at(i64::from(number)), writer: Writer::Us };
    let target = Target { ticket: TicketId(7001), number: "T20250318.0042".parse().unwrap() };
    let writes = writes.iter().map(|(id, state)| (id.parse().unwrap(), Write::of(state.clone())));
    let (writes, settled_at) = (writes.collect(), Some(at(i64::from(number) + 1)));
    Record { facts: Some(facts), end: Some(end), target: Some(target), writes, settled_at, ..Record::default() }
}

pub(crate) fn done(id: i64) -> WriteState {
    WriteState::Done { id: session::RemoteId(id), at: at(1), found: false }
}

pub(crate) fn refused(sentence: &str) -> WriteState {
    WriteState::Refused { sentence: sentence.into(), at: at(1) }
}

pub(crate) fn in_doubt() -> WriteState {
    WriteState::InDoubt { sentence: "sent without an answer".into(), at: at(1) }
}

/// Writes the session into the ledger, as the worker does.
pub(crate) fn remember(appliance: &ApplianceId, lsid: &Lsid, record: &Record) {
    let (ledger, nonce) = (ledger(), Nonce::new(fastrand::u128(..)));
    // Of today, or the table would forget it.
    let now = "2030-03-18T14:27:00Z".parse().unwrap();
    run(async {
        let mut claim = ledger.claim(appliance, lsid, nonce, now).await.unwrap();
        assert_eq!(ledger.record(&mut claim, record, Progress::Outcome, now).await.unwrap(), Stored::Yes);
    });
}

/// What became of a run of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the program with those arguments, without a terminal.
pub(crate) fn program(arguments: &[&str]) -> Ran {
    program_at(&system().endpoint, arguments)
}

/// The same, with another address of AWS.
pub(crate) fn program_at(endpoint: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_session-bridge"));
    command.args(arguments).env("AWS_ENDPOINT_URL", endpoint).env("AWS_REGION", &system().region);
    command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local").env_remove("SESSION_BRIDGE_STACK");
    command.env("AWS_MAX_ATTEMPTS", "1").env_remove("AWS_PROFILE");
    let output = command.stdin(Stdio::null()).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The same, about that appliance.
pub(crate) fn of(appliance: &ApplianceId, arguments: &[&str]) -> Ran {
    program(&[arguments, &["--appliance", appliance.as_str()]].concat())
}
