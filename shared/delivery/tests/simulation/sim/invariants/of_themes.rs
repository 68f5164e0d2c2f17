//! What themes promise. Checked in every schedule unless the simulation is about other themes alone.

use std::collections::{BTreeMap, BTreeSet};

use delivery::{Content, Ending, Notice, NoticeSubject, Record, Write, WriteId, WriteKind, WriteState};
use delivery::{DeadLetterReason, WaitReason};
use session::Origin;
use session::event::EventKind;
use session::support_session::SurveyKind;

use super::of_surveys;
use crate::sim::autotask::Row;
use crate::sim::chance::{HOUR, MINUTE, Millis, SECOND};
use crate::sim::queue::{Message, RECEIVES_MAX, RETENTION};
use crate::sim::rules::api_user;
use crate::sim::schedule::{Hopeless, LONG_AGO, NEVER, Post, completed};
use crate::sim::themes::Theme;
use crate::sim::worker::RunId;
use crate::sim::world::{World, millis, stamp};

const END: EventKind = EventKind::SupportConferenceEnd;
/// So long may one session hold back another.
const MINUTES: Millis = 5 * MINUTE;
pub(super) const BOTH: [SurveyKind; 2] = [SurveyKind::Customer, SurveyKind::Representative];

/// What was noticed on the way.
#[derive(Debug, Default)]
pub(crate) struct Noticed {
    /// Sessions whose end is in the ledger.
    ends_seen: BTreeSet<usize>,
    /// Those whose end was seen first while the mode did not write: the old plugin has written their note and time entry.
    pub(super) old_plugin: BTreeSet<usize>,
    /// Those that an operator has replayed in mode deliver, and those of them whose replay was not looked at in another mode before: it
    /// is taken up in the mode in which it comes.
    pub(super) replayed: BTreeSet<usize>,
    surely_replayed: BTreeSet<usize>,
    /// Messages that were worked on while the mode did not write.
    looked_at: BTreeSet<usize>,
    /// Surveys that were heard of first while the mode did not write, by the second in which they were sent.
    pub(super) surveys_of_others: BTreeMap<(usize, EventKind, i64), bool>,
    /// What a person was told.
    told: BTreeSet<(usize, Option<WriteId>, NoticeSubject)>,
    /// For how long sessions have waited for a right that only another one lacks.
    held_back: BTreeMap<usize, Millis>,
}

// --- At every step ---------------------------------------------------------------------------------------------------

/// The queue counts, and forgets, without a word: neither may ever come to that.
pub(crate) fn handed_out(world: &mut World, message: usize) {
    if !world.watches(Theme::LongWaits) {
        return;
    }
    let of = &world.queue.messages[message];
    let (receipts, age) = (of.receipts, world.now - of.sent_at);
    if receipts > RECEIVES_MAX && !world.schedule.weather.is_rough() {
        world
            .break_promise(format!("message {message} was received {RECEIVES_MAX} times: the queue has moved it without a word"));
    // Whoever dies at every look for a whole day can tell nobody; that the queue's oldest message is so old alarms.
    } else if age > RETENTION && !world.schedule.weather.is_rough() {
        world.break_promise(format!("message {message} is older than 14 days: the queue has forgotten it without a word"));
    }
}

pub(crate) fn begun(world: &mut World, run: RunId) {
    let (session, message) = (world.runs[run].session, world.runs[run].message);
    if mode(world, run) != Some(session::settings::Mode::Deliver) {
        world.noticed.looked_at.insert(message);
        return;
    }
    if world.queue.messages[message].post.source == Origin::Replay {
        world.noticed.replayed.insert(session);
        if !world.noticed.looked_at.contains(&message) {
            world.noticed.surely_replayed.insert(session);
        }
    }
}

pub(crate) fn told(world: &mut World, run: RunId, notice: Notice) {
    let session = world.runs[run].session;
    world.noticed.told.insert((session, notice.write, notice.subject));
}

/// The second in which the event was sent: by it a survey's event is told from another's.
pub(super) fn second_of(message: &Message) -> i64 {
    stamp(message.post.timestamp.unwrap_or(message.received_at)).as_second()
}

fn mode(world: &World, run: RunId) -> Option<session::settings::Mode> {
    world.runs[run].rules.as_ref().map(|rules| rules.settings.mode)
}

/// Whoever writes when the ledger first hears of a session's end has its note and its time entry.
pub(crate) fn record_taken(world: &mut World, run: RunId) {
    use session::settings::Mode;
    let (session, message) = (world.runs[run].session, &world.queue.messages[world.runs[run].message]);
    let (kind, second) = (message.post.kind, second_of(message));
    let of_survey = (session, kind, second);
    let is_survey = BOTH.into_iter().any(|survey| completed(survey) == kind);
    let news = is_survey && !world.noticed.surveys_of_others.contains_key(&of_survey);
    if world.noticed.ends_seen.contains(&session) && !news {
        return;
    }
    // An event that was given up without a delivery has said nothing.
    let text = world.ledger.items.get(&session).and_then(|item| item.record.as_deref());
    let record: Record = text.map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
    let seen = &record.surveys_seen;
    if news && [&seen.customer, &seen.representative].into_iter().any(|seen| seen.contains_key(&second)) {
        let of_others = mode(world, run) != Some(Mode::Deliver);
        world.noticed.surveys_of_others.insert(of_survey, of_others);
    }
    if record.end.is_none() || !world.noticed.ends_seen.insert(session) {
        return;
    }
    let event_off = || world.runs[run].rules.as_ref().is_some_and(|rules| !rules.settings.enabled_events.contains(&END));
    if matches!(mode(world, run), Some(Mode::Shadow | Mode::Off)) || event_off() {
        world.noticed.old_plugin.insert(session);
        world.note(|_| format!("the old plugin writes note and time entry of session {session}"));
    }
}

/// What one API user has sent without an answer, another does not decide: it may not be shown those rows.
pub(crate) fn record_sent(world: &mut World, run: RunId, before: &Record, record: &Record) {
    let user = api_user(world.runs[run].user);
    let decided = before.writes.iter().find(|(id, was)| {
        let by_another = was.sent_as.as_ref().is_some_and(|sender| *sender != user);
        let again = |is: &Write| match (&was.state, &is.state) {
            (WriteState::Sending { at: before, .. }, WriteState::Sending { at, .. }) => at != before,
            (_, WriteState::Sending { .. }) => true,
            (_, WriteState::Wanted(_)) => !is.is_unresolved(),
            _ => false,
        };
        by_another && was.is_unresolved() && record.writes.get(id).is_some_and(again)
    });
    if let Some((id, _)) = decided
        && world.watches(Theme::ApiUser)
    {
        world.break_promise(format!("{id} was sent by one API user, and another decided that it is not there"));
    }
}

pub(crate) fn sent(world: &mut World, run: RunId, write: &WriteId, content: &Content) {
    let index = world.runs[run].session;
    let session = &world.schedule.sessions[index];
    let deliver_from = world.runs[run].rules.as_ref().and_then(|rules| rules.settings.deliver_from);
    let ignored = deliver_from.is_some_and(|from| millis(from) > session.ended_at + SECOND);
    if world.watches(Theme::DeliverFrom) && ignored {
        return world.break_promise(format!("{write} of session {index} was sent, although it ended before deliver_from"));
    }
    if world.watches(Theme::UnknownEnd)
        && let Content::TimeEntry { entry, .. } = content
        && !said_to_end(world, index, millis(entry.end))
    {
        let end = entry.end;
        world.break_promise(format!("{write} of session {index} ends at {end}: neither the report nor an event says so"));
    }
}

/// Whether the report or an event of the appliance says that the session ended then.
fn said_to_end(world: &World, session: usize, end: Millis) -> bool {
    let by_event = |message: &Message| {
        let Post { timestamp, session: of, kind, source, .. } = message.post;
        of == session && kind == END && source == Origin::Event && end == timestamp.unwrap_or(message.received_at)
    };
    end == world.schedule.sessions[session].ended_at || world.queue.messages.iter().any(by_event)
}

pub(crate) fn written(world: &mut World, session: usize, write: &WriteId) {
    let is_of_plugin = !matches!(write, WriteId::CustomerSurvey(_) | WriteId::RepresentativeSurvey(_));
    let replayed = world.noticed.replayed.contains(&session);
    let doubled = world.noticed.old_plugin.contains(&session) && is_of_plugin && !replayed;
    if world.watches(Theme::OldPlugin) && doubled && !world.memory_lost {
        return world.break_promise(format!("{write} of session {session} was written, and by the old plugin as well"));
    }
    let text = world.autotask.rows.last().map(|row| row.text.clone()).unwrap_or_default();
    let same = world.autotask.rows_of_kind(session, survey_kind(write)).filter(|row| row.text == text).count();
    if world.watches(Theme::Surveys) && same > 1 && !world.memory_lost {
        world.break_promise(format!("the survey that says {text} of session {session} was written {same} times"));
    }
}

pub(super) fn survey_kind(write: &WriteId) -> Option<SurveyKind> {
    match write {
        WriteId::CustomerSurvey(_) => Some(SurveyKind::Customer),
        WriteId::RepresentativeSurvey(_) => Some(SurveyKind::Representative),
        _ => None,
    }
}

pub(crate) fn run_ended(world: &mut World, run: RunId, ending: &Ending) {
    match ending {
        Ending::Wait { until, why: WaitReason::Blocked | WaitReason::WriteBlocked } => held_back(world, run, millis(*until)),
        Ending::DeadLetter(DeadLetterReason::ReportMissing) => given_up_for_a_survey(world, run),
        _ => {}
    }
}

/// A session waits for a right that nobody lacks but another session.
fn held_back(world: &mut World, run: RunId, until: Millis) {
    let session = world.runs[run].session;
    let own = world.schedule.sessions[session].hopeless.is_some();
    if !world.watches(Theme::OneSession) || own || world.schedule.lacks_a_right() {
        return;
    }
    let wait = until - world.now;
    let held_back = world.noticed.held_back.entry(session).or_default();
    *held_back += wait;
    let minutes = *held_back / MINUTE;
    if *held_back > MINUTES {
        world.break_promise(format!(
            "session {session} waits {minutes} minutes because Autotask refuses a write of another session"
        ));
    }
}

fn given_up_for_a_survey(world: &mut World, run: RunId) {
    let Some(delivery) = &world.runs[run].delivery else { return };
    let writes = &delivery.record().writes;
    let note_is_final = writes.get(&WriteId::SessionNote).is_some_and(|note| note.state.is_final());
    let all_final = writes.values().all(|write| write.state.is_final());
    if world.watches(Theme::Surveys) && note_is_final && all_final {
        let message = world.runs[run].message;
        world.break_promise(format!("message {message} was given up for a survey, although its session is delivered"));
    }
}

// --- At the end ------------------------------------------------------------------------------------------------------

pub(crate) fn at_the_end(world: &mut World, session: usize, record: &Record) {
    let broken = left_open(world, session, record)
        .or_else(|| beside_its_ticket(world, session))
        .or_else(|| late(world, session))
        .or_else(|| of_surveys::at_the_end(world, session, record));
    if let Some(promise) = broken {
        world.break_promise(promise);
    }
}

/// What was begun and not finished stands on a list, and a person was told.
fn left_open(world: &World, session: usize, record: &Record) -> Option<String> {
    if !world.watches(Theme::LastMode) || world.memory_lost {
        return None;
    }
    let listed = record.attention().is_some();
    let of_session = |write: &WriteId| {
        let mut told = world.noticed.told.iter().filter(|(of, ..)| *of == session);
        // The first of them is named for all.
        told.any(|(_, about, subject)| {
            about.as_ref() == Some(write) || matches!(subject, NoticeSubject::DeadLettered | NoticeSubject::LeftOpen)
        })
    };
    record.writes.iter().filter(|(_, write)| !write.state.is_final()).find_map(|(id, write)| {
        let sending = matches!(write.state, WriteState::Sending { .. });
        let tried = sending || write.is_unresolved() || world.sent.contains(&(session, id.clone()));
        if tried && !listed {
            Some(format!("{id} of session {session} was tried and left open, and no list shows it"))
        } else if tried && !of_session(id) {
            Some(format!("{id} of session {session} was tried and left open, and nobody was told"))
        } else if !listed && record.ignored.is_none() {
            Some(format!("{id} of session {session} was never tried and left open, and no list shows it"))
        } else {
            None
        }
    })
}

/// A session that got a ticket, and whose key nobody set, is on that ticket.
fn beside_its_ticket(world: &World, session: usize) -> Option<String> {
    if !world.watches(Theme::Tickets) || world.memory_lost {
        return None;
    }
    let ticket = world.autotask.rows_of(session, &WriteId::Ticket).next()?.written_to;
    let named = |key: &str| key.starts_with('T');
    let nobody_named_one = world.schedule.sessions[session].keys.iter().all(|(_, key)| !key.is_some_and(named));
    let beside = |row: &&Row| row.session == session && row.written_to.0 != 0 && row.written_to != ticket;
    let row = world.autotask.rows.iter().find(beside).filter(|_| nobody_named_one)?;
    Some(format!("{} of session {session} is on ticket {}, and its own ticket is {ticket}", row.write, row.written_to))
}

/// Where only one session's write is refused, the others are there within minutes.
fn late(world: &World, session: usize) -> Option<String> {
    let only_that = world.schedule.quiet && world.schedule.themes.has_only(Theme::OneSession);
    if !world.watches(Theme::OneSession) || !only_that {
        return None;
    }
    let of = &world.schedule.sessions[session];
    let announced = world.queue.messages.iter().filter(|message| message.post.session == session);
    let announced = announced.map(|message| message.received_at).min()?;
    let latest = world.autotask.rows.iter().filter(|row| row.session == session);
    let latest = latest.filter(|row| of.hopeless.is_none_or(|hopeless| hopeless.kind != row.kind));
    let latest = latest.max_by_key(|row| row.landed_at)?;
    let minutes = (latest.landed_at - announced) / MINUTE;
    (latest.landed_at - announced > MINUTES)
        .then(|| format!("{} of session {session} came {minutes} minutes late, because of another session", latest.write))
}

/// What must have been written of a session in the end, where everything that goes wrong passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    pub(super) note: bool,
    pub(super) time: bool,
    hopeless: Option<Hopeless>,
    pub(super) after_deliver_from: bool,
}

impl Owed {
    pub(super) fn of(world: &World, index: usize) -> Self {
        let session = &world.schedule.sessions[index];
        let old_plugin = world.noticed.old_plugin.contains(&index) && !world.noticed.surely_replayed.contains(&index);
        let after_deliver_from = after_deliver_from(world, index);
        let note = !old_plugin && after_deliver_from;
        let ends = world.queue.messages.iter().filter(|message| message.post.session == index && message.post.kind == END);
        let forgotten_at = if world.memory_lost { world.schedule.memory_lost_at } else { LONG_AGO };
        let end_is_said = ends.into_iter().any(|message| {
            // What was said before the ledger forgot is forgotten.
            let remembered = message.post.source == Origin::Event && message.sent_at > forgotten_at;
            let in_report = message.sent_at > session.end_in_report_from.saturating_add(SECOND);
            remembered || in_report
        });
        Self { note, time: note && end_is_said, hopeless: session.hopeless, after_deliver_from }
    }

    /// Whether nothing stands in the way of that write for ever.
    pub(super) fn may_be_made(&self, id: &WriteId) -> bool {
        self.hopeless.is_none_or(|hopeless| {
            let hangs_on_it = id.kind() == WriteKind::Attachment && hopeless.kind == WriteKind::Note;
            hopeless.until < NEVER || (hopeless.kind != id.kind() && !hangs_on_it)
        })
    }
}

/// Whether the session counts as one that ended after `deliver_from`, when it was worked on last.
fn after_deliver_from(world: &World, index: usize) -> bool {
    // Where nobody says when it ended, the last that is known of it decides: it began at most three hours before.
    let said = !world.schedule.themes.has(Theme::UnknownEnd);
    let ended_at = world.schedule.sessions[index].ended_at - if said { 0 } else { 3 * HOUR };
    let clearly = |from: Option<Millis>| from.is_none_or(|from| from <= ended_at - SECOND);
    let changes = &world.schedule.deliver_from;
    if changes.iter().all(|(_, from)| clearly(*from)) {
        return true;
    }
    let (changed_at, last) = changes[changes.len() - 1];
    let ends = world.queue.messages.iter().filter(|message| message.post.session == index && message.post.kind == END);
    clearly(last) && ends.into_iter().any(|message| message.sent_at > changed_at)
}
