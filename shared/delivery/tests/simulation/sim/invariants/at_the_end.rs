//! What must hold when nothing is left to happen.

use delivery::{Record, Write, WriteId, WriteKind, WriteState};

use super::of_themes::{self, Owed, survey_kind};
use crate::sim::queue::{Gone, Message};
use crate::sim::schedule::NEVER;
use crate::sim::themes::Theme;
use crate::sim::worker::states;
use crate::sim::world::World;

/// Every accepted event is in a terminal state, and the ledger tells the truth about every write.
pub(crate) fn at_the_end(world: &mut World) {
    for index in 0..world.queue.messages.len() {
        if world.queue.messages[index].gone.is_none() {
            return world.break_promise(format!("message {index} has come to no end"));
        }
        let runs = world.runs_of.get(&index).copied().unwrap_or_default();
        world.figures.most_runs_of_a_message = world.figures.most_runs_of_a_message.max(runs);
        let hours = u64::from(world.schedule.patience.hours());
        // Early rungs, what waits four times an hour, and as much again for workers that died. Where the queue and the
        // ledger fail at every turn, the number of runs is theirs and not the delivery's.
        let bound = 100 + 20 * hours;
        if runs > bound && !world.schedule.weather.is_rough() && !world.schedule.themes.has(Theme::LongWaits) {
            return world.break_promise(format!("message {index} was worked on {runs} times, more than {bound}"));
        }
    }
    for session in 0..world.schedule.sessions.len() {
        if world.broken.is_none() {
            session_at_the_end(world, session);
        }
    }
}

fn session_at_the_end(world: &mut World, session: usize) {
    let record: Record = match world.ledger.items.get(&session).and_then(|item| item.record.as_deref()) {
        Some(text) => serde_json::from_str(text).unwrap(),
        None if world.memory_lost => return,
        None => return nothing_recorded(world, session),
    };
    world.note(|_| format!("session {session} ends as {}", states(&record)));
    for (id, write) in &record.writes {
        if let Some(promise) = lie(world, session, &record, (id, write)) {
            return world.break_promise(promise);
        }
    }
    let unknown = world.autotask.rows.iter().find(|row| row.session == session && !record.writes.contains_key(&row.write));
    if let Some(row) = unknown
        && !world.memory_lost
    {
        return world
            .break_promise(format!("{} of session {session} was written, and the ledger knows nothing of it", row.write));
    }
    if world.broken.is_none() {
        complete(world, session, &record);
    }
    if world.broken.is_none() {
        of_themes::at_the_end(world, session, &record);
    }
    if world.schedule.curable {
        cured(world, session, &record);
    }
    if world.schedule.calm {
        calm(world, session);
    }
}

/// What a note left out is attached, or continued in further notes, or a person knows.
fn complete(world: &mut World, session: usize, record: &Record) {
    let is_done = record.writes.get(&WriteId::SessionNote).is_some_and(|note| matches!(note.state, WriteState::Done { .. }));
    let shortened = world.autotask.rows_of(session, &WriteId::SessionNote).any(|row| row.shortened);
    let continued = record.writes.contains_key(&WriteId::Attachment(1));
    if world.schedule.sessions[session].talkative && is_done && shortened && !continued && !world.memory_lost {
        world.break_promise(format!("the note of session {session} was shortened, and nothing has the rest"));
    }
}

fn nothing_recorded(world: &mut World, session: usize) {
    let ignored = |message: &Message| match &message.gone {
        Some(Gone::Finished(how)) => how == "ignored",
        _ => true,
    };
    if !world.queue.messages.iter().filter(|message| message.post.session == session).all(ignored) {
        world.break_promise(format!("events of session {session} are gone, and the ledger knows nothing of it"));
    }
}

/// What the ledger says of a write and what is not so.
fn lie(world: &World, session: usize, record: &Record, (id, write): (&WriteId, &Write)) -> Option<String> {
    let rows: Vec<_> = world.autotask.rows_of(session, id).map(|row| row.id).collect();
    let messages = || world.queue.messages.iter().filter(|message| message.post.session == session);
    let given_up = || messages().any(|message| message.gone == Some(Gone::DeadLettered));
    // Of a forgotten session the surveys may be numbered in another order.
    let renumbered = || world.memory_lost && survey_kind(id).is_some();
    match &write.state {
        WriteState::Done { id: row, .. } if !rows.contains(row) => Some(format!("{id} is done as {row}, but not there")),
        WriteState::Refused { .. } if !rows.is_empty() => Some(format!("{id} counts as refused, but is there")),
        WriteState::Skipped { .. } if !rows.is_empty() && !renumbered() => Some(format!("{id} counts as skipped, but is there")),
        WriteState::Wanted(_) if !rows.is_empty() && !write.is_unresolved() && !world.memory_lost => {
            Some(format!("{id} counts as not written, but is there"))
        }
        WriteState::Wanted(_) | WriteState::Sending { .. } if !given_up() && record.left_open.is_none() => {
            Some(format!("{id} was left open, although no event of its session was given up"))
        }
        _ => None,
    }
}

/// Where everything that goes wrong passes, every write is made in the end, or a person knows that it is in doubt.
fn cured(world: &mut World, session: usize, record: &Record) {
    let messages = world.queue.messages.iter().enumerate();
    let given_up = messages.filter(|(_, message)| message.post.session == session && message.gone == Some(Gone::DeadLettered));
    if let Some((index, _)) = given_up.into_iter().next()
        && world.schedule.sessions[session].hopeless.is_none_or(|hopeless| hopeless.until < NEVER)
    {
        return world.break_promise(format!("message {index} was given up, although everything passes"));
    }
    let owed = Owed::of(world, session);
    let unmade = record.writes.iter().find(|(id, write)| {
        let made = matches!(write.state, WriteState::Done { .. } | WriteState::InDoubt { .. });
        let skipped = matches!(write.state, WriteState::Skipped { .. });
        let skippable = matches!(id, WriteId::Attachment(_))
            || (!owed.time && id.kind() == WriteKind::TimeEntry)
            || survey_kind(id).is_some_and(|kind| world.schedule.sessions[session].has_empty_survey(kind));
        let settled = made || (skipped && skippable);
        !settled && owed.may_be_made(id)
    });
    if let Some((id, write)) = unmade {
        let promise = format!("{id} of session {session} is {:?}, although everything passes", write.state);
        return world.break_promise(promise);
    }
    if record.writes.get(&WriteId::Ticket).is_some_and(|ticket| matches!(ticket.state, WriteState::InDoubt { .. })) {
        return;
    }
    let has = |is: fn(&WriteId) -> bool| record.writes.keys().any(is);
    let no_note = owed.note && !has(|id| *id == WriteId::SessionNote);
    let no_time = owed.time && !has(|id| matches!(id, WriteId::Time(_) | WriteId::TimeOf(_)));
    let no_customer_note = owed.note && world.schedule.also_customer && !has(|id| *id == WriteId::CustomerNote);
    if no_note || no_time || no_customer_note {
        world.break_promise(format!("session {session} lacks a note or a time entry, although everything passes"));
    }
}

/// Where nothing goes wrong, a session takes four calls and four writes to the ledger, and one more of each for the customer's note.
fn calm(world: &mut World, session: usize) {
    let calls: u64 = world.runs.iter().filter(|run| run.session == session).map(|run| run.neighbour_calls).sum();
    let writes = world.ledger.writes.get(&session).copied().unwrap_or_default();
    // A resource is found by further calls, which the client remembers.
    let authors = 1;
    let more = u64::from(world.schedule.also_customer);
    let looks = if world.schedule.tells_overlaps { 2 } else { 0 };
    if calls > 4 + authors + more + looks || writes > 4 + more {
        world.break_promise(format!("session {session} took {calls} calls and {writes} writes, although nothing went wrong"));
    }
}
