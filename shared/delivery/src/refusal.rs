//! What it means for any write that it was sent and not taken: it stays on its way, is held back for a while, or is refused for good.
//! What only one sort of write can do about it (a shorter note, another role) is decided where that sort is written.

use jiff::Timestamp;

use crate::base::Base;
use crate::notice;
use crate::pause::{Pause, PauseCause, PauseScope};
use crate::step::Ending;
use crate::unknown::Lookups;
use crate::waits::later;
use crate::wanted::Hold;
use crate::write::Write;
use session::failure::{Failure, Sentence};
use session::write_id::{WriteId, WriteKind};

/// What is to be done about a write that did not succeed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nothing now: it is looked up, or tried again later.
    Open,
    /// It is refused for good.
    Final(Sentence),
    /// A text of it is too long.
    TooLong(Sentence),
    /// Its role does not fit.
    Role(Sentence),
    /// The ticketing system as a whole is to be left alone.
    Neighbour(Ending),
}

/// Learns why a write did not succeed.
pub(crate) fn refusal(base: &mut Base, lookups: &mut Lookups, id: &WriteId, failure: Failure, now: Timestamp) -> Refusal {
    match failure {
        // It stays `sending`, and is looked up.
        Failure::Unknown { .. } | Failure::NotReady { .. } | Failure::Unreadable { .. } => Refusal::Open,
        Failure::NotTaken { .. } | Failure::CredentialsRefused { .. } => {
            base.memory.change(id, Write::not_sent);
            Refusal::Neighbour(base.neighbour_failed(PauseScope::Ticketing, failure, now))
        }
        Failure::Blocked { sentence, remedy } => block_kind(base, id, sentence, &remedy, now),
        // The text goes into notes instead.
        Failure::WriteBlocked { sentence, .. } if id.kind() == WriteKind::Attachment => Refusal::Final(sentence),
        Failure::WriteBlocked { sentence, remedy } => block_alone(base, lookups, id, sentence, &remedy, now),
        Failure::Unrecognised { sentence } => refused_unfamiliarly(base, lookups, id, sentence, now),
        Failure::TooLong { sentence } => Refusal::TooLong(sentence),
        Failure::RoleRefused { sentence } => Refusal::Role(sentence),
        Failure::Refused { sentence } => Refusal::Final(sentence),
        Failure::NotFound => Refusal::Final(Sentence::new("what it belongs to does not exist any more")),
    }
}

/// Refuses a write for good, and tells.
pub(crate) fn refuse(base: &mut Base, id: &WriteId, sentence: Sentence, now: Timestamp) {
    base.memory.progressed = true;
    base.memory.change(id, |write| write.refused(sentence.clone(), now));
    base.tell(notice::refused(id, sentence));
}

/// A right of the tenant is missing: all writes of the kind wait, and one of them tries from time to time.
fn block_kind(base: &mut Base, id: &WriteId, sentence: Sentence, remedy: &Sentence, now: Timestamp) -> Refusal {
    let scope = PauseScope::Kind(id.kind());
    let rounds = base.connection.pauses.next_round(scope);
    let until = later(now, base.case.rules.pace.blocked(rounds));
    base.memory.change(id, |write| {
        write.not_sent();
        write.hold_back(Hold::Right { sentence: sentence.clone() });
    });
    base.tell(notice::blocked(Some(id), sentence.clone(), remedy));
    base.remember_pause(Pause { scope, until, cause: PauseCause::Blocked, sentence, rounds, document: None });
    Refusal::Open
}

/// The vendor objects to this write alone: it is tried again now and then for the event's retry time, then refused. Told once; others
/// of its kind go on.
fn block_alone(
    base: &mut Base,
    lookups: &mut Lookups,
    id: &WriteId,
    sentence: Sentence,
    remedy: &Sentence,
    now: Timestamp,
) -> Refusal {
    lookups.forget(id);
    // The vendor has answered, so the right of the kind is there.
    base.reached(PauseScope::Kind(id.kind()));
    let Some((since, tries)) = base.memory.change(id, |write| write.blocked_alone(now)) else { return Refusal::Open };
    let waiting_since = base.memory.record.waiting.as_ref().map_or(now, |waiting| waiting.since);
    if now >= later(since.min(waiting_since), base.case.retry_limit()) {
        return Refusal::Final(sentence);
    }
    let until = later(now, base.case.rules.pace.blocked(tries));
    base.memory.change(id, |write| write.hold_back(Hold::Alone { sentence: sentence.clone(), since, tries, until }));
    if tries == 0 {
        base.tell(notice::blocked_alone(id, sentence, remedy));
    }
    Refusal::Open
}

fn refused_unfamiliarly(base: &mut Base, lookups: &mut Lookups, id: &WriteId, sentence: Sentence, now: Timestamp) -> Refusal {
    lookups.forget(id);
    let Some(refusals) = base.memory.change(id, Write::refused_unfamiliarly) else { return Refusal::Open };
    match base.case.rules.pace.unfamiliar(refusals) {
        Some(wait) if id.kind() != WriteKind::Attachment => {
            base.memory.change(id, |write| write.hold_back(Hold::Unfamiliar { refusals, until: later(now, wait) }));
            Refusal::Open
        }
        _ => Refusal::Final(sentence),
    }
}
