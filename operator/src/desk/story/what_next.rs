//! What happens by itself, and what a person can do.

use delivery::{LeftOpen, Record, Unmatched, WaitReason, WriteState};

use super::happened::called;
use super::moment;
use crate::desk::sessions::{Session, State};

/// What happens without anybody.
pub(super) fn next(record: &Record, state: State) -> String {
    let again = match record.waiting.as_ref().and_then(|waiting| waiting.until) {
        Some(until) => format!("It is tried again {} by itself.", moment(until)),
        None => "It is tried again by itself.".to_owned(),
    };
    match state {
        State::Delivered => "Nothing: all is done.".to_owned(),
        State::Waiting if record.waiting.is_none() && !record.has_open() => {
            "The end of the session brings it by itself.".to_owned()
        }
        State::Waiting => again,
        State::Blocked => format!("{again} Nothing is lost until then."),
        State::Shadowed | State::Ignored => "Nothing. Its later surveys are written when the connection writes.".to_owned(),
        State::SurveyMissing => "Nothing more by itself.".to_owned(),
        State::Unmatched | State::Refused | State::InDoubt | State::GivenUp | State::LeftOpen if record.waiting.is_some() => {
            again
        }
        State::Unmatched | State::Refused | State::InDoubt | State::GivenUp | State::LeftOpen => {
            "Nothing, until a person does something.".to_owned()
        }
    }
}

/// What a person can do, with the command for it.
pub(super) fn can_do(session: &Session, record: &Record, state: State) -> Vec<String> {
    let lsid = &session.listed.lsid;
    let replay = format!("session-bridge replay {lsid}");
    let only_missing = "only what is missing is written, nothing twice";
    match state {
        State::Delivered => vec![],
        State::Waiting => wait_remedy(record.waiting.as_ref().map(|waiting| waiting.why)),
        State::Blocked => vec![
            "Grant what the sentence names; it goes on by itself within the hour.".to_owned(),
            format!("To have it tried at once: {replay}"),
        ],
        State::Refused => vec![
            "Correct what the sentence names, in Autotask or in the connection document.".to_owned(),
            format!("Then: {replay} ({only_missing})"),
        ],
        State::InDoubt => in_doubt(session, record),
        State::Unmatched => {
            vec![
                unmatched_remedy(record.unmatched),
                format!("To see which open tickets fit: session-bridge unmatched suggest {lsid}"),
                format!("To name the ticket: session-bridge unmatched assign {lsid} <ticket>"),
            ]
        }
        State::GivenUp => vec!["Mend what it waited for.".to_owned(), format!("Then: {replay} ({only_missing})")],
        State::LeftOpen => vec![format!("When the connection writes again: {replay} ({only_missing})")]
            .into_iter()
            .chain(
                matches!(record.left_open, Some(LeftOpen::Shadow))
                    .then(|| "The connection's mode is shadow; it writes in the mode deliver.".to_owned()),
            )
            .collect(),
        State::SurveyMissing => vec![
            "Look at the session on the appliance: it may have been submitted empty.".to_owned(),
            format!("Else, later: {replay}"),
        ],
        State::Shadowed => vec![
            format!("To see what was kept: session-bridge shadow show {lsid}"),
            format!("To hold it against what others have written: session-bridge shadow diff {lsid}"),
            format!("To have it written here after all, when the connection writes: {replay}"),
        ],
        State::Ignored => vec![format!("To have it written after all, if the settings allow it: {replay}")],
    }
}

fn wait_remedy(why: Option<WaitReason>) -> Vec<String> {
    let text = match why {
        Some(WaitReason::ApplianceCredentials) => {
            "Check appliance.oauth in the connection document against the API account on the appliance."
        }
        Some(WaitReason::TicketingCredentials) => {
            "Check autotask.username, secret and integration_code in the connection document against the API user in Autotask."
        }
        Some(WaitReason::Blocked) => "Grant the API user in Autotask the right that the notice named.",
        Some(WaitReason::ApplianceRight) => "Grant the API account on the appliance the right that the notice named.",
        Some(WaitReason::OnHold) => "Change the connection's mode to deliver when it may write.",
        Some(WaitReason::NoConnectionDocument) => "Store a connection document for this appliance.",
        Some(WaitReason::Appliance) => "See whether the appliance is up and lets this account's addresses in.",
        Some(WaitReason::ReportUnreadable | WaitReason::ReadRefused) => {
            "Nothing as a rule. If it stays so, report it with the line that the worker's log has of it."
        }
        _ => "Nothing: it goes on by itself.",
    };
    vec![text.to_owned()]
}

fn unmatched_remedy(why: Option<Unmatched>) -> String {
    match why {
        Some(Unmatched::NoKey) => "Ask the technician which ticket it belongs to: no key was set on the session.",
        Some(Unmatched::NoTicketInKey) => "See what the technician typed as the key: it holds no ticket number.",
        Some(Unmatched::TicketWanted) => {
            "Make a ticket by hand and give it to the session, or have tickets created (autotask.ticket.create) and replay it."
        }
        Some(Unmatched::TicketNotFound) => {
            "See whether the ticket was deleted, or whether the API user may see it. After that, a replay finds it."
        }
        Some(Unmatched::StaleTicket | Unmatched::DigitsShownToCustomer) => {
            "See whether the digits really are the ticket's id: they may be a phone number."
        }
        Some(Unmatched::TicketNotCreated) => {
            "Correct what is said above, then replay the session: its ticket is created then. Or give it a ticket that is there."
        }
        None => "See which ticket it belongs to.",
    }
    .to_owned()
}

fn in_doubt(session: &Session, record: &Record) -> Vec<String> {
    let doubtful = record.writes.iter().filter(|(_, write)| matches!(write.state, WriteState::InDoubt { .. }));
    let lsid = &session.listed.lsid;
    let mut lines = vec!["Look at the ticket: is it there? Then say so; nobody else can.".to_owned()];
    for (id, _) in doubtful {
        lines.push(format!("- {} is there:     session-bridge doubt decide {lsid} {id} written", called(id)));
        lines.push(format!("- it is not there, so write it: session-bridge doubt decide {lsid} {id} absent"));
    }
    lines.push("To end such doubts, give the API user in Autotask the right to see its own entries.".to_owned());
    lines
}
