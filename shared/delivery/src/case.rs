//! The case in hand: the event and the connection's rules, which never change within a run.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::admission;
use crate::pause::DocumentVersion;
use crate::record::{Record, Writer};
use crate::trust::ApiUser;
use crate::waits::{Pace, later};
use session::event::{EventKind, OutboundEvent};
use session::external_key::KeyRules;
use session::ids::Lsid;
use session::origin::Origin;
use session::settings::{Mode, Settings};
use texts::{Redactor, Templates};

/// An event of the appliance younger than this may be written without a lookup: nothing can have written it before.
pub const FRESH: Duration = Duration::from_secs(15 * 60);

/// The event in hand and what is known of it before anything is asked.
#[derive(Debug, Clone)]
pub struct Input {
    /// The event.
    pub event: OutboundEvent,
    /// What brought it.
    pub source: Origin,
    /// When it was stored in the queue first.
    pub received_at: Timestamp,
    /// When the event must be done with, or the queue could forget it ([`crate::waits::queue_time_ends`]).
    pub expires_at: Timestamp,
    /// When the platform ends this invocation.
    pub deadline: Timestamp,
    /// Claims that ended in no outcome, this one included.
    pub claims_without_outcome: u32,
    /// 0 to 1: spreads retries of many events.
    pub jitter: f64,
}

/// What a connection lets the delivery know: its settings, compiled once.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The settings.
    pub settings: Settings,
    /// The templates, overrides included.
    pub templates: Templates,
    /// What is taken out of a session before anything is made of it.
    pub redactor: Redactor,
    /// How to find the ticket in an external key.
    pub keys: KeyRules,
    /// How fast time runs: all of it, except in trials.
    pub pace: Pace,
    /// Which version of the connection document these come from.
    pub document: DocumentVersion,
    /// Whose rights decide what look-ups see.
    pub api_user: ApiUser,
    /// What the connection's systems are called.
    pub words: Words,
}

/// What people call the systems of a connection, and where their credentials are corrected: the only words of a vendor that the delivery
/// says, and it is given them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// The ticketing system's name.
    pub ticketing: &'static str,
    /// What to do when the source refuses the credentials.
    pub source_credentials: &'static str,
    /// What to do when the ticketing system does.
    pub ticketing_credentials: &'static str,
}

/// The event in hand, and by which rules.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) input: Input,
    pub(crate) rules: Arc<Rules>,
}

impl Case {
    pub(crate) const fn lsid(&self) -> &Lsid {
        &self.input.event.lsid
    }

    pub(crate) const fn kind(&self) -> EventKind {
        self.input.event.kind
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.input.source == Origin::Replay
    }

    /// In shadow mode nothing is written.
    pub(crate) fn is_shadow(&self) -> bool {
        self.rules.settings.mode == Mode::Shadow
    }

    /// How long an event of this kind is tried.
    pub(crate) fn retry_limit(&self) -> Duration {
        admission::retry_limit(&self.rules, self.kind())
    }

    /// Who writes what is first heard of now.
    pub(crate) fn writer(&self) -> Writer {
        let settings = &self.rules.settings;
        match settings.mode {
            Mode::Deliver | Mode::Hold if settings.enabled_events.contains(&self.kind()) => Writer::Us,
            _ => Writer::Others,
        }
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.input.source == Origin::Event && now < later(self.input.received_at, FRESH)
    }

    /// Whether something may have been written that the ledger does not know. Above doubt is only a fresh event of the
    /// appliance, and of the surveys only those of a session whose end is remembered: where the end has come and the
    /// ledger has not heard of it, it may have lost its memory.
    pub(crate) fn may_exist_already(&self, record: &Record, now: Timestamp) -> bool {
        !self.is_fresh(now) || record.end.is_none()
    }

    /// Whether the event is the first that anybody hears of the session's end: nothing can have been written before it.
    pub(crate) fn is_first_end_event(&self, record: &Record, now: Timestamp) -> bool {
        self.is_fresh(now) && record.end.is_none() && self.kind() == EventKind::SupportConferenceEnd
    }
}
