//! What every test stands on: an appliance id that no other test uses, with its connection document, its tenants in both
//! simulators and its part of the ledger; and sessions, with what can be done to them and seen of them.

use std::collections::VecDeque;
use std::future::Future;
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulators::{ApplianceTenant, AutotaskTenant, connection_document};

use crate::local_aws::{self, HTTP, system};

/// What has not come about by then will not: the longest wait of any test is a minute.
const TIME_LIMIT: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Number and id of the ticket that the main job writes on; tests/simulators/README.md lists the others.
pub(crate) const TICKET: &str = "T20250318.0042";
pub(crate) const TICKET_ID: i64 = 7001;

/// One appliance, its Autotask tenant, and all between them.
pub(crate) struct Harness {
    pub(crate) id: String,
    token: String,
    pub(crate) appliance: ApplianceTenant,
    pub(crate) autotask: AutotaskTenant,
}

impl Harness {
    /// Without a connection document, and forgotten by the ledger: the system may have served earlier tests.
    pub(crate) async fn without_document() -> Self {
        let id = take_id().await;
        let harness = Self {
            token: system().appliances[&id].clone(),
            appliance: ApplianceTenant::at(&system().simulators.appliance, &id),
            autotask: AutotaskTenant::at(&system().simulators.autotask, &id),
            id,
        };
        harness.appliance.reset().await;
        harness.autotask.reset().await;
        if local_aws::delete_secret(&harness.secret()).await {
            // An earlier test had this appliance: the worker must not serve this one with its document.
            tokio::time::sleep(REMEMBERED).await;
        }
        local_aws::forget(&harness.id).await;
        harness
    }

    /// With the usual connection document.
    pub(crate) async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With the usual connection document, changed like this (RFC 7396: `null` removes).
    pub(crate) async fn with(changes: Value) -> Self {
        let harness = Self::without_document().await;
        harness.put_document(&harness.document_with(changes)).await;
        harness
    }

    /// The usual connection document, changed like this.
    pub(crate) fn document_with(&self, changes: Value) -> Value {
        let usual = connection_document::usual(self.appliance.url(), &self.autotask.zone_url());
        connection_document::changed(usual, changes)
    }

    /// The one that README tells a new user to start from.
    pub(crate) fn minimal_document(&self) -> Value {
        connection_document::minimal(self.appliance.url(), &self.autotask.zone_url())
    }

    /// Stores a connection document, as an administrator does.
    pub(crate) async fn put_document(&self, document: &Value) {
        local_aws::put_secret(&self.secret(), &document.to_string()).await;
    }

    fn secret(&self) -> String {
        format!("{}{}", system().connection_prefix, self.id)
    }

    /// Posts a body as the appliance does; returns status and text of the answer.
    pub(crate) async fn post(&self, body: &str) -> (u16, String) {
        self.post_with_token(&self.token, body).await
    }

    /// The same with another token.
    pub(crate) async fn post_with_token(&self, token: &str, body: &str) -> (u16, String) {
        post(&self.id, token, body).await
    }

    /// A session of this appliance with that sample report, whose external key is the given one.
    pub(crate) async fn session(&self, report: &str, key: &str) -> Session<'_> {
        self.session_with(report, key, &[]).await
    }

    /// The same, with options of the appliance simulator.
    pub(crate) async fn session_with(&self, report: &str, key: &str, options: &[(&str, &str)]) -> Session<'_> {
        let session = self.unknown_session();
        session.put_report_with(&with_key(&sample(&format!("reports/{report}.xml")), key), options).await;
        session
    }

    /// A session that the appliance does not know.
    pub(crate) fn unknown_session(&self) -> Session<'_> {
        Session { harness: self, lsid: format!("{:032x}", fastrand::u128(..)) }
    }

    /// How many calls were made to write something of that kind, whatever came of them: `/Notes`, `/Attachments`, `/TimeEntries`.
    pub(crate) async fn sent(&self, path_end: &str) -> usize {
        let calls = self.autotask.calls().await;
        let is_write =
            |call: &&Value| call["method"] == "POST" && call["path"].as_str().is_some_and(|path| path.ends_with(path_end));
        calls.iter().filter(is_write).count()
    }

    /// Waits until a person was told something of this appliance that holds all these texts.
    pub(crate) async fn told(&self, mailbox: &str, texts: &[&str]) -> String {
        // As the notice names it: with the document's name, or alone where no document could be read.
        let names = [format!("({})\n", self.id), format!("Appliance:  {}\n", self.id)];
        let own = |told: &str| names.iter().any(|name| told.contains(name));
        until(&format!("somebody is told {texts:?}"), async || {
            let messages = local_aws::messages(mailbox).await;
            for message in &messages {
                local_aws::delete(mailbox, message).await;
            }
            let notices = messages.iter().filter_map(|message| serde_json::from_str::<Value>(&message.body).ok());
            let mut texts_told = notices.map(|notice| {
                format!(
                    "{}\n\n{}",
                    notice["Subject"].as_str().unwrap_or_default(),
                    notice["Message"].as_str().unwrap_or_default()
                )
            });
            texts_told.find(|told| own(told) && texts.iter().all(|text| told.contains(text)))
        })
        .await
    }

    /// A mailbox for all that people are told from now on; for [`Self::told`].
    pub(crate) async fn mailbox(&self) -> String {
        let name = format!("mailbox-{}-{:08x}", self.id, fastrand::u32(..));
        local_aws::subscribe(&system().alarm_topic_arn, &name).await
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        if let Ok(mut ids) = IDS.lock() {
            ids.push_back(self.id.clone());
        }
    }
}

/// Longer than the worker remembers a connection document here, which is three seconds.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(4);

/// Appliance ids that no test uses; those that no test has had yet come first.
static IDS: LazyLock<Mutex<VecDeque<String>>> =
    LazyLock::new(|| Mutex::new(system().appliances.keys().filter(|id| *id != "default").cloned().collect()));

/// An appliance id for one test alone.
async fn take_id() -> String {
    until("an appliance id that no test uses", async || IDS.lock().ok()?.pop_front()).await
}

/// Posts a body for an appliance; returns status and text of the answer. What is answered 503 is posted again, as the appliance
/// does: on a busy machine the local queue may take longer than the receiver waits for it.
pub(crate) async fn post(appliance: &str, token: &str, body: &str) -> (u16, String) {
    until("an answer that is not 503", async || {
        Some(post_once(appliance, token, body).await).filter(|(status, _)| *status != 503)
    })
    .await
}

async fn post_once(appliance: &str, token: &str, body: &str) -> (u16, String) {
    let query = [("appliance", appliance), ("outbound_event_token", token)];
    let request = HTTP.post(&system().outbound_event_url).query(&query);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// One session, with a lsid that no other has.
pub(crate) struct Session<'a> {
    harness: &'a Harness,
    pub(crate) lsid: String,
}

impl Session<'_> {
    /// Makes its report known to the appliance, anew if there was one.
    pub(crate) async fn put_report(&self, report: &str) {
        self.put_report_with(report, &[]).await;
    }

    async fn put_report_with(&self, report: &str, options: &[(&str, &str)]) {
        self.harness.appliance.put_session_with(&self.lsid, report, options).await;
    }

    /// A sample body of an outbound event (`events/outbound/<name>.form`), made one of this session.
    pub(crate) fn event(&self, name: &str) -> String {
        let body = sample(&format!("outbound/{name}.form"));
        let variables = form_urlencoded::parse(body.as_bytes());
        let own = variables.map(|(name, value)| if name == "lsid" { (name, self.lsid.clone().into()) } else { (name, value) });
        form_urlencoded::Serializer::new(String::new()).extend_pairs(own).finish()
    }

    /// Its end, as the appliance announces it.
    pub(crate) fn end_event(&self) -> String {
        self.event("support_conference_end")
    }

    /// The same, originated so many seconds later: other bytes, so the queue takes it for another message.
    pub(crate) fn end_event_later(&self, seconds: i64) -> String {
        self.end_event().replace("timestamp=1742304440", &format!("timestamp={}", 1_742_304_440 + seconds))
    }

    /// The appliance announces something, and it is queued.
    pub(crate) async fn announce(&self, body: &str) {
        assert_eq!(self.harness.post(body).await, (200, "queued".to_owned()));
    }

    /// The appliance announces its end.
    pub(crate) async fn ends(&self) {
        self.announce(&self.end_event()).await;
    }

    /// An operator asks for it to be done again.
    pub(crate) async fn replay(&self) {
        #[expect(clippy::disallowed_methods, reason = "an operator's tool writes the time at which it is used")]
        let now = jiff::Timestamp::now();
        let message = json!({
            "v": 1, "appliance": self.harness.id, "received_at": now, "source": "replay", "body": self.end_event(),
        });
        self.enqueue(&message.to_string()).await;
    }

    /// Replays it until the ledger's item is like that: the first time may come too early after a change outside.
    pub(crate) async fn replay_until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.until_some(what, async || {
            let claims = self.ledger().await?["fence"].as_u64()?;
            self.replay().await;
            Some(self.settled_after(claims + 1).await).filter(&is_so)
        })
        .await
    }

    /// Puts a text into the events queue, in the group of this session.
    pub(crate) async fn enqueue(&self, text: &str) {
        local_aws::send(&system().events_queue_url, &format!("{}:{}", self.harness.id, self.lsid), text).await;
    }

    /// What the ledger has of it.
    pub(crate) async fn ledger(&self) -> Option<Value> {
        local_aws::ledger_item(&self.harness.id, &self.lsid).await
    }

    /// Waits until the ledger's item is like that, and returns it.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.until_some(what, async || self.ledger().await.filter(|item| is_so(item))).await
    }

    /// Waits until that many events of the session have come to an end for good, the last of them included.
    pub(crate) async fn settled_after(&self, claims: u64) -> Value {
        let what = format!("{claims} claims, and nothing left to do");
        self.until(&what, |item| item["fence"].as_u64() >= Some(claims) && is_settled(item)).await
    }

    /// Waits until its first event has come to an end for good.
    pub(crate) async fn settled(&self) -> Value {
        self.settled_after(1).await
    }

    /// Waits until it waits for that (a `WaitReason` as in the ledger).
    pub(crate) async fn waits_for(&self, why: &str) -> Value {
        self.until(&format!("it waits: {why}"), |item| item["record"]["waiting"]["why"] == why).await
    }

    /// Waits for a value; without one in time, tells what became of the session.
    pub(crate) async fn until_some<T, F: Future<Output = Option<T>>>(&self, what: &str, look: impl Fn() -> F) -> T {
        match within_time_limit(look).await {
            Some(value) => value,
            None => panic!("{what}: not within {TIME_LIMIT:?}\n{}", self.story().await),
        }
    }

    /// All that could explain what happened to it.
    async fn story(&self) -> String {
        let item = self.ledger().await.map_or("nothing".to_owned(), |item| format!("{item:#}"));
        let mut log = local_aws::log_lines("worker", &[&self.lsid, "outcome"]).await;
        log.extend(local_aws::log_lines("worker", &["ERROR", &self.harness.id]).await);
        format!("appliance {}, session {}\nledger: {item}\nworker's log:\n{}", self.harness.id, self.lsid, log.join("\n"))
    }

    /// The notes on the ticket that bear its marker, oldest first.
    pub(crate) async fn notes_on(&self, ticket: i64) -> Vec<Value> {
        let notes = self.harness.autotask.notes(ticket).await;
        notes.into_iter().filter(|note| note["title"].as_str().is_some_and(|title| title.contains(&self.lsid))).collect()
    }

    /// The time entries on the ticket that bear its marker.
    pub(crate) async fn time_entries_on(&self, ticket: i64) -> Vec<Value> {
        let entries = self.harness.autotask.time_entries(ticket).await;
        let is_own = |entry: &Value| entry["internalNotes"].as_str().is_some_and(|notes| notes.contains(&self.lsid));
        entries.into_iter().filter(is_own).collect()
    }

    /// How many notes and time entries it has on the usual ticket.
    pub(crate) async fn written(&self) -> (usize, usize) {
        (self.notes_on(TICKET_ID).await.len(), self.time_entries_on(TICKET_ID).await.len())
    }

    /// Waits until the usual ticket has its note, and returns it.
    pub(crate) async fn note(&self) -> Value {
        self.until_some("a note on the ticket", async || self.notes_on(TICKET_ID).await.into_iter().next()).await
    }
}

/// Whether nothing is left to do: no claim is under way, nothing waits, no write is open.
fn is_settled(item: &Value) -> bool {
    let record = &item["record"];
    let open = |write: &Value| write["state"] == "wanted" || write["state"] == "sending";
    item["claims_without_outcome"] == 0
        && record["waiting"].is_null()
        && record["writes"].as_object().is_some_and(|writes| !writes.values().any(open))
}

/// The state of a write in a ledger item; `none` if the record does not know it.
pub(crate) fn state<'a>(item: &'a Value, write: &str) -> &'a str {
    item["record"]["writes"][write]["state"].as_str().unwrap_or("none")
}

/// Waits for a value.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    within_time_limit(look).await.unwrap_or_else(|| panic!("{what}: not within {TIME_LIMIT:?}"))
}

async fn within_time_limit<T, F: Future<Output = Option<T>>>(look: impl Fn() -> F) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(value) = look().await {
            return Some(value);
        }
        if started.elapsed() > TIME_LIMIT {
            return None;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A sample below `events/`.
pub(crate) fn sample(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The report with another external key.
pub(crate) fn with_key(report: &str, key: &str) -> String {
    let (before, rest) = report.split_once("<external_key>").expect("the report has a key");
    let (_, after) = rest.split_once("</external_key>").expect("the key's element ends");
    format!("{before}<external_key>{key}</external_key>{after}")
}
