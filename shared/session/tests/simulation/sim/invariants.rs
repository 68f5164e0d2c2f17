//! What must hold whatever happens: the promises of the design, checked at every step and at the end of each schedule.

use session::delivery::{Content, Ending, Outcome, PauseScope, Record, Step, Write, WriteId, WriteKind, WriteState, Writer};

use super::chance::Millis;
use super::queue::Gone;
use super::rules::{RETRY_HOURS, RETRY_HOURS_IMPATIENT};
use super::sabotage::Sabotage;
use super::worker::{RunId, states};
use super::world::{World, stamp};

/// The calls that one run may make whatever its session: the report, the ticket, the resource of each representative,
/// the proofs.
const CALLS_OF_A_RUN: u64 = 7;
/// The time that a call may need, as the delivery promises it.
const CALL_NEEDS: Millis = 5_000;
/// The calls that one run may make for one write: a look-up in two places, every size or role, another look-up.
const CALLS_OF_A_WRITE: u64 = 9;

// --- At every step ---------------------------------------------------------------------------------------------------

/// A stale fence changes nothing.
pub(crate) fn record_taken(world: &mut World, run: RunId, before: Option<(RunId, u64)>) {
    let overlooked = world.sabotage == Some(Sabotage::FenceByItsHarm);
    if before.is_none_or(|(owner, _)| owner != run) && !overlooked {
        world.break_promise(format!("the ledger stored a record of run {run}, although another had claimed the session since"));
    }
}

/// A fence is lost to another claim only, never to an answer that got lost.
pub(crate) fn fence_lost(world: &mut World, run: RunId) {
    let session = world.runs[run].session;
    let since = world.claims.iter().skip_while(|claim| **claim != (session, run));
    let own_alone = since.filter(|(of, _)| *of == session).all(|(_, by)| *by == run);
    if !world.memory_lost && own_alone {
        world.break_promise(format!("run {run} was told that its fence is lost, although nobody else has claimed the session"));
    }
}

/// Nothing overtakes: whatever came before in its session is gone when a message is handed out.
pub(crate) fn handed_out(world: &mut World, message: usize) {
    let session = world.queue.messages[message].post.session;
    let open = world.queue.messages[..message].iter().position(|other| other.post.session == session && other.gone.is_none());
    if let Some(open) = open {
        world.break_promise(format!("message {message} has overtaken message {open}"));
    }
}

/// A neighbour is left alone while its pause lasts, as far as the run could know.
pub(crate) fn called(world: &mut World, run: RunId, neighbour: PauseScope) {
    let now = stamp(world.now + world.runs[run].skew);
    if world.runs[run].pauses.iter().any(|pause| pause.scope == neighbour && pause.until > now) {
        world.break_promise(format!("run {run} called a neighbour in spite of its pause: {neighbour:?}"));
    }
}

/// A call is begun only with the time left that it may need.
pub(crate) fn begun(world: &mut World, run: RunId, step: &Step) {
    let calls =
        matches!(step, Step::FetchReport | Step::FindTicket(_) | Step::FindAuthor { .. } | Step::LookUp(_) | Step::Send { .. });
    let left = world.runs[run].deadline - world.now - world.runs[run].skew;
    if calls && left < CALL_NEEDS {
        world.break_promise(format!("run {run} began a call with {left} ms left"));
    }
}

/// Nothing goes into doubt while look-ups are known to work.
pub(crate) fn record_sent(world: &mut World, run: RunId, record: &Record) {
    let before = world.runs[run].stored.clone().unwrap_or_default();
    let most = before.writes.len().max(record.writes.len());
    world.runs[run].most_writes = world.runs[run].most_writes.max(most);
    for (id, write) in &record.writes {
        let was = before.writes.get(id).map(|write| &write.state);
        let entered = |is: fn(&WriteState) -> bool| is(&write.state) && !was.is_some_and(is);
        if entered(|state| matches!(state, WriteState::InDoubt { .. })) {
            world.figures.in_doubt += 1;
            if world.runs[run].proofs.trusted(id.kind()) {
                return world.break_promise(format!("{id} is in doubt, although look-ups are known to work"));
            }
        }
        if entered(|state| matches!(state, WriteState::Refused { .. })) {
            world.figures.refused += 1;
        }
        if entered(|state| matches!(state, WriteState::Done { found: true, .. })) {
            world.figures.found_by_look_up += 1;
        }
    }
    let lost = before.writes.iter().find(|(id, write)| {
        // What it has lost with its memory it does not forget now.
        let written = || !world.memory_lost && world.autotask.rows_of(world.runs[run].session, id).next().is_some();
        !record.writes.contains_key(id) && (matches!(write.state, WriteState::Done { .. }) || written())
    });
    if let Some((id, _)) = lost {
        world.break_promise(format!("the record forgets {id}, which was written"));
    }
}

/// Nothing is sent in a mode that does not write, nor what has not been recorded as being sent.
pub(crate) fn sent(world: &mut World, run: RunId, write: &WriteId, content: &Content) {
    let mode = world.runs[run].rules.as_ref().map(|rules| rules.settings.mode);
    if mode != Some(session::settings::Mode::Deliver) {
        return world.break_promise(format!("{write} was sent in mode {mode:?}"));
    }
    if let Content::Attachment(attachment) = content
        && !world.autotask.rows.iter().any(|row| row.id == attachment.note)
    {
        return world.break_promise(format!("{write} was sent before its note"));
    }
    let session = world.runs[run].session;
    if !world.sent.insert((session, write.clone())) {
        world.figures.sent_again += 1;
    }
}

/// Each write once, and none without its event.
pub(crate) fn written(world: &mut World, run: RunId, session: usize, write: &WriteId) {
    let rows = world.autotask.rows_of(session, write).count();
    // A ledger that has lost its memory relies on look-ups alone: where they do not work and nobody knows, nothing can.
    let unseen = |kind| world.autotask.is_blind(kind) && !world.runs[run].proofs.disproved(kind);
    let without_note = write.kind() == WriteKind::Attachment && unseen(WriteKind::Note);
    let excused = world.memory_lost && (unseen(write.kind()) || without_note);
    if rows > 1 && !excused {
        return world.break_promise(format!("{write} of session {session} was written {rows} times"));
    }
    let announced = match write {
        WriteId::CustomerSurvey(_) | WriteId::RepresentativeSurvey(_) => {
            world.surveys_posted[session] || world.ends_posted[session]
        }
        _ => world.ends_posted[session],
    };
    if !announced {
        world.break_promise(format!("{write} of session {session} was written without its event"));
    }
    on_one_ticket(world, session);
}

/// All writes of a session go to one ticket, whatever its key says later.
fn on_one_ticket(world: &mut World, session: usize) {
    let on_tickets = world.autotask.rows.iter().filter(|row| row.session == session && row.written_to.0 != 0);
    let mut tickets: Vec<i64> = on_tickets.map(|row| row.written_to.0).collect();
    tickets.sort_unstable();
    tickets.dedup();
    if tickets.len() > 1 && !world.memory_lost {
        world.break_promise(format!("the writes of session {session} went to {} tickets", tickets.len()));
    }
}

/// The number of calls stays in its bound.
pub(crate) fn run_ended(world: &mut World, run: RunId, ending: &Ending) {
    let calls = world.runs[run].neighbour_calls;
    let bound = CALLS_OF_A_RUN + CALLS_OF_A_WRITE * u64::try_from(world.runs[run].most_writes).unwrap();
    world.figures.most_calls_of_a_run = world.figures.most_calls_of_a_run.max(calls);
    if calls > bound {
        return world.break_promise(format!("run {run} made {calls} calls, more than {bound}"));
    }
    if let Ending::Finished(Outcome::Delivered | Outcome::AlreadyDelivered) = ending {
        delivered(world, run);
    }
}

/// A delivered event has left nothing open.
fn delivered(world: &mut World, run: RunId) {
    let Some(delivery) = world.runs[run].delivery.as_ref() else { return };
    let record = delivery.record().clone();
    if let Some((id, _)) = record.writes.iter().find(|(_, write)| !write.state.is_final()) {
        return world.break_promise(format!("an event was reported as delivered, although {id} is not"));
    }
    let notes = |is: fn(&WriteId) -> bool| record.writes.keys().filter(|id| is(id)).count();
    let customer = notes(|id| matches!(id, WriteId::CustomerSurvey(_)));
    let representative = notes(|id| matches!(id, WriteId::RepresentativeSurvey(_)));
    let seen = &record.surveys_seen;
    let ours = |seen: &std::collections::BTreeMap<i64, Writer>| seen.values().filter(|writer| **writer == Writer::Us).count();
    let missing = record.surveys_missing;
    if customer + missing.customer < ours(&seen.customer) || representative + missing.representative < ours(&seen.representative)
    {
        return world.break_promise("an event was reported as delivered before its survey was there");
    }
    if record.end.is_some_and(|end| end.writer == Writer::Us) && !record.writes.contains_key(&WriteId::SessionNote) {
        world.break_promise("a session's end was reported as delivered without its note");
    }
}

// --- At the end ------------------------------------------------------------------------------------------------------

/// Every accepted event is in a terminal state, and the ledger tells the truth about every write.
pub(crate) fn at_the_end(world: &mut World) {
    for index in 0..world.queue.messages.len() {
        if world.queue.messages[index].gone.is_none() {
            return world.break_promise(format!("message {index} has come to no end"));
        }
        let runs = world.runs_of.get(&index).copied().unwrap_or_default();
        world.figures.most_runs_of_a_message = world.figures.most_runs_of_a_message.max(runs);
        let hours = u64::from(if world.schedule.impatient { RETRY_HOURS_IMPATIENT } else { RETRY_HOURS });
        // Early rungs, what waits four times an hour, and as much again for workers that died. Where the queue and the
        // ledger fail at every turn, the number of runs is theirs and not the delivery's.
        let bound = 100 + 20 * hours;
        let weather = &world.schedule.weather;
        let rough = weather.visible_early + weather.dies + weather.queue_fails + weather.freezes + weather.ledger_fails > 100;
        if runs > bound && !rough {
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
    let ignored = |message: &super::queue::Message| match &message.gone {
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
    let listed = record.left_open.is_some();
    match &write.state {
        WriteState::Done { id: row, .. } if !rows.contains(row) => Some(format!("{id} is done as {row}, but not there")),
        WriteState::Refused { .. } if !rows.is_empty() => Some(format!("{id} counts as refused, but is there")),
        WriteState::Skipped { .. } if !rows.is_empty() => Some(format!("{id} counts as skipped, but is there")),
        WriteState::Wanted if !rows.is_empty() && !write.maybe_sent && !world.memory_lost => {
            Some(format!("{id} counts as not written, but is there"))
        }
        WriteState::Wanted | WriteState::Sending { .. } if !given_up() && !listed => {
            Some(format!("{id} was left open, although no event of its session was given up"))
        }
        _ => None,
    }
}

/// Where everything that goes wrong passes, every write is made in the end, or a person knows that it is in doubt.
fn cured(world: &mut World, session: usize, record: &Record) {
    let messages = world.queue.messages.iter().enumerate();
    let given_up = messages.filter(|(_, message)| message.post.session == session && message.gone == Some(Gone::DeadLettered));
    if let Some((index, _)) = given_up.into_iter().next() {
        return world.break_promise(format!("message {index} was given up, although everything passes"));
    }
    let unmade = record.writes.iter().find(|(id, write)| {
        let refusable = matches!(id, WriteId::Attachment(_));
        let made = matches!(write.state, WriteState::Done { .. } | WriteState::InDoubt { .. });
        let unknown = matches!(write.state, WriteState::Skipped { .. }) && refusable;
        !made && !unknown
    });
    if let Some((id, write)) = unmade {
        let promise = format!("{id} of session {session} is {:?}, although everything passes", write.state);
        return world.break_promise(promise);
    }
    let has = |is: fn(&WriteId) -> bool| record.writes.keys().any(is);
    if !has(|id| *id == WriteId::SessionNote) || !has(|id| matches!(id, WriteId::Time(_))) {
        world.break_promise(format!("session {session} has no note or no time entry, although everything passes"));
    }
}

/// Where nothing goes wrong, a session takes four calls and four writes to the ledger.
fn calm(world: &mut World, session: usize) {
    let calls: u64 = world.runs.iter().filter(|run| run.session == session).map(|run| run.neighbour_calls).sum();
    let writes = world.ledger.writes.get(&session).copied().unwrap_or_default();
    // A resource is found by further calls, which the client remembers.
    let authors = 1;
    if calls > 4 + authors || writes > 4 {
        world.break_promise(format!("session {session} took {calls} calls and {writes} writes, although nothing went wrong"));
    }
}
