//! What an administrator can switch: shadow, hold, off, single events, the day of the cut-over.

use delivery::{Admission, Outcome, Proofs, WriteKind, WriteState};
use delivery::{Ignored, WaitReason};
use session::event::EventKind;
use session::settings::Mode;

use crate::sample::{end, seconds};
use crate::world::World;

#[test]
fn shadow_writes_nothing_and_keeps_what_would_be_written() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    let run = world.deliver(&world.end_message());
    assert_eq!(run.outcome(), Outcome::Shadowed);
    assert!(world.rows.is_empty());
    let kept: Vec<String> = world.kept.iter().map(|kept| kept.write.to_string()).collect();
    assert_eq!(kept, ["note.session", "time.29"]);
}

#[test]
fn session_that_was_shadowed_is_delivered_when_it_is_replayed() {
    let mut world = World::new();
    world.settings.mode = Mode::Shadow;
    world.deliver(&world.end_message());
    world.settings.mode = Mode::Deliver;
    world.later(seconds(3600));
    world.deliver(&world.replay());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn off_is_recorded_as_ignored_and_asks_nobody() {
    let mut world = World::new();
    world.settings.mode = Mode::Off;
    let run = world.deliver(&world.end_message());
    assert_eq!(run.outcome(), Outcome::Ignored(Ignored::ModeOff));
    assert_eq!(run.calls.len(), 0);
    assert_eq!(world.record().ignored, Some(Ignored::ModeOff));
}

#[test]
fn ignored_session_is_delivered_once_it_is_switched_on_and_comes_again() {
    let mut world = World::new();
    world.settings.mode = Mode::Off;
    world.deliver(&world.end_message());
    world.settings.mode = Mode::Deliver;
    world.deliver(&world.replay());
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.record().ignored, None);
}

#[test]
fn event_that_is_switched_off_is_ignored() {
    let mut world = World::new();
    for kind in [EventKind::SupportConferenceBegin, EventKind::SupportConferenceMemberAdded] {
        let run = world.deliver(&world.message(kind, -100));
        assert_eq!(run.outcome(), Outcome::Ignored(Ignored::EventOff));
    }
    assert!(world.rows.is_empty());
}

#[test]
fn event_that_is_switched_on_but_writes_nothing_calls_for_nothing() {
    let mut world = World::new();
    world.settings.enabled_events.push(EventKind::SupportConferenceOwnerChanged);
    let run = world.deliver(&world.message(EventKind::SupportConferenceOwnerChanged, -100));
    assert_eq!(run.outcome(), Outcome::NothingToDo);
}

#[test]
fn session_that_ended_before_the_cut_over_is_ignored() {
    let mut world = World::new();
    world.settings.deliver_from = Some(end() + seconds(1));
    let run = world.deliver(&world.end_message());
    assert_eq!(run.outcome(), Outcome::Ignored(Ignored::BeforeDeliverFrom));
    assert!(world.rows.is_empty());
    world.settings.deliver_from = Some(end());
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn hold_lets_events_wait_before_they_are_claimed() {
    let mut world = World::new();
    world.settings.mode = Mode::Hold;
    let message = world.end_message();
    world.later(seconds(3600));
    let expected = Admission::Wait { until: world.now + seconds(360), why: WaitReason::OnHold };
    assert_eq!(world.admission(&message), expected, "a tenth of the time that it has waited");
}

/// The answer to the note was lost, and no look-up can tell.
fn with_a_note_in_doubt() -> World {
    let mut world = World::new();
    world.proofs = Proofs::default();
    world.blind = vec![WriteKind::Note];
    let message = world.end_message();
    world.mishap("note.session", crate::world::Mishap::AnswerLost);
    world.deliver_to_its_end(&message);
    world
}

#[test]
fn shadow_does_not_forget_what_is_in_doubt() {
    let mut world = with_a_note_in_doubt();
    world.settings.mode = Mode::Shadow;
    for _ in 0..2 {
        world.later(seconds(3600));
        world.deliver(&world.replay());
        assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
    }
}

#[test]
fn shadow_that_begins_after_a_replay_leaves_what_was_in_doubt_in_doubt() {
    let mut world = with_a_note_in_doubt();
    world.later(seconds(3600));
    let replay = world.replay();
    // The replay is taken up, but gets no further than the report.
    world.ticket_failure = Some(crate::world::not_taken());
    world.deliver(&replay);
    assert!(matches!(world.state("note.session"), WriteState::Wanted(_)));
    world.ticket_failure = None;
    world.settings.mode = Mode::Shadow;
    world.later(seconds(60));
    world.deliver_to_its_end(&replay);
    assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
}

#[test]
fn rest_of_a_note_that_was_written_before_shadow_mode_is_attached_after_it() {
    let mut world = World::new();
    world.report = Ok(crate::sample::talkative(70_000));
    let message = world.end_message();
    world.mishap("attachment.1", crate::world::Mishap::Fails(crate::world::not_taken()));
    world.deliver(&message);
    assert_eq!((world.rows_of("note.session").len(), world.rows_of("attachment.1").len()), (1, 0));
    world.pauses.clear();
    world.settings.mode = Mode::Shadow;
    assert_eq!(world.deliver(&message).outcome(), Outcome::Shadowed);
    world.settings.mode = Mode::Deliver;
    world.later(seconds(3600));
    assert_eq!(world.deliver(&world.replay()).outcome(), Outcome::Delivered);
    assert_eq!((world.rows_of("note.session").len(), world.rows_of("attachment.1").len()), (1, 1));
}
