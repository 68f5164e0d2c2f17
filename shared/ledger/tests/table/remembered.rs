//! What is remembered of many sessions at once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use delivery::Record;
use ledger::{Claim, LedgerError, Progress, Remembered, Stored};
use serde_json::{Value, json};
use session::{ApplianceId, Lsid};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::system::{appliance, client, ledger, ledger_at, nonce, now, state, system};
use crate::unreliable_network::read_request;

fn lsid(number: usize) -> Lsid {
    format!("{number:032x}").parse().unwrap()
}

async fn record(appliance: &ApplianceId, lsid: &Lsid, phase: &str) {
    let ledger = ledger();
    let mut claim: Claim = ledger.claim(appliance, lsid, nonce(), now()).await.unwrap();
    assert_eq!(ledger.record(&mut claim, &state(phase), Progress::Ongoing, now()).await.unwrap(), Stored::Yes);
}

async fn set(appliance: &ApplianceId, lsid: &Lsid, name: &str, value: AttributeValue) {
    let request = client().update_item().table_name(&system().ledger_table);
    let request = request.key("appliance", AttributeValue::S(appliance.to_string()));
    let request = request.key("lsid", AttributeValue::S(lsid.to_string())).update_expression("SET #name = :value");
    request.expression_attribute_names("#name", name).expression_attribute_values(":value", value).send().await.unwrap();
}

async fn remembered(appliance: &ApplianceId, lsids: &[Lsid]) -> BTreeMap<Lsid, Remembered<String>> {
    let phase = |remembered: Remembered<Record>| match remembered {
        Remembered::Claimed => Remembered::Claimed,
        Remembered::Recorded(state) => Remembered::Recorded(state.facts.unwrap().technician.unwrap()),
        Remembered::Unreadable => Remembered::Unreadable,
    };
    ledger().remembered(appliance, lsids, phase).await.unwrap()
}

#[tokio::test]
async fn each_session_that_is_known_is_told_and_no_other() {
    let appliance = appliance();
    record(&appliance, &lsid(1), "done").await;
    record(&crate::system::appliance(), &lsid(4), "another appliance's").await;
    let _: Claim = ledger().claim(&appliance, &lsid(2), nonce(), now()).await.unwrap();
    // Named twice, as a list may.
    let wanted = [lsid(1), lsid(2), lsid(3), lsid(4), lsid(1)];
    let expected = [(lsid(1), Remembered::Recorded("done".to_owned())), (lsid(2), Remembered::Claimed)];
    assert_eq!(remembered(&appliance, &wanted).await, BTreeMap::from(expected));
    assert!(remembered(&appliance, &[]).await.is_empty());
}

#[tokio::test]
async fn reading_claims_nothing() {
    let appliance = appliance();
    record(&appliance, &lsid(1), "done").await;
    remembered(&appliance, &[lsid(1)]).await;
    let claim: Claim = ledger().claim(&appliance, &lsid(1), nonce(), now()).await.unwrap();
    assert_eq!(claim.fence, 2);
}

#[tokio::test]
async fn more_sessions_than_one_call_takes_are_read_all() {
    let appliance = appliance();
    for number in [0, 99, 100, 249] {
        record(&appliance, &lsid(number), "done").await;
    }
    let wanted: Vec<Lsid> = (0..250).map(lsid).collect();
    let known: Vec<Lsid> = remembered(&appliance, &wanted).await.into_keys().collect();
    assert_eq!(known, [0, 99, 100, 249].map(lsid));
}

#[tokio::test]
async fn item_that_cannot_be_read_hides_no_other() {
    let appliance = appliance();
    for number in 1..=3 {
        record(&appliance, &lsid(number), "done").await;
    }
    set(&appliance, &lsid(1), "version", AttributeValue::N("99".to_owned())).await;
    set(&appliance, &lsid(2), "record", AttributeValue::S("edited".to_owned())).await;
    let known = remembered(&appliance, &[lsid(1), lsid(2), lsid(3)]).await;
    assert_eq!((&known[&lsid(1)], &known[&lsid(2)]), (&Remembered::Unreadable, &Remembered::Unreadable));
    assert_eq!(known[&lsid(3)], Remembered::Recorded("done".to_owned()));
}

/// A table that processes so many keys of each call, and leaves the rest to the next.
async fn table_that_processes(keys_per_call: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let request = read_request(&mut connection).await.unwrap();
            let body = &request[request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4..];
            let table = &system().ledger_table;
            let mut asked: Value = serde_json::from_slice(body).unwrap();
            let keys = asked["RequestItems"][table]["Keys"].as_array_mut().unwrap();
            let rest = keys.split_off(keys_per_call.min(keys.len()));
            let items: Vec<Value> = keys.iter().map(|key| json!({ "lsid": key["lsid"], "version": { "N": "1" } })).collect();
            let unprocessed = if rest.is_empty() { json!({}) } else { json!({ table: { "Keys": rest } }) };
            let answer = json!({ "Responses": { table: items }, "UnprocessedKeys": unprocessed }).to_string();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\ncontent-length: ";
            connection.write_all(format!("{head}{}\r\n\r\n{answer}", answer.len()).as_bytes()).await.unwrap();
        }
    });
    endpoint
}

#[tokio::test]
async fn what_an_answer_had_no_room_for_is_asked_for_again() {
    let ledger = ledger_at(&table_that_processes(30).await);
    let wanted: Vec<Lsid> = (0..130).map(lsid).collect();
    let known = ledger.remembered(&appliance(), &wanted, |remembered: Remembered<Record>| remembered).await.unwrap();
    assert_eq!(known.len(), 130);
    assert!(known.values().all(|remembered| *remembered == Remembered::Claimed));
}

#[tokio::test]
async fn table_that_processes_nothing_is_unavailable() {
    let ledger = ledger_at(&table_that_processes(0).await);
    let outcome = ledger.remembered(&appliance(), &[lsid(1)], |_: Remembered<Record>| ()).await;
    assert!(matches!(outcome, Err(LedgerError::Unavailable { .. })), "{outcome:?}");
}
