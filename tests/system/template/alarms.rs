//! Each alarm of the template: fired once, by what the functions print when it happens, and quiet when it does not.
//!
//! An alarm on a metric that nobody prints, or on a set of dimensions in which nobody prints it, looks as healthy as any other. So
//! an alarm without a story here fails the test, and so does one that its story does not fire.

use std::collections::BTreeMap;

use delivery::NoticeSubject;
use jiff::SignedDuration;
use serde_json::Value;

use crate::alarm::Alarm;
use crate::lines::{
    call, changed, event, notice, notification_failed, of_a_start_with_a_bad_token, of_receiver, panicked, polls_fail, silence,
    start, unknown_event, waits,
};
use crate::template;

const OURS: &str = "SessionBridge/";

/// Alarms on what AWS itself measures: no code of ours prints it, so nothing here could fire them. Each with what it rests on.
const OF_AWS: [(&str, &str); 8] = [
    ("DeadLetterQueueNotEmpty", "SQS counts the messages of a queue; that dead letters get there is shown end to end"),
    ("QuarantineNotEmpty", "as above; that malformed events get there is shown end to end"),
    ("EventsNotTaken", "SQS measures the age of what nobody received; the local AWS has no such metric"),
    ("ReceiverFails", "Lambda counts processes that end or time out"),
    ("ReceiverIsThrottled", "Lambda counts the calls that it refuses before any code of ours runs"),
    ("WorkerFails", "as ReceiverFails"),
    ("WorkerIsThrottled", "as ReceiverIsThrottled"),
    ("PollerFails", "as ReceiverFails"),
];

fn alarms() -> BTreeMap<String, Value> {
    let template = template();
    let resources = template["Resources"].as_object().unwrap();
    let alarms = resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    alarms.map(|(name, resource)| (name.clone(), resource["Properties"].clone())).collect()
}

/// The alarms on our own metrics.
fn ours() -> BTreeMap<String, Alarm> {
    let mine = alarms()
        .into_iter()
        .filter(|(_, properties)| properties["Namespace"].as_str().is_some_and(|name| name.starts_with(OURS)));
    mine.map(|(name, properties)| (name, Alarm::read(&properties))).collect()
}

/// What the functions print when that happens of which the alarm tells.
async fn story(alarm: &str) -> Vec<String> {
    let wrong_token = || changed(event(), "/rawQueryString", "appliance=default&outbound_event_token=wrong");
    match alarm {
        "EventsNotStored" => of_receiver(&[event()]).await,
        "CallsRefused" => of_receiver(&vec![wrong_token(); 8]).await,
        "AppliancesAtAnotherPath" => of_receiver(&[changed(event(), "/rawPath", "/ERSPosts")]).await,
        "AppliancesWithAnotherMethod" => of_receiver(&[changed(event(), "/requestContext/http/method", "GET")]).await,
        "TokensLeftOut" => of_a_start_with_a_bad_token(),
        "EventsWaitLong" => waits(SignedDuration::from_mins(16)),
        "NoEventInBusinessHours" => silence(1),
        "PollsFail" => polls_fail(4),
        "WorkerPanicked" => panicked(),
        "NotificationsFailed" => notification_failed(),
        "WritesRefused" => notice(NoticeSubject::Refused),
        "WritesBlocked" => notice(NoticeSubject::Blocked),
        "WritesInDoubt" => notice(NoticeSubject::InDoubt),
        "CredentialsRefused" => notice(NoticeSubject::CredentialsRefused),
        "LookUpsUntrusted" => notice(NoticeSubject::LookUpsUntrusted),
        "ConnectionDocumentBad" => notice(NoticeSubject::Connection),
        "TemplatesFail" => notice(NoticeSubject::TemplateFailed),
        other => panic!("nothing is known here that fires {other}: give it a story, or a reason in OF_AWS"),
    }
}

/// What is printed on a good day, with a scanner of the internet in it.
async fn good_day() -> Vec<String> {
    let scanner = changed(call(""), "/rawQueryString", "");
    let calls = [unknown_event(), changed(scanner.clone(), "/rawPath", "/wp-login.php"), scanner];
    [of_receiver(&calls).await, waits(SignedDuration::from_mins(5)), silence(0), polls_fail(1)].concat()
}

/// A minute after the story began.
fn then() -> i64 {
    start().as_second() + 60
}

#[tokio::test]
async fn each_alarm_is_fired_by_what_the_functions_print_and_quiet_on_a_good_day() {
    let good_day = good_day().await;
    let ours = ours();
    assert!(ours.len() > 10, "the alarms are there");
    for (name, alarm) in ours {
        let story = story(&name).await;
        assert!(alarm.is_fired_by(&story, then()), "{name} is not fired by {story:#?}");
        assert!(!alarm.is_fired_by(&good_day, then()), "{name} is fired by a good day");
        assert!(!alarm.is_fired_by(&story, start().as_second() + 24 * 3600), "{name} goes on for ever");
    }
}

#[tokio::test]
async fn alarm_that_watches_something_else_than_is_printed_is_never_fired() {
    for (name, alarm) in ours() {
        let story = story(&name).await;
        let mut others = vec![alarm.clone(); 4];
        others[0].metric.push('s');
        others[1].namespace.push('s');
        others[2].dimensions.insert("appliance".to_owned(), "default".to_owned());
        others[3].dimensions.insert("function".to_owned(), "Receivers".to_owned());
        for other in others {
            assert!(!other.is_fired_by(&story, then()), "{name}: {other:?}");
        }
    }
}

#[tokio::test]
async fn refusals_are_alarming_whatever_their_cause_and_not_before_the_sixth() {
    let alarm = &ours()["CallsRefused"];
    let refused = |query: &str| changed(event(), "/rawQueryString", query);
    let twice = "outbound_event_token=a&outbound_event_token=b";
    for query in [twice, "", "appliance=nobody&outbound_event_token=a", "appliance=acme&outbound_event_token=a"] {
        assert!(alarm.is_fired_by(&of_receiver(&vec![refused(query); 8]).await, then()), "{query}");
        assert!(!alarm.is_fired_by(&of_receiver(&vec![refused(query); 5]).await, then()), "{query}");
    }
}

#[tokio::test]
async fn strangers_at_another_path_are_no_alarm() {
    let stranger = changed(changed(event(), "/rawQueryString", ""), "/rawPath", "/wp-login.php");
    let lines = of_receiver(&vec![stranger; 20]).await;
    for (name, alarm) in ours() {
        assert!(!alarm.is_fired_by(&lines, then()), "{name}");
    }
}

#[test]
fn alarms_on_what_aws_measures_are_listed_with_a_reason() {
    let of_aws: Vec<String> = alarms().into_keys().filter(|name| !ours().contains_key(name)).collect();
    let mut listed = OF_AWS.map(|(name, _)| name);
    listed.sort_unstable();
    assert_eq!(of_aws, listed);
    assert!(OF_AWS.iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn every_alarm_tells_somebody_when_it_begins_and_when_it_ends() {
    for (name, properties) in alarms() {
        for actions in ["AlarmActions", "OKActions"] {
            assert_eq!(properties[actions][0]["Ref"], "AlarmTopic", "{name}: {actions}");
        }
    }
}
