//! A session in words. `why`: what was wanted, what happened, what was said, what is next, what a person can do; for somebody who
//! leads a help desk and has never seen a ledger. `whole`: all that the ledger has, for somebody who looks closer.

use std::fmt::Write as _;

use delivery::{
    Check, DeadLetterReason, Hold, LeftOpen, Record, Skip, Unmatched, WaitReason, Write, WriteId, WriteState, Writer,
};
use jiff::Timestamp;
use ledger::Remembered;

use super::sessions::{Session, State, sentence, ticket};
use crate::output::line;

/// The answer to "why": a text of some lines, under headings.
pub(crate) fn why(session: &Session) -> String {
    let mut text = format!("{}\n", title(session));
    let Some(record) = session.record() else { return text + unrecorded(session) };
    let state = State::of(record);
    for (heading, lines) in [
        ("What was wanted", wanted(record)),
        ("What happened", happened(record, state)),
        ("What was said", said(record)),
        ("What is next", vec![next(record, state)]),
        ("What you can do", can_do(session, record, state)),
    ] {
        if !lines.is_empty() {
            let _ = write!(text, "\n{heading}\n");
            for sentence in lines {
                let _ = writeln!(text, "  {}", line(&sentence));
            }
        }
    }
    text
}

fn unrecorded(session: &Session) -> &'static str {
    match session.listed.remembered {
        Remembered::Unreadable => {
            "\nWhat happened\n  What is remembered of this session cannot be read: it was edited by hand, or written by a later release.\n\
             \nWhat you can do\n  Use the program of that release. Until then look at the ticket before you write anything by hand.\n"
        }
        _ => {
            "\nWhat happened\n  Its event has come and is being worked on for the first time, or the attempt was broken off.\n\
             \nWhat is next\n  It is tried again by itself; after 20 attempts without any outcome it is given up, and somebody is told.\n"
        }
    }
}

fn title(session: &Session) -> String {
    let facts = session.record().and_then(|record| record.facts.clone()).unwrap_or_default();
    let mut title = match facts.sequence {
        Some(sequence) => format!("Session {sequence}"),
        None => "Session".to_owned(),
    };
    if let Some(technician) = facts.technician {
        let _ = write!(title, " of {}", line(&technician));
    }
    match session.record().and_then(Record::ended_at).or(session.listed.ended_at) {
        Some(at) => _ = write!(title, ", ended {}", moment(at)),
        None => title.push_str(", whose end nobody has heard of"),
    }
    let _ = write!(title, " (appliance {}, lsid {})", session.appliance, session.listed.lsid);
    title
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What a write is, for people.
fn called(id: &WriteId) -> String {
    match id {
        WriteId::Ticket => "a new ticket".to_owned(),
        WriteId::SessionNote => "the session note".to_owned(),
        WriteId::Continuation(part) => format!("part {part} of the session note"),
        WriteId::Attachment(number) => format!("attachment {number} of the session note"),
        WriteId::Time(resource) => format!("the time entry of resource {resource}"),
        WriteId::TimeOf(_) => "the time entry of a representative whose resource is not known yet".to_owned(),
        WriteId::TimeOfNobody => "a time entry".to_owned(),
        WriteId::CustomerSurvey(_) => "the customer's exit survey".to_owned(),
        WriteId::CustomerNote => "the customer's note".to_owned(),
        WriteId::RepresentativeSurvey(_) => "the representative's exit survey".to_owned(),
    }
}

fn wanted(record: &Record) -> Vec<String> {
    if record.writes.is_empty() {
        return match (record.end, record.ignored, record.unmatched) {
            (Some(end), ..) if end.writer == Writer::Others => {
                vec!["Nothing: the session was first heard of while this connection did not write.".to_owned()]
            }
            (_, Some(_), _) => vec!["Nothing, by the connection's settings.".to_owned()],
            (_, _, Some(_)) => vec!["A note and the time entries, on the session's ticket.".to_owned()],
            (None, ..) => vec!["Nothing yet: the session has not ended, as far as anybody has heard.".to_owned()],
            _ => vec!["What that is shows when the session's report has been read.".to_owned()],
        };
    }
    let on = ticket(record).map_or_else(|| "On its ticket:".to_owned(), |ticket| format!("On ticket {ticket}:"));
    let writes = record.writes.keys().map(|id| format!("- {} ({id})", called(id)));
    std::iter::once(on).chain(writes).collect()
}

fn happened(record: &Record, state: State) -> Vec<String> {
    let mut lines: Vec<String> = record.writes.iter().map(|(id, write)| format!("- {id}: {}", fate(write))).collect();
    if let Some(reason) = &record.dead_lettered {
        lines.push(format!("It was given up: {}.", given_up(reason)));
    }
    if let Some(unmatched) = record.unmatched {
        lines.push(format!("No ticket could be found: {unmatched}."));
    }
    if let Some(ignored) = record.ignored {
        lines.push(format!("It was left alone: {ignored}."));
    }
    if let Some(why) = record.left_open {
        lines.push(format!("Writing was switched off before everything was written: {why}."));
    }
    if record.surveys_missing.any() {
        lines.push("An exit survey was announced and did not show in the report within an hour.".to_owned());
    }
    if let Some(waiting) = &record.waiting {
        lines.push(format!("It has been waiting since {}: {}.", moment(waiting.since), waiting.why));
    }
    if state == State::Shadowed {
        lines.push("What would have been written was kept for comparison. Nothing was written.".to_owned());
    }
    if lines.is_empty() {
        lines.push("Nothing yet.".to_owned());
    }
    lines
}

fn fate(write: &Write) -> String {
    let others: Vec<String> = write.overlaps().iter().map(ToString::to_string).collect();
    let overlap = if others.is_empty() {
        String::new()
    } else {
        format!("; it overlaps with other time of the same resource ({})", others.join(", "))
    };
    format!("{}{overlap}", standing(write))
}

fn standing(write: &Write) -> String {
    match &write.state {
        WriteState::Wanted(_) => match write.hold() {
            Some(Hold::Right { .. }) => "not written yet: a right is missing in Autotask".to_owned(),
            Some(Hold::Alone { tries, .. }) => format!("not written yet: Autotask objected to it, {} so far", times(tries + 1)),
            Some(Hold::Unfamiliar { refusals, .. }) => {
                format!("not written yet: refused with a text that is not known here, {} so far", times(*refusals))
            }
            None if write.check() == Some(Check::MaybeSent) => "may be written already; it is looked for first".to_owned(),
            None => "not written yet".to_owned(),
        },
        WriteState::Sending { at, .. } => format!("sent {}, and no answer came: it is being looked for", moment(*at)),
        WriteState::Done { at, found: false, .. } => format!("written {}", moment(*at)),
        WriteState::Done { at, found: true, .. } => format!("found on the ticket {}", moment(*at)),
        WriteState::Skipped { reason } => format!("left out: {}", left_out(*reason)),
        WriteState::Refused { at, .. } => format!("refused {}", moment(*at)),
        WriteState::InDoubt { at, .. } => {
            format!("sent, and nobody can tell whether it arrived (since {})", moment(*at))
        }
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn left_out(reason: Skip) -> String {
    match reason {
        Skip::Continued => "attachments are refused, so its text went into further notes".to_owned(),
        Skip::EmptySurvey => "nobody filled it in".to_owned(),
        Skip::Time(reason) => reason.to_string(),
    }
}

fn given_up(reason: &DeadLetterReason) -> String {
    match reason {
        DeadLetterReason::ReportMissing => "the appliance had no complete report of it within the retry time".to_owned(),
        DeadLetterReason::RetryTimeUsedUp(why) => format!("{why}, and that did not change within the retry time"),
        DeadLetterReason::QueueTimeUsedUp(why) => format!("{why}, for as long as events can be kept"),
        DeadLetterReason::ClaimsWithoutOutcome(count) => format!("it was begun {count} times and broken off each time"),
    }
}

fn said(record: &Record) -> Vec<String> {
    let said = |(id, write): (&WriteId, &Write)| match write.state {
        WriteState::Skipped { .. } => None,
        _ => Some(format!("- {id}: \u{201c}{}\u{201d}", sentence(write)?)),
    };
    record.writes.iter().filter_map(said).collect()
}

fn next(record: &Record, state: State) -> String {
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

fn can_do(session: &Session, record: &Record, state: State) -> Vec<String> {
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
        Some(Unmatched::TicketWanted) => "Make a ticket by hand: creating tickets automatically is switched off.",
        Some(Unmatched::TicketNotFound) => {
            "See whether the ticket was deleted, or whether the API user may see it. After that, a replay finds it."
        }
        Some(Unmatched::StaleTicket | Unmatched::DigitsShownToCustomer) => {
            "See whether the digits really are the ticket's id: they may be a phone number."
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

/// All that the ledger has of the session.
pub(crate) fn whole(session: &Session) -> String {
    let mut text = format!("{}\n", title(session));
    let mut member = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {name:<18}{}", line(&value));
        }
    };
    member("state", Some(session.state().name().to_owned()));
    member("attention since", session.listed.attention_at.map(moment));
    member("changed", session.listed.updated_at.map(moment));
    member("claims", Some(format!("{} ({} without outcome)", session.listed.fence, session.listed.claims_without_outcome)));
    let Some(record) = session.record() else {
        member("record", Some("none that can be read".to_owned()));
        return text;
    };
    let facts = record.facts.clone().unwrap_or_default();
    member("external key", facts.external_key);
    member("ticket", record.target.as_ref().map(|target| format!("{} (id {}), frozen", target.number, target.ticket)));
    member("assigned ticket", record.assigned.map(|ticket| format!("id {ticket}")));
    member("end announced", record.end.map(|end| announced(end.at, end.received_at, end.writer)));
    let surveys = &record.surveys_seen;
    let seen = surveys.customer.len() + surveys.representative.len();
    member("surveys announced", (seen > 0).then(|| seen.to_string()));
    let missing = record.surveys_missing;
    member("surveys missing", missing.any().then(|| (missing.customer + missing.representative).to_string()));
    member("surveys awaited", record.surveys_awaited_since.map(|at| format!("since {}", moment(at))));
    member("unmatched", record.unmatched.map(|why| why.to_string()));
    member("ignored", record.ignored.map(|why| why.to_string()));
    member("left open", record.left_open.map(|why| why.to_string()));
    member("given up", record.dead_lettered.as_ref().map(ToString::to_string));
    member("waits for", record.waiting.as_ref().map(|waiting| waiting.why.to_string()));
    member("waits since", record.waiting.as_ref().map(|waiting| moment(waiting.since)));
    member("tried again", record.waiting.as_ref().and_then(|waiting| waiting.until).map(moment));
    member("replayed", record.replayed_at.map(moment));
    member("settled", record.settled_at.map(moment));
    for (id, write) in &record.writes {
        member("write", Some(format!("{id}: {}{}", fate(write), with_id(write))));
        member("", sentence(write).map(|sentence| format!("\u{201c}{sentence}\u{201d}")));
    }
    text
}

fn announced(at: Option<Timestamp>, received_at: Timestamp, writer: Writer) -> String {
    let of = at.map_or_else(|| "without a time".to_owned(), |at| format!("for {}", moment(at)));
    let whose = match writer {
        Writer::Us => "ours to write",
        Writer::Others => "others' to write",
    };
    format!("{of}, heard {}, {whose}", moment(received_at))
}

fn with_id(write: &Write) -> String {
    match write.state {
        WriteState::Done { id, .. } if id.0 != 0 => format!(" (id {id})"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use delivery::record::SurveysMissing;
    use delivery::wanted::Wanted;
    use delivery::{EndSeen, Facts, Ignored, Target, Waiting};
    use ledger::Listed;
    use session::time_entry::SkipReason;
    use session::{RemoteId, TicketId};

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_742_304_440 + minute * 60).unwrap()
    }

    fn ended() -> Record {
        let facts = Facts {
            sequence: Some(48_213),
            ended_at: Some(at(0)),
            technician: Some("jmueller".to_owned()),
            external_key: Some("T20250318.0042".to_owned()),
        };
        let end = EndSeen { at: Some(at(0)), received_at: at(1), writer: Writer::Us };
        Record { facts: Some(facts), end: Some(end), ..Record::default() }
    }

    fn with(states: &[(&str, WriteState)]) -> Record {
        let writes = states.iter().map(|(id, state)| (id.parse().unwrap(), Write::of(state.clone())));
        let target = Target { ticket: TicketId(7001), number: "T20250318.0042".parse().unwrap() };
        Record { writes: writes.collect(), target: Some(target), ..ended() }
    }

    fn waiting(why: WaitReason) -> Option<Waiting> {
        let others = std::collections::BTreeMap::new();
        Some(Waiting { since: at(2), why, until: Some(at(32)), rounds: 1, others, told: false })
    }

    fn done(id: i64) -> WriteState {
        WriteState::Done { id: RemoteId(id), at: at(2), found: false }
    }

    fn held(hold: Hold) -> WriteState {
        WriteState::Wanted(Wanted { check: None, hold: Some(hold) })
    }

    fn session(remembered: Remembered<Record>) -> Session {
        let listed = Listed {
            lsid: "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap(),
            ended_at: Some(at(0)),
            remembered,
            attention_at: None,
            updated_at: Some(at(3)),
            fence: 2,
            claims_without_outcome: 0,
        };
        Session { appliance: "default".parse().unwrap(), listed }
    }

    /// One session in each state, and what else is told differently.
    fn sessions() -> Vec<(&'static str, Session)> {
        let refused = WriteState::Refused { sentence: "The role is not valid for this resource.".into(), at: at(2) };
        let in_doubt = WriteState::InDoubt {
            sentence: "sent without an answer, and look-ups cannot tell whether it arrived".into(),
            at: at(9),
        };
        let blocked = held(Hold::Alone { sentence: "The timesheet is submitted.".into(), since: at(2), tries: 2, until: at(32) });
        let wanted = WriteState::Wanted(Wanted::default());
        let others = EndSeen { at: Some(at(0)), received_at: at(1), writer: Writer::Others };
        let skipped = WriteState::Skipped { reason: Skip::Time(SkipReason::TooShort) };
        let settled = Some(at(3));
        let records = [
            ("delivered", Record { settled_at: settled, ..with(&[("note.session", done(9001)), ("time.101", skipped)]) }),
            ("waiting", Record { waiting: waiting(WaitReason::ReportNotReady), ..ended() }),
            ("waiting for its end", Record::default()),
            ("unmatched", Record { unmatched: Some(Unmatched::NoKey), ..ended() }),
            ("refused", with(&[("note.session", done(9001)), ("time.101", refused)])),
            (
                "blocked",
                Record {
                    waiting: waiting(WaitReason::WriteBlocked),
                    ..with(&[("note.session", done(9001)), ("time.101", blocked)])
                },
            ),
            ("in doubt", with(&[("note.session", in_doubt), ("time.101", done(9002))])),
            ("given up", Record { dead_lettered: Some(DeadLetterReason::ReportMissing), ..ended() }),
            ("shadowed", Record { end: Some(others), settled_at: settled, ..ended() }),
            ("ignored", Record { ignored: Some(Ignored::ModeOff), end: Some(others), ..ended() }),
            (
                "left open",
                Record { left_open: Some(LeftOpen::Shadow), ..with(&[("note.session", done(9001)), ("time.101", wanted)]) },
            ),
            (
                "survey missing",
                Record {
                    surveys_missing: SurveysMissing { customer: 1, representative: 0 },
                    settled_at: settled,
                    ..with(&[("note.session", done(9001))])
                },
            ),
        ];
        let recorded = records.map(|(name, record)| (name, session(Remembered::Recorded(record))));
        let unrecorded = [("claimed", session(Remembered::Claimed)), ("unreadable", session(Remembered::Unreadable))];
        recorded.into_iter().chain(unrecorded).collect()
    }

    #[test]
    fn each_state_is_told_in_plain_words() {
        let told: String = sessions().iter().map(|(name, session)| format!("=== {name}\n{}\n", why(session))).collect();
        insta::assert_snapshot!(told);
    }

    #[test]
    fn all_that_the_ledger_has_is_shown() {
        let shown: String = sessions().iter().map(|(name, session)| format!("=== {name}\n{}\n", whole(session))).collect();
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn states_are_those_that_the_names_say() {
        use clap::ValueEnum as _;
        for (name, session) in sessions() {
            let state = session.state();
            let name = name.replace(' ', "_");
            let expected = match name.as_str() {
                "waiting_for_its_end" | "claimed" => "waiting",
                "unreadable" => "in_doubt",
                name => name,
            };
            assert_eq!(state.name(), expected);
        }
        let names: Vec<String> =
            State::value_variants().iter().map(|state| state.to_possible_value().unwrap().get_name().to_owned()).collect();
        let own: Vec<&str> = State::value_variants().iter().map(|state| state.name()).collect();
        assert_eq!(names, own, "what is asked for is called as what is shown");
    }

    #[test]
    fn what_comes_from_outside_cannot_move_the_cursor() {
        let mut record = with(&[("note.session", WriteState::Refused { sentence: "a".into(), at: at(2) })]);
        record.facts.as_mut().unwrap().technician = Some("j\u{1b}[2J\nmueller".to_owned());
        record.facts.as_mut().unwrap().external_key = Some("\u{1b}]0;x\u{7}".to_owned());
        let session = session(Remembered::Recorded(record));
        let bad = |text: String| text.chars().any(|character| character.is_control() && character != '\n');
        assert!(!bad(why(&session)) && !bad(whole(&session)));
    }
}
