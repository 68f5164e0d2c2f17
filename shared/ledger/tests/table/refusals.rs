//! What a worker is told when the table does not answer, does not take it, or holds something foreign.

use aws_sdk_dynamodb::types::AttributeValue;
use delivery::ApiUser;
use ledger::{Claim, Ledger, LedgerError, Progress};
use session::ApplianceId;
use tokio::net::TcpListener;

use crate::system::{RETENTION_DAYS, appliance, client, ledger, ledger_at, lsid, nonce, now, state, system};

async fn claim(ledger: &Ledger, appliance: &ApplianceId) -> Result<Claim, LedgerError> {
    ledger.claim(appliance, &lsid(), nonce(), now()).await
}

#[tokio::test]
async fn table_that_nobody_answers_for_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = claim(&ledger_at(&endpoint), &appliance()).await.unwrap_err();
    assert_eq!(error.to_string(), "claim: the ledger is unavailable (connection failed)");
}

#[tokio::test]
async fn missing_table_is_a_refusal_that_names_the_cause() {
    let ledger = Ledger::new(client(), "no-such-table", RETENTION_DAYS);
    let error = claim(&ledger, &appliance()).await.unwrap_err();
    assert_eq!(error.to_string(), "claim: the ledger refuses the request (ResourceNotFoundException)");
    assert!(matches!(ledger.pauses(&appliance()).await, Err(LedgerError::Refused { .. })));
    assert!(matches!(ledger.proofs(&appliance(), &ApiUser::default()).await, Err(LedgerError::Refused { .. })));
}

#[tokio::test]
async fn record_that_no_item_can_hold_is_refused_and_the_old_one_stays() {
    let (ledger, appliance) = (ledger(), appliance());
    let mut mine = claim(&ledger, &appliance).await.unwrap();
    let large = state(&"x".repeat(500_000));
    let error = ledger.record(&mut mine, &large, Progress::Outcome, now()).await.unwrap_err();
    assert!(matches!(error, LedgerError::Refused { operation: "record", .. }), "{error}");
    assert_eq!(claim(&ledger, &appliance).await.unwrap().record, None);
}

#[tokio::test]
async fn item_edited_by_hand_is_unreadable_and_left_for_a_person() {
    let (ledger, appliance) = (ledger(), appliance());
    put(&appliance, &AttributeValue::S("a transcript of somebody".to_owned())).await;
    let error = claim(&ledger, &appliance).await.unwrap_err();
    assert_eq!(error.to_string(), "the ledger item is unreadable at record: not of the expected shape");
    assert!(!format!("{error:?}").contains("transcript"));
    let again = claim(&ledger, &appliance).await.unwrap_err();
    assert!(matches!(again, LedgerError::Unreadable { .. }), "{again}");
}

async fn put(appliance: &ApplianceId, record: &AttributeValue) {
    let put = client().put_item().table_name(&system().ledger_table);
    let put = put.item("appliance", AttributeValue::S(appliance.to_string()));
    let put = put.item("lsid", AttributeValue::S(lsid().to_string())).item("record", record.clone());
    put.send().await.unwrap();
}
