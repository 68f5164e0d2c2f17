//! Whether a time entry is to stand where the same person has time already. Asked before the entry is sent, of the ticketing system's own
//! rows; an entry of ours that was written before is none of them.

use jiff::Timestamp;

use crate::base::Base;
use crate::notice;
use crate::pause::PauseScope;
use crate::step::{Ending, Step};
use crate::write::Detail;
use crate::writing::{Asked, Writing};
use session::content::{LookUp, Place};
use session::failure::{Failure, Sentence};
use session::ids::RemoteId;
use session::settings::Overlap;
use session::write_id::{Marker, WriteId};

/// So many are named; whoever looks finds the others beside them.
const NAMED_MAX: usize = 5;

impl Writing {
    /// The look at the person's other time, unless nobody wants to know or it was made in this run. In shadow mode others write this very time.
    pub(crate) fn look_for_overlaps(&mut self, base: &Base, id: &WriteId) -> Option<Step> {
        let WriteId::Time(resource) = id else { return None };
        let is_wanted = base.case.rules.settings.time_entry.overlap != Overlap::Allow && !base.case.is_shadow();
        if !is_wanted || self.times.compared.contains(resource) {
            return None;
        }
        let attendance = self.times.attendances.get(base.memory.write(id)?.representative()?)?;
        let place = Place::Overlap { resource: *resource, start: attendance.start, end: attendance.end };
        self.asked = Asked::Overlaps(*resource);
        Some(Step::LookUp(LookUp { write: id.clone(), marker: Marker::new(base.case.lsid(), id), place, wide: false }))
    }

    /// Learns which time entries of the person overlap with the one to be sent; an ending if the ticketing system did not answer.
    pub(crate) fn take_overlaps(
        &mut self,
        base: &mut Base,
        id: &WriteId,
        answer: Result<Vec<RemoteId>, Failure>,
        now: Timestamp,
    ) -> Option<Ending> {
        let rows = match answer {
            Ok(rows) => rows,
            Err(failure) => return Some(base.neighbour_failed(PauseScope::Ticketing, failure, now)),
        };
        base.reached(PauseScope::Ticketing);
        if let WriteId::Time(resource) = id {
            self.times.compared.insert(*resource);
        }
        if rows.is_empty() {
            return None;
        }
        let sentence = overlapping(&rows);
        if base.case.rules.settings.time_entry.overlap == Overlap::Refuse {
            self.refuse(base, id, sentence, now);
            return None;
        }
        let named = rows.into_iter().take(NAMED_MAX).collect();
        let before = base.memory.change(id, |write| match &mut write.detail {
            Detail::Time { overlaps, .. } => std::mem::replace(overlaps, named),
            _ => Vec::new(),
        });
        if before.is_some_and(|before| before.is_empty()) {
            base.tell(notice::overlap(id, sentence));
        }
        None
    }
}

/// `it overlaps with the time entries 5001, 5002 of the same resource`.
fn overlapping(rows: &[RemoteId]) -> Sentence {
    let named: Vec<String> = rows.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let more = if rows.len() > NAMED_MAX { format!(" and {} more", rows.len() - NAMED_MAX) } else { String::new() };
    let entries = if rows.len() == 1 { "entry" } else { "entries" };
    Sentence::new(&format!("it overlaps with the time {entries} {}{more} of the same resource", named.join(", ")))
}
