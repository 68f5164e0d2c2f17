//! How calls and neighbours go wrong.

use delivery::WriteKind;

use super::NEVER;
use crate::sim::chance::{Chance, DAY, HOUR, MINUTE, Millis, SECOND};

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
    /// What the API user sees from that moment on.
    pub(crate) sights: Vec<Sight>,
    /// A ticket is merged into another then.
    pub(crate) merge_at: Millis,
    /// What has been proven of look-ups before.
    pub(crate) proven: bool,
    /// The representative's resource is found from then on.
    pub(crate) author_from: Millis,
}

/// Who asks Autotask from a moment on, and what they see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) from: Millis,
    /// Which API user.
    pub(crate) user: u8,
    /// What they see of notes, time entries, attachments.
    pub(crate) views: [View; 3],
}

impl Sight {
    /// What they see of a kind; of tickets what they see of notes.
    pub(crate) const fn view(&self, kind: WriteKind) -> View {
        let [notes, time_entries, attachments] = self.views;
        match kind {
            WriteKind::Ticket | WriteKind::Note => notes,
            WriteKind::TimeEntry => time_entries,
            WriteKind::Attachment => attachments,
        }
    }
}

/// Which rows of a kind an API user sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    All,
    Nothing,
    /// Those that the same API user has written.
    Own,
}

/// A write that Autotask will not take, for a reason that concerns its session alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hopeless {
    pub(crate) kind: WriteKind,
    pub(crate) until: Millis,
}

impl Weather {
    /// Whether the queue, the ledger and the workers fail at every turn: then the number of runs is theirs and not the delivery's.
    pub(crate) const fn is_rough(&self) -> bool {
        self.visible_early + self.dies + self.queue_fails + self.freezes + self.ledger_fails > 100
    }

    pub(super) fn of(calm: bool, curable: bool, chance: &mut Chance) -> Self {
        if calm {
            return Self::default();
        }
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
}

pub(super) fn outages(calm: bool, curable: bool, chance: &mut Chance) -> Vec<Outage> {
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

impl Tenant {
    pub(super) fn of(calm: bool, curable: bool, chance: &mut Chance) -> Self {
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
        let mut view = || if !calm && !curable && chance.one_in(4) { View::Nothing } else { View::All };
        let views = [view(), view(), view()];
        let author_from = if !calm && !curable && chance.one_in(8) { chance.spread(MINUTE, DAY) } else { 0 };
        Tenant {
            notes,
            time_entries,
            attachments,
            note_characters_max: if !calm && chance.one_in(2) { 1_900 } else { 32_000 },
            sights: vec![Sight { from: 0, user: 0, views }],
            merge_at: if !calm && chance.one_in(4) { chance.spread(10 * SECOND, HOUR) } else { NEVER },
            proven: calm || chance.one_in(2),
            author_from,
        }
    }

    pub(super) fn sees_everything(&mut self) {
        self.sights = vec![Sight { from: 0, user: 0, views: [View::All; 3] }];
    }

    /// Which API user the connection document names then.
    pub(crate) fn user(&self, now: Millis) -> u8 {
        self.sights.iter().rev().find(|sight| sight.from <= now).unwrap().user
    }

    /// What that API user sees then of a kind, named by the document or not.
    pub(crate) fn view(&self, kind: WriteKind, user: u8, now: Millis) -> View {
        let own = |sight: &&Sight| sight.user == user;
        let newest = self.sights.iter().rev().filter(own).find(|sight| sight.from <= now);
        newest.or_else(|| self.sights.iter().find(own)).unwrap().view(kind)
    }
}
