//! One look at one connection: what ended since the last look, and what is to be looked at again.
//!
//! ```text
//!            start      mark-overlap     mark        now
//!   ───────────┼────────────┼─────────────┼───────────┼──▶  when sessions ended
//!              │            └──── main ───────────────┘      listed at each poll
//!              │     └ mark 6 h ┘ └ 1 h ┘                    each listed once, 1 h, 6 h, … after the end
//! ```
//!
//! The *main sweep* lists again what ended within the overlap, because sessions appear late. The *look-again sweeps* follow it at
//! their distances: a survey that a customer fills in after the poll comes by no event, and a window never means "submitted in", so
//! only another look at the session finds it. They catch what was listed later than the overlap, too.
//!
//! Whose clock counts: a session is dated by the source's, and a window is closed by ours. A mark never goes beyond either, so that a
//! clock of ours that jumps ahead leaves no gap behind when it comes back; and it never goes backwards.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use session::{Listing, Lsid, Origin, Window};

use crate::known::{Known, KnownSessions, SessionState};
use crate::step::{Answer, Ending, Order, Step};
use crate::windows::{HORIZON, WINDOW, after, before, first, hours, second_of, sessions_in};

/// The most sessions that are remembered as enqueued and not yet claimed. Those beyond are enqueued again by the next poll.
pub const RECENT_MAX: usize = 2_000;

/// What a connection's document says of polling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollSettings {
    /// Sessions that ended earlier are not ours.
    pub deliver_from: Option<Timestamp>,
    /// How far before the mark each poll begins.
    pub overlap_hours: u32,
    /// How long after its end a session is looked at again.
    pub look_again_hours: Vec<u32>,
}

/// What is kept between polls of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollState {
    /// Raised by one with each change; whoever saves must have seen the one before.
    pub version: u64,
    /// Sessions that ended earlier are not ours: `deliver_from`, else the first poll.
    pub start: Timestamp,
    /// All that ended before, and was listed by then, is in the queue or known to the ledger.
    pub mark: Timestamp,
    /// By hours: all that ended before has been looked at again so many hours after its end.
    #[serde(default)]
    pub looks: BTreeMap<u32, Timestamp>,
    /// Enqueued and not yet known to the ledger, with the moment of their end (or of the window's, where that is not known).
    #[serde(default)]
    pub recent: BTreeMap<Lsid, Timestamp>,
}

impl PollState {
    fn beginning_at(start: Timestamp) -> Self {
        let start = second_of(start);
        Self { version: 0, start, mark: start, looks: BTreeMap::new(), recent: BTreeMap::new() }
    }

    /// Levels that the settings no longer name are forgotten; new ones begin where they would be had they always been there.
    fn with_looks(mut self, look_again_hours: &[u32]) -> Self {
        let (start, mark) = (self.start, self.mark);
        let wanted: BTreeSet<u32> = look_again_hours.iter().copied().filter(|level| *level > 0).collect();
        self.looks.retain(|level, _| wanted.contains(level));
        for level in wanted {
            self.looks.entry(level).or_insert_with(|| start.max(before(mark, hours(level))));
        }
        self
    }
}

/// One look at one connection.
#[derive(Debug, Clone)]
pub struct Poll {
    now: Timestamp,
    /// The source's clock when it answered last, or ours if that is behind.
    clock: Timestamp,
    settings: PollSettings,
    /// As it is stored. `None`: never polled.
    saved: Option<PollState>,
    state: PollState,
    sweeps: VecDeque<Sweep>,
    phase: Phase,
}

/// A stretch to be listed.
#[derive(Debug, Clone, Copy)]
struct Sweep {
    /// Hours after the end, for looks again.
    level: Option<u32>,
    /// Where the next window begins.
    from: Timestamp,
}

impl Sweep {
    fn delay(self) -> SignedDuration {
        hours(self.level.unwrap_or(0))
    }
}

#[derive(Debug, Clone)]
enum Phase {
    /// Never polled, and no moment is named to begin at: the source is asked what time it is.
    Beginning(Window),
    Listing(Window),
    LookingUp(Listed),
    Enqueueing(Listed, Vec<Order>),
    Saving,
    Done(Ending),
}

/// What came of a window.
#[derive(Debug, Clone)]
struct Listed {
    window: Window,
    /// How far the list can be complete.
    limit: Timestamp,
    /// When they ended; only those whose end nobody knows, once that is known.
    sessions: BTreeMap<Lsid, Timestamp>,
}

impl Poll {
    /// A poll at `now`, after what is stored of earlier ones.
    #[must_use]
    pub fn new(stored: Option<PollState>, settings: PollSettings, now: Timestamp) -> Self {
        let begun = stored.clone().or_else(|| {
            let start = settings.deliver_from?;
            Some(PollState::beginning_at(start.max(before(now, HORIZON))))
        });
        let state = begun.clone().unwrap_or_else(|| PollState::beginning_at(now)).with_looks(&settings.look_again_hours);
        let mut poll = Self { now, clock: now, settings, saved: stored, state, sweeps: VecDeque::new(), phase: Phase::Saving };
        match (begun, first(before(now, WINDOW), now)) {
            (None, Some(window)) => poll.phase = Phase::Beginning(window),
            _ => poll.begin_sweeps(),
        }
        poll
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self) -> Step<PollState> {
        match &self.phase {
            Phase::Beginning(window) | Phase::Listing(window) => Step::List(*window),
            Phase::LookingUp(listed) => Step::LookUp(listed.sessions.keys().cloned().collect()),
            Phase::Enqueueing(_, orders) => Step::Enqueue(orders.clone()),
            Phase::Saving => Step::Save(self.to_save()),
            Phase::Done(ending) => Step::Done(*ending),
        }
    }

    /// What came of it.
    pub fn take(&mut self, answer: Answer) {
        let phase = std::mem::replace(&mut self.phase, Phase::Done(Ending::Complete));
        match (phase, answer) {
            (Phase::Beginning(_), Answer::Listed(listing)) => {
                // Sessions are dated by the source's clock: ours may be anywhere.
                let start = listing.source_now.unwrap_or(self.now);
                self.state = PollState::beginning_at(start).with_looks(&self.settings.look_again_hours);
                self.begin_sweeps();
            }
            (Phase::Listing(window), Answer::Listed(listing)) => self.listed(window, listing),
            (Phase::LookingUp(listed), Answer::Known(known)) => self.looked_up(listed, &known),
            (Phase::Enqueueing(listed, orders), Answer::Enqueued) => self.enqueued(&listed, &orders),
            (Phase::Saving, Answer::Saved(true)) => {
                self.state = self.to_save();
                self.saved = Some(self.state.clone());
                self.next_window();
            }
            (Phase::Saving, Answer::Saved(false)) => self.phase = Phase::Done(Ending::Overtaken),
            (phase, _) => self.phase = phase,
        }
    }

    fn to_save(&self) -> PollState {
        PollState { version: self.saved.as_ref().map_or(0, |saved| saved.version) + 1, ..self.state.clone() }
    }

    /// Where the main sweep begins.
    fn floor(&self) -> Timestamp {
        self.state.start.max(before(self.state.mark, hours(self.settings.overlap_hours)))
    }

    fn begin_sweeps(&mut self) {
        let looks = self.state.looks.iter().map(|(level, mark)| Sweep { level: Some(*level), from: *mark });
        self.sweeps = std::iter::once(Sweep { level: None, from: self.floor() }).chain(looks).collect();
        self.go_on();
    }

    /// Saves what has changed, and goes on.
    fn go_on(&mut self) {
        if self.saved.as_ref() == Some(&self.state) { self.next_window() } else { self.phase = Phase::Saving }
    }

    fn next_window(&mut self) {
        while let Some(sweep) = self.sweeps.front() {
            let until = if sweep.level.is_some() { self.clock } else { self.now };
            if let Some(window) = first(sweep.from, second_of(before(until, sweep.delay()))) {
                self.phase = Phase::Listing(window);
                return;
            }
            self.sweeps.pop_front();
        }
        self.phase = Phase::Done(Ending::Complete);
    }

    fn listed(&mut self, window: Window, listing: Listing) {
        self.clock = listing.source_now.map_or(self.now, |source_now| source_now.min(self.now));
        let Some(sweep) = self.sweeps.front() else { return };
        // What is listed too much is looked at by the window that it belongs to; in the main sweep it is welcome.
        let sessions = if sweep.level.is_some() { sessions_in(listing, window) } else { listing.sessions };
        let ours = sessions.into_iter().filter(|session| session.ended_at.unwrap_or(window.from()) >= self.state.start);
        let sessions = ours.map(|session| (session.lsid, session.ended_at.unwrap_or(window.until()))).collect();
        let listed = Listed { window, limit: second_of(before(self.clock, sweep.delay())), sessions };
        if listed.sessions.is_empty() { self.covered(&listed) } else { self.phase = Phase::LookingUp(listed) }
    }

    fn looked_up(&mut self, mut listed: Listed, known: &KnownSessions) {
        let again = self.sweeps.front().is_some_and(|sweep| sweep.level.is_some());
        let mut orders = Vec::new();
        listed.sessions.retain(|lsid, _| {
            let known = known.get(lsid).filter(|known| known.end_seen);
            let wanted = match known {
                None => !self.state.recent.contains_key(lsid),
                Some(known) => again && is_worth_another_look(known),
            };
            if wanted {
                orders.push(Order { lsid: lsid.clone(), source: Origin::Poll });
            }
            if known.is_some() {
                self.state.recent.remove(lsid);
            }
            known.is_none()
        });
        if orders.is_empty() { self.covered(&listed) } else { self.phase = Phase::Enqueueing(listed, orders) }
    }

    fn enqueued(&mut self, listed: &Listed, orders: &[Order]) {
        for order in orders {
            if let Some(ended_at) = listed.sessions.get(&order.lsid) {
                self.state.recent.insert(order.lsid.clone(), *ended_at);
            }
        }
        self.covered(listed);
    }

    /// The queue has taken all of the window that it should.
    fn covered(&mut self, listed: &Listed) {
        let reached = listed.window.until().min(listed.limit);
        if let Some(sweep) = self.sweeps.front_mut() {
            sweep.from = listed.window.until();
            let mark = match sweep.level {
                None => Some(&mut self.state.mark),
                Some(level) => self.state.looks.get_mut(&level),
            };
            if let Some(mark) = mark {
                *mark = reached.max(*mark);
            }
        }
        if listed.window.until() > listed.limit {
            // What lies beyond has not happened yet by one of the clocks.
            self.sweeps.pop_front();
        }
        self.forget_what_is_not_listed_again();
        self.go_on();
    }

    fn forget_what_is_not_listed_again(&mut self) {
        let floor = self.floor();
        self.state.recent.retain(|_, ended_at| after(*ended_at, SignedDuration::from_secs(1)) > floor);
        let too_many = self.state.recent.len().saturating_sub(RECENT_MAX);
        if too_many > 0 {
            let mut oldest_first: Vec<(Timestamp, Lsid)> =
                std::mem::take(&mut self.state.recent).into_iter().map(|(lsid, ended_at)| (ended_at, lsid)).collect();
            oldest_first.sort_unstable();
            self.state.recent = oldest_first.into_iter().skip(too_many).map(|(ended_at, lsid)| (lsid, ended_at)).collect();
        }
    }
}

/// Whether a late survey of it would come to nobody's notice: none of its events does, and nothing on its way reads it later anyway.
fn is_worth_another_look(known: &Known) -> bool {
    !known.announced && !matches!(known.state, SessionState::Waiting | SessionState::GivenUp)
}
