//! How late the time entries of good sessions are while Autotask refuses those of a few others: a long run with no other trouble.

use delivery::{WriteId, WriteKind};

use super::Setup;
use super::chance::{Chance, DAY, HOUR, Millis};
use super::rules::Patience;
use super::schedule::{Hopeless, NEVER, Schedule};
use super::themes::Focus;
use super::world::World;

/// Working days that the run covers, and the hours of each.
const DAYS: i64 = 10;
const HOURS: i64 = 9;

/// How late they were.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lateness {
    pub(crate) good_a_day: usize,
    pub(crate) hopeless_a_day: usize,
    pub(crate) median: Millis,
    pub(crate) nine_tenths: Millis,
    pub(crate) most: Millis,
    /// Good entries that were never written.
    pub(crate) given_up: usize,
}

/// Lets so many sessions a day end whose time entry Autotask takes, and so many whose entry it never takes.
pub(crate) fn lateness(good_a_day: usize, hopeless_a_day: usize) -> Lateness {
    let mut dice = Chance::of(1);
    let mut schedule = Schedule::without_trouble();
    for day in 0..DAYS {
        for number in 0..good_a_day + hopeless_a_day {
            let index = schedule.add_session(day * DAY + dice.between(0, HOURS * HOUR), &mut dice);
            if number >= good_a_day {
                schedule.sessions[index].hopeless = Some(Hopeless { kind: WriteKind::TimeEntry, until: NEVER });
            }
        }
    }
    schedule.patience = Patience::ThreeDays;
    schedule.workers = 2;
    schedule.posts.sort_by_key(|post| post.at);
    let mut world = World::new(schedule, 1, Setup { focus: Focus::Ordinary, ..Setup::default() }, false);
    world.run_unjudged();
    of_good_ones(&world, good_a_day, hopeless_a_day)
}

fn of_good_ones(world: &World, good_a_day: usize, hopeless_a_day: usize) -> Lateness {
    let good = world.schedule.sessions.iter().enumerate().filter(|(_, session)| session.hopeless.is_none());
    let (mut late, mut given_up) = (Vec::new(), 0);
    for (index, session) in good {
        let entry = world.autotask.rows.iter().find(|row| row.session == index && matches!(row.write, WriteId::Time(_)));
        match entry {
            Some(row) => late.push(row.landed_at - session.ended_at),
            None => given_up += 1,
        }
    }
    late.sort_unstable();
    let at = |percent: usize| late.get(late.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default();
    Lateness { good_a_day, hopeless_a_day, median: at(50), nine_tenths: at(90), most: at(100), given_up }
}
