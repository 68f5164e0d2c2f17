//! What it means for a write that it was sent: done, refused, not taken, or of unknown fate.

use jiff::Timestamp;

use crate::base::Base;
use crate::notice;
use crate::pause::{Pause, PauseCause, PauseScope};
use crate::step::Ending;
use crate::waits::later;
use crate::wanted::Hold;
use crate::write::{Detail, Skip, Write};
use crate::writing::Writing;
use session::content::Content;
use session::failure::{Failure, Sentence};
use session::ids::RemoteId;
use session::write_id::WriteId;

/// A text that is too long is rendered again at half the size, this often: 30,000 characters become 1,875, which fits any
/// field that a note could be kept in.
const HALVINGS_MAX: u32 = 4;

impl Writing {
    /// Learns what the sending came to; an ending if the ticketing system as a whole is to be left alone.
    pub(crate) fn take_sent(
        &mut self,
        base: &mut Base,
        id: &WriteId,
        content: &Content,
        answer: Result<RemoteId, Failure>,
        now: Timestamp,
    ) -> Option<Ending> {
        let failure = match answer {
            Ok(remote) => {
                self.lookups.done(base, id, remote, false, now);
                return None;
            }
            Err(failure) => failure,
        };
        match failure {
            // It stays `sending`, and is looked up.
            Failure::Unknown { .. } | Failure::NotReady { .. } | Failure::Unreadable { .. } => {}
            Failure::NotTaken { .. } | Failure::CredentialsRefused { .. } => {
                base.memory.change(id, Write::not_sent);
                return Some(base.neighbour_failed(PauseScope::Ticketing, failure, now));
            }
            Failure::Blocked { sentence, remedy } => block_kind(base, id, sentence, &remedy, now),
            // The text goes into notes instead.
            Failure::WriteBlocked { sentence, .. } if matches!(id, WriteId::Attachment(_)) => {
                self.refuse(base, id, sentence, now);
            }
            Failure::WriteBlocked { sentence, remedy } => self.block_alone(base, id, sentence, &remedy, now),
            Failure::Unrecognised { sentence } => self.refused_unfamiliarly(base, id, sentence, now),
            Failure::TooLong { sentence } => self.too_long(base, id, sentence, now),
            Failure::RoleRefused { sentence } => self.role_refused(base, id, content, sentence, now),
            Failure::Refused { sentence } => self.refuse(base, id, sentence, now),
            Failure::NotFound => self.refuse(base, id, Sentence::new("what it belongs to does not exist any more"), now),
        }
        None
    }

    /// Refused for good; an attachment's text goes into continuation notes instead.
    pub(crate) fn refuse(&mut self, base: &mut Base, id: &WriteId, sentence: Sentence, now: Timestamp) {
        base.memory.progressed = true;
        if matches!(id, WriteId::Attachment(_)) && self.plan_continuations(base) {
            base.memory.change(id, |write| write.skipped(Skip::Continued));
            return;
        }
        base.memory.change(id, |write| write.refused(sentence.clone(), now));
        base.tell(notice::refused(id, sentence));
    }

    /// The vendor objects to this write alone: it is tried again now and then for the event's retry time, then refused. Told once; others
    /// of its kind go on.
    fn block_alone(&mut self, base: &mut Base, id: &WriteId, sentence: Sentence, remedy: &Sentence, now: Timestamp) {
        self.lookups.forget(id);
        // The vendor has answered, so the right of the kind is there.
        base.reached(PauseScope::Kind(id.kind()));
        let Some((since, tries)) = base.memory.change(id, |write| write.blocked_alone(now)) else { return };
        let waiting_since = base.memory.record.waiting.as_ref().map_or(now, |waiting| waiting.since);
        if now >= later(since.min(waiting_since), base.case.retry_limit()) {
            return self.refuse(base, id, sentence, now);
        }
        let until = later(now, base.case.rules.pace.blocked(tries));
        base.memory.change(id, |write| write.hold_back(Hold::Alone { sentence: sentence.clone(), since, tries, until }));
        if tries == 0 {
            base.tell(notice::blocked_alone(id, sentence, remedy));
        }
    }

    fn refused_unfamiliarly(&mut self, base: &mut Base, id: &WriteId, sentence: Sentence, now: Timestamp) {
        self.lookups.forget(id);
        let Some(refusals) = base.memory.change(id, Write::refused_unfamiliarly) else { return };
        match base.case.rules.pace.unfamiliar(refusals) {
            Some(wait) if !matches!(id, WriteId::Attachment(_)) => {
                base.memory.change(id, |write| write.hold_back(Hold::Unfamiliar { refusals, until: later(now, wait) }));
            }
            _ => self.refuse(base, id, sentence, now),
        }
    }

    fn too_long(&mut self, base: &mut Base, id: &WriteId, sentence: Sentence, now: Timestamp) {
        base.memory.change(id, Write::not_sent);
        let halved = base.memory.change(id, |write| match &mut write.detail {
            Detail::SessionNote { halvings } if *halvings < HALVINGS_MAX => {
                *halvings += 1;
                true
            }
            _ => false,
        });
        match halved {
            Some(true) => self.render_session_note(base),
            _ => self.refuse(base, id, sentence, now),
        }
    }

    /// The next role may do; the refusal is certain, so nothing is in doubt.
    fn role_refused(&mut self, base: &mut Base, id: &WriteId, content: &Content, sentence: Sentence, now: Timestamp) {
        let Content::TimeEntry { entry, .. } = content else { return self.refuse(base, id, sentence, now) };
        base.memory.change(id, |write| {
            write.not_sent();
            if let Detail::Time { roles_refused, .. } = &mut write.detail {
                roles_refused.insert(entry.role);
            }
        });
        let has_another = base.memory.write(id).is_some_and(|write| {
            let author = write.representative().and_then(|representative| self.times.authors.get(representative));
            author.is_some_and(|author| author.roles.iter().any(|candidate| !write.has_refused(candidate.role)))
        });
        if !has_another {
            self.refuse(base, id, sentence, now);
        }
    }
}

/// A right of the tenant is missing: all writes of the kind wait, and one of them tries from time to time.
fn block_kind(base: &mut Base, id: &WriteId, sentence: Sentence, remedy: &Sentence, now: Timestamp) {
    let scope = PauseScope::Kind(id.kind());
    let rounds = base.connection.pauses.next_round(scope);
    let until = later(now, base.case.rules.pace.blocked(rounds));
    base.memory.change(id, |write| {
        write.not_sent();
        write.hold_back(Hold::Right { sentence: sentence.clone() });
    });
    base.tell(notice::blocked(Some(id), sentence.clone(), remedy));
    base.remember_pause(Pause { scope, until, cause: PauseCause::Blocked, sentence, rounds, document: None });
}
