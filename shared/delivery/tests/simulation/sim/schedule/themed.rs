//! What themes change in an ordinary schedule.

use delivery::WriteKind;
use session::Origin;
use session::event::EventKind;
use session::support_session::SurveyKind;

use super::sessions::{LENGTH, completed, whole};
use super::{
    Hopeless, LONG_AGO, NEVER, OTHER_TICKET, Outage, OutageKind, Post, Reception, Schedule, Session, Sight, Survey, View, WISH,
};
use crate::sim::chance::{Chance, DAY, HOUR, MINUTE, Millis, SECOND};
use crate::sim::rules::{EventsOff, ModeChoice, Patience};
use crate::sim::themes::{Theme, Themes};

/// The connection of a survey that came when the old plugin was gone.
const LATE: i64 = 350;

const END: EventKind = EventKind::SupportConferenceEnd;

impl Schedule {
    /// Lays the themes over the schedule.
    pub(super) fn put_on(&mut self, themes: Themes, dice: &mut Chance) {
        self.calm = self.calm && themes.0.is_empty();
        for theme in &themes.0 {
            match theme {
                Theme::OneSession => self.one_session(dice),
                Theme::OldPlugin => self.old_plugin(dice),
                Theme::DeliverFrom => self.deliver_from(dice),
                Theme::LastMode => self.last_mode(dice),
                Theme::LongWaits => self.long_waits(dice),
                Theme::ApiUser => self.api_user(dice),
                Theme::UnknownEnd => self.unknown_end(dice),
                Theme::Tickets => self.tickets(dice),
                Theme::Surveys => self.many_surveys(dice),
            }
        }
        self.themes = themes;
    }

    fn posts_of(&mut self, session: usize) -> impl Iterator<Item = &mut Post> {
        self.posts.iter_mut().filter(move |post| post.session == session)
    }

    fn shift(&mut self, session: usize, by: Millis) {
        self.sessions[session].shift(by);
        for post in self.posts_of(session) {
            post.at += by;
            post.timestamp = post.timestamp.map(|at| at + by);
        }
    }

    /// Sessions that Autotask will not take, among others that it takes.
    fn one_session(&mut self, dice: &mut Chance) {
        for index in self.sessions.len()..dice.pick(&[3, 3, 4, 6]) {
            let session = Session::of(index, self.quiet, self.curable, dice);
            self.posts.extend(session.posts(index, self.quiet, self.curable, dice));
            self.sessions.push(session);
        }
        for session in 0..self.sessions.len() {
            if dice.one_in(2) {
                self.shift(session, dice.spread(MINUTE, 2 * HOUR));
            }
        }
        for _ in 0..dice.pick(&[1, 1, 2]) {
            let index = usize::try_from(dice.between(0, 2)).unwrap();
            let kind = dice.pick(&[WriteKind::TimeEntry, WriteKind::TimeEntry, WriteKind::Note]);
            let until = if dice.one_in(2) { NEVER } else { self.sessions[index].ended_at + dice.spread(MINUTE, 3 * HOUR) };
            self.sessions[index].hopeless = Some(Hopeless { kind, until });
        }
    }

    /// The old plugin writes until the mode becomes `deliver`, and events of its sessions come afterwards.
    fn old_plugin(&mut self, dice: &mut Chance) {
        let not_writing = dice.pick(&[ModeChoice::Shadow, ModeChoice::Shadow, ModeChoice::Off]);
        let switch = dice.spread(MINUTE, 6 * HOUR);
        self.modes = vec![(0, not_writing), (switch, ModeChoice::Deliver)];
        if !self.curable && dice.one_in(3) {
            let back = switch + dice.spread(MINUTE, DAY);
            self.modes = vec![(0, ModeChoice::Deliver), (switch, not_writing), (back, ModeChoice::Deliver)];
        }
        for index in 0..self.sessions.len() {
            match dice.between(0, 3) {
                // It ends when the new mode is in force.
                0 => self.shift(index, switch),
                // Its event waits over the switch.
                1 => self.sessions[index].report_from = switch + dice.spread(SECOND, HOUR),
                _ => {}
            }
            let ended_at = self.sessions[index].ended_at;
            if dice.one_in(2) {
                let from = switch.max(ended_at) + dice.spread(SECOND, DAY);
                self.late_survey(index, from, LATE, dice);
            }
            if dice.one_in(2) {
                let source = dice.pick(&[Origin::Event, Origin::Poll, Origin::Poll, Origin::Replay]);
                let at = switch.max(ended_at) + dice.spread(SECOND, DAY);
                self.posts.push(Post::of(at, index, END, source, ended_at));
            }
        }
    }

    /// Sessions without a ticket, which representatives join while they run. Some technicians name a ticket, early or late.
    fn tickets(&mut self, dice: &mut Chance) {
        self.creates_tickets = true;
        for index in 0..self.sessions.len() {
            self.shift(index, LENGTH);
            let ended_at = self.sessions[index].ended_at;
            let named_at = ended_at - LENGTH + dice.spread(SECOND, LENGTH);
            let none = dice.pick(&[None, Some(WISH), Some("no ticket")]);
            self.sessions[index].keys = match dice.between(0, 3) {
                0 => vec![(LONG_AGO, none), (named_at, Some(OTHER_TICKET))],
                1 if !self.curable => vec![(LONG_AGO, none), (named_at, Some("T20250318.9999"))],
                _ => vec![(LONG_AGO, none)],
            };
            if dice.one_in(2) {
                // Only then do joins see the report of a session that runs.
                self.sessions[index].report_from = LONG_AGO;
            }
            for _ in 0..dice.pick(&[0, 1, 1, 2, 3]) {
                let joined = ended_at - LENGTH + dice.spread(SECOND, LENGTH + MINUTE);
                let at = joined + dice.spread(10, MINUTE);
                self.posts.push(Post::of(at, index, EventKind::SupportConferenceMemberAdded, Origin::Event, joined));
            }
        }
    }

    fn late_survey(&mut self, session: usize, from: Millis, gsnumber: i64, dice: &mut Chance) {
        let kind = dice.pick(&[SurveyKind::Customer, SurveyKind::Representative]);
        let from = self.own_second(session, completed(kind), from);
        // Sometimes it takes the appliance hours to report what was filled in.
        let said_at = whole(from);
        let from = if gsnumber != LATE && dice.one_in(6) { from + dice.spread(MINUTE, 3 * HOUR) } else { from };
        self.sessions[session].surveys.push(Survey { from, until: NEVER, said_at, kind, gsnumber, empty: false });
        let at = said_at + dice.between(0, 5 * SECOND);
        self.posts.push(Post::of(at, session, completed(kind), Origin::Event, said_at));
    }

    /// That moment, or one soon after that lies in a second in which no other event of the kind originated: it would be
    /// taken for the same one sent again.
    fn own_second(&self, session: usize, kind: EventKind, mut at: Millis) -> Millis {
        let taken = |at| {
            let mut posts = self.posts.iter().filter(|post| post.session == session && post.kind == kind);
            posts.any(|post| post.timestamp == Some(whole(at)))
        };
        while taken(at) {
            at += SECOND;
        }
        at
    }

    /// `deliver_from` is not set, is among the sessions' ends, or moves.
    fn deliver_from(&mut self, dice: &mut Chance) {
        let change = dice.spread(SECOND, HOUR);
        self.deliver_from = match dice.between(0, 4) {
            0 => {
                // What waits for the first document is written as well.
                self.document_missing.push((0, dice.spread(MINUTE, HOUR)));
                vec![(0, None)]
            }
            1 => vec![(0, Some(LONG_AGO))],
            2 => vec![(0, Some(whole(dice.between(0, 2 * MINUTE))))],
            3 => {
                self.curable = false;
                vec![(0, dice.pick(&[None, Some(LONG_AGO)])), (change, Some(whole(change.max(2 * MINUTE))))]
            }
            _ => {
                // It was wrong, and somebody corrects it and brings the sessions again.
                self.replay_all(change + MINUTE, dice);
                vec![(0, Some(whole(HOUR))), (change, dice.pick(&[None, Some(LONG_AGO)]))]
            }
        };
    }

    /// In the end nothing is written any more, while calls go wrong.
    fn last_mode(&mut self, dice: &mut Chance) {
        self.curable = false;
        if self.quiet {
            self.quiet = false;
            self.weather.lost_after = 300;
            self.weather.lost_before = 200;
            self.weather.not_taken = 200;
        }
        let at = dice.spread(100, 2 * HOUR);
        self.modes.retain(|(from, _)| *from < at);
        if self.modes.last().is_none_or(|(_, mode)| *mode == ModeChoice::Hold) {
            self.modes.push((at - 1, ModeChoice::Deliver));
        }
        match dice.between(0, 4) {
            0 | 1 => self.modes.push((at, ModeChoice::Off)),
            2 => self.events_off.push((at, dice.pick(&[EventsOff::End, EventsOff::Surveys]))),
            3 => self.modes.push((at, ModeChoice::Shadow)),
            _ => self.deliver_from = vec![(0, None), (at, Some(whole(at.max(2 * MINUTE))))],
        }
    }

    /// For days nobody works on an event.
    fn long_waits(&mut self, dice: &mut Chance) {
        self.curable = false;
        self.patience = Patience::ThreeDays;
        let from = dice.spread(SECOND, 10 * MINUTE);
        let days = from + dice.spread(HOUR, 13 * DAY);
        match dice.between(0, 4) {
            0 => self.ledger_outages.push((from, days)),
            1 => self.document_missing.push((dice.pick(&[0, from]), days)),
            2 => {
                self.modes = vec![(0, ModeChoice::Deliver), (from, ModeChoice::Hold)];
                self.modes.push((from + dice.between(DAY, 20 * DAY), ModeChoice::Deliver));
            }
            3 => self.budget_used.push((from, from + dice.spread(HOUR, 8 * DAY), dice.pick(&[65, 80]))),
            // One after the other.
            _ => {
                self.ledger_outages.push((from, from + dice.spread(HOUR, 5 * DAY)));
                self.document_missing.push((from + 5 * DAY, from + 5 * DAY + dice.spread(HOUR, 4 * DAY)));
            }
        }
        if dice.one_in(24) {
            // Credentials that are refused: every five minutes the message looks for others, for as long as it is tried.
            let held = dice.between(5 * DAY, 9 * DAY);
            self.modes = vec![(0, ModeChoice::Hold), (held, ModeChoice::Deliver)];
            self.appliance_outages = vec![Outage { from: held, to: held + 5 * DAY, how: OutageKind::RefusesCredentials }];
        }
        if dice.one_in(3) {
            // What comes after may last as long as the event is tried.
            let index = usize::try_from(dice.between(0, 2)).unwrap() % self.sessions.len();
            self.sessions[index].report_from = dice.pick(&[days + DAY, NEVER]);
        }
    }

    /// Another API user, or other rights of the same one.
    fn api_user(&mut self, dice: &mut Chance) {
        if self.quiet {
            self.quiet = false;
            self.weather.lost_after = 200;
            self.weather.lost_before = 200;
            self.weather.slow = 100;
        }
        let mut views = || [(); 3].map(|()| dice.pick(&[View::All, View::Own, View::Own, View::Nothing]));
        let (second, third) = (views(), views());
        let (same_user, both) = (dice.one_in(4), dice.one_in(3));
        let change = dice.spread(SECOND, 3 * HOUR);
        self.tenant.sees_everything();
        self.tenant.proven = dice.one_in(2);
        self.tenant.sights.push(Sight { from: change, user: u8::from(!same_user), views: second });
        if both {
            // And back, or on to a third one.
            let user = dice.pick(&[0, 2]);
            let views = if user == 0 { [View::All; 3] } else { third };
            self.tenant.sights.push(Sight { from: change + dice.spread(SECOND, 3 * HOUR), user, views });
        }
    }

    /// The end event is lost, or says no time, and so do those who bring the session all the same.
    fn unknown_end(&mut self, dice: &mut Chance) {
        for index in 0..self.sessions.len() {
            if dice.one_in(2) {
                // It is still running when it is brought.
                self.shift(index, dice.spread(10 * MINUTE, 4 * HOUR));
                self.sessions[index].report_from = 0;
            }
            let session = &mut self.sessions[index];
            let after = session.ended_at + dice.spread(SECOND, DAY);
            session.end_in_report_from = dice.pick(&[session.ended_at, after, NEVER]);
            let ended_at = session.ended_at;
            session.remarks = (1..4).map(|part| ended_at - LENGTH + part * 7 * MINUTE).collect();
            if dice.one_in(2) {
                self.posts.retain(|post| post.session != index || post.kind != END || post.source != Origin::Event);
            }
            for post in self.posts_of(index) {
                if post.kind == END && (post.source != Origin::Event || dice.one_in(4)) {
                    post.timestamp = None;
                }
            }
            for number in 0..dice.pick(&[1, 1, 2]) {
                let source = dice.pick(&[Origin::Replay, Origin::Replay, Origin::Poll]);
                let at = dice.between(ended_at - LENGTH, ended_at).max(0) + dice.pick(&[0, 0, HOUR, DAY]) + number * SECOND;
                self.posts.push(Post { timestamp: None, ..Post::of(at, index, END, source, 0) });
            }
        }
    }

    /// The report changes its mind about surveys.
    fn many_surveys(&mut self, dice: &mut Chance) {
        for index in 0..self.sessions.len() {
            let ended_at = self.sessions[index].ended_at;
            self.sessions[index].surveys.clear();
            self.posts.retain(|post| post.session != index || post.kind == END);
            for _ in 0..dice.pick(&[1, 2, 2, 3]) {
                let from = ended_at + dice.spread(SECOND, 2 * HOUR);
                // Often two from one connection.
                self.late_survey(index, from, dice.pick(&[360, 360, 361]), dice);
            }
            let session = &mut self.sessions[index];
            session.surveys_shuffled = dice.one_in(2);
            if dice.one_in(3) {
                let last = session.surveys.len() - 1;
                session.surveys[last].empty = true;
            }
            if dice.one_in(4) {
                // Filled in again: the report keeps the newer one.
                let at = session.surveys[0].from + dice.spread(MINUTE, 2 * HOUR);
                let kind = completed(session.surveys[0].kind);
                let at = self.own_second(index, kind, at);
                let session = &mut self.sessions[index];
                session.surveys[0].until = at;
                let again = Survey { from: at, until: NEVER, said_at: whole(at), ..session.surveys[0].clone() };
                session.surveys.push(again);
                self.posts.push(Post::of(at + SECOND, index, kind, Origin::Event, at));
            }
            if dice.one_in(3) {
                let at = ended_at + dice.spread(MINUTE, 2 * HOUR);
                let kind = completed(dice.pick(&[SurveyKind::Customer, SurveyKind::Representative]));
                let at = self.own_second(index, kind, at);
                // A survey that the report will never show.
                self.posts.push(Post::of(at, index, kind, Origin::Event, at));
            }
        }
    }

    /// A right that is missing for everybody holds everybody back.
    pub(crate) fn lacks_a_right(&self) -> bool {
        let tenant = &self.tenant;
        [tenant.notes, tenant.time_entries, tenant.attachments]
            .iter()
            .any(|reception| matches!(reception, Reception::BlockedUntil(_)))
    }
}
