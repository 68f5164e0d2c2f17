//! Pauses, as several workers open and close them.

use jiff::{SignedDuration, Timestamp};

use session::delivery::{Pause, PauseCause, PauseScope, WriteKind};

use crate::system::{appliance, ledger, ledger_at, now};
use crate::unreliable_network::{Fault, UnreliableNetwork};

fn pause(scope: PauseScope, until: Timestamp, rounds: u32) -> Pause {
    Pause { scope, until, cause: PauseCause::CredentialsRefused, sentence: "login failed".into(), rounds }
}

fn minutes(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn connection_without_trouble_has_no_pause() {
    assert!(ledger().pauses(&appliance()).await.unwrap().is_empty());
}

#[tokio::test]
async fn pauses_of_every_scope_come_back_as_they_were_opened() {
    let (ledger, appliance) = (ledger(), appliance());
    for (scope, rounds) in PauseScope::ALL.into_iter().zip(1..) {
        assert!(ledger.open_pause(&appliance, &pause(scope, minutes(5), rounds)).await.unwrap());
    }
    let mut pauses = ledger.pauses(&appliance).await.unwrap();
    pauses.sort_by_key(|pause| pause.rounds);
    let expected: Vec<_> = PauseScope::ALL.into_iter().zip(1..).map(|(scope, rounds)| pause(scope, minutes(5), rounds)).collect();
    assert_eq!(pauses, expected);
    assert!(ledger.pauses(&crate::system::appliance()).await.unwrap().is_empty());
}

#[tokio::test]
async fn longer_pause_wins_whoever_comes_first() {
    let (ledger, appliance) = (ledger(), appliance());
    let (short, long) = (pause(PauseScope::Ticketing, minutes(1), 1), pause(PauseScope::Ticketing, minutes(5), 2));
    assert!(ledger.open_pause(&appliance, &short).await.unwrap());
    assert!(ledger.open_pause(&appliance, &long).await.unwrap());
    assert!(!ledger.open_pause(&appliance, &short).await.unwrap());
    assert_eq!(ledger.pauses(&appliance).await.unwrap(), [long]);
}

#[tokio::test]
async fn pause_whose_answer_was_lost_holds() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    network.suffer([Fault::AnswerLost]);
    let pause = pause(PauseScope::Appliance, minutes(1), 1);
    assert!(ledger_at(&network.endpoint).open_pause(&appliance, &pause).await.unwrap());
    assert!(network.is_calm());
}

#[tokio::test]
async fn older_worker_does_not_close_a_newer_pause() {
    let (ledger, appliance) = (ledger(), appliance());
    let scope = PauseScope::Kind(WriteKind::TimeEntry);
    let (older, newer) = (pause(scope, minutes(1), 1), pause(scope, minutes(5), 2));
    assert!(ledger.open_pause(&appliance, &older).await.unwrap());
    assert!(ledger.open_pause(&appliance, &newer).await.unwrap());
    assert!(!ledger.close_pause(&appliance, &older).await.unwrap());
    assert_eq!(ledger.pauses(&appliance).await.unwrap(), std::slice::from_ref(&newer));
    assert!(ledger.close_pause(&appliance, &newer).await.unwrap());
    assert!(ledger.pauses(&appliance).await.unwrap().is_empty());
}

#[tokio::test]
async fn closing_what_somebody_has_closed_is_no_trouble() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let (ledger, pause) = (ledger_at(&network.endpoint), pause(PauseScope::Ticketing, minutes(1), 1));
    assert!(ledger.open_pause(&appliance, &pause).await.unwrap());
    network.suffer([Fault::AnswerLost]);
    assert!(ledger.close_pause(&appliance, &pause).await.unwrap());
    assert!(network.is_calm());
    assert!(ledger.close_pause(&appliance, &pause).await.unwrap());
}
