//! What is remembered of many sessions at once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use ledger::{Claim, Progress, Remembered, Stored};
use session::{ApplianceId, Lsid};

use crate::system::{State, appliance, client, ledger, nonce, now, state, system};

fn lsid(number: usize) -> Lsid {
    format!("{number:032x}").parse().unwrap()
}

async fn record(appliance: &ApplianceId, lsid: &Lsid, phase: &str) {
    let ledger = ledger();
    let mut claim: Claim<State> = ledger.claim(appliance, lsid, nonce(), now()).await.unwrap();
    assert_eq!(ledger.record(&mut claim, &state(phase), Progress::Ongoing, None, now()).await.unwrap(), Stored::Yes);
}

async fn set(appliance: &ApplianceId, lsid: &Lsid, name: &str, value: AttributeValue) {
    let request = client().update_item().table_name(&system().ledger_table);
    let request = request.key("appliance", AttributeValue::S(appliance.to_string()));
    let request = request.key("lsid", AttributeValue::S(lsid.to_string())).update_expression("SET #name = :value");
    request.expression_attribute_names("#name", name).expression_attribute_values(":value", value).send().await.unwrap();
}

async fn remembered(appliance: &ApplianceId, lsids: &[Lsid]) -> BTreeMap<Lsid, Remembered<String>> {
    let phase = |remembered: Remembered<State>| match remembered {
        Remembered::Claimed => Remembered::Claimed,
        Remembered::Recorded(state) => Remembered::Recorded(state.phase),
        Remembered::Unreadable => Remembered::Unreadable,
    };
    ledger().remembered(appliance, lsids, phase).await.unwrap()
}

#[tokio::test]
async fn each_session_that_is_known_is_told_and_no_other() {
    let appliance = appliance();
    record(&appliance, &lsid(1), "done").await;
    record(&crate::system::appliance(), &lsid(4), "another appliance's").await;
    let _: Claim<State> = ledger().claim(&appliance, &lsid(2), nonce(), now()).await.unwrap();
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
    let claim: Claim<State> = ledger().claim(&appliance, &lsid(1), nonce(), now()).await.unwrap();
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
