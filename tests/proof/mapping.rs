//! An event source mapping: takes messages out of a FIFO queue, one at a time for each environment, hands them to the worker and
//! deletes what it is done with. As on AWS a failed invocation says nothing to the queue: the message comes again when its
//! visibility time-out ends, or when the worker has asked for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::local_aws::system;
use crate::queues::{self, call};
use crate::sandbox::{Function, Invocation, Sandbox};

/// How often it is looked whether the queue is empty.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A mapping and what it has seen.
pub(crate) struct Mapping {
    function: Function,
    queue_url: String,
    visibility_seconds: u32,
    ended: Cell<bool>,
    /// Processes that are at work now.
    pub(crate) at_work: RefCell<Vec<u32>>,
    /// Session -> when it was taken first, and how long after that its last message was deleted.
    pub(crate) sessions: RefCell<BTreeMap<String, (Instant, Duration)>>,
    /// The most memory of any process, in KiB.
    pub(crate) peak_memory: Cell<u64>,
    pub(crate) invocations: Cell<usize>,
    pub(crate) failed: Cell<usize>,
    /// How many were at work on the same session at the same time, at most.
    pub(crate) most_on_one_session: Cell<usize>,
    current: RefCell<Vec<String>>,
}

impl Mapping {
    /// From that queue to workers with that time-out, all of them with the ledger and the documents of the local system.
    pub(crate) fn new(queue_url: &str, dead_letter_url: &str, timeout: Duration, visibility_seconds: u32) -> Self {
        let variables = vec![
            ("EVENTS_QUEUE_URL", queue_url.to_owned()),
            ("DEAD_LETTER_QUEUE_URL", dead_letter_url.to_owned()),
            ("LEDGER_TABLE", system().ledger_table.clone()),
            ("LEDGER_DAYS", "400".to_owned()),
            ("CONNECTION_PREFIX", system().connection_prefix.clone()),
            ("RETRY_PACE_PERCENT", "1".to_owned()),
            ("AWS_ENDPOINT_URL", system().endpoint.clone()),
        ];
        Self {
            function: Function::new("Worker", timeout, variables),
            queue_url: queue_url.to_owned(),
            visibility_seconds,
            ended: Cell::new(false),
            at_work: RefCell::default(),
            sessions: RefCell::default(),
            peak_memory: Cell::new(0),
            invocations: Cell::new(0),
            failed: Cell::new(0),
            most_on_one_session: Cell::new(0),
            current: RefCell::default(),
        }
    }

    /// The same with workers that are told this in a variable.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.function = self.function.with(variable, value);
        self
    }

    /// Works off the queue with so many environments at once, until it is empty or the time is over. Returns how long that took.
    pub(crate) async fn work_off(&self, environments: usize, time_limit: Duration) -> Duration {
        let started = Instant::now();
        let watch = async {
            while queues::depth(&self.queue_url).await > 0 && started.elapsed() < time_limit {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            self.ended.set(true);
        };
        tokio::join!(watch, join_all((0..environments).map(|_| self.run())));
        started.elapsed()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// When the last message of that session (`<appliance>:<lsid>`) was deleted.
    pub(crate) fn deleted_at(&self, session: &str) -> Option<Instant> {
        let sessions = self.sessions.borrow();
        sessions.get(session).filter(|(_, took)| !took.is_zero()).map(|(taken, took)| *taken + *took)
    }

    /// One environment, replaced when it fails.
    async fn run(&self) {
        let mut sandbox = Sandbox::start(&self.function).await;
        while !self.ended.get() {
            let Some(message) = self.receive().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let session = message["Attributes"]["MessageGroupId"].as_str().unwrap_or_default().to_owned();
            self.begin(&session, sandbox.pid());
            let invocation = sandbox.invoke(self.event(&message)).await;
            self.peak_memory.set(self.peak_memory.get().max(sandbox.peak_memory()));
            self.finish(&session, sandbox.pid());
            match invocation {
                Invocation::Answered(answer) if answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty) => {
                    self.delete(&message).await;
                    let mut sessions = self.sessions.borrow_mut();
                    let (taken, took) = sessions.get_mut(&session).expect("it was begun");
                    *took = taken.elapsed();
                }
                Invocation::Answered(_) => {}
                Invocation::Failed => {
                    self.failed.set(self.failed.get() + 1);
                    sandbox = Sandbox::start(&self.function).await;
                }
            }
        }
    }

    fn begin(&self, session: &str, pid: u32) {
        self.invocations.set(self.invocations.get() + 1);
        self.at_work.borrow_mut().push(pid);
        self.sessions.borrow_mut().entry(session.to_owned()).or_insert((Instant::now(), Duration::ZERO));
        let mut current = self.current.borrow_mut();
        current.push(session.to_owned());
        let together = current.iter().filter(|other| *other == session).count();
        self.most_on_one_session.set(self.most_on_one_session.get().max(together));
    }

    fn finish(&self, session: &str, pid: u32) {
        self.at_work.borrow_mut().retain(|other| *other != pid);
        let mut current = self.current.borrow_mut();
        let position = current.iter().position(|other| other == session).expect("it was begun");
        current.swap_remove(position);
    }

    async fn receive(&self) -> Option<Value> {
        let arguments = json!({
            "QueueUrl": self.queue_url, "MaxNumberOfMessages": 1, "VisibilityTimeout": self.visibility_seconds,
            "AttributeNames": ["All"],
        });
        let mut answer = call("ReceiveMessage", arguments).await;
        answer["Messages"].as_array_mut()?.pop()
    }

    async fn delete(&self, message: &Value) {
        // A receipt that somebody else's receipt has replaced is refused, which is nobody's mistake.
        let arguments = json!({ "QueueUrl": self.queue_url, "ReceiptHandle": message["ReceiptHandle"] });
        queues::try_call("DeleteMessage", arguments).await.ok();
    }

    fn event(&self, message: &Value) -> Vec<u8> {
        let record = json!({
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:proof.fifo",
            "awsRegion": system().region,
        });
        json!({ "Records": [record] }).to_string().into_bytes()
    }
}
