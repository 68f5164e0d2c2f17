//! A worker whose every neighbour is at the end of a wire that can fail, and one session for it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws::{Environment, Timeouts};
use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use connection::Connections;
use delivery::Pace;
use jiff::Timestamp;
use ledger::Ledger;
use link::Links;
use serde_json::{Value, json};
use simulators::{
    ApplianceSimulator, ApplianceTenant, AutotaskSimulator, AutotaskTenant, FaultyWire, LocalSystem, connection_document,
};
use telemetry::{Level, Log};
use worker::budget::Budgets;
use worker::log_line::NAMESPACE;
use worker::notify::Notifier;
use worker::queues::Queues;
use worker::worker::{BatchResult, Worker};

use crate::faults::{Fault, Place};

/// How long an invocation may take: enough for a call (five seconds must be left to begin one) and a stalled one.
const INVOCATION: Duration = Duration::from_secs(8);
/// When a session must be done once all is well again: an invocation of unknown fate, and some.
const DONE_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// The ticket of the simulated Autotask that the report names.
const TICKET: i64 = 7001;

/// Shorter than the worker's own, so that a stall costs little; longer than the local AWS ever takes.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_millis(1_000),
    attempt: Duration::from_millis(2_000),
    operation: Duration::from_secs(5),
    attempts: 2,
    backoff_first: Duration::from_millis(10),
    backoff_max: Duration::from_millis(20),
};

fn aws_at(endpoint: &str) -> aws::SdkConfig {
    let environment = Environment::from_variables(|variable| {
        Some(match variable {
            "AWS_REGION" => LocalSystem::get().region.clone(),
            "AWS_ENDPOINT_URL" => endpoint.to_owned(),
            _ => "local".to_owned(),
        })
    });
    environment.unwrap().sdk_config(&TIMEOUTS)
}

/// The simulators, and a place that must never be called.
pub(crate) struct Neighbours {
    appliance: ApplianceSimulator,
    autotask: AutotaskSimulator,
}

impl Neighbours {
    pub(crate) async fn start() -> Self {
        Self { appliance: ApplianceSimulator::start().await, autotask: AutotaskSimulator::start().await }
    }
}

/// One session at one connection, with wires of its own.
pub(crate) struct World {
    appliance_id: String,
    lsid: String,
    worker: Worker,
    autotask: AutotaskTenant,
    /// A tenant that redirects lead to.
    elsewhere: ApplianceTenant,
    aws: aws::SdkConfig,
    events_url: String,
    dead_letter_url: String,
    wires: Wires,
    appliance_wire: FaultyWire,
    autotask_wire: FaultyWire,
}

/// The wires to AWS.
struct Wires {
    secrets: FaultyWire,
    ledger: FaultyWire,
    queue: FaultyWire,
    topic: FaultyWire,
}

impl World {
    /// A session, for which the request is made that is to go wrong.
    pub(crate) async fn new(neighbours: &Neighbours, place: Place) -> Self {
        let appliance_id = format!("wire_{:016x}", fastrand::u64(..));
        let lsid = format!("{:032x}", fastrand::u128(..));
        let appliance = neighbours.appliance.tenant(&appliance_id);
        let autotask = neighbours.autotask.tenant(&appliance_id);
        let options: &[_] = if place.is_before_the_report_is_ready() { &[("not_ready_asks", "1")] } else { &[] };
        appliance.put_session_with(&lsid, &sample("reports/printer-without-surveys.xml"), options).await;

        let local = &LocalSystem::get().endpoint;
        let (secrets_wire, ledger_wire) = (FaultyWire::to(local).await, FaultyWire::to(local).await);
        let (queue_wire, topic_wire) = (FaultyWire::to(local).await, FaultyWire::to(local).await);
        let appliance_wire = FaultyWire::to(appliance.url()).await;
        let autotask_wire = FaultyWire::to(autotask.url()).await;
        let aws = aws_at(local);
        let events_url = make_queue(&aws, &format!("{appliance_id}-events")).await;
        let dead_letter_url = make_queue(&aws, &format!("{appliance_id}-dead")).await;

        let wires = Wires { secrets: secrets_wire, ledger: ledger_wire, queue: queue_wire, topic: topic_wire };
        let worker = wires.worker([&events_url, &dead_letter_url]);
        let world = Self {
            elsewhere: neighbours.appliance.tenant(&format!("elsewhere_{appliance_id}")),
            appliance_id,
            lsid,
            worker,
            autotask,
            aws,
            events_url,
            dead_letter_url,
            wires,
            appliance_wire,
            autotask_wire,
        };
        world.put_document(appliance.url(), place.needs_something_to_tell()).await;
        world
    }

    /// Another session of the connection is delivered first: its writes prove that look-ups can be trusted here, without which
    /// a write of unknown fate is in doubt. Then the worker is a fresh one, as after a cold start.
    pub(crate) async fn with_trusted_look_ups(mut self, neighbours: &Neighbours) -> Self {
        let lsid = std::mem::replace(&mut self.lsid, format!("{:032x}", fastrand::u128(..)));
        let appliance = neighbours.appliance.tenant(&self.appliance_id);
        appliance.put_session(&self.lsid, &sample("reports/printer-without-surveys.xml")).await;
        let message = self.take_message(false).await;
        self.until_done(&message).await.unwrap();
        self.worker = self.wires.worker([&self.events_url, &self.dead_letter_url]);
        Self { lsid, ..self }
    }

    async fn put_document(&self, appliance_url: &str, with_a_broken_template: bool) {
        let through = |url: &str, wire: &FaultyWire| format!("{}/{}", wire.url(), url.splitn(4, '/').nth(3).unwrap());
        let appliance_url = through(appliance_url, &self.appliance_wire);
        let usual = connection_document::usual(&appliance_url, &through(&self.autotask.zone_url(), &self.autotask_wire));
        let mut document = connection_document::changed(usual, json!({ "autotask": { "unknown_write_wait_seconds": 0 } }));
        if with_a_broken_template {
            document["templates"] = json!({ "session_note": "{{#each technicians}} no end" });
        }
        let secrets = aws_sdk_secretsmanager::Client::new(&self.aws);
        let name = format!("{}{}", LocalSystem::get().connection_prefix, self.appliance_id);
        secrets.create_secret().name(name).secret_string(document.to_string()).send().await.unwrap();
    }

    /// Puts the end of the session (or nonsense) into the queue and takes it out as Lambda does.
    pub(crate) async fn take_message(&self, malformed: bool) -> SqsMessage {
        self.take(malformed, "event").await
    }

    /// The same from an operator who wants it done again.
    pub(crate) async fn take_replay(&self) -> SqsMessage {
        self.take(false, "replay").await
    }

    async fn take(&self, malformed: bool, source: &str) -> SqsMessage {
        let sqs = aws_sdk_sqs::Client::new(&self.aws);
        let body = sample("outbound/support_conference_end.form").replace("7d1f0c52a9be4e6f8a3b90d4c6e21f57", &self.lsid);
        let queued = json!({
            "v": 1, "appliance": self.appliance_id, "received_at": now(), "source": source, "body": body.trim_end(),
        });
        let text = if malformed { "{".to_owned() } else { queued.to_string() };
        let send = sqs.send_message().queue_url(&self.events_url).message_body(text);
        send.message_group_id(format!("{}{source}", self.lsid))
            .message_deduplication_id(format!("{:032x}", fastrand::u128(..)))
            .send()
            .await
            .unwrap();
        let receive = sqs.receive_message().queue_url(&self.events_url).visibility_timeout(3_600);
        let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await.unwrap();
        let message = received.messages().first().expect("the message that was just sent").clone();
        let mut taken = SqsMessage::default();
        taken.message_id = message.message_id;
        taken.receipt_handle = message.receipt_handle;
        taken.body = message.body;
        taken.attributes.insert("MessageGroupId".to_owned(), self.lsid.clone());
        taken
    }

    fn wire(&self, place: Place) -> &FaultyWire {
        match place {
            Place::Secret => &self.wires.secrets,
            Place::LedgerFirst | Place::LedgerClaim | Place::LedgerIntent | Place::LedgerOutcome => &self.wires.ledger,
            Place::QueueHide | Place::QueueDeadLetter => &self.wires.queue,
            Place::TopicNotice => &self.wires.topic,
            Place::ApplianceToken | Place::ApplianceReport => &self.appliance_wire,
            Place::AutotaskFirst | Place::AutotaskTicket | Place::AutotaskNote | Place::AutotaskTimeEntry => &self.autotask_wire,
        }
    }

    /// From now on this goes wrong there, every time.
    pub(crate) async fn harm(&self, place: Place, fault: Fault) {
        let elsewhere = format!("{}/api/reporting", self.elsewhere.url());
        let wire = self.wire(place);
        match fault.on_the_wire(place, &elsewhere) {
            None => wire.refuse().await,
            // Whoever resets at once has not read what is asked for.
            Some(reset @ simulators::WireFault::ResetBefore) => wire.harm(reset, "", usize::MAX),
            Some(harm) => wire.harm(harm, place.text(), usize::MAX),
        }
    }

    /// All is well again; how many requests were harmed, as far as somebody was there to count.
    pub(crate) async fn calm(&self, place: Place) -> usize {
        let harmed = self.wire(place).harmed();
        self.wire(place).calm().await;
        assert_eq!(self.elsewhere.calls().await.len(), 0, "a redirect was followed");
        harmed
    }

    /// One invocation.
    pub(crate) async fn process(&self, message: &SqsMessage) -> BatchResult {
        let deadline = now().checked_add(INVOCATION).unwrap();
        self.worker.process(message, deadline).await
    }

    /// What can be seen of the session after an invocation.
    pub(crate) async fn seen(&self, disposition: BatchResult) -> String {
        let comes_again = if disposition == BatchResult::Done { "done" } else { "comes again" };
        let item = self.ledger_item().await;
        let Some(record) = item.as_ref().map(|item| &item["record"]) else { return format!("{comes_again}, unclaimed") };
        let waits = record["waiting"]["why"].as_str().map(|why| format!(", waits for {why}")).unwrap_or_default();
        let states: Vec<String> = self.states().await.iter().map(|(write, state)| format!("{write} {state}")).collect();
        let states = if states.is_empty() { "nothing planned".to_owned() } else { states.join(", ") };
        format!("{comes_again}{waits}; {states}")
    }

    /// The writes that the ledger knows (`note`, `time`), and the state of each.
    pub(crate) async fn states(&self) -> BTreeMap<String, String> {
        let text = |write: &Value, member: &str| write[member].as_str().unwrap_or("?").to_owned();
        self.writes().await.iter().map(|(write, record)| (write.clone(), text(record, "state"))).collect()
    }

    /// How the writes whose fate was unknown were resolved; none if there was none. Whether the first look-up belongs to the first
    /// invocation or to a later one is a matter of milliseconds here, so that is not told.
    pub(crate) async fn resolved(&self, before: &BTreeMap<String, String>) -> Option<String> {
        let resolved = self.writes().await.into_iter().filter_map(|(write, record)| {
            let was_open = before.get(&write).is_some_and(|state| state == "sending");
            match record["found"].as_bool() {
                Some(true) => Some(format!("{write} found by its marker")),
                Some(false) if was_open => Some(format!("{write} looked up in vain, then sent again")),
                _ => None,
            }
        });
        let resolved: Vec<String> = resolved.collect();
        (!resolved.is_empty()).then(|| format!("fate unknown: {}", resolved.join(", ")))
    }

    async fn writes(&self) -> BTreeMap<String, Value> {
        let item = self.ledger_item().await.unwrap_or_default();
        let writes = item["record"]["writes"].as_object().cloned().unwrap_or_default();
        writes.into_iter().map(|(id, write)| (id.split('.').next().unwrap_or_default().to_owned(), write)).collect()
    }

    async fn ledger_item(&self) -> Option<Value> {
        let ledger = aws_sdk_dynamodb::Client::new(&self.aws);
        let get = ledger.get_item().table_name(&LocalSystem::get().ledger_table).consistent_read(true);
        let get = get.key("appliance", AttributeValue::S(self.appliance_id.clone()));
        let item = get.key("lsid", AttributeValue::S(self.lsid.clone())).send().await.unwrap().item?;
        Some(item.iter().map(|(name, attribute)| (name.clone(), plain(attribute))).collect())
    }

    /// Lets the message come again, sooner than it would, until the worker is done with it; else what the ledger has of it.
    pub(crate) async fn until_done(&self, message: &SqsMessage) -> Result<(), String> {
        let started = Instant::now();
        while self.process(message).await == BatchResult::Again {
            if started.elapsed() > DONE_WITHIN {
                return Err(format!("{:?}", self.ledger_item().await));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        // As Lambda does. One that had to wait would be taken for the next, since nobody hides it for an hour any more.
        let delete = aws_sdk_sqs::Client::new(&self.aws).delete_message().queue_url(&self.events_url);
        delete.set_receipt_handle(message.receipt_handle.clone()).send().await.unwrap();
        Ok(())
    }

    /// Notes and time entries with the session's marker.
    pub(crate) async fn written(&self) -> (usize, usize) {
        let notes = self.autotask.notes(TICKET).await;
        let entries = self.autotask.time_entries(TICKET).await;
        let count = |rows: &[Value], member: &str| {
            rows.iter().filter(|row| row[member].as_str().is_some_and(|text| text.contains(&self.lsid))).count()
        };
        (count(&notes, "title"), count(&entries, "internalNotes"))
    }

    /// How many messages to people were counted as not taken.
    pub(crate) fn notifications_failed(&self) -> usize {
        let log = LOG.lock().unwrap();
        let lines = log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["appliance"] == self.appliance_id && line["notifications_failed"] == 1).count()
    }

    pub(crate) async fn dead_letters(&self) -> usize {
        let sqs = aws_sdk_sqs::Client::new(&self.aws);
        let receive = sqs.receive_message().queue_url(&self.dead_letter_url).max_number_of_messages(10);
        receive.send().await.unwrap().messages().len()
    }
}

impl Wires {
    /// A worker that has just started.
    fn worker(&self, [events_url, dead_letter_url]: [&String; 2]) -> Worker {
        let system = LocalSystem::get();
        let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws_at(&self.ledger.url())), &system.ledger_table, 400);
        let secrets = aws_sdk_secretsmanager::Client::new(&aws_at(&self.secrets.url()));
        let pace = Pace::from_percent(1).unwrap();
        let connections = Connections::new(secrets, &system.connection_prefix).with_cache_ttl(pace.look_at_document());
        let queues = aws_sdk_sqs::Client::new(&aws_at(&self.queue.url()));
        let topic = aws_sdk_sns::Client::new(&aws_at(&self.topic.url()));
        let log = Log::new(NAMESPACE, "worker", Level::WARN).writing_to(keep);
        Worker {
            links: Links::new(connections, ledger.clone(), pace),
            queues: Queues::new(queues, events_url.clone(), dead_letter_url.clone()),
            notifier: Notifier::new(topic, Some(system.alarm_topic_arn.clone()), ledger.clone(), log.clone()),
            budgets: Budgets::new(log.clone()),
            ledger,
            log,
        }
    }
}

/// The lines of all workers.
static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn keep(line: &str) {
    LOG.lock().unwrap().push(line.to_owned());
}

async fn make_queue(aws: &aws::SdkConfig, name: &str) -> String {
    let make = aws_sdk_sqs::Client::new(aws).create_queue().queue_name(format!("{name}.fifo"));
    make.attributes(QueueAttributeName::FifoQueue, "true").send().await.unwrap().queue_url.unwrap()
}

fn sample(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn now() -> Timestamp {
    worker::clock::now()
}

fn plain(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => text.as_str().into(),
        AttributeValue::N(number) => serde_json::from_str(number).unwrap(),
        AttributeValue::Bool(value) => (*value).into(),
        AttributeValue::L(values) => values.iter().map(plain).collect(),
        AttributeValue::M(members) => members.iter().map(|(name, member)| (name.clone(), plain(member))).collect(),
        _ => Value::Null,
    }
}
