//! Proofs, notices and shadow writes.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use delivery::{ApiUser, Marker, Place, Proof, Proofs, Witness, WriteId, WriteKind};
use jiff::SignedDuration;
use ledger::{Claim, Kept, RENOTIFY_AFTER, SHADOW_BYTES_MAX};
use serde_json::json;
use session::{ApplianceId, TicketId};

use crate::system::{appliance, client, ledger, ledger_at, lsid, nonce, now, system};
use crate::unreliable_network::{Fault, UnreliableNetwork};

#[tokio::test]
async fn proof_is_kept_per_api_user_and_kind_and_the_last_word_counts() {
    let (ledger, appliance) = (ledger(), appliance());
    let [user, other] = ["a1", "b2"].map(|user| ApiUser(user.to_owned()));
    assert_eq!(ledger.proofs(&appliance, &user).await.unwrap(), Proofs::default());
    let marker = Marker::new(&lsid(), &WriteId::SessionNote);
    let place = Place::Note { ticket: TicketId(7), since: now() };
    let (seen, unseen) = (Proof { at: now(), witness: Some(Witness { marker, place }) }, Proof { at: now(), witness: None });
    ledger.set_proof(&appliance, &user, WriteKind::Note, &seen, now()).await.unwrap();
    ledger.set_proof(&appliance, &user, WriteKind::TimeEntry, &unseen, now()).await.unwrap();
    let proofs = ledger.proofs(&appliance, &user).await.unwrap();
    assert_eq!((proofs.0.get(&WriteKind::Note), proofs.0.get(&WriteKind::TimeEntry)), (Some(&seen), Some(&unseen)));
    assert_eq!(proofs.0.get(&WriteKind::Attachment), None);
    ledger.set_proof(&appliance, &user, WriteKind::TimeEntry, &seen, now()).await.unwrap();
    assert!(ledger.proofs(&appliance, &user).await.unwrap().trusted(WriteKind::TimeEntry));
    assert_eq!(ledger.proofs(&appliance, &other).await.unwrap(), Proofs::default(), "another user may see less");
}

#[tokio::test]
async fn same_trouble_is_told_at_most_hourly_and_another_at_once() {
    let (ledger, appliance) = (ledger(), appliance());
    let just_before = now() + RENOTIFY_AFTER - SignedDuration::from_millis(1);
    assert!(ledger.should_notify(&appliance, "login failed", now()).await.unwrap());
    assert!(!ledger.should_notify(&appliance, "login failed", just_before).await.unwrap());
    assert!(ledger.should_notify(&appliance, "role refused", just_before).await.unwrap());
    assert!(ledger.should_notify(&crate::system::appliance(), "login failed", just_before).await.unwrap());
    assert!(ledger.should_notify(&appliance, "login failed", now() + RENOTIFY_AFTER).await.unwrap());
}

#[tokio::test]
async fn notice_is_not_swallowed_by_a_lost_answer() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    network.suffer([Fault::AnswerLost]);
    assert!(ledger_at(&network.endpoint).should_notify(&appliance, "login failed", now()).await.unwrap());
    assert!(network.is_calm());
}

#[tokio::test]
async fn notice_that_reached_nobody_may_be_sent_again_at_once() {
    let (ledger, appliance) = (ledger(), appliance());
    let a_second_later = now() + SignedDuration::from_secs(1);
    assert!(ledger.should_notify(&appliance, "login failed", now()).await.unwrap());
    ledger.notification_failed(&appliance, "login failed", now()).await.unwrap();
    assert!(ledger.should_notify(&appliance, "login failed", a_second_later).await.unwrap());
    // What the later worker has marked is not the earlier one's to unmark.
    ledger.notification_failed(&appliance, "login failed", now()).await.unwrap();
    assert!(!ledger.should_notify(&appliance, "login failed", a_second_later + SignedDuration::from_secs(1)).await.unwrap());
}

#[tokio::test]
async fn lost_answer_does_not_hinder_that_a_notice_is_unmarked() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    assert!(ledger.should_notify(&appliance, "login failed", now()).await.unwrap());
    network.suffer([Fault::AnswerLost]);
    ledger.notification_failed(&appliance, "login failed", now()).await.unwrap();
    assert!(network.is_calm());
    assert!(ledger.should_notify(&appliance, "login failed", now() + SignedDuration::from_secs(1)).await.unwrap());
}

#[tokio::test]
async fn shadow_writes_are_kept_and_leave_the_session_unclaimed() {
    let (ledger, appliance) = (ledger(), appliance());
    assert_eq!(ledger.shadow(&appliance, &lsid()).await.unwrap(), None);
    let writes = json!({"note.session": {"title": "Remote session 48213", "hours": 0.4166}});
    assert_eq!(ledger.keep_shadow(&appliance, &lsid(), &json!({"old": true}), 30, now()).await.unwrap(), Kept::Whole);
    assert_eq!(ledger.keep_shadow(&appliance, &lsid(), &writes, 30, now()).await.unwrap(), Kept::Whole);
    assert_eq!(ledger.shadow(&appliance, &lsid()).await.unwrap(), Some(writes));
    let claim: Claim = ledger.claim(&appliance, &lsid(), nonce(), now()).await.unwrap();
    assert_eq!(claim.fence, 1);
}

/// The attributes of the session's shadow item, as the table has them; texts and numbers.
async fn shadow_item(appliance: &ApplianceId) -> BTreeMap<String, String> {
    let (partition, sort) = (appliance.to_string(), format!("#shadow#{}", lsid()));
    let request = client().get_item().table_name(&system().ledger_table).consistent_read(true);
    let request = request.key("appliance", AttributeValue::S(partition)).key("lsid", AttributeValue::S(sort));
    let text = |value: AttributeValue| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text,
        other => panic!("{other:?}"),
    };
    let item = request.send().await.unwrap().item.unwrap_or_default();
    item.into_iter().map(|(name, value)| (name, text(value))).collect()
}

#[tokio::test]
async fn shadow_writes_expire_after_their_own_days_and_not_with_the_ledger() {
    let (ledger, appliance) = (ledger(), appliance());
    for days in [30, 1] {
        ledger.keep_shadow(&appliance, &lsid(), &json!({"note.session": "chat"}), days, now()).await.unwrap();
        let expires_at: i64 = shadow_item(&appliance).await["expires_at"].parse().unwrap();
        assert_eq!(expires_at, now().as_second() + i64::from(days) * 24 * 3600);
    }
}

#[tokio::test]
async fn forgotten_shadow_writes_leave_their_key_and_the_moment_and_no_text() {
    let (ledger, appliance) = (ledger(), appliance());
    assert!(!ledger.forget_shadow(&appliance, &lsid(), now()).await.unwrap(), "there is nothing to forget");
    assert!(shadow_item(&appliance).await.is_empty(), "and nothing is made of it");
    ledger.keep_shadow(&appliance, &lsid(), &json!({"note.session": "chat"}), 30, now()).await.unwrap();
    assert!(ledger.forget_shadow(&appliance, &lsid(), now()).await.unwrap());
    assert_eq!(ledger.shadow(&appliance, &lsid()).await.unwrap(), None);
    let item = shadow_item(&appliance).await;
    let names: Vec<&str> = item.keys().map(String::as_str).collect();
    assert_eq!(names, ["appliance", "expires_at", "forgotten_at", "lsid", "updated_at"]);
    assert_eq!(item["forgotten_at"], "2030-03-18T14:27:00.500Z");
    assert!(!ledger.forget_shadow(&appliance, &lsid(), now() + SignedDuration::from_secs(1)).await.unwrap());
    let later = json!({"note.customer_survey.311": "survey"});
    ledger.keep_shadow(&appliance, &lsid(), &later, 30, now()).await.unwrap();
    assert_eq!(ledger.shadow(&appliance, &lsid()).await.unwrap(), Some(later));
    assert!(!shadow_item(&appliance).await.contains_key("forgotten_at"));
}

#[tokio::test]
async fn lost_answer_does_not_hide_that_shadow_writes_were_forgotten() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let ledger = ledger_at(&network.endpoint);
    ledger.keep_shadow(&appliance, &lsid(), &json!({"note.session": "chat"}), 30, now()).await.unwrap();
    network.suffer([Fault::AnswerLost]);
    assert!(ledger.forget_shadow(&appliance, &lsid(), now()).await.unwrap());
    assert!(network.is_calm());
}

#[tokio::test]
async fn large_shadow_writes_are_cut_to_what_the_table_takes() {
    let (ledger, appliance) = (ledger(), appliance());
    let writes = json!({"note.session": "short", "attachment.1": "Wörter ".repeat(500_000)});
    assert_eq!(ledger.keep_shadow(&appliance, &lsid(), &writes, 30, now()).await.unwrap(), Kept::Shortened);
    let kept = ledger.shadow(&appliance, &lsid()).await.unwrap().unwrap();
    assert_eq!(kept["note.session"], "short");
    assert!((SHADOW_BYTES_MAX / 4..SHADOW_BYTES_MAX).contains(&kept["attachment.1"].as_str().unwrap().len()));
}
