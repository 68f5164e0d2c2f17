//! The sealed token of a connection, as several processes keep and read it.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use ledger::{Claim, LedgerError, SealedToken};
use session::ApplianceId;

use crate::system::{appliance, client, ledger, ledger_at, lsid, nonce, now, system};
use crate::unreliable_network::{Fault, UnreliableNetwork};

fn minutes(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn token(bytes: &[u8], valid_until: Timestamp) -> SealedToken {
    SealedToken { bytes: bytes.to_vec(), valid_until }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

#[tokio::test]
async fn connection_has_no_token_until_one_is_kept_and_no_other_connections() {
    let (ledger, appliance) = (ledger(), appliance());
    assert_eq!(ledger.token(&appliance).await.unwrap(), None);
    let kept = token(&[0, 255, 1, 128], minutes(60));
    ledger.keep_token(&appliance, &kept, now()).await.unwrap();
    assert_eq!(ledger.token(&appliance).await.unwrap(), Some(kept));
    assert_eq!(ledger.token(&crate::system::appliance()).await.unwrap(), None);
    let claim: Claim = ledger.claim(&appliance, &lsid(), nonce(), now()).await.unwrap();
    assert_eq!(claim.fence, 1);
}

#[tokio::test]
async fn token_that_is_valid_longer_stays_and_of_equal_ones_the_last_counts() {
    let (ledger, appliance) = (ledger(), appliance());
    let (long, equal, short, longer) =
        (token(b"long", minutes(60)), token(b"equal", minutes(60)), token(b"short", minutes(59)), token(b"longer", minutes(61)));
    for (next, expected) in [(&long, &long), (&short, &long), (&equal, &equal), (&longer, &longer), (&long, &longer)] {
        ledger.keep_token(&appliance, next, now()).await.unwrap();
        assert_eq!(ledger.token(&appliance).await.unwrap().as_ref(), Some(expected));
    }
}

#[tokio::test]
async fn token_whose_answer_was_lost_is_kept() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    network.suffer([Fault::AnswerLost]);
    let kept = token(b"sealed", minutes(60));
    ledger_at(&network.endpoint).keep_token(&appliance, &kept, now()).await.unwrap();
    assert!(network.is_calm());
    assert_eq!(ledger().token(&appliance).await.unwrap(), Some(kept));
}

#[tokio::test]
async fn table_may_remove_the_token_when_it_is_over() {
    let appliance = appliance();
    ledger().keep_token(&appliance, &token(b"sealed", minutes(60)), now()).await.unwrap();
    let item = client().get_item().table_name(&system().ledger_table);
    let item = item.key("appliance", text(appliance.as_str())).key("lsid", text("#token")).send().await.unwrap().item.unwrap();
    assert_eq!(item["expires_at"], AttributeValue::N(minutes(60).as_second().to_string()));
    assert_eq!(item["valid_until"], text("2030-03-18T15:27:00.500Z"));
    assert_eq!(item["updated_at"], text("2030-03-18T14:27:00.500Z"));
}

#[tokio::test]
async fn item_that_is_no_token_is_an_error_and_shown_without_its_bytes() {
    let appliance = appliance();
    put(&appliance, "sealed", text("something else")).await;
    let error = ledger().token(&appliance).await.unwrap_err();
    assert!(matches!(error, LedgerError::Unreadable { .. }), "{error}");
    assert!(!format!("{error:?}").contains("something else"), "{error:?}");
    let shown = format!("{:?}", token(b"sealed", minutes(60)));
    assert_eq!(shown, "SealedToken { valid_until: 2030-03-18T15:27:00.5Z, .. }");
}

async fn put(appliance: &ApplianceId, name: &str, value: AttributeValue) {
    let request = client().update_item().table_name(&system().ledger_table);
    let request = request.key("appliance", text(appliance.as_str())).key("lsid", text("#token"));
    let request = request.update_expression("SET #name = :value").expression_attribute_names("#name", name);
    request.expression_attribute_values(":value", value).send().await.unwrap();
}
