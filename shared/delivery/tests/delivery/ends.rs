//! When a session ended: the report says so, else the appliance's own event. A replay or a poll dates nothing, and no end is invented.

use delivery::{Ignored, Skip};
use delivery::{NoticeSubject, Outcome, WriteState};
use session::Origin;
use session::event::OutboundEvent;
use session::support_session::SupportSession;
use session::time_entry::SkipReason;

use crate::sample::{self, TICKET, seconds};
use crate::world::{Message, World};

fn without_end() -> SupportSession {
    SupportSession { ended_at: None, ..sample::session(Some(TICKET)) }
}

/// As an operator's program sends it, which knows no time of the event.
fn undated(source: Origin, world: &World) -> Message {
    let message = world.end_message();
    Message { event: OutboundEvent { timestamp: None, ..message.event.clone() }, source, ..message }
}

#[test]
fn replay_or_poll_of_a_session_without_an_end_writes_its_note_and_no_time() {
    for source in [Origin::Replay, Origin::Poll] {
        let mut world = World::new();
        world.report = Ok(without_end());
        world.later(seconds(2 * 3600));
        let message = undated(source, &world);
        assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
        world.assert_one_of_each(&["note.session"]);
        let skipped = WriteState::Skipped { reason: Skip::Time(SkipReason::EndUnknown) };
        assert_eq!(world.state("time.rep-17"), skipped);
        assert_eq!(world.told(NoticeSubject::EndUnknown), 1, "a person decides");
    }
}

#[test]
fn time_of_a_replay_is_no_end_either() {
    let mut world = World::new();
    world.report = Ok(without_end());
    world.later(seconds(2 * 3600));
    let replay = world.replay();
    assert!(replay.event.timestamp.is_some());
    world.deliver_to_its_end(&replay);
    assert_eq!(world.rows_of("time.29").len(), 0);
}

#[test]
fn end_of_the_appliances_event_counts_although_a_replay_came_first() {
    let mut world = World::new();
    world.report = Ok(without_end());
    world.deliver_to_its_end(&undated(Origin::Replay, &world));
    assert_eq!(world.rows_of("time.29").len(), 0);
    world.deliver_to_its_end(&world.end_message());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn time_is_written_once_the_report_has_its_end() {
    let mut world = World::new();
    world.report = Ok(without_end());
    world.deliver_to_its_end(&undated(Origin::Poll, &world));
    world.report = Ok(sample::session(Some(TICKET)));
    world.later(seconds(3600));
    world.deliver_to_its_end(&world.replay());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn event_without_a_time_of_its_own_ends_the_session_when_it_was_received() {
    let mut world = World::new();
    world.report = Ok(without_end());
    let message = undated(Origin::Event, &world);
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn session_whose_end_nobody_knows_is_ignored_when_the_last_that_is_known_was_before_deliver_from() {
    for (from, ignored) in [(sample::end(), true), (sample::end() - seconds(24 * 3600), false)] {
        let mut world = World::new();
        world.settings.deliver_from = Some(from);
        world.report = Ok(SupportSession { ended_at: None, events: Vec::new(), ..sample::session(Some(TICKET)) });
        world.later(seconds(3600));
        let outcome = world.deliver_to_its_end(&world.replay()).outcome();
        assert_eq!(outcome == Outcome::Ignored(Ignored::BeforeDeliverFrom), ignored, "{outcome:?}");
    }
}

#[test]
fn poll_that_comes_when_the_report_has_its_end_brings_the_time_that_was_skipped() {
    let mut world = World::new();
    world.report = Ok(without_end());
    world.deliver_to_its_end(&undated(Origin::Poll, &world));
    world.report = Ok(sample::session(Some(TICKET)));
    world.later(seconds(3600));
    world.deliver_to_its_end(&undated(Origin::Poll, &world));
    world.assert_one_note_and_one_time_entry();
}
