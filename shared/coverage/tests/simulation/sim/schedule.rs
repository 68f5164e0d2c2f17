//! What a seed stands for: the sessions and what happens to them, who runs when, whose clock is wrong.

use coverage::PollSettings;
use fastrand::Rng;
use jiff::Timestamp;
use session::Lsid;

use super::{HOUR, MINUTE};

/// When a schedule begins, in true time: long after 1970, so that clocks can go back.
pub(crate) const BEGIN: i64 = 1_795_000_000;
/// How long faults happen.
pub(crate) const TROUBLE: i64 = 8 * HOUR;

/// A session and its fate. All moments are of true time, in seconds.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) lsid: Lsid,
    pub(crate) started: i64,
    pub(crate) ended: i64,
    /// When lists show it first.
    pub(crate) visible: i64,
    /// When the worker has dealt with the event of its end, if there is one.
    pub(crate) event: Option<i64>,
    /// When the worker has dealt with a survey's event that came although that of the end did not.
    pub(crate) survey_event: Option<i64>,
    /// When a customer has filled in a survey of which no event tells.
    pub(crate) survey: Option<i64>,
    /// The connection was off when the end's event came.
    pub(crate) ignored: bool,
    /// So late that only a statement finds it.
    pub(crate) for_statement: bool,
}

/// A run that begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beginning {
    pub(crate) at: i64,
    pub(crate) what: What,
    /// What is added to our clock.
    pub(crate) clock: i64,
}

/// What begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Poll,
    /// One run of the job.
    Backfill,
    Cancel,
    DryRun,
    Statement,
}

/// A schedule.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) sessions: Vec<Session>,
    pub(crate) settings: PollSettings,
    pub(crate) beginnings: Vec<Beginning>,
    /// What is added to the source's clock.
    pub(crate) source_clock: i64,
    /// The source counts a window's end in.
    pub(crate) inclusive: bool,
    /// The source's lists say when sessions ended.
    pub(crate) dated: bool,
    /// From when to when no message is worked on.
    pub(crate) stall: (i64, i64),
    /// The range of backfills, by the source's clock.
    pub(crate) job_range: (i64, i64),
    /// When a backfill that is no dry run is asked for.
    pub(crate) job_planned: Option<i64>,
    /// How many steps in a thousand go wrong, while things go wrong.
    pub(crate) faults_per_mille: u32,
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

impl Schedule {
    pub(crate) fn of(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let settings = settings(rng);
        let last_look = i64::from(settings.look_again_hours.last().copied().unwrap_or(0)) * HOUR;
        let sessions: Vec<Session> = (0..rng.usize(3..12)).map(|number| session(rng, number, &settings, last_look)).collect();
        let quiet = BEGIN + TROUBLE;
        let end = quiet + last_look + 3 * HOUR;
        let stalled = BEGIN + rng.i64(0..TROUBLE);
        let source_clock = rng.i64(-5 * MINUTE..=5 * MINUTE);
        // So that a session lies at the edge of a window.
        let job_from = sessions[0].ended + source_clock - rng.i64(1..4) * HOUR;
        Self {
            beginnings: beginnings(rng, quiet, end),
            source_clock,
            inclusive: rng.bool(),
            dated: !one_in(rng, 4),
            stall: if one_in(rng, 3) { (stalled, stalled + rng.i64(HOUR..5 * HOUR)) } else { (0, 0) },
            job_range: (job_from, job_from + rng.i64(HOUR..8 * HOUR)),
            job_planned: one_in(rng, 2).then(|| BEGIN + rng.i64(0..TROUBLE)),
            faults_per_mille: [0, 10, 50, 150][rng.usize(0..4)],
            sessions,
            settings,
        }
    }
}

fn one_in(rng: &mut Rng, n: u32) -> bool {
    rng.u32(0..n) == 0
}

fn settings(rng: &mut Rng) -> PollSettings {
    let looks: [&[u32]; 5] = [&[1, 6], &[1, 3], &[4], &[2, 5], &[3, 5]];
    PollSettings {
        deliver_from: one_in(rng, 2).then(|| at(BEGIN + rng.i64(-6 * HOUR..3 * HOUR))),
        overlap_hours: rng.u32(1..=3),
        look_again_hours: looks[rng.usize(0..looks.len())].to_vec(),
    }
}

fn session(rng: &mut Rng, number: usize, settings: &PollSettings, last_look: i64) -> Session {
    let overlap = i64::from(settings.overlap_hours) * HOUR;
    let ended = BEGIN + rng.i64(-4 * HOUR..TROUBLE);
    let length = if one_in(rng, 4) { rng.i64(2 * HOUR..20 * HOUR) } else { rng.i64(1..HOUR) };
    let for_statement = one_in(rng, 30);
    let late = match rng.u32(0..10) {
        _ if for_statement => last_look.max(overlap) + rng.i64(HOUR..2 * HOUR),
        0 | 1 => rng.i64(0..=overlap),
        2 if last_look > overlap => rng.i64(overlap..last_look - MINUTE),
        _ => rng.i64(0..2 * MINUTE),
    };
    let event = (!for_statement && one_in(rng, 3)).then(|| ended + rng.i64(0..HOUR));
    let has_survey = one_in(rng, 2);
    Session {
        lsid: format!("s{number:03}").parse().unwrap(),
        started: ended - length,
        ended,
        visible: ended + late,
        survey_event: (event.is_none() && has_survey && one_in(rng, 3)).then(|| ended + rng.i64(0..HOUR)),
        // A look happens at its time or later: what is filled in before is seen by the last of them.
        survey: has_survey.then(|| ended + rng.i64(0..last_look - MINUTE)),
        ignored: event.is_some() && one_in(rng, 3),
        event,
        for_statement,
    }
}

fn beginnings(rng: &mut Rng, quiet: i64, end: i64) -> Vec<Beginning> {
    let mut all = Vec::new();
    let interval = rng.i64(10 * MINUTE..70 * MINUTE);
    let outage = if one_in(rng, 3) { BEGIN + rng.i64(0..TROUBLE) } else { end };
    let mut now = BEGIN;
    while now < end {
        let clock = if now < quiet && one_in(rng, 12) { wrong_clock(rng) } else { 0 };
        if !(outage..outage + 3 * HOUR).contains(&now) || now >= quiet {
            all.push(Beginning { at: now, what: What::Poll, clock });
            if now < quiet && one_in(rng, 6) {
                all.push(Beginning { at: now + rng.i64(0..10), what: What::Poll, clock: 0 });
            }
        }
        now += if now < quiet { interval + rng.i64(0..MINUTE) } else { 55 * MINUTE };
    }
    for _ in 0..rng.u32(2..6) {
        all.push(Beginning { at: BEGIN + rng.i64(0..TROUBLE), what: What::Backfill, clock: 0 });
    }
    if one_in(rng, 3) {
        all.push(Beginning { at: BEGIN + rng.i64(0..TROUBLE), what: What::Cancel, clock: 0 });
    }
    if one_in(rng, 2) {
        all.push(Beginning { at: BEGIN + rng.i64(0..TROUBLE), what: What::DryRun, clock: 0 });
    }
    if one_in(rng, 4) {
        all.push(Beginning { at: BEGIN + rng.i64(0..TROUBLE), what: What::Statement, clock: 0 });
    }
    // Whatever was left undone while things went wrong is done at the end.
    all.push(Beginning { at: end - 2 * HOUR, what: What::Backfill, clock: 0 });
    all.push(Beginning { at: end - HOUR, what: What::Statement, clock: 0 });
    all.push(Beginning { at: end, what: What::Statement, clock: 0 });
    all
}

fn wrong_clock(rng: &mut Rng) -> i64 {
    let by = match rng.u32(0..3) {
        0 => rng.i64(MINUTE..HOUR),
        1 => rng.i64(HOUR..10 * HOUR),
        _ => rng.i64(24 * HOUR..24 * 30 * HOUR),
    };
    if rng.bool() { by } else { -by }
}
