//! Who is let in, who waits, and who alone may try what was paused. That the ledger hands a probe to one worker only is its own matter.

use std::sync::Arc;

use delivery::waits::queue_time_ends;
use delivery::{
    Arrival, Gate, GateAnswer, GateStep, Pass, Pause, PauseCause, PauseScope, Pauses, Probe, Rules, WaitReason, WriteKind,
};
use jiff::Timestamp;
use session::EventKind;
use session::settings::Mode;

use crate::sample::{end, seconds};
use crate::world::World;

const TICKETING: PauseScope = PauseScope::Ticketing;
const TIME_ENTRIES: PauseScope = PauseScope::Kind(WriteKind::TimeEntry);

fn deadline() -> Timestamp {
    end() + seconds(90)
}

/// A pause that ends that many seconds after the event came.
fn pause(scope: PauseScope, cause: PauseCause, ends_after: i64) -> Pause {
    Pause { scope, until: end() + seconds(ends_after), cause, sentence: "no answer".into(), rounds: 2, document: None }
}

fn expired(scope: PauseScope) -> Pause {
    pause(scope, PauseCause::Down, -1)
}

fn probe(seen: &Pause) -> Probe {
    Probe { seen: seen.clone(), until: deadline() }
}

/// An event that came at the end of the session, `waited` seconds ago, looked at now.
struct Scene {
    rules: Arc<Rules>,
    kind: EventKind,
    waited: i64,
    pauses: Pauses,
    /// Which probes another worker has.
    taken: Vec<PauseScope>,
    rest: Option<Pause>,
}

impl Scene {
    fn new(pauses: impl IntoIterator<Item = Pause>) -> Self {
        let rules = World::new().rules();
        let pauses = pauses.into_iter().collect();
        Self { rules, kind: EventKind::SupportConferenceEnd, waited: 0, pauses, taken: Vec::new(), rest: None }
    }

    fn in_mode(mut self, mode: Mode) -> Self {
        let mut world = World::new();
        world.settings.mode = mode;
        self.rules = world.rules();
        self
    }

    /// What the gate does, step by step; the last one is its decision.
    fn steps(&self) -> Vec<GateStep> {
        let received_at = end() - seconds(self.waited);
        let arrival = Arrival { kind: self.kind, received_at, expires_at: queue_time_ends(received_at) };
        let mut gate = Gate::new(Arc::clone(&self.rules), arrival, deadline());
        let mut steps = Vec::new();
        loop {
            let step = gate.next(end());
            steps.push(step.clone());
            let answer = match step {
                GateStep::ReadPauses => GateAnswer::Pauses(self.pauses.clone()),
                GateStep::AcquireProbe(probe) => GateAnswer::Acquired(!self.taken.contains(&probe.seen.scope)),
                GateStep::ReadBudget(_) => GateAnswer::Budget(self.rest.clone()),
                GateStep::ReleaseProbe(_) | GateStep::OpenPause(_) => GateAnswer::Done,
                GateStep::Enter(_) | GateStep::Wait { .. } => return steps,
            };
            gate.take(answer, end());
            assert!(steps.len() < 20, "{steps:?}");
        }
    }

    fn enters(&self) -> Pass {
        match self.steps().pop() {
            Some(GateStep::Enter(pass)) => pass,
            other => panic!("{other:?}"),
        }
    }
}

fn may_call(pass: &Pass, scope: PauseScope) -> bool {
    pass.pauses.get(scope).is_none_or(|pause| pause.until <= end()) || pass.probes.iter().any(|probe| probe.seen.scope == scope)
}

#[test]
fn event_of_a_connection_without_trouble_enters_after_a_look_at_pauses_and_budget() {
    let none = Pauses::default();
    let expected = [GateStep::ReadPauses, GateStep::ReadBudget(none), GateStep::Enter(Pass::default())];
    assert_eq!(Scene::new([]).steps(), expected);
}

#[test]
fn event_waits_for_a_paused_neighbour_and_nobody_is_asked() {
    let until = end() + seconds(60);
    let steps = Scene::new([pause(TICKETING, PauseCause::Down, 60)]).steps();
    assert_eq!(steps, [GateStep::ReadPauses, GateStep::Wait { until, why: WaitReason::Ticketing }]);
}

#[test]
fn event_of_a_connection_on_hold_waits() {
    let steps = Scene::new([]).in_mode(Mode::Hold).steps();
    assert!(matches!(steps[..], [GateStep::ReadPauses, GateStep::Wait { why: WaitReason::OnHold, .. }]), "{steps:?}");
}

#[test]
fn neighbour_whose_pause_has_expired_is_tried_by_who_has_the_probe() {
    let seen = expired(TICKETING);
    let pass = Scene::new([seen.clone()]).enters();
    assert_eq!(pass.probes, [probe(&seen)]);
    assert_eq!(pass.pauses.get(TICKETING), Some(&seen), "what the run goes by");
    assert_eq!(pass.stored.get(TICKETING), Some(&probe(&seen).pause()), "what lies in the ledger");
}

#[test]
fn who_does_not_get_a_probe_releases_what_it_has_and_waits() {
    let (appliance, ticketing) = (expired(PauseScope::Appliance), expired(TICKETING));
    let scene = Scene { taken: vec![TICKETING], ..Scene::new([appliance.clone(), ticketing.clone()]) };
    let expected = [
        GateStep::ReadPauses,
        GateStep::AcquireProbe(probe(&appliance)),
        GateStep::AcquireProbe(probe(&ticketing)),
        GateStep::ReleaseProbe(probe(&appliance)),
        GateStep::Wait { until: deadline(), why: WaitReason::Ticketing },
    ];
    assert_eq!(scene.steps(), expected);
}

#[test]
fn kind_of_write_that_another_tries_is_left_alone_and_the_run_goes_on() {
    let scene = Scene { taken: vec![TIME_ENTRIES], ..Scene::new([expired(TIME_ENTRIES)]) };
    let pass = scene.enters();
    assert!(!may_call(&pass, TIME_ENTRIES) && may_call(&pass, TICKETING), "{pass:?}");
}

#[test]
fn event_whose_retry_time_is_used_up_enters_and_calls_no_paused_neighbour_until_its_end() {
    let scene = Scene { waited: 73 * 3600, ..Scene::new([pause(TICKETING, PauseCause::Down, 1)]) };
    let pass = scene.enters();
    assert_eq!(pass.pauses.get(TICKETING).unwrap().until, deadline(), "not for the second that is left of it");
}

#[test]
fn event_whose_retry_time_is_used_up_enters_beside_a_prober_and_calls_nobody() {
    let scene = Scene { waited: 73 * 3600, taken: vec![TICKETING], ..Scene::new([expired(TICKETING)]) };
    assert!(!may_call(&scene.enters(), TICKETING));
}

/// An earlier event may have left a write open, which is looked up although its event is ignored.
#[test]
fn what_is_ignored_tries_an_expired_pause_alone_too_and_enters_without_calls_beside_a_prober() {
    let off = || Scene::new([expired(TICKETING)]).in_mode(Mode::Off);
    assert_eq!(off().enters().probes, [probe(&expired(TICKETING))]);
    let beside = Scene { taken: vec![TICKETING], ..off() }.enters();
    assert!(beside.probes.is_empty() && !may_call(&beside, TICKETING), "{beside:?}");
    assert!(!off().steps().iter().any(|step| matches!(step, GateStep::ReadBudget(_))), "too little to look at the budget for");
}

#[test]
fn what_is_ignored_waits_for_no_neighbour_and_calls_no_paused_one() {
    let pass = Scene::new([pause(TICKETING, PauseCause::Down, 60)]).in_mode(Mode::Off).enters();
    assert!(pass.probes.is_empty() && !may_call(&pass, TICKETING), "{pass:?}");
}

#[test]
fn rest_for_the_budget_releases_the_probe_then_pauses_and_waits() {
    let rest = pause(TICKETING, PauseCause::Budget, 300);
    let seen = expired(TICKETING);
    let scene = Scene { rest: Some(rest.clone()), ..Scene::new([seen.clone()]) };
    let expected = [
        GateStep::ReadPauses,
        GateStep::AcquireProbe(probe(&seen)),
        GateStep::ReadBudget(Pauses::default().with(seen.clone())),
        GateStep::ReleaseProbe(probe(&seen)),
        GateStep::OpenPause(rest.clone()),
        GateStep::Wait { until: rest.until, why: WaitReason::HourlyBudget },
    ];
    assert_eq!(scene.steps(), expected);
}

#[test]
fn what_is_held_can_be_released_at_any_step() {
    let seen = expired(TICKETING);
    let arrival = Arrival { kind: EventKind::SupportConferenceEnd, received_at: end(), expires_at: queue_time_ends(end()) };
    let mut gate = Gate::new(World::new().rules(), arrival, deadline());
    gate.next(end());
    gate.take(GateAnswer::Pauses(Pauses::default().with(seen.clone())), end());
    assert!(gate.held().is_empty());
    gate.next(end());
    gate.take(GateAnswer::Acquired(true), end());
    assert_eq!(gate.held(), [probe(&seen)]);
}
