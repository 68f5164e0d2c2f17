//! A session without a ticket gets one: once, whatever is repeated and wherever a run ends, and none where a key or a person names one.

use delivery::{Attention, Ending, NoticeSubject, Outcome, PauseScope, Proofs, Unmatched, WaitReason, WriteKind, WriteState};
use session::event::{EventKind, Member};
use session::failure::Failure;
use session::ids::TicketId;
use session::settings::{Mode, TicketCreation, Visibility};

use crate::sample::{self, seconds};
use crate::world::{Crash, Message, Mishap, World, answer_lost, blocked, not_ready, not_taken, refused, write_blocked};

const JSON_KEY: &str = r#"{"accountName":"Acme & Sons","title":"Printer"}"#;

/// A world whose sessions get tickets; the session runs, and has that key.
fn running(creation: TicketCreation, key: Option<&str>) -> World {
    let mut world = World::new();
    world.settings.ticket_creation = creation;
    world.settings.enabled_events.push(EventKind::SupportConferenceMemberAdded);
    world.now = sample::end() - seconds(20 * 60);
    let mut session = sample::session(key);
    session.ended_at = None;
    world.report = Ok(session);
    world
}

fn join(world: &World) -> Message {
    let mut message = world.message(EventKind::SupportConferenceMemberAdded, -20 * 60);
    message.event.member = Some(Member::Representative { user_id: Some("17".to_owned()) });
    message
}

/// The session is over, with the key that it has by now; its end is delivered.
fn end(world: &mut World) -> Outcome {
    world.now = world.now.max(sample::end() + seconds(1));
    if let Ok(session) = &mut world.report {
        session.ended_at = Some(sample::end());
    }
    let message = world.end_message();
    world.deliver_to_its_end(&message).outcome()
}

fn created(world: &World) -> TicketId {
    let rows = world.rows_of("ticket");
    assert_eq!(rows.len(), 1, "tickets created");
    rows[0].ticket
}

/// One ticket was created, and the session is on it.
#[track_caller]
fn assert_all_on_the_created_ticket(world: &World) {
    let ticket = created(world);
    world.assert_one_of_each(&["ticket", "note.session", "time.29"]);
    assert!(world.rows.iter().all(|row| row.ticket == ticket));
    assert_eq!(world.attention(), None);
}

fn key_of(world: &World) -> Option<&str> {
    world.report.as_ref().unwrap().external_key.as_deref()
}

#[test]
fn representative_who_joins_a_session_without_a_key_gives_it_a_ticket_and_its_number() {
    let mut world = running(TicketCreation::Always, None);
    let run = world.deliver(&join(&world));
    assert_eq!(run.outcome(), Outcome::Delivered);
    let number = format!("T20250318.{}", created(&world));
    assert_eq!(
        run.calls,
        ["report", "look up ticket", "draft", "send ticket", "ticket", &format!("key {number}")],
        "looked for first, for the ledger does not know the session"
    );
    assert_eq!(key_of(&world), Some(number.as_str()));
    assert_eq!(end(&mut world), Outcome::Delivered);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn ticket_says_what_the_key_says_and_otherwise_who_it_is_about() {
    let mut world = running(TicketCreation::JsonKey, Some(JSON_KEY));
    world.deliver(&join(&world));
    let wish = &world.wishes[0];
    assert_eq!(wish.fields["accountName"], "Acme & Sons");
    assert_eq!((wish.title.as_str(), wish.session.as_str()), ("Remote session 48213: no customer named", sample::LSID));
}

#[test]
fn session_that_ends_before_anybody_is_seen_to_join_gets_its_ticket_at_the_end() {
    for (creation, key) in
        [(TicketCreation::Always, None), (TicketCreation::Always, Some("call me")), (TicketCreation::JsonKey, Some(JSON_KEY))]
    {
        let mut world = running(creation, key);
        assert_eq!(end(&mut world), Outcome::Delivered);
        assert_all_on_the_created_ticket(&world);
        assert_eq!(key_of(&world), key, "a session that is over keeps its key");
    }
}

#[test]
fn no_ticket_is_created_where_none_is_asked_for() {
    let cases = [
        (TicketCreation::Off, Some(JSON_KEY), Unmatched::TicketWanted),
        (TicketCreation::Off, None, Unmatched::NoKey),
        (TicketCreation::JsonKey, None, Unmatched::NoKey),
        (TicketCreation::JsonKey, Some("call me"), Unmatched::NoTicketInKey),
        (TicketCreation::JsonKey, Some("4711"), Unmatched::TicketNotFound),
        // A number that does not exist is a mistake of somebody who meant a ticket.
        (TicketCreation::Always, Some("T20250318.9999"), Unmatched::TicketNotFound),
    ];
    for (creation, key, unmatched) in cases {
        let mut world = running(creation, key);
        assert_eq!(world.deliver(&join(&world)).outcome(), Outcome::NothingToDo, "{creation:?} {key:?}");
        assert_eq!(world.record().unmatched, None, "it is not over yet");
        assert_eq!(end(&mut world), Outcome::Unmatched(unmatched), "{creation:?} {key:?}");
        assert!(world.rows.is_empty());
    }
}

#[test]
fn bare_digits_that_are_no_ticket_in_use_count_as_no_key() {
    for stale in [false, true] {
        let mut world = running(TicketCreation::Always, Some(if stale { "42" } else { "4711" }));
        world.tickets[0].last_activity = Some(sample::end() - seconds(91 * 24 * 3600));
        world.deliver(&join(&world));
        end(&mut world);
        assert_all_on_the_created_ticket(&world);
    }
    let mut world = running(TicketCreation::Always, Some("42"));
    world.settings.note.visibility = Visibility::Customer;
    world.deliver(&join(&world));
    assert_ne!(created(&world), TicketId(42), "whose ticket it is, the digits do not tell");
}

#[test]
fn customer_who_joins_and_a_session_with_a_ticket_call_for_none() {
    let mut world = running(TicketCreation::Always, None);
    let customer =
        Message { event: session::OutboundEvent { member: Some(Member::Customer), ..join(&world).event }, ..join(&world) };
    let run = world.deliver(&customer);
    assert_eq!((run.outcome(), run.calls.len()), (Outcome::NothingToDo, 0));
    let mut world = running(TicketCreation::Always, Some(sample::TICKET));
    assert_eq!(world.deliver(&join(&world)).outcome(), Outcome::NothingToDo);
    assert!(world.rows.is_empty() && world.wishes.is_empty());
}

#[test]
fn two_joins_and_repeats_create_one_ticket() {
    let mut world = running(TicketCreation::Always, None);
    let first = join(&world);
    for message in [first.clone(), join(&world), first] {
        world.later(seconds(60));
        world.deliver_to_its_end(&message);
    }
    end(&mut world);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn stop_at_any_step_and_redelivery_create_one_ticket() {
    let steps = {
        let mut world = running(TicketCreation::Always, None);
        world.deliver(&join(&world)).steps
    };
    assert!(steps >= 9, "only {steps} steps");
    for crash in [Crash::Before as fn(u32) -> Crash, Crash::After] {
        for k in 1..=steps {
            for redelivered in [true, false] {
                let mut world = running(TicketCreation::Always, None);
                let message = join(&world);
                world.crash(&message, crash(k));
                if redelivered {
                    world.later(seconds(100));
                    world.deliver_to_its_end(&message);
                }
                end(&mut world);
                assert_all_on_the_created_ticket(&world);
            }
        }
    }
}

#[test]
fn stop_at_any_step_of_the_end_creates_one_ticket() {
    for k in 1..=12 {
        let mut world = running(TicketCreation::Always, None);
        world.now = sample::end() + seconds(1);
        world.report = Ok(sample::session(None));
        let message = world.end_message();
        world.crash(&message, Crash::After(k));
        world.later(seconds(540));
        world.deliver_to_its_end(&message);
        assert_all_on_the_created_ticket(&world);
    }
}

#[test]
fn lost_answer_is_looked_up_and_the_ticket_found() {
    let mut world = running(TicketCreation::Always, None);
    world.mishap("ticket", Mishap::AnswerLost);
    let message = join(&world);
    world.deliver_to_its_end(&message);
    assert!(matches!(world.state("ticket"), WriteState::Done { found: true, .. }));
    end(&mut world);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn ticket_that_lands_late_is_the_only_one() {
    for (by, mishap) in [(200, Mishap::LandsLater(seconds(200))), (0, Mishap::NeverLands)] {
        let mut world = running(TicketCreation::Always, None);
        world.mishap("ticket", mishap);
        let message = join(&world);
        world.deliver_to_its_end(&message);
        world.later(seconds(by));
        end(&mut world);
        assert_all_on_the_created_ticket(&world);
    }
}

#[test]
fn first_ticket_of_a_connection_whose_answer_is_lost_is_left_to_a_person() {
    let mut world = running(TicketCreation::Always, None);
    world.proofs = Proofs::default();
    world.mishap("ticket", Mishap::NeverLands);
    let message = join(&world);
    world.deliver_to_its_end(&message);
    assert!(matches!(world.state("ticket"), WriteState::InDoubt { .. }));
    assert_eq!(end(&mut world), Outcome::Unmatched(Unmatched::TicketNotCreated));
    assert_eq!((world.attention(), world.told(NoticeSubject::InDoubt)), (Some(Attention::InDoubt), 1));
}

#[test]
fn technician_who_types_a_number_meanwhile_wins_and_nothing_is_created() {
    // Refused at the join, then the technician helps out.
    let mut world = running(TicketCreation::JsonKey, Some(r#"{"accountName":"Nobody"}"#));
    world.draft_failure = Some(refused("no company is called that"));
    assert_eq!(world.deliver(&join(&world)).outcome(), Outcome::Delivered);
    assert_eq!((world.attention(), world.told(NoticeSubject::Refused)), (Some(Attention::Refused), 1));
    world.report.as_mut().unwrap().external_key = Some(sample::TICKET.to_owned());
    assert_eq!(end(&mut world), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert_eq!(world.attention(), None, "that no ticket could be created matters no more");
}

#[test]
fn technician_who_corrects_the_key_of_a_created_ticket_is_believed() {
    let mut world = running(TicketCreation::Always, None);
    world.deliver(&join(&world));
    world.report.as_mut().unwrap().external_key = Some(sample::TICKET.to_owned());
    end(&mut world);
    assert!(world.rows_of("note.session").iter().all(|row| row.ticket == TicketId(42)));
    assert_eq!(world.rows_of("ticket").len(), 1);
}

#[test]
fn ledger_leads_the_session_to_its_ticket_although_the_key_could_not_be_set() {
    let right = Failure::Blocked { sentence: "no permission".into(), remedy: "grant the command right".into() };
    for (failure, told) in [(not_taken(), 0), (answer_lost(), 0), (right, 1)] {
        let mut world = running(TicketCreation::Always, None);
        world.key_failure = Some(failure);
        assert_eq!(world.deliver(&join(&world)).outcome(), Outcome::Delivered);
        assert_eq!(world.told(NoticeSubject::Blocked), told);
        end(&mut world);
        assert_all_on_the_created_ticket(&world);
    }
}

#[test]
fn key_that_could_not_be_set_is_set_when_the_next_one_joins() {
    let mut world = running(TicketCreation::Always, None);
    world.key_failure = Some(not_taken());
    world.deliver(&join(&world));
    assert_eq!(key_of(&world), None);
    world.key_failure = None;
    world.later(seconds(60));
    let run = world.deliver(&join(&world));
    assert_eq!(run.calls.len(), 3, "{:?}", run.calls);
    assert!(key_of(&world).is_some_and(|key| key.starts_with("T2025")));
}

#[test]
fn typed_key_of_no_ticket_leads_to_the_created_one() {
    let mut world = running(TicketCreation::Always, None);
    world.deliver(&join(&world));
    world.report.as_mut().unwrap().external_key = Some("T20250318.9999".to_owned());
    end(&mut world);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn what_a_person_must_cure_does_not_hold_up_a_running_session() {
    for failure in [blocked(), write_blocked(), Failure::Unrecognised { sentence: "kaboom".into() }] {
        let mut world = running(TicketCreation::JsonKey, Some(JSON_KEY));
        world.mishap("ticket", Mishap::Fails(failure));
        assert_eq!(world.deliver(&join(&world)).outcome(), Outcome::LeftToTheEnd);
        // The technician names a ticket, and the session is on it at once.
        world.report.as_mut().unwrap().external_key = Some(sample::TICKET.to_owned());
        assert_eq!(end(&mut world), Outcome::Delivered);
        world.assert_one_note_and_one_time_entry();
    }
}

#[test]
fn missing_right_to_create_tickets_is_granted_and_the_end_creates_it() {
    let mut world = running(TicketCreation::Always, None);
    world.mishap("ticket", Mishap::Fails(blocked()));
    world.deliver(&join(&world));
    assert!(world.pauses.iter().any(|pause| pause.scope == PauseScope::Kind(WriteKind::Ticket)));
    assert_eq!(world.told(NoticeSubject::Blocked), 1);
    assert_eq!(end(&mut world), Outcome::Delivered);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn missing_right_to_see_companies_holds_up_tickets_alone() {
    let mut world = running(TicketCreation::Always, None);
    world.draft_failure = Some(blocked());
    assert_eq!(world.deliver(&join(&world)).outcome(), Outcome::LeftToTheEnd);
    let scopes: Vec<PauseScope> = world.pauses.iter().map(|pause| pause.scope).collect();
    assert_eq!(scopes, [PauseScope::Kind(WriteKind::Ticket)], "notes and time entries of others go on");
    assert_eq!(world.told(NoticeSubject::Blocked), 1);
    world.draft_failure = None;
    assert_eq!(end(&mut world), Outcome::Delivered);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn report_that_is_not_there_yet_holds_up_a_running_session_for_a_minute_at_most() {
    let mut world = running(TicketCreation::Always, None);
    let session = std::mem::replace(&mut world.report, Err(not_ready()));
    let (message, begun) = (join(&world), world.now);
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::LeftToTheEnd);
    assert!(world.now < begun + seconds(90));
    world.report = session;
    end(&mut world);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn refused_ticket_is_created_by_a_replay_once_the_cause_is_gone() {
    let mut world = running(TicketCreation::JsonKey, Some(JSON_KEY));
    world.draft_failure = Some(refused("two companies are called Acme & Sons"));
    world.deliver(&join(&world));
    assert_eq!(end(&mut world), Outcome::Unmatched(Unmatched::TicketNotCreated));
    assert!(world.rows.is_empty());
    world.draft_failure = None;
    world.later(seconds(3600));
    let replay = world.replay();
    assert_eq!(world.deliver_to_its_end(&replay).outcome(), Outcome::Delivered);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn assigned_ticket_is_taken_and_none_is_created() {
    let mut world = running(TicketCreation::JsonKey, Some(JSON_KEY));
    world.draft_failure = Some(refused("two companies are called Acme & Sons"));
    end(&mut world);
    world.assign(TicketId(43));
    world.later(seconds(3600));
    let replay = world.replay();
    assert_eq!(world.deliver_to_its_end(&replay).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    assert!(world.rows.iter().all(|row| row.ticket == TicketId(43)));
}

#[test]
fn nothing_is_created_in_shadow_mode_nor_before_deliver_from_nor_of_what_others_write() {
    let mut world = running(TicketCreation::Always, None);
    world.settings.mode = Mode::Shadow;
    assert_eq!(world.deliver(&join(&world)).outcome(), Outcome::NothingToDo);
    assert_eq!(end(&mut world), Outcome::Unmatched(Unmatched::NoKey));
    world.settings.mode = Mode::Deliver;
    let message = world.message(EventKind::SupportConferenceEnd, 0);
    world.deliver_to_its_end(&message);
    assert!(world.rows.is_empty(), "others were to write it");

    let mut world = running(TicketCreation::Always, None);
    world.settings.deliver_from = Some(sample::end() - seconds(60));
    assert_eq!(world.deliver(&join(&world)).outcome(), Outcome::NothingToDo);
    end(&mut world);
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn ticket_of_a_session_that_the_ledger_has_forgotten_is_found_and_not_created_again() {
    let mut world = running(TicketCreation::Always, None);
    world.key_failure = Some(not_taken());
    world.deliver(&join(&world));
    world.lose_memory();
    end(&mut world);
    // Its end is fresh, so nothing can have been written of the session but its ticket.
    assert_all_on_the_created_ticket(&world);
}

#[test]
fn join_that_arrives_late_leaves_the_ticket_to_the_end() {
    let mut world = running(TicketCreation::Always, None);
    let late = join(&world);
    world.report = Ok(sample::session(None));
    world.now = sample::end() + seconds(1);
    assert_eq!(world.deliver(&late).outcome(), Outcome::NothingToDo);
    end(&mut world);
    assert_all_on_the_created_ticket(&world);
    world.later(seconds(60));
    let run = world.deliver(&late);
    assert_eq!((run.outcome(), run.calls.len()), (Outcome::NothingToDo, 0));
}

#[test]
fn unknown_ticket_of_a_running_session_is_waited_for_by_minutes() {
    let mut world = running(TicketCreation::Always, None);
    world.mishap("ticket", Mishap::LandsLater(seconds(30)));
    let message = join(&world);
    let run = world.deliver(&message);
    assert!(matches!(run.ending, Some(Ending::Wait { why: WaitReason::UnknownWrite, .. })));
    assert!(world.rows.iter().all(|row| matches!(row.kind, WriteKind::Ticket)));
    world.deliver_to_its_end(&message);
    assert!(key_of(&world).is_some());
}
