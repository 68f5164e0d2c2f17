//! Faults on the wire, one neighbour and one fault at a time: what the worker does while the fault lasts, and that afterwards there
//! is one note and one time entry, whatever it was.
//!
//! The worker is the library, with its real clients and shorter time-outs towards AWS. Each neighbour is behind a
//! [`simulators::FaultyWire`]: the ledger, the secrets and the queues of the local system that `SESSION_BRIDGE_SYSTEM` names (`make
//! test`), and simulators of the appliance and of Autotask. The snapshot is the table of docs/reliability.md.
#![allow(clippy::unwrap_used, reason = "tests")]

mod faults;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use futures_util::{StreamExt as _, stream};

use faults::{Fault, Place};
use world::{Neighbours, World};

/// Few enough that the local AWS answers each in time.
const AT_THE_SAME_TIME: usize = 10;

#[tokio::test]
async fn every_fault_at_every_neighbour_ends_in_one_note_and_one_time_entry() {
    let neighbours = Neighbours::start().await;
    let cases: Vec<(Place, Fault)> = Place::ALL
        .iter()
        .flat_map(|place| Fault::ALL.iter().map(|fault| (*place, *fault)))
        .filter(|(place, fault)| fault.can_happen_at(*place))
        .collect();
    let ends: Vec<(Place, Fault, End)> = stream::iter(cases)
        .map(|(place, fault)| {
            let neighbours = &neighbours;
            async move { (place, fault, end(neighbours, place, fault).await) }
        })
        .buffer_unordered(AT_THE_SAME_TIME)
        .collect()
        .await;
    let problems: Vec<String> = ends
        .iter()
        .filter_map(|(place, fault, end)| Some(format!("{}, {}: {}", place.name(), fault.name(), end.problem.as_deref()?)))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    insta::assert_snapshot!(table(&ends));
}

/// What became of a session.
struct End {
    /// While the fault lasted; and what the look-ups found then, where the fate of a write was unknown.
    seen: String,
    /// What was not as it must be when all was well again.
    problem: Option<String>,
}

async fn end(neighbours: &Neighbours, place: Place, fault: Fault) -> End {
    let mut world = World::new(neighbours, place).await;
    if place.may_leave_a_write_unknown() {
        world = world.with_trusted_look_ups(neighbours).await;
    }
    let message = world.take_message(place.needs_a_malformed_message()).await;
    world.harm(place, fault).await;
    let disposition = world.process(&message).await;
    let before = world.states().await;
    let mut seen = world.seen(disposition).await;
    let harmed = world.calm(place).await;
    let mut problem = (harmed == 0 && fault != Fault::Refused).then(|| "nothing was harmed".to_owned());
    if place.needs_something_to_tell() {
        let failed = world.notifications_failed();
        problem = problem.or_else(|| (failed != 1).then(|| format!("{seen}; {failed} counted as failed notifications")));
    }
    if let Err(item) = world.until_done(&message).await {
        problem = Some(format!("{seen}; not done afterwards: {item}"));
    } else if place.needs_a_malformed_message() {
        let copies = world.dead_letters().await;
        problem = problem.or_else(|| (copies != 1).then(|| format!("{seen}; {copies} dead letters")));
    } else {
        if let Some(resolved) = world.resolved(&before).await {
            seen = resolved;
        }
        if world.written().await != (1, 1) {
            seen.push_str("; an operator's replay writes it");
            world.until_done(&world.take_replay().await).await.ok();
        }
        let written = world.written().await;
        problem = problem.or_else(|| (written != (1, 1)).then(|| format!("{seen}; then {written:?}")));
    }
    End { seen, problem }
}

/// One paragraph for each place, one line for each outcome, with the faults that lead to it.
fn table(ends: &[(Place, Fault, End)]) -> String {
    let mut places: BTreeMap<Place, BTreeMap<&str, Vec<Fault>>> = BTreeMap::new();
    for (place, fault, end) in ends {
        places.entry(*place).or_default().entry(&end.seen).or_default().push(*fault);
    }
    let mut text = String::new();
    for (place, outcomes) in places {
        writeln!(text, "{}", place.name()).unwrap();
        for (outcome, mut faults) in outcomes {
            faults.sort_unstable();
            let names: Vec<&str> = faults.iter().map(|fault| fault.name()).collect();
            writeln!(text, "    {outcome}: {}", names.join(", ")).unwrap();
        }
    }
    text
}
