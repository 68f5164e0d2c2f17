//! The appliance: what it reports of a session, as it changes with time.

use session::failure::Failure;
use session::ids::Gsnumber;
use session::support_session::{
    Actor, ActorKind, PersonReference, Representative, SessionEvent, SessionEventKind, SupportSession, Survey, SurveyKind,
};

use super::chance::{Chance, HOUR, MINUTE, Millis};
use super::schedule::{LENGTH, Session};
use super::world::stamp;

const DANA: (i64, &str, &str) = (302, "17", "dwhitfield");
const TOBI: (i64, &str, &str) = (305, "22", "tokafor");

/// What the appliance answers then.
pub(crate) fn report(
    session: &Session,
    key_given: Option<&(Millis, String)>,
    now: Millis,
    chance: &mut Chance,
) -> Result<Box<SupportSession>, Failure> {
    if now < session.report_from {
        return Err(chance.pick(&[
            Failure::NotReady { sentence: "empty".into() },
            Failure::NotReady { sentence: "The session does not exist.".into() },
            Failure::Unrecognised { sentence: "Something else.".into() },
        ]));
    }
    let (key_from, key) = session.keys.iter().rev().find(|(from, _)| *from <= now).copied().unwrap_or((Millis::MIN, None));
    // Whoever gave it a key last decides.
    let key = key_given.filter(|(at, _)| *at > key_from).map(|(_, key)| key.clone()).or_else(|| key.map(str::to_owned));
    let second = now >= session.second_primary_from;
    let primary = if second { TOBI } else { DANA };
    let mut representatives = vec![representative(DANA, !second)];
    if session.has_second {
        representatives.push(representative(TOBI, second));
    }
    let started_at = session.ended_at - if now >= session.start_changes_at { 3 * HOUR } else { LENGTH };
    Ok(Box::new(SupportSession {
        sequence: Some(48213),
        started_at: Some(stamp(started_at)),
        ended_at: (now >= session.end_in_report_from.max(session.ended_at)).then(|| stamp(session.ended_at)),
        external_key: key,
        primary_representative: Some(PersonReference {
            gsnumber: Some(Gsnumber(primary.0)),
            id: Some(primary.1.to_owned()),
            name: primary.2.to_owned(),
        }),
        representatives,
        events: events(session, now),
        customer_surveys: surveys(session, SurveyKind::Customer, now, chance),
        representative_surveys: surveys(session, SurveyKind::Representative, now, chance),
        ..SupportSession::empty(session.lsid.parse().unwrap())
    }))
}

fn representative((gsnumber, id, username): (i64, &str, &str), primary: bool) -> Representative {
    Representative {
        gsnumber: Some(Gsnumber(gsnumber)),
        id: Some(id.to_owned()),
        username: Some(username.to_owned()),
        primary,
        seconds_involved: Some(600),
        ..Representative::default()
    }
}

/// One that was sent without an answer is reported, too.
fn surveys(session: &Session, kind: SurveyKind, now: Millis, chance: &mut Chance) -> Vec<Survey> {
    let there = |survey: &super::schedule::Survey| survey.kind == kind && (survey.from..survey.until).contains(&now);
    let there = (0..).zip(&session.surveys).filter(|(_, survey)| there(survey));
    let mut surveys: Vec<Survey> = there
        .map(|(number, survey)| Survey {
            gsnumber: Some(Gsnumber(survey.gsnumber)),
            answers: vec![("Question".to_owned(), if survey.empty { " ".to_owned() } else { survey_text(number) })],
        })
        .collect();
    if session.surveys_shuffled {
        chance.shuffle(&mut surveys);
    }
    surveys
}

/// What the survey of that number says: no two of a session say the same.
pub(crate) fn survey_text(number: usize) -> String {
    format!("answer {number}")
}

fn events(session: &Session, now: Millis) -> Vec<SessionEvent> {
    let remarks = session.remarks.iter().filter(|at| **at <= now).map(|at| chat(*at, 1));
    let chat = session.talkative.then(|| chat(session.ended_at - MINUTE, CHAT_LENGTH / REMARK.len()));
    remarks.chain(chat).collect()
}

const REMARK: &str = "Nothing changed. ";

/// How long the chat of a talkative session is: longer than the shortest note, so that some tenants get it in parts.
pub(crate) const CHAT_LENGTH: usize = 17 * 150;

fn chat(at: Millis, remarks: usize) -> SessionEvent {
    SessionEvent {
        at: Some(stamp(at)),
        kind: SessionEventKind::ChatMessage,
        performed_by: Some(Actor { kind: ActorKind::Customer, gsnumber: Some(Gsnumber(311)), name: "Customer".to_owned() }),
        destination: None,
        body: Some(REMARK.repeat(remarks)),
        files: Vec::new(),
        data: Vec::new(),
        system_information: Vec::new(),
    }
}
