//! Pauses, as several workers open and close them.

use jiff::{SignedDuration, Timestamp};

use delivery::{Pause, PauseCause, PauseScope, Pauses, Probe, WriteKind};

use crate::system::{appliance, ledger, ledger_at, now};
use crate::unreliable_network::{Fault, UnreliableNetwork};

fn pause(scope: PauseScope, until: Timestamp, rounds: u32) -> Pause {
    Pause { scope, until, cause: PauseCause::CredentialsRefused, sentence: "login failed".into(), rounds, document: None }
}

fn only(pause: Pause) -> Pauses {
    Pauses::default().with(pause)
}

fn minutes(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn connection_without_trouble_has_no_pause() {
    assert_eq!(ledger().pauses(&appliance()).await.unwrap(), Pauses::default());
}

#[tokio::test]
async fn pauses_of_every_scope_come_back_as_they_were_opened() {
    let (ledger, appliance) = (ledger(), appliance());
    for (scope, rounds) in PauseScope::ALL.into_iter().zip(1..) {
        assert!(ledger.open_pause(&appliance, &pause(scope, minutes(5), rounds)).await.unwrap());
    }
    let pauses = ledger.pauses(&appliance).await.unwrap();
    let expected: Pauses = PauseScope::ALL.into_iter().zip(1..).map(|(scope, rounds)| pause(scope, minutes(5), rounds)).collect();
    assert_eq!(pauses, expected);
    assert_eq!(ledger.pauses(&crate::system::appliance()).await.unwrap(), Pauses::default());
}

#[tokio::test]
async fn longer_pause_wins_whoever_comes_first() {
    let (ledger, appliance) = (ledger(), appliance());
    let (short, long) = (pause(PauseScope::Ticketing, minutes(1), 1), pause(PauseScope::Ticketing, minutes(5), 2));
    assert!(ledger.open_pause(&appliance, &short).await.unwrap());
    assert!(ledger.open_pause(&appliance, &long).await.unwrap());
    assert!(!ledger.open_pause(&appliance, &short).await.unwrap());
    assert_eq!(ledger.pauses(&appliance).await.unwrap(), only(long));
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
    assert_eq!(ledger.pauses(&appliance).await.unwrap(), only(newer.clone()));
    assert!(ledger.close_pause(&appliance, &newer).await.unwrap());
    assert_eq!(ledger.pauses(&appliance).await.unwrap(), Pauses::default());
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

/// A pause that has run out, in the table, and a probe for it.
async fn run_out(appliance: &session::ApplianceId) -> Probe {
    let seen = pause(PauseScope::Appliance, minutes(-1), 2);
    assert!(ledger().open_pause(appliance, &seen).await.unwrap());
    Probe { seen, until: minutes(2) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn probe_is_one_workers_also_when_many_want_it_at_once() {
    const WORKERS: i64 = 8;
    let appliance = appliance();
    let probe = run_out(&appliance).await;
    let tries = (0..WORKERS).map(|second| {
        let appliance = appliance.clone();
        let probe = Probe { until: probe.until + SignedDuration::from_secs(second), ..probe.clone() };
        tokio::spawn(async move { ledger().take_probe(&appliance, &probe).await.unwrap() })
    });
    let mut taken = 0;
    for task in tries.collect::<Vec<_>>() {
        taken += u32::from(task.await.unwrap());
    }
    assert_eq!(taken, 1);
    let left = ledger().pauses(&appliance).await.unwrap();
    let left = left.get(PauseScope::Appliance).unwrap();
    assert!(left.until >= probe.until && left.rounds == probe.seen.rounds, "{left:?}");
}

#[tokio::test]
async fn prober_closes_the_pause_or_opens_the_next_round_though_it_is_shorter() {
    let (ledger, works, fails) = (ledger(), appliance(), appliance());
    let probe = run_out(&works).await;
    assert!(ledger.take_probe(&works, &probe).await.unwrap());
    assert_eq!(ledger.pauses(&works).await.unwrap(), only(probe.pause()));
    assert!(ledger.close_pause(&works, &probe.pause()).await.unwrap());
    assert_eq!(ledger.pauses(&works).await.unwrap(), Pauses::default());

    let probe = run_out(&fails).await;
    assert!(ledger.take_probe(&fails, &probe).await.unwrap());
    let of_a_worker_that_began_before = pause(PauseScope::Appliance, minutes(1), 0);
    assert!(!ledger.open_pause(&fails, &of_a_worker_that_began_before).await.unwrap());
    let next_round = pause(PauseScope::Appliance, minutes(1), 3);
    assert!(ledger.open_pause(&fails, &next_round).await.unwrap());
    ledger.give_back_probe(&fails, &probe).await.unwrap();
    assert_eq!(ledger.pauses(&fails).await.unwrap(), only(next_round));
}

#[tokio::test]
async fn probe_that_came_to_nothing_is_the_next_workers() {
    let (ledger, appliance) = (ledger(), appliance());
    let probe = run_out(&appliance).await;
    assert!(ledger.take_probe(&appliance, &probe).await.unwrap());
    assert!(!ledger.take_probe(&appliance, &probe).await.unwrap());
    ledger.give_back_probe(&appliance, &probe).await.unwrap();
    assert!(ledger.take_probe(&appliance, &probe).await.unwrap());
    // The worker died with it: whoever reads it when it has run out takes it from there.
    let next = Probe { seen: probe.pause(), until: minutes(4) };
    assert!(ledger.take_probe(&appliance, &next).await.unwrap());
    // The dead one comes back to life.
    ledger.give_back_probe(&appliance, &probe).await.unwrap();
    assert_eq!(ledger.pauses(&appliance).await.unwrap(), only(next.pause()));
}

#[tokio::test]
async fn probe_of_a_pause_that_is_closed_is_nobodys() {
    let (ledger, appliance) = (ledger(), appliance());
    let probe = run_out(&appliance).await;
    assert!(ledger.close_pause(&appliance, &probe.seen).await.unwrap());
    assert!(!ledger.take_probe(&appliance, &probe).await.unwrap());
    ledger.give_back_probe(&appliance, &probe).await.unwrap();
    assert_eq!(ledger.pauses(&appliance).await.unwrap(), Pauses::default());
}

#[tokio::test]
async fn probe_whose_answer_was_lost_is_nobodys_until_it_runs_out() {
    let (network, appliance) = (UnreliableNetwork::start().await, appliance());
    let probe = run_out(&appliance).await;
    network.suffer([Fault::AnswerLost]);
    assert!(!ledger_at(&network.endpoint).take_probe(&appliance, &probe).await.unwrap());
    assert!(network.is_calm());
    assert_eq!(ledger().pauses(&appliance).await.unwrap(), only(probe.pause()));
}
