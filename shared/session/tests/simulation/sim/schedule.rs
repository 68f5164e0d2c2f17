//! What a seed stands for: the sessions, their events, what people change meanwhile, and the weather.
//!
//! Faults are switched on one by one (a schedule has about half of them): with all of them at once, nothing would
//! happen but the first.

use session::event::EventKind;
use session::queue_message::Source;
use session::support_session::SurveyKind;

use super::chance::{Chance, DAY, HOUR, MINUTE, Millis, SECOND};
use super::rules::ModeChoice;

/// A moment that never comes.
pub(crate) const NEVER: Millis = Millis::MAX;

/// How often calls go wrong, in a thousand, and by how much clocks and tables lag.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// A worker dies at an action.
    pub(crate) dies: u32,
    /// A sandbox freezes before an action.
    pub(crate) freezes: u32,
    /// A sandbox freezes for most of its invocation when it is about to send.
    pub(crate) freezes_before_sending: u32,
    /// A call never leaves.
    pub(crate) not_taken: u32,
    /// A call is throttled.
    pub(crate) throttled: u32,
    /// The answer is lost and nothing was done (a 5xx before the effect, a connection lost on the way).
    pub(crate) lost_before: u32,
    /// The answer is lost and it was done.
    pub(crate) lost_after: u32,
    /// The vendor takes up to 300 s for a write.
    pub(crate) slow: u32,
    /// A read takes minutes.
    pub(crate) slow_reads: u32,
    /// A read fails.
    pub(crate) read_fails: u32,
    /// A call to the ledger is not taken.
    pub(crate) ledger_fails: u32,
    /// A call to the ledger is taken, its answer lost.
    pub(crate) ledger_lost: u32,
    /// A call to the ledger is taken long after it was given up.
    pub(crate) ledger_late: u32,
    /// A message becomes visible while it is being worked on.
    pub(crate) visible_early: u32,
    /// A call to the queue fails.
    pub(crate) queue_fails: u32,
    /// Clocks of workers differ by so much either way.
    pub(crate) skew_max: Millis,
    /// Rows appear so long after they were written.
    pub(crate) row_lag_max: Millis,
}

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
    /// Surveys, and from when the report has them.
    pub(crate) surveys: Vec<(Millis, SurveyKind, i64)>,
    /// The second representative, from that moment on, is the primary one.
    pub(crate) second_primary_from: Millis,
    pub(crate) has_second: bool,
    /// The start is corrected then, to the day before.
    pub(crate) start_changes_at: Millis,
    pub(crate) talkative: bool,
}

/// Something that is put into the queue.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) at: Millis,
    pub(crate) session: usize,
    pub(crate) kind: EventKind,
    pub(crate) source: Source,
    /// The appliance's own time of the event, in whole seconds.
    pub(crate) timestamp: Millis,
}

/// A time during which a neighbour does not do its work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outage {
    pub(crate) from: Millis,
    pub(crate) to: Millis,
    pub(crate) how: OutageKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutageKind {
    Down,
    Stalls,
    Throttles,
    RefusesCredentials,
}

/// What Autotask makes of one kind of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reception {
    Fine,
    /// Refused, always.
    Refused,
    /// A right is missing until then.
    BlockedUntil(Millis),
    /// Refused with a text that nobody knows, until then.
    UnfamiliarUntil(Millis),
    /// The first role does not do.
    FirstRoleRefused,
}

/// The tenant.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) notes: Reception,
    pub(crate) time_entries: Reception,
    pub(crate) attachments: Reception,
    pub(crate) note_characters_max: usize,
    /// The API user does not see notes, time entries, attachments.
    pub(crate) blind: [bool; 3],
    /// A ticket is merged into another then.
    pub(crate) merge_at: Millis,
    /// What has been proven of look-ups before.
    pub(crate) proven: bool,
    /// The representative's resource is found from then on.
    pub(crate) author_from: Millis,
}

/// Everything that a seed stands for.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) sessions: Vec<Session>,
    pub(crate) posts: Vec<Post>,
    pub(crate) weather: Weather,
    pub(crate) appliance_outages: Vec<Outage>,
    pub(crate) autotask_outages: Vec<Outage>,
    pub(crate) tenant: Tenant,
    /// Modes from that moment on.
    pub(crate) modes: Vec<(Millis, ModeChoice)>,
    pub(crate) templates_change_at: Millis,
    pub(crate) each: bool,
    pub(crate) impatient: bool,
    /// The ledger forgets all sessions then.
    pub(crate) memory_lost_at: Millis,
    pub(crate) workers: usize,
    /// Nothing goes wrong at all.
    pub(crate) calm: bool,
    /// Whatever goes wrong passes: in the end every write must have been made.
    pub(crate) curable: bool,
}

pub(crate) const TICKET: &str = "T20250318.0042";
pub(crate) const OTHER_TICKET: &str = "T20250318.0043";

impl Schedule {
    /// The schedule of that seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed ^ 0x5ced_01e5);
        let chance = &mut chance;
        let calm = chance.one_in(16);
        // What must come together to do harm is rare when each is left to chance: sandboxes that freeze before a slow call.
        let frozen_and_slow = !calm && chance.one_in(8);
        let curable = calm || !(frozen_and_slow || chance.one_in(3));
        let count = chance.pick(&[1, 1, 1, 2, 3]);
        let sessions: Vec<Session> = (0..count).map(|index| session(index, calm, curable, chance)).collect();
        let posts = posts(&sessions, calm, curable, chance);
        let last = posts.iter().map(|post| post.at).max().unwrap_or_default();
        let impatient = !curable && chance.one_in(2);
        let mut schedule = Self {
            posts,
            weather: if calm { Weather::default() } else { weather(curable, chance) },
            appliance_outages: outages(calm, curable, chance),
            autotask_outages: outages(calm, curable, chance),
            tenant: tenant(calm, curable, chance),
            modes: modes(calm, curable, chance),
            templates_change_at: if chance.one_in(3) { chance.spread(SECOND, HOUR) } else { NEVER },
            each: chance.one_in(4),
            impatient,
            memory_lost_at: NEVER,
            workers: chance.pick(&[1, 2, 2, 3]),
            calm,
            curable,
            sessions,
        };
        if frozen_and_slow {
            let skew_max = schedule.weather.skew_max;
            schedule.weather = Weather { freezes_before_sending: 300, slow: 700, skew_max, ..Weather::default() };
            schedule.tenant.blind = [false; 3];
        }
        if !calm && chance.one_in(4) {
            schedule.forget_and_replay(last, chance);
        } else if !calm && chance.one_in(3) {
            schedule.replay_all(last + 2 * DAY, chance);
        }
        schedule
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
        for (index, session) in self.sessions.iter().enumerate() {
            if let Some((visible, kind, _)) = session.surveys.first()
                && chance.one_in(2)
            {
                let at = self.memory_lost_at + chance.between(SECOND, DAY);
                let (kind, source) = (completed(*kind), Source::Event);
                self.posts.push(Post { at, session: index, kind, source, timestamp: whole(*visible) });
            }
        }
    }

    fn replay_all(&mut self, at: Millis, chance: &mut Chance) {
        for (index, session) in self.sessions.iter().enumerate() {
            let source = chance.pick(&[Source::Replay, Source::Replay, Source::Poll]);
            let kind = EventKind::SupportConferenceEnd;
            let at = at + chance.between(0, MINUTE);
            self.posts.push(Post { at, session: index, kind, source, timestamp: whole(session.ended_at) });
        }
    }
}

fn whole(moment: Millis) -> Millis {
    moment.div_euclid(SECOND) * SECOND
}

fn session(index: usize, calm: bool, curable: bool, chance: &mut Chance) -> Session {
    let ended_at = chance.between(0, 2 * MINUTE);
    let sometimes = |chance: &mut Chance, n: u32, moment: Millis| if !calm && chance.one_in(n) { moment } else { 0 };
    let report_from = ended_at + chance.spread(SECOND, HOUR);
    let report_from = sometimes(chance, 3, report_from);
    let end_in_report_from = ended_at + chance.spread(SECOND, 40 * MINUTE);
    let end_in_report_from = sometimes(chance, 4, end_in_report_from);
    let never = !curable && chance.one_in(12);
    let mut keys = vec![(0, Some(TICKET))];
    if !calm && !curable && chance.one_in(5) {
        keys = vec![(0, chance.pick(&[None, Some("no ticket"), Some("T20250318.9999"), Some("42")]))];
    }
    if !calm && chance.one_in(3) {
        keys.push((ended_at + chance.spread(SECOND, 2 * HOUR), Some(OTHER_TICKET)));
    }
    let has_second = !calm && chance.one_in(3);
    Session {
        lsid: format!("session{index}"),
        ended_at,
        report_from: if never { NEVER } else { report_from },
        end_in_report_from: if !curable && chance.one_in(12) { NEVER } else { end_in_report_from },
        keys,
        surveys: if calm { Vec::new() } else { surveys(ended_at, chance) },
        second_primary_from: if has_second && chance.one_in(3) { ended_at + chance.spread(SECOND, HOUR) } else { NEVER },
        has_second,
        start_changes_at: if !calm && chance.one_in(6) { ended_at + chance.spread(SECOND, HOUR) } else { NEVER },
        talkative: !calm && chance.one_in(5),
    }
}

fn surveys(ended_at: Millis, chance: &mut Chance) -> Vec<(Millis, SurveyKind, i64)> {
    let count = chance.pick(&[0, 0, 1, 1, 2, 3]);
    (0..count)
        .map(|number| {
            let kind = chance.pick(&[SurveyKind::Customer, SurveyKind::Representative]);
            // Two surveys may come from one connection.
            let gsnumber = 311 + if chance.one_in(4) { 0 } else { number };
            (ended_at + chance.between(-MINUTE, 20 * MINUTE), kind, gsnumber)
        })
        .collect()
}

const fn completed(kind: SurveyKind) -> EventKind {
    match kind {
        SurveyKind::Customer => EventKind::SupportConferenceCustomerExitSurveyCompleted,
        SurveyKind::Representative => EventKind::SupportConferenceRepExitSurveyCompleted,
    }
}

fn posts(sessions: &[Session], calm: bool, curable: bool, chance: &mut Chance) -> Vec<Post> {
    let mut posts = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        let post = |at: Millis, kind, source, of: Millis| Post { at, session: index, kind, source, timestamp: whole(of) };
        let end = EventKind::SupportConferenceEnd;
        let sent = session.ended_at + chance.between(10, 2 * SECOND);
        posts.push(post(sent, end, Source::Event, session.ended_at));
        if calm {
            continue;
        }
        // Its answer was lost, so the appliance sends it again; or a poll finds the session too.
        if chance.one_in(3) {
            posts.push(post(sent + chance.spread(SECOND, HOUR), end, Source::Event, session.ended_at));
        }
        if chance.one_in(5) {
            posts.push(post(sent + chance.spread(SECOND, HOUR), end, Source::Poll, session.ended_at));
        }
        if chance.one_in(5) {
            posts.push(post(sent + chance.spread(SECOND, 6 * HOUR), end, Source::Replay, session.ended_at));
        }
        for (number, (visible, kind, _)) in (0..).zip(&session.surveys) {
            let kind = completed(*kind);
            // Each at a second of its own, or the appliance's resend could not be told from another survey.
            let of = whole(*visible) + number * SECOND;
            let at = (of + chance.between(-2 * SECOND, 5 * SECOND)).max(0);
            posts.push(post(at, kind, Source::Event, of));
            if chance.one_in(4) {
                posts.push(post(at + chance.spread(SECOND, HOUR), kind, Source::Event, of));
            }
        }
        if !curable && chance.one_in(6) {
            let kind = EventKind::SupportConferenceCustomerExitSurveyCompleted;
            // A survey that the report will never show.
            posts.push(post(sent + 50 * SECOND, kind, Source::Event, sent + 49 * SECOND));
        }
        if chance.one_in(4) {
            posts.push(post(session.ended_at, EventKind::SupportConferenceMemberDeparted, Source::Event, session.ended_at));
        }
    }
    posts
}

fn weather(curable: bool, chance: &mut Chance) -> Weather {
    let rates: &[u32] = if curable { &[0, 0, 0, 10, 30] } else { &[0, 0, 0, 10, 50, 200] };
    let mut rate = || chance.pick(rates);
    let mut weather = Weather {
        dies: rate(),
        freezes: rate(),
        not_taken: rate(),
        throttled: rate(),
        lost_before: rate(),
        lost_after: rate(),
        slow: rate(),
        slow_reads: rate(),
        read_fails: rate(),
        ledger_fails: rate(),
        ledger_lost: rate(),
        ledger_late: rate(),
        visible_early: rate(),
        queue_fails: rate(),
        ..Weather::default()
    };
    weather.visible_early *= 3;
    weather.slow *= 4;
    weather.lost_after *= 4;
    weather.skew_max = chance.pick(&[0, SECOND, 10 * SECOND]);
    weather.row_lag_max = chance.pick(&[0, 0, 0, 0, SECOND, 5 * SECOND]);
    weather
}

fn outages(calm: bool, curable: bool, chance: &mut Chance) -> Vec<Outage> {
    let count = if calm { 0 } else { chance.pick(&[0, 0, 0, 1, 2]) };
    (0..count)
        .map(|_| {
            let kinds =
                [OutageKind::Down, OutageKind::Down, OutageKind::Stalls, OutageKind::Throttles, OutageKind::RefusesCredentials];
            let how = chance.pick(&kinds);
            let from = chance.between(0, HOUR);
            let length = if curable { chance.spread(SECOND, 10 * MINUTE) } else { chance.spread(SECOND, 12 * HOUR) };
            Outage { from, to: from + length, how }
        })
        .collect()
}

fn tenant(calm: bool, curable: bool, chance: &mut Chance) -> Tenant {
    let mut reception = |roles: bool| {
        if calm || !chance.one_in(4) {
            return Reception::Fine;
        }
        let until = if curable { chance.spread(SECOND, 30 * MINUTE) } else { chance.spread(MINUTE, 3 * DAY) };
        let mut choices = vec![Reception::BlockedUntil(until), Reception::UnfamiliarUntil(until)];
        if !curable {
            choices.push(Reception::Refused);
        }
        if roles {
            choices.push(Reception::FirstRoleRefused);
        }
        chance.pick(&choices)
    };
    let notes = reception(false);
    let time_entries = reception(true);
    let attachments = if reception(false) == Reception::Fine { Reception::Fine } else { Reception::Refused };
    let mut blind = || !calm && !curable && chance.one_in(4);
    let blind = [blind(), blind(), blind()];
    let author_from = if !calm && !curable && chance.one_in(8) { chance.spread(MINUTE, DAY) } else { 0 };
    Tenant {
        notes,
        time_entries,
        attachments,
        note_characters_max: if !calm && chance.one_in(2) { 1_900 } else { 32_000 },
        blind,
        merge_at: if !calm && chance.one_in(4) { chance.spread(10 * SECOND, HOUR) } else { NEVER },
        proven: calm || chance.one_in(2),
        author_from,
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
