//! One try at a time: when the pause of a neighbour has run out, one worker tries whether it works again, and the others go on
//! leaving it alone. Else every free worker would try at once, and a neighbour that stalls would take all of them from the
//! other tenants.
//!
//! ```text
//! pause        |--- in force ---|          probe taken: the pause lasts until the try must be over
//! this worker                    take -> runs: a success closes the pause, a failure opens the next round
//! the others                     see a pause in force, and wait
//! ```
//!
//! A worker that dies with a probe leaves a pause that runs out, and the next takes the probe. Which pauses need one is decided
//! here; that only one worker gets it is the ledger's conditional update.

use std::time::Duration;

use jiff::Timestamp;

use super::machine::left_alone;
use super::pause::{Pause, PauseCause, PauseScope};
use super::waits::{Pace, later};

/// The longest that one try can take: no run outlasts its invocation, which the template ends after 90 s. The appliance alone may
/// take 60 s of them (token and report), and Autotask comes after it.
pub const TRY_MAX: Duration = Duration::from_secs(90);

/// The right to try a neighbour, for one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The pause as it was read: it has run out. What the delivery goes by.
    pub seen: Pause,
    /// Until when the pause lasts for all others.
    pub until: Timestamp,
}

impl Probe {
    /// The pause as it lies in the ledger once the probe is taken.
    #[must_use]
    pub fn pause(&self) -> Pause {
        Pause { until: self.until, ..self.seen.clone() }
    }
}

/// The probes to take before a session is claimed, so that its run may call: one for each neighbour whose pause has run out and
/// is still remembered. None while any neighbour is left alone, for then the run calls nobody.
///
/// A kind of write needs none: one that is refused is answered at once. Nor does a rest for the hourly budget, for nothing is
/// wrong with the neighbour.
#[must_use]
pub fn probes(pauses: &[Pause], pace: Pace, now: Timestamp) -> Vec<Probe> {
    if left_alone(pauses, now) {
        return Vec::new();
    }
    let until = later(now, pace.scaled(TRY_MAX));
    pauses.iter().filter(|pause| stands_for_trouble(pause)).map(|pause| Probe { seen: pause.clone(), until }).collect()
}

const fn stands_for_trouble(pause: &Pause) -> bool {
    match (pause.scope, pause.cause) {
        (PauseScope::Kind(_), _) | (_, PauseCause::Budget) => false,
        (PauseScope::Appliance | PauseScope::Ticketing, _) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::WriteKind;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn pause(scope: PauseScope, cause: PauseCause, seconds_left: i64) -> Pause {
        let until = NOW + jiff::SignedDuration::from_secs(seconds_left);
        Pause { scope, until, cause, sentence: "no answer".into(), rounds: 3 }
    }

    fn probed(pauses: &[Pause]) -> Vec<PauseScope> {
        probes(pauses, Pace::default(), NOW).iter().map(|probe| probe.seen.scope).collect()
    }

    #[test]
    fn neighbour_whose_pause_has_run_out_is_tried_by_one_for_as_long_as_a_try_takes() {
        let run_out = pause(PauseScope::Appliance, PauseCause::Down, 0);
        let [probe] = &probes(std::slice::from_ref(&run_out), Pace::default(), NOW)[..] else { panic!("one probe") };
        assert_eq!(probe.seen, run_out);
        assert_eq!(probe.pause(), Pause { until: later(NOW, TRY_MAX), ..run_out });
    }

    #[test]
    fn each_neighbour_has_a_probe_of_its_own() {
        let (appliance, ticketing) = (PauseScope::Appliance, PauseScope::Ticketing);
        let pauses = [pause(appliance, PauseCause::Down, -1), pause(ticketing, PauseCause::CredentialsRefused, -1)];
        assert_eq!(probed(&pauses), [appliance, ticketing]);
        assert_eq!(probed(&[]), []);
    }

    #[test]
    fn nobody_is_tried_while_a_neighbour_is_left_alone() {
        let pauses = [pause(PauseScope::Appliance, PauseCause::Down, 1), pause(PauseScope::Ticketing, PauseCause::Throttled, -1)];
        assert_eq!(probed(&pauses), []);
    }

    #[test]
    fn kind_of_write_and_rest_for_the_budget_need_no_probe() {
        let kind = PauseScope::Kind(WriteKind::TimeEntry);
        let pauses = [pause(kind, PauseCause::Blocked, -1), pause(PauseScope::Ticketing, PauseCause::Budget, -1)];
        assert_eq!(probed(&pauses), []);
    }
}
