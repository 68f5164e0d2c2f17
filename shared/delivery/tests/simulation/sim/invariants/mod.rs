//! What must hold whatever happens: the promises of the design, checked at every step and at the end of each schedule.
//!
//! - Here: at every step. `at_the_end`: when nothing is left to happen. [`of_themes`]: what themes promise, `of_surveys`: and of surveys.

mod at_the_end;
mod of_surveys;
pub(crate) mod of_themes;

use std::collections::BTreeMap;

use delivery::{Content, Ending, Outcome, PauseScope, Pauses, Record, Step, WriteId, WriteKind, WriteState, Writer};

use super::autotask::Row;
use super::chance::Millis;
use super::rules::api_user;
use super::sabotage::Sabotage;
use super::worker::RunId;
use super::world::{World, stamp};
pub(crate) use at_the_end::at_the_end;

/// The calls that one run may make whatever its session: the report, the ticket (that of the key, and the created one), the names in a
/// new one and its number as a key, the resource of each representative, the proofs.
const CALLS_OF_A_RUN: u64 = 11;
/// The time that a call may need, as the delivery promises it.
const CALL_NEEDS: Millis = 5_000;
/// The calls that one run may make for one write: a look-up in two places, every size or role, another look-up.
const CALLS_OF_A_WRITE: u64 = 9;

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
    // A claim of its own that was given up as unanswered may arrive after the one that it works under.
    let claimed_again = world.claims.iter().filter(|claim| **claim == (session, run)).count() > 1;
    if !world.memory_lost && own_alone && !claimed_again {
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

/// A neighbour, or a kind of write, is left alone while its pause lasts, as far as the run could know; once it has expired, one worker
/// tries, and whoever begins meanwhile does not.
pub(crate) fn called(world: &mut World, run: RunId, scope: PauseScope) {
    let now = stamp(world.now + world.runs[run].skew);
    let Some(rules) = world.runs[run].rules.clone() else { return };
    let of_run = &world.runs[run];
    let in_force = |pauses: &Pauses| pauses.in_force(scope, &rules.document, now).is_some();
    // What it was let in with, and what the ledger said then.
    let read = of_run.pauses_read.get(scope).filter(|_| !of_run.probes.iter().any(|probe| probe.seen.scope == scope));
    if in_force(&of_run.pauses) || read.is_some_and(|pause| pause.is_in_force(&rules.document, now)) {
        return world.break_promise(format!("run {run} tried what is left alone: {scope:?}"));
    }
    let Some((pause, prober)) = world.ledger.probed(scope) else { return };
    // Whoever went by the same pause needed the probe; whoever read none did not know that one would be opened.
    let knew = of_run.pauses_read.get(scope) == Some(&prober.seen);
    // A changed document ends the pause for all who go by it.
    let holds = world.runs[prober.run].alive && pause.is_in_force(&rules.document, now);
    let holder = prober.run;
    if holder != run && knew && holds {
        world.break_promise(format!("run {run} tried what run {holder} alone may try: {scope:?}"));
    }
}

/// No run keeps a probe when it is over, unless the ledger did not let it go.
pub(crate) fn released(world: &mut World, run: RunId) {
    let held = PauseScope::ALL.into_iter().find(|scope| world.ledger.probed(*scope).is_some_and(|(_, prober)| prober.run == run));
    if let Some(scope) = held
        && !world.runs[run].release_failed
    {
        world.break_promise(format!("run {run} is over and keeps its probe: {scope:?}"));
    }
}

/// A call is begun only with the time left that it may need.
pub(crate) fn begun(world: &mut World, run: RunId, step: &Step) {
    let calls = matches!(
        step,
        Step::FetchReport
            | Step::FindTicket(_)
            | Step::FindAuthor { .. }
            | Step::DraftTicket(_)
            | Step::SetExternalKey(_)
            | Step::LookUp(_)
            | Step::Send { .. }
    );
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
            // What another API user has sent, this one may not see, however well its own look-ups work.
            let own = write.sent_as.as_ref().is_none_or(|user| *user == api_user(world.runs[run].user));
            let of_run = &world.runs[run];
            // Where nothing was ever sent, nobody knows where to look.
            let has_place = write.frozen.is_some() || record.target.is_some();
            if own && has_place && of_run.proofs.trusted(id.kind()) && !of_run.disproved.contains(&id.kind()) {
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
    of_themes::record_sent(world, run, &before, record);
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
    called(world, run, PauseScope::Kind(write.kind()));
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
    let of_run = &world.runs[run];
    let known = |kind: WriteKind| of_run.proofs.disproved(kind) && !of_run.proven.contains(&kind);
    let unseen = |kind| world.autotask.is_blind(kind) && !known(kind);
    let without_note = write.kind() == WriteKind::Attachment && unseen(WriteKind::Note);
    let excused = world.memory_lost && (unseen(write.kind()) || without_note);
    if rows > 1 && !excused {
        return world.break_promise(format!("{write} of session {session} was written {rows} times"));
    }
    let announced = match write {
        WriteId::CustomerSurvey(_) | WriteId::RepresentativeSurvey(_) => {
            world.surveys_posted[session] || world.ends_posted[session]
        }
        WriteId::Ticket => world.joins_posted[session] || world.ends_posted[session],
        _ => world.ends_posted[session],
    };
    if !announced {
        world.break_promise(format!("{write} of session {session} was written without its event"));
    }
    on_one_ticket(world, session);
}

/// All writes of a session go to one ticket, whatever its key says later.
fn on_one_ticket(world: &mut World, session: usize) {
    let of_session = |row: &&Row| row.session == session && row.written_to.0 != 0 && row.kind != WriteKind::Ticket;
    let on_tickets = world.autotask.rows.iter().filter(of_session);
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
    let customer = notes(|id| matches!(id, WriteId::CustomerSurvey(_))) + record.surveys_missing.customer;
    let representative = notes(|id| matches!(id, WriteId::RepresentativeSurvey(_))) + record.surveys_missing.representative;
    let ours = |seen: &BTreeMap<i64, Writer>| seen.values().filter(|writer| **writer == Writer::Us).count();
    let seen = &record.surveys_seen;
    if customer < ours(&seen.customer) || representative < ours(&seen.representative) {
        return world.break_promise("an event was reported as delivered before its survey was there");
    }
    if record.end.is_some_and(|end| end.writer == Writer::Us) && !record.writes.contains_key(&WriteId::SessionNote) {
        world.break_promise("a session's end was reported as delivered without its note");
    }
}
