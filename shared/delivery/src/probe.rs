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

use jiff::Timestamp;

use crate::pause::{DocumentVersion, Pause, Pauses};

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

/// The probes to take before a session is claimed, so that its run may call: one for each neighbour, and each kind of write, whose
/// pause has run out and is still remembered. They last until the invocation ends at its `deadline`, for no run outlasts it. None while
/// any neighbour is left alone, for then the run calls nobody.
///
/// A rest for the hourly budget needs none, for nothing is wrong with the neighbour; nor does a pause that a changed connection
/// document has ended, for the new credentials have not been refused yet.
#[must_use]
pub fn probes(pauses: &Pauses, document: &DocumentVersion, deadline: Timestamp, now: Timestamp) -> Vec<Probe> {
    if pauses.longest_of_neighbours(document, now).is_some() {
        return Vec::new();
    }
    pauses.expired_troubles(now).map(|pause| Probe { seen: pause.clone(), until: deadline }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PauseCause, PauseScope, WriteKind};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn pause(scope: PauseScope, cause: PauseCause, seconds_left: i64) -> Pause {
        let until = NOW + jiff::SignedDuration::from_secs(seconds_left);
        Pause { scope, until, cause, sentence: "no answer".into(), rounds: 3, document: None }
    }

    fn deadline() -> Timestamp {
        NOW + jiff::SignedDuration::from_secs(90)
    }

    fn probed(pauses: &[Pause]) -> Vec<PauseScope> {
        probes(&pauses.iter().cloned().collect(), &DocumentVersion::default(), deadline(), NOW)
            .iter()
            .map(|probe| probe.seen.scope)
            .collect()
    }

    #[test]
    fn neighbour_whose_pause_has_run_out_is_tried_by_one_for_as_long_as_the_invocation_lasts() {
        let run_out = pause(PauseScope::Appliance, PauseCause::Down, 0);
        let [probe] = &probes(&Pauses::default().with(run_out.clone()), &DocumentVersion::default(), deadline(), NOW)[..] else {
            panic!("one probe")
        };
        assert_eq!(probe.seen, run_out);
        assert_eq!(probe.pause(), Pause { until: deadline(), ..run_out });
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
    fn kind_of_write_whose_right_was_missing_is_tried_by_one_at_a_time() {
        let kind = PauseScope::Kind(WriteKind::TimeEntry);
        assert_eq!(probed(&[pause(kind, PauseCause::Blocked, -1)]), [kind]);
        assert_eq!(probed(&[pause(kind, PauseCause::Blocked, 1)]), [], "it is not time yet");
    }

    #[test]
    fn rest_for_the_budget_needs_no_probe() {
        assert_eq!(probed(&[pause(PauseScope::Ticketing, PauseCause::Budget, -1)]), []);
    }

    #[test]
    fn changed_document_ends_the_pause_of_refused_credentials_and_needs_no_probe() {
        let version = |text: &str| DocumentVersion(text.to_owned());
        let refused =
            Pause { document: Some(version("1")), ..pause(PauseScope::Ticketing, PauseCause::CredentialsRefused, 3600) };
        let pauses = Pauses::default().with(refused);
        assert!(pauses.longest_of_neighbours(&version("1"), NOW).is_some());
        assert!(pauses.longest_of_neighbours(&version("2"), NOW).is_none());
        assert_eq!(probes(&pauses, &version("2"), deadline(), NOW), []);
    }
}
