//! What becomes of a message: hidden, dead-lettered, removed, or none of it because the queue does not answer.

use delivery::waits::not_before_receives_last;

use super::{Reply, Run, RunId};
use crate::sim::chance::{DAY, MINUTE, Millis, SECOND};
use crate::sim::queue::{Gone, VISIBILITY};
use crate::sim::sabotage::Sabotage;
use crate::sim::schedule::Post;
use crate::sim::world::{World, millis, stamp};

impl World {
    pub(super) fn hide(&mut self, run: RunId, until: Millis) {
        let Run { message, receipt, .. } = self.runs[run];
        let until = if self.sabotage == Some(Sabotage::ReceiveStretch) {
            until
        } else {
            millis(not_before_receives_last(stamp(until), receipt, stamp(self.clock(run))))
        };
        let seconds = (until - self.clock(run) + 999).div_euclid(1000).clamp(0, 11 * 3600);
        if self.chance.per_mille(self.schedule.weather.queue_fails) {
            self.note_run(run, |_| "cannot hide its message".to_owned());
        } else {
            self.note_run(run, |_| format!("hides its message for {seconds} s"));
            self.queue.hide(message, receipt, self.now + seconds * SECOND);
        }
        self.answer_soon(run, Reply::Hidden);
    }

    pub(super) fn dead_letter(&mut self, run: RunId, reason: &str) {
        let failed = self.chance.per_mille(self.schedule.weather.queue_fails);
        self.note_run(run, |_| {
            format!("sends its message to the dead letters: {reason}{}", if failed { " (fails)" } else { "" })
        });
        let message = self.runs[run].message;
        if !failed && self.schedule.redrives && !self.queue.messages[message].redriven && self.chance.one_in(2) {
            // Somebody looks at it, mends what it names and lets it come again.
            let copy = self.queue.messages[message].clone();
            let post = Post { at: self.now + self.chance.spread(MINUTE, DAY), ..copy.post };
            self.redrive(post, copy.received_at);
        }
        self.answer_soon(run, Reply::DeadLettered(!failed));
    }

    fn redrive(&mut self, post: Post, received_at: Millis) {
        let at = post.at;
        let index = self.queue.put(post, received_at, true);
        self.figures.messages += 1;
        self.note(|_| format!("message {index} will come back from the dead letters"));
        self.poll_at(at);
    }

    pub(super) fn finish(&mut self, run: RunId, how: String) {
        let Run { message, receipt, .. } = self.runs[run];
        let stale_counts = self.chance.one_in(2);
        let gone = if how == "dead-lettered" { Gone::DeadLettered } else { Gone::Finished(how) };
        let failed = self.chance.per_mille(self.schedule.weather.queue_fails);
        if !failed && self.queue.remove(message, receipt, gone.clone(), stale_counts, self.now) {
            if gone == Gone::DeadLettered {
                self.figures.dead_lettered += 1;
            }
            self.note_run(run, |_| format!("message {message} is gone: {gone:?}"));
        } else {
            self.note_run(run, |_| format!("message {message} is not removed"));
            let visible_from = self.queue.messages[message].visible_from;
            self.queue.messages[message].visible_from = visible_from.min(self.now + VISIBILITY);
        }
        self.answer_soon(run, Reply::Finished);
    }
}
