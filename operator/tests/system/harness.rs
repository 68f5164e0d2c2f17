//! What every test stands on: the real program, told by the environment where the local system is, as `make operator-env` does; and
//! an appliance id of its own with its tenants in both simulators.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};
use simulators::{ApplianceTenant, AutotaskTenant, LocalSystem, connection_document, ended_at};

/// The number of the ticket that the main job writes on; tests/simulators/README.md lists the others.
pub(crate) const TICKET: &str = "T20250318.0042";
/// Its id.
pub(crate) const TICKET_ID: i64 = 7001;

const HOUR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

#[expect(clippy::disallowed_methods, reason = "a source is asked by the time of day")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The system under test.
pub(crate) fn system() -> &'static LocalSystem {
    LocalSystem::get()
}

/// An operator at a terminal that is none (a pipe), and the connection that they work on.
pub(crate) struct Desk {
    pub(crate) id: String,
    pub(crate) appliance: ApplianceTenant,
    pub(crate) autotask: AutotaskTenant,
    folder: PathBuf,
}

/// What the program said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// All of it as one text, with the test's own id replaced, for a snapshot.
    pub(crate) fn shown(&self, desk: &Desk) -> String {
        let text = format!("{}--- standard error\n{}--- exit code {}\n", self.out, self.err, self.code);
        let addresses = [(desk.appliance.url(), "<appliance>"), (desk.autotask.url(), "<autotask>")];
        let text = addresses.iter().fold(text, |text, (url, name)| text.replace(url, name));
        text.replace(&desk.folder.display().to_string(), "<folder>").replace(&desk.id, "<id>")
    }

    /// The document that `--json` printed.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Desk {
    /// Without a connection document.
    pub(crate) fn new() -> Self {
        let id = format!("op_{:016x}", fastrand::u64(..));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&id);
        std::fs::create_dir_all(&folder).unwrap();
        Self {
            appliance: ApplianceTenant::at(&system().simulators.appliance, &id),
            autotask: AutotaskTenant::at(&system().simulators.autotask, &id),
            folder,
            id,
        }
    }

    /// With the usual connection document, stored as it is.
    pub(crate) async fn connected(changes: Value) -> Self {
        let desk = Self::new();
        desk.store(&format!("{:#}\n", desk.document(changes))).await;
        desk
    }

    /// With the connection document changed like this, and one session: its report holds that key, and it ended an hour ago without any
    /// event. Returns its lsid, too. A statement puts it into the queue.
    pub(crate) async fn with_session(changes: Value, key: &str) -> (Self, String) {
        let polled = json!({ "deliver_from": (now() - HOUR * 26).to_string(), "polling": { "enabled": true } });
        let desk = Self::connected(connection_document::changed(polled, changes)).await;
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/reports/printer-without-surveys.xml");
        let report = std::fs::read_to_string(path).unwrap().replace(TICKET, key);
        let lsid = format!("{:032x}", fastrand::u128(..));
        desk.appliance.put_session(&lsid, &ended_at(&report, (now() - HOUR).as_second())).await;
        desk.run(&["statement", &desk.id, "--from", "6h", "--json"]).await;
        (desk, lsid)
    }

    /// The session as it is listed once it is in that state; two minutes at most.
    pub(crate) async fn until_state(&self, lsid: &str, state: &str) -> Value {
        let mut last = Value::Null;
        for _ in 0..120 {
            let shown = self.run(&["sessions", "show", lsid, "--appliance", &self.id, "--json"]).await;
            if shown.code != 3 {
                last = shown.json()["sessions"][0].clone();
                if last["state"] == state {
                    return last;
                }
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        panic!("not {state} in two minutes: {last:#}");
    }

    /// The usual connection document, changed like this (RFC 7396: `null` removes).
    pub(crate) fn document(&self, changes: Value) -> Value {
        let usual = connection_document::usual(self.appliance.url(), &self.autotask.zone_url());
        connection_document::changed(usual, changes)
    }

    /// A file with that text.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[]).await
    }

    /// The same with more variables.
    pub(crate) async fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_session-bridge"));
        command.args(arguments).stdin(Stdio::null()).env_clear();
        command.envs([
            ("AWS_ENDPOINT_URL", system().endpoint.as_str()),
            ("AWS_REGION", system().region.as_str()),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]);
        command.envs(variables.iter().copied());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        ran(&output)
    }

    /// Stores a text as the connection document, whatever it is: as somebody does in the console.
    pub(crate) async fn store(&self, text: &str) {
        let name = self.secret();
        if secrets().create_secret().name(&name).secret_string(text).send().await.is_err() {
            secrets().put_secret_value().secret_id(&name).secret_string(text).send().await.unwrap();
        }
    }

    /// What is stored.
    pub(crate) async fn stored(&self) -> Option<String> {
        let answer = secrets().get_secret_value().secret_id(self.secret()).send().await.ok()?;
        answer.secret_string().map(str::to_owned)
    }

    fn secret(&self) -> String {
        format!("{}{}", system().connection_prefix, self.id)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// Puts a text into the events queue, in that group.
pub(crate) async fn enqueue(group: &str, text: &str) {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&system().endpoint)
        .region(Region::new(system().region.clone()))
        .credentials_provider(Credentials::new("local", "local", None, None, "tests"));
    let send = aws_sdk_sqs::Client::from_conf(config.build()).send_message().queue_url(&system().events_queue_url);
    let id = format!("{:032x}", fastrand::u128(..));
    send.message_group_id(group).message_deduplication_id(id).message_body(text).send().await.unwrap();
}

fn secrets() -> aws_sdk_secretsmanager::Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&system().endpoint)
        .region(Region::new(system().region.clone()))
        .credentials_provider(Credentials::new("local", "local", None, None, "tests"));
    aws_sdk_secretsmanager::Client::from_conf(config.build())
}

/// The document without its secrets, as it can lie in a repository.
pub(crate) fn without_secrets() -> Value {
    json!({
        "appliance": { "oauth": { "client_secret": null } },
        "autotask": { "secret": null, "integration_code": null },
    })
}

/// What must never be seen: the secrets of the simulators.
pub(crate) const SECRETS: [&str; 3] = ["appliance-secret", "autotask-secret", "TRACKINGIDENTIFIER"];
