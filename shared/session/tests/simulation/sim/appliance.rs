//! The appliance: what it reports of a session, as it changes with time.

use session::failure::Failure;
use session::ids::Gsnumber;
use session::support_session::{
    Actor, ActorKind, PersonReference, Representative, SessionEvent, SessionEventKind, SupportSession, Survey, SurveyKind,
};

use super::chance::{Chance, HOUR, MINUTE, Millis};
use super::schedule::Session;
use super::world::stamp;

const DANA: (i64, &str, &str) = (302, "17", "dwhitfield");
const TOBI: (i64, &str, &str) = (305, "22", "tokafor");

/// What the appliance answers then.
pub(crate) fn report(session: &Session, now: Millis, chance: &mut Chance) -> Result<Box<SupportSession>, Failure> {
    if now < session.report_from {
        return Err(chance.pick(&[
            Failure::NotReady { sentence: "empty".into() },
            Failure::NotReady { sentence: "The session does not exist.".into() },
        ]));
    }
    let key = session.keys.iter().rev().find(|(from, _)| *from <= now).and_then(|(_, key)| *key);
    let second = now >= session.second_primary_from;
    let primary = if second { TOBI } else { DANA };
    let mut representatives = vec![representative(DANA, !second)];
    if session.has_second {
        representatives.push(representative(TOBI, second));
    }
    let started_at = session.ended_at - if now >= session.start_changes_at { 3 * HOUR } else { 25 * MINUTE };
    Ok(Box::new(SupportSession {
        sequence: Some(48213),
        started_at: Some(stamp(started_at)),
        ended_at: (now >= session.end_in_report_from).then(|| stamp(session.ended_at)),
        external_key: key.map(str::to_owned),
        primary_representative: Some(PersonReference {
            gsnumber: Some(Gsnumber(primary.0)),
            id: Some(primary.1.to_owned()),
            name: primary.2.to_owned(),
        }),
        representatives,
        events: if session.talkative { vec![chat(session.ended_at - MINUTE)] } else { Vec::new() },
        customer_surveys: surveys(session, SurveyKind::Customer, now),
        representative_surveys: surveys(session, SurveyKind::Representative, now),
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

fn surveys(session: &Session, kind: SurveyKind, now: Millis) -> Vec<Survey> {
    let visible = session.surveys.iter().filter(|(from, own, _)| *own == kind && *from <= now);
    visible
        .map(|(_, _, gsnumber)| Survey {
            gsnumber: Some(Gsnumber(*gsnumber)),
            answers: vec![("rating".to_owned(), gsnumber.to_string())],
        })
        .collect()
}

/// How long the chat of a talkative session is: longer than the shortest note, so that some tenants get it in parts.
pub(crate) const CHAT_LENGTH: usize = 17 * 150;

fn chat(at: Millis) -> SessionEvent {
    SessionEvent {
        at: Some(stamp(at)),
        kind: SessionEventKind::ChatMessage,
        performed_by: Some(Actor { kind: ActorKind::Customer, gsnumber: Some(Gsnumber(311)), name: "Customer".to_owned() }),
        destination: None,
        body: Some("Nothing changed. ".repeat(CHAT_LENGTH / 17)),
        files: Vec::new(),
        data: Vec::new(),
        system_information: Vec::new(),
    }
}
