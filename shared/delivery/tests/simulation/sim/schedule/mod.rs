//! What a seed stands for: the sessions, their events, what people change meanwhile, and the weather.
//!
//! Faults are switched on one by one (a schedule has about half of them): with all of them at once, nothing would
//! happen but the first. What an ordinary schedule does not have is laid over it by its themes, with dice of their own.
//!
//! - `sessions`: sessions and what is put into the queue for them. `weather`: how calls and neighbours go wrong.
//! - `themed`: what the themes change.

mod sessions;
mod themed;
mod weather;

use session::Origin;
use session::event::EventKind;
use session::support_session::SurveyKind;

use super::chance::{Chance, DAY, HOUR, MINUTE, Millis, SECOND};
use super::rules::{EventsOff, ModeChoice, Patience};
use super::themes::{Focus, Themes};
pub(crate) use sessions::{LENGTH, completed};
pub(crate) use weather::{Hopeless, Outage, OutageKind, Reception, Sight, Tenant, View, Weather};

/// A moment that never comes.
pub(crate) const NEVER: Millis = Millis::MAX;
/// A moment long before the schedule.
pub(crate) const LONG_AGO: Millis = -70 * DAY;

pub(crate) const TICKET: &str = "T20250318.0042";
pub(crate) const OTHER_TICKET: &str = "T20250318.0043";
/// A key that asks for a ticket.
pub(crate) const WISH: &str = r#"{"title":"Printer"}"#;

/// A support session and what becomes of its report.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) lsid: String,
    pub(crate) ended_at: Millis,
    /// Before, the appliance has no report.
    pub(crate) report_from: Millis,
    /// From when the report has an end.
    pub(crate) end_in_report_from: Millis,
    /// The external key from that moment on.
    pub(crate) keys: Vec<(Millis, Option<&'static str>)>,
    pub(crate) surveys: Vec<Survey>,
    /// Each report lists the surveys in an order of its own.
    pub(crate) surveys_shuffled: bool,
    /// The second representative, from that moment on, is the primary one.
    pub(crate) second_primary_from: Millis,
    pub(crate) has_second: bool,
    /// The start is corrected then, to the day before.
    pub(crate) start_changes_at: Millis,
    pub(crate) talkative: bool,
    /// When somebody says something short.
    pub(crate) remarks: Vec<Millis>,
    /// A write that Autotask will not take.
    pub(crate) hopeless: Option<Hopeless>,
}

/// An exit survey in the report.
#[derive(Debug, Clone)]
pub(crate) struct Survey {
    /// From when the report has it.
    pub(crate) from: Millis,
    /// From when the report has it no more, for another has taken its place.
    pub(crate) until: Millis,
    /// What its event says of when it was filled in.
    pub(crate) said_at: Millis,
    pub(crate) kind: SurveyKind,
    pub(crate) gsnumber: i64,
    /// Somebody has sent the form without an answer.
    pub(crate) empty: bool,
}

/// Something that is put into the queue.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) at: Millis,
    pub(crate) session: usize,
    pub(crate) kind: EventKind,
    pub(crate) source: Origin,
    /// The appliance's own time of the event, in whole seconds, if it says one.
    pub(crate) timestamp: Option<Millis>,
}

/// Everything that a seed stands for.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) sessions: Vec<Session>,
    pub(crate) posts: Vec<Post>,
    pub(crate) weather: Weather,
    pub(crate) appliance_outages: Vec<Outage>,
    pub(crate) autotask_outages: Vec<Outage>,
    /// The ledger does not answer from then to then.
    pub(crate) ledger_outages: Vec<(Millis, Millis)>,
    /// There is no connection document from then to then.
    pub(crate) document_missing: Vec<(Millis, Millis)>,
    /// So much of the tenant's hourly budget is used from then to then; percent.
    pub(crate) budget_used: Vec<(Millis, Millis, u64)>,
    pub(crate) tenant: Tenant,
    /// Modes from that moment on.
    pub(crate) modes: Vec<(Millis, ModeChoice)>,
    /// Which events are switched off from that moment on.
    pub(crate) events_off: Vec<(Millis, EventsOff)>,
    /// Sessions without a ticket get one.
    pub(crate) creates_tickets: bool,
    /// `deliver_from` from that moment on.
    pub(crate) deliver_from: Vec<(Millis, Option<Millis>)>,
    pub(crate) templates_change_at: Millis,
    pub(crate) each: bool,
    /// Customers get a note of their own.
    pub(crate) also_customer: bool,
    /// Overlaps of time are looked for.
    pub(crate) tells_overlaps: bool,
    pub(crate) patience: Patience,
    /// The ledger forgets all sessions then.
    pub(crate) memory_lost_at: Millis,
    pub(crate) workers: usize,
    /// Somebody sends dead letters back, half of them.
    pub(crate) redrives: bool,
    /// Nothing goes wrong at all.
    pub(crate) calm: bool,
    /// Nothing goes wrong but what the themes bring.
    pub(crate) quiet: bool,
    /// Whatever goes wrong passes: in the end every write must have been made.
    pub(crate) curable: bool,
    pub(crate) themes: Themes,
}

impl Schedule {
    /// The schedule of that seed.
    pub(crate) fn of(seed: u64, focus: Focus) -> Self {
        let mut dice = Chance::of(seed ^ 0x07e3_e5ed);
        let themes = focus.draw(&mut dice);
        let quiet = !themes.0.is_empty() && dice.one_in(2);
        let mut schedule = Self::ordinary(quiet, &mut Chance::of(seed ^ 0x5ced_01e5));
        schedule.put_on(themes, &mut dice);
        // By dice of its own: seeds that once found something stand for the same weather.
        let mut policies = Chance::of(seed ^ 0xc057_03e5);
        (schedule.also_customer, schedule.tells_overlaps) = (policies.one_in(4), policies.one_in(4));
        schedule
    }

    /// No sessions yet, and nothing goes wrong.
    pub(crate) fn without_trouble() -> Self {
        let mut schedule = Self::ordinary(true, &mut Chance::of(0));
        (schedule.calm, schedule.each, schedule.redrives) = (false, false, false);
        schedule.templates_change_at = NEVER;
        schedule.sessions.clear();
        schedule.posts.clear();
        schedule
    }

    /// Adds a session that ended then; returns its number.
    pub(crate) fn add_session(&mut self, ended_at: Millis, dice: &mut Chance) -> usize {
        let index = self.sessions.len();
        let mut session = Session::of(index, true, true, dice);
        session.shift(ended_at - session.ended_at);
        self.posts.extend(session.posts(index, true, true, dice));
        self.sessions.push(session);
        index
    }

    fn ordinary(quiet: bool, chance: &mut Chance) -> Self {
        let calm = chance.one_in(16) || quiet;
        // What must come together to do harm is rare when each is left to chance: sandboxes that freeze before a slow call.
        let frozen_and_slow = !calm && chance.one_in(8);
        let curable = calm || !(frozen_and_slow || chance.one_in(3));
        let count = chance.pick(&[1, 1, 1, 2, 3]);
        let sessions: Vec<Session> = (0..count).map(|index| Session::of(index, calm, curable, chance)).collect();
        let posts = (0..).zip(&sessions).flat_map(|(index, session)| session.posts(index, calm, curable, chance)).collect();
        let impatient = !curable && chance.one_in(2);
        let mut schedule = Self {
            sessions,
            posts,
            weather: Weather::of(calm, curable, chance),
            appliance_outages: weather::outages(calm, curable, chance),
            autotask_outages: weather::outages(calm, curable, chance),
            ledger_outages: Vec::new(),
            document_missing: Vec::new(),
            budget_used: Vec::new(),
            tenant: Tenant::of(calm, curable, chance),
            modes: modes(calm, curable, chance),
            events_off: Vec::new(),
            creates_tickets: false,
            deliver_from: vec![(0, None)],
            templates_change_at: if chance.one_in(3) { chance.spread(SECOND, HOUR) } else { NEVER },
            each: chance.one_in(4),
            also_customer: false,
            tells_overlaps: false,
            patience: if impatient { Patience::AnHour } else { Patience::HalfADay },
            memory_lost_at: NEVER,
            workers: chance.pick(&[1, 2, 2, 3]),
            redrives: true,
            calm,
            quiet,
            curable,
            themes: Themes::default(),
        };
        if frozen_and_slow {
            let skew_max = schedule.weather.skew_max;
            schedule.weather = Weather { freezes_before_sending: 300, slow: 700, skew_max, ..Weather::default() };
            schedule.tenant.sees_everything();
        }
        let last = schedule.last_post();
        if !calm && chance.one_in(4) {
            schedule.forget_and_replay(last, chance);
        } else if !calm && chance.one_in(3) {
            schedule.replay_all(last + 2 * DAY, chance);
        }
        schedule
    }

    /// How often somebody has changed the connection document until then.
    pub(crate) fn document_version(&self, now: Millis) -> u8 {
        let modes = self.modes.iter().skip(1).map(|(from, _)| *from);
        let events = self.events_off.iter().map(|(from, _)| *from);
        let deliver_from = self.deliver_from.iter().skip(1).map(|(from, _)| *from);
        let users = self.tenant.sights.windows(2).filter(|pair| pair[0].user != pair[1].user).map(|pair| pair[1].from);
        let changes = modes.chain(events).chain(deliver_from).chain(users).chain([self.templates_change_at]);
        u8::try_from(changes.filter(|from| *from <= now).count()).unwrap()
    }

    fn last_post(&self) -> Millis {
        self.posts.iter().map(|post| post.at).max().unwrap_or_default()
    }

    /// Long after, the ledger has forgotten everything, and an operator (or a poll) brings the sessions again.
    fn forget_and_replay(&mut self, last: Millis, chance: &mut Chance) {
        self.memory_lost_at = last + 20 * DAY;
        // What identifies a time entry (whose, which day) must not change as well: then nothing could find it.
        for session in &mut self.sessions {
            session.second_primary_from = NEVER;
            session.start_changes_at = NEVER;
        }
        self.replay_all(last + 21 * DAY, chance);
        // Or an event of the appliance itself comes first: a survey that somebody answered late.
        for (index, session) in (0..).zip(&self.sessions) {
            if let Some(survey) = session.surveys.first()
                && chance.one_in(2)
            {
                let at = self.memory_lost_at + chance.between(SECOND, DAY);
                self.posts.push(Post::of(at, index, completed(survey.kind), Origin::Event, survey.from));
            }
        }
    }

    fn replay_all(&mut self, at: Millis, chance: &mut Chance) {
        for (index, session) in (0..).zip(&self.sessions) {
            let source = chance.pick(&[Origin::Replay, Origin::Replay, Origin::Poll]);
            let at = at + chance.between(0, MINUTE);
            self.posts.push(Post::of(at, index, EventKind::SupportConferenceEnd, source, session.ended_at));
        }
    }
}

fn modes(calm: bool, curable: bool, chance: &mut Chance) -> Vec<(Millis, ModeChoice)> {
    if calm || !chance.one_in(6) {
        return vec![(0, ModeChoice::Deliver)];
    }
    let later = chance.spread(SECOND, HOUR);
    let other = if curable { ModeChoice::Hold } else { chance.pick(&[ModeChoice::Hold, ModeChoice::Shadow, ModeChoice::Off]) };
    if chance.one_in(2) {
        vec![(0, other), (later, ModeChoice::Deliver)]
    } else {
        vec![(0, ModeChoice::Deliver), (later, other), (later + HOUR, ModeChoice::Deliver)]
    }
}
