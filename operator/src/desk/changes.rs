//! A person's word about a session, written into its record: a ticket, or what became of a write in doubt.
//!
//! Changed as the worker does it, under a claim: whoever works on the session at that moment loses its fence and stops, and its event
//! comes again.

use delivery::wanted::Wanted;
use delivery::{Record, WriteId, WriteState};
use jiff::Timestamp;
use ledger::{Ledger, LedgerError, Nonce, Progress, Stored};
use session::{RemoteId, TicketId};

use super::sessions::Session;

/// Why a record was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotChanged {
    /// The record is not such that the change makes sense.
    #[error("{0}")]
    Unfit(String),
    /// Somebody else has claimed the session in that moment.
    #[error("somebody else works on the session just now")]
    Overtaken,
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a person has seen of a write in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is there; its id, if the person knows it.
    Written(Option<RemoteId>),
    /// It is not there.
    Absent,
}

/// The session belongs on that ticket. What is written stays where it is.
pub(crate) fn assign(record: &mut Record, ticket: TicketId) {
    record.assigned = Some(ticket);
}

/// The write is there, or it is not.
pub(crate) fn decide(record: &mut Record, id: &WriteId, seen: Seen, now: Timestamp) -> Result<(), NotChanged> {
    let needs_id =
        |(other, write): (&WriteId, &delivery::Write)| matches!(other, WriteId::Attachment(_)) && !write.state.is_final();
    let attaches = *id == WriteId::SessionNote && record.writes.iter().any(needs_id);
    let Some(write) = record.writes.get_mut(id) else {
        return Err(NotChanged::Unfit(format!("the session has no write {id}")));
    };
    if !matches!(write.state, WriteState::InDoubt { .. }) {
        return Err(NotChanged::Unfit(format!("the write {id} is not in doubt")));
    }
    match seen {
        Seen::Written(None) if attaches => {
            let problem = "something is to be attached to that note: name it with --id";
            return Err(NotChanged::Unfit(problem.to_owned()));
        }
        Seen::Written(None) if *id == WriteId::Ticket => {
            let problem = "the session is to be written on that ticket: give its id (not its number) with --id";
            return Err(NotChanged::Unfit(problem.to_owned()));
        }
        // 0 is the id of nothing: nobody knows it.
        Seen::Written(remote) => write.done(remote.unwrap_or(RemoteId(0)), true, now),
        // Without a check: no lookup could tell, or it would not be in doubt.
        Seen::Absent => write.state = WriteState::Wanted(Wanted::default()),
    }
    Ok(())
}

/// Changes the session's record under a claim; returns it as it is then. It is tried on what was read first, so that a change that makes
/// no sense claims nothing.
///
/// # Errors
///
/// [`NotChanged`]; then nothing was changed, but for a ledger that is unavailable: look again.
pub(crate) async fn change(
    ledger: &Ledger,
    session: &Session,
    now: Timestamp,
    edit: impl Fn(&mut Record) -> Result<(), NotChanged>,
) -> Result<Record, NotChanged> {
    let unrecorded = || NotChanged::Unfit("nothing that can be read is remembered of the session yet".to_owned());
    edit(&mut session.record().ok_or_else(unrecorded)?.clone())?;
    let nonce = Nonce::new(fastrand::u128(..));
    let mut claim = ledger.claim(&session.appliance, &session.listed.lsid, nonce, now).await?;
    let mut record = claim.record.clone().ok_or_else(unrecorded)?;
    edit(&mut record)?;
    match ledger.record(&mut claim, &record, Progress::Outcome, now).await? {
        Stored::Yes => Ok(record),
        Stored::FenceLost => Err(NotChanged::Overtaken),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use delivery::Write;

    use super::*;

    fn record(states: &[(&str, WriteState)]) -> Record {
        let writes = states.iter().map(|(id, state)| (id.parse().unwrap(), Write::of(state.clone())));
        Record { writes: writes.collect(), ..Record::default() }
    }

    fn doubt() -> WriteState {
        WriteState::InDoubt { sentence: "sent without an answer".into(), at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn persons_word_ends_a_doubt_either_way() {
        let id = "time.101".parse().unwrap();
        for (seen, expected) in [
            (Seen::Written(Some(RemoteId(7))), WriteState::Done { id: RemoteId(7), at: Timestamp::UNIX_EPOCH, found: true }),
            (Seen::Written(None), WriteState::Done { id: RemoteId(0), at: Timestamp::UNIX_EPOCH, found: true }),
            (Seen::Absent, WriteState::Wanted(Wanted::default())),
        ] {
            let mut record = record(&[("time.101", doubt())]);
            decide(&mut record, &id, seen, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(record.writes[&id].state, expected);
        }
    }

    #[test]
    fn only_what_is_in_doubt_is_decided() {
        let done = WriteState::Done { id: RemoteId(7), at: Timestamp::UNIX_EPOCH, found: false };
        let before = record(&[("note.session", done), ("time.101", doubt())]);
        for id in ["note.session", "time.102"] {
            let mut after = before.clone();
            assert!(decide(&mut after, &id.parse().unwrap(), Seen::Absent, Timestamp::UNIX_EPOCH).is_err(), "{id}");
            assert_eq!(after, before);
        }
    }

    #[test]
    fn note_that_something_is_to_be_attached_to_needs_its_id() {
        let wanted = WriteState::Wanted(Wanted::default());
        let mut record = record(&[("note.session", doubt()), ("attachment.1", wanted)]);
        let decided = |record: &mut Record, seen| decide(record, &WriteId::SessionNote, seen, Timestamp::UNIX_EPOCH);
        assert!(decided(&mut record, Seen::Written(None)).is_err());
        assert!(decided(&mut record, Seen::Written(Some(RemoteId(9001)))).is_ok());
    }
}
