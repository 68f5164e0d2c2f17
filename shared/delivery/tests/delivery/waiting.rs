//! What an event waits for, and when it is given up.

use delivery::WaitReason;
use delivery::{Admission, Attention, DeadLetterReason, Ending, NoticeSubject, Outcome, PauseCause, PauseScope};
use session::failure::Failure;
use session::support_session::SupportSession;

use crate::sample::{self, TICKET, seconds};
use crate::world::{Mishap, World, not_ready, not_taken, pause_of};

#[test]
fn report_that_is_not_ready_is_asked_for_again() {
    let mut world = World::new();
    world.report = Err(not_ready());
    let message = world.end_message();
    let run = world.deliver(&message);
    let Some(Ending::Wait { until, why }) = run.ending else { panic!("it does not wait") };
    assert_eq!((until.duration_since(world.now).as_secs(), why), (9, WaitReason::ReportNotReady));
    assert_eq!(world.record().waiting.and_then(|waiting| waiting.until), Some(until), "people are told when it goes on");
    assert!(world.pauses.is_empty(), "other sessions have their reports");

    world.report = Ok(sample::session(Some(TICKET)));
    assert_eq!(world.deliver(&message).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn report_that_is_never_ready_is_dead_lettered_as_missing_and_no_note_is_written() {
    let mut world = World::new();
    world.report = Err(not_ready());
    let message = world.end_message();
    let began = world.now;
    let run = world.deliver_to_its_end(&message);
    assert_eq!(run.ending, Some(Ending::DeadLetter(DeadLetterReason::ReportMissing)));
    assert!(world.now >= began + seconds(72 * 3600));
    assert!(run.calls.len() < 310, "{} calls", run.calls.len());
    assert!(world.rows.is_empty());
    assert_eq!(world.attention(), Some(Attention::DeadLettered));
}

#[test]
fn report_without_an_end_is_taken_from_the_event_after_fifteen_minutes() {
    let mut world = World::new();
    world.report = Ok(SupportSession { ended_at: None, ..sample::session(Some(TICKET)) });
    let message = world.end_message();
    let received_at = world.now;
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    world.assert_one_note_and_one_time_entry();
    let waited = world.now.duration_since(received_at).as_secs();
    assert!((900..=902).contains(&waited), "{waited}");
}

#[test]
fn neighbour_that_is_down_is_left_alone_and_given_up_after_the_retry_time() {
    let mut world = World::new();
    world.ticket_failure = Some(not_taken());
    let message = world.end_message();
    world.deliver(&message);
    assert_eq!(pause_of(&world, PauseScope::Ticketing).unwrap().cause, PauseCause::Down);
    assert!(matches!(world.admission(&message), Admission::Wait { why: WaitReason::Ticketing, .. }));
    let run = world.deliver_to_its_end(&message);
    assert_eq!(run.ending, Some(Ending::DeadLetter(DeadLetterReason::RetryTimeUsedUp(WaitReason::Ticketing))));
    assert!(run.called("ticket") < 100, "{}", run.called("ticket"));
}

#[test]
fn retry_hours_of_the_event_count() {
    let mut world = World::new();
    world.report = Err(not_ready());
    let message = world.end_message();
    world.settings.retry_hours.insert(message.event.kind, 1);
    let began = world.now;
    world.deliver_to_its_end(&message);
    assert!(world.now < began + seconds(2 * 3600));
}

#[test]
fn refused_credentials_pause_the_neighbour_and_tell_a_person() {
    let mut world = World::new();
    world.report = Err(Failure::CredentialsRefused { sentence: "login failed".into() });
    let message = world.end_message();
    world.deliver(&message);
    assert_eq!(pause_of(&world, PauseScope::Appliance).unwrap().cause, PauseCause::CredentialsRefused);
    assert_eq!(world.told(NoticeSubject::CredentialsRefused), 1);

    world.report = Ok(sample::session(Some(TICKET)));
    assert_eq!(world.deliver_to_its_end(&message).outcome(), Outcome::Delivered);
    assert!(world.pauses.is_empty());
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn throttling_is_honoured_for_as_long_as_the_neighbour_asks() {
    let mut world = World::new();
    let throttled =
        Failure::NotTaken { what: "429".into(), throttled: true, retry_after: Some(std::time::Duration::from_secs(120)) };
    world.mishap("note.session", Mishap::Fails(throttled));
    let message = world.end_message();
    world.deliver(&message);
    let pause = pause_of(&world, PauseScope::Ticketing).unwrap();
    assert_eq!((pause.cause, pause.until.duration_since(world.now).as_secs()), (PauseCause::Throttled, 119));
    world.deliver_to_its_end(&message);
    world.assert_one_note_and_one_time_entry();
}

/// Others of the connection open a pause again and again, or use up the hourly budget, and this event is never the one that is
/// let through.
#[test]
fn event_that_other_events_pauses_keep_out_is_given_up_before_the_queue_forgets_it() {
    use delivery::Pause;
    for (cause, why) in
        [(PauseCause::CredentialsRefused, WaitReason::TicketingCredentials), (PauseCause::Budget, WaitReason::HourlyBudget)]
    {
        let mut world = World::new();
        let message = world.end_message();
        let began = world.now;
        let mut calls = 0;
        let given_up = loop {
            let until = world.now + seconds(3600);
            world.pauses =
                vec![Pause { scope: PauseScope::Ticketing, until, cause, sentence: "no".into(), rounds: 9, document: None }];
            if world.admission(&message) == Admission::Go {
                let run = world.deliver(&message);
                calls += run.calls.len();
                if let Some(Ending::DeadLetter(reason)) = run.ending {
                    break reason;
                }
            }
            world.now = until;
        };
        assert_eq!(given_up, DeadLetterReason::RetryTimeUsedUp(why));
        assert_eq!(calls, 0, "the neighbour was called in spite of its pause");
        let waited = world.now.duration_since(began);
        assert!(waited >= seconds(2 * 72 * 3600) && waited < seconds(7 * 24 * 3600), "{waited}");
    }
}

/// A rest for the budget is no trouble of the neighbour: it begins no ladder, and is remembered after a success.
#[test]
fn rest_for_the_budget_is_remembered_and_raises_no_round() {
    use delivery::Pause;
    let (mut world, mut failing) = (World::new(), World::new());
    let (until, cause) = (world.now - seconds(1), PauseCause::Budget);
    let rest = Pause { scope: PauseScope::Ticketing, until, cause, sentence: "61 %".into(), rounds: 0, document: None };
    world.pauses = vec![rest.clone()];
    let message = world.end_message();
    assert_eq!(world.deliver(&message).outcome(), Outcome::Delivered);
    assert_eq!(world.pauses, std::slice::from_ref(&rest));

    failing.pauses = vec![rest];
    failing.ticket_failure = Some(not_taken());
    failing.deliver(&failing.end_message());
    let pause = pause_of(&failing, PauseScope::Ticketing).unwrap();
    assert_eq!((pause.cause, pause.rounds), (PauseCause::Down, 0));
}

#[test]
fn what_alternates_does_not_begin_its_ladder_anew_each_time() {
    let mut world = World::new();
    let message = world.end_message();
    let mut last = None;
    for round in 0..20 {
        world.report = Err(if round % 2 == 0 { not_ready() } else { Failure::Unreadable { what: "cut short".into() } });
        let began = world.now;
        let Some(Ending::Wait { until, .. }) = world.deliver(&message).ending else { panic!("it does not wait") };
        last = Some(until.duration_since(began));
        world.now = until;
    }
    assert!(last.is_some_and(|wait| wait > seconds(600)), "{last:?}");
}

#[test]
fn event_that_is_held_for_as_long_as_the_queue_keeps_it_is_given_up_with_reason_entry_and_notice() {
    let mut world = World::new();
    world.settings.mode = session::settings::Mode::Hold;
    let message = world.end_message();
    let began = world.now;
    let run = world.deliver_to_its_end(&message);
    assert_eq!(run.ending, Some(Ending::DeadLetter(DeadLetterReason::QueueTimeUsedUp(WaitReason::OnHold))));
    let waited = world.now.duration_since(began);
    assert!(waited >= seconds(13 * 24 * 3600) && waited < seconds(14 * 24 * 3600), "{waited}");
    assert_eq!(world.attention(), Some(Attention::DeadLettered));
    assert_eq!(world.told(NoticeSubject::DeadLettered), 1);
    // Sent back once it is switched on again, it is as if it had come then.
    world.settings.mode = session::settings::Mode::Deliver;
    world.deliver(&message);
    world.assert_one_note_and_one_time_entry();
}

#[test]
fn retry_time_longer_than_the_queue_keeps_events_ends_with_it() {
    let mut world = World::new();
    world.report = Err(not_ready());
    let message = world.end_message();
    world.settings.retry_hours.insert(message.event.kind, 24 * 30);
    let began = world.now;
    let run = world.deliver_to_its_end(&message);
    let reason = DeadLetterReason::QueueTimeUsedUp(WaitReason::ReportNotReady);
    assert_eq!(run.ending, Some(Ending::DeadLetter(reason)));
    assert!(world.now.duration_since(began) < seconds(14 * 24 * 3600));
}

#[test]
fn corrected_credentials_end_the_pause_at_once() {
    let mut world = World::new();
    world.report = Err(Failure::CredentialsRefused { sentence: "login failed".into() });
    let message = world.end_message();
    // The third refusal in a row pauses the neighbour for an hour.
    for _ in 0..3 {
        world.deliver(&message);
        world.now = world.pauses[0].until;
    }
    world.now -= seconds(3500);
    let Admission::Wait { until, why } = world.admission(&message) else { panic!("it does not wait") };
    assert_eq!((until, why), (world.now + seconds(300), WaitReason::ApplianceCredentials), "it looks for a changed document");

    world.document = delivery::DocumentVersion("2".to_owned());
    world.report = Ok(sample::session(Some(TICKET)));
    assert_eq!(world.admission(&message), Admission::Go);
    assert_eq!(world.deliver(&message).outcome(), Outcome::Delivered);
    assert!(world.pauses.is_empty());
}

#[test]
fn missing_right_on_the_appliance_pauses_it_and_is_told_at_once() {
    let mut world = World::new();
    world.report = Err(Failure::Blocked { sentence: "no permission".into(), remedy: "grant it".into() });
    let run = world.deliver(&world.end_message());
    assert!(matches!(run.ending, Some(Ending::Wait { why: WaitReason::ApplianceRight, .. })));
    assert_eq!(world.told(NoticeSubject::Blocked), 1);
    assert_eq!(pause_of(&world, PauseScope::Appliance).unwrap().cause, PauseCause::Blocked);
}

#[test]
fn answer_of_the_appliance_that_nobody_knows_is_waited_for_and_told_once_after_a_quarter_of_an_hour() {
    let mut world = World::new();
    world.report = Err(Failure::Unrecognised { sentence: "Feature unavailable.".into() });
    let message = world.end_message();
    let began = world.now;
    while world.now < began + seconds(2 * 3600) {
        let run = world.deliver(&message);
        let early = world.now < began + seconds(900);
        assert_eq!(world.told(NoticeSubject::ReportRefused), usize::from(!early));
        world.now = run.waits_until();
    }
    world.report = Ok(sample::session(Some(TICKET)));
    world.deliver(&message);
    world.assert_one_note_and_one_time_entry();
}
