//! What was wanted, what became of it, and what was said.

use delivery::{Check, DeadLetterReason, Hold, Record, Skip, Write, WriteId, WriteState, Writer};

use super::moment;
use crate::desk::sessions::{State, sentence, ticket};

/// What a write is, for people.
pub(super) fn called(id: &WriteId) -> String {
    match id {
        WriteId::Ticket => "a new ticket".to_owned(),
        WriteId::SessionNote => "the session note".to_owned(),
        WriteId::Continuation(part) => format!("part {part} of the session note"),
        WriteId::Attachment(number) => format!("attachment {number} of the session note"),
        WriteId::Time(resource) => format!("the time entry of resource {resource}"),
        WriteId::TimeOf(_) => "the time entry of a representative whose resource is not known yet".to_owned(),
        WriteId::TimeOfNobody => "a time entry".to_owned(),
        WriteId::CustomerNote => "the customer's note".to_owned(),
        WriteId::CustomerSurvey(_) => "the customer's exit survey".to_owned(),
        WriteId::RepresentativeSurvey(_) => "the representative's exit survey".to_owned(),
    }
}

/// What was to be written, and where.
pub(super) fn wanted(record: &Record) -> Vec<String> {
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

/// What became of it, write by write, and of the session as a whole.
pub(super) fn happened(record: &Record, state: State) -> Vec<String> {
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

/// What became of a write.
pub(super) fn fate(write: &Write) -> String {
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

/// What was said of each write, in the vendor's words.
pub(super) fn said(record: &Record) -> Vec<String> {
    let said = |(id, write): (&WriteId, &Write)| match write.state {
        WriteState::Skipped { .. } => None,
        _ => Some(format!("- {id}: \u{201c}{}\u{201d}", sentence(write)?)),
    };
    record.writes.iter().filter_map(said).collect()
}
