//! From a representative of the session to the resource whose time entry it is. A time entry is named after its representative until
//! the resource is known.

use jiff::Timestamp;

use crate::base::Base;
use crate::notice;
use crate::pause::PauseScope;
use crate::record::Record;
use crate::step::{Ending, Step};
use crate::unknown::Next;
use crate::write::Write;
use crate::writing::{Asked, Writing};
use session::content::Author;
use session::content::NoAuthor;
use session::failure::{Failure, Sentence};
use session::settings::Beneficiary;
use session::write_id::{RepresentativeKey, WriteId, WriteKind};

impl Writing {
    /// Asks for the representative's resource and roles, unless they are known.
    pub(crate) fn find_author(
        &mut self,
        base: &mut Base,
        id: &WriteId,
        representative: RepresentativeKey,
        now: Timestamp,
    ) -> Next {
        if self.times.authors.contains_key(&representative) {
            self.name_time_entry(base, &representative);
            return Next::Changed;
        }
        let Some(attendance) = self.times.attendances.get(&representative) else {
            self.time_no_longer_reported(base, id, now);
            return Next::Changed;
        };
        self.asked = Asked::Author(representative);
        Next::Step(Step::FindAuthor {
            login: attendance.login.clone(),
            role_name: base.case.rules.settings.time_entry.role_name.clone(),
            ticket_role: self.ticket.assigned_role,
        })
    }

    /// Learns whose time it is; an ending if the ticketing system did not answer.
    pub(crate) fn take_author(
        &mut self,
        base: &mut Base,
        representative: &RepresentativeKey,
        answer: Result<Result<Author, NoAuthor>, Failure>,
        now: Timestamp,
    ) -> Option<Ending> {
        match answer {
            Ok(Ok(author)) => {
                base.reached(PauseScope::Ticketing);
                self.times.authors.insert(representative.clone(), author);
                self.name_time_entry(base, representative);
            }
            Ok(Err(problem)) => {
                if let Some(id) = open_time_of(&base.memory.record, representative, None) {
                    let sentence = notice::no_author(&base.case.rules.words, problem);
                    self.refuse(base, &id, sentence, now);
                }
            }
            Err(failure) => return Some(base.neighbour_failed(PauseScope::Ticketing, failure, now)),
        }
        None
    }

    /// The representative's time entry gets the name of its resource, unless it was sent under one before.
    fn name_time_entry(&mut self, base: &mut Base, representative: &RepresentativeKey) {
        let Some(author) = self.times.authors.get(representative) else { return };
        let named = WriteId::Time(author.resource);
        let Some(old) = open_time_of(&base.memory.record, representative, Some(&named)) else { return };
        let received_at = base.case.input.received_at;
        if base.memory.record.writes.contains_key(&named) {
            let sentence = notice::same_resource(&base.case.rules.words);
            return self.refuse(base, &old, sentence, received_at);
        }
        if base.memory.write(&old).is_some_and(|write| write.frozen.is_some()) {
            let sentence = notice::resource_changed(&base.case.rules.words);
            return self.refuse(base, &old, sentence, received_at);
        }
        if let Some(write) = base.memory.record.writes.remove(&old) {
            base.memory.record.add(named, write);
        }
    }

    /// The report no longer has the time of that entry's representative, and the entry certainly has not been written:
    /// whoever is primary now gets it; with an entry for each, a person should know.
    pub(crate) fn time_no_longer_reported(&mut self, base: &mut Base, id: &WriteId, now: Timestamp) {
        let representative = base.memory.write(id).and_then(Write::representative);
        let has_another = self.times.attendances.keys().any(|other| Some(other) != representative);
        if base.case.rules.settings.time_entry.beneficiary == Beneficiary::Primary && has_another {
            base.memory.record.writes.remove(id);
            return self.plan(base);
        }
        self.refuse(base, id, Sentence::new("the report no longer names the representative"), now);
    }
}

/// The representative's time entry that is not final, by another name than that.
fn open_time_of(record: &Record, representative: &RepresentativeKey, other_than: Option<&WriteId>) -> Option<WriteId> {
    let mut open = record.open_writes().filter(|(id, _)| id.kind() == WriteKind::TimeEntry && Some(*id) != other_than);
    open.find(|(_, write)| write.representative() == Some(representative)).map(|(id, _)| id.clone())
}
