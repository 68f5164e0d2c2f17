//! The daily statement of a whole poller, on the local system: made and kept each day, and told as often as the connection document says.
//!
//! Each test has a connection, a queue and a topic of its own, so that what others do is neither polled nor told.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Mutex;

use aws::{Environment, Timeouts};
use aws_sdk_sqs::types::QueueAttributeName;
use connection::Connections;
use coverage::Statement;
use delivery::Pace;
use jiff::{SignedDuration, Timestamp};
use ledger::Ledger;
use link::Links;
use poller::clock::now;
use poller::notify::Notifier;
use poller::poller::Poller;
use queue::EventsQueue;
use serde_json::{Value, json};
use session::ApplianceId;
use simulators::{ApplianceTenant, AutotaskTenant, LocalSystem, connection_document, ended_at};
use telemetry::{Level, Log};

/// How long a turn may take: more than it does, and what is left when nothing new is begun.
const TURN: SignedDuration = SignedDuration::from_secs(120);

/// A connection that is polled, its people's topic, and what they hear.
struct World {
    appliance: ApplianceId,
    aws: aws::SdkConfig,
    ledger: Ledger,
    events_url: String,
    topic_arn: String,
    heard_url: String,
}

impl World {
    /// Its document says that of `statement`; with `null`, nothing.
    async fn new(statement: Value) -> Self {
        let system = LocalSystem::get();
        let id = format!("daily_{:016x}", fastrand::u64(..));
        let appliance = ApplianceTenant::at(&system.simulators.appliance, &id);
        let autotask = AutotaskTenant::at(&system.simulators.autotask, &id);
        let changes = json!({
            "time_zone": "UTC",
            "deliver_from": (now() - SignedDuration::from_hours(24 * 4)).to_string(),
            "polling": { "enabled": true },
            "statement": statement,
        });
        let usual = connection_document::usual(appliance.url(), &autotask.zone_url());
        let document = connection_document::changed(usual, changes).to_string();
        let aws = aws();
        let secret = aws_sdk_secretsmanager::Client::new(&aws).create_secret();
        secret.name(format!("{}{id}", system.connection_prefix)).secret_string(document).send().await.unwrap();
        let events_url = make_queue(&aws, &format!("{id}-events.fifo")).await;
        let (topic_arn, heard_url) = make_topic(&aws, &id).await;
        let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&aws), &system.ledger_table, 400);
        Self { appliance: id.parse().unwrap(), aws, ledger, events_url, topic_arn, heard_url }
    }

    /// The same, and no event ever came of a session that ended yesterday. Nobody works off this queue, so it stays missing.
    async fn with_lost_session(statement: Value) -> Self {
        let world = Self::new(statement).await;
        let appliance = ApplianceTenant::at(&LocalSystem::get().simulators.appliance, world.appliance.as_str());
        let report = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/reports/printer.xml")).unwrap();
        let yesterday = (now() - SignedDuration::from_hours(25)).as_second();
        appliance.put_session(&format!("{:032x}", fastrand::u128(..)), &ended_at(&report, yesterday)).await;
        world
    }

    /// The turn of a poller that has just started, as the schedule gives it one.
    async fn turn(&self) {
        let secrets = aws_sdk_secretsmanager::Client::new(&self.aws);
        let connections = Connections::new(secrets, &LocalSystem::get().connection_prefix);
        let poller = Poller {
            appliances: BTreeSet::from([self.appliance.clone()]),
            links: Links::new(connections, self.ledger.clone(), Pace::default()),
            ledger: self.ledger.clone(),
            queue: EventsQueue::new(aws_sdk_sqs::Client::new(&self.aws), self.events_url.clone()),
            notifier: Notifier::new(aws_sdk_sns::Client::new(&self.aws), Some(self.topic_arn.clone())),
            log: Log::new("SessionBridge", "poller", Level::ERROR).writing_to(|_| ()),
            stated: Mutex::default(),
        };
        poller.everyone(now() + TURN).await;
    }

    /// The subjects that people were told.
    async fn told(&self) -> Vec<String> {
        let sqs = aws_sdk_sqs::Client::new(&self.aws);
        let received = sqs.receive_message().queue_url(&self.heard_url).max_number_of_messages(10).send().await.unwrap();
        let subject = |body: &str| serde_json::from_str::<Value>(body).unwrap()["Subject"].as_str().unwrap().to_owned();
        received.messages().iter().map(|message| subject(message.body().unwrap())).collect()
    }

    async fn kept(&self) -> Vec<Statement> {
        self.ledger.statements(&self.appliance, Timestamp::UNIX_EPOCH).await.unwrap()
    }

    fn subject(&self, what: &str) -> String {
        format!("Session Bridge: {}: {what}", self.appliance)
    }
}

fn aws() -> aws::SdkConfig {
    let environment = Environment::from_variables(|variable| {
        Some(match variable {
            "AWS_REGION" => LocalSystem::get().region.clone(),
            "AWS_ENDPOINT_URL" => LocalSystem::get().endpoint.clone(),
            _ => "local".to_owned(),
        })
    });
    environment.unwrap().sdk_config(&Timeouts::WORKER)
}

async fn make_queue(aws: &aws::SdkConfig, name: &str) -> String {
    let mut make = aws_sdk_sqs::Client::new(aws).create_queue().queue_name(name);
    if name.ends_with(".fifo") {
        make = make.attributes(QueueAttributeName::FifoQueue, "true");
    }
    make.send().await.unwrap().queue_url.unwrap()
}

/// A topic, and a queue that hears what it is told.
async fn make_topic(aws: &aws::SdkConfig, id: &str) -> (String, String) {
    let sns = aws_sdk_sns::Client::new(aws);
    let topic_arn = sns.create_topic().name(id).send().await.unwrap().topic_arn.unwrap();
    let heard_url = make_queue(aws, &format!("{id}-heard")).await;
    let attributes = aws_sdk_sqs::Client::new(aws).get_queue_attributes().queue_url(&heard_url);
    let attributes = attributes.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
    let heard_arn = &attributes.attributes().unwrap()[&QueueAttributeName::QueueArn];
    sns.subscribe().topic_arn(&topic_arn).protocol("sqs").endpoint(heard_arn).send().await.unwrap();
    (topic_arn, heard_url)
}

#[tokio::test]
async fn clean_statement_is_told_where_it_is_wanted_each_day_and_told_once() {
    let world = World::new(json!("daily")).await;
    world.turn().await;
    world.turn().await;
    assert_eq!(world.told().await, [world.subject("no session ended")]);
    assert_eq!(world.kept().await.len(), 1);
}

#[tokio::test]
async fn statement_is_told_by_default_if_a_session_is_not_at_its_end_and_else_only_kept() {
    let (clean, lost) = (World::new(Value::Null).await, World::with_lost_session(Value::Null).await);
    for world in [&clean, &lost] {
        world.turn().await;
        assert_eq!(world.kept().await.len(), 1);
    }
    assert_eq!(clean.told().await, [""; 0]);
    assert_eq!(lost.told().await, [lost.subject("1 of 1 sessions are not at their end")]);
}

#[tokio::test]
async fn statement_of_which_nobody_wants_to_hear_is_kept_all_the_same() {
    let world = World::with_lost_session(json!("off")).await;
    world.turn().await;
    let missing: Vec<u64> = world.kept().await.iter().map(|statement| statement.missing).collect();
    assert_eq!(missing, [1]);
    assert_eq!(world.told().await, [""; 0]);
}
