//! The statement: the source's own list of a range against the ledger, session by session.
//!
//! Each session that is listed is in exactly one state, so that the numbers add up to `listed`; `healed` counts those of the delivered
//! that an earlier statement had called missing. What is missing is enqueued, unless it ended before the connection's sessions were
//! ours: those belong to whoever wrote then.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use session::{ApplianceId, EndedSession, Lsid, Origin, Sentence, Window};

use crate::known::{Known, KnownSessions, SessionState};
use crate::step::{Answer, Ending, Order, Step};
use crate::windows::{HORIZON, after, before, nth, second_of, sessions_in};

/// Whose event may still be on its way: a session that ended less than this ago is waited for, not missed.
pub const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// How long statements are kept; days.
pub const KEPT_DAYS: u32 = 400;

/// The most bytes of exceptions that are kept with a statement; an item of the ledger has 400 KB. All are told when it is made.
pub const EXCEPTIONS_BYTES_MAX: usize = 300_000;

/// What an exception takes there besides its sentence, names of attributes included.
const EXCEPTION_BYTES: usize = 200;

/// How many sessions of a range are in which state; its JSON is what `statement --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Whose sessions.
    pub appliance: ApplianceId,
    /// Sessions that ended in this second or later …
    pub from: Timestamp,
    /// … and before this one.
    pub to: Timestamp,
    /// What the source listed: the sum of the nine below.
    pub listed: u64,
    /// Written, all of it.
    pub delivered: u64,
    /// Not written, by rules.
    pub skipped: u64,
    /// Not ours, by settings.
    pub ignored: u64,
    /// Without a ticket.
    pub unmatched: u64,
    /// With something refused.
    pub refused: u64,
    /// With something that may be written or not.
    pub in_doubt: u64,
    /// On its way.
    pub waiting: u64,
    /// Given up.
    pub given_up: u64,
    /// Known to nobody. Enqueued with this statement.
    pub missing: u64,
    /// Of the delivered: called missing by an earlier statement.
    pub healed: u64,
    /// Each session that is not delivered, skipped or ignored.
    pub exceptions: Vec<Exception>,
}

/// A session that is not at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Which.
    pub lsid: Lsid,
    /// The number that people know it by.
    pub sequence: Option<u64>,
    /// When it ended, if the source's list says so.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    pub state: SessionState,
    /// Why, in the vendor's words or ours.
    pub sentence: Option<Sentence>,
}

impl Statement {
    fn empty(appliance: ApplianceId, from: Timestamp, to: Timestamp) -> Self {
        Self {
            appliance,
            from,
            to,
            listed: 0,
            delivered: 0,
            skipped: 0,
            ignored: 0,
            unmatched: 0,
            refused: 0,
            in_doubt: 0,
            waiting: 0,
            given_up: 0,
            missing: 0,
            healed: 0,
            exceptions: Vec::new(),
        }
    }

    /// Whether everything is at its end: nothing for a person to look at.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.exceptions.is_empty()
    }

    /// The statement as it is kept: of many exceptions, those first that call a session missing, for the next statement tells by them what
    /// has been healed.
    #[must_use]
    pub fn to_keep(&self) -> Self {
        let (missing, others): (Vec<_>, Vec<_>) =
            self.exceptions.iter().partition(|exception| exception.state == SessionState::Missing);
        let mut left = EXCEPTIONS_BYTES_MAX;
        let mut fits = |exception: &&Exception| {
            let sentence = exception.sentence.as_ref().map_or(0, |sentence| sentence.as_str().len());
            let rest = left.checked_sub(EXCEPTION_BYTES + sentence);
            left = rest.unwrap_or_default();
            rest.is_some()
        };
        let exceptions = missing.into_iter().chain(others).take_while(|exception| fits(exception)).cloned().collect();
        Self { exceptions, ..self.clone() }
    }

    /// How many are in that state.
    #[must_use]
    pub const fn count(&self, state: SessionState) -> u64 {
        match state {
            SessionState::Delivered => self.delivered,
            SessionState::Skipped => self.skipped,
            SessionState::Ignored => self.ignored,
            SessionState::Unmatched => self.unmatched,
            SessionState::Refused => self.refused,
            SessionState::InDoubt => self.in_doubt,
            SessionState::Waiting => self.waiting,
            SessionState::GivenUp => self.given_up,
            SessionState::Missing => self.missing,
        }
    }

    const fn count_mut(&mut self, state: SessionState) -> &mut u64 {
        match state {
            SessionState::Delivered => &mut self.delivered,
            SessionState::Skipped => &mut self.skipped,
            SessionState::Ignored => &mut self.ignored,
            SessionState::Unmatched => &mut self.unmatched,
            SessionState::Refused => &mut self.refused,
            SessionState::InDoubt => &mut self.in_doubt,
            SessionState::Waiting => &mut self.waiting,
            SessionState::GivenUp => &mut self.given_up,
            SessionState::Missing => &mut self.missing,
        }
    }

    fn add(&mut self, session: EndedSession, state: SessionState, sentence: Option<Sentence>) {
        self.listed += 1;
        *self.count_mut(state) += 1;
        if !matches!(state, SessionState::Delivered | SessionState::Skipped | SessionState::Ignored) {
            let EndedSession { lsid, sequence, ended_at, .. } = session;
            self.exceptions.push(Exception { lsid, sequence, ended_at, state, sentence });
        }
    }
}

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementSettings {
    /// Whose sessions.
    pub appliance: ApplianceId,
    /// Those that ended in this second or later. The source keeps nothing beyond the horizon: earlier ones are left out.
    pub from: Timestamp,
    /// Those that ended before this, or before now if that comes first.
    pub to: Timestamp,
    /// Since when the sessions are ours to write: `deliver_from`, else the start of polling, else the first event. What ended before
    /// and is not known counts as ignored.
    pub ours_since: Timestamp,
    /// Whether what is missing is enqueued; otherwise it is only told.
    pub heals: bool,
    /// What earlier statements called missing.
    pub missed_before: BTreeSet<Lsid>,
}

/// A statement in the making.
#[derive(Debug, Clone)]
pub struct StatementRun {
    settings: StatementSettings,
    now: Timestamp,
    windows_done: u32,
    statement: Statement,
    phase: Phase,
}

#[derive(Debug, Clone)]
enum Phase {
    Listing(Window),
    LookingUp(Window, Vec<EndedSession>),
    Enqueueing(Vec<Order>),
    Saving,
    Done(Ending),
}

impl StatementRun {
    /// A statement as of `now`.
    #[must_use]
    pub fn new(settings: StatementSettings, now: Timestamp) -> Self {
        let from = second_of(settings.from.max(before(now, HORIZON)));
        let to = second_of(settings.to.min(now)).max(from);
        let statement = Statement::empty(settings.appliance.clone(), from, to);
        let mut run = Self { settings, now, windows_done: 0, statement, phase: Phase::Saving };
        run.next_window();
        run
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self) -> Step<Statement> {
        match &self.phase {
            Phase::Listing(window) => Step::List(*window),
            Phase::LookingUp(_, sessions) => Step::LookUp(sessions.iter().map(|session| session.lsid.clone()).collect()),
            Phase::Enqueueing(orders) => Step::Enqueue(orders.clone()),
            Phase::Saving => Step::Save(self.statement.to_keep()),
            Phase::Done(ending) => Step::Done(*ending),
        }
    }

    /// What came of it.
    pub fn take(&mut self, answer: Answer) {
        let phase = std::mem::replace(&mut self.phase, Phase::Done(Ending::Complete));
        match (phase, answer) {
            (Phase::Listing(window), Answer::Listed(listing)) => {
                let sessions = sessions_in(listing, window);
                if sessions.is_empty() { self.next_window() } else { self.phase = Phase::LookingUp(window, sessions) }
            }
            (Phase::LookingUp(window, sessions), Answer::Known(known)) => self.looked_up(window, sessions, &known),
            (Phase::Enqueueing(_), Answer::Enqueued) => self.next_window(),
            (Phase::Saving, Answer::Saved(kept)) => {
                self.phase = Phase::Done(if kept { Ending::Complete } else { Ending::Overtaken });
            }
            (phase, _) => self.phase = phase,
        }
    }

    /// The statement, whole once there is nothing more to do.
    #[must_use]
    pub fn into_statement(self) -> Statement {
        self.statement
    }

    fn next_window(&mut self) {
        self.phase = nth(self.statement.from, self.statement.to, self.windows_done).map_or(Phase::Saving, Phase::Listing);
        self.windows_done += 1;
    }

    fn looked_up(&mut self, window: Window, sessions: Vec<EndedSession>, known: &KnownSessions) {
        let mut orders = Vec::new();
        for session in sessions {
            let (state, sentence) = self.state(window, &session, known.get(&session.lsid));
            if state == SessionState::Missing && self.settings.heals {
                orders.push(Order { lsid: session.lsid.clone(), source: Origin::Poll });
            }
            if state == SessionState::Delivered && self.settings.missed_before.contains(&session.lsid) {
                self.statement.healed += 1;
            }
            self.statement.add(session, state, sentence);
        }
        if orders.is_empty() { self.next_window() } else { self.phase = Phase::Enqueueing(orders) }
    }

    fn state(&self, window: Window, session: &EndedSession, known: Option<&Known>) -> (SessionState, Option<Sentence>) {
        if let Some(known) = known.filter(|known| known.end_seen) {
            return (known.state, known.sentence.clone());
        }
        let say = |text: &str| Some(Sentence::new(text));
        if session.ended_at.unwrap_or(window.from()) < self.settings.ours_since {
            (SessionState::Ignored, say("it ended before the connection's sessions were ours"))
        } else if after(session.ended_at.unwrap_or(window.until()), GRACE) > self.now {
            (SessionState::Waiting, say("it has just ended, and its event may be on its way"))
        } else {
            (SessionState::Missing, say("no event of its end has come, or none was kept"))
        }
    }
}
