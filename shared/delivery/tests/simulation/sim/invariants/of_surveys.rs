//! What is promised of surveys when nothing is left to happen.

use std::collections::BTreeSet;

use delivery::{Record, WriteId, WriteState};

use super::of_themes::{BOTH, Owed, second_of, survey_kind};
use crate::sim::appliance::survey_text;
use crate::sim::chance::{HOUR, MINUTE, Millis};
use crate::sim::queue::Gone;
use crate::sim::rules::ModeChoice;
use crate::sim::schedule::{NEVER, Survey, completed};
use crate::sim::themes::Theme;
use crate::sim::world::World;

/// So long may a survey that does not come hold back anything.
const SURVEY_WAIT: Millis = HOUR + 16 * MINUTE;

pub(super) fn at_the_end(world: &World, session: usize, record: &Record) -> Option<String> {
    held_by_a_survey(world, session).or_else(|| survey_lost(world, session, record)).or_else(|| survey_of_others(world, session))
}

/// A survey that does not come holds back no later event for long.
fn held_by_a_survey(world: &World, session: usize) -> Option<String> {
    let only_that = world.schedule.quiet && world.schedule.themes.has_only(Theme::Surveys);
    if !world.watches(Theme::Surveys) || !only_that {
        return None;
    }
    let mut free_from = 0;
    for (index, message) in world.queue.messages.iter().enumerate().filter(|(_, message)| message.post.session == session) {
        let held = message.gone_at - message.sent_at.max(free_from);
        if held > SURVEY_WAIT {
            let minutes = held / MINUTE;
            return Some(format!("message {index} held the later events of session {session} for {minutes} minutes"));
        }
        if message.gone == Some(Gone::DeadLettered) {
            return Some(format!("message {index} was given up, although its session is delivered"));
        }
        free_from = message.gone_at;
    }
    None
}

/// Where everything that goes wrong passes, each survey is written that is ours; where some are others', as many as are ours: nobody can
/// tell which.
fn survey_lost(world: &World, index: usize, record: &Record) -> Option<String> {
    if !world.schedule.curable || !(world.watches(Theme::Surveys) || world.watches(Theme::OldPlugin)) {
        return None;
    }
    let owed = Owed::of(world, index);
    let in_doubt =
        record.writes.iter().any(|(id, write)| survey_kind(id).is_some() && matches!(write.state, WriteState::InDoubt { .. }));
    // Nor can it tell those of one connection apart when the ledger has forgotten which was which.
    // A session that others write gets no ticket of us, so a survey of it that is ours may have none: it is listed.
    let no_ticket = world.schedule.themes.has(Theme::Tickets) && record.unmatched.is_some();
    if in_doubt || no_ticket || world.memory_lost || !owed.may_be_made(&WriteId::SessionNote) {
        return None;
    }
    BOTH.into_iter().find_map(|kind| {
        // One that others were to write and that never came cannot be told from ours: a person is told that one is missing.
        let mut of_others =
            world.noticed.surveys_of_others.range((index, completed(kind), i64::MIN)..=(index, completed(kind), i64::MAX));
        if record.surveys_missing.any() && of_others.any(|(_, of_others)| *of_others) {
            return None;
        }
        let surveys = || (0..).zip(&world.schedule.sessions[index].surveys).filter(move |(_, survey)| survey.kind == kind);
        let is_ours = |survey: &Survey| owed.survey(world, index, survey);
        // What the report has too late is given up, and comes with the next event or a replay.
        let lasting = |survey: &Survey| !survey.empty && survey.until == NEVER && survey.from <= survey.said_at + MINUTE;
        if surveys().all(|(_, survey)| is_ours(survey)) {
            let there = |number| world.autotask.rows_of_kind(index, Some(kind)).any(|row| row.text == survey_text(number));
            let lost = surveys().find(|(number, survey)| lasting(survey) && !there(*number));
            return lost.map(|(number, _)| format!("the survey that says {} of session {index} is lost", survey_text(number)));
        }
        let ours = surveys().filter(|(_, survey)| is_ours(survey)).count();
        let there = world.autotask.rows_of_kind(index, Some(kind)).count();
        let lost = there < ours && surveys().all(|(_, survey)| lasting(survey));
        lost.then(|| format!("of {ours} {kind:?} surveys of session {index} {there} are there"))
    })
}

/// Of a session that the old plugin writes we write no more surveys than were announced since.
fn survey_of_others(world: &World, index: usize) -> Option<String> {
    let replayed = world.noticed.replayed.contains(&index);
    if !world.watches(Theme::OldPlugin) || !world.noticed.old_plugin.contains(&index) || replayed || world.memory_lost {
        return None;
    }
    let messages = || world.queue.messages.iter().filter(|message| message.post.session == index);
    BOTH.into_iter().find_map(|kind| {
        let announced = messages().filter(|message| message.post.kind == completed(kind)).map(second_of);
        let of_others = |second: &i64| world.noticed.surveys_of_others.get(&(index, completed(kind), *second)) == Some(&true);
        let seconds: BTreeSet<i64> = announced.filter(|second| !of_others(second)).collect();
        let rows = world.autotask.rows_of_kind(index, Some(kind)).count();
        let (more, announced) = (rows > seconds.len(), seconds.len());
        more.then(|| {
            format!("{rows} {kind:?} surveys of session {index} were written, and {announced} announced since the old plugin")
        })
    })
}

impl Owed {
    /// Whether a survey must have been written: its event came when the mode wrote, and for the first time.
    fn survey(&self, world: &World, index: usize, survey: &Survey) -> bool {
        let writes_since =
            world.schedule.modes.iter().rev().take_while(|(_, mode)| matches!(mode, ModeChoice::Deliver | ModeChoice::Hold));
        let writes_since = writes_since.map(|(from, _)| *from).last().unwrap_or(NEVER);
        let announced = world.queue.messages.iter().filter(|message| {
            let post = &message.post;
            post.session == index && post.kind == completed(survey.kind) && post.timestamp == Some(survey.said_at)
        });
        let first = announced.map(|message| message.sent_at).min();
        self.after_deliver_from && first.is_some_and(|first| first >= writes_since)
    }
}
