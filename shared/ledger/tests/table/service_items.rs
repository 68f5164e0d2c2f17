//! Proofs, notices and shadow writes.

use jiff::SignedDuration;
use ledger::{Claim, Kept, SHADOW_BYTES_MAX, TOLD_AGAIN_AFTER};
use serde_json::json;
use session::delivery::WriteKind;

use crate::system::{State, appliance, ledger, ledger_at, lsid, nonce, now};
use crate::unreliable_network::{Fault, UnreliableNetwork};

#[tokio::test]
async fn proof_is_kept_per_kind_and_the_last_word_counts() {
    let (ledger, appliance) = (ledger(), appliance());
    assert_eq!(ledger.proofs(&appliance).await.unwrap().of(WriteKind::Note), None);
    ledger.set_proof(&appliance, WriteKind::Note, true, now()).await.unwrap();
    ledger.set_proof(&appliance, WriteKind::TimeEntry, false, now()).await.unwrap();
    let proofs = ledger.proofs(&appliance).await.unwrap();
    assert_eq!((proofs.of(WriteKind::Note), proofs.of(WriteKind::TimeEntry)), (Some(true), Some(false)));
    assert_eq!(proofs.of(WriteKind::Attachment), None);
    ledger.set_proof(&appliance, WriteKind::TimeEntry, true, now()).await.unwrap();
    assert_eq!(ledger.proofs(&appliance).await.unwrap().of(WriteKind::TimeEntry), Some(true));
}

#[tokio::test]
async fn same_trouble_is_told_at_most_hourly_and_another_at_once() {
    let (ledger, appliance) = (ledger(), appliance());
    let just_before = now() + TOLD_AGAIN_AFTER - SignedDuration::from_millis(1);
    assert!(ledger.may_tell(&appliance, "login failed", now()).await.unwrap());
    assert!(!ledger.may_tell(&appliance, "login failed", just_before).await.unwrap());
    assert!(ledger.may_tell(&appliance, "role refused", just_before).await.unwrap());
    assert!(ledger.may_tell(&crate::system::appliance(), "login failed", just_before).await.unwrap());
    assert!(ledger.may_tell(&appliance, "login failed", now() + TOLD_AGAIN_AFTER).await.unwrap());
}

#[tokio::test]
async fn notice_is_not_swallowed_by_a_lost_answer() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    network.suffer([Fault::AnswerLost]);
    assert!(ledger_at(&network.endpoint).may_tell(&appliance, "login failed", now()).await.unwrap());
    assert!(network.is_calm());
}

#[tokio::test]
async fn notice_that_reached_nobody_may_be_sent_again_at_once() {
    let (ledger, appliance) = (ledger(), appliance());
    let a_second_later = now() + SignedDuration::from_secs(1);
    assert!(ledger.may_tell(&appliance, "login failed", now()).await.unwrap());
    ledger.not_told(&appliance, "login failed", now()).await.unwrap();
    assert!(ledger.may_tell(&appliance, "login failed", a_second_later).await.unwrap());
    // What the later worker has marked is not the earlier one's to unmark.
    ledger.not_told(&appliance, "login failed", now()).await.unwrap();
    assert!(!ledger.may_tell(&appliance, "login failed", a_second_later + SignedDuration::from_secs(1)).await.unwrap());
}

#[tokio::test]
async fn lost_answer_does_not_hinder_that_a_notice_is_unmarked() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    assert!(ledger.may_tell(&appliance, "login failed", now()).await.unwrap());
    network.suffer([Fault::AnswerLost]);
    ledger.not_told(&appliance, "login failed", now()).await.unwrap();
    assert!(network.is_calm());
    assert!(ledger.may_tell(&appliance, "login failed", now() + SignedDuration::from_secs(1)).await.unwrap());
}

#[tokio::test]
async fn shadow_writes_are_kept_and_leave_the_session_unclaimed() {
    let (ledger, appliance) = (ledger(), appliance());
    assert_eq!(ledger.shadow(&appliance, &lsid()).await.unwrap(), None);
    let writes = json!({"note.session": {"title": "Remote session 48213", "hours": 0.4166}});
    assert_eq!(ledger.keep_shadow(&appliance, &lsid(), &json!({"old": true}), now()).await.unwrap(), Kept::Whole);
    assert_eq!(ledger.keep_shadow(&appliance, &lsid(), &writes, now()).await.unwrap(), Kept::Whole);
    assert_eq!(ledger.shadow(&appliance, &lsid()).await.unwrap(), Some(writes));
    let claim: Claim<State> = ledger.claim(&appliance, &lsid(), nonce(), now()).await.unwrap();
    assert_eq!(claim.fence, 1);
}

#[tokio::test]
async fn large_shadow_writes_are_cut_to_what_the_table_takes() {
    let (ledger, appliance) = (ledger(), appliance());
    let writes = json!({"note.session": "short", "attachment.1": "Wörter ".repeat(500_000)});
    assert_eq!(ledger.keep_shadow(&appliance, &lsid(), &writes, now()).await.unwrap(), Kept::Shortened);
    let kept = ledger.shadow(&appliance, &lsid()).await.unwrap().unwrap();
    assert_eq!(kept["note.session"], "short");
    assert!((SHADOW_BYTES_MAX / 4..SHADOW_BYTES_MAX).contains(&kept["attachment.1"].as_str().unwrap().len()));
}
