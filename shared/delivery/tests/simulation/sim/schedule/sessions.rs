//! Sessions, and what is put into the queue for them.

use session::Origin;
use session::event::EventKind;
use session::support_session::SurveyKind;

use super::{NEVER, OTHER_TICKET, Post, Session, Survey, TICKET};
use crate::sim::chance::{Chance, HOUR, MINUTE, Millis, SECOND};

/// How long a session lasts.
pub(crate) const LENGTH: Millis = 25 * MINUTE;

impl Session {
    pub(super) fn of(index: usize, calm: bool, curable: bool, chance: &mut Chance) -> Self {
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
        Self {
            lsid: format!("session{index}"),
            ended_at,
            report_from: if never { NEVER } else { report_from },
            end_in_report_from: if !curable && chance.one_in(12) { NEVER } else { end_in_report_from },
            keys,
            surveys: if calm { Vec::new() } else { surveys(ended_at, chance) },
            surveys_shuffled: false,
            second_primary_from: if has_second && chance.one_in(3) { ended_at + chance.spread(SECOND, HOUR) } else { NEVER },
            has_second,
            start_changes_at: if !calm && chance.one_in(6) { ended_at + chance.spread(SECOND, HOUR) } else { NEVER },
            talkative: !calm && chance.one_in(5),
            remarks: Vec::new(),
            hopeless: None,
        }
    }

    /// What is put into the queue for it.
    pub(super) fn posts(&self, index: usize, calm: bool, curable: bool, chance: &mut Chance) -> Vec<Post> {
        let post = |at: Millis, kind, source, of: Millis| Post::of(at, index, kind, source, of);
        let end = EventKind::SupportConferenceEnd;
        let sent = self.ended_at + chance.between(10, 2 * SECOND);
        let mut posts = vec![post(sent, end, Origin::Event, self.ended_at)];
        if calm {
            return posts;
        }
        // Its answer was lost, so the appliance sends it again; or a poll finds the session too.
        if chance.one_in(3) {
            posts.push(post(sent + chance.spread(SECOND, HOUR), end, Origin::Event, self.ended_at));
        }
        if chance.one_in(5) {
            posts.push(post(sent + chance.spread(SECOND, HOUR), end, Origin::Poll, self.ended_at));
        }
        if chance.one_in(5) {
            posts.push(post(sent + chance.spread(SECOND, 6 * HOUR), end, Origin::Replay, self.ended_at));
        }
        for survey in &self.surveys {
            let (kind, of) = (completed(survey.kind), survey.said_at);
            let at = (of + chance.between(-2 * SECOND, 5 * SECOND)).max(0);
            posts.push(post(at, kind, Origin::Event, of));
            if chance.one_in(4) {
                posts.push(post(at + chance.spread(SECOND, HOUR), kind, Origin::Event, of));
            }
        }
        if !curable && chance.one_in(6) {
            let kind = EventKind::SupportConferenceCustomerExitSurveyCompleted;
            // A survey that the report will never show.
            posts.push(post(sent + 50 * SECOND, kind, Origin::Event, sent + 49 * SECOND));
        }
        if chance.one_in(4) {
            posts.push(post(self.ended_at, EventKind::SupportConferenceMemberDeparted, Origin::Event, self.ended_at));
        }
        posts
    }

    /// Whether somebody sends a survey of that kind without an answer.
    pub(crate) fn has_empty_survey(&self, kind: SurveyKind) -> bool {
        self.surveys.iter().any(|survey| survey.kind == kind && survey.empty)
    }

    /// It takes place so much later.
    pub(super) fn shift(&mut self, by: Millis) {
        let later = |moment: &mut Millis| *moment = moment.saturating_add(by);
        later(&mut self.ended_at);
        later(&mut self.report_from);
        later(&mut self.end_in_report_from);
        later(&mut self.second_primary_from);
        later(&mut self.start_changes_at);
        self.keys.iter_mut().skip(1).for_each(|(from, _)| later(from));
        self.surveys.iter_mut().flat_map(|survey| [&mut survey.from, &mut survey.said_at]).for_each(later);
    }
}

impl Post {
    /// A post whose event says that it happened then.
    pub(super) fn of(at: Millis, session: usize, kind: EventKind, source: Origin, happened: Millis) -> Self {
        Self { at, session, kind, source, timestamp: Some(whole(happened)) }
    }
}

fn surveys(ended_at: Millis, chance: &mut Chance) -> Vec<Survey> {
    let count = chance.pick(&[0, 0, 1, 1, 2, 3]);
    let mut surveys: Vec<Survey> = Vec::new();
    for number in 0..count {
        let kind = chance.pick(&[SurveyKind::Customer, SurveyKind::Representative]);
        // Two surveys may come from one connection.
        let gsnumber = 311 + if chance.one_in(4) { 0 } else { number };
        let from = ended_at + chance.between(-MINUTE, 20 * MINUTE);
        // Each at a second of its own, or the appliance's resend could not be told from another survey.
        let taken = |at| surveys.iter().any(|survey| survey.said_at == at);
        let said_at = (0..).map(|seconds| whole(from) + seconds * SECOND).find(|at| !taken(*at)).unwrap_or(from);
        surveys.push(Survey { from, until: NEVER, said_at, kind, gsnumber, empty: false });
    }
    surveys
}

pub(crate) const fn completed(kind: SurveyKind) -> EventKind {
    match kind {
        SurveyKind::Customer => EventKind::SupportConferenceCustomerExitSurveyCompleted,
        SurveyKind::Representative => EventKind::SupportConferenceRepExitSurveyCompleted,
    }
}

pub(crate) const fn whole(moment: Millis) -> Millis {
    moment.div_euclid(SECOND) * SECOND
}
