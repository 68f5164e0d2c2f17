//! The shorter note for the customer beside the internal one: a write like every other, made once and alone.

use delivery::{Outcome, Unmatched, WriteState};
use session::event::EventKind;
use session::ids::TicketId;
use session::settings::{Mode, Visibility};

use crate::sample::{self, seconds};
use crate::world::{Crash, Mishap, World, refused};

const ALL: [&str; 3] = ["note.session", "note.customer", "time.29"];

fn world() -> World {
    let mut world = World::new();
    world.settings.note.also_customer = true;
    world
}

#[test]
fn customer_gets_a_note_beside_the_internal_one() {
    let mut world = world();
    let run = world.deliver(&world.end_message());
    assert_eq!(run.calls, ["report", "ticket", "send note.session", "send note.customer", "send time.29"]);
    world.assert_one_of_each(&ALL);
    assert!(world.rows_of("note.customer")[0].text.starts_with("REMOTE SUPPORT 48213"));
    assert_eq!(world.deliver(&world.end_message()).outcome(), Outcome::AlreadyDelivered);
    world.assert_one_of_each(&ALL);
}

#[test]
fn stop_at_any_step_and_redelivery_leave_one_of_each() {
    let steps = world().deliver(&World::new().end_message()).steps;
    assert!(steps >= 10, "only {steps} steps");
    for crash in [Crash::Before, Crash::After] {
        for k in 1..=steps {
            let mut world = world();
            let message = world.end_message();
            world.crash(&message, crash(k));
            world.later(seconds(540));
            world.deliver_to_its_end(&message);
            world.assert_one_of_each(&ALL);
        }
    }
}

#[test]
fn lost_answer_and_late_landing_leave_one() {
    for mishap in [Mishap::AnswerLost, Mishap::LandsLater(seconds(120)), Mishap::NeverLands] {
        let mut world = world();
        world.mishap("note.customer", mishap);
        world.deliver_to_its_end(&world.end_message());
        world.assert_one_of_each(&ALL);
    }
}

#[test]
fn refused_customer_note_takes_no_other_write_with_it() {
    let mut world = world();
    world.mishap("note.customer", Mishap::Fails(refused("no such publish value")));
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
    assert!(matches!(world.state("note.customer"), WriteState::Refused { .. }));
    world.later(seconds(60));
    world.deliver(&world.replay());
    world.assert_one_of_each(&ALL);
}

#[test]
fn session_that_was_written_before_gets_it_by_a_replay_alone() {
    let mut world = World::new();
    world.deliver(&world.end_message());
    world.settings.note.also_customer = true;
    world.later(seconds(60));
    world.deliver(&world.message(EventKind::SupportConferenceEnd, 60));
    world.assert_one_note_and_one_time_entry();
    world.deliver(&world.replay());
    world.assert_one_of_each(&ALL);
}

#[test]
fn customers_who_see_the_session_note_get_no_second_one() {
    let mut world = world();
    world.settings.note.visibility = Visibility::Customer;
    world.deliver(&world.end_message());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn note_that_was_switched_off_while_it_waited_is_not_written() {
    let mut world = world();
    world.mishap("note.session", Mishap::Fails(crate::world::not_taken()));
    let message = world.end_message();
    world.deliver(&message);
    assert!(matches!(world.state("note.customer"), WriteState::Wanted(_)));
    world.settings.note.also_customer = false;
    world.deliver_to_its_end(&message);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn bare_digits_lead_no_note_to_a_strangers_eyes() {
    let mut world = world();
    world.report = Ok(sample::session(Some("42")));
    let run = world.deliver(&world.end_message());
    assert_eq!(run.outcome(), Outcome::Unmatched(Unmatched::DigitsShownToCustomer));
    assert!(world.rows.is_empty() && world.tickets[0].id == TicketId(42));
}

#[test]
fn shadow_keeps_it_with_the_others() {
    let mut world = world();
    world.settings.mode = Mode::Shadow;
    world.deliver(&world.end_message());
    let kept: Vec<String> = world.kept.iter().map(|kept| kept.write.to_string()).collect();
    assert_eq!(kept, ALL);
    assert!(world.record().writes.is_empty());
}
