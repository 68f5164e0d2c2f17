//! Mechanisms of the design, taken away one at a time. The simulation must see each of them missing: a mechanism whose
//! absence nobody notices is either useless or untested.
//!
//! They are taken away around the delivery, at its interface with the ledger and its neighbours, so that the code under
//! test has no switches in it.

/// Which mechanism is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// The ledger stores whatever record comes, whoever has claimed the session since.
    Fence,
    /// The same, judged only by what it does to the tickets: a stale record as such is overlooked.
    FenceByItsHarm,
    /// A claim is not told from its own repetition, nor a record from a stranger's.
    Nonce,
    /// The record forgets the ticket, and where each write was first sent to.
    FrozenTarget,
    /// A ticket is not found by its session, and that is believed.
    TicketMarker,
    /// A look-up by marker finds nothing, and is believed.
    MarkerLookUp,
    /// Look-ups are believed without proof.
    ProofOfLookUps,
    /// What is about to be sent is not stored before it is sent.
    IntentRecord,
    /// The record says that the sending was over when it began, not when the platform ends the invocation.
    Deadline,
    /// The delivery believes that the platform lets it run an hour longer.
    TimeLeft,
    /// A write of unknown fate is taken for lost without waiting for what the vendor may still be doing.
    WaitingTime,
    /// A late record is stored over a newer one of the same claim.
    Step,
    /// Polls, replays and sessions that the ledger has forgotten are written without a look first.
    LookFirst,
    /// Whatever was first heard of while others wrote counts as ours.
    CutOver,
    /// The record does not keep that writes were left open.
    LeftOpen,
    /// The witness is not looked up again: what was proven once holds for ever.
    Witness,
    /// The record does not keep as whom a write was sent.
    SentAs,
    /// A message that was received often is hidden for no longer than others.
    ReceiveStretch,
    /// What Autotask says of one write is taken for a right that the tenant lacks.
    WriteBlockedAlone,
    /// The record does not keep what a survey says.
    SurveyContent,
    /// A poll or a replay says when a session ended: when it was received.
    EndDatedByEvents,
    /// Whoever finds an expired pause tries the neighbour.
    Probe,
    /// A probe that was not used is kept.
    ProbeReleased,
    /// A pause is not read before a session is claimed.
    Pauses,
}

impl Sabotage {
    pub(crate) const ALL: [Self; 24] = [
        Self::Fence,
        Self::FenceByItsHarm,
        Self::Nonce,
        Self::FrozenTarget,
        Self::TicketMarker,
        Self::MarkerLookUp,
        Self::ProofOfLookUps,
        Self::IntentRecord,
        Self::Deadline,
        Self::TimeLeft,
        Self::WaitingTime,
        Self::Step,
        Self::LookFirst,
        Self::CutOver,
        Self::LeftOpen,
        Self::Witness,
        Self::SentAs,
        Self::ReceiveStretch,
        Self::WriteBlockedAlone,
        Self::SurveyContent,
        Self::EndDatedByEvents,
        Self::Probe,
        Self::ProbeReleased,
        Self::Pauses,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fence => "fence",
            Self::FenceByItsHarm => "fence-by-its-harm",
            Self::Nonce => "nonce",
            Self::FrozenTarget => "frozen-target",
            Self::TicketMarker => "ticket-marker",
            Self::MarkerLookUp => "marker-look-up",
            Self::ProofOfLookUps => "proof-of-look-ups",
            Self::IntentRecord => "intent-record",
            Self::Deadline => "deadline",
            Self::TimeLeft => "time-left",
            Self::WaitingTime => "waiting-time",
            Self::Step => "step",
            Self::LookFirst => "look-first",
            Self::CutOver => "cut-over",
            Self::LeftOpen => "left-open",
            Self::Witness => "witness",
            Self::SentAs => "sent-as",
            Self::ReceiveStretch => "receive-stretch",
            Self::WriteBlockedAlone => "write-blocked-alone",
            Self::SurveyContent => "survey-content",
            Self::EndDatedByEvents => "end-dated-by-events",
            Self::Probe => "probe",
            Self::ProbeReleased => "probe-released",
            Self::Pauses => "pauses",
        }
    }

    /// Whether the ledger stores whatever comes.
    pub(crate) const fn is_without_fence(self) -> bool {
        matches!(self, Self::Fence | Self::FenceByItsHarm)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sabotage| sabotage.name() == name)
    }
}
