//! Lookups: of writes whose fate is unknown, of writes that something may have made before, and of those by which lookups themselves
//! are verified. Where a write should be, and what it means that it is there or is not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::base::Base;
use crate::notice;
use crate::pause::PauseScope;
use crate::record::Record;
use crate::step::{Ending, Step};
use crate::trust::{Proof, Witness};
use crate::waiting::WaitReason;
use crate::wanted::Check;
use crate::write::{Write, WriteState};
use session::content::Ticket;
use session::content::{LookUp, Place};
use session::failure::Failure;
use session::ids::RemoteId;
use session::time_entry::Attendance;
use session::write_id::{Marker, RepresentativeKey, WriteId, WriteKind};

/// A lookup goes this much further back than the write: creation dates may be kept by the day.
const LOOK_BACK: Duration = Duration::from_secs(24 * 3600);

/// What a write wants next.
#[derive(Debug)]
pub(crate) enum Next {
    /// This step.
    Step(Step),
    /// Nothing, but the record or the facts have changed: look at all writes again.
    Changed,
    /// To wait.
    Wait(Timestamp, WaitReason),
    /// Nothing until another write is done.
    Follows,
}

/// Why a write is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It has just been written: does the lookup see it?
    Proof,
    /// Its fate is unknown, and it may still land.
    Early,
    /// Its fate is unknown, and it can no longer land.
    Last,
    /// It is to be sent, but something may have written it before the ledger can remember.
    Precaution,
    /// Something is about to rest on a lookup that finds nothing: is the witness still seen?
    Witness,
}

/// The lookups of one run.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    asked: Option<(WriteId, Purpose)>,
    to_verify: VecDeque<(WriteId, Purpose)>,
    /// Seen in this run not to be there.
    absent: BTreeSet<WriteId>,
    witnessed: BTreeSet<WriteKind>,
}

/// Where writes are looked for that were never sent: where they would be sent to now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a> {
    /// When the session ended, if anybody knows.
    pub(crate) ended_at: Option<Timestamp>,
    /// The session's ticket; `None`: nothing is sent any more, so only the ticket that the first sending froze counts.
    pub(crate) ticket: Option<&'a Ticket>,
    /// Whose time is written; `None`: nothing is sent any more.
    pub(crate) attendances: Option<&'a BTreeMap<RepresentativeKey, Attendance>>,
}

impl Places<'_> {
    /// Where the write should be: where it was sent to, else where it would be sent to now.
    fn of(&self, base: &Base, id: &WriteId, now: Timestamp) -> Option<Place> {
        let record = &base.memory.record;
        let write = record.writes.get(id)?;
        let since = self.since(base, now);
        if let Some(frozen) = write.frozen {
            return Some(frozen.place(since));
        }
        match id {
            WriteId::Time(resource) => {
                let attendance = self.attendances?.get(write.representative()?)?;
                Some(Place::Time { resource: *resource, start: attendance.start })
            }
            WriteId::Ticket => Some(Place::Ticket),
            WriteId::Attachment(_) => record.session_note().map(|note| Place::Attachment { note }),
            _ => {
                let ticket = self.ticket.map(|ticket| ticket.id).or(record.target.as_ref().map(|target| target.ticket))?;
                Some(Place::Note { ticket, since })
            }
        }
    }

    /// Nothing of the session can have been written before this.
    fn since(&self, base: &Base, now: Timestamp) -> Timestamp {
        let Record { end, .. } = &base.memory.record;
        let first_word = end.map_or(base.case.input.received_at, |end| end.received_at);
        let first = self.ended_at.unwrap_or(first_word).min(first_word).min(base.case.input.received_at).min(now);
        first.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN)
    }
}

// What is looked up, and when.
impl Lookups {
    /// The first write of each kind is looked up at once: does this connection's API user see its own rows?
    pub(crate) fn verify_next(&mut self, base: &Base, places: &Places<'_>, now: Timestamp) -> Option<Step> {
        let (id, purpose) = self.to_verify.pop_front()?;
        match purpose {
            Purpose::Witness => self.look_up_witness(base, &id),
            purpose => self.look_up(base, places, &id, purpose, now),
        }
    }

    /// The lookup that a wanted write needs before it is sent.
    pub(crate) fn before_sending(&mut self, base: &Base, places: &Places<'_>, id: &WriteId, now: Timestamp) -> Option<Step> {
        let check = base.memory.write(id).and_then(Write::check);
        // In shadow mode nothing is written, so only what may be there already must be looked for.
        let asks = !base.case.is_shadow() || check == Some(Check::MaybeSent);
        let suspects = check.is_some() || base.case.may_exist_already(&base.memory.record, now);
        if !asks || !suspects || self.absent.contains(id) {
            return None;
        }
        self.look_up(base, places, id, Purpose::Precaution, now)
    }

    /// What is next for a write that may have been made, whatever else is switched off.
    pub(crate) fn resolve(&mut self, base: &mut Base, places: &Places<'_>, id: &WriteId, now: Timestamp) -> Next {
        match base.memory.write(id).map(|write| &write.state) {
            Some(WriteState::Sending { at, send_by, looks, .. }) => {
                let pace = base.case.rules.pace;
                let last = pace.last_look(*send_by, base.case.rules.settings.unknown_write_wait_seconds);
                let (due, purpose) = match pace.early_look(*at, *looks) {
                    Some(early) if early < last && now < last => (early, Purpose::Early),
                    _ => (last, Purpose::Last),
                };
                if now < due {
                    return Next::Wait(due, WaitReason::UnknownWrite);
                }
                self.look_up_or_doubt(base, places, id, purpose, now)
            }
            Some(WriteState::Wanted(_)) => self.look_up_or_doubt(base, places, id, Purpose::Precaution, now),
            _ => Next::Changed,
        }
    }

    fn look_up_or_doubt(&mut self, base: &mut Base, places: &Places<'_>, id: &WriteId, purpose: Purpose, now: Timestamp) -> Next {
        match self.look_up(base, places, id, purpose, now) {
            Some(step) => Next::Step(step),
            // Nothing says where to look: what cannot be looked up cannot be told.
            None => {
                mark_in_doubt(base, id, now);
                Next::Changed
            }
        }
    }

    fn look_up(&mut self, base: &Base, places: &Places<'_>, id: &WriteId, purpose: Purpose, now: Timestamp) -> Option<Step> {
        let place = places.of(base, id, now)?;
        if self.must_see_witness(base, id, purpose) {
            return self.look_up_witness(base, id);
        }
        self.asked = Some((id.clone(), purpose));
        let wide = matches!(purpose, Purpose::Last | Purpose::Precaution);
        let marker = Marker::new(base.case.lsid(), id);
        Some(Step::LookUp(LookUp { write: id.clone(), marker, place, wide }))
    }

    /// Where something may have been written and a lookup is to decide, the witness is looked up before: rights that were taken away
    /// since it was found show now, not on the invoice.
    fn must_see_witness(&self, base: &Base, id: &WriteId, purpose: Purpose) -> bool {
        let maybe_sent = base.memory.write(id).is_some_and(Write::is_unresolved);
        let decides = purpose == Purpose::Last || (purpose == Purpose::Precaution && maybe_sent);
        decides && base.connection.proofs.trusted(id.kind()) && !self.witnessed.contains(&id.kind())
    }

    fn look_up_witness(&mut self, base: &Base, id: &WriteId) -> Option<Step> {
        let Witness { marker, place } = base.connection.proofs.witness(id.kind())?.clone();
        self.asked = Some((id.clone(), Purpose::Witness));
        Some(Step::LookUp(LookUp { write: id.clone(), marker, place, wide: true }))
    }
}

// What it means.
impl Lookups {
    /// Learns what a lookup came to; an ending if the ticketing system did not answer.
    pub(crate) fn take(
        &mut self,
        base: &mut Base,
        places: &Places<'_>,
        answer: Result<Vec<RemoteId>, Failure>,
        now: Timestamp,
    ) -> Option<Ending> {
        let (id, purpose) = self.asked.take()?;
        match answer {
            Ok(rows) => match rows.first() {
                Some(row) => self.found(base, places, (&id, purpose), *row, now),
                None => self.not_found(base, &id, purpose, now),
            },
            // The note that it would be attached to is gone, so it cannot be there.
            Err(Failure::NotFound) => self.not_found(base, &id, purpose, now),
            // A proof can wait for the next write; the write itself is done.
            Err(_) if purpose == Purpose::Proof || base.memory.write(&id).is_some_and(|write| write.state.is_final()) => {}
            Err(failure) => return Some(base.neighbour_failed(PauseScope::Ticketing, failure, now)),
        }
        None
    }

    fn found(&mut self, base: &mut Base, places: &Places<'_>, asked: (&WriteId, Purpose), row: RemoteId, now: Timestamp) {
        let (id, purpose) = asked;
        if purpose == Purpose::Witness {
            self.witnessed.insert(id.kind());
            return;
        }
        self.prove(base, places, id, now);
        if purpose != Purpose::Proof {
            // Found although nothing was known of a sending: what follows goes to the same ticket from now on.
            base.memory.freeze_target(places.ticket);
            self.done(base, id, row, true, now);
        }
    }

    /// The write is there: answered, or found by its marker.
    pub(crate) fn done(&mut self, base: &mut Base, id: &WriteId, remote: RemoteId, found: bool, now: Timestamp) {
        let kind = id.kind();
        base.memory.progressed = true;
        base.memory.change(id, |write| write.done(remote, found, now));
        base.reached(PauseScope::Ticketing);
        if found {
            return;
        }
        // That it was there already would not show that the right to write it is.
        base.reached(PauseScope::Kind(kind));
        if base.connection.proofs.is_due(kind, now) && !self.to_verify.iter().any(|(other, _)| other.kind() == kind) {
            self.to_verify.push_back((id.clone(), Purpose::Proof));
        }
    }

    fn not_found(&mut self, base: &mut Base, id: &WriteId, purpose: Purpose, now: Timestamp) {
        match purpose {
            // A row may appear seconds late: the one that was seen before tells.
            Purpose::Proof if base.connection.proofs.trusted(id.kind()) => {
                self.to_verify.push_back((id.clone(), Purpose::Witness));
            }
            Purpose::Proof => disprove(base, id.kind(), "that was just written", now),
            Purpose::Witness => disprove(base, id.kind(), "that was found before", now),
            Purpose::Early => {
                base.memory.change(id, Write::not_seen_yet);
            }
            Purpose::Last if is_trusted(base, id) => self.is_absent(base, id),
            Purpose::Last => mark_in_doubt(base, id, now),
            Purpose::Precaution => {
                let maybe_sent = base.memory.write(id).is_some_and(Write::is_unresolved);
                let disproved = base.connection.proofs.disproved(id.kind());
                if (maybe_sent && !is_trusted(base, id)) || (base.memory.record.unremembered && disproved) {
                    return mark_in_doubt(base, id, now);
                }
                self.is_absent(base, id);
            }
        }
    }

    fn is_absent(&mut self, base: &mut Base, id: &WriteId) {
        self.absent.insert(id.clone());
        base.memory.change(id, |write| {
            write.not_sent();
            write.not_there();
        });
    }

    /// The vendor's answer does not rule out that it has been written since it was looked up.
    pub(crate) fn forget(&mut self, id: &WriteId) {
        self.absent.remove(id);
    }

    /// The write has been seen: lookups of its kind work, and it is the witness of that.
    fn prove(&mut self, base: &mut Base, places: &Places<'_>, id: &WriteId, now: Timestamp) {
        let kind = id.kind();
        self.witnessed.insert(kind);
        let Some(place) = places.of(base, id, now).filter(|_| base.connection.proofs.is_due(kind, now)) else { return };
        let witness = Some(Witness { marker: Marker::new(base.case.lsid(), id), place });
        base.remember_proof(kind, Proof { at: now, witness });
    }
}

/// Whether a lookup that finds nothing shows that the write was not made: lookups are known to work for the very API user that sent it.
fn is_trusted(base: &Base, id: &WriteId) -> bool {
    let sent_as = base.memory.write(id).and_then(|write| write.sent_as.as_ref());
    base.connection.proofs.trusted(id.kind()) && sent_as.is_none_or(|user| *user == base.case.rules.api_user)
}

/// A write that is surely there cannot be seen.
fn disprove(base: &mut Base, kind: WriteKind, which: &str, now: Timestamp) {
    let known = base.connection.proofs.disproved(kind);
    base.remember_proof(kind, Proof { at: now, witness: None });
    if !known {
        base.tell(notice::lookups_untrusted(kind, which));
    }
}

fn mark_in_doubt(base: &mut Base, id: &WriteId, now: Timestamp) {
    let sentence = notice::doubt();
    base.memory.progressed = true;
    base.memory.change(id, |write| write.in_doubt(sentence.clone(), now));
    base.tell(notice::in_doubt(id, sentence));
}
