//! Faults, tenants and the call log, seen by a real client over a real connection. The Autotask simulator serves as the vendor.

use std::io::ErrorKind;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{AutotaskSimulator, AutotaskTenant, Fault, FaultAction};

/// Longest a test waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(10);

fn note() -> Value {
    json!({ "title": "t", "description": "d", "noteType": 1, "publish": 2 })
}

async fn post_note(client: &Client, tenant: &AutotaskTenant) -> Result<Response, reqwest::Error> {
    client
        .post(format!("{}V1.0/Tickets/7001/Notes", tenant.zone_url()))
        .header("ApiIntegrationCode", "TRACKINGIDENTIFIER000000001")
        .header("UserName", "bridge@acme.example")
        .header("Secret", "autotask-secret$#")
        .json(&note())
        .send()
        .await
}

fn client() -> Client {
    Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE).build().unwrap()
}

fn on_notes(action: FaultAction) -> Fault {
    Fault::new(action).on("POST", "/Notes")
}

/// The bytes that come back for a note posted over a bare socket, and how the connection ended.
async fn raw_post_note(simulator: &AutotaskSimulator, tenant: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let address = simulator.base_url().replace("http://", "");
    let body = note().to_string();
    let request = format!(
        "POST /t/{tenant}/ATServicesRest/V1.0/Tickets/7001/Notes HTTP/1.1\r\nhost: {address}\r\napiintegrationcode: TRACKINGIDENTIFIER000000001\r\n\
         username: bridge@acme.example\r\nsecret: autotask-secret$#\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ending = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    (answer, ending.err().map(|error| error.kind()))
}

/// Waits until the ticket has so many notes.
async fn until_notes(tenant: &AutotaskTenant, wanted: usize) {
    let waiting = async {
        while tenant.notes(7001).await.len() != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the notes come within the test's patience");
}

#[tokio::test]
async fn reset_breaks_the_connection_before_any_effect() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    tenant.fault(on_notes(FaultAction::Reset).times(1)).await;
    assert_eq!(raw_post_note(&simulator, "a").await, (Vec::new(), Some(ErrorKind::ConnectionReset)));
    assert!(tenant.notes(7001).await.is_empty());
    assert_eq!(post_note(&client(), &tenant).await.unwrap().status(), 200);
    assert_eq!(tenant.notes(7001).await.len(), 1);
}

#[tokio::test]
async fn lost_answer_leaves_its_effect_and_a_broken_connection() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    tenant.fault(on_notes(FaultAction::AnswerLost { reset: true }).times(1)).await;
    tenant.fault(on_notes(FaultAction::AnswerLost { reset: false }).times(1)).await;
    assert_eq!(raw_post_note(&simulator, "a").await, (Vec::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(tenant.notes(7001).await.len(), 1);
    assert_eq!(raw_post_note(&simulator, "a").await, (Vec::new(), None));
    assert_eq!(tenant.notes(7001).await.len(), 2);
    let statuses: Vec<Value> = tenant.calls().await.into_iter().map(|call| call["status"].clone()).collect();
    assert_eq!(statuses, [Value::Null, Value::Null]);
}

#[tokio::test]
async fn lost_answer_is_an_error_to_an_ordinary_client() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    tenant.fault(on_notes(FaultAction::AnswerLost { reset: true }).times(1)).await;
    let error = post_note(&client(), &tenant).await.unwrap_err();
    assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
    assert_eq!(tenant.notes(7001).await.len(), 1);
}

#[tokio::test]
async fn late_effect_comes_after_the_client_was_told_of_a_reset() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    tenant.fault(on_notes(FaultAction::LateEffect { milliseconds: 200 }).times(1)).await;
    assert_eq!(raw_post_note(&simulator, "a").await, (Vec::new(), Some(ErrorKind::ConnectionReset)));
    until_notes(&tenant, 1).await;
}

#[tokio::test]
async fn delayed_call_has_its_effect_though_the_client_has_hung_up() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    tenant.fault(on_notes(FaultAction::Delay { milliseconds: 300 }).times(1)).await;
    let hasty = Client::builder().no_proxy().timeout(Duration::from_millis(50)).build().unwrap();
    assert!(post_note(&hasty, &tenant).await.unwrap_err().is_timeout());
    until_notes(&tenant, 1).await;
}

#[tokio::test]
async fn stalled_call_has_no_effect_and_frees_its_thread_when_the_client_hangs_up() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    tenant.settings(json!({ "thread_limit": 1 })).await;
    tenant.fault(on_notes(FaultAction::Stall { milliseconds: 60_000 }).times(1)).await;
    let hasty = Client::builder().no_proxy().timeout(Duration::from_millis(50)).build().unwrap();
    assert!(post_note(&hasty, &tenant).await.unwrap_err().is_timeout());
    let freed = async {
        while post_note(&client(), &tenant).await.unwrap().status() != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.expect("the thread becomes free");
    assert_eq!(tenant.notes(7001).await.len(), 1);
}

#[tokio::test]
async fn status_before_and_after_the_effect_differ_in_the_effect_alone() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    let headers = [("retry-after".to_owned(), "7".to_owned())].into();
    let status = |status| (status, Default::default(), "gone".to_owned());
    let (code, _, body) = status(503);
    tenant.fault(on_notes(FaultAction::Status { status: code, headers, body }).times(1)).await;
    let (code, headers, body) = status(502);
    tenant.fault(on_notes(FaultAction::StatusAfterEffect { status: code, headers, body }).times(1)).await;

    let before = post_note(&client(), &tenant).await.unwrap();
    assert_eq!((before.status().as_u16(), before.headers()["retry-after"].to_str().unwrap()), (503, "7"));
    assert!(tenant.notes(7001).await.is_empty());
    let after = post_note(&client(), &tenant).await.unwrap();
    assert_eq!((after.status().as_u16(), after.text().await.unwrap().as_str()), (502, "gone"));
    assert_eq!(tenant.notes(7001).await.len(), 1);
}

#[tokio::test]
async fn half_a_body_ends_early() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    tenant.fault(on_notes(FaultAction::HalfBody).times(2)).await;
    let (bytes, ending) = raw_post_note(&simulator, "a").await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\r\n\r\n{\"itemId") && ending.is_none(), "{text:?} {ending:?}");
    let answer = post_note(&client(), &tenant).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
    assert_eq!(tenant.notes(7001).await.len(), 2);
}

#[tokio::test]
async fn garbage_comes_with_the_true_status() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    tenant.fault(on_notes(FaultAction::Garbage).times(1)).await;
    let answer = post_note(&client(), &tenant).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).is_err());
}

#[tokio::test]
async fn redirect_points_elsewhere_without_effect() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    let trap = simulator.tenant("trap");
    let location = trap.zone_url();
    tenant.fault(on_notes(FaultAction::Redirect { status: 307, location: location.clone() }).times(1)).await;
    let answer = post_note(&client(), &tenant).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (307, location.as_str()));
    assert!(tenant.notes(7001).await.is_empty());
    assert!(trap.calls().await.is_empty());
}

#[tokio::test]
async fn tenants_know_nothing_of_each_other() {
    let simulator = AutotaskSimulator::start().await;
    let (one, other) = (simulator.tenant("one"), simulator.tenant("other"));
    other.fault(Fault::new(FaultAction::Reset)).await;
    assert_eq!(post_note(&client(), &one).await.unwrap().status(), 200);
    assert_eq!((one.notes(7001).await.len(), other.notes(7001).await.len()), (1, 0));
    one.reset().await;
    assert!(one.notes(7001).await.is_empty());
    assert_eq!((one.calls().await.len(), other.faults().await.len()), (0, 1));
}

#[tokio::test]
async fn call_log_counts_calls_and_holds_no_secret() {
    let simulator = AutotaskSimulator::start().await;
    let tenant = simulator.tenant("a");
    let client = client();
    for _ in 0..2 {
        post_note(&client, &tenant).await.unwrap().bytes().await.unwrap();
    }
    let calls = tenant.calls().await;
    assert_eq!(calls[1]["path"], "/ATServicesRest/V1.0/Tickets/7001/Notes");
    assert_eq!((&calls[1]["status"], &calls[1]["concurrency"]), (&json!(200), &json!(1)));
    assert_eq!(calls[1]["request_on_connection"], 2, "the client keeps its connection: {calls:?}");
    assert_eq!(tenant.count("POST", "TicketNotes").await, 2);
    let everything = format!("{calls:?} {} {}", tenant.state().await, tenant.counters().await);
    assert!(!everything.contains("autotask-secret") && !everything.contains("TRACKINGIDENTIFIER"), "{everything}");
}

#[tokio::test]
#[should_panic(expected = "unknown field `tred_limit`")]
async fn misspelt_setting_is_refused() {
    let simulator = AutotaskSimulator::start().await;
    simulator.tenant("a").settings(json!({ "tred_limit": 1 })).await;
}
