//! Writes of unknown fate: looked for, found, sent again, or left to a person.

use delivery::{Attention, Ending, NoticeSubject, Outcome, Proofs, WriteKind, WriteState};
use session::ids::TicketId;

use crate::sample::seconds;
use crate::world::{Crash, Mishap, Run, World};

fn delivered_after(mishap: Mishap) -> (World, Run) {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", mishap);
    let run = world.deliver_to_its_end(&message);
    (world, run)
}

#[test]
fn write_whose_answer_was_lost_is_found_and_not_sent_again() {
    let (world, run) = delivered_after(Mishap::AnswerLost);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(run.called("send note.session"), 1);
    assert_eq!(run.called("look up note.session"), 1);
    assert!(matches!(world.state("note.session"), WriteState::Done { found: true, .. }));
}

#[test]
fn other_writes_go_on_while_one_is_looked_for() {
    let mut world = World::new();
    world.mishap("note.session", Mishap::AnswerLost);
    let run = world.deliver(&world.end_message());
    assert!(matches!(run.ending, Some(Ending::Wait { .. })));
    assert_eq!(world.rows_of("time.29").len(), 1);
}

#[test]
fn write_that_lands_when_the_caller_has_long_given_up_is_found() {
    for late in [5, 40, 200, 300, 389] {
        let (world, run) = delivered_after(Mishap::LandsLater(seconds(late)));
        world.assert_one_note_and_one_time_entry();
        assert_eq!(run.called("send note.session"), 1, "{late}");
    }
}

#[test]
fn write_that_never_landed_is_sent_again_after_the_last_look_only() {
    let mut world = World::new();
    let message = world.end_message();
    let sent_by = world.now + seconds(90);
    world.mishap("note.session", Mishap::NeverLands);
    let run = world.deliver_to_its_end(&message);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(run.called("send note.session"), 2);
    assert_eq!((run.called("look up note.session"), run.called("look up the witness of note")), (3, 1));
    assert!(world.now >= sent_by + seconds(330), "sent again while the first might still have landed");
}

#[test]
fn note_that_a_ticket_merge_has_moved_is_found_by_the_last_look() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", Mishap::LandsLater(seconds(100)));
    world.deliver(&message);
    world.rows[0].ticket = TicketId(43);
    world.deliver_to_its_end(&message);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn unknown_write_is_left_to_a_person_where_look_ups_are_not_known_to_work() {
    for disproved in [false, true] {
        let mut world = World::new();
        world.blind = vec![WriteKind::Note];
        world.proofs = Proofs::default();
        if disproved {
            world.disprove(WriteKind::Note);
        }
        let message = world.end_message();
        world.mishap("note.session", Mishap::AnswerLost);
        assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
        world.assert_one_note_and_one_time_entry();
        assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
        assert_eq!(world.attention(), Some(Attention::InDoubt));
        assert_eq!(world.told(NoticeSubject::InDoubt), 1);
    }
}

#[test]
fn replay_of_a_write_in_doubt_looks_and_stays_in_doubt_while_look_ups_do_not_work() {
    let mut world = World::new();
    world.blind = vec![WriteKind::Note];
    world.proofs = Proofs::default();
    let message = world.end_message();
    world.mishap("note.session", Mishap::AnswerLost);
    world.deliver_to_its_end(&message);
    world.later(seconds(3600));
    let replay = world.replay();
    world.deliver_to_its_end(&replay);
    world.assert_one_note_and_one_time_entry();
    assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));

    world.blind.clear();
    world.later(seconds(3600));
    let replay = world.replay();
    world.deliver_to_its_end(&replay);
    world.assert_one_note_and_one_time_entry();
    assert!(matches!(world.state("note.session"), WriteState::Done { found: true, .. }));
}

#[test]
fn worker_that_dies_after_the_write_leaves_it_to_be_found() {
    let mut world = World::new();
    let message = world.end_message();
    world.crash(&message, Crash::After(4));
    assert_eq!(world.rows.len(), 1, "step 4 is the note");
    assert!(matches!(world.state("note.session"), WriteState::Sending { .. }));
    world.later(seconds(540));
    let run = world.deliver_to_its_end(&message);
    assert_eq!(run.called("send note.session"), 0);
    world.assert_one_note_and_one_time_entry();
}

/// The API user lost rights, or was replaced by one with fewer, after look-ups had been seen to work.
#[test]
fn rights_that_were_taken_away_since_the_proof_leave_an_unknown_write_in_doubt_instead_of_doubling_it() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", Mishap::AnswerLost);
    world.deliver(&message);
    world.blind = vec![WriteKind::Note];
    world.deliver_to_its_end(&message);
    assert_eq!(world.rows_of("note.session").len(), 1);
    assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
    assert_eq!((world.told(NoticeSubject::InDoubt), world.told(NoticeSubject::LookUpsUntrusted)), (1, 1));
}

#[test]
fn another_api_user_begins_without_a_proof_and_what_it_cannot_see_is_not_sent_again() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", Mishap::AnswerLost);
    world.deliver(&message);
    // As the ledger answers for another user.
    world.proofs = Proofs::default();
    world.blind = vec![WriteKind::Note];
    world.deliver_to_its_end(&message);
    assert_eq!(world.rows_of("note.session").len(), 1);
    assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
}

#[test]
fn proof_is_renewed_by_the_first_write_of_a_day() {
    let mut world = World::new();
    world.later(seconds(24 * 3600));
    let run = world.deliver(&world.end_message());
    assert_eq!((run.called("look up note.session"), run.called("look up time.29")), (1, 1));
    let at = world.proofs.0[&WriteKind::Note].at;
    assert!(at > crate::sample::end() + seconds(24 * 3600));
}

#[test]
fn row_that_appears_late_does_not_disprove_what_was_seen_before() {
    let mut world = World::new();
    let message = world.end_message();
    for proof in world.proofs.0.values_mut() {
        proof.at -= seconds(25 * 3600);
    }
    world.rows_appear_after = seconds(10);
    let run = world.deliver(&message);
    assert_eq!(run.called("look up the witness of note"), 1);
    assert!(world.proofs.trusted(WriteKind::Note));
    assert_eq!(world.told(NoticeSubject::LookUpsUntrusted), 0);
}

/// The other user sees its own rows, which proves nothing of those that its predecessor wrote.
#[test]
fn what_another_api_user_sent_is_not_sent_again_although_look_ups_work_for_this_one() {
    let mut world = World::new();
    let message = world.end_message();
    world.mishap("note.session", Mishap::AnswerLost);
    world.deliver(&message);
    world.api_user = delivery::ApiUser("b".to_owned());
    // The predecessor's row cannot be seen, the witness can.
    world.rows.iter_mut().for_each(|row| row.marked = row.marked.replace("note.session", "hidden"));
    let run = world.deliver_to_its_end(&message);
    assert_eq!(run.called("send note.session"), 0);
    assert!(matches!(world.state("note.session"), WriteState::InDoubt { .. }));
}
