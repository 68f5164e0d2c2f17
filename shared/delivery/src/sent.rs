//! What it means for a write that it was sent: done, refused, not taken, or of unknown fate.

use jiff::Timestamp;

use crate::base::Base;
use crate::refusal::{Refusal, refusal, refuse};
use crate::step::Ending;
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
        match refusal(base, &mut self.lookups, id, failure, now) {
            Refusal::Open => None,
            Refusal::Neighbour(ending) => Some(ending),
            Refusal::Final(sentence) => {
                self.refuse(base, id, sentence, now);
                None
            }
            Refusal::TooLong(sentence) => {
                self.too_long(base, id, sentence, now);
                None
            }
            Refusal::Role(sentence) => {
                self.role_refused(base, id, content, sentence, now);
                None
            }
        }
    }

    /// Refused for good; an attachment's text goes into continuation notes instead.
    pub(crate) fn refuse(&mut self, base: &mut Base, id: &WriteId, sentence: Sentence, now: Timestamp) {
        if matches!(id, WriteId::Attachment(_)) && self.plan_continuations(base) {
            base.memory.progressed = true;
            base.memory.change(id, |write| write.skipped(Skip::Continued));
            return;
        }
        refuse(base, id, sentence, now);
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
