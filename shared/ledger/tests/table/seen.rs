//! When an appliance was last heard of.

use jiff::SignedDuration;

use crate::system::{appliance, ledger, ledger_at, now};
use crate::unreliable_network::{Fault, UnreliableNetwork};

#[tokio::test]
async fn appliance_that_was_never_heard_of_has_no_last_event() {
    assert_eq!(ledger().last_event_at(&appliance()).await.unwrap(), None);
}

#[tokio::test]
async fn newest_event_counts_in_whatever_order_they_come() {
    let (ledger, appliance) = (ledger(), appliance());
    let later = now() + SignedDuration::from_mins(10);
    ledger.saw_event(&appliance, later).await.unwrap();
    ledger.saw_event(&appliance, now()).await.unwrap();
    assert_eq!(ledger.last_event_at(&appliance).await.unwrap(), Some(later));
}

#[tokio::test]
async fn lost_answer_does_not_hinder_that_an_event_is_remembered() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    network.suffer([Fault::AnswerLost]);
    ledger_at(&network.endpoint).saw_event(&appliance, now()).await.unwrap();
    assert_eq!(ledger().last_event_at(&appliance).await.unwrap(), Some(now()));
}
