//! Time that overlaps with other time of the same person: told, refused or let pass, by the connection's choice.

use delivery::{NoticeSubject, Outcome, WriteState};
use session::failure::Failure;
use session::ids::RemoteId;
use session::settings::{Mode, Overlap};

use crate::sample::seconds;
use crate::world::{Crash, Mishap, World};

fn world(overlap: Overlap) -> World {
    let mut world = World::new();
    world.settings.time_entry.overlap = overlap;
    world.overlapping = vec![RemoteId(5001), RemoteId(5002)];
    world
}

#[test]
fn overlap_is_told_and_the_entry_written_all_the_same() {
    let mut world = world(Overlap::Tell);
    let run = world.deliver(&world.end_message());
    let looked = "look up what overlaps with time.29";
    assert_eq!(run.calls, ["report", "ticket", "send note.session", looked, "send time.29"]);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.told(NoticeSubject::Overlap), 1);
    let notice = &world.notices[0];
    assert_eq!(notice.sentence.as_str(), "it overlaps with the time entries 5001, 5002 of the same resource");
    let record = world.record();
    assert_eq!(record.writes[&"time.29".parse().unwrap()].overlaps(), [RemoteId(5001), RemoteId(5002)]);
    assert_eq!(world.attention(), None, "it is written, as was wanted");
}

#[test]
fn overlap_is_refused_where_that_is_wanted_until_nothing_is_in_the_way() {
    let mut world = world(Overlap::Refuse);
    world.deliver(&world.end_message());
    let WriteState::Refused { sentence, .. } = world.state("time.29") else { panic!("it was not refused") };
    assert_eq!(sentence.as_str(), "it overlaps with the time entries 5001, 5002 of the same resource");
    assert_eq!((world.rows_of("note.session").len(), world.rows.len()), (1, 1));
    assert_eq!(world.told(NoticeSubject::Refused), 1);
    world.overlapping.clear();
    world.later(seconds(60));
    world.deliver(&world.replay());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn nobody_looks_where_overlaps_are_allowed_or_others_write() {
    let mut allowing = world(Overlap::Allow);
    let run = allowing.deliver(&allowing.end_message());
    assert_eq!(run.calls, ["report", "ticket", "send note.session", "send time.29"]);
    let mut shadow = world(Overlap::Refuse);
    shadow.settings.mode = Mode::Shadow;
    assert_eq!(shadow.deliver(&shadow.end_message()).outcome(), Outcome::Shadowed);
    assert_eq!(shadow.kept.len(), 2);
}

#[test]
fn nothing_is_told_where_nothing_overlaps() {
    let mut world = world(Overlap::Tell);
    world.overlapping.clear();
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
    assert!(world.notices.is_empty());
}

#[test]
fn entry_of_ours_that_was_written_before_does_not_stand_in_its_own_way() {
    let steps = World::new().deliver(&World::new().end_message()).steps;
    for k in 1..=steps {
        let mut world = world(Overlap::Refuse);
        world.overlapping.clear();
        let message = world.end_message();
        world.crash(&message, Crash::After(k));
        world.overlapping = world.rows_of("time.29").iter().map(|row| row.id).collect();
        world.later(seconds(540));
        world.deliver_to_its_end(&message);
        world.assert_one_note_and_one_time_entry();
        world.overlapping = world.rows_of("time.29").iter().map(|row| row.id).collect();
        world.lose_memory();
        world.later(seconds(3600));
        world.deliver(&world.replay());
        world.assert_one_note_and_one_time_entry();
    }
}

#[test]
fn role_that_is_refused_costs_no_second_look() {
    let mut world = world(Overlap::Tell);
    world.mishap("time.29", Mishap::Fails(Failure::RoleRefused { sentence: "role".into() }));
    let run = world.deliver(&world.end_message());
    assert_eq!(run.called("look up what overlaps with time.29"), 1);
    assert_eq!(world.told(NoticeSubject::Overlap), 1);
}
