//! Writing is switched off while writes are on their way: none is stranded. What may have been written is looked up, what is not stays
//! open, listed and told of; nothing new is sent.

use delivery::{Attention, Ending, NoticeSubject, Outcome, Proofs, WriteState};
use delivery::{Ignored, LeftOpen};
use session::event::EventKind;
use session::settings::{Mode, Settings};

use crate::sample::{end, seconds};
use crate::world::{Message, Mishap, World, not_taken};

/// What an administrator changes.
type Switch = fn(&mut Settings);

/// Every way in which an administrator can stop the writing of a session.
const SWITCHES: [(Switch, Outcome); 4] = [
    (|settings| settings.mode = Mode::Off, Outcome::Ignored(Ignored::ModeOff)),
    (|settings| settings.mode = Mode::Shadow, Outcome::Shadowed),
    (|settings| settings.enabled_events.clear(), Outcome::Ignored(Ignored::EventOff)),
    (|settings| settings.deliver_from = Some(end() + seconds(1)), Outcome::Ignored(Ignored::BeforeDeliverFrom)),
];

fn with_a_note_of_unknown_fate(mishap: Mishap) -> (World, Message) {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", mishap);
    world.mishap("time.29", Mishap::Fails(not_taken()));
    world.deliver(&message);
    world.pauses.clear();
    assert!(matches!(world.state("note.session"), WriteState::Sending { .. }));
    (world, message)
}

#[test]
fn write_of_unknown_fate_is_looked_up_to_its_end_and_nothing_new_is_sent() {
    for (switch, outcome) in SWITCHES {
        for (mishap, rows) in [(Mishap::AnswerLost, 1), (Mishap::NeverLands, 0)] {
            let (mut world, message) = with_a_note_of_unknown_fate(mishap);
            switch(&mut world.settings);
            world.later(seconds(60));
            let run = world.deliver_to_its_end(&message);
            assert_eq!(run.outcome(), outcome);
            assert_eq!((run.called("send note.session"), run.called("send time.29")), (0, 0));
            assert_eq!(world.rows.len(), rows);
            let state = world.state("note.session");
            assert_eq!(matches!(state, WriteState::Done { found: true, .. }), rows == 1, "{outcome:?}: {state:?}");
        }
    }
}

#[test]
fn write_that_was_tried_is_left_open_listed_and_told_once() {
    for (switch, outcome) in SWITCHES {
        let (mut world, message) = with_a_note_of_unknown_fate(Mishap::AnswerLost);
        switch(&mut world.settings);
        world.later(seconds(60));
        world.deliver_to_its_end(&message);
        assert_eq!(world.attention(), Some(Attention::LeftOpen), "{outcome:?}");
        assert_eq!(world.told(NoticeSubject::LeftOpen), 1);
        world.deliver_to_its_end(&message);
        assert_eq!(world.told(NoticeSubject::LeftOpen), 1, "said once");
    }
}

#[test]
fn write_that_was_left_open_is_made_by_a_replay_and_leaves_the_list() {
    for (switch, _) in SWITCHES {
        let (mut world, message) = with_a_note_of_unknown_fate(Mishap::AnswerLost);
        let settings = world.settings.clone();
        switch(&mut world.settings);
        world.later(seconds(60));
        world.deliver_to_its_end(&message);
        world.settings = settings;
        world.later(seconds(3600));
        world.deliver_to_its_end(&world.replay());
        world.assert_one_note_and_one_time_entry();
        assert_eq!(world.attention(), None);
    }
}

#[test]
fn write_of_unknown_fate_is_left_to_a_person_where_look_ups_cannot_tell() {
    let (mut world, message) = with_a_note_of_unknown_fate(Mishap::NeverLands);
    world.proofs = Proofs::default();
    world.settings.mode = Mode::Off;
    world.later(seconds(60));
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Ignored(Ignored::ModeOff));
    assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
    assert_eq!(world.attention(), Some(Attention::InDoubt));
}

#[test]
fn neighbour_that_is_left_alone_is_not_asked_for_a_write_that_was_switched_off() {
    let (mut world, message) = with_a_note_of_unknown_fate(Mishap::AnswerLost);
    world.ticket_failure = Some(not_taken());
    world.deliver(&message);
    world.settings.mode = Mode::Off;
    let run = world.deliver(&message);
    assert_eq!(run.calls.len(), 0);
    assert_eq!(run.waits_until(), world.pauses[0].until);
}

#[test]
fn hold_keeps_a_write_of_unknown_fate_and_it_is_found_when_it_ends() {
    let (mut world, message) = with_a_note_of_unknown_fate(Mishap::AnswerLost);
    world.settings.mode = Mode::Hold;
    world.later(seconds(60));
    assert!(matches!(world.admission(&message), delivery::Admission::Wait { .. }));
    world.later(seconds(3 * 24 * 3600));
    world.settings.mode = Mode::Deliver;
    world.deliver_to_its_end(&message);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn event_that_never_writes_anything_leaves_nothing_open_when_it_is_ignored() {
    let (mut world, _) = with_a_note_of_unknown_fate(Mishap::AnswerLost);
    let run = world.deliver(&world.message(EventKind::SupportConferenceMemberDeparted, 1));
    assert_eq!((run.outcome(), run.calls.len()), (Outcome::Ignored(Ignored::EventOff), 0));
    assert_eq!(world.record().left_open, None::<LeftOpen>);
}

#[test]
fn shadow_mode_lists_what_stays_open_of_a_session_that_was_given_up_before() {
    let mut world = World::new();
    let message = world.end_message();
    world.ticket_failure = Some(not_taken());
    assert!(matches!(world.deliver_to_its_end(&message).ending, Some(Ending::DeadLetter(_))));
    world.ticket_failure = None;
    world.pauses.clear();
    world.settings.mode = Mode::Shadow;
    assert_eq!(world.deliver(&message).outcome(), Outcome::Shadowed);
    assert_eq!(world.attention(), Some(Attention::LeftOpen));
    assert_eq!((world.told(NoticeSubject::DeadLettered), world.told(NoticeSubject::LeftOpen)), (1, 0), "told once");
}
